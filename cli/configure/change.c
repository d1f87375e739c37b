/* SPDX-License-Identifier: Apache-2.0 */
#include "change.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "read_all.h"
#include "write_all.h"

int change_read(const char *path, char **text, size_t *len, struct error *err)
{
	struct stat st;
	int r;

	*text = NULL;
	*len = 0;
	if (stat(path, &st) < 0)
		return errno == ENOENT ? 0 : error_set(err, errno, "cannot look at %s", path);
	/* A fifo would keep us waiting. */
	if (!S_ISREG(st.st_mode))
		return error_say(err, EINVAL, "%s is not a regular file", path);
	r = read_all_at(AT_FDCWD, path, CHANGE_FILE_MAX_BYTES, text, len);
	return r < 0 ? error_set(err, -r, "cannot read %s", path) : 0;
}

/* Replacing a symbolic link would cut the file it points to off. */
static int resolve(const char *path, char **out, struct error *err)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
		*out = realpath(path, NULL);
		return *out ? 0 : error_set(err, errno, "%s is a symbolic link to nowhere", path);
	}
	*out = strdup(path);
	return *out ? 0 : error_set(err, ENOMEM, "cannot name %s", path);
}

static void change_free(struct change *change)
{
	free(change->path);
	free(change->before);
	free(change->after);
	free(change->backup);
	free(change->backup_path);
}

/* What a copy of the file is called; *out is owned. */
static int copy_path(const struct changes *changes, const char *path, const char *suffix,
		     char **out, struct error *err)
{
	cleanup_free char *file = NULL;
	int r = resolve(path, &file, err);

	*out = NULL;
	if (r < 0)
		return r;
	if (changes->copies_dir)
		r = asprintf(out, "%s%s%s", changes->copies_dir, strrchr(path, '/'), suffix);
	else
		r = asprintf(out, "%s%s", file, suffix);
	return r < 0 ? error_set(err, ENOMEM, "cannot name a copy of %s", path) : 0;
}

/*
 * A link that shall not be there goes itself: without its file it would be in the way of the next
 * one.
 */
static int name_of(const char *path, bool goes, char **out, struct error *err)
{
	if (!goes)
		return resolve(path, out, err);
	*out = strdup(path);
	return *out ? 0 : error_set(err, ENOMEM, "cannot name %s", path);
}

/* `like`: whose owner and mode a new file has; NULL: root's and 0644. */
static int plan(struct changes *changes, const char *path, char *after, size_t after_len,
		const char *backup, const char *like, struct error *err)
{
	struct change *change = &changes->items[changes->len];
	struct stat st = {.st_mode = 0644};
	int r;

	*change = (struct change){.after = after, .after_len = after_len};
	if (backup && !(change->backup = strdup(backup)))
		r = error_set(err, ENOMEM, "cannot keep a copy of %s", path);
	else if (changes->len + 1 == CHANGES_MAX)
		r = error_say(err, E2BIG, "too many files");
	else
		r = name_of(path, !after, &change->path, err);
	if (r == 0 && backup)
		r = copy_path(changes, path, CHANGE_BACKUP_SUFFIX, &change->backup_path, err);
	if (r == 0)
		r = change_read(change->path, &change->before, &change->before_len, err);
	like = change->before ? change->path : like;
	if (r == 0 && like && stat(like, &st) < 0)
		r = error_set(err, errno, "cannot look at %s", like);
	change->uid = st.st_uid;
	change->gid = st.st_gid;
	change->mode = st.st_mode & 07777;
	changes->len++;
	if (r < 0)
		return r;
	if (!change->before == !change->after &&
	    (!change->after || (change->before_len == change->after_len &&
				!memcmp(change->before, change->after, after_len)))) {
		changes->len--;
		change_free(change);
	}
	return 0;
}

int change_plan(struct changes *changes, const char *path, char *after, size_t after_len,
		const char *backup, struct error *err)
{
	return plan(changes, path, after, after_len, backup, NULL, err);
}

int change_read_backup(const struct changes *changes, const char *path, char **text, size_t *len,
		       struct error *err)
{
	cleanup_free char *backup = NULL;
	int r = copy_path(changes, path, CHANGE_BACKUP_SUFFIX, &backup, err);

	*text = NULL;
	return r < 0 ? r : change_read(backup, text, len, err);
}

int change_plan_back(struct changes *changes, const char *path, char *after, size_t after_len,
		     struct error *err)
{
	cleanup_free char *kept = NULL, *backup = NULL;
	size_t len;
	bool same;
	int r = change_read_backup(changes, path, &kept, &len, err);

