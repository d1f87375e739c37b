/* SPDX-License-Identifier: Apache-2.0 */
#include "follow.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"

#define JOURNAL_EVENTS (IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_ONLYDIR)
#define CONTAINER_EVENTS (IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR)
#define INOTIFY_BYTES (16 * (sizeof(struct inotify_event) + NAME_MAX + 1))

struct followed {
	int watch; /* of inotify */
	struct event_source source;
};

struct follower {
	const struct state_root *root;
	int inotify;
	int containers; /* watch of containers/ */
	bool all;	/* those to come too */
	struct followed **items;
	size_t len;
	event_visit *visit;
	void *context;
};

/* A held directory is watched through its own fd: no path can be exchanged under us. */
static int watch_fd(int inotify, int fd, uint32_t mask)
{
	char path[64];
	int watch;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	watch = inotify_add_watch(inotify, path, mask);
	return watch < 0 ? -errno : watch;
}

static struct followed *by_watch(const struct follower *follower, int watch)
{
	for (size_t i = 0; i < follower->len; i++) {
		if (follower->items[i]->watch == watch)
			return follower->items[i];
	}
	return NULL;
}

/* Begins to follow a container and reads what it has. A state_containers() visit. */
static int add(const struct state_root *root, const char *key, void *context)
{
	struct follower *follower = context;
	struct followed **items, *followed;

	items = realloc(follower->items, (follower->len + 1) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	follower->items = items;
	followed = malloc(sizeof(*followed));
	if (!followed)
		return -ENOMEM;
	if (event_source_open(&followed->source, root, key) < 0) {
		free(followed);
		return 0;
	}
	/* Watched first and read then: what comes in between is seen twice, and printed once. */
	followed->watch = watch_fd(follower->inotify, followed->source.dirfd, JOURNAL_EVENTS);
	if (followed->watch < 0 || by_watch(follower, followed->watch)) {
		int r = followed->watch < 0 && followed->watch != -ENOENT ? followed->watch : 0;

		event_source_close(&followed->source);
		free(followed);
		return r;
	}
	items[follower->len++] = followed;
	event_source_read(&followed->source, follower->visit, follower->context);
	return 0;
}

static void drop(struct follower *follower, const struct followed *followed)
{
	for (size_t i = 0; i < follower->len; i++) {
		if (follower->items[i] != followed)
			continue;
		event_source_close(&follower->items[i]->source);
		free(follower->items[i]);
		follower->items[i] = follower->items[--follower->len];
		return;
	}
}

/*
 * A held directory says nothing when it is removed, its parent does. It is read to its end then,
 * unless a new one of that name stands there already.
 */
static void drop_removed(struct follower *follower, const char *key)
{
	for (size_t i = 0; i < follower->len; i++) {
		struct event_source *source = &follower->items[i]->source;
		struct stat held, named;

		if (strcmp(source->key, key))
			continue;
		if (fstatat(follower->root->containers, key, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
		    fstat(source->dirfd, &held) == 0 && held.st_ino == named.st_ino)
			return;
		event_source_read(source, follower->visit, follower->context);
		drop(follower, follower->items[i]);
		return;
	}
}

/* More happened than the queue holds: look at everything. */
static int overflow(struct follower *follower)
{
	for (size_t i = 0; i < follower->len; i++)
		event_source_read(&follower->items[i]->source, follower->visit, follower->context);
	return follower->all ? state_containers(follower->root, add, follower) : 0;
}

static int handle(struct follower *follower, const struct inotify_event *event)
{
	struct followed *followed;

	if (event->mask & IN_Q_OVERFLOW)
		return overflow(follower);
	if (event->wd == follower->containers && event->len) {
		if (event->mask & IN_DELETE)
			drop_removed(follower, event->name);
		else if (follower->all)
			return add(follower->root, event->name, follower);
		return 0;
	}
	followed = by_watch(follower, event->wd);
	if (followed)
		event_source_read(&followed->source, follower->visit, follower->context);
	return 0;
}

static int wait_and_read(struct follower *follower)
{
	_Alignas(struct inotify_event) char buf[INOTIFY_BYTES];
	ssize_t n = read(follower->inotify, buf, sizeof(buf));
	int r = 0;

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (char *at = buf; r == 0 && at < buf + n;) {
		const struct inotify_event *event = (const struct inotify_event *)(void *)at;

		r = handle(follower, event);
		at += sizeof(*event) + event->len;
	}
	return r;
}

static int start(struct follower *follower, const char *key)
{
	follower->containers =
	    watch_fd(follower->inotify, follower->root->containers, CONTAINER_EVENTS);
	if (follower->containers < 0)
		return follower->containers;
	return key ? add(follower->root, key, follower)
		   : state_containers(follower->root, add, follower);
}

int follow_events(const struct state_root *root, const char *key, event_visit *visit, void *context,
		  struct error *err)
{
	cleanup_close int inotify = inotify_init1(IN_CLOEXEC);
	struct follower follower = {
	    .root = root, .inotify = inotify, .all = !key, .visit = visit, .context = context};
	int r;

	if (inotify < 0)
		return error_set(err, errno, "cannot watch %s", root->path);
	r = start(&follower, key);
	while (r == 0 && fflush(stdout) == 0 && (follower.len > 0 || !key))
		r = wait_and_read(&follower);
	while (follower.len > 0)
		drop(&follower, follower.items[0]);
	free(follower.items);
	return r < 0 ? error_set(err, -r, "cannot follow the events in %s", root->path) : 0;
}
