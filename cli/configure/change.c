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
}

int change_plan(struct changes *changes, const char *path, char *after, size_t after_len,
		const char *backup, struct error *err)
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
		r = resolve(path, &change->path, err);
	if (r == 0)
		r = change_read(change->path, &change->before, &change->before_len, err);
	if (r == 0 && change->before && stat(change->path, &st) < 0)
		r = error_set(err, errno, "cannot look at %s", path);
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

static int backup_path(const char *path, char **out, struct error *err)
{
	cleanup_free char *file = NULL;
	int r = resolve(path, &file, err);

	*out = NULL;
	if (r < 0)
		return r;
	if (asprintf(out, "%s" CHANGE_BACKUP_SUFFIX, file) < 0)
		return error_set(err, ENOMEM, "cannot name the copy of %s", path);
	return 0;
}

int change_read_backup(const char *path, char **text, size_t *len, struct error *err)
{
	cleanup_free char *backup = NULL;
	int r = backup_path(path, &backup, err);

	*text = NULL;
	return r < 0 ? r : change_read(backup, text, len, err);
}

int change_plan_back(struct changes *changes, const char *path, char *after, size_t after_len,
		     struct error *err)
{
	cleanup_free char *kept = NULL, *backup = NULL;
	size_t len;
	bool same;
	int r = change_read_backup(path, &kept, &len, err);

	if (r == 0)
		r = backup_path(path, &backup, err);
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
	cleanup_free char *file = NULL, *beside = NULL;
	char *copy;
	int r = resolve(path, &file, err);

	if (r < 0)
		return r;
	if (asprintf(&beside, "%s" CHANGE_EDITED_SUFFIX, file) < 0)
		beside = NULL;
	copy = beside ? strndup(text, len) : NULL;
	if (!copy)
		return error_set(err, ENOMEM, "cannot keep a copy of %s", path);
	return change_plan(changes, beside, copy, len, NULL, err);
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

static int apply_one(const struct change *change, struct error *err)
{
	const char *name = strrchr(change->path, '/') + 1;
	cleanup_free char *dir = strndup(change->path, (size_t)(name - change->path));
	cleanup_close int dirfd = -1;
	char backup[NAME_MAX + 1];
	int r;

	if (!dir)
		return error_set(err, ENOMEM, "cannot write %s", change->path);
	r = make_parents(change->path, err);
	if (r < 0)
		return r;
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return error_set(err, errno, "cannot open %s", dir);
	snprintf(backup, sizeof(backup), "%.200s" CHANGE_BACKUP_SUFFIX, name);
	if (change->backup && change->before) {
		r = put_file(dirfd, backup, change, change->backup, strlen(change->backup));
		if (r < 0)
			return error_set(err, -r, "cannot keep a copy of %s", change->path);
	}
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
}
