/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs that fill a container with memory of one kind, or at one pace. Which: see load.c. */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PIPE_PAGES 16
#define PAGE 4096

/* A file of so many MiB; on tmpfs it stays in memory. */
static _Noreturn void fill_file(const char *name, size_t mib)
{
	static char piece[64 * 1024];
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		die(name);
	fill(piece, sizeof(piece));
	for (size_t i = 0; i < mib * MIB / sizeof(piece); i++)
		if (write(fd, piece, sizeof(piece)) != sizeof(piece))
			die(name);
	dprintf(STDOUT_FILENO, "filled %zu\n", mib);
	sleep_on();
}

/* Memory of the kernel: full pipes, 64 KiB each. */
static _Noreturn void pipes(size_t count)
{
	static char page[PAGE];

	for (size_t i = 0; i < count; i++) {
		int fds[2];

		if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
			die("pipe2");
		for (int n = 0; n < PIPE_PAGES; n++)
			if (write(fds[1], page, PAGE) != PAGE)
				die("a full pipe");
	}
	dprintf(STDOUT_FILENO, "piped %zu\n", count);
	sleep_on();
}

struct share {
	pthread_barrier_t *all_are_there;
	size_t mib;
};

/* Small pieces: large ones would be mapped each for itself, beside the arena. */
static void *use_arena(void *context)
{
	struct share *share = context;

	pthread_barrier_wait(share->all_are_there);
	for (size_t i = 0; i < share->mib * MIB / PAGE; i++) {
		char *piece = malloc(PAGE);

		if (!piece)
			die("malloc");
		fill(piece, PAGE);
	}
	pthread_barrier_wait(share->all_are_there);
	sleep_on();
}

/* Threads that malloc at the same time, so that each gets an arena of its own. */
static _Noreturn void arenas(size_t threads, size_t mib)
{
	pthread_barrier_t barrier;
	struct share share = {&barrier, mib};

	pthread_barrier_init(&barrier, NULL, (unsigned)threads + 1);
	for (size_t i = 0; i < threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, use_arena, &share))
			die("pthread_create");
	}
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	dprintf(STDOUT_FILENO, "malloced %zu in %zu threads\n", mib, threads);
	sleep_on();
}

/* A leak of a quarter of a MiB each so many milliseconds. */
static _Noreturn void drip(long pause_ms)
{
	dprintf(STDOUT_FILENO, "dripping\n");
	for (;;) {
		void *mem =
		    mmap(NULL, MIB / 4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (mem == MAP_FAILED)
			die("mmap");
		fill(mem, MIB / 4);
		nap_ms(pause_ms);
	}
}

void kinds(const char *verb, const char *word, const char *second)
{
	if (!word)
		return;
	if (!strcmp(verb, "pipes"))
		pipes(strtoul(word, NULL, 10));
	if (!strcmp(verb, "drip"))
		drip(atol(word));
	if (!strcmp(verb, "fill") && second)
		fill_file(word, strtoul(second, NULL, 10));
	if (!strcmp(verb, "arenas") && second)
		arenas(strtoul(word, NULL, 10), strtoul(second, NULL, 10));
}
