/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "identity.h"
#include "incident.h"
#include "tempdir.h"
#include "unit.h"

static char dir[64];
static int fd;
static struct error err;
static struct incident incident;
static char buf[INCIDENT_BUFFER_BYTES];
static char big[8192];

static struct identity identity;

static void setup(void)
{
	char *empty = big + sizeof(big) - 1;
	char path[128];

	/* Every byte takes six in JSON. */
	memset(big, 1, sizeof(big) - 1);
	identity = (struct identity){(char *)"web", empty, empty, empty, empty, empty, empty,
				     empty,	    empty, empty, false, "",	NULL};
	tempdir_make(dir);
	snprintf(path, sizeof(path), "%s/lib/incidents", dir);
	fd = incidents_open(path, true, &err);
	ck_assert_int_ge(fd, 0);
	memset(&incident, 0, sizeof(incident));
	incident.time_ms = UINT64_C(1795305912123);
	incident.identity = &identity;
	incident.profile_name = "default";
	strcpy(incident.decision, "report");
	strcpy(incident.result, "reported");
}

static void teardown(void)
{
	close(fd);
	tempdir_remove(dir);
}

START_TEST(test_names)
{
	char first[96];

	incident_name(&incident, fd);
	ck_assert_str_eq(incident.name, "20261122T000512.123Z-web-1");
	strcpy(first, incident.name);
	incident_name(&incident, fd);
	ck_assert_str_eq(incident.name, "20261122T000512.123Z-web-2");
	identity.id = big;
	incident_name(&incident, fd);
	ck_assert_uint_lt(strlen(incident.name), sizeof(incident.name));
	ck_assert_ptr_null(strchr(incident.name, '/'));
	/* No folder: a name all the same. */
	incident_name(&incident, -1);
	ck_assert_int_ne(incident.name[0], '\0');
}
END_TEST

struct seen {
	unsigned count;
	char names[4][128];
};

static int see(const char *name, const struct json *record, void *context)
{
	struct seen *seen = context;

	if (seen->count < 4)
		snprintf(seen->names[seen->count], sizeof(seen->names[0]), "%s", name);
	seen->count++;
	return 0;
}

START_TEST(test_largest_record_fits)
{
	struct seen seen = {0};

	memset(incident.limit_cgroup, 1, sizeof(incident.limit_cgroup) - 1);
	memset(incident.reason, 1, sizeof(incident.reason) - 1);
	memset(incident.decision, 1, sizeof(incident.decision) - 1);
	identity =
	    (struct identity){big, big, big, big, big, big, big, big, big, big, false, big, NULL};
	for (size_t i = 0; i < INCIDENT_VICTIMS_MAX; i++) {
		incident.victims[i].pid = INT32_MAX;
		memset(incident.victims[i].comm, 1, sizeof(incident.victims[i].comm) - 1);
		incident.victims[i].rss_bytes = UINT64_MAX;
	}
	for (size_t i = 0; i < INCIDENT_LEFT_MAX; i++) {
		incident.left[i].pid = INT32_MAX;
		memset(incident.left[i].comm, 1, sizeof(incident.left[i].comm) - 1);
		memset(incident.left[i].wchan, 1, sizeof(incident.left[i].wchan) - 1);
	}
	incident.victims_len = INCIDENT_VICTIMS_MAX;
	incident.left_len = INCIDENT_LEFT_MAX;
	incident_name(&incident, fd);
	ck_assert_int_eq(incident_write(&incident, fd, buf, sizeof(buf)), 0);
	/* It is longer than any buffer. */
	ck_assert_int_eq(incident_write(&incident, fd, buf, 100), 0);
	ck_assert_int_eq(incidents_each(fd, NULL, see, &seen), 0);
	ck_assert_uint_eq(seen.count, 1);
}
END_TEST

static void write_one(const char *id, uint64_t time_ms)
{
	identity.id = (char *)id;
	incident.time_ms = time_ms;
	incident_name(&incident, fd);
	ck_assert_int_eq(incident_write(&incident, fd, buf, sizeof(buf)), 0);
}

START_TEST(test_each)
{
	struct seen all = {0}, web = {0}, none = {0};

	write_one("web", 2000);
	write_one("api", 1000);
	write_one("web-2", 3000);
	/* Reserved, half-written, foreign: passed over. */
	tempdir_write(fd, "20261122T000512.123Z-web-1.json", "");
	tempdir_write(fd, "x.json", "{\"version\": 9}");
	tempdir_write(fd, "readme", "{\"version\": 1}");
	ck_assert_int_eq(incidents_each(fd, NULL, see, &all), 0);
	ck_assert_uint_eq(all.count, 3);
	ck_assert_str_eq(all.names[0], "19700101T000001.000Z-api-1.json");
	ck_assert_str_eq(all.names[2], "19700101T000003.000Z-web-2-1.json");
	ck_assert_int_eq(incidents_each(fd, "web", see, &web), 0);
	ck_assert_uint_eq(web.count, 1);
	ck_assert_int_eq(incidents_each(fd, "we", see, &none), 0);
	ck_assert_uint_eq(none.count, 0);
}
END_TEST

