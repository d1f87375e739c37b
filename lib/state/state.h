/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where things are kept: /run/oomguard (state, gone at boot) and /var/lib/oomguard/incidents.
 *
 *   containers/KEY/plan.json     what was decided at creation; written by the hook, then frozen
 *   containers/KEY/status.json   what the shim is doing; rewritten at each change
 *   containers/KEY/events.jsonl  the event journal (journal.h)
 *   containers/KEY/cancelled     no further restart (oomguard cancel)
 *   containers/KEY/lock          held while a hook works on the container
 *   containers/KEY/shim.lock     held by the shim for its life: free means no shim
 *   history/KEY.json             restarts within the window (history.h)
 *   metrics                      counters that outlive the containers (metrics.h)
 *   slots/N                      the host's restart slots (slots.h)
 *
 * KEY is the escaped id and a short hash of runtime root and id, since ids collide across roots.
 * Every file carries "version"; a file of another version is not read (EPROTO).
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "json.h"

#define STATE_VERSION 1
#define STATE_KEY_MAX 160
#define STATE_FILE_MAX_BYTES (1024 * 1024)

#define STATE_PLAN "plan.json"
#define STATE_STATUS "status.json"
#define STATE_EVENTS "events.jsonl"
#define STATE_CANCELLED "cancelled"
#define STATE_LOCK "lock"
#define STATE_SHIM_LOCK "shim.lock"

/* The directories, open. */
struct state_root {
	char *path;	      /* of the state root, owned */
	char *incidents_path; /* owned */
	int dirfd;
	int containers;
};

/*
 * Opens the state root, made 0700 where missing. `root` NULL: /run/oomguard with incidents in
 * /var/lib/oomguard/incidents for the initial user namespace's root; else, told by the uid map and
 * not by euid, /run/user/UID/oomguard with incidents below it, UID being the id outside. The same
 * when `root` names that very path. With another `root`, incidents are in ROOT/incidents. Refuses
 * (EPERM) a root that another user owns or may write. `create` false: -ENOENT when it is not there.
 */
int state_root_open(const char *root, bool create, struct state_root *out, struct error *err);
void state_root_close(struct state_root *root);
/* Only tells the paths: the fds are -1. For the incidents, which outlive the state. */
int state_root_paths(const char *root, struct state_root *out, struct error *err);
/* Opens what state_root_paths() told. After a failure the paths are still there. */
int state_root_enter(struct state_root *root, bool create, struct error *err);

/*
 * Opens a directory of ours by absolute path, made 0700 with its parents where missing. Its last
 * component is no symbolic link, and nobody but the caller may own or write it (EPERM).
 */
int state_dir_open(const char *path, bool create, struct error *err);
/* The same for one component below a held directory. */
int state_subdir_open(int dirfd, const char *name, bool create, struct error *err);

/* KEY for an id below a runtime root ("" allowed). */
void state_key(const char *id, const char *runtime_root, char key[static STATE_KEY_MAX]);

/* Opens containers/KEY; `create` makes it. Returns the fd. */
int state_container_open(const struct state_root *root, const char *key, bool create,
			 struct error *err);
/* Removes containers/KEY and the files of ours in it. 0 too when it was gone. */
int state_container_remove(const struct state_root *root, const char *key, struct error *err);

/* Calls visit for each container's KEY. Stops when it returns non-zero, and returns that. */
int state_containers(const struct state_root *root,
		     int (*visit)(const struct state_root *root, const char *key, void *context),
		     void *context);

/*
 * Takes `file` in the directory (made where missing), O_CLOEXEC. wait_ms 0: -EWOULDBLOCK at once
 * when it is held; else waits so long. Returns the fd that holds it: a lock of the open file
 * description (fcntl(2) F_OFD_SETLK), so it is given back when the last copy of the fd is closed.
 * It is not flock(2), since that can only be looked at by taking it, and a look would make the real
 * owner's attempt fail. Read and written by these two functions alone.
 */
int state_lock(int dirfd, const char *file, unsigned wait_ms);
/* True when somebody holds the lock file. Disturbs nobody. */
bool state_locked(int dirfd, const char *file);

/*
 * A whole file by temporary file, fsync, rename, 0600. Hot path: no allocation, no message.
 * -ENOSPC and others come back as they are, nothing half-written stays.
 */
int state_file_write(int dirfd, const char *name, const char *text, size_t len);

/*
 * The same piece by piece, for what is longer than a buffer: begin, add as often as it takes
 * (jsonw_stream() can call it), end. The end takes the first error of the pieces, and then leaves
 * nothing behind.
 */
struct state_file {
	int dirfd; /* borrowed */
	int fd;
	char temporary[NAME_MAX + 1];
};
int state_file_begin(struct state_file *file, int dirfd, const char *name);
int state_file_add(void *file, const char *text, size_t len);
int state_file_end(struct state_file *file, const char *name, int r);

/*
 * Reads and parses a JSON file of ours, of at most max_bytes, and checks that its "version" is the
 * wanted one. `name` must outlive *out, which is to be freed. -ENOENT, -EINVAL (no JSON object),
 * -EPROTO (other version), -E2BIG.
 */
int state_json_read(int dirfd, const char *name, int64_t version, size_t max_bytes,
		    struct json **out, struct error *err);
/* The same with STATE_VERSION and STATE_FILE_MAX_BYTES. */
int state_file_read(int dirfd, const char *name, struct json **out, struct error *err);
