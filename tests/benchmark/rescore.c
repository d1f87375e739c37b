/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Setting the score of every process of a cgroup: ours, and the least that does it (list, open,
 * write, close).
 *
 *   rescore COUNT PAIRS
 *
 * Makes a cgroup of COUNT sleeping processes and prints a line "OURS BARE" in microseconds for each
 * pair. Every run writes every score. Exit 77: a cgroup or so many processes cannot be had.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "settings.h"

#define PROCESSES_MAX 16384

struct box {
	struct cgroup_mounts mounts;
	struct memcg memcg;
	char dir[512];
	pid_t child[PROCESSES_MAX];
	size_t len;
};

static struct profile profile;
static struct score_matcher matcher;
static pid_t scratch[PROCESSES_MAX];
static char list[PROCESSES_MAX * 12];

static int make_box(struct box *box, int procfd)
{
	enum cgroup_version version;
	char *dir = NULL;
	int root;

	if (cgroup_mounts_read(procfd, &box->mounts, NULL) < 0 ||
	    cgroup_memory_version(&box->mounts, &version) < 0)
		return -1;
	root = cgroup_open(&box->mounts, version == CGROUP_V1 ? "memory" : NULL, "/", &dir, NULL);
	if (root < 0)
		return -1;
	snprintf(box->dir, sizeof(box->dir), "%s/oomguard-benchmark-%d", dir, getpid());
	free(dir);
	if (mkdir(box->dir, 0755) < 0)
		return -1;
	box->memcg = (struct memcg){.version = version,
				    .dirfd = open(box->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
				    .freezer = -1,
				    .path = strdup(strrchr(box->dir, '/'))};
	return box->memcg.dirfd;
}

static void remove_box(struct box *box)
{
	for (size_t i = 0; i < box->len; i++)
		kill(box->child[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	for (int i = 0; i < 500 && rmdir(box->dir) < 0 && errno == EBUSY; i++)
		usleep(10000);
}

static int fill_box(struct box *box, size_t count)
{
	for (; box->len < count; box->len++) {
		pid_t pid = fork();

		if (pid < 0)
			return -1;
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
		box->child[box->len] = pid;
		snprintf(list, sizeof(list), "%d", pid);
		if (cgroup_write(box->memcg.dirfd, "cgroup.procs", list) < 0)
			return -1;
	}
	return 0;
}

static void die(const char *what)
{
	perror(what);
	_exit(EXIT_FAILURE);
}

static int write_bare(int procs, const char *text)
{
	size_t len = strlen(text);
	char *at = list;
	ssize_t n, got = 0;
	int written = 0;

	lseek(procs, 0, SEEK_SET);
	while ((n = read(procs, list + got, sizeof(list) - 1 - (size_t)got)) > 0)
		got += n;
	list[got] = '\0';
	for (pid_t pid; (pid = (pid_t)strtol(at, &at, 10)) > 0; written++) {
		char path[48];
		int fd;

		snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, text, len) < 0)
			die(path);
		close(fd);
	}
	return written;
}

static int write_ours(const struct box *box, int procfd, int score)
{
	profile.settings.score_workload = (struct score_spec){SCORE_ABSOLUTE, score};
	return settings_scores_apply(&matcher, &box->memcg, procfd, 0, scratch, PROCESSES_MAX,
				     NULL);
}

/* One run; `turn` makes each score another one than before. */
static uint64_t measure(const struct box *box, int procfd, int procs, int turn, bool ours)
{
	uint64_t start;
	char text[16];
	int written;

	snprintf(text, sizeof(text), "%d", 500 + turn % 400);
	start = clock_us(CLOCK_MONOTONIC);
	written = ours ? write_ours(box, procfd, 500 + turn % 400) : write_bare(procs, text);
	start = clock_us(CLOCK_MONOTONIC) - start;
	if (written != (int)box->len) {
		fprintf(stderr, "%d of %zu processes were written\n", written, box->len);
		_exit(EXIT_FAILURE);
	}
	return start;
}

int main(int argc, char **argv)
{
	static struct box box;
	size_t count = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	int pairs = argc == 3 ? atoi(argv[2]) : 0, procs, turn = 0;
	int procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (count == 0 || count > PROCESSES_MAX || pairs < 1)
		return 2;
	if (make_box(&box, procfd) < 0 || fill_box(&box, count) < 0) {
		remove_box(&box);
		return 77;
	}
	procs = openat(box.memcg.dirfd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	matcher.profile = &profile;
	/* The first pair warms the caches. */
	for (int i = 0; i <= pairs; i++) {
		uint64_t took[2];

		for (int j = 0; j < 2; j++) {
			bool ours = (i + j) % 2;

			took[ours] = measure(&box, procfd, procs, turn++, ours);
		}
		if (i > 0)
			printf("%llu %llu\n", (unsigned long long)took[1],
			       (unsigned long long)took[0]);
	}
	remove_box(&box);
	return EXIT_SUCCESS;
}
