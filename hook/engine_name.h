/* SPDX-License-Identifier: Apache-2.0 */
/* The name of a container where config.json does not tell it. */
#pragma once

#include <sys/types.h>

/*
 * podman's: the runtime's parent is conmon, which was given the name (conmon(8) "--name"). Owned;
 * NULL when that is not so, or the name is none of podman's (letters, digits, '_', '.' and '-').
 */
char *engine_name_podman(int procfd, pid_t runtime);
