/* SPDX-License-Identifier: Apache-2.0 */
#include "containerd_head.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "toml.h"

static int add_import(const struct toml_entry *entry, struct containerd_head *head,
		      struct error *err)
{
	char *name;

	if (!entry->value)
		return toml_wrong(entry, "an escape in a path that matters here", err);
	if (head->len == CONTAINERD_IMPORTS_MAX)
		return toml_wrong(entry, "too many imports", err);
	name = strdup(entry->value);
	if (!name)
		return error_set(err, ENOMEM, "%s", entry->source);
	head->imports[head->len++] = (struct containerd_import_line){name, entry->line};
	return 0;
}

static int visit(const struct toml_entry *entry, void *context, struct error *err)
{
	struct containerd_head *head = context;

	if (toml_is(entry->path, "imports")) {
		if (entry->kind == TOML_ITEM)
			return add_import(entry, head, err);
		if (entry->kind != TOML_LIST)
			return toml_wrong(entry, "imports is no list", err);
	}
	if (toml_is(entry->path, "version") && entry->kind == TOML_OTHER)
		head->version = strtol(entry->value, NULL, 10);
	return 0;
}

int containerd_head_read(const char *text, const char *source, struct containerd_head *out,
			 struct error *err)
{
	*out = (struct containerd_head){0};
	return toml_walk(text, source, visit, out, err);
}

void containerd_head_free(struct containerd_head *head)
{
	for (size_t i = 0; i < head->len; i++)
		free(head->imports[i].name);
	head->len = 0;
}
