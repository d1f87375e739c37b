/* SPDX-License-Identifier: Apache-2.0 */
#include "other_init.h"

#include <stddef.h>
#include <string.h>

/* "init" stands for System V init, for links to systemd, and for s6-overlay's /init. */
static const char *const names[] = {
    "catatonit", "dinit",	"docker-init",	 "dumb-init",	"finit", "init",
    "my_init",	 "openrc-init", "oomguard-init", "podman-init", "runit", "runit-init",
    "s6-svscan", "systemd",	"tini",		 "tini-static",
};

bool other_init_is(char *const program[])
{
	const char *slash = strrchr(program[0], '/');
	const char *name = slash ? slash + 1 : program[0];

	if (strcmp(name, "busybox") == 0 && program[1])
		name = program[1];
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}
