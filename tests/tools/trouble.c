/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs that bring a container into the troubles of tests/seeds/. Which they are: see load.c. */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define THREADS 4
#define PIECE (64 * 1024)

static void *room(size_t mib, int kind)
{
	void *mem = mmap(NULL, mib * MIB, PROT_READ | PROT_WRITE, kind | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		die("mmap");
	return mem;
}

static _Noreturn void gulp(size_t mib)
{
	dprintf(STDOUT_FILENO, "gulping\n");
	for (size_t i = 0; i < mib; i++)
		fill(room(1, MAP_PRIVATE), MIB);
	dprintf(STDOUT_FILENO, "gulped %zu\n", mib);
	_exit(0);
}

static _Noreturn void shmem(size_t mib)
{
	fill(room(mib, MAP_SHARED), mib * MIB);
	dprintf(STDOUT_FILENO, "shared %zu\n", mib);
	sleep_on();
}

static _Noreturn void churn(size_t mib)
{
	char *mem = room(mib, MAP_PRIVATE);

	for (size_t round = 1;; round++) {
		fill(mem, mib * MIB);
		dprintf(STDOUT_FILENO, "round %zu\n", round);
	}
}

static _Noreturn void read_over_and_over(const char *name)
{
	static char piece[PIECE];

	for (size_t round = 1;; round++) {
		int fd = open(name, O_RDONLY | O_CLOEXEC);
		size_t pieces = 0;

		if (fd < 0)
			die(name);
		while (read(fd, piece, sizeof(piece)) > 0)
			if (++pieces % 16 == 0)
				nap_ms(5);
		close(fd);
		dprintf(STDOUT_FILENO, "round %zu\n", round);
	}
}

/* A sign of life. At the limit it may fail: that alone ends nobody. */
static _Bool write_byte(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	_Bool written;

	if (fd < 0)
		return 0;
	written = write(fd, ".", 1) == 1;
	close(fd);
	return written;
}

static _Noreturn void write_on(const char *name)
{
	if (!write_byte(name))
		die(name);
	dprintf(STDOUT_FILENO, "writing\n");
	for (;;) {
		nap_ms(5);
		write_byte(name);
	}
}

/* A worker that serves until GO is there, which it takes away; then it leaks. */
static _Noreturn void serve(const char *beat, const char *go)
{
	dprintf(STDOUT_FILENO, "serving\n");
	while (unlink(go)) {
		write_byte(beat);
		nap_ms(10);
	}
	dprintf(STDOUT_FILENO, "leaking\n");
	for (;;)
		fill(room(1, MAP_PRIVATE), MIB);
}

/* Starts a process each 2 ms that ends at once, and never waits for one. */
static _Noreturn void zombies(void)
{
	for (size_t count = 0;; count++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		if (pid < 0) {
			dprintf(STDOUT_FILENO, "zombies %zu: %s\n", count, strerror(errno));
			sleep_on();
		}
		nap_ms(2);
	}
}

struct leak {
	pthread_barrier_t *all_are_there; /* at the limit no thread could be made */
	char *mem;
};

static void *leak_in_thread(void *context)
{
	struct leak *leak = context;

	pthread_barrier_wait(leak->all_are_there);
	fill(leak->mem, 64 * MIB);
	return NULL;
}

/* A program of many threads, the first of which asks for nothing and stays well. */
static _Noreturn void threads(const char *beat)
{
	char *mem = room((size_t)THREADS * 64, MAP_PRIVATE);
	struct leak leaks[THREADS];
	pthread_barrier_t barrier;
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, THREADS);
	dprintf(STDOUT_FILENO, "leaking in %d threads\n", THREADS);
	for (size_t i = 0; i < THREADS; i++) {
		leaks[i] = (struct leak){&barrier, mem + i * 64 * MIB};
		if (pthread_create(&thread, NULL, leak_in_thread, &leaks[i]))
			die("pthread_create");
	}
	for (;;) {
		write_byte(beat);
		nap_ms(10);
	}
}

void trouble(const char *verb, const char *word, const char *second)
{
	if (!strcmp(verb, "zombies"))
		zombies();
	if (!word)
		return;
	if (!strcmp(verb, "gulp"))
		gulp(strtoul(word, NULL, 10));
	if (!strcmp(verb, "shmem"))
		shmem(strtoul(word, NULL, 10));
	if (!strcmp(verb, "churn"))
		churn(strtoul(word, NULL, 10));
	if (!strcmp(verb, "cache"))
		read_over_and_over(word);
	if (!strcmp(verb, "write"))
		write_on(word);
	if (!strcmp(verb, "threads"))
		threads(word);
	if (!strcmp(verb, "serve") && second)
		serve(word, second);
}
