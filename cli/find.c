/* SPDX-License-Identifier: Apache-2.0 */
#include "find.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "escape.h"
#include "view.h"

#define NAME_MAX_BYTES 1024

static void candidate_free(struct candidate *candidate)
{
	free(candidate->id);
	free(candidate->root);
	free(candidate->name);
}

static char *name_of(const struct json *container)
{
	const char *const parts[] = {json_get_string(container, "namespace"),
				     json_get_string(container, "pod"),
				     json_get_string(container, "container")};
	char name[NAME_MAX_BYTES];

	return strdup(view_join_name(parts, name, sizeof(name)));
}

int candidates_add(struct candidates *candidates, const char *key, const struct json *container)
{
	const char *id = json_get_string(container, "id");
	const char *root = json_get_string(container, "runtimeRoot");
	struct candidate *items, *item;

	for (size_t i = 0; i < candidates->len; i++) {
		if (!strcmp(candidates->items[i].key, key))
			return 0;
	}
	items = realloc(candidates->items, (candidates->len + 1) * sizeof(*items));
	if (!items)
		return -ENOMEM;
	candidates->items = items;
	item = &items[candidates->len];
	snprintf(item->key, sizeof(item->key), "%s", key);
	item->id = strdup(id ? id : key);
	item->root = strdup(root ? root : "");
	item->name = name_of(container);
	if (!item->id || !item->root || !item->name) {
		candidate_free(item);
		return -ENOMEM;
	}
	candidates->len++;
	return 0;
}

int candidates_add_record(struct candidates *candidates, const struct json *record,
			  char key[static STATE_KEY_MAX])
{
	const char *id = json_get_string(record, "id");
	const char *root = json_get_string(record, "runtimeRoot");

	state_key(id ? id : "", root ? root : "", key);
	return candidates_add(candidates, key, record);
}

static int add_container(const struct state_root *root, const char *key, void *context)
{
	cleanup_close int dirfd = state_container_open(root, key, false, NULL);
	cleanup_json struct json *plan = NULL;

	if (dirfd == -ENOENT)
		return 0;
	if (dirfd >= 0)
		state_file_read(dirfd, STATE_PLAN, &plan, NULL);
	return candidates_add(context, key, json_get(plan, "container"));
}

static int compare(const void *a, const void *b)
{
	const struct candidate *one = a, *two = b;
	int r = strcmp(one->id, two->id);

	return r ? r : strcmp(one->key, two->key);
}

int candidates_containers(struct candidates *candidates, const struct state_root *root)
{
	int r = state_containers(root, add_container, candidates);

	if (candidates->len)
		qsort(candidates->items, candidates->len, sizeof(*candidates->items), compare);
	return r;
}

void candidates_free(struct candidates *candidates)
{
	for (size_t i = 0; i < candidates->len; i++)
		candidate_free(&candidates->items[i]);
	free(take_ptr(candidates->items));
	candidates->len = 0;
}

static bool fits(const struct candidate *candidate, const char *word, bool whole)
{
	size_t len = strlen(word);

	if (whole)
		return !strcmp(candidate->id, word) || !strcmp(candidate->key, word) ||
		       !strcmp(candidate->name, word);
	return !strncmp(candidate->id, word, len) || !strncmp(candidate->key, word, len);
}

static void list_candidates(const struct candidates *candidates, const char *word, bool whole)
{
	char id[512], root[512];

	for (size_t i = 0; i < candidates->len; i++) {
		const struct candidate *item = &candidates->items[i];

		if (!fits(item, word, whole))
			continue;
		escape_terminal(item->id, id, sizeof(id));
		escape_terminal(item->root, root, sizeof(root));
		fprintf(stderr, "  %s%s%s  (%s)\n", id, root[0] ? "  " : "", root, item->key);
	}
}

int candidates_pick(const struct candidates *candidates, const char *verb, const char *word,
		    const struct candidate **out)
{
	char escaped[512];

	escape_terminal(word, escaped, sizeof(escaped));
	/* A whole id is meant before one that only begins so. */
	for (int whole = 1; whole >= 0 && word[0]; whole--) {
		size_t count = 0;

		for (size_t i = 0; i < candidates->len; i++) {
			if (!fits(&candidates->items[i], word, whole))
				continue;
			*out = &candidates->items[i];
			count++;
		}
		if (count == 1)
			return CLI_DONE;
		if (count > 1) {
			fprintf(stderr, "oomguard %s: \"%s\" is one of %zu containers:\n", verb,
				escaped, count);
			list_candidates(candidates, word, whole);
			fputs("Name one by more of its id, or by what stands in brackets.\n",
			      stderr);
			return CLI_USAGE;
		}
	}
	return cli_no_container(verb, word);
}

static void tell_of_records(void)
{
	cli_note("`oomguard incidents` has the records of containers that are gone");
}

int find_nothing(const char *verb, const char *word)
{
	cli_no_container(verb, word);
	tell_of_records();
	return CLI_NO_CONTAINER;
}

int find_container(const struct state_root *root, const char *verb, const char *word,
		   char key[static STATE_KEY_MAX])
{
	struct candidates candidates = {0};
	const struct candidate *picked;
	struct error err = {0};
	int r = candidates_containers(&candidates, root);

	if (r < 0) {
		error_set(&err, -r, "cannot list the containers in %s", root->path);
		r = cli_failed(&err);
	} else {
		r = candidates_pick(&candidates, verb, word, &picked);
		if (r == CLI_DONE)
			snprintf(key, STATE_KEY_MAX, "%s", picked->key);
		else if (r == CLI_NO_CONTAINER)
			tell_of_records();
	}
	candidates_free(&candidates);
	return r;
}

int find_and(const struct cli *cli, const char *help, int argc, char **argv,
	     int (*act)(const struct cli *cli, const struct state_root *root, const char *key))
{
	struct state_root root;
	struct error err = {0};
	char key[STATE_KEY_MAX];
	int r, exit_code = CLI_DONE;

	if (cli_option(help, argc, argv, NULL, &exit_code) != -1)
		return exit_code;
	if (argc - optind != 1)
		return cli_usage(argv[0], "takes one ID");
	r = state_root_open(cli->root, false, &root, &err);
	if (r == -ENOENT)
		return find_nothing(argv[0], argv[optind]);
	if (r < 0)
		return cli_failed(&err);
	exit_code = find_container(&root, argv[0], argv[optind], key);
	if (exit_code == CLI_DONE)
		exit_code = act(cli, &root, key);
	state_root_close(&root);
	return exit_code;
}
