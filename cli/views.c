/* SPDX-License-Identifier: Apache-2.0 */
#include "views.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

static int add_view(const struct state_root *root, const char *key, void *context)
{
	struct views *views = context;
	struct view **items = realloc(views->items, (views->len + 1) * sizeof(*items));
	int r;

	if (!items)
		return -ENOMEM;
	views->items = items;
	r = view_load(root, key, &items[views->len]);
	if (r == 0)
		views->len++;
	return r == -ENOENT ? 0 : r;
}

static int compare(const void *a, const void *b)
{
	const struct view *one = *(struct view *const *)a, *two = *(struct view *const *)b;
	int r = strcmp(one->id, two->id);

	return r ? r : strcmp(one->key, two->key);
}

int views_load(const struct state_root *root, struct views *out)
{
	int r = state_containers(root, add_view, out);

	if (out->len)
		qsort(out->items, out->len, sizeof(*out->items), compare);
	return r;
}

void views_free(struct views *views)
{
	for (size_t i = 0; i < views->len; i++)
		view_free(views->items[i]);
	free(take_ptr(views->items));
	views->len = 0;
}
