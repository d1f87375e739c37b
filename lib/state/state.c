/* SPDX-License-Identifier: Apache-2.0 */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "config.h"
#include "escape.h"
#include "hash.h"
#include "open_dir.h"
#include "proc.h"

#define KEY_ID_MAX 128 /* bytes of the id that stay readable in a KEY */
#define REMOVE_ROUNDS 8

/* Nobody but the caller may have a say in what we read there. */
static int check_dir(int fd, const char *path, struct error *err)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "cannot look at %s", path);
	if (st.st_uid != geteuid()) {
		r = error_say(err, EPERM, "%s belongs to user %u, not to user %u", path,
			      (unsigned)st.st_uid, (unsigned)geteuid());
		return error_hint(err, r, "remove it, or run as its owner");
	}
	if (st.st_mode & (S_IWGRP | S_IWOTH)) {
		r = error_say(err, EPERM, "%s can be written by others (mode %04o)", path,
			      (unsigned)(st.st_mode & 07777));
		return error_hint(err, r, "chmod go-w %s", path);
	}
	return 0;
}

int state_subdir_open(int dirfd, const char *name, bool create, struct error *err)
{
	cleanup_close int fd = -1;
	int r;

	if (create && mkdirat(dirfd, name, 0700) < 0 && errno != EEXIST)
		return error_set(err, errno, "cannot make directory %s", name);
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, errno, "cannot open directory %s", name);
	r = check_dir(fd, name, err);
	return r < 0 ? r : take_fd(&fd);
}

/* Makes every missing component of an absolute path. */
static int make_parents(char *path, struct error *err)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(path, 0700) < 0 && errno != EEXIST) {
			int r = error_set(err, errno, "cannot make directory %s", path);

			*slash = '/';
			return r;
		}
		*slash = '/';
	}
	return 0;
}

int state_dir_open(const char *path, bool create, struct error *err)
{
	cleanup_free char *copy = strdup(path);
	int r;

	if (!copy)
		return error_set(err, ENOMEM, "cannot open %s", path);
	/* "DIR/" would make O_NOFOLLOW follow. */
	for (size_t len = strlen(copy); len > 1 && copy[len - 1] == '/'; len--)
		copy[len - 1] = '\0';
	if (create) {
		r = make_parents(copy, err);
		if (r < 0)
			return r;
	}
	return state_subdir_open(AT_FDCWD, copy, create, err);
}

/* The shim works with cwd "/", so a relative --root is made absolute once, here. */
static int absolute_path(const char *path, char **out, struct error *err)
{
	char cwd[PATH_MAX];
	int r;

	if (!path[0])
		return error_say(err, EINVAL, "the state root is an empty path");
	if (path[0] == '/')
		r = asprintf(out, "%s", path);
	else if (!getcwd(cwd, sizeof(cwd)))
		return error_set(err, errno, "cannot tell the current directory");
	else
		r = asprintf(out, "%s/%s", cwd, path);
	if (r < 0) {
		*out = NULL;
		return error_set(err, ENOMEM, "cannot name the state root");
	}
	return 0;
}

/* Where this user's state is, told by the uid map: root of a user namespace is not the host's. */
static int default_paths(struct state_root *out, struct error *err)
{
	cleanup_close int procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uid_t outer = 0;
	int r;

	if (procfd < 0)
		return error_set(err, errno, "cannot open /proc");
	if (geteuid() == 0 && proc_in_initial_userns(procfd)) {
		out->path = strdup(OOMGUARD_STATE_DIR);
		out->incidents_path = strdup(OOMGUARD_INCIDENTS_DIR);
	} else {
		r = proc_outer_uid(procfd, geteuid(), &outer);
		if (r < 0)
			return error_set(err, -r, "cannot tell the user outside of the namespace");
		if (asprintf(&out->path, "/run/user/%u/oomguard", (unsigned)outer) < 0)
			out->path = NULL;
		if (out->path && asprintf(&out->incidents_path, "%s/incidents", out->path) < 0)
			out->incidents_path = NULL;
	}
	if (!out->path || !out->incidents_path)
		return error_set(err, ENOMEM, "cannot name the state root");
	return 0;
}

