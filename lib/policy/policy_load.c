/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config.h"
#include "escape.h"
#include "open_dir.h"
#include "policy_check_host.h"
#include "proc.h"
#include "read_all.h"

#define DROP_INS_MAX 256
#define OVERFLOW_UID 65534 /* what an owner without a place in the uid map is shown as */

struct load {
	const char *file;
	char *dir; /* the folder of drop-ins */
	struct policy_document *doc;
	size_t sources_len;
	struct policy_problems *problems;
	struct json *merged;
	bool found;  /* any file at all */
	bool missed; /* one that could not be read: what it says is not known */
};

/* "FILE:12: …" is how a parser's message starts. */
static unsigned line_of(const char *message, const char *source)
{
	size_t len = strlen(source);

	if (strncmp(message, source, len) != 0 || message[len] != ':')
		return 0;
	return (unsigned)strtoul(message + len + 1, NULL, 10);
}

/* What cannot be read is a problem of that file; its message is kept as it is. */
static int add_file_problem(struct load *load, const char *file, const struct error *error)
{
	struct json at = {.source = file, .line = line_of(error->message, file)};
	size_t before = load->problems->len;
	int r;

	load->missed = true;
	r = policy_problem_add(load->problems, &at, "", false, "%s", error->message);
	if (r == 0 && load->problems->len > before)
		load->problems->items[before].error = *error;
	return r;
}

/* True for a user namespace in which not every user has a place: rootless. */
static bool users_are_missing(void)
{
	cleanup_close int procfd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return procfd >= 0 && !proc_in_initial_userns(procfd);
}

/* A policy runs runtimes as us: nobody else may be able to write it. */
static int check_owner(int fd, const char *path, mode_t type, struct error *err)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return error_set(err, errno, "%s", path);
	if ((st.st_mode & S_IFMT) != type)
		return error_say(err, EINVAL, "%s: found something else, allowed a %s", path,
				 type == S_IFDIR ? "folder" : "regular file");
	if (st.st_uid != 0 && st.st_uid != geteuid() &&
	    !(st.st_uid == OVERFLOW_UID && users_are_missing())) {
		r = error_say(err, EPERM, "%s: it belongs to the user %u", path, st.st_uid);
		return error_hint(err, r, "give it to root");
	}
	if (st.st_mode & (S_IWGRP | S_IWOTH)) {
		r = error_say(err, EPERM, "%s: others can write it (mode %03o)", path,
			      st.st_mode & 0777);
		return error_hint(err, r, "chmod go-w %s", path);
	}
	return 0;
}

static int read_trusted(int dirfd, const char *name, const char *path, char **text, size_t *len,
			struct error *err)
{
	/* Opening a FIFO in its place must not wait. */
	cleanup_close int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int r;

	if (fd < 0)
		return error_set(err, errno, "%s", path);
	r = check_owner(fd, path, S_IFREG, err);
	if (r < 0)
		return r;
	r = read_all(fd, POLICY_FILE_MAX_BYTES, text, len);
	if (r == -E2BIG)
		return error_say(err, E2BIG, "%s: longer than %d bytes", path,
				 POLICY_FILE_MAX_BYTES);
	return r < 0 ? error_set(err, -r, "%s", path) : 0;
}

static void warn_duplicate(void *context, const char *path, const struct json_member *member)
{
	char shown[POLICY_KEY_TEXT];

	policy_problem_add(context, member->value, escape_terminal(path, shown, sizeof(shown)),
			   true, "found again further down, allowed once (the last one holds)");
}

/* Takes over `path`, which the tree's nodes name from here on. */
static const char *keep_source(struct load *load, char *path)
{
	char **sources = load->doc->sources;

	sources = realloc(sources, (load->sources_len + 2) * sizeof(*sources));
	if (!sources) {
		free(path);
		return NULL;
	}
	sources[load->sources_len++] = path;
	sources[load->sources_len] = NULL;
	load->doc->sources = sources;
	return path;
}

/* Reads one file and merges it. `path` (owned by this call) names it in messages. */
static int load_file(struct load *load, int dirfd, const char *name, char *path, struct error *err)
{
	const char *source = keep_source(load, path);
	struct json_limits limits = {.source = source,
				     .max_bytes = POLICY_FILE_MAX_BYTES,
				     .max_depth = POLICY_FILE_MAX_DEPTH};
	cleanup_json struct json *tree = NULL;
	cleanup_free char *text = NULL;
	size_t len;
	int r;

	if (!source)
		return error_set(err, ENOMEM, "policy");
	r = read_trusted(dirfd, name, source, &text, &len, err);
	if (r < 0)
		return r;
	load->found = true;
	r = json_parse(text, len, &limits, &tree, err);
	if (r < 0)
		return r;
	json_duplicates(tree, warn_duplicate, load->problems);
	/* The first document is taken as it is: a null in it is no deletion, but wrong. */
	if (dirfd == AT_FDCWD)
		load->merged = take_ptr(tree);
	else if (json_merge_patch(&load->merged, tree) < 0)
		return error_set(err, ENOMEM, "%s", source);
	return 0;
}

/* The same, where an error is noted and the next file is read all the same. */
static int try_file(struct load *load, int dirfd, const char *name, char *path, bool optional)
{
	struct error err = {0};
	int r;

	if (!path)
		return -ENOMEM;
	r = load_file(load, dirfd, name, path, &err);
	if (r == -ENOMEM)
		return r;
	if (r < 0 && !(optional && r == -ENOENT))
		return add_file_problem(load, path, &err);
	return 0;
}

