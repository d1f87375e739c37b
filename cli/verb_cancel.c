/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cleanup.h"
#include "find.h"
#include "proc.h"
#include "state.h"
#include "status.h"
#include "utc.h"
#include "verbs.h"

static const char help[] =
    "Usage: oomguard cancel ID [--json]\n"
    "Cancels restarts: this container is not restarted any more by oomguard, a restart that\n"
    "waits for its backoff included. Kills and reports go on. It holds until the container is\n"
    "created anew.\n"
    "\n"
    "Example:\n"
    "  oomguard cancel web\n";

struct cancelled {
	const char *key;
	bool told; /* a living shim was told */
};

static void fill(struct jsonw *w, const void *context)
{
	const struct cancelled *cancelled = context;

	jsonw_object(w);
	jsonw_kv_int(w, "version", CLI_JSON_VERSION);
	jsonw_kv_string(w, "key", cancelled->key);
	jsonw_kv_bool(w, "cancelled", true);
	jsonw_kv_bool(w, "shimTold", cancelled->told);
	jsonw_object_end(w);
}

static int mark(int dirfd, struct error *err)
{
	char time[UTC_TEXT_MAX], text[80];
	int len = snprintf(text, sizeof(text), "{\"version\": %d, \"time\": \"%s\"}\n",
			   STATE_VERSION, utc_text(utc_now_ms(), time));
	int r = state_file_write(dirfd, STATE_CANCELLED, text, (size_t)len);

	return r < 0 ? error_set(err, -r, "cannot write %s", STATE_CANCELLED) : 0;
}

/* Wakes the shim, so that a backoff ends at once. 0 when there is none any more. */
static int tell_shim(int dirfd, bool *told, struct error *err)
{
	cleanup_close int procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_close int pidfd = -1;
	bool locked = state_locked(dirfd, STATE_SHIM_LOCK);
	struct shim_status status;
	int r;

	*told = false;
	if (procfd < 0)
		return error_set(err, errno, "cannot open /proc");
	r = status_read(dirfd, &status, locked ? err : NULL);
	if (r < 0)
		return locked ? r : 0;
	/* A shim that runs the container again has given its lock up for the next one. */
	if (!locked && status.phase != SHIM_RESTARTING)
		return 0;
	r = pidfd = pidfd_open_exact(procfd, status.shim_pid, status.shim_start_ticks);
	if (r >= 0)
		r = pidfd_signal(pidfd, SIGUSR1);
	if (r == -ESRCH)
		return 0;
	if (r < 0)
		return error_set(err, -r, "cannot tell the shim (pid %d)", (int)status.shim_pid);
	*told = true;
	return 0;
}

static int cancel(const struct cli *cli, const struct state_root *root, const char *key)
{
	struct cancelled cancelled = {.key = key};
	struct error err = {0};
	cleanup_close int dirfd = state_container_open(root, key, false, &err);

	if (dirfd < 0)
		return cli_failed(&err);
	if (mark(dirfd, &err) < 0 || tell_shim(dirfd, &cancelled.told, &err) < 0)
		return cli_failed(&err);
	if (cli->json)
		return cli_json(fill, &cancelled);
	printf("%s: no further restart%s\n", key,
	       cancelled.told ? "" : "; no shim is alive that could do one");
	return cli_finish(CLI_DONE);
}

int verb_cancel(const struct cli *cli, int argc, char **argv)
{
	return find_and(cli, help, argc, argv, cancel);
}
