/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oomguard-shim: one resident process per guarded container.
 * arm → wait → read → decide → act → record.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "config.h"
#include "confine.h"
#include "escape.h"
#include "guard.h"
#include "ladder.h"
#include "log.h"
#include "open.h"
#include "record.h"
#include "shrink.h"

#define FAILURE_BYTES 1100
/* So long nothing but an event makes it work. */
#define FIRST_MOMENT_MS 100

static const char usage[] =
    "Usage: oomguard-shim --state DIR --key KEY [--pid N] [--ready-fd N] [--go-fd N]\n"
    "                     [--foreground]\n"
    "\n"
    "Guards one container. It is started by oomguard-hook; there is no need to start it by hand.\n"
    "It reads DIR/containers/KEY/plan.json, watches the container's memory cgroup, acts by the\n"
    "policy in the plan, and leaves when the container ends.\n"
    "\n"
    "  --state DIR     the state root, /run/oomguard mostly\n"
    "  --key KEY       the container's folder below DIR/containers\n"
    "  --pid N         the container's init, where it is known before there is a plan\n"
    "  --ready-fd N    \"r\" is written there when the watch is armed, else \"e\" and why not\n"
    "  --go-fd N       begin when a byte comes there; leave when it is closed without one\n"
    "  --foreground    say on standard error what happens; for finding faults\n"
    "  --help          this text\n"
    "  --version       the version\n"
    "\n"
    "Signals: SIGTERM reads the counters once more and leaves; SIGUSR1 looks whether restarts\n"
    "were cancelled (see oomguard cancel); SIGUSR2 looks whether oomguard is switched off.\n"
    "Example: oomguard-shim --state /run/oomguard --key web-1f2e3d4c5b6a --foreground\n";

struct arguments {
	const char *state;
	const char *key;
	pid_t init; /* 0: not known yet */
	int ready_fd;
	int go_fd;
	bool foreground;
};

/* 0: go on; 1: done (help); negative errno: usage. */
static int parse(int argc, char **argv, struct arguments *out)
{
	static const struct option options[] = {{"state", required_argument, NULL, 's'},
						{"key", required_argument, NULL, 'k'},
						{"pid", required_argument, NULL, 'p'},
						{"ready-fd", required_argument, NULL, 'r'},
						{"go-fd", required_argument, NULL, 'g'},
						{"foreground", no_argument, NULL, 'f'},
						{"help", no_argument, NULL, 'h'},
						{"version", no_argument, NULL, 'v'},
						{NULL, 0, NULL, 0}};
	int option;

	*out = (struct arguments){.ready_fd = -1, .go_fd = -1};
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			out->state = optarg;
			break;
		case 'k':
			out->key = optarg;
			break;
		case 'p':
			out->init = atoi(optarg);
			break;
		case 'r':
			out->ready_fd = atoi(optarg);
			break;
		case 'g':
			out->go_fd = atoi(optarg);
			break;
		case 'f':
			out->foreground = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 1;
		case 'v':
			puts("oomguard-shim " OOMGUARD_VERSION);
			return 1;
		default:
			return -EINVAL;
		}
	}
	/* The key is one path component; state_container_open() checks it too. */
	if (!out->state || !out->key || optind < argc || strchr(out->key, '/'))
		return -EINVAL;
	return 0;
}

/* Before anything else: no signal may end us half-way, no folder may be pinned. */
static void settle(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGPIPE);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_SETMASK, &set, NULL);
	umask(077);
	if (chdir("/") < 0)
		_exit(EXIT_FAILURE);
}

/*
 * Touches the memory of the path from event to action, so that it is there when memory is short.
 * Not inlined: what it touches is the stack of what its caller calls later.
 */
__attribute__((noinline)) static void prefault(struct guard *guard)
{
	volatile char stack[6 * 1024];

	for (size_t i = 0; i < sizeof(stack); i += 4096)
		stack[i] = 0;
	memset(&guard->incident, 0, offsetof(struct incident, actions));
	guard->pids[0] = 0;
}

static void confine(struct guard *guard)
{
	struct confine_needs needs = {.scores = guard->scores.matcher != NULL};
	struct stat st;

	if (fstat(guard->memcg.dirfd, &st) == 0)
		needs.foreign_cgroup = st.st_uid != geteuid();
	confine_self(guard->procfd, &needs, guard->status.confinement,
		     sizeof(guard->status.confinement));
}

