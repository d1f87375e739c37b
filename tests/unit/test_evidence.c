/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's log, fed record by record, and what is made of it. */
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "evidence.h"
#include "unit.h"

#define OWN "/kube/pod1/ctr"

static struct memcg memcg = {.version = CGROUP_V2, .dirfd = -1, .freezer = -1, .path = (char *)OWN};
static struct scene scene = {
    .process = {
	{.pid = 4242, .ppid = 100, .start_ticks = 7, .rss_bytes = 5 << 20, .comm = "worker"},
    }};
static struct evidence evidence;
static struct incident incident;
static int feed;

static void setup(void)
{
	int pair[2];

	/* /dev/kmsg gives one record a read; so does a packet socket. */
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	feed = pair[1];
	memset(&incident, 0, sizeof(incident));
	evidence = (struct evidence){.memcg = &memcg,
				     .procfd = -1,
				     .kmsg = pair[0],
				     .parent_event = -1,
				     .pids_are_host_pids = true,
				     .init = 100,
				     .scene = &scene};
	evidence_start(&evidence);
	scene.processes_len = 1;
	scene.levels_len = 0;
}

static void teardown(void)
{
	close(evidence.kmsg);
	close(feed);
}

static void kernel_says(const char *text)
{
	static unsigned number;
	char record[1024];
	int len = snprintf(record, sizeof(record), "4,%u,%u,-;%s\n", number++, 1000, text);

	ck_assert_int_eq(send(feed, record, (size_t)len, 0), len);
}

static void summary(const char *limit, const char *task, int pid)
{
	char line[512];

	snprintf(line, sizeof(line),
		 "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,"
		 "oom_memcg=%s,task_memcg=%s,task=worker,pid=%d,uid=0",
		 limit, task, pid);
	kernel_says(line);
}

static void killed(int pid)
{
	char line[512];

	snprintf(line, sizeof(line),
		 "Memory cgroup out of memory: Killed process %d (worker) total-vm:90000kB, "
		 "anon-rss:61440kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:160kB "
		 "oom_score_adj:0",
		 pid);
	kernel_says(line);
}

START_TEST(own_limit_names_the_victim)
{
	summary(OWN, OWN, 9000);
	killed(9000);
	evidence_read_log(&evidence, &incident);
	ck_assert_uint_eq(incident.victims_len, 1);
	ck_assert_int_eq(incident.victims[0].pid, 9000);
	ck_assert_str_eq(incident.victims[0].comm, "worker");
	ck_assert_uint_eq(incident.victims[0].rss_bytes, 61440 * 1024);
	ck_assert(!incident.victims[0].is_init);
	ck_assert_int_eq(evidence_limit(&evidence, &incident), LIMIT_OF_CONTAINER);
	ck_assert_int_eq(incident.basis, BASIS_KMSG);
}
END_TEST

START_TEST(a_cgroup_below_is_the_containers_own)
{
	summary(OWN "/worker", OWN "/worker", 9000);
	killed(9000);
	evidence_read_log(&evidence, &incident);
	ck_assert_uint_eq(incident.victims_len, 1);
	ck_assert_int_eq(evidence_limit(&evidence, &incident), LIMIT_OF_CONTAINER);
}
END_TEST

START_TEST(the_pods_limit_is_an_ancestors)
{
	summary("/kube/pod1", OWN, 100);
	killed(100);
	evidence_read_log(&evidence, &incident);
	ck_assert_int_eq(evidence_limit(&evidence, &incident), LIMIT_OF_ANCESTOR);
	ck_assert_str_eq(incident.limit_cgroup, "/kube/pod1");
	ck_assert(evidence.init_is_victim);
}
END_TEST

START_TEST(a_neighbours_kill_is_not_ours)
{
	/* A name that only begins like ours. */
	summary("/kube/pod1", "/kube/pod1/ctr2", 9000);
	killed(9000);
	/* Nor one without a summary and with a pid we never had. */
	killed(9001);
	evidence_read_log(&evidence, &incident);
	ck_assert_uint_eq(incident.victims_len, 0);
	ck_assert_uint_eq(evidence.victims, 0);
}
END_TEST

START_TEST(in_a_storm_the_pid_tells)
{
	/* The summary was swallowed by the rate limit. */
	killed(4242);
	evidence_read_log(&evidence, &incident);
	ck_assert_uint_eq(incident.victims_len, 1);
	ck_assert_int_eq(incident.victims[0].pid, 4242);
}
END_TEST

START_TEST(foreign_pid_numbers_are_not_matched)
{
	evidence.pids_are_host_pids = false;
	killed(4242);
	killed(100);
	evidence_read_log(&evidence, &incident);
	ck_assert_uint_eq(incident.victims_len, 0);
	ck_assert(!evidence.init_is_victim);
}
END_TEST

START_TEST(a_group_kill_is_seen)
{
	kernel_says("Tasks in " OWN " are going to be killed due to memory.oom.group set");
	evidence_read_log(&evidence, &incident);
	ck_assert(evidence.group);
}
END_TEST

START_TEST(the_host_is_told_from_a_limit)
{
	kernel_says("oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=x,mems_allowed=0,"
		    "global_oom,task_memcg=" OWN ",task=worker,pid=9000,uid=0");
	kernel_says("Out of memory: Killed process 9000 (worker) total-vm:90000kB, "
		    "anon-rss:61440kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:160kB "
		    "oom_score_adj:0");
	evidence_read_log(&evidence, &incident);
	ck_assert_uint_eq(incident.victims_len, 1);
	ck_assert_int_eq(evidence_limit(&evidence, &incident), LIMIT_OF_HOST);
}
END_TEST

