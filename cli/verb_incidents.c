/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "find.h"
#include "incident.h"
#include "table.h"
#include "units.h"
#include "verbs.h"

#define SHORT_ID 12

static const char help[] =
    "Usage: oomguard incidents [ID] [--json]\n"
    "Lists the records of OOMs, oldest first, those of containers that are gone too: WHERE it\n"
    "happened (init, process, group, ancestor, global, unknown), KILLS the kernel counted, the\n"
    "VICTIM it chose, the LIMIT, what was decided, the RESULT, and why.\n"
    "\n"
    "With --json the whole records; their schema is incident.schema.json.\n"
    "\n"
    "Example:\n"
    "  oomguard incidents --json | jq '.incidents[-1].victims'\n";

struct records {
	struct json **items;
	size_t len;
	const struct candidate *only; /* NULL: all */
};

static const char *text_of(const struct json *record, const char *key)
{
	const char *text = json_get_string(record, key);

	return text ? text : "";
}

static bool wanted(const struct records *records, const struct json *record)
{
	char key[STATE_KEY_MAX];

	if (!records->only)
		return true;
	state_key(text_of(record, "id"), text_of(record, "runtimeRoot"), key);
	return !strcmp(key, records->only->key);
}

/* An incidents_each() visit: remembers whose record it is. */
static int name_record(const char *name, const struct json *record, void *context)
{
	char key[STATE_KEY_MAX];

	return candidates_add_record(context, record, key);
}

/* An incidents_each() visit: keeps a copy. */
static int keep_record(const char *name, const struct json *record, void *context)
{
	struct records *records = context;
	struct json **items;

	if (!wanted(records, record))
		return 0;
	items = realloc(records->items, (records->len + 1) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	records->items = items;
	items[records->len] = json_copy(record);
	if (!items[records->len])
		return -ENOMEM;
	records->len++;
	return 0;
}

static void fill(struct jsonw *w, const void *context)
{
	const struct records *records = context;

	jsonw_object(w);
	jsonw_kv_int(w, "version", CLI_JSON_VERSION);
	jsonw_key(w, "incidents");
	jsonw_array(w);
	for (size_t i = 0; i < records->len; i++)
		jsonw_tree(w, records->items[i]);
	jsonw_array_end(w);
	jsonw_object_end(w);
}

/* "leak (4711) and 3 more" */
static void victim_text(const struct json *record, char *buf, size_t cap)
{
	const struct json *victims = json_get_typed(record, "victims", JSON_ARRAY);
	const struct json *first = victims && victims->array.len ? victims->array.items[0] : NULL;
	uint64_t more = 0;
	int64_t pid = 0;

	buf[0] = '\0';
	if (!first)
		return;
	json_uint64(json_get(record, "victimsMore"), &more);
	json_int64(json_get(first, "pid"), &pid);
	more += victims->array.len - 1;
	if (more)
		snprintf(buf, cap, "%.60s (%lld) and %llu more", text_of(first, "comm"),
			 (long long)pid, (unsigned long long)more);
	else
		snprintf(buf, cap, "%.60s (%lld)", text_of(first, "comm"), (long long)pid);
}

static enum cli_color result_color(const char *result)
{
	if (!strcmp(result, "restart-failed") || !strcmp(result, "kill-incomplete") ||
	    !strcmp(result, "gave-up"))
		return CLI_RED;
	return strcmp(result, "restarted") ? CLI_PLAIN : CLI_GREEN;
}

/* The slot of onOom, or what else the record is of. */
static const char *where(const struct json *record)
{
	const char *keys[] = {"slot", "stall", "kind"};

	for (size_t i = 0; i < 3; i++)
		if (json_get_string(record, keys[i]))
			return json_get_string(record, keys[i]);
	return "";
}

static void add_row(struct table *table, const struct json *record)
{
	char id[SHORT_ID * 2 + 1], victim[128], limit[32] = "-", kills[24] = "?";
	uint64_t number;
	const char *cells[9] = {
	    text_of(record, "time"),
	    id,
	    where(record),
	    kills,
	    victim,
	    limit,
	    text_of(record, "decision"),
	    text_of(record, "result"),
	    text_of(record, "reason"),
	};

	snprintf(id, sizeof(id), "%.*s",
		 strlen(text_of(record, "id")) == 64 ? SHORT_ID : SHORT_ID * 2,
		 text_of(record, "id"));
	victim_text(record, victim, sizeof(victim));
	if (json_uint64(json_get(record, "kills"), &number) == 0)
		snprintf(kills, sizeof(kills), "%llu", (unsigned long long)number);
	if (json_uint64(json_path(record, "memory.limit"), &number) == 0)
		size_text(number, limit, sizeof(limit));
	table_add(table, cells);
	table_color(table, 7, result_color(cells[7]));
}

static int show(const struct cli *cli, const struct records *records)
{
	static const char *const headers[] = {"TIME",  "ID",	   "WHERE",  "KILLS", "VICTIM",
					      "LIMIT", "DECISION", "RESULT", "WHY"};
	struct table table;

	if (cli->json)
		return cli_json(fill, records);
	table_begin(&table, 9, headers);
	for (size_t i = 0; i < records->len; i++)
		add_row(&table, records->items[i]);
	table_end(&table, cli);
	return cli_finish(CLI_DONE);
}

/* `dirfd` below zero: no incident was ever recorded. */
static int select_and_show(const struct cli *cli, const struct state_root *root, int dirfd,
			   const char *verb, const char *word)
{
	struct candidates candidates = {0};
	struct records records = {0};
	struct error err = {0};
	int r = 0, exit_code = CLI_DONE;

	if (word) {
		r = root->containers < 0 ? 0 : candidates_containers(&candidates, root);
		if (r == 0 && dirfd >= 0)
			r = incidents_each(dirfd, NULL, name_record, &candidates);
		if (r == 0)
			exit_code = candidates_pick(&candidates, verb, word, &records.only);
	}
	if (r == 0 && exit_code == CLI_DONE && dirfd >= 0)
		r = incidents_each(dirfd, NULL, keep_record, &records);
	if (r < 0) {
		error_set(&err, -r, "cannot read the incidents in %s", root->incidents_path);
		exit_code = cli_failed(&err);
	} else if (exit_code == CLI_DONE) {
		exit_code = show(cli, &records);
	}
	for (size_t i = 0; i < records.len; i++)
		json_free(records.items[i]);
	free(records.items);
	candidates_free(&candidates);
	return exit_code;
}

int verb_incidents(const struct cli *cli, int argc, char **argv)
{
	cleanup_close int dirfd = -1;
	struct state_root root;
	struct error err = {0};
	int r, exit_code = CLI_DONE;

	if (cli_option(help, argc, argv, NULL, &exit_code) != -1)
		return exit_code;
	if (argc - optind > 1)
		return cli_usage(argv[0], "takes one ID, found \"%s\"", argv[optind + 1]);
	r = state_root_open(cli->root, false, &root, &err);
	/* The records outlive the state, which is gone at boot. */
	if (r == -ENOENT)
		r = state_root_paths(cli->root, &root, &err);
	if (r < 0)
		return cli_failed(&err);
	dirfd = incidents_open(root.incidents_path, false, &err);
	if (dirfd < 0 && dirfd != -ENOENT)
		exit_code = cli_failed(&err);
	else
		exit_code = select_and_show(cli, &root, dirfd, argv[0],
					    optind < argc ? argv[optind] : NULL);
	state_root_close(&root);
	return exit_code;
}
