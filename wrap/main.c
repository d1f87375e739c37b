/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oomguard-runc, oomguard-crun: stands where an engine looks for its OCI runtime. Own options →
 * which runtime → for `create` and `run` the bundle's config.json → become that runtime.
 *
 * The runtime gets the same words, files, environment and working directory, and is the engine's
 * child under the same process id: nothing of us is left.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "bundle.h"
#include "cleanup.h"
#include "command.h"
#include "config.h"
#include "disabled.h"
#include "escape.h"
#include "journal.h"
#include "policy_load.h"
#include "real_runtime.h"
#include "std_streams.h"

#define EXIT_NOT_RUN 1 /* what runc and crun say when they could not do it */
#define TEXT_MAX 1100

struct wrap {
	struct wrap_args args;
	struct policy_document policy;
	struct error policy_error; /* code 0: the policy could be read */
	const char *runtime;	   /* absolute path */
	struct runtime_cmd cmd;
	bool quiet;
};

/*
 * Something the administrator has to know: on stderr and in the log. In the log alone, as long as
 * the runtime is still to run, for commands of which engines take both streams for JSON
 * (containerd's go-runc does so with `state` and `ps`).
 */
__attribute__((format(printf, 2, 3))) static void tell(const struct wrap *wrap, const char *format,
						       ...)
{
	char text[TEXT_MAX], shown[2 * TEXT_MAX];
	struct journal journal;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!wrap->quiet)
		dprintf(STDERR_FILENO, "oomguard: %s\n",
			escape_terminal(text, shown, sizeof(shown)));
	journal_open(&journal, -1, wrap->cmd.id ? wrap->cmd.id : "");
	journal_event(&journal, JOURNAL_ERROR, "problem", "%s", text);
	journal_close(&journal);
}

static int tell_error(const struct wrap *wrap, const char *before, const struct error *err)
{
	char text[TEXT_MAX];

	tell(wrap, "%s%s", before, error_text(err, text, sizeof(text)));
	return -err->code;
}

/* Says why the container is not guarded as the host declared it; negative: it is refused. */
static int failed(const struct wrap *wrap, const struct error *err)
{
	if (wrap->args.closed)
		return tell_error(wrap, "refused: ", err);
	tell_error(wrap, "not guarded: ", err);
	return 0;
}

static int edit(const struct wrap *wrap, struct error *err)
{
	cleanup_close int procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct wrap_args *args = &wrap->args;
	const struct spec_hook hook = {
	    .path = OOMGUARD_HOOK_PATH,
	    .profile = args->profile,
	    .policy = args->policy,
	    .root = args->root,
	    .closed = args->closed,
	    .deadline_ms = args->deadline_ms,
	    .poststart_untimed = wrap->cmd.is_crun,
	};
	struct spec_guard what = {
	    .policy = &wrap->policy,
	    .procfd = procfd,
	    .hook = &hook,
	    .id = wrap->cmd.id ? wrap->cmd.id : "",
	    .runtime = wrap->runtime,
	};
	char problem[768];
	int r;

	if (procfd < 0)
		return error_set(err, errno, "/proc cannot be opened");
	if (wrap->cmd.other_config)
		return error_say(err, EOPNOTSUPP,
				 "--config names another file than the bundle's config.json");
	r = bundle_edit(wrap->cmd.bundle ? wrap->cmd.bundle : "", &what, problem, err);
	if (r == 0 && problem[0])
		tell(wrap, "%s", problem);
	return r;
}

/* Negative: the container is refused. */
static int prepare(const struct wrap *wrap)
{
	struct error err = {0};

	if (wrap->policy_error.code && wrap->args.closed)
		return tell_error(wrap,
				  "refused: the policy cannot be used: ", &wrap->policy_error);
	if (wrap->policy_error.code)
		tell_error(wrap, "the policy cannot be used, the built-in one takes its place: ",
			   &wrap->policy_error);
	return edit(wrap, &err) < 0 ? failed(wrap, &err) : 0;
}

