/* SPDX-License-Identifier: Apache-2.0 */
#include "report_tree.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

#define NOBODY SIZE_MAX

/* One process while the tree is made; sorted by pid. */
struct node {
	int64_t pid, ppid;
	size_t at;		  /* in the list */
	size_t child, last, next; /* first and last child, next sibling; NOBODY */
	bool drawn;
};

static int compare(const void *a, const void *b)
{
	const struct node *one = a, *two = b;

	if (one->pid != two->pid)
		return one->pid < two->pid ? -1 : 1;
	return one->at < two->at ? -1 : one->at > two->at;
}

static size_t find(const struct node *nodes, size_t len, int64_t pid)
{
	size_t low = 0, high = len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (nodes[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < len && nodes[low].pid == pid ? low : NOBODY;
}

static void link_children(struct node *nodes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		size_t parent = find(nodes, len, nodes[i].ppid);

		if (parent == NOBODY || parent == i)
			continue;
		if (nodes[parent].child == NOBODY)
			nodes[parent].child = i;
		else
			nodes[nodes[parent].last].next = i;
		nodes[parent].last = i;
	}
}

struct drawing {
	struct node *nodes;
	const struct json *list;
	struct tree_row *rows;
	size_t len;
};

static void draw(struct drawing *drawing, size_t i, unsigned depth, bool last, unsigned open)
{
	struct node *node = &drawing->nodes[i];
	unsigned shown = depth < TREE_DEPTH_MAX ? depth : TREE_DEPTH_MAX - 1;

	if (node->drawn)
		return;
	node->drawn = true;
	drawing->rows[drawing->len++] = (struct tree_row){
	    .process = drawing->list->array.items[node->at],
	    .depth = shown,
	    .last = last,
	    .open = open,
	};
	if (depth > 0 && !last)
		open |= 1u << shown;
	else
		open &= ~(1u << shown);
	for (size_t child = node->child; child != NOBODY; child = drawing->nodes[child].next)
		draw(drawing, child, depth + 1, drawing->nodes[child].next == NOBODY, open);
}

int tree_make(const struct json *list, struct tree_row **rows, size_t *len)
{
	cleanup_free struct node *nodes = NULL;
	struct drawing drawing = {.list = list};
	size_t count = list && list->type == JSON_ARRAY ? list->array.len : 0;

	*rows = NULL;
	*len = 0;
	if (count == 0)
		return 0;
	nodes = calloc(count, sizeof(*nodes));
	drawing.rows = calloc(count, sizeof(*drawing.rows));
	if (!nodes || !drawing.rows) {
		free(drawing.rows);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		nodes[i] = (struct node){.at = i, .child = NOBODY, .last = NOBODY, .next = NOBODY};
		json_int64(json_get(list->array.items[i], "pid"), &nodes[i].pid);
		json_int64(json_get(list->array.items[i], "ppid"), &nodes[i].ppid);
	}
	qsort(nodes, count, sizeof(*nodes), compare);
	link_children(nodes, count);
	drawing.nodes = nodes;
	/* The tops first; then what hangs in a circle. */
	for (size_t i = 0; i < count; i++) {
		size_t parent = find(nodes, count, nodes[i].ppid);

		if (parent == NOBODY || parent == i)
			draw(&drawing, i, 0, true, 0);
	}
	for (size_t i = 0; i < count; i++)
		draw(&drawing, i, 0, true, 0);
	*rows = drawing.rows;
	*len = drawing.len;
	return 0;
}

const char *tree_branch(const struct tree_row *row, char *buf, size_t cap)
{
	size_t used = 0;

	buf[0] = '\0';
	for (unsigned depth = 1; depth < row->depth && used < cap; depth++)
		used += (size_t)snprintf(buf + used, cap - used, "%s",
					 row->open & 1u << depth ? "│  " : "   ");
	if (row->depth > 0 && used < cap)
		snprintf(buf + used, cap - used, "%s", row->last ? "└─ " : "├─ ");
	return buf;
}
