/* SPDX-License-Identifier: Apache-2.0 */
#include "containerd_found.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "cleanup.h"
#include "drop_in.h"
#include "toml_block.h"

#define CRI_V2 "io.containerd.grpc.v1.cri"
#define CRI_V3 "io.containerd.cri.v1.runtime"
#define VERSION_MAX 4 /* its CRI plugin is called as in version 3 */
#define BY_HAND "nothing was changed; do it by hand"
#define USUAL_PLACE "conf.d/" CONTAINERD_DROP_IN

static void file_free(struct containerd_file *file)
{
	free(file->handler);
	free(file->text);
	free(file->edited);
	toml_facts_free(&file->facts);
	free(file);
}

void containerd_found_free(struct containerd_found *found)
{
	for (size_t i = 0; i < found->len; i++)
		file_free(found->files[i]);
	found->len = 0;
	free(take_ptr(found->stray));
	containerd_files_free(&found->all);
}

bool containerd_has_ours(const struct containerd_file *file)
{
	return file->whole_ours || file->had_block;
}

const struct containerd_file *containerd_last(const struct containerd_found *found)
{
	for (size_t i = found->len; i-- > 0;) {
		const struct containerd_file *file = found->files[i];

		file = file->same ? file->same : file;
		if (file->facts.has_plugin)
			return file;
	}
	return NULL;
}

const struct toml_runtime *containerd_runtime(const struct containerd_found *found,
					      const char *name, const struct containerd_file **in)
{
	for (size_t i = 0; i < found->len; i++) {
		const struct toml_facts *facts = &found->files[i]->facts;

		*in = found->files[i];
		for (size_t j = 0; j < facts->runtimes_len; j++)
			if (facts->runtimes[j].counts && !strcmp(facts->runtimes[j].name, name))
				return &facts->runtimes[j];
	}
	return NULL;
}

/* The runtime that ours registers, in a text that is all ours. It stands behind a runc. */
static char *read_handler(const char *text, size_t len)
{
	cleanup_free char *ours = strndup(text, len);
	struct toml_facts facts;
	char *out = NULL;
	int r = ours ? toml_scan(ours, "", CRI_V2, &facts, NULL) : -ENOMEM;

	if (r == 0 && facts.runtimes_len > 0)
		out = strdup(facts.runtimes[facts.runtimes_len - 1].name);
	if (ours)
		toml_facts_free(&facts);
	return out;
}

static int plugin_of(long version, const char *path, const char **out, struct error *err)
{
	int r;

	if (version >= 2 && version <= VERSION_MAX) {
		*out = version == 2 ? CRI_V2 : CRI_V3;
		return 0;
	}
	r = error_say(err, EINVAL, "%s is of version %ld, understood are 2 to %d", path,
		      version ? version : 1, VERSION_MAX);
	return error_hint(err, r, "`containerd config migrate` prints it in a newer version");
}

/* The facts of a file, of which `lines` is the text with blanks for what is ours. */
static int read_facts(struct containerd_found *found, struct containerd_file *file,
		      const char *lines, struct containerd_head *head, struct error *err)
{
	bool is_main = file == found->files[0];
	int r = containerd_head_read(lines, file->path, head, err);
	long version = head->version;

	if (r < 0)
		return error_hint(err, r, BY_HAND);
	if (is_main)
		found->version = version;
	/* What an imported file does not say goes with the main file. */
	if (!is_main && (version < 2 || version > VERSION_MAX))
		version = found->version;
	r = plugin_of(version, file->path, &file->plugin, err);
	if (r < 0)
		return r;
	r = toml_scan(lines, file->path, file->plugin, &file->facts, err);
	return r < 0 ? error_hint(err, r, BY_HAND) : 0;
}

static int read_file(struct containerd_found *found, struct containerd_file *file,
		     struct containerd_head *head, struct error *err)
{
	const char *name = strrchr(file->path, '/') + 1;
	cleanup_free char *lines = NULL;
	struct toml_block block;
	size_t len;
	int r;

	r = change_read(file->path, &file->text, &len, err);
	if (r < 0 || !file->text)
		return r;
	if (strlen(file->text) != len)
		return error_say(err, EINVAL, "%s holds a NUL", file->path);
	if (!strcmp(name, CONTAINERD_DROP_IN) && drop_in_is_ours(file->text)) {
		file->whole_ours = true;
		file->handler = read_handler(file->text, len);
		return 0;
	}
	r = toml_block_find(file->text, file->path, &block, err);
	if (r < 0)
		return r;
	file->had_block = block.end > block.begin;
	if (file->had_block)
		file->handler = read_handler(file->text + block.begin, block.end - block.begin);
	lines = strdup(file->text);
	if (block.edited)
		file->edited = strdup(file->text);
	if (!lines || (block.edited && !file->edited))
		return error_set(err, ENOMEM, "cannot read %s", file->path);
	toml_block_blank(lines, &block);
	toml_block_cut(file->text, &block);
	return read_facts(found, file, lines, head, err);
}

static struct containerd_file *add_file(struct containerd_found *found, const char *path)
{
	struct containerd_file *file = calloc(1, sizeof(*file));

	if (file) {
		file->path = path;
		file->plugin = CRI_V2;
		found->files[found->len++] = file;
	}
	return file;
}

static int read_node(struct containerd_files *files, size_t i, void *context, struct error *err)
{
	struct containerd_found *found = context;
	struct containerd_node *node = &files->nodes[i];
	struct containerd_file *file = add_file(found, node->path);

	if (!file)
		return error_set(err, ENOMEM, "%s", node->path);
	file->node = node;
	if (!node->same)
		return read_file(found, file, &node->head, err);
	file->same = found->files[node->same - files->nodes];
	return 0;
}

/* A drop-in of ours whose import somebody took out. */
static int find_stray(struct containerd_found *found, struct error *err)
{
	const char *main_file = found->files[0]->path;
	struct containerd_head head = {0};
	struct containerd_file *file;

	if (asprintf(&found->stray, "%.*s/" USUAL_PLACE, (int)(strrchr(main_file, '/') - main_file),
		     main_file) < 0) {
		found->stray = NULL;
		return error_set(err, ENOMEM, "cannot name a drop-in");
	}
	if (containerd_files_has(&found->all, found->stray))
		return 0;
	file = add_file(found, found->stray);
	if (!file)
		return error_set(err, ENOMEM, "%s", found->stray);
	/* One of somebody else that is not loaded is no concern of ours. */
	read_file(found, file, &head, NULL);
	containerd_head_free(&head);
	if (!file->whole_ours) {
		found->len--;
		file_free(file);
	}
	return 0;
}

int containerd_find(const char *prefix, const char *main_file, struct containerd_found *out,
		    struct error *err)
{
	int r;

	*out = (struct containerd_found){.version = 2};
	r = containerd_files_follow(prefix, main_file, read_node, out, &out->all, err);
	return r < 0 ? r : find_stray(out, err);
}