/* The hook waits for this byte; when it has stopped waiting, that is worth saying. */
static void tell_ready(struct guard *guard, int ready_fd)
{
	if (ready_fd < 0)
		return;
	if (write(ready_fd, "r", 1) != 1)
		guard->status.late = true;
	close(ready_fd);
	/* The runtime waits for the hook, and nobody for the rest of what we do. */
	sched_yield();
}

/*
 * Why nothing guards the container, to everybody who may look: the hook behind the pipe (one write,
 * so that it comes whole), the log, and a terminal. Not inlined: its texts would lie on the stack
 * of whoever watches, for life.
 */
__attribute__((noinline)) static void tell_failed(const struct guard *guard, int ready_fd,
						  const struct error *err)
{
	cleanup_close int log = log_socket();
	const char *id = guard->plan.identity.id;
	char text[FAILURE_BYTES], word[FAILURE_BYTES + 2];
	int len;

	error_text(err, text, sizeof(text));
	len = snprintf(word, sizeof(word), "e%s\n", text);
	if (ready_fd >= 0 && write(ready_fd, word, (size_t)len) != len)
		fputs("oomguard-shim: nobody waits any more\n", stderr);
	if (log >= 0)
		log_send(log, LOG_ERR, "oomguard-shim", id ? id : "", text, NULL);
	fprintf(stderr, "oomguard-shim: %s\n", escape_terminal(text, word, sizeof(word)));
}

/* A limit that we raised ourselves for a while is no drift. */
static bool limit_is_raised(const struct guard *guard)
{
	return guard->tight.owed.limit != 0;
}

static void step_keep(struct guard *guard, bool told)
{
	struct settings_results results;

	if (limit_is_raised(guard) ||
	    !keep_look(&guard->keep, told, clock_ms(CLOCK_MONOTONIC), &results))
		return;
	for (size_t i = 0; i < results.len; i++)
		record_drift(guard, &results.item[i]);
	record_phase(guard, SHIM_WATCHING);
}

static int sooner(int a_ms, int b_ms)
{
	return a_ms < 0 || (b_ms >= 0 && b_ms < a_ms) ? b_ms : a_ms;
}

/* -1 at rest: nothing but an event wakes us. */
static int next_look_ms(const struct guard *guard)
{
	int ms = sooner(score_timeout_ms(&guard->scores), tight_timeout_ms(guard));

	if (limit_is_raised(guard))
		return ms;
	return sooner(ms, keep_timeout_ms(&guard->keep, clock_ms(CLOCK_MONOTONIC)));
}

static const char *stand_aside(struct guard *guard)
{
	const char *end = guard_stand_aside(guard);

	if (!end) {
		guard_rescore(guard);
		step_keep(guard, true);
	}
	return end;
}

/* For a life that may be long: little memory, and that locked. */
static void settle_memory(struct guard *guard)
{
	int r;

	shrink(guard);
	drop_old_stack();
	r = confine_memory();
	if (r < 0) {
		record_problem(guard, "its memory cannot be locked: %s", strerrordesc_np(-r));
		confine_missing(guard->status.confinement, sizeof(guard->status.confinement),
				"locked memory", r);
	}
	record_phase(guard, SHIM_WATCHING);
	prefault(guard);
}

/* Returns why it leaves. */
static const char *watch(struct guard *guard)
{
	const char *end = guard_switched_off(guard) ? stand_aside(guard) : NULL;

	if (!end && guard_missed(guard) && guard_oom(guard))
		return "the container was ended";
	while (!end) {
		int events = watch_wait(&guard->watch, guard->settled ? next_look_ms(guard) : 0);

		if (events < 0)
			return "waiting failed";
		/* First what is there to be told already. */
		if (events == 0 && !guard->settled) {
			settle_memory(guard);
			guard->settled = true;
			continue;
		}
		if (events & WATCH_SWITCH)
			guard_watch_switch(guard);
		if (guard_switched_off(guard)) {
			guard_signals(guard, events);
			guard_helper_event(guard, events);
			end = stand_aside(guard);
			continue;
		}
		if ((events & WATCH_OOM) && ladder_first_aid(guard)) {
			guard->tight.first_aid = true;
			if (tight_step(guard, events))
				return "the container was ended";
		}
		guard_signals(guard, events);
		guard_helper_event(guard, events);
		guard_step_scores(guard, events);
		/* An OOM does not wait, unless it is its killer that was switched off. */
		if (events & WATCH_KEPT)
			step_keep(guard, true);
		if (events & WATCH_INIT_END) {
			guard_init_ended(guard);
			return "the container ended";
		}
		/* A last look before leaving: the OOM may be what we are told to leave for. */
		if (((events & (WATCH_OOM | WATCH_LOG)) || guard->leave) && guard_oom(guard))
			return "the container was ended";
		if (guard->leave)
			return "told to leave";
		if (tight_step(guard, events))
			return "the container was ended";
		step_keep(guard, false);
		guard_keep_scores(guard);
	}
	return end;
}

