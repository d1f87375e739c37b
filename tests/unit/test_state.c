/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "slots.h"
#include "state.h"
#include "tempdir.h"
#include "unit.h"

static char dir[64];
static struct state_root root;
static struct error err;

static void setup(void)
{
	char path[128];

	tempdir_make(dir);
	snprintf(path, sizeof(path), "%s/a/state", dir);
	ck_assert_int_eq(state_root_open(path, true, &root, &err), 0);
}

static void teardown(void)
{
	state_root_close(&root);
	tempdir_remove(dir);
}

START_TEST(test_root_is_made)
{
	char path[128];
	struct stat st;

	ck_assert_int_eq(fstat(root.dirfd, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	ck_assert_int_eq(fstat(root.containers, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	snprintf(path, sizeof(path), "%s/a/state/incidents", dir);
	ck_assert_str_eq(root.incidents_path, path);
}
END_TEST

/* The shim is given the path that the hook uses: its incidents are the same ones. */
START_TEST(test_default_by_its_path)
{
	static const char *const endings[] = {"", "/", "///", "/incidents", "x"};
	struct state_root usual, given;
	char path[256];

	ck_assert_int_eq(state_root_paths(NULL, &usual, &err), 0);
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		bool same = endings[i][0] != 'x' && !strchr(endings[i], 'i');

		snprintf(path, sizeof(path), "%s%s", usual.path, endings[i]);
		ck_assert_int_eq(state_root_paths(path, &given, &err), 0);
		ck_assert_int_eq(!strcmp(given.incidents_path, usual.incidents_path), same);
		ck_assert_int_eq(!strcmp(given.path, usual.path), same);
		state_root_close(&given);
	}
	state_root_close(&usual);
}
END_TEST

START_TEST(test_root_not_made)
{
	struct state_root other;
	char path[128];

	snprintf(path, sizeof(path), "%s/none", dir);
	ck_assert_int_eq(state_root_open(path, false, &other, &err), -ENOENT);
	ck_assert_ptr_null(other.path);
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(test_root_becomes_absolute)
{
	struct state_root other;
	char path[128];

	ck_assert_int_eq(chdir(dir), 0);
	ck_assert_int_eq(state_root_open("rel", true, &other, &err), 0);
	snprintf(path, sizeof(path), "%s/rel", dir);
	ck_assert_str_eq(other.path, path);
	state_root_close(&other);
	ck_assert_int_eq(state_root_open("", true, &other, &err), -EINVAL);
}
END_TEST

START_TEST(test_root_refused)
{
	struct state_root other;
	char path[128], link[128];

	snprintf(path, sizeof(path), "%s/open", dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(chmod(path, 0770), 0);
	ck_assert_int_eq(state_root_open(path, true, &other, &err), -EPERM);
	ck_assert_ptr_nonnull(strstr(err.message, "written by others"));
	ck_assert_int_eq(chmod(path, 0755), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(path, 12345, 0), 0);
		ck_assert_int_eq(state_root_open(path, true, &other, &err), -EPERM);
		ck_assert_ptr_nonnull(strstr(err.message, "12345"));
		ck_assert_int_eq(chown(path, 0, 0), 0);
	}
	snprintf(link, sizeof(link), "%s/link/", dir);
	link[strlen(link) - 1] = '\0';
	ck_assert_int_eq(symlink(path, link), 0);
	ck_assert_int_eq(state_root_open(link, true, &other, &err), -ENOTDIR);
	strcat(link, "/");
	ck_assert_int_eq(state_root_open(link, true, &other, &err), -ENOTDIR);
	ck_assert_int_eq(state_root_open(path, true, &other, &err), 0);
	state_root_close(&other);
}
END_TEST

START_TEST(test_keys)
{
	char one[STATE_KEY_MAX], two[STATE_KEY_MAX], big[1024];

	state_key("web", "/run/runc", one);
	ck_assert_uint_eq(strlen(one), 3 + 1 + 16);
	ck_assert_int_eq(strncmp(one, "web-", 4), 0);
	state_key("web", "/run/crun", two);
	ck_assert_str_ne(one, two);
	/* Ids that are escaped or cut alike stay apart. */
	state_key("a/b", "", one);
	state_key("a:b", "", two);
	ck_assert_str_ne(one, two);
	ck_assert_ptr_null(strchr(one, '/'));
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	state_key(big, "", one);
	big[1000] = 'y';
	state_key(big, "", two);
	ck_assert_str_ne(one, two);
	state_key("..", "", one);
	ck_assert_int_ne(one[0], '.');
}
END_TEST

static int count_keys(const struct state_root *r, const char *key, void *context)
{
	(*(int *)context)++;
	return 0;
}

static int stop_at_once(const struct state_root *r, const char *key, void *context)
{
	(*(int *)context)++;
	return 7;
}

START_TEST(test_containers)
{
	int fd, seen = 0;

	ck_assert_int_eq(state_container_open(&root, "web-1", false, &err), -ENOENT);
	fd = state_container_open(&root, "web-1", true, &err);
	ck_assert_int_ge(fd, 0);
	tempdir_write(fd, STATE_PLAN, "{}");
	tempdir_write(fd, ".status.json.1.tmp", "{");
	close(state_container_open(&root, "web-2", true, &err));
	ck_assert_int_eq(state_containers(&root, count_keys, &seen), 0);
	ck_assert_int_eq(seen, 2);
	seen = 0;
	ck_assert_int_eq(state_containers(&root, stop_at_once, &seen), 7);
	ck_assert_int_eq(seen, 1);
	ck_assert_int_eq(state_container_remove(&root, "web-1", &err), 0);
	ck_assert_int_eq(state_container_remove(&root, "web-1", &err), 0);
	ck_assert_int_eq(state_container_open(&root, "web-1", false, &err), -ENOENT);
	close(fd);
}
END_TEST

START_TEST(test_key_leads_nowhere_else)
{
	char target[128];

	ck_assert_int_eq(state_container_open(&root, "..", true, &err), -EINVAL);
	ck_assert_int_eq(state_container_open(&root, "../x", true, &err), -EINVAL);
	ck_assert_int_eq(state_container_open(&root, "", true, &err), -EINVAL);
	ck_assert_int_eq(state_container_remove(&root, "../containers", &err), -EINVAL);
	snprintf(target, sizeof(target), "%s/target", dir);
	ck_assert_int_eq(mkdir(target, 0700), 0);
	ck_assert_int_eq(symlinkat(target, root.containers, "link"), 0);
	ck_assert_int_eq(state_container_open(&root, "link", true, &err), -ENOTDIR);
	ck_assert_int_eq(state_container_remove(&root, "link", &err), -ENOTDIR);
}
END_TEST

START_TEST(test_locks)
{
	int held = state_lock(root.dirfd, "lock", 0), flags;

	ck_assert_int_ge(held, 0);
	flags = fcntl(held, F_GETFD);
	ck_assert_int_ne(flags & FD_CLOEXEC, 0);
	ck_assert(state_locked(root.dirfd, "lock"));
	ck_assert_int_eq(state_lock(root.dirfd, "lock", 0), -EWOULDBLOCK);
	ck_assert_int_eq(state_lock(root.dirfd, "lock", 10), -EWOULDBLOCK);
	close(held);
	ck_assert(!state_locked(root.dirfd, "lock"));
	ck_assert(!state_locked(root.dirfd, "none"));
	held = state_lock(root.dirfd, "lock", 0);
	ck_assert_int_ge(held, 0);
	/* Who removes the file takes the lock with it: the next one locks the new file. */
	ck_assert_int_eq(unlinkat(root.dirfd, "lock", 0), 0);
	flags = state_lock(root.dirfd, "lock", 0);
	ck_assert_int_ge(flags, 0);
	close(flags);
	close(held);
}
END_TEST

START_TEST(test_lock_is_waited_for)
{
	int pipes[2], held, status;
	pid_t pid;
	char byte;

	ck_assert_int_eq(pipe(pipes), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(pipes[0]);
		held = state_lock(root.dirfd, "lock", 0);
		if (held < 0 || write(pipes[1], "x", 1) != 1)
			_exit(1);
		usleep(20000);
		_exit(0);
	}
	close(pipes[1]);
	ck_assert_int_eq(read(pipes[0], &byte, 1), 1);
	/* Far longer than needed: the test ends when the child does. */
	held = state_lock(root.dirfd, "lock", 60000);
	ck_assert_int_ge(held, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	close(held);
	close(pipes[0]);
}
END_TEST

START_TEST(test_file_write)
{
	char name[64], text[64];
	struct stat st;

	/* A file of that name was left by a killed writer of our pid. */
	snprintf(name, sizeof(name), ".x.json.%d.tmp", (int)getpid());
	tempdir_write(root.dirfd, name, "half");
	ck_assert_int_eq(state_file_write(root.dirfd, "x.json", "hello", 5), 0);
	tempdir_read(root.dirfd, "x.json", text, sizeof(text));
	ck_assert_str_eq(text, "hello");
	ck_assert_int_eq(fstatat(root.dirfd, "x.json", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_ne(faccessat(root.dirfd, name, F_OK, 0), 0);
	/* The target is a directory: rename fails, and nothing of ours stays. */
	ck_assert_int_eq(mkdirat(root.dirfd, "y.json", 0700), 0);
	ck_assert_int_eq(state_file_write(root.dirfd, "y.json", "hello", 5), -EISDIR);
	snprintf(name, sizeof(name), ".y.json.%d.tmp", (int)getpid());
	ck_assert_int_ne(faccessat(root.dirfd, name, F_OK, 0), 0);
}
END_TEST

START_TEST(test_nothing_half_written)
{
	const struct rlimit small = {4096, 4096};
	char text[8192], name[64];

	memset(text, 'x', sizeof(text));
	ck_assert_int_eq(state_file_write(root.dirfd, "x.json", "old", 3), 0);
	/* As on a full disk, the first write is short and the next one fails. */
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	ck_assert_int_eq(state_file_write(root.dirfd, "x.json", text, sizeof(text)), -EFBIG);
	snprintf(name, sizeof(name), ".x.json.%d.tmp", (int)getpid());
	ck_assert_int_ne(faccessat(root.dirfd, name, F_OK, 0), 0);
	tempdir_read(root.dirfd, "x.json", text, sizeof(text));
	ck_assert_str_eq(text, "old");
}
END_TEST

START_TEST(test_file_read)
{
	struct json *json = NULL;

	ck_assert_int_eq(state_file_read(root.dirfd, "none", &json, &err), -ENOENT);
	tempdir_write(root.dirfd, "a", "{\"version\": 1, \"x\": 2}");
	ck_assert_int_eq(state_file_read(root.dirfd, "a", &json, &err), 0);
	ck_assert_ptr_nonnull(json_get(json, "x"));
	json_free(json);
	tempdir_write(root.dirfd, "a", "{\"version\": 2}");
	ck_assert_int_eq(state_file_read(root.dirfd, "a", &json, &err), -EPROTO);
	ck_assert_ptr_nonnull(strstr(err.message, "version 2"));
	ck_assert_ptr_null(json);
	tempdir_write(root.dirfd, "a", "{}");
	ck_assert_int_eq(state_file_read(root.dirfd, "a", &json, &err), -EPROTO);
	tempdir_write(root.dirfd, "a", "[1]");
	ck_assert_int_eq(state_file_read(root.dirfd, "a", &json, &err), -EINVAL);
	tempdir_write(root.dirfd, "a", "");
	ck_assert_int_eq(state_file_read(root.dirfd, "a", &json, &err), -EINVAL);
	ck_assert_int_eq(symlinkat("a", root.dirfd, "link"), 0);
	ck_assert_int_eq(state_file_read(root.dirfd, "link", &json, &err), -ELOOP);
	ck_assert_int_eq(mkfifoat(root.dirfd, "pipe", 0600), 0);
	ck_assert_int_eq(state_file_read(root.dirfd, "pipe", &json, &err), -EINVAL);
}
END_TEST

START_TEST(test_slots)
{
	int first = slot_take(&root, 2), second = slot_take(&root, 2);

	ck_assert_int_ge(first, 0);
	ck_assert_int_ge(second, 0);
	ck_assert_int_eq(slot_take(&root, 2), -EWOULDBLOCK);
	close(first);
	first = slot_take(&root, 2);
	ck_assert_int_ge(first, 0);
	ck_assert_int_eq(slot_take(&root, 0), -EWOULDBLOCK);
	close(first);
	close(second);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("state");
	TCase *tc = tcase_create("state");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_root_is_made);
	tcase_add_test(tc, test_default_by_its_path);
	tcase_add_test(tc, test_root_not_made);
	tcase_add_test(tc, test_root_becomes_absolute);
	tcase_add_test(tc, test_root_refused);
	tcase_add_test(tc, test_keys);
	tcase_add_test(tc, test_containers);
	tcase_add_test(tc, test_key_leads_nowhere_else);
	tcase_add_test(tc, test_locks);
	tcase_add_test(tc, test_lock_is_waited_for);
	tcase_add_test(tc, test_file_write);
	tcase_add_test(tc, test_nothing_half_written);
	tcase_add_test(tc, test_file_read);
	tcase_add_test(tc, test_slots);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
