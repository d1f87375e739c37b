/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the state directories: locks, whole files by rename, JSON with a version. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "clock.h"
#include "escape.h"
#include "state.h"

/* Whoever holds it mostly lets go within a millisecond: ask again soon, then seldom. */
#define LOCK_PAUSE_FIRST_US 50
#define LOCK_PAUSE_MAX_US 2000
#define FILE_MAX_DEPTH 32

static struct flock whole_file(short type)
{
	return (struct flock){.l_type = type, .l_whence = SEEK_SET};
}

/* True when the fd still is what the name stands for: whoever held the lock may have removed it. */
static bool still_named(int fd, int dirfd, const char *file)
{
	struct stat held, named;

	return fstat(fd, &held) == 0 && fstatat(dirfd, file, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

/* One attempt. -EWOULDBLOCK when it is held, -ESTALE when the file was replaced meanwhile. */
static int lock_once(int dirfd, const char *file)
{
	cleanup_close int fd =
	    openat(dirfd, file, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	struct flock lock = whole_file(F_WRLCK);

	if (fd < 0)
		return -errno;
	if (fcntl(fd, F_OFD_SETLK, &lock) < 0)
		return errno == EACCES || errno == EAGAIN ? -EWOULDBLOCK : -errno;
	return still_named(fd, dirfd, file) ? take_fd(&fd) : -ESTALE;
}

int state_lock(int dirfd, const char *file, unsigned wait_ms)
{
	uint64_t end = clock_us(CLOCK_MONOTONIC) + (uint64_t)wait_ms * 1000;
	uint64_t pause = LOCK_PAUSE_FIRST_US;
	int r;

	for (;;) {
		r = lock_once(dirfd, file);
		if (r == -ESTALE)
			continue;
		if (r != -EWOULDBLOCK || clock_us(CLOCK_MONOTONIC) >= end)
			return r;
		sleep_us(pause);
		pause = pause * 2 < LOCK_PAUSE_MAX_US ? pause * 2 : LOCK_PAUSE_MAX_US;
	}
}

bool state_locked(int dirfd, const char *file)
{
	cleanup_close int fd = openat(dirfd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct flock lock = whole_file(F_WRLCK);

	return fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ENOSPC;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd) < 0 && errno != EINVAL ? -errno : 0;
}

int state_file_write(int dirfd, const char *name, const char *text, size_t len)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	char temporary[NAME_MAX + 1];
	int fd, r;

	r = snprintf(temporary, sizeof(temporary), ".%s.%d.tmp", name, (int)getpid());
	if (r < 0 || (size_t)r >= sizeof(temporary))
		return -ENAMETOOLONG;
	fd = openat(dirfd, temporary, flags, 0600);
	if (fd < 0 && errno == EEXIST) {
		/* Left by a program of the same pid that was killed while it wrote. */
		unlinkat(dirfd, temporary, 0);
		fd = openat(dirfd, temporary, flags, 0600);
	}
	if (fd < 0)
		return -errno;
	r = write_all(fd, text, len);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && renameat(dirfd, temporary, dirfd, name) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(dirfd, temporary, 0);
		return r;
	}
	/* The name is there; that it outlives a power cut is worth a try, not an error. */
	fsync(dirfd);
	return 0;
}

/* Reads a regular file of bounded size into a buffer of its own. */
static int read_bounded(int dirfd, const char *name, char **out, size_t *len)
{
	cleanup_close int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	cleanup_free char *text = NULL;
	struct stat st;
	size_t used = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > STATE_FILE_MAX_BYTES)
		return -E2BIG;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	while (used < (size_t)st.st_size) {
		ssize_t n = read(fd, text + used, (size_t)st.st_size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	text[used] = '\0';
	*out = take_ptr(text);
	*len = used;
	return 0;
}

int state_json_read(int dirfd, const char *name, int64_t version, struct json **out,
		    struct error *err)
{
	const struct json_limits limits = {
	    .source = name, .max_bytes = STATE_FILE_MAX_BYTES, .max_depth = FILE_MAX_DEPTH};
	cleanup_free char *text = NULL;
	cleanup_json struct json *root = NULL;
	size_t len = 0;
	int64_t found;
	int r;

	*out = NULL;
	r = read_bounded(dirfd, name, &text, &len);
	if (r < 0)
		return error_set(err, -r, "cannot read %s", name);
	r = json_parse(text, len, &limits, &root, err);
	if (r < 0)
		return r;
	if (root->type != JSON_OBJECT)
		return error_say(err, EINVAL, "%s: found %s, expected an object", name,
				 json_type_name(root->type));
	if (json_int64(json_get(root, "version"), &found) < 0)
		return error_say(err, EPROTO, "%s: has no \"version\"", name);
	if (found != version)
		return error_say(err, EPROTO, "%s: version %" PRId64 ", expected %" PRId64, name,
				 found, version);
	*out = take_ptr(root);
	return 0;
}

int state_file_read(int dirfd, const char *name, struct json **out, struct error *err)
{
	return state_json_read(dirfd, name, STATE_VERSION, out, err);
}
