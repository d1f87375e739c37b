/* SPDX-License-Identifier: Apache-2.0 */
#include "replace_file.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/xattr.h>

#include "fake_tree.h"
#include "unit.h"

static struct fake_tree tree;

static void setup(void)
{
	fake_tree_make(&tree, (struct fake_file[]){{"config.json", "the old one, and longer"}}, 1);
}

static void teardown(void)
{
	close(tree.fd);
	fake_tree_remove(&tree);
}

/* Exchanges config.json, and another name for it that is not there or no file. */
static int replace(const char *name, const char *text)
{
	cleanup_close int fd = openat(tree.fd, "config.json", O_RDONLY | O_CLOEXEC);
	struct stat old;

	ck_assert_int_eq(fstat(fd, &old), 0);
	return replace_file(tree.fd, name, text, strlen(text), fd, &old);
}

static struct stat stat_of(const char *name)
{
	struct stat st;

	ck_assert_int_eq(fstatat(tree.fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st;
}

/* Names in the directory; temporary ones begin with a dot. */
static size_t entries(void)
{
	cleanup_closedir DIR *dir = opendir(tree.root);
	size_t n = 0;

	ck_assert_ptr_nonnull(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		n += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
	return n;
}

START_TEST(the_new_one_has_the_old_ones_mode_and_owner)
{
	struct stat old, new;
	char buf[64];

	ck_assert_int_eq(fchmodat(tree.fd, "config.json", 04640, 0), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(fchownat(tree.fd, "config.json", 4711, 4712, 0), 0);
	ck_assert_int_eq(fchmodat(tree.fd, "config.json", 04640, 0), 0);
	old = stat_of("config.json");
	ck_assert_int_eq(replace("config.json", "new"), 0);
	new = stat_of("config.json");
	ck_assert_uint_eq(new.st_mode, old.st_mode);
	ck_assert_uint_eq(new.st_uid, old.st_uid);
	ck_assert_uint_eq(new.st_gid, old.st_gid);
	ck_assert_uint_ne(new.st_ino, old.st_ino);
	ck_assert_str_eq(fake_tree_read(&tree, "config.json", buf, sizeof(buf)), "new");
	ck_assert_uint_eq(entries(), 1);
}
END_TEST

/* user::rw-, user:4711:r--, group::---, mask::r--, other::---, as the kernel has it. */
static const unsigned char acl[] = {2,	  0,	0,    0, /* version */
				    0x01, 0,	6,    0,    0xff, 0xff, 0xff, 0xff, 0x02, 0,
				    4,	  0,	0x67, 0x12, 0,	  0,	0x04, 0,    0,	  0,
				    0xff, 0xff, 0xff, 0xff, 0x10, 0,	4,    0,    0xff, 0xff,
				    0xff, 0xff, 0x20, 0,    0,	  0,	0xff, 0xff, 0xff, 0xff};
#define ACCESS "system.posix_acl_access"

static ssize_t attribute(const char *name, unsigned char buf[static 64])
{
	cleanup_close int fd = openat(tree.fd, "config.json", O_RDONLY | O_CLOEXEC);

	return fgetxattr(fd, name, buf, 64);
}

/* False where this file system has none of that kind: nothing can be lost then. */
static bool set_attribute(const char *file, const char *name, const void *value, size_t len)
{
	cleanup_close int fd = openat(tree.fd, file, O_RDONLY | O_CLOEXEC);
	int r = fsetxattr(fd, name, value, len, 0);

	ck_assert(r == 0 || errno == EOPNOTSUPP);
	return r == 0;
}

/* Without its list the mask would be the rights of the owning group. */
START_TEST(the_new_one_has_the_old_ones_list_and_attributes)
{
	unsigned char buf[64];
	struct stat old;
	bool user = set_attribute("config.json", "user.of.somebody", "x\0y", 3) &&
		    set_attribute("config.json", "user.empty", "", 0);

	if (!set_attribute("config.json", ACCESS, acl, sizeof(acl)))
		return;
	old = stat_of("config.json");
	ck_assert_uint_eq(old.st_mode & 0777, 0640);
	ck_assert_int_eq(replace("config.json", "new"), 0);
	ck_assert_uint_eq(stat_of("config.json").st_mode, old.st_mode);
	ck_assert_uint_ne(stat_of("config.json").st_ino, old.st_ino);
	ck_assert_int_eq(attribute(ACCESS, buf), sizeof(acl));
	ck_assert_mem_eq(buf, acl, sizeof(acl));
	if (!user)
		return;
	ck_assert_int_eq(attribute("user.of.somebody", buf), 3);
	ck_assert_mem_eq(buf, "x\0y", 3);
	ck_assert_int_eq(attribute("user.empty", buf), 0);
}
END_TEST

/* What files of the directory get is not what the old one had. */
START_TEST(no_list_comes_from_the_directory)
{
	unsigned char buf[64];

	ck_assert_int_eq(fchmodat(tree.fd, "config.json", 0640, 0), 0);
	if (!set_attribute(".", "system.posix_acl_default", acl, sizeof(acl)))
		return;
	ck_assert_int_eq(replace("config.json", "new"), 0);
	ck_assert_int_eq(attribute(ACCESS, buf), -1);
	ck_assert_int_eq(errno, ENODATA);
	ck_assert_uint_eq(stat_of("config.json").st_mode & 07777, 0640);
}
END_TEST

/* Who reads the old one while it is exchanged reads all of it. */
START_TEST(a_reader_keeps_what_it_opened)
{
	cleanup_close int fd = openat(tree.fd, "config.json", O_RDONLY | O_CLOEXEC);
	struct stat old = stat_of("config.json");
	char buf[64] = "";

	ck_assert_int_eq(replace("config.json", "new"), 0);
	ck_assert_int_eq(read(fd, buf, sizeof(buf) - 1), (ssize_t)old.st_size);
	ck_assert_str_eq(buf, "the old one, and longer");
}
END_TEST

START_TEST(nothing_is_left_of_a_failure)
{
	char buf[64];

	/* A directory cannot be replaced by a file: the rename fails, the last of all steps. */
	fake_tree_dir(&tree, "dir/below");
	ck_assert_int_eq(replace("dir", "new"), -EISDIR);
	ck_assert_uint_eq(entries(), 2);
	ck_assert_str_eq(fake_tree_read(&tree, "config.json", buf, sizeof(buf)),
			 "the old one, and longer");
}
END_TEST

START_TEST(a_name_too_long_for_a_temporary_one)
{
	char name[NAME_MAX + 1];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(replace(name, "new"), -ENAMETOOLONG);
	ck_assert_uint_eq(entries(), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("replace_file");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_new_one_has_the_old_ones_mode_and_owner);
	tcase_add_test(tcase, the_new_one_has_the_old_ones_list_and_attributes);
	tcase_add_test(tcase, no_list_comes_from_the_directory);
	tcase_add_test(tcase, a_reader_keeps_what_it_opened);
	tcase_add_test(tcase, nothing_is_left_of_a_failure);
	tcase_add_test(tcase, a_name_too_long_for_a_temporary_one);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
