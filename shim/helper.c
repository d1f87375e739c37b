/* SPDX-License-Identifier: Apache-2.0 */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "cleanup.h"
#include "proc.h"

#define VERB_RESTART 'r'
#define STOP_MS 1000
#define HELPER_SCORE (-999)

struct request {
	uint32_t number;
	char verb;
};

/* What the helper keeps. */
struct kept {
	bool deleted; /* by us: a missing state directory is no news */
	int socket;
	int output, error_output; /* the container's */
	const struct plan *plan;
};

/* Puts the runtime where its first caller was, so that a container without a path of its own
 * lands below the same parents. One line: "4:memory:/a/b". Best effort. */
static void enter_cgroup(const struct cgroup_mounts *mounts, char *line)
{
	char *controller = strchr(line, ':');
	char *path = controller ? strchr(controller + 1, ':') : NULL;
	cleanup_close int dirfd = -1;

	if (!path)
		return;
	*path++ = '\0';
	controller++;
	dirfd = cgroup_open(mounts, *controller ? controller : NULL, path, NULL, NULL);
	if (dirfd >= 0)
		cgroup_write(dirfd, "cgroup.procs", "0");
}

static void enter_caller_cgroups(int procfd, const struct plan *plan)
{
	struct cgroup_mounts mounts;
	cleanup_free char *text = plan->caller_cgroups ? strdup(plan->caller_cgroups) : NULL;
	char *rest = text, *line;

	if (!text || cgroup_mounts_read(procfd, &mounts, NULL) < 0)
		return;
	while ((line = strsep(&rest, "\n")) != NULL)
		enter_cgroup(&mounts, line);
	cgroup_mounts_free(&mounts);
}

/* In the child: becomes the runtime with what its first caller had. */
static void __attribute__((noreturn)) become_runtime(const struct kept *kept, char *const argv[])
{
	char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	char *const environment[] = {path, NULL};
	int procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	enter_caller_cgroups(procfd, kept->plan);
	umask(kept->plan->caller_umask);
	/* Ours is low; the container must not inherit it. */
	proc_score_write(procfd, getpid(), kept->plan->caller_score);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(null, 0) < 0 || dup2(kept->output >= 0 ? kept->output : null, 1) < 0 ||
	    dup2(kept->error_output >= 0 ? kept->error_output : null, 2) < 0)
		_exit(126);
	if (chdir(kept->plan->identity.bundle) < 0)
		_exit(126);
	execve(argv[0], argv, environment);
	_exit(127);
}

/* Runs one command to its end. Returns its wait status or a negative errno. */
static int run_command(const struct kept *kept, char *const argv[])
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (pid == 0)
		become_runtime(kept, argv);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return status;
}

static bool told_to_end(const struct kept *kept)
{
	char byte;

	return recv(kept->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void restart(struct kept *kept, uint32_t number)
{
	struct helper_answer answer = {.number = number, .run_status = -ECANCELED};

	/* After a failed `run` there is nothing left to delete. What somebody else deleted is not
	 * to be run again: then the runtime's `delete` says so. */
	if (!kept->deleted || access(kept->plan->restart.state_dir, F_OK) == 0)
		answer.delete_status = run_command(kept, kept->plan->restart.delete_argv);
	if (answer.delete_status == 0) {
		kept->deleted = true;
		if (!told_to_end(kept))
			answer.run_status = run_command(kept, kept->plan->restart.argv);
	}
	send(kept->socket, &answer, sizeof(answer), MSG_NOSIGNAL);
}

static void __attribute__((noreturn)) serve(struct kept *kept)
{
	struct request request;
	ssize_t n;

	for (;;) {
		n = recv(kept->socket, &request, sizeof(request), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(request))
			_exit(0);
		if (request.verb == VERB_RESTART)
			restart(kept, request.number);
	}
}

/* As low as is permitted: the kernel does not tell the lowest it lets us have. */
static void lower_score(void)
{
	cleanup_close int procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int low = HELPER_SCORE, high;

	if (proc_score_write(procfd, getpid(), low) == 0 ||
	    proc_score_read(procfd, getpid(), &high) < 0)
		return;
	while (high - low > 1) {
		int middle = low + (high - low) / 2;

		if (proc_score_write(procfd, getpid(), middle) == 0)
			high = middle;
		else
			low = middle;
	}
}

/* Moves the fds to keep to the bottom and closes everything above. */
static void close_others(struct kept *kept)
{
	int *fds[] = {&kept->socket, &kept->output, &kept->error_output};
	int next = 3;

	for (size_t i = 0; i < 3; i++) {
		int moved;

		if (*fds[i] < 0)
			continue;
		moved = fcntl(*fds[i], F_DUPFD_CLOEXEC, 64);
		*fds[i] = moved;
	}
	for (size_t i = 0; i < 3; i++) {
		if (*fds[i] < 0)
			continue;
		dup3(*fds[i], next, O_CLOEXEC);
		*fds[i] = next++;
	}
	close_range((unsigned)next, ~0U, 0);
}

static void __attribute__((noreturn)) be_helper(int socket, const struct plan *plan, int init_pidfd)
{
	struct kept kept = {.socket = socket, .plan = plan};

	kept.output = pidfd_copy_fd(init_pidfd, 1);
	kept.error_output = pidfd_copy_fd(init_pidfd, 2);
	close_others(&kept);
	prctl(PR_SET_NAME, "oomguard-helper");
	lower_score();
	serve(&kept);
}

int helper_start(struct helper *helper, const struct plan *plan, int init_pidfd, struct error *err)
{
	cleanup_close int ours = -1, theirs = -1;
	int pair[2], pidfd;
	pid_t pid;

	*helper = (struct helper){.socket = -1, .pidfd = -1};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set(err, errno, "make the helper's socket");
	ours = pair[0];
	theirs = pair[1];
	/* What is free by now would be kept twice. */
	malloc_trim(0);
	pid = fork();
	if (pid < 0)
		return error_set(err, errno, "fork the helper");
	if (pid == 0)
		be_helper(theirs, plan, init_pidfd);
	pidfd = pidfd_open_pid(pid);
	if (pidfd < 0) {
		/* Not reaped yet, so the number is still its own. */
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return error_set(err, -pidfd, "open the helper");
	}
	helper->pid = pid;
	helper->pidfd = pidfd;
	helper->socket = take_fd(&ours);
	return 0;
}

int helper_restart(struct helper *helper)
{
	const struct request request = {.number = ++helper->number, .verb = VERB_RESTART};

	if (send(helper->socket, &request, sizeof(request), MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

int helper_answer(const struct helper *helper, struct helper_answer *answer)
{
	for (;;) {
		ssize_t n = recv(helper->socket, answer, sizeof(*answer), MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return -EAGAIN;
		/* ECONNRESET too: it died with something of ours unread. */
		if (n != (ssize_t)sizeof(*answer))
			return -EPIPE;
		if (answer->number == helper->number)
			return 0;
	}
}

void helper_stop(struct helper *helper)
{
	struct pollfd end = {.fd = helper->pidfd, .events = POLLIN};

	if (helper->pid <= 0)
		return;
	cleanup_closep(&helper->socket);
	if (poll(&end, 1, STOP_MS) != 1)
		pidfd_signal(helper->pidfd, SIGKILL);
	while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR)
		;
	cleanup_closep(&helper->pidfd);
	helper->pid = 0;
}
