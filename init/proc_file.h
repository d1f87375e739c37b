/* SPDX-License-Identifier: Apache-2.0 */
/* Files of /proc, when /proc is what it claims to be: an image can hold a folder of that name. */
#pragma once

/* Opens /proc/PATH with `flags`, close-on-exec. Returns the fd or a negative errno. */
int proc_file_open(const char *path, int flags);
