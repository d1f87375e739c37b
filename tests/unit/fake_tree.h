/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files and directories of a test, made from a table in a new directory: fake /proc and cgroup
 * trees. The table's paths are relative; a NULL text makes a directory. Parents are made as needed.
 */
#pragma once

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cleanup.h"

struct fake_file {
	const char *path;
	const char *text;
};

struct fake_tree {
	char root[64];
	int fd; /* of root */
};

static inline void fake_tree_parents(struct fake_tree *tree, const char *path)
{
	char copy[512];

	ck_assert_uint_lt(strlen(path), sizeof(copy));
	strcpy(copy, path);
	for (char *slash = strchr(copy, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		ck_assert(mkdirat(tree->fd, copy, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
}

/* Writes a file anew, or adds to its end. */
static inline void fake_tree_put(struct fake_tree *tree, const char *path, const char *text,
				 int flags)
{
	cleanup_close int fd = -1;

	fake_tree_parents(tree, path);
	fd = openat(tree->fd, path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
	ck_assert_msg(fd >= 0, "cannot make %s/%s", tree->root, path);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static inline void fake_tree_write(struct fake_tree *tree, const char *path, const char *text)
{
	fake_tree_put(tree, path, text, O_TRUNC);
}

static inline void fake_tree_dir(struct fake_tree *tree, const char *path)
{
	fake_tree_parents(tree, path);
	ck_assert(mkdirat(tree->fd, path, 0755) == 0 || errno == EEXIST);
}

static inline void fake_tree_add(struct fake_tree *tree, const struct fake_file *files, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (files[i].text)
			fake_tree_write(tree, files[i].path, files[i].text);
		else
			fake_tree_dir(tree, files[i].path);
	}
}

static inline void fake_tree_make(struct fake_tree *tree, const struct fake_file *files, size_t len)
{
	strcpy(tree->root, "/tmp/oomguard-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(tree->root));
	tree->fd = open(tree->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(tree->fd, 0);
	fake_tree_add(tree, files, len);
}

/* What a file holds now. */
static inline const char *fake_tree_read(struct fake_tree *tree, const char *path, char *buf,
					 size_t cap)
{
	cleanup_close int fd = openat(tree->fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	ck_assert_msg(fd >= 0, "no %s/%s", tree->root, path);
	len = read(fd, buf, cap - 1);
	ck_assert_int_ge(len, 0);
	buf[len] = '\0';
	return buf;
}

static inline int fake_tree_open(struct fake_tree *tree, const char *dir)
{
	int fd = openat(tree->fd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "no %s/%s", tree->root, dir);
	return fd;
}

/*
 * Adds a line to proc/self/mountinfo as if the tree's directory `point` were a mount that shows
 * `root` of a hierarchy. Blanks in the names are escaped as the kernel does it.
 */
static inline void fake_tree_mount(struct fake_tree *tree, const char *root, const char *point,
				   const char *type, const char *options)
{
	char line[1024], path[512], *to = line;
	struct stat st;

	ck_assert_int_eq(fstat(tree->fd, &st), 0);
	snprintf(path, sizeof(path), "%s %s/%s", root, tree->root, point);
	to += sprintf(to, "31 23 %u:%u ", major(st.st_dev), minor(st.st_dev));
	/* The blank between the two names is the one that stays. */
	for (const char *from = path; *from; from++) {
		if (*from == ' ' && from != path + strlen(root))
			to += sprintf(to, "\\040");
		else
			*to++ = *from;
	}
	sprintf(to, " rw,nosuid,relatime shared:9 - %s cgroup %s\n", type, options);
	fake_tree_put(tree, "proc/self/mountinfo", line, O_APPEND);
}

static inline int fake_tree_remove_one(const char *path, const struct stat *st, int type,
				       struct FTW *at)
{
	return remove(path);
}

static inline void fake_tree_remove_dir(struct fake_tree *tree, const char *dir)
{
	char path[640];

	snprintf(path, sizeof(path), "%s/%s", tree->root, dir);
	ck_assert_int_eq(nftw(path, fake_tree_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static inline void fake_tree_remove(struct fake_tree *tree)
{
	cleanup_closep(&tree->fd);
	ck_assert_int_eq(nftw(tree->root, fake_tree_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

#define FAKE_TREE_LEN(table) (sizeof(table) / sizeof((table)[0]))
