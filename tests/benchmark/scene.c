/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scene of an incident with every process of a cgroup, from the list to the record on disk:
 * ours, and a bare loop that reads the same files (list, and of each process: open, read, close).
 *
 *   scene COUNT PAIRS
 *
 * Makes a cgroup of COUNT sleeping processes and prints a line "OURS BARE" in microseconds of
 * processor time for each pair, that of our child with it. Exit 77: a cgroup or so many processes
 * cannot be had.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "box.h"
#include "clock.h"
#include "identity.h"
#include "incident.h"
#include "scene_list.h"
#include "slow.h"

#define END_US 60000000

static struct box box;
static struct scene scene;
static struct slow_reader slow;
static struct incident incident;
static pid_t pids[KILL_PIDS_MAX];
static char buf[INCIDENT_BUFFER_BYTES];
static char text[1 << 20];
static int procfd, incidents;

static uint64_t cpu_us(void)
{
	struct rusage usage[2];
	uint64_t total = 0;

	getrusage(RUSAGE_SELF, &usage[0]);
	getrusage(RUSAGE_CHILDREN, &usage[1]);
	for (int i = 0; i < 2; i++)
		total += (uint64_t)(usage[i].ru_utime.tv_sec + usage[i].ru_stime.tv_sec) * 1000000 +
			 (uint64_t)(usage[i].ru_utime.tv_usec + usage[i].ru_stime.tv_usec);
	return total;
}

static void die(const char *what)
{
	fprintf(stderr, "scene: %s\n", what);
	remove_box(&box);
	_exit(EXIT_FAILURE);
}

static void read_ours(void)
{
	static struct identity identity = {.id = (char *)"benchmark", .manager = ""};
	const struct kill_target target = {.memcg = &box.memcg, .procfd = procfd, .pids = pids};
	uint64_t end_us = clock_us(CLOCK_MONOTONIC) + END_US;

	scene.cut = 0;
	scene.zombies = 0;
	scene.parents_len = 0;
	scene_list(&scene, &target, end_us);
	slow_start(&slow, &scene);
	scene_fill(&scene, &target, end_us);
	slow_finish(&slow, &scene, end_us, END_US);
	scene_zombies(&scene, &target, end_us);
	incident = (struct incident){.identity = &identity,
				     .profile_name = "default",
				     .decision = "report",
				     .result = "reported",
				     .scene = &scene};
	incident_name(&incident, incidents);
	if (incident_write(&incident, incidents, buf, sizeof(buf)) < 0)
		die("the record cannot be written");
	if (scene.cut || scene.processes_len != box.len)
		die("the record is not whole");
}

static void read_file(const char *path, bool dir)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die(path);
	if (dir)
		while (getdents64(fd, text, 2048) > 0)
			;
	else
		while (read(fd, text, 4096) > 0)
			;
	close(fd);
}

static void read_process(pid_t pid, bool closely)
{
	static const char *const names[] = {"stat",    "status",       "oom_score", "oom_score_adj",
					    "cmdline", "smaps_rollup", "smaps"};
	char path[64];

	for (size_t i = 0; i < (closely ? 7 : 5); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, names[i]);
		read_file(path, false);
	}
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	read_file(path, true);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	read_file(path, false);
}

static void read_bare(void)
{
	static char list[BOX_PROCESSES_MAX * 12];
	int procs = openat(box.memcg.dirfd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	ssize_t n, got = 0;
	char *at = list;
	size_t i = 0;

	while ((n = read(procs, list + got, sizeof(list) - 1 - (size_t)got)) > 0)
		got += n;
	close(procs);
	list[got] = '\0';
	for (pid_t pid; (pid = (pid_t)strtol(at, &at, 10)) > 0; i++)
		read_process(pid, i < SCENE_DETAILS_MAX);
	if (i != box.len)
		die("the bare loop has not read all");
}

static uint64_t measure(bool ours)
{
	uint64_t start = cpu_us();

	if (ours)
		read_ours();
	else
		read_bare();
	return cpu_us() - start;
}

int main(int argc, char **argv)
{
	size_t count = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	int pairs = argc == 3 ? atoi(argv[2]) : 0;
	char dir[] = "/tmp/oomguard-benchmark-XXXXXX", command[64];

	if (count == 0 || count > BOX_PROCESSES_MAX || pairs < 1 || !mkdtemp(dir))
		return 2;
	procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	incidents = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	slow_open(&slow, procfd);
	if (make_box(&box, procfd) < 0 || fill_box(&box, count) < 0) {
		remove_box(&box);
		rmdir(dir);
		return 77;
	}
	/* The first pair warms the caches. */
	for (int i = 0; i <= pairs; i++) {
		uint64_t took[2];

		for (int j = 0; j < 2; j++)
			took[(i + j) % 2] = measure((i + j) % 2);
		if (i > 0)
			printf("%llu %llu\n", (unsigned long long)took[1],
			       (unsigned long long)took[0]);
	}
	remove_box(&box);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