static int is_drop_in(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(char **names)
{
	for (size_t i = 0; names && names[i]; i++)
		free(names[i]);
	free(names);
}

/* The names of the drop-ins in lexical order, NULL-terminated. */
static int list_drop_ins(int dirfd, const char *path, char ***out, struct error *err)
{
	char **names = calloc(DROP_INS_MAX + 1, sizeof(*names));
	cleanup_closedir DIR *dir = open_dir(dirfd);
	size_t len = 0;
	struct dirent *entry;
	int r = 0;

	if (!dir || !names)
		r = error_set(err, names ? errno : ENOMEM, "%s", path);
	while (r == 0 && (entry = readdir(dir))) {
		if (!is_drop_in(entry))
			continue;
		if (len == DROP_INS_MAX)
			r = error_say(err, E2BIG, "%s: more than %d drop-ins", path, DROP_INS_MAX);
		else if (!(names[len++] = strdup(entry->d_name)))
			r = error_set(err, ENOMEM, "%s", path);
	}
	if (r < 0) {
		free_names(names);
		return r;
	}
	qsort(names, len, sizeof(*names), by_bytes);
	*out = names;
	return 0;
}

static int load_drop_ins(struct load *load)
{
	cleanup_close int dirfd = open(load->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error err = {0};
	char **names = NULL;
	int r;

	if (dirfd < 0 && errno == ENOENT)
		return 0;
	if (dirfd < 0)
		r = error_set(&err, errno, "%s", load->dir);
	else
		r = check_owner(dirfd, load->dir, S_IFDIR, &err);
	if (r == 0)
		r = list_drop_ins(dirfd, load->dir, &names, &err);
	if (r < 0)
		return add_file_problem(load, load->dir, &err);
	for (size_t i = 0; r == 0 && names[i]; i++) {
		char *path = NULL;

		if (asprintf(&path, "%s/%s", load->dir, names[i]) < 0)
			path = NULL;
		r = try_file(load, dirfd, names[i], path, false);
	}
	free_names(names);
	return r;
}

/* From a document in which all else may be wrong. False where it cannot be told what holds. */
static bool read_runtimes(const struct load *load, struct host_policy *host)
{
	const struct json *runtimes = json_get(load->merged, "runtimes");
	struct policy_problems wrong = {0};
	struct policy_check check = {.root = load->merged, .problems = &wrong};

	if (!runtimes)
		return !load->missed;
	policy_check_runtimes(&check, runtimes);
	policy_problems_free(&wrong);
	if (check.errors)
		return false;
	memset(host->runtimes, 0, sizeof(host->runtimes));
	host->runtimes_len = runtimes->array.len;
	for (size_t i = 0; i < runtimes->array.len; i++)
		snprintf(host->runtimes[i], sizeof(host->runtimes[i]), "%s",
			 runtimes->array.items[i]->text);
	return true;
}

static void read_host(const struct json *root, struct host_policy *host)
{
	uint64_t restarts;

	if (json_uint64(json_path(root, "host.maxConcurrentRestarts"), &restarts) == 0)
		host->max_concurrent_restarts = (uint32_t)restarts;
}

static const struct policy_problem *first_error(const struct policy_problems *problems)
{
	for (size_t i = 0; i < problems->len; i++)
		if (!problems->items[i].warning)
			return &problems->items[i];
	return NULL;
}

static int load_all(struct load *load, const char *file, struct error *err)
{
	const struct policy_problem *problem;
	const char *path = file ? file : OOMGUARD_POLICY_FILE;
	const char *slash = strrchr(path, '/');

	if (asprintf(&load->dir, "%.*spolicy.d", slash ? (int)(slash + 1 - path) : 0, path) < 0) {
		load->dir = NULL;
		return error_set(err, ENOMEM, "policy");
	}
	if (try_file(load, AT_FDCWD, path, strdup(path), true) < 0 || load_drop_ins(load) < 0)
		return error_set(err, ENOMEM, "policy");
	/* A file that was named and is not there is a slip, unless its drop-ins are. */
	if (file && !load->found && load->problems->len == 0) {
		struct error missing;

		error_set(&missing, ENOENT, "%s", file);
		if (add_file_problem(load, file, &missing) < 0)
			return error_set(err, ENOMEM, "policy");
	}
	if (load->found && !first_error(load->problems))
		policy_check(load->merged, load->problems);
	problem = first_error(load->problems);
	if (!problem)
		return 0;
	if (err)
		*err = problem->error;
	return -problem->error.code;
}

int policy_load(const char *file, struct policy_document *out, struct policy_problems *problems,
		struct error *err)
{
	struct policy_problems own = {0};
	struct load load = {.doc = out, .problems = problems ? problems : &own};
	int r;

	*out = (struct policy_document){.host = host_policy_builtin};
	r = load_all(&load, file, err);
	free(load.dir);
	policy_problems_free(&own);
	out->root = load.merged;
	out->runtimes_told = r != -ENOMEM && read_runtimes(&load, &out->host);
	if (r == 0) {
		read_host(out->root, &out->host);
		return 0;
	}
	json_free(out->root);
	free_names(out->sources);
	out->root = NULL;
	out->sources = NULL;
	return r;
}

void policy_document_free(struct policy_document *doc)
{
	json_free(doc->root);
	free_names(doc->sources);
	*doc = (struct policy_document){0};
}
