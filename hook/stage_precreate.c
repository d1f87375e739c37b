/* SPDX-License-Identifier: Apache-2.0 */
/*
 * precreate: a stage of podman's own. The container's config.json comes in on standard input, and
 * what is printed takes its place (oci-hooks.5, podman-create.1 "--hooks-dir").
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "config.h"
#include "deadline.h"
#include "gather.h"
#include "hook.h"
#include "proc.h"
#include "read_all.h"
#include "spec_guard.h"
#include "write_all.h"

/* Twice what may come in: what is added is small. */
#define SPEC_EDITED_MAX_BYTES (2 * OCI_CONFIG_MAX_BYTES)
#define PASS_BYTES 16384

static int edit(struct hook *hook, const char *text, size_t len, struct spec_guarded *out,
		struct error *err)
{
	const struct hook_args *args = &hook->args;
	struct policy_document policy;
	const struct spec_hook entry = {
	    .path = OOMGUARD_HOOK_PATH,
	    .profile = args->profile,
	    .policy = args->policy,
	    .root = args->root,
	    .closed = args->closed,
	    .deadline_ms = args->deadline_ms == HOOK_DEADLINE_MS ? 0 : args->deadline_ms,
	    /* Which runtime it will be is not told. */
	    .poststart_untimed = true,
	};
	const struct spec_guard what = {
	    .policy = &policy,
	    .procfd = hook->procfd,
	    .hook = &entry,
	    .id = "",
	    .bundle = "",
	    .runtime = "",
	};
	int r = hook_policy(hook, &policy);

	if (r < 0)
		return r;
	r = spec_guard(&what, text, len, out, err);
	policy_document_free(&policy);
	return r;
}

void precreate_pass(void)
{
	char part[PASS_BYTES];
	ssize_t n;

	do {
		n = read(STDIN_FILENO, part, sizeof(part));
		if (n > 0 && write_all(STDOUT_FILENO, part, (size_t)n) < 0)
			return;
	} while (n > 0 || (n < 0 && errno == EINTR));
}

/* Writes what takes the place of `text` into `out`. Negative: it stays as it came. */
static int edit_into(struct hook *hook, const char *text, size_t len, int out)
{
	struct spec_guarded guarded = {0};
	struct error err = {0};
	char message[1100];
	int r = edit(hook, text, len, &guarded, &err);

	if (r < 0 && r != -ECANCELED)
		r = hook_problem(hook, "%s", error_text(&err, message, sizeof(message)));
	else if (r == 0 && guarded.problem[0])
		r = hook_problem(hook, "%s", guarded.problem);
	if (r == 0)
		r = guarded.text ? write_all(out, guarded.text, guarded.len)
				 : write_all(out, text, len);
	spec_guarded_free(&guarded);
	return r;
}

static int left_ms(uint64_t deadline_us)
{
	uint64_t now_us = clock_us(CLOCK_MONOTONIC);

	return now_us < deadline_us ? (int)((deadline_us - now_us) / 1000) : 0;
}

/* Too long to be edited: with --failure open it goes out as it came, what was read and the rest. */
static int pass_all(struct hook *hook, const char *text, size_t len, uint64_t deadline_us)
{
	int left = left_ms(deadline_us);
	int r = hook_problem(hook,
			     "config.json on standard input is longer than %d bytes; it stays as "
			     "it came",
			     OCI_CONFIG_MAX_BYTES);

	if (r < 0)
		return r;
	deadline_start(left > 0 ? (uint64_t)left : 1, false, NULL);
	r = write_all(STDOUT_FILENO, text, len);
	if (r == 0)
		precreate_pass();
	return r;
}

/* How the child ended: 0, or a negative errno. */
static int wait_for(struct hook *hook, pid_t child, uint64_t deadline_us)
{
	cleanup_close int pidfd = pidfd_open_pid(child);
	struct pollfd end = {.fd = pidfd, .events = POLLIN};
	int status;

	if (pidfd >= 0 && poll(&end, 1, left_ms(deadline_us)) != 1) {
		pidfd_signal(pidfd, SIGKILL);
		return hook_problem(hook, "the deadline passed; config.json stays as it came") < 0
			   ? -ECANCELED
			   : -ETIMEDOUT;
	}
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -EIO;
	return -WEXITSTATUS(status);
}

/*
 * podman takes what is printed for the container's config.json, so nothing printed is no container.
 * The work is done by a child: a deadline that passes leaves us there to print what came in.
 */
int stage_precreate(struct hook *hook)
{
	uint64_t deadline_us = clock_us(CLOCK_MONOTONIC) + hook->args.deadline_ms * 1000;
	cleanup_close int out = memfd_create("config.json", MFD_CLOEXEC);
	cleanup_free char *text = NULL, *edited = NULL;
	size_t len = 0, edited_len = 0;
	pid_t child;
	int r = read_all_until(STDIN_FILENO, OCI_CONFIG_MAX_BYTES, deadline_us, &text, &len);

	if (r == -E2BIG)
		return pass_all(hook, text, len, deadline_us);
	/* A part of it would be no container either. */
	if (r < 0)
		return hook_failed(hook, r, "config.json cannot be read from standard input");
	child = out < 0 ? -1 : fork();
	if (child == 0)
		_exit(-edit_into(hook, text, len, out));
	r = child > 0 ? wait_for(hook, child, deadline_us)
		      : edit_into(hook, text, len, STDOUT_FILENO);
	if (r == -ECANCELED || child <= 0)
		return r;
	if (r == 0 && lseek(out, 0, SEEK_SET) == 0 &&
	    read_all(out, SPEC_EDITED_MAX_BYTES, &edited, &edited_len) == 0)
		return write_all(STDOUT_FILENO, edited, edited_len);
	return write_all(STDOUT_FILENO, text, len);
}
