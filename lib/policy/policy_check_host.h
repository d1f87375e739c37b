/* SPDX-License-Identifier: Apache-2.0 */
/* The check of a policy's parts beside profiles and rules; policy_check() calls them. */
#pragma once

#include "policy_complain.h"

void policy_check_runtimes(struct policy_check *check, const struct json *runtimes);
void policy_check_host(struct policy_check *check, const struct json *host);
void policy_check_annotations(struct policy_check *check, const struct json *annotations);
