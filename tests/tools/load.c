/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program that runs in the test containers. It says what it does line by line on standard
 * output, so that a test can wait for a word and never for a time.
 *
 *   load [MODIFIER...] VERB
 *
 * Modifiers: ignore | usr1 | name COMM | await FILE | hold MB | once FILE
 *            (usr1: says when it gets SIGUSR1; hold: memory that no child inherits;
 *            once: where FILE exists, only sleep)
 * Verbs:     sleep | exit CODE | touch MB | leak [MAX_MB] | bomb N | storm N MB |
 *            exec PROGRAM WORD...
 *            init RESPAWNS[@FILE] CMD... [-- CMD...]...
 *            (with FILE: each respawn waits until it is there)
 *            gulp MB | shmem MB | churn MB | cache FILE | write FILE | serve BEAT_FILE GO_FILE
 *            zombies | threads BEAT_FILE
 *            fill FILE MB | pipes N | arenas THREADS MB | drip PAUSE_MS
 */
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A leak with no limit around it must not take the machine. */
#define LEAK_MAX_MB 1024
#define CHILDREN_MAX 16
#define STORM_MAX 4096

static int run(int argc, char **argv);

void die(const char *what)
{
	dprintf(STDOUT_FILENO, "load: %s: %s\n", what, strerror(errno));
	_exit(2);
}

static int usage(void)
{
	dprintf(STDOUT_FILENO, "load: wrong arguments\n");
	return 2;
}

void nap_ms(long ms)
{
	struct timespec nap = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&nap, NULL);
}

_Noreturn void sleep_on(void)
{
	for (;;)
		pause();
}

void fill(void *at, size_t bytes)
{
	static unsigned long seed = 88172645463325252UL;
	unsigned long *mem = at;

	for (size_t i = 0; i < bytes / sizeof(*mem); i++) {
		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		mem[i] = seed + i;
	}
}

static void *touch_mib(void)
{
	void *mem = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		die("mmap");
	fill(mem, MIB);
	return mem;
}

static void hold(size_t mib)
{
	for (size_t i = 0; i < mib; i++)
		if (madvise(touch_mib(), MIB, MADV_DONTFORK))
			die("madvise");
	dprintf(STDOUT_FILENO, "holding %zu\n", mib);
}

static _Noreturn void touch(size_t mib)
{
	for (size_t i = 0; i < mib; i++)
		touch_mib();
	dprintf(STDOUT_FILENO, "touched %zu\n", mib);
	sleep_on();
}

static _Noreturn void leak(size_t max)
{
	dprintf(STDOUT_FILENO, "leaking\n");
	for (size_t i = 0; i < max; i++)
		touch_mib();
	dprintf(STDOUT_FILENO, "leaked all\n");
	sleep_on();
}

/* N processes that each live for some milliseconds and leave a child in their place. */
static _Noreturn void bomb(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid > 0)
			continue;
		for (;;) {
			nap_ms(5);
			pid = fork();
			if (pid > 0)
				_exit(0);
		}
	}
	dprintf(STDOUT_FILENO, "bomb is running\n");
	sleep_on();
}

static void storm_child(size_t mib, int done, int end)
{
	char byte = 'd';

	for (size_t i = 0; i < mib; i++)
		touch_mib();
	if (write(done, &byte, 1) != 1)
		_exit(3);
	if (read(end, &byte, 1) < 0)
		_exit(3);
	_exit(0);
}

/* Reaps what there is: how many of the children died of SIGKILL is the tests' own count. */
static size_t storm_reap(size_t *killed, int flags)
{
	size_t reaped = 0;
	int status;

	while (waitpid(-1, &status, flags) > 0) {
		reaped++;
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
			(*killed)++;
	}
	return reaped;
}

/*
 * A child is settled once it has all of its memory or is dead. When all are settled nobody asks
 * for memory any more, so no kill can follow; those that live are then sent home.
 */