static bool same_path(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);

	while (a_len > 1 && a[a_len - 1] == '/')
		a_len--;
	while (b_len > 1 && b[b_len - 1] == '/')
		b_len--;
	return a_len == b_len && !strncmp(a, b, a_len);
}

static int given_paths(const char *root, struct state_root *out, struct error *err)
{
	struct state_root usual = {.dirfd = -1, .containers = -1};
	int r = absolute_path(root, &out->path, err);

	if (r < 0)
		return r;
	/* The hook names its root to the shim: whoever names the default means all of it. */
	if (default_paths(&usual, NULL) == 0 && same_path(usual.path, out->path)) {
		state_root_close(out);
		*out = usual;
		return 0;
	}
	state_root_close(&usual);
	if (asprintf(&out->incidents_path, "%s/incidents", out->path) < 0) {
		out->incidents_path = NULL;
		return error_set(err, ENOMEM, "cannot name the incidents");
	}
	return 0;
}

int state_root_paths(const char *root, struct state_root *out, struct error *err)
{
	int r;

	*out = (struct state_root){.dirfd = -1, .containers = -1};
	r = root ? given_paths(root, out, err) : default_paths(out, err);
	if (r < 0)
		state_root_close(out);
	return r;
}

int state_root_enter(struct state_root *root, bool create, struct error *err)
{
	int r = root->dirfd = state_dir_open(root->path, create, err);

	if (r < 0)
		return r;
	r = root->containers = state_subdir_open(root->dirfd, "containers", create, err);
	if (r >= 0)
		return 0;
	cleanup_closep(&root->dirfd);
	return error_wrap(err, r, "%s", root->path);
}

int state_root_open(const char *root, bool create, struct state_root *out, struct error *err)
{
	int r = state_root_paths(root, out, err);

	if (r == 0)
		r = state_root_enter(out, create, err);
	if (r < 0)
		state_root_close(out);
	return r;
}

void state_root_close(struct state_root *root)
{
	cleanup_closep(&root->containers);
	cleanup_closep(&root->dirfd);
	free(take_ptr(root->path));
	free(take_ptr(root->incidents_path));
}

void state_key(const char *id, const char *runtime_root, char key[static STATE_KEY_MAX])
{
	uint64_t hash = hash_string(hash_string(HASH_START, runtime_root), id);
	char name[KEY_ID_MAX + 1];

	escape_file_name(id, name, sizeof(name), KEY_ID_MAX);
	snprintf(key, STATE_KEY_MAX, "%s-%016" PRIx64, name, hash);
}

/* A KEY may come from a command line: it names one directory and leads nowhere else. */
static bool key_valid(const char *key)
{
	return key[0] && key[0] != '.' && !strchr(key, '/') && strlen(key) < STATE_KEY_MAX;
}

int state_container_open(const struct state_root *root, const char *key, bool create,
			 struct error *err)
{
	int r;

	if (!key_valid(key))
		return error_say(err, EINVAL, "no key of a container");
	r = state_subdir_open(root->containers, key, create, err);
	return r < 0 ? error_wrap(err, r, "%s/containers", root->path) : r;
}

/* Unlinks all files, temporary ones of a killed writer too. The directory is ours alone. */
static int unlink_files(int dirfd)
{
	cleanup_closedir DIR *dir = open_dir(dirfd);
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (unlinkat(dirfd, entry->d_name, 0) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

int state_container_remove(const struct state_root *root, const char *key, struct error *err)
{
	cleanup_close int fd = state_container_open(root, key, false, err);
	int r;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	/* A program that is just leaving may add a last file between the two steps. */
	for (unsigned round = 0; round < REMOVE_ROUNDS; round++) {
		r = unlink_files(fd);
		if (r < 0)
			return error_set(err, -r, "cannot empty %s/containers/%s", root->path, key);
		if (unlinkat(root->containers, key, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
		if (errno != ENOTEMPTY && errno != EEXIST)
			break;
	}
	return error_set(err, errno, "cannot remove %s/containers/%s", root->path, key);
}

int state_containers(const struct state_root *root,
		     int (*visit)(const struct state_root *root, const char *key, void *context),
		     void *context)
{
	cleanup_closedir DIR *dir = open_dir(root->containers);
	const struct dirent *entry;
	int r = 0;

	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir))) {
		if (key_valid(entry->d_name))
			r = visit(root, entry->d_name, context);
	}
	return r;
}
