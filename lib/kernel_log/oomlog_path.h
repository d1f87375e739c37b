/* SPDX-License-Identifier: Apache-2.0 */
/* Which container and which pod a cgroup's path belongs to. Pure. */
#pragma once

#include <stdbool.h>

#define CGROUP_CONTAINER_ID 65
#define CGROUP_POD_UID 40

/* The last run of exactly 64 hex digits: containers in containers have several. False: none. */
bool cgroup_container_id(const char *path, char out[CGROUP_CONTAINER_ID]);

/*
 * The uid behind "pod", as the kubelet writes it: with dashes, with underscores (systemd driver;
 * turned into dashes), or 32 digits (the hash of a static pod). False: none.
 */
bool cgroup_pod_uid(const char *path, char out[CGROUP_POD_UID]);
