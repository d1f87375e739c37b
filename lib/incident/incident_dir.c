/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of incidents: names, order, bounds. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cleanup.h"
#include "escape.h"
#include "identity.h"
#include "incident.h"
#include "open_dir.h"
#include "state.h"
#include "utc.h"

#define SUFFIX ".json"
#define TIME_BYTES 20 /* "20261122T000512.123Z" */
#define NAME_ID_BYTES 60
#define NUMBER_MAX 9999
#define TEMPORARY_AGE_S 3600

int incidents_open(const char *path, bool create, struct error *err)
{
	int r = state_dir_open(path, create, err);

	return r < 0 ? error_wrap(err, r, "incidents") : r;
}

static void name_id(const char *id, char out[static NAME_ID_BYTES + 1])
{
	escape_file_name(id, out, NAME_ID_BYTES + 1, NAME_ID_BYTES);
}

void incident_name(struct incident *incident, int incidents_dirfd)
{
	char id[NAME_ID_BYTES + 1], time[UTC_TEXT_MAX];
	char file[sizeof(incident->name) + sizeof(SUFFIX)];

	utc_name(incident->time_ms, time);
	name_id(incident->identity->id, id);
	for (unsigned number = 1; number <= NUMBER_MAX; number++) {
		int fd;

		snprintf(incident->name, sizeof(incident->name), "%.*s-%s-%u", TIME_BYTES, time, id,
			 number);
		snprintf(file, sizeof(file), "%s" SUFFIX, incident->name);
		fd = openat(incidents_dirfd, file,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0)
			close(fd);
		/* A folder that takes no file lets the write fail, and that is counted. */
		if (fd >= 0 || errno != EEXIST)
			return;
	}
}

struct names {
	char **items; /* file names */
	size_t len, cap;
};

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->len; i++)
		free(names->items[i]);
	free(names->items);
	*names = (struct names){0};
}

static int names_add(struct names *names, const char *name)
{
	if (names->len == names->cap) {
		size_t cap = names->cap ? names->cap * 2 : 64;
		char **items = realloc(names->items, cap * sizeof(*items));

		if (!items)
			return -ENOMEM;
		names->items = items;
		names->cap = cap;
	}
	names->items[names->len] = strdup(name);
	if (!names->items[names->len])
		return -ENOMEM;
	names->len++;
	return 0;
}

static bool is_record(const char *name)
{
	size_t len = strlen(name);

	return name[0] != '.' && len > strlen(SUFFIX) &&
	       !strcmp(name + len - strlen(SUFFIX), SUFFIX);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All records, oldest first: names begin with the time. */
static int names_read(int incidents_dirfd, struct names *names)
{
	cleanup_closedir DIR *dir = open_dir(incidents_dirfd);
	const struct dirent *entry;
	int r = 0;

	*names = (struct names){0};
	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir))) {
		if (is_record(entry->d_name))
			r = names_add(names, entry->d_name);
	}
	if (r < 0)
		names_free(names);
	else if (names->len)
		qsort(names->items, names->len, sizeof(*names->items), compare_names);
	return r;
}

/* "TIME-ID-NUMBER.json" is of that id; ids that were cut alike share their bound. */
static bool name_is_of(const char *name, const char *id)
{
	size_t len = strlen(id);
	const char *rest = name + TIME_BYTES + 1 + len;

	return strlen(name) > TIME_BYTES + 1 + len + 1 &&
	       !strncmp(name + TIME_BYTES + 1, id, len) && rest[0] == '-' &&
	       strspn(rest + 1, "0123456789") == strlen(rest + 1) - strlen(SUFFIX);
}

/* What a writer that was killed has left. */
static void remove_temporaries(int incidents_dirfd)
{
	cleanup_closedir DIR *dir = open_dir(incidents_dirfd);
	const struct dirent *entry;
	time_t now = time(NULL);
	struct stat st;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' && strstr(entry->d_name, SUFFIX ".") &&
		    fstatat(incidents_dirfd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    now - st.st_mtime > TEMPORARY_AGE_S)
			unlinkat(incidents_dirfd, entry->d_name, 0);
	}
}

