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
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "box.h"
#include "clock.h"
#include "settings.h"

static struct profile profile;
static struct score_matcher matcher;
static pid_t scratch[BOX_PROCESSES_MAX];
static char list[BOX_PROCESSES_MAX * 12];

static void die(const char *what)
{
	perror(what);
	_exit(EXIT_FAILURE);
}

/* Listed anew each time: of a file that stays open v1 gives the list of a moment ago. */
static int write_bare(int dirfd, const char *text)
{
	size_t len = strlen(text);
	char *at = list;
	ssize_t n, got = 0;
	int procs = openat(dirfd, "cgroup.procs", O_RDONLY | O_CLOEXEC), written = 0;

	while ((n = read(procs, list + got, sizeof(list) - 1 - (size_t)got)) > 0)
		got += n;
	list[got] = '\0';
	close(procs);
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
	return settings_scores_apply(&matcher, &box->memcg, procfd, 0, scratch, BOX_PROCESSES_MAX,
				     NULL);
}

/* One run; `turn` makes each score another one than before. */
static uint64_t measure(const struct box *box, int procfd, int turn, bool ours)
{
	uint64_t start;
	char text[16];
	int written;

	snprintf(text, sizeof(text), "%d", 500 + turn % 400);
	start = clock_us(CLOCK_MONOTONIC);
	written =
	    ours ? write_ours(box, procfd, 500 + turn % 400) : write_bare(box->memcg.dirfd, text);
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
	int pairs = argc == 3 ? atoi(argv[2]) : 0, turn = 0;
	int procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (count == 0 || count > BOX_PROCESSES_MAX || pairs < 1)
		return 2;
	if (make_box(&box, procfd) < 0 || fill_box(&box, count) < 0) {
		remove_box(&box);
		return 77;
	}
	matcher.profile = &profile;
	/* The first pair warms the caches. */
	for (int i = 0; i <= pairs; i++) {
		uint64_t took[2];

		for (int j = 0; j < 2; j++) {
			bool ours = (i + j) % 2;

			took[ours] = measure(&box, procfd, turn++, ours);
		}
		if (i > 0)
			printf("%llu %llu\n", (unsigned long long)took[1],
			       (unsigned long long)took[0]);
	}
	remove_box(&box);
	return EXIT_SUCCESS;
}