	if (r == 0)
		r = copy_path(changes, path, CHANGE_BACKUP_SUFFIX, &backup, err);
	same = r == 0 && kept && after && len == after_len && !memcmp(kept, after, len);
	if (r < 0) {
		free(after);
		return r;
	}
	r = change_plan(changes, path, after, after_len, NULL, err);
	return r == 0 && same ? change_plan(changes, backup, NULL, 0, NULL, err) : r;
}

int change_plan_edited(struct changes *changes, const char *path, const char *text, size_t len,
		       struct error *err)
{
	cleanup_free char *beside = NULL;
	char *copy;
	int r = copy_path(changes, path, CHANGE_EDITED_SUFFIX, &beside, err);

	if (r < 0)
		return r;
	copy = strndup(text, len);
	if (!copy)
		return error_set(err, ENOMEM, "cannot keep a copy of %s", path);
	return plan(changes, beside, copy, len, NULL, path, err);
}

static int make_parents(const char *path, struct error *err)
{
	cleanup_free char *copy = strdup(path);

	if (!copy)
		return error_set(err, ENOMEM, "cannot make the directory of %s", path);
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return error_set(err, errno, "cannot make directory %s", copy);
		*slash = '/';
	}
	return 0;
}

/* Opens the directory of a file, which is made where it is missing. */
static int open_dir_of(const char *path, struct error *err)
{
	cleanup_free char *dir = strndup(path, (size_t)(strrchr(path, '/') + 1 - path));
	int fd, r = dir ? make_parents(path, err) : error_set(err, ENOMEM, "cannot write %s", path);

	if (r < 0)
		return r;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_set(err, errno, "cannot open %s", dir) : fd;
}

/* A whole file by temporary file and rename, in a directory that is held open. */
static int put_file(int dirfd, const char *name, const struct change *like, const char *text,
		    size_t len)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	char temporary[NAME_MAX + 1];
	cleanup_close int fd = -1;
	int r = snprintf(temporary, sizeof(temporary), ".%s.%d.tmp", name, (int)getpid());

	if (r < 0 || (size_t)r >= sizeof(temporary))
		return -ENAMETOOLONG;
	fd = openat(dirfd, temporary, flags, 0600);
	if (fd < 0)
		return -errno;
	r = write_all(fd, text, len);
	if (r == 0 && (fsync(fd) < 0 || (geteuid() == 0 && fchown(fd, like->uid, like->gid) < 0) ||
		       fchmod(fd, like->mode) < 0 || renameat(dirfd, temporary, dirfd, name) < 0))
		r = -errno;
	if (r < 0)
		unlinkat(dirfd, temporary, 0);
	return r;
}

static int keep_backup(const struct change *change, struct error *err)
{
	const char *name = strrchr(change->backup_path, '/') + 1;
	cleanup_close int dirfd = open_dir_of(change->backup_path, err);
	int r;

	if (dirfd < 0)
		return dirfd;
	r = put_file(dirfd, name, change, change->backup, strlen(change->backup));
	return r < 0 ? error_set(err, -r, "cannot keep a copy of %s", change->path) : 0;
}

static int apply_one(const struct change *change, struct error *err)
{
	const char *name = strrchr(change->path, '/') + 1;
	cleanup_close int dirfd = open_dir_of(change->path, err);
	int r = dirfd < 0 ? dirfd : 0;

	if (r == 0 && change->backup && change->before)
		r = keep_backup(change, err);
	if (r < 0)
		return r;
	if (change->after)
		r = put_file(dirfd, name, change, change->after, change->after_len);
	else if (unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
		r = -errno;
	if (r < 0)
		return error_set(err, -r, "cannot %s %s", change_word(change), change->path);
	/* The name is right; that it outlives a power cut is worth a try, not an error. */
	fsync(dirfd);
	return 0;
}

int changes_apply(const struct changes *changes, struct error *err)
{
	for (size_t i = 0; i < changes->len; i++) {
		int r = apply_one(&changes->items[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

const char *change_word(const struct change *change)
{
	return !change->after ? "remove" : change->before ? "change" : "create";
}

bool change_is_edited_copy(const struct change *change)
{
	const size_t len = strlen(CHANGE_EDITED_SUFFIX), all = strlen(change->path);

	return change->after && all > len &&
	       !strcmp(change->path + all - len, CHANGE_EDITED_SUFFIX);
}

void changes_free(struct changes *changes)
{
	for (size_t i = 0; i < changes->len; i++)
		change_free(&changes->items[i]);
	changes->len = 0;
	free(take_ptr(changes->copies_dir));
}