/* Bytes of one record; 0 when it is gone meanwhile. */
static uint64_t size_of(int incidents_dirfd, const char *name)
{
	struct stat st;

	return fstatat(incidents_dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_size > 0
		   ? (uint64_t)st.st_size
		   : 0;
}

/* How much there is, of records or of bytes. */
struct amount {
	size_t records;
	uint64_t bytes;
};

static void add_amount(struct amount *amount, uint64_t bytes)
{
	amount->records++;
	amount->bytes += bytes;
}

static void take_amount(struct amount *amount, uint64_t bytes)
{
	amount->records--;
	/* A record may have been written anew since it was counted. */
	amount->bytes -= bytes < amount->bytes ? bytes : amount->bytes;
}

static bool too_much(const struct amount *amount, size_t records, uint64_t bytes)
{
	return amount->records > records || (amount->records > 1 && amount->bytes > bytes);
}

void incidents_prune(int incidents_dirfd, const char *id)
{
	struct amount all = {0}, own = {0};
	char escaped[NAME_ID_BYTES + 1];
	struct names names;

	remove_temporaries(incidents_dirfd);
	if (names_read(incidents_dirfd, &names) < 0)
		return;
	name_id(id, escaped);
	for (size_t i = 0; i < names.len; i++) {
		uint64_t bytes = size_of(incidents_dirfd, names.items[i]);

		add_amount(&all, bytes);
		if (name_is_of(names.items[i], escaped))
			add_amount(&own, bytes);
	}
	for (size_t i = 0; i < names.len; i++) {
		bool is_own = name_is_of(names.items[i], escaped);
		uint64_t bytes;

		if (!too_much(&all, INCIDENTS_TOTAL, INCIDENTS_TOTAL_BYTES) &&
		    !(is_own &&
		      too_much(&own, INCIDENTS_PER_CONTAINER, INCIDENTS_PER_CONTAINER_BYTES)))
			continue;
		bytes = size_of(incidents_dirfd, names.items[i]);
		unlinkat(incidents_dirfd, names.items[i], 0);
		take_amount(&all, bytes);
		if (is_own)
			take_amount(&own, bytes);
	}
	names_free(&names);
}

static bool record_is_of(const struct json *record, const char *id)
{
	char cut[INCIDENT_ID_MAX + 1], written[3 * INCIDENT_ID_MAX + 1];
	const char *found = json_get_string(record, "id");

	snprintf(cut, sizeof(cut), "%s", id);
	escape_utf8(cut, strlen(cut), written, sizeof(written));
	return found && !strcmp(found, written);
}

int incidents_names(int incidents_dirfd, int (*visit)(const char *name, void *context),
		    void *context)
{
	struct names names;
	int r = names_read(incidents_dirfd, &names);

	for (size_t i = 0; r == 0 && i < names.len; i++)
		r = visit(names.items[i], context);
	names_free(&names);
	return r;
}

int incident_read(int incidents_dirfd, const char *name, struct json **out, struct error *err)
{
	return state_json_read(incidents_dirfd, name, INCIDENT_VERSION, INCIDENT_MAX_BYTES, out,
			       err);
}

int incidents_each(int incidents_dirfd, const char *id_or_null,
		   int (*visit)(const char *name, const struct json *record, void *context),
		   void *context)
{
	struct names names;
	int r = names_read(incidents_dirfd, &names);

	for (size_t i = 0; r == 0 && i < names.len; i++) {
		cleanup_json struct json *record = NULL;

		/* Reserved and not yet written, pruned meanwhile, of another version. */
		if (incident_read(incidents_dirfd, names.items[i], &record, NULL) < 0)
			continue;
		if (!id_or_null || record_is_of(record, id_or_null))
			r = visit(names.items[i], record, context);
	}
	names_free(&names);
	return r;
}
