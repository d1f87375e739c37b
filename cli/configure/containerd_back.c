/* SPDX-License-Identifier: Apache-2.0 */
#include "containerd_back.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "config.h"
#include "drop_in.h"
#include "escape.h"

/* Every drop-in of ours goes, but one. */
int containerd_remove_drop_ins(const struct containerd_found *found, const char *but,
			       struct outcome *out, struct error *err)
{
	int r = 0;

	/* One of somebody else in our place is told. */
	if (found->all.drop_in && (!but || strcmp(found->all.drop_in, but) != 0))
		r = drop_in_plan(&out->changes, found->all.drop_in, CONTAINERD_ENGINE, NULL, err);
	for (size_t i = 0; i < found->len && r == 0; i++) {
		const struct containerd_file *file = found->files[i];

		if (file->whole_ours && (!but || strcmp(file->path, but) != 0) &&
		    (!found->all.drop_in || strcmp(file->path, found->all.drop_in) != 0))
			r = drop_in_plan(&out->changes, file->path, CONTAINERD_ENGINE, NULL, err);
	}
	return r;
}

/* Of what we put into a file, but changed by somebody, a copy is kept. */
int containerd_keep_edited(const struct containerd_file *file, struct outcome *out,
			   struct error *err)
{
	return file->edited ? change_plan_edited(&out->changes, file->path, file->edited,
						 strlen(file->edited), err)
			    : 0;
}

/* *out: the file is ours as a whole. One that was there before us has left a copy. */
int containerd_is_made_by_us(const struct containerd_file *file, const struct changes *changes,
			     bool *out, struct error *err)
{
	cleanup_free char *kept = NULL;
	size_t len;
	int r = change_read_backup(changes, file->path, &kept, &len, err);

	*out =
	    !file->text || (file->had_block && !strcmp(file->text, CONTAINERD_NEW_FILE) && !kept);
	return r;
}

static int cut_block(const struct containerd_file *file, struct outcome *out, struct error *err)
{
	char *text = NULL;
	bool made = false;
	int r = containerd_keep_edited(file, out, err);

	if (r == 0)
		r = containerd_is_made_by_us(file, &out->changes, &made, err);
	if (r < 0)
		return r;
	if (!made && !(text = strdup(file->text)))
		return error_set(err, ENOMEM, "cannot change %s", file->path);
	return change_plan_back(&out->changes, file->path, text, text ? strlen(text) : 0, err);
}

/* Ours wherever it is, but in one file: which section holds may have changed since it was put. */
int containerd_cut_blocks(const struct containerd_found *found, const struct containerd_file *but,
			  struct outcome *out, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < found->len && r == 0; i++)
		if (found->files[i]->had_block && found->files[i] != but)
			r = cut_block(found->files[i], out, err);
	return r;
}

void containerd_tell_runtime(FILE *to, const struct containerd_file *in,
			     const struct toml_runtime *runtime)
{
	char path[PATH_MAX], name[4 * TOML_KEY_MAX];

	fprintf(to, "%s:%u", escape_terminal(in->path, path, sizeof(path)), runtime->first);
	if (runtime->last != runtime->first)
		fprintf(to, "-%u", runtime->last);
	if (runtime->name[0])
		fprintf(to, ": runtime \"%s\"", escape_terminal(runtime->name, name, sizeof(name)));
	else
		fputs(": a value", to);
}

/*
 * containerd's CRI plugin does not start where the runtime that it takes by default is missing, or
 * a file that is imported by its name.
 */
static int check_needed(const struct containerd_found *found, const char *handler,
			struct error *err)
{
	const struct containerd_file *in;
	int r;

	for (size_t i = 0; i < found->len; i++) {
		const struct containerd_file *file = found->files[i];
		const struct toml_facts *facts = &file->facts;

		if (handler && facts->default_runtime && !strcmp(facts->default_runtime, handler) &&
		    !containerd_runtime(found, handler, &in)) {
			r = error_say(err, EBUSY, "%s:%u: default_runtime_name is \"%s\"",
				      file->path, facts->default_line, handler);
			return error_hint(err, r,
					  "nothing was changed; name another runtime there first: "
					  "without the one that it names containerd's CRI plugin "
					  "does not start");
		}
		if (file->whole_ours && file->node && file->node->named_in) {
			r = error_say(err, EBUSY, "%s:%u: %s is imported by its name",
				      file->node->named_in, file->node->named_line, file->path);
			return error_hint(err, r,
					  "nothing was changed; take that out first, and then the "
					  "file: without it containerd does not start");
		}
	}
	return 0;
}

static void tell_default(FILE *to, const struct containerd_found *found, const char *name)
{
	for (size_t i = 0; i < found->len; i++) {
		const struct containerd_file *file = found->files[i];
		char path[PATH_MAX];

		if (file->facts.default_runtime && !strcmp(file->facts.default_runtime, name))
			fprintf(to, "  %s:%u: default_runtime_name\n",
				escape_terminal(file->path, path, sizeof(path)),
				file->facts.default_line);
	}
}

/* What names files of ours, and that we did not write; *base_spec: one is the specification. */
static int tell_by_hand(const struct containerd_found *found, struct outcome *out, bool *base_spec,
			struct error *err)
{
	cleanup_free char *text = NULL;
	bool any = false;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		return error_set(err, ENOMEM, "cannot tell what is left");
	fputs("What was added by hand is left. Take it out, then call this again:\n", to);
	for (size_t i = 0; i < found->len; i++) {
		const struct toml_facts *facts = &found->files[i]->facts;

		for (size_t j = 0; j < facts->runtimes_len; j++) {
			const struct toml_runtime *runtime = &facts->runtimes[j];

			if (!runtime->names_wrapper && !runtime->names_base_spec)
				continue;
			fputs("  ", to);
			containerd_tell_runtime(to, found->files[i], runtime);
			fputs("\n", to);
			tell_default(to, found, runtime->name);
			any = true;
			*base_spec |= runtime->names_base_spec;
		}
	}
	if (*base_spec)
		fputs("Until then " OOMGUARD_BASE_SPEC_FILE " stays: containerd's CRI plugin does "
		      "not start without it.\n",
		      to);
	if (fclose(to) != 0)
		return error_set(err, ENOMEM, "cannot tell what is left");
	if (any)
		out->by_hand = take_ptr(text);
	return 0;
}

int containerd_take_back(const struct configure *want, const struct containerd_found *found,
			 struct outcome *out, struct error *err)
{
	bool base_spec = false;
	int r = 0;

	for (size_t i = 0; i < found->len && r == 0; i++)
		if (containerd_has_ours(found->files[i]))
			r = check_needed(found, found->files[i]->handler, err);
	if (r == 0)
		r = containerd_remove_drop_ins(found, NULL, out, err);
	if (r == 0)
		r = containerd_cut_blocks(found, NULL, out, err);
	if (r == 0)
		r = tell_by_hand(found, out, &base_spec, err);
	/* As long as it is named the file is there. */
	return r < 0 || base_spec ? r : configure_base_spec(want, out, err);
}