START_TEST(without_a_log_the_counters_speak)
{
	evidence.kmsg = -1;
	incident.after = (struct memcg_counters){.known = true, .oom_kill = 1, .oom = 1};
	ck_assert_int_eq(evidence_limit(&evidence, &incident), LIMIT_OF_CONTAINER);
	ck_assert_int_eq(incident.basis, BASIS_COUNTERS);
	/* A kill without an OOM of our own, and no ancestor had one. */
	incident.after.oom = 0;
	ck_assert_int_eq(evidence_limit(&evidence, &incident), LIMIT_OF_HOST);
}
END_TEST

START_TEST(on_v1_the_parent_knows)
{
	struct memcg v1 = {.version = CGROUP_V1, .dirfd = -1, .freezer = -1, .path = (char *)OWN};
	uint64_t one = 1;

	evidence.memcg = &v1;
	evidence.kmsg = -1;
	evidence.parent_event = eventfd(0, EFD_NONBLOCK);
	/* Failed charges of our own, as page cache makes them too. */
	incident.after = (struct memcg_counters){.known = true, .oom_kill = 1, .max = 9};
	ck_assert_int_eq(evidence_limit(&evidence, &incident), LIMIT_OF_CONTAINER);
	ck_assert_int_eq(write(evidence.parent_event, &one, sizeof(one)), sizeof(one));
	ck_assert_int_eq(evidence_limit(&evidence, &incident), LIMIT_OF_ANCESTOR);
	/* It stays so for this event, and is forgotten with it. */
	ck_assert_int_eq(evidence_limit(&evidence, &incident), LIMIT_OF_ANCESTOR);
	evidence_rebase(&evidence);
	ck_assert_int_eq(evidence_limit(&evidence, &incident), LIMIT_OF_CONTAINER);
	close(evidence.parent_event);
}
END_TEST

/* Its one limit is of memory and swap, for which the kernel counts nothing. */
START_TEST(on_v1_a_full_cgroup_was_its_own)
{
	struct memcg v1 = {.version = CGROUP_V1, .dirfd = -1, .freezer = -1, .path = (char *)OWN};
	uint64_t one = 1;

	evidence.memcg = &v1;
	evidence.parent_event = eventfd(0, EFD_NONBLOCK);
	scene.levels_len = 1;
	scene.level[0] = (struct memcg_level){.usage = 64 << 20, .limit = 64 << 20};
	incident.after = (struct memcg_counters){.known = true, .oom_kill = 1};
	ck_assert_int_eq(evidence_limit(&evidence, &incident), LIMIT_OF_UNKNOWN);
	/* The rate limit swallowed the summary. */
	killed(4242);
	evidence_read_log(&evidence, &incident);
	ck_assert_int_eq(evidence_limit(&evidence, &incident), LIMIT_OF_CONTAINER);
	ck_assert_str_eq(incident.limit_cgroup, OWN);
	scene.level[0].usage = 32 << 20;
	ck_assert_int_eq(evidence_limit(&evidence, &incident), LIMIT_OF_UNKNOWN);
	scene.level[0].usage = MEMCG_UNKNOWN;
	ck_assert_int_eq(evidence_limit(&evidence, &incident), LIMIT_OF_UNKNOWN);
	scene.level[0].usage = 64 << 20;
	ck_assert_int_eq(write(evidence.parent_event, &one, sizeof(one)), sizeof(one));
	ck_assert_int_eq(evidence_limit(&evidence, &incident), LIMIT_OF_ANCESTOR);
	close(evidence.parent_event);
}
END_TEST

START_TEST(one_victim_counts_once)
{
	summary(OWN, OWN, 9000);
	killed(9000);
	killed(9000);
	evidence_read_log(&evidence, &incident);
	ck_assert_uint_eq(evidence.victims, 1);
}
END_TEST

START_TEST(more_victims_than_room_are_counted)
{
	for (int i = 0; i < INCIDENT_VICTIMS_MAX + 5; i++) {
		summary(OWN, OWN, 9000 + i);
		killed(9000 + i);
		evidence_read_log(&evidence, &incident);
	}
	ck_assert_uint_eq(incident.victims_len, INCIDENT_VICTIMS_MAX);
	ck_assert_uint_eq(incident.victims_more, 5);
	ck_assert_uint_eq(evidence.victims, INCIDENT_VICTIMS_MAX + 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("evidence");
	TCase *tests = tcase_create("evidence");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, own_limit_names_the_victim);
	tcase_add_test(tests, a_cgroup_below_is_the_containers_own);
	tcase_add_test(tests, the_pods_limit_is_an_ancestors);
	tcase_add_test(tests, a_neighbours_kill_is_not_ours);
	tcase_add_test(tests, in_a_storm_the_pid_tells);
	tcase_add_test(tests, foreign_pid_numbers_are_not_matched);
	tcase_add_test(tests, a_group_kill_is_seen);
	tcase_add_test(tests, the_host_is_told_from_a_limit);
	tcase_add_test(tests, without_a_log_the_counters_speak);
	tcase_add_test(tests, on_v1_the_parent_knows);
	tcase_add_test(tests, on_v1_a_full_cgroup_was_its_own);
	tcase_add_test(tests, one_victim_counts_once);
	tcase_add_test(tests, more_victims_than_room_are_counted);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