START_TEST(test_each_with_hostile_id)
{
	struct seen seen = {0};

	write_one("a\xff/\033[2J", 1000);
	write_one(big, 1000);
	ck_assert_int_eq(incidents_each(fd, "a\xff/\033[2J", see, &seen), 0);
	ck_assert_int_eq(incidents_each(fd, big, see, &seen), 0);
	ck_assert_uint_eq(seen.count, 2);
}
END_TEST

START_TEST(test_prune_of_one)
{
	struct seen web = {0}, api = {0};

	for (unsigned i = 0; i < INCIDENTS_PER_CONTAINER + 3; i++) {
		write_one("web", 1000 + i);
		write_one("web-1", 1000 + i);
	}
	incidents_prune(fd, "web");
	ck_assert_int_eq(incidents_each(fd, "web", see, &web), 0);
	ck_assert_uint_eq(web.count, INCIDENTS_PER_CONTAINER);
	ck_assert_str_eq(web.names[0], "19700101T000001.003Z-web-1.json");
	ck_assert_int_eq(incidents_each(fd, "web-1", see, &api), 0);
	ck_assert_uint_eq(api.count, INCIDENTS_PER_CONTAINER + 3);
}
END_TEST

START_TEST(test_prune_of_all)
{
	char name[96];
	struct stat st;

	for (unsigned i = 0; i < INCIDENTS_TOTAL + 5; i++) {
		snprintf(name, sizeof(name), "20261122T%06u.000Z-c%u-1.json", i, i);
		tempdir_write(fd, name, "{\"version\": 1}");
	}
	incidents_prune(fd, "none");
	ck_assert_int_ne(fstatat(fd, "20261122T000004.000Z-c4-1.json", &st, 0), 0);
	ck_assert_int_eq(fstatat(fd, "20261122T000005.000Z-c5-1.json", &st, 0), 0);
}
END_TEST

static void make_large(const char *name, off_t bytes)
{
	int file = openat(fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(ftruncate(file, bytes), 0);
	close(file);
}

static bool stands(const char *name)
{
	struct stat st;

	return fstatat(fd, name, &st, 0) == 0;
}

START_TEST(test_prune_by_bytes)
{
	const off_t half = INCIDENTS_PER_CONTAINER_BYTES / 2 + 1;

	make_large("20261122T000001.000Z-web-1.json", half);
	make_large("20261122T000002.000Z-web-1.json", half);
	make_large("20261122T000003.000Z-api-1.json", half);
	incidents_prune(fd, "web");
	ck_assert(!stands("20261122T000001.000Z-web-1.json"));
	ck_assert(stands("20261122T000002.000Z-web-1.json"));
	ck_assert(stands("20261122T000003.000Z-api-1.json"));
	/* The newest one stays, however large it is. */
	make_large("20261122T000002.000Z-web-1.json", INCIDENTS_PER_CONTAINER_BYTES + 1);
	incidents_prune(fd, "web");
	ck_assert(stands("20261122T000002.000Z-web-1.json"));
	make_large("20261122T000004.000Z-db-1.json", INCIDENTS_TOTAL_BYTES);
	incidents_prune(fd, "web");
	ck_assert(!stands("20261122T000002.000Z-web-1.json"));
	ck_assert(!stands("20261122T000003.000Z-api-1.json"));
	ck_assert(stands("20261122T000004.000Z-db-1.json"));
}
END_TEST

/* A full disk: the record that is there stays whole, and nothing else is left. */
START_TEST(test_no_room)
{
	const struct rlimit none = {.rlim_cur = 100, .rlim_max = RLIM_INFINITY};
	struct seen seen = {0};
	char path[640];

	write_one("web", 1000);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
	ck_assert_int_eq(incident_write(&incident, fd, buf, sizeof(buf)), -EFBIG);
	snprintf(path, sizeof(path), ".%s.json.%d.tmp", incident.name, getpid());
	ck_assert(!stands(path));
	ck_assert_int_eq(incidents_each(fd, "web", see, &seen), 0);
	ck_assert_uint_eq(seen.count, 1);
}
END_TEST

START_TEST(test_prune_of_temporaries)
{
	const struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
	struct stat st;

	tempdir_write(fd, ".x.json.1.tmp", "");
	tempdir_write(fd, ".y.json.2.tmp", "");
	ck_assert_int_eq(utimensat(fd, ".x.json.1.tmp", old, 0), 0);
	incidents_prune(fd, "web");
	ck_assert_int_ne(fstatat(fd, ".x.json.1.tmp", &st, 0), 0);
	ck_assert_int_eq(fstatat(fd, ".y.json.2.tmp", &st, 0), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("incident");
	TCase *tc = tcase_create("incident");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_names);
	tcase_add_test(tc, test_largest_record_fits);
	tcase_add_test(tc, test_each);
	tcase_add_test(tc, test_each_with_hostile_id);
	tcase_add_test(tc, test_prune_of_one);
	tcase_add_test(tc, test_prune_of_all);
	tcase_add_test(tc, test_prune_by_bytes);
	tcase_add_test(tc, test_no_room);
	tcase_add_test(tc, test_prune_of_temporaries);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
