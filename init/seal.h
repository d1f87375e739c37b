/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The init runs from a sealed copy of itself in memory. A container that opens /proc/1/exe then
 * reaches a file that nobody can write, and not the host's (CVE-2019-5736 is the fault of that
 * kind). See memfd_create(2) and "File Sealing" in fcntl(2).
 */
#pragma once

/*
 * Returns 0 in a process that runs from a sealed file. One that does not is replaced by such a
 * copy of itself, with the same arguments and environment. Where that cannot be done, returns a
 * negative errno, and *step says in words what failed.
 */
int seal_self(char *const argv[], const char **step);
