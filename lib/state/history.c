/* SPDX-License-Identifier: Apache-2.0 */
#include "history.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "escape.h"
#include "hash.h"
#include "jsonw.h"

#define HISTORY_DIR "history"
#define HISTORY_SUFFIX ".json"
#define HISTORY_FILE_MAX (STATE_KEY_MAX + sizeof(HISTORY_SUFFIX))
#define HISTORY_MAX_BYTES 8192
#define NAME_BYTES 120	  /* of the container's name that stay readable in a key */
#define PRUNE_ENTRIES 512 /* looked at in one call */
#define PRUNE_AGE_S 86400

void history_key(const struct identity *id, struct restart_history *out)
{
	bool pod = id->pod_uid[0] && id->container[0];
	char name[NAME_BYTES + 1];
	uint64_t hash = hash_string(HASH_START, pod ? "pod" : "runtime");

	*out = (struct restart_history){0};
	hash = hash_string(hash, pod ? id->pod_uid : id->runtime_root);
	hash = hash_string(hash, pod ? id->container : id->id);
	escape_file_name(pod ? id->container : id->id, name, sizeof(name), NAME_BYTES);
	snprintf(out->key, sizeof(out->key), "%s-%016" PRIx64, name, hash);
	snprintf(out->owner, sizeof(out->owner), pod ? "pod %s container %s" : "root %s id %s",
		 pod ? id->pod_uid : id->runtime_root, pod ? id->container : id->id);
}

static void file_name(const struct restart_history *history, char name[static HISTORY_FILE_MAX])
{
	snprintf(name, HISTORY_FILE_MAX, "%s" HISTORY_SUFFIX, history->key);
}

/* What jsonw made of the owner's words when they were written. */
static bool same_owner(const char *found, const char *owner)
{
	char written[sizeof(((struct restart_history *)0)->owner) * 3];

	escape_utf8(owner, strlen(owner), written, sizeof(written));
	return found && !strcmp(found, written);
}

static void read_history(const struct json *root, struct restart_history *history)
{
	const struct json *restarts = json_get_typed(root, "restarts", JSON_ARRAY);
	const struct json *gave_up = json_get_typed(root, "gaveUp", JSON_BOOL);

	if (!same_owner(json_get_string(root, "owner"), history->owner))
		return;
	history->gave_up = gave_up && gave_up->boolean;
	if (json_uint64(json_get(root, "withinMs"), &history->within_ms) < 0)
		history->within_ms = 0;
	for (size_t i = 0; restarts && i < restarts->array.len && history->len < HISTORY_MAX; i++) {
		uint64_t at;

		if (json_uint64(restarts->array.items[i], &at) == 0)
			history->at_ms[history->len++] = at;
	}
}

int history_load(const struct state_root *root, struct restart_history *history, struct error *err)
{
	cleanup_close int dirfd = state_subdir_open(root->dirfd, HISTORY_DIR, false, err);
	cleanup_json struct json *file = NULL;
	char name[HISTORY_FILE_MAX];
	int r;

	history->len = 0;
	history->within_ms = 0;
	history->gave_up = false;
	if (dirfd < 0)
		return dirfd == -ENOENT ? 0 : dirfd;
	file_name(history, name);
	r = state_file_read(dirfd, name, &file, err);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	read_history(file, history);
	return 0;
}

void history_expire(struct restart_history *history, uint64_t now_ms, uint64_t within_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < history->len; i++) {
		uint64_t at = history->at_ms[i];

		if (at <= now_ms && now_ms - at < within_ms)
			history->at_ms[kept++] = at;
	}
	history->len = kept;
	history->within_ms = within_ms;
}

void history_add(struct restart_history *history, uint64_t now_ms)
{
	if (history->len == HISTORY_MAX) {
		memmove(history->at_ms, history->at_ms + 1,
			(HISTORY_MAX - 1) * sizeof(history->at_ms[0]));
		history->len--;
	}
	history->at_ms[history->len++] = now_ms;
}

int history_save(const struct state_root *root, const struct restart_history *history)
{
	cleanup_close int dirfd = state_subdir_open(root->dirfd, HISTORY_DIR, true, NULL);
	char buf[HISTORY_MAX_BYTES], name[HISTORY_FILE_MAX];
	struct jsonw w;
	int r;

	if (dirfd < 0)
		return dirfd;
	r = jsonw_init(&w, buf, sizeof(buf), false);
	if (r < 0)
		return r;
	jsonw_start(&w);
	jsonw_object(&w);
	jsonw_kv_int(&w, "version", STATE_VERSION);
	jsonw_kv_string(&w, "owner", history->owner);
	jsonw_kv_bool(&w, "gaveUp", history->gave_up);
	jsonw_kv_uint(&w, "withinMs", history->within_ms);
	jsonw_key(&w, "restarts");
	jsonw_array(&w);
	for (size_t i = 0; i < history->len; i++)
		jsonw_uint(&w, history->at_ms[i]);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	r = jsonw_finish(&w);
	jsonw_close(&w);
	file_name(history, name);
	return r < 0 ? r : state_file_write(dirfd, name, buf, (size_t)r);
}

int history_remove(const struct state_root *root, const struct restart_history *history)
{
	cleanup_close int dirfd = state_subdir_open(root->dirfd, HISTORY_DIR, false, NULL);
	char name[HISTORY_FILE_MAX];

	if (dirfd < 0)
		return dirfd == -ENOENT ? 0 : dirfd;
	file_name(history, name);
	return unlinkat(dirfd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

/* A window may be longer than a day; then the file tells, and only old files are opened for it. */
static bool expired(int dirfd, const char *name, time_t now)
{
	cleanup_json struct json *file = NULL;
	uint64_t age_s, within_ms = 0;
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_mtime > now)
		return false;
	age_s = (uint64_t)(now - st.st_mtime);
	if (age_s <= PRUNE_AGE_S)
		return false;
	if (state_file_read(dirfd, name, &file, NULL) < 0)
		return true;
	return json_uint64(json_get(file, "withinMs"), &within_ms) < 0 || age_s > within_ms / 1000;
}

void history_prune(const struct state_root *root)
{
	int fd = state_subdir_open(root->dirfd, HISTORY_DIR, false, NULL);
	cleanup_closedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	time_t now = time(NULL);

	if (!dir) {
		cleanup_closep(&fd);
		return;
	}
	for (unsigned i = 0; i < PRUNE_ENTRIES && (entry = readdir(dir)); i++) {
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
		    expired(fd, entry->d_name, now))
			unlinkat(fd, entry->d_name, 0);
	}
}
