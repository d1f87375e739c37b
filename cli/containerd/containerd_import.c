/* SPDX-License-Identifier: Apache-2.0 */
/* resolveImports() of containerd. */
#include "containerd_import.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

#define META "*?[\\" /* makes a name a pattern */

/* An absolute path without "//", "." and "..", by its words alone. */
static void clean(char *path)
{
	char *out = path;
	const char *at = path;

	while (*at) {
		size_t len;

		at += strspn(at, "/");
		len = strcspn(at, "/");
		if (len == 2 && !strncmp(at, "..", 2)) {
			while (out > path && *--out != '/')
				continue;
		} else if (len > 0 && !(len == 1 && *at == '.')) {
			*out++ = '/';
			memmove(out, at, len);
			out += len;
		}
		at += len;
	}
	if (out == path)
		*out++ = '/';
	*out = '\0';
}

/* The import as an absolute path below *root, which is the prefix or "". */
static char *make_absolute(const char *prefix, const char *parent, const char *import,
			   const char **root)
{
	size_t prefix_len = strlen(prefix);
	bool below = !strncmp(parent, prefix, prefix_len) && parent[prefix_len] == '/';
	const char *inner = below ? parent + prefix_len : parent;
	char *out;
	int r;

	*root = import[0] == '/' || below ? prefix : "";
	if (import[0] == '/')
		r = asprintf(&out, "%s", import);
	else
		r = asprintf(&out, "%.*s/%s", (int)(strrchr(inner, '/') - inner), inner, import);
	if (r < 0)
		return NULL;
	clean(out);
	return out;
}

static int add(struct containerd_imports *out, const char *root, const char *path,
	       struct error *err)
{
	if (out->len == CONTAINERD_FILES_MAX)
		return error_say(err, E2BIG, "more than %d files are imported",
				 CONTAINERD_FILES_MAX);
	if (asprintf(&out->paths[out->len], "%s%s", root, path) < 0)
		return error_set(err, ENOMEM, "%s", path);
	out->len++;
	return 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int expand(struct containerd_imports *out, const char *root, const char *dir,
		  const char *pattern, struct error *err);

/* One name that stands for the first of the pattern; `rest` is what is behind it. */
static int expand_name(struct containerd_imports *out, const char *root, const char *dir,
		       const char *name, const char *rest, struct error *err)
{
	cleanup_free char *path = NULL;

	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		path = NULL;
		return error_set(err, ENOMEM, "%s", dir);
	}
	return *rest ? expand(out, root, path, rest, err) : add(out, root, path, err);
}

/*
 * As filepath.Glob() of Go, not as glob(3): a leading dot is a character like others. `pattern`
 * begins with a slash, and is below `dir`.
 */
static int expand(struct containerd_imports *out, const char *root, const char *dir,
		  const char *pattern, struct error *err)
{
	const char *rest = pattern + 1 + strcspn(pattern + 1, "/");
	cleanup_free char *first = strndup(pattern + 1, (size_t)(rest - pattern) - 1);
	cleanup_free char *path = NULL;
	struct dirent **names;
	int n, r = 0;

	if (!first || asprintf(&path, "%s%s/", root, dir) < 0) {
		path = NULL;
		return error_set(err, ENOMEM, "%s", pattern);
	}
	if (*rest && !strpbrk(first, META))
		return expand_name(out, root, dir, first, rest, err);
	n = scandir(path, &names, NULL, by_name);
	if (n < 0)
		return errno == ENOMEM ? error_set(err, ENOMEM, "%s", pattern) : 0;
	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;

		if (r == 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
		    fnmatch(first, name, 0) == 0)
			r = expand_name(out, root, dir, name, rest, err);
		free(names[i]);
	}
	free(names);
	return r;
}

int containerd_import(const char *prefix, const char *parent, const char *import,
		      struct containerd_imports *out, struct error *err)
{
	const char *root, *name;
	cleanup_free char *path = make_absolute(prefix, parent, import, &root);
	bool fits;
	int dir_len;

	*out = (struct containerd_imports){0};
	if (!path)
		return error_set(err, ENOMEM, "%s", import);
	name = strrchr(path, '/') + 1;
	dir_len = (int)(name - path);
	out->by_name = !strchr(path, '*');
	if (out->by_name)
		fits = !strcmp(name, CONTAINERD_DROP_IN);
	else
		fits = strcspn(path, META) >= (size_t)dir_len &&
		       fnmatch(name, CONTAINERD_DROP_IN, 0) == 0;
	if (fits && asprintf(&out->drop_in, "%s%.*s" CONTAINERD_DROP_IN, root, dir_len, path) < 0) {
		out->drop_in = NULL;
		return error_set(err, ENOMEM, "%s", import);
	}
	return out->by_name ? add(out, root, path, err) : expand(out, root, "", path, err);
}

void containerd_imports_free(struct containerd_imports *imports)
{
	for (size_t i = 0; i < imports->len; i++)
		free(imports->paths[i]);
	imports->len = 0;
	free(take_ptr(imports->drop_in));
}