/* Switched off, nothing is edited and nothing refused. The log alone: it is meant to be so. */
static int step_aside(const struct wrap *wrap, const char *file)
{
	struct journal journal;

	journal_open(&journal, -1, wrap->cmd.id ? wrap->cmd.id : "");
	journal_event(&journal, JOURNAL_NOTICE, "switched-off", "not guarded: %s exists", file);
	journal_close(&journal);
	return 0;
}

static int become(const struct wrap *wrap)
{
	struct error err;

	wrap->args.rest[-1] = (char *)wrap->runtime;
	execv(wrap->runtime, wrap->args.rest - 1);
	error_set(&err, errno, "%s", wrap->runtime);
	return tell_error(wrap, "the runtime cannot be executed: ", &err);
}

/*
 * Of a policy in which something is wrong `runtimes` still holds. Where that cannot be told, the
 * command may reach another runtime than the one that has the container: that is never silent.
 */
static void load_policy(struct wrap *wrap)
{
	if (policy_load(wrap->args.policy, &wrap->policy, NULL, &wrap->policy_error) == 0)
		wrap->policy.profile = wrap->args.profile;
	else if (!wrap->policy.runtimes_told)
		tell_error(wrap,
			   "the policy's `runtimes` are not known, the built-in list takes their "
			   "place: ",
			   &wrap->policy_error);
}

/* All that is done before the runtime runs. Negative: it does not. */
static int get_ready(struct wrap *wrap, const struct error *mistake)
{
	char switched_off[PATH_MAX];
	struct error err = {0};
	bool off;
	int makes, r;

	/* The word in front of the runtime's own is ours to use: an option, or our name. */
	wrap->args.rest[-1] = (char *)wrap->args.runtime;
	makes = command_makes_container((const char *const *)wrap->args.rest - 1, &wrap->cmd, &err);
	off = makes && disabled(wrap->args.root, switched_off);
	wrap->quiet = wrap->cmd.verb == RUNTIME_SHOW;
	if (mistake->code && makes && !off)
		return tell_error(wrap, "", mistake);
	if (mistake->code)
		tell_error(wrap, "passed over: ", mistake);
	load_policy(wrap);
	wrap->quiet = false;
	if (makes < 0 && !off && failed(wrap, &err) < 0)
		return -err.code;
	r = real_runtime(&wrap->policy.host, wrap->args.runtime, "/proc/self/exe", &wrap->runtime,
			 &err);
	if (r < 0)
		return tell_error(wrap, "", &err);
	if (off)
		return step_aside(wrap, switched_off);
	return makes > 0 ? prepare(wrap) : 0;
}

/* Returns only where the runtime was not run. */
static int run(struct wrap *wrap, char **argv)
{
	void (*pipe_action)(int) = signal(SIGPIPE, SIG_IGN);
	struct error mistake = {0};
	int r = wrap_args_parse(argv, &wrap->args, &mistake);

	if (r < 0 && !wrap->args.runtime)
		return tell_error(wrap, "", &mistake);
	if (wrap->args.help)
		return fputs(wrap_usage, stdout) < 0 || fflush(stdout) ? -EIO : 0;
	if (wrap->args.version)
		return puts("oomguard " OOMGUARD_VERSION) < 0 || fflush(stdout) ? -EIO : 0;
	r = get_ready(wrap, &mistake);
	signal(SIGPIPE, pipe_action);
	return r < 0 ? r : become(wrap);
}

int main(int argc, char **argv)
{
	struct wrap wrap = {0};
	int r;

	std_streams_fill();
	r = run(&wrap, argv);
	runtime_cmd_free(&wrap.cmd);
	policy_document_free(&wrap.policy);
	return r < 0 ? EXIT_NOT_RUN : EXIT_SUCCESS;
}
