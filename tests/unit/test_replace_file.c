/* SPDX-License-Identifier: Apache-2.0 */
#include "replace_file.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

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
	ck_assert_int_eq(replace_file(tree.fd, "config.json", "new", 3, &old), 0);
	new = stat_of("config.json");
	ck_assert_uint_eq(new.st_mode, old.st_mode);
	ck_assert_uint_eq(new.st_uid, old.st_uid);
	ck_assert_uint_eq(new.st_gid, old.st_gid);
	ck_assert_uint_ne(new.st_ino, old.st_ino);
	ck_assert_str_eq(fake_tree_read(&tree, "config.json", buf, sizeof(buf)), "new");
	ck_assert_uint_eq(entries(), 1);
}
END_TEST

/* Who reads the old one while it is exchanged reads all of it. */
START_TEST(a_reader_keeps_what_it_opened)
{
	cleanup_close int fd = openat(tree.fd, "config.json", O_RDONLY | O_CLOEXEC);
	struct stat old = stat_of("config.json");
	char buf[64] = "";

	ck_assert_int_eq(replace_file(tree.fd, "config.json", "new", 3, &old), 0);
	ck_assert_int_eq(read(fd, buf, sizeof(buf) - 1), (ssize_t)old.st_size);
	ck_assert_str_eq(buf, "the old one, and longer");
}
END_TEST

START_TEST(nothing_is_left_of_a_failure)
{
	struct stat old = stat_of("config.json");
	char buf[64];

	/* A directory cannot be replaced by a file: the rename fails, the last of all steps. */
	fake_tree_dir(&tree, "dir/below");
	ck_assert_int_eq(replace_file(tree.fd, "dir", "new", 3, &old), -EISDIR);
	ck_assert_uint_eq(entries(), 2);
	ck_assert_str_eq(fake_tree_read(&tree, "config.json", buf, sizeof(buf)),
			 "the old one, and longer");
}
END_TEST

START_TEST(a_name_too_long_for_a_temporary_one)
{
	struct stat old = stat_of("config.json");
	char name[NAME_MAX + 1];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(replace_file(tree.fd, name, "new", 3, &old), -ENAMETOOLONG);
	ck_assert_uint_eq(entries(), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("replace_file");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_new_one_has_the_old_ones_mode_and_owner);
	tcase_add_test(tcase, a_reader_keeps_what_it_opened);
	tcase_add_test(tcase, nothing_is_left_of_a_failure);
	tcase_add_test(tcase, a_name_too_long_for_a_temporary_one);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
