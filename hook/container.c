/* SPDX-License-Identifier: Apache-2.0 */
#include "container.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "deadline.h"
#include "gather.h"
#include "history.h"
#include "incarnation.h"
#include "shim_of.h"

#define TAKE_ROUNDS 8
/* A start must stay quick. Those that stay are no bound of their own, or the ones behind them would
 * never be reached. */
#define PRUNE_MAX 8
#define PRUNE_LOOKS 64

void container_init(struct container *container)
{
	*container = (struct container){.dir = -1, .lock = -1};
}

void container_close(struct container *container)
{
	cleanup_closep(&container->lock);
	cleanup_closep(&container->dir);
	container_init(container);
}

static bool unlinked(int dir)
{
	struct stat st;

	return fstat(dir, &st) < 0 || st.st_nlink == 0;
}

/* Whoever held the lock before may have removed the directory with it: then once more. */
static int take(const struct hook *hook, struct container *container, bool create,
		struct error *err)
{
	for (unsigned round = 0; round < TAKE_ROUNDS; round++) {
		cleanup_closep(&container->lock);
		cleanup_closep(&container->dir);
		container->dir = state_container_open(&hook->root, container->key, create, err);
		if (container->dir < 0) {
			int r = container->dir;

			container->dir = -1;
			return r;
		}
		container->lock = state_lock(container->dir, STATE_LOCK, deadline_left_ms());
		if (container->lock == -ENOENT ||
		    (container->lock >= 0 && unlinked(container->dir)))
			continue;
		if (container->lock >= 0)
			return 0;
		return error_set(err, -container->lock, "lock the container's state %s",
				 container->key);
	}
	return error_say(err, EBUSY, "the container's state %s comes and goes", container->key);
}

void container_name(struct container *container, const char *id, const char *runtime_root)
{
	state_key(id, runtime_root ? runtime_root : "", container->key);
}

int container_make(const struct hook *hook, struct container *container, struct error *err)
{
	return take(hook, container, true, err);
}

void forget_history(const struct state_root *root, const struct plan *plan)
{
	struct restart_history history;

	if (plan->restart.way != RESTART_RUNTIME)
		return;
	history_key(&plan->identity, &history);
	history_remove(root, &history);
}

struct search {
	struct hook *hook;
	const char *id, *runtime_root;
	bool alive;
	char key[STATE_KEY_MAX];
	unsigned found;
};

static int look_at(const struct state_root *root, const char *key, void *context)
{
	cleanup_close int dir = state_container_open(root, key, false, NULL);
	struct search *search = context;
	struct plan plan = {0};

	if (dir < 0 || plan_read_brief(dir, &plan, NULL) < 0)
		return 0;
	if (!strcmp(plan.identity.id, search->id) &&
	    (!search->runtime_root || !plan.identity.runtime_root[0] ||
	     !strcmp(plan.identity.runtime_root, search->runtime_root)) &&
	    init_lives(search->hook->procfd, &plan) == search->alive) {
		memcpy(search->key, key, strlen(key) + 1);
		search->found++;
	}
	plan_free(&plan);
	return 0;
}

static int find(struct hook *hook, struct container *container, const char *id,
		const char *runtime_root, bool alive, struct error *err)
{
	struct search search = {
	    .hook = hook, .id = id, .runtime_root = runtime_root, .alive = alive};
	int r;

	container_name(container, id, runtime_root);
	r = take(hook, container, false, err);
	if (r != -ENOENT)
		return r;
	state_containers(&hook->root, look_at, &search);
	if (search.found != 1)
		return -ENOENT;
	memcpy(container->key, search.key, sizeof(search.key));
	return take(hook, container, false, err);
}

int container_of_state(struct hook *hook, struct gathered *g, bool alive,
		       struct container *container, struct error *err)
{
	cleanup_free char *runtime_root = NULL;
	int r;

	gather_runtime_root(hook, g, &runtime_root);
	r = hook_root(hook, false, err);
	return r < 0 ? r : find(hook, container, g->state.id, runtime_root, alive, err);
}

struct prune {
	struct hook *hook;
	const char *keep;
	unsigned looked, removed;
};

/* A container that the runtime does not know any more had its poststop, or never will. */
static bool poststop_comes(const struct plan *plan)
{
	struct stat st;

	return plan->cleanup_by_poststop &&
	       (!plan->restart.state_dir || !plan->restart.state_dir[0] ||
		lstat(plan->restart.state_dir, &st) == 0);
}

static int prune_one(const struct state_root *root, const char *key, void *context)
{
	cleanup_close int dir = state_container_open(root, key, false, NULL);
	cleanup_close int lock = -1;
	struct prune *prune = context;
	struct plan plan = {0};
	bool dead;

	if (dir < 0 || !strcmp(key, prune->keep) || state_locked(dir, STATE_SHIM_LOCK))
		return 0;
	lock = state_lock(dir, STATE_LOCK, 0);
	if (lock < 0 || plan_read_brief(dir, &plan, NULL) < 0)
		return 0;
	dead = !poststop_comes(&plan) && !init_lives(prune->hook->procfd, &plan) &&
	       !shim_restarting(prune->hook, dir, &plan);
	if (dead) {
		forget_history(root, &plan);
		state_container_remove(root, key, NULL);
		prune->removed++;
	}
	plan_free(&plan);
	return ++prune->looked >= PRUNE_LOOKS || prune->removed >= PRUNE_MAX;
}

void container_prune(struct hook *hook, const struct container *container)
{
	struct prune prune = {.hook = hook, .keep = container->key};

	state_containers(&hook->root, prune_one, &prune);
}
