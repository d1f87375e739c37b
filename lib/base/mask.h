/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command lines that may be kept: the values of options that look like secrets are masked. The
 * environment is never read. A process may write its command line into its name, too.
 *
 * A word is a name of a secret when, in any case, it holds "password", "passwd", "passphrase",
 * "secret", "token", "credential", "apikey" or "api-key", or "key", "auth", "pw" or "pass" as a
 * part of its own ("--access-key", "authKey"). Masked is
 *   what follows '=' or ':' in such a word  --password=x, TOKEN=x, db.secret:x
 *   the whole next word                     --password x, -password x
 *   the same inside a word                  sh -c "PASSWORD=x run", {"token":"x"}, ?key=x
 *   what follows -p, or the next word       -px, -p x, when the program is a client that is known
 *                                           to take its password so (mysql, sshpass, curl -u, …)
 *   the password of an address              https://user:x@host, also within a word
 *   what follows an authorization scheme    "Authorization: Bearer x", "Basic x"
 */
#pragma once

#include <stddef.h>

#define MASK_TEXT "***"

/*
 * `args` is /proc/PID/cmdline: words, each ended by a NUL; the last may be cut off. Writes them
 * with blanks between into out[0..cap), NUL-terminated, cut at the end. Returns the length. Pure,
 * no allocation.
 */
size_t mask_cmdline(const char *args, size_t len, char *out, size_t cap);

#define MASK_NAME_BYTES 96 /* room for what a comm becomes */

/* The name of a process as it may be shown, by the rules above: in buf. Compare the name itself. */
const char *mask_name(const char *comm, char buf[static MASK_NAME_BYTES]);

/*
 * A line of the kernel's log, in which names of processes stand anywhere: masked is what follows
 * '=' or ':' behind a name of a secret, up to where the kernel's own words go on. Otherwise as
 * mask_cmdline().
 */
size_t mask_kernel_line(const char *line, char *out, size_t cap);
