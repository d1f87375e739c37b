/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "facts.h"

/* All that have state. Adds to facts->containers. 0, or a negative errno. */
int facts_containers(const struct state_root *root, int procfd, struct doctor_facts *facts);
void facts_containers_free(struct doctor_facts *facts);
