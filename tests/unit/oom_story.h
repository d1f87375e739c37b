/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guard over a fake cgroup v2 tree with a real child as init, at the moment at which the kernel
 * has counted one kill.
 */
#pragma once

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "fake_tree.h"
#include "guard.h"
#include "proc.h"
#include "unit.h"

static const struct fake_file story_files[] = {
    {"ctr/cgroup.procs", ""},
    {"ctr/cgroup.events", "populated 0\nfrozen 0\n"},
    {"ctr/cgroup.kill", ""},
    {"ctr/memory.events", "low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\noom_group_kill 0\n"},
    {"ctr/memory.current", "67108864\n"},
    {"ctr/memory.max", "67108864\n"},
    {"ctr/memory.stat", "anon 60000000\nfile 1000\ninactive_file 500\nshmem 0\n"},
    {"state/containers/key/x", ""},
    {"state/incidents/x", ""},
};

static struct fake_tree tree;
static struct guard *guard;
static pid_t child;

static inline void open_guard(void)
{
	sigset_t set;

	guard =
	    mmap(NULL, sizeof(*guard), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(guard, MAP_FAILED);
	guard->profile_copy = profile_builtin;
	guard->profile_copy.evidence.budget_ms = 0;
	guard->profile = &guard->profile_copy;
	strcpy(guard->profile_name, "default");
	guard->lock = -1;
	guard->procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	guard->init_pidfd = pidfd_open_pid(child);
	ck_assert_int_ge(guard->init_pidfd, 0);
	guard->plan.init_pid = child;
	guard->plan.identity = (struct identity){.id = strdup("web"), .runtime_root = strdup("")};
	guard->memcg = (struct memcg){.version = CGROUP_V2,
				      .dirfd = openat(tree.fd, "ctr", O_RDONLY | O_DIRECTORY),
				      .freezer = -1,
				      .path = strdup("/ctr"),
				      .dir = strdup("/ctr")};
	guard->container = openat(tree.fd, "state/containers/key", O_RDONLY | O_DIRECTORY);
	guard->incidents = openat(tree.fd, "state/incidents", O_RDONLY | O_DIRECTORY);
	guard->evidence = (struct evidence){.memcg = &guard->memcg,
					    .procfd = guard->procfd,
					    .kmsg = -1,
					    .parent_event = -1,
					    .init = child,
					    .pids = guard->pids,
					    .pids_cap = KILL_PIDS_MAX,
					    .scene = &guard->scene};
	guard->target = (struct kill_target){.memcg = &guard->memcg,
					     .procfd = guard->procfd,
					     .init_pidfd = guard->init_pidfd,
					     .init = child,
					     .pids = guard->pids,
					     .interrupted = guard_interrupted,
					     .context = guard};
	/* Plain files cannot be polled; the story asks only for signals. */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	guard->watch = (struct watch){.epoll = -1,
				      .signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
				      .oom_event = -1,
				      .tree = -1,
				      .events_file = -1,
				      .state_file = -1};
	ck_assert_int_eq(journal_open(&guard->journal, guard->container, "web"), 0);
	guard->seen = (struct memcg_counters){.known = true};
}

static inline void story_setup(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fake_tree_make(&tree, story_files, FAKE_TREE_LEN(story_files));
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	open_guard();
}

static inline void story_teardown(void)
{
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	journal_close(&guard->journal);
	watch_close(&guard->watch);
	memcg_close(&guard->memcg);
	identity_free(&guard->plan.identity);
	close(guard->procfd);
	close(guard->init_pidfd);
	close(guard->container);
	close(guard->incidents);
	munmap(guard, sizeof(*guard));
	fake_tree_remove(&tree);
}

static inline const char *journal_text(void)
{
	static char text[16384];
	ssize_t len = cgroup_read(guard->container, "events.jsonl", text, sizeof(text));

	return len > 0 ? text : "";
}
