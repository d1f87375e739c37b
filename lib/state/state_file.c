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
#include "read_all.h"
#include "state.h"
#include "write_all.h"

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

int state_file_begin(struct state_file *file, int dirfd, const char *name)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int r;

	file->dirfd = dirfd;
	file->fd = -1;
	r = snprintf(file->temporary, sizeof(file->temporary), ".%s.%d.tmp", name, (int)getpid());
	if (r < 0 || (size_t)r >= sizeof(file->temporary))
		return -ENAMETOOLONG;
	file->fd = openat(dirfd, file->temporary, flags, 0600);
	if (file->fd < 0 && errno == EEXIST) {
		/* Left by a program of the same pid that was killed while it wrote. */
		unlinkat(dirfd, file->temporary, 0);
		file->fd = openat(dirfd, file->temporary, flags, 0600);
	}
	return file->fd < 0 ? -errno : 0;
}

int state_file_add(void *context, const char *text, size_t len)
{
	const struct state_file *file = context;

	return write_all(file->fd, text, len);
}

int state_file_end(struct state_file *file, const char *name, int r)
{
	if (r == 0 && fsync(file->fd) < 0 && errno != EINVAL)
		r = -errno;
	if (close(take_fd(&file->fd)) < 0 && r == 0)
		r = -errno;
	if (r == 0 && renameat(file->dirfd, file->temporary, file->dirfd, name) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(file->dirfd, file->temporary, 0);
		return r;
	}
	/* The name is there; that it outlives a power cut is worth a try, not an error. */
	fsync(file->dirfd);
	return 0;
}

int state_file_write(int dirfd, const char *name, const char *text, size_t len)
{
	struct state_file file;
	int r = state_file_begin(&file, dirfd, name);

	return r < 0 ? r : state_file_end(&file, name, state_file_add(&file, text, len));
}

/* Reads a regular file of bounded size into a buffer of its own. */
static int read_bounded(int dirfd, const char *name, size_t max, char **out, size_t *len)
{
	cleanup_close int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return read_all(fd, max, out, len);
}

int state_json_read(int dirfd, const char *name, int64_t version, size_t max_bytes,
		    struct json **out, struct error *err)
{
	const struct json_limits limits = {
	    .source = name, .max_bytes = max_bytes, .max_depth = FILE_MAX_DEPTH};
	cleanup_free char *text = NULL;
	cleanup_json struct json *root = NULL;
	size_t len = 0;
	int64_t found;
	int r;

	*out = NULL;
	r = read_bounded(dirfd, name, max_bytes, &text, &len);
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
	return state_json_read(dirfd, name, STATE_VERSION, STATE_FILE_MAX_BYTES, out, err);
}
