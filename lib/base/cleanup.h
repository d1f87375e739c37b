/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cleanup by attribute: a resource is released where its variable goes out of scope, and handed
 * on with take_ptr() or take_fd(), so that ownership can be read in the code.
 */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Each handler keeps errno, so that `return -errno;` behind it stays right. */
static inline void cleanup_freep(void *pointer)
{
	int saved = errno;

	free(*(void **)pointer);
	errno = saved;
}

static inline void cleanup_closep(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

static inline void cleanup_fclosep(FILE **file)
{
	int saved = errno;

	if (*file)
		fclose(*file);
	*file = NULL;
	errno = saved;
}

static inline void cleanup_closedirp(DIR **dir)
{
	int saved = errno;

	if (*dir)
		closedir(*dir);
	*dir = NULL;
	errno = saved;
}

#define cleanup_free __attribute__((cleanup(cleanup_freep)))
#define cleanup_close __attribute__((cleanup(cleanup_closep)))
#define cleanup_fclose __attribute__((cleanup(cleanup_fclosep)))
#define cleanup_closedir __attribute__((cleanup(cleanup_closedirp)))

/* Gives the pointer away: the variable is NULL afterwards. */
#define take_ptr(variable)                                                                         \
	({                                                                                         \
		__typeof__(variable) taken_ = (variable);                                          \
		(variable) = NULL;                                                                 \
		taken_;                                                                            \
	})

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}