/* The hook is still at work on the plan. False: it will not be, there is nothing to guard. */
static bool told_to_begin(int go_fd)
{
	ssize_t n;
	char word;

	if (go_fd < 0)
		return true;
	do {
		n = read(go_fd, &word, 1);
	} while (n < 0 && errno == EINTR);
	close(go_fd);
	return n == 1;
}

/*
 * Returns 1 when there is nothing to guard. Not inlined: its mount table would lie on the stack of
 * whoever watches, for life.
 */
__attribute__((noinline)) static int begin(struct guard *guard, const struct arguments *arguments,
					   struct error *err)
{
	struct cgroup_mounts mounts;
	struct error lesser = {0};
	int r = guard_prepare(guard, arguments->state, &mounts, err);
	bool go;

	if (r == 0 && confine_cgroup(guard->procfd, &mounts, &lesser) < 0)
		snprintf(guard->status.confinement, sizeof(guard->status.confinement),
			 "own cgroup (%s)", strerrordesc_np(lesser.code));
	if (r == 0 && arguments->init > 0)
		guard_open_ahead(guard, &mounts, arguments->init);
	go = told_to_begin(arguments->go_fd);
	if (go && r == 0)
		r = guard_arm(guard, &mounts, arguments->key, err);
	cgroup_mounts_free(&mounts);
	return go ? r : 1;
}

/* The container has ended, and no kill is left to look into. */
static bool is_over(struct guard *guard)
{
	struct memcg_counters now;

	if (!pidfd_exited(guard->init_pidfd) || !kill_nobody_left(&guard->memcg))
		return false;
	guard->init_ended = true;
	return guard_counters(guard, &now) == 0 && now.known &&
	       !oom_kill_counted(&now, &guard->seen);
}

/* Before it looks at what others made. */
static void settle_in(struct guard *guard)
{
	/* A timer of ours should end when it says. Not before the helper was forked: it would keep
	 * this for its default, and so would the containers that its runtime makes. */
	prctl(PR_SET_TIMERSLACK, 1);
	if (is_over(guard))
		snprintf(guard->status.confinement, sizeof(guard->status.confinement),
			 "confinement (it ended at once)");
	else
		confine(guard);
	record_armed(guard);
	tight_arm(guard);
	slow_open(&guard->slow, guard->procfd);
}

/* The rest is between us and the host, and while it starts the processors are the container's. */
static void let_it_start(struct guard *guard)
{
	if (!oom_kill_counted(&guard->found, &guard->seen))
		watch_sleep(&guard->watch,
			    sooner(FIRST_MOMENT_MS, score_timeout_ms(&guard->scores)));
}

static int run(struct guard *guard, const struct arguments *arguments)
{
	struct error err = {0};
	int r;

	guard->foreground = arguments->foreground;
	r = begin(guard, arguments, &err);
	if (r > 0)
		return EXIT_SUCCESS;
	if (r < 0) {
		tell_failed(guard, arguments->ready_fd, &err);
		return EXIT_FAILURE;
	}
	tell_ready(guard, arguments->ready_fd);
	/* By this it is known by name, and can be ended. */
	record_phase(guard, SHIM_WATCHING);
	if (arguments->init > 0)
		let_it_start(guard);
	settle_in(guard);
	guard_leave(guard, watch(guard));
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	struct guard *guard;
	int r = parse(argc, argv, &arguments);

	if (r == 1)
		return EXIT_SUCCESS;
	if (r < 0) {
		fputs(usage, stderr);
		return 2;
	}
	settle();
	/* Pages that are never touched are never there. */
	guard =
	    mmap(NULL, sizeof(*guard), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (guard == MAP_FAILED)
		return EXIT_FAILURE;
	return run(guard, &arguments);
}
