/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls the shim may still make once it has settled in; all others fail with EPERM. */
#include "confine.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

/* Which they are stands in make_filter.c. */
static const struct sock_filter filter[] = {
#include "filter.inc"
};

int confine_system_calls(void)
{
	/* The kernel only reads it (seccomp(2)). */
	struct sock_fprog program = {
	    .len = sizeof(filter) / sizeof(filter[0]),
	    .filter = (struct sock_filter *)filter,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		return -errno;
	return 0;
}