static _Noreturn void storm(size_t count, size_t mib)
{
	size_t killed = 0, gone = 0, ready = 0;
	struct timespec start, now;
	int done[2], end[2];
	char bytes[256];

	if (count > STORM_MAX || pipe2(done, O_CLOEXEC | O_NONBLOCK) || pipe2(end, O_CLOEXEC))
		die("storm");
	clock_gettime(CLOCK_MONOTONIC, &start);
	for (size_t i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			die("fork");
		if (pid == 0) {
			close(end[1]);
			storm_child(mib, done[1], end[0]);
		}
	}
	dprintf(STDOUT_FILENO, "storm of %zu\n", count);
	/* `ready` also holds children that were killed after their byte: an end may only be late.
	 */
	while (gone + ready < count) {
		struct pollfd wait = {done[0], POLLIN, 0};
		ssize_t n;

		poll(&wait, 1, 10);
		n = read(done[0], bytes, sizeof(bytes));
		ready += n > 0 ? (size_t)n : 0;
		gone += storm_reap(&killed, WNOHANG);
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	close(end[1]);
	storm_reap(&killed, 0);
	dprintf(STDOUT_FILENO, "storm over killed %zu of %zu, settled after %ld ms\n", killed,
		count,
		(now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000);
	sleep_on();
}

static void on_term(int signal)
{
	(void)signal;
	_exit(0);
}

static void on_usr1(int signal)
{
	static const char words[] = "got SIGUSR1\n";

	(void)signal;
	if (write(STDOUT_FILENO, words, sizeof(words) - 1) < 0)
		_exit(2);
}

struct child {
	int argc;
	char **argv;
	pid_t pid;
};

static void start_child(struct child *child, size_t number)
{
	child->pid = fork();
	if (child->pid < 0)
		die("fork");
	if (child->pid == 0) {
		signal(SIGTERM, SIG_DFL);
		_exit(run(child->argc, child->argv));
	}
	dprintf(STDOUT_FILENO, "started %zu\n", number);
}

static size_t split_children(int argc, char **argv, struct child *children)
{
	size_t len = 0;

	for (int i = 0; i < argc && len < CHILDREN_MAX; i++) {
		struct child *child = &children[len++];

		child->argv = argv + i;
		while (i < argc && strcmp(argv[i], "--") != 0)
			i++;
		child->argc = (int)(argv + i - child->argv);
	}
	return len;
}

static void await(const char *path)
{
	while (access(path, F_OK))
		nap_ms(2);
}

/* Lives on whatever happens to its children; starts one again as often as RESPAWNS says in all. */
static _Noreturn void init(const char *how, int argc, char **argv)
{
	char *file;
	long respawns = strtol(how, &file, 10);
	struct child children[CHILDREN_MAX];
	size_t len = split_children(argc, argv, children);
	struct sigaction old;

	sigaction(SIGTERM, NULL, &old);
	if (old.sa_handler == SIG_DFL)
		signal(SIGTERM, on_term);
	dprintf(STDOUT_FILENO, "init is up\n");
	for (size_t i = 0; i < len; i++)
		start_child(&children[i], i);
	for (;;) {
		int status;
		pid_t pid = waitpid(-1, &status, 0);

		if (pid < 0)
			sleep_on();
		for (size_t i = 0; i < len; i++) {
			if (children[i].pid != pid)
				continue;
			if (WIFSIGNALED(status))
				dprintf(STDOUT_FILENO, "child %zu killed by %d\n", i,
					WTERMSIG(status));
			else
				dprintf(STDOUT_FILENO, "child %zu exited %d\n", i,
					WEXITSTATUS(status));
			if (respawns-- <= 0)
				continue;
			if (*file == '@')
				await(file + 1);
			start_child(&children[i], i);
		}
	}
}

static int run_verb(int argc, char **argv)
{
	if (!strcmp(argv[0], "sleep"))
		sleep_on();
	if (!strcmp(argv[0], "leak"))
		leak(argc > 1 ? strtoul(argv[1], NULL, 10) : LEAK_MAX_MB);
	trouble(argv[0], argc > 1 ? argv[1] : NULL, argc > 2 ? argv[2] : NULL);
	kinds(argv[0], argc > 1 ? argv[1] : NULL, argc > 2 ? argv[2] : NULL);
	if (argc < 2)
		return usage();
	if (!strcmp(argv[0], "exit"))
		return atoi(argv[1]);
	if (!strcmp(argv[0], "exec")) {
		execv(argv[1], argv + 1);
		die(argv[1]);
	}
	if (!strcmp(argv[0], "touch"))
		touch(strtoul(argv[1], NULL, 10));
	if (!strcmp(argv[0], "bomb"))
		bomb(strtoul(argv[1], NULL, 10));
	if (!strcmp(argv[0], "init"))
		init(argv[1], argc - 2, argv + 2);
	if (!strcmp(argv[0], "storm") && argc > 2)
		storm(strtoul(argv[1], NULL, 10), strtoul(argv[2], NULL, 10));
	return usage();
}

static int run(int argc, char **argv)
{
	int fd;

	if (argc < 1)
		return usage();
	if (!strcmp(argv[0], "ignore")) {
		signal(SIGTERM, SIG_IGN);
		return run(argc - 1, argv + 1);
	}
	if (!strcmp(argv[0], "usr1")) {
		signal(SIGUSR1, on_usr1);
		return run(argc - 1, argv + 1);
	}
	if (argc < 3)
		return run_verb(argc, argv);
	if (!strcmp(argv[0], "hold")) {
		hold(strtoul(argv[1], NULL, 10));
		return run(argc - 2, argv + 2);
	}
	if (!strcmp(argv[0], "name")) {
		prctl(PR_SET_NAME, argv[1]);
		return run(argc - 2, argv + 2);
	}
	if (!strcmp(argv[0], "await")) {
		dprintf(STDOUT_FILENO, "awaiting %s\n", argv[1]);
		await(argv[1]);
		return run(argc - 2, argv + 2);
	}
	if (!strcmp(argv[0], "once")) {
		fd = open(argv[1], O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
		if (fd < 0) {
			dprintf(STDOUT_FILENO, "once is over\n");
			sleep_on();
		}
		close(fd);
		return run(argc - 2, argv + 2);
	}
	return run_verb(argc, argv);
}

int main(int argc, char **argv)
{
	return run(argc - 1, argv + 1);
}
