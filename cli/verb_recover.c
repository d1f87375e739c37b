/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "disabled.h"
#include "escape.h"
#include "recover.h"
#include "verbs.h"

static const char help[] =
    "Usage: oomguard recover [--json]\n"
    "Starts a shim again for every guarded container that has lost its own. OOM kills that came\n"
    "meanwhile are told and acted on. Containers that are watched, that ended, or that no shim\n"
    "was wanted for are left alone, so it can be called at any time; oomguard-recover.timer does.\n"
    "Where the state cannot be read nothing can be started: unless it shows that the container is\n"
    "gone, that one counts as without its shim.\n"
    "While the kill switch (oomguard(1)) is there nothing is started.\n"
    "\n"
    "Exit status: 0 no container is without its shim, 1 one still is, 2 wrong usage.\n"
    "\n"
    "Example:\n"
    "  oomguard recover\n";

struct recoveries {
	struct recovery *items;
	size_t len;
	int procfd;
	char switched_off[PATH_MAX]; /* the kill switch that is there, "" none */
};

static int add(const struct state_root *root, const char *key, void *context)
{
	struct recoveries *all = context;
	struct recovery *items = realloc(all->items, (all->len + 1) * sizeof(*items));
	int r;

	if (!items)
		return -ENOMEM;
	all->items = items;
	r = recover_container(root, key, all->procfd, &items[all->len]);
	if (r == 0)
		all->len++;
	return r == -ENOENT ? 0 : r;
}

static const char *result_name(const struct recovery *recovery)
{
	if (!recovery->tried)
		return guarding_name(recovery->before);
	return recovery->watched ? "recovered" : "failed";
}

static void fill(struct jsonw *w, const void *context)
{
	const struct recoveries *all = context;

	jsonw_object(w);
	jsonw_kv_int(w, "version", CLI_JSON_VERSION);
	jsonw_kv_string(w, "switchedOff", all->switched_off[0] ? all->switched_off : NULL);
	jsonw_key(w, "containers");
	jsonw_array(w);
	for (size_t i = 0; i < all->len; i++) {
		const struct recovery *recovery = &all->items[i];

		jsonw_object(w);
		jsonw_kv_string(w, "id", recovery->id);
		jsonw_kv_string(w, "key", recovery->key);
		jsonw_kv_string(w, "result", result_name(recovery));
		jsonw_kv_known_int(w, "shimPid", recovery->shim_pid > 0, recovery->shim_pid);
		jsonw_kv_string(w, "why", recovery->why[0] ? recovery->why : NULL);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	jsonw_object_end(w);
}

static void print(const struct recoveries *all)
{
	char id[512], why[1024];
	size_t told = 0, watched = 0;

	if (all->switched_off[0]) {
		printf("switched off: nothing is started while %s exists\n", all->switched_off);
		return;
	}
	for (size_t i = 0; i < all->len; i++) {
		const struct recovery *recovery = &all->items[i];

		watched += recovery->before == GUARDING_WATCHED;
		if (!recovery->tried && !recovery_failed(recovery))
			continue;
		told++;
		escape_terminal(recovery->id, id, sizeof(id));
		if (recovery->watched)
			printf("%s: watched again, by pid %d\n", id, recovery->shim_pid);
		else
			printf("%s: still without a shim: %s\n", id,
			       escape_terminal(recovery->why, why, sizeof(why)));
	}
	if (!told && !all->len)
		printf("nothing to do: no container is guarded\n");
	else if (!told)
		printf("nothing to do: %zu guarded %s watched, none has lost its shim\n", watched,
		       watched == 1 ? "container is" : "containers are");
}

static int show(const struct cli *cli, const struct recoveries *all)
{
	int exit_code = CLI_DONE;

	if (cli->json)
		exit_code = cli_json(fill, all);
	else
		print(all);
	for (size_t i = 0; i < all->len; i++)
		if (recovery_failed(&all->items[i]))
			exit_code = CLI_FAILED;
	return cli_finish(exit_code);
}

static int recover(const struct cli *cli, struct recoveries *all, struct error *err)
{
	struct state_root root;
	int r;

	if (disabled(cli->root, all->switched_off))
		return 0;
	r = state_root_open(cli->root, false, &root, err);
	/* Nothing was ever guarded. */
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	r = state_containers(&root, add, all);
	if (r < 0)
		error_set(err, -r, "look at the containers in %s", root.path);
	state_root_close(&root);
	return r;
}

int verb_recover(const struct cli *cli, int argc, char **argv)
{
	struct recoveries all = {.procfd = -1};
	struct error err = {0};
	int exit_code;

	if (!cli_takes_nothing(help, argc, argv, &exit_code))
		return exit_code;
	/* A shim that ends before it was told to begin is an error of its own, not our end. */
	signal(SIGPIPE, SIG_IGN);
	all.procfd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (all.procfd < 0) {
		error_set(&err, errno, "open /proc");
		return cli_failed(&err);
	}
	exit_code = recover(cli, &all, &err) < 0 ? cli_failed(&err) : show(cli, &all);
	for (size_t i = 0; i < all.len; i++)
		free(all.items[i].id);
	free(all.items);
	close(all.procfd);
	return exit_code;
}
