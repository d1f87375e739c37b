/* SPDX-License-Identifier: Apache-2.0 */
#include "engine_files.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "read_all.h"

#define FILE_MAX_BYTES (1024 * 1024)

static const char *const podman_files[] = {"/usr/share/containers/containers.conf",
					   "/etc/containers/containers.conf",
					   "/etc/containers/containers.conf.d/*.conf", NULL};
static const char *const crio_files[] = {"/etc/crio/crio.conf", "/etc/crio/crio.conf.d/*", NULL};

const char *const *engine_files(enum hooks_reader reader)
{
	return reader == HOOKS_PODMAN ? podman_files : crio_files;
}

static int read_one(const char *path, size_t root_len, engine_file_visit *visit, void *context,
		    struct error *err)
{
	cleanup_free char *text = NULL;
	size_t len;
	int r = read_all_at(AT_FDCWD, path, FILE_MAX_BYTES, &text, &len);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return error_set(err, -r, "cannot read %s", path);
	return visit(text, path, root_len, context, err);
}

int engine_files_each(const char *root, enum hooks_reader reader, engine_file_visit *visit,
		      void *context, struct error *err)
{
	const char *const *patterns = engine_files(reader);
	int r = 0;

	for (; *patterns && r == 0; patterns++) {
		char pattern[PATH_MAX];
		glob_t files;

		snprintf(pattern, sizeof(pattern), "%s%s", root, *patterns);
		if (glob(pattern, 0, NULL, &files) != 0)
			continue;
		for (size_t i = 0; i < files.gl_pathc && r == 0; i++)
			r = read_one(files.gl_pathv[i], strlen(root), visit, context, err);
		globfree(&files);
	}
	return r;
}
