/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "read_all.h"
#include "replace_file.h"

/* As the runtime will name it: the working directory after a chdir. */
static void name_of(int procfd, int dir, char out[static PATH_MAX])
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "self/fd/%d", dir);
	n = readlinkat(procfd, link, out, PATH_MAX);
	out[n > 0 && n < PATH_MAX ? n : 0] = '\0';
}

static int edit_file(int dir, struct spec_guard *what, char problem[static 768], struct error *err)
{
	cleanup_close int fd = openat(dir, SPEC_CONFIG_FILE,
				      O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	cleanup_free char *text = NULL;
	struct spec_guarded guarded;
	struct stat st;
	size_t len;
	int r;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 && errno == ELOOP)
		return error_say(err, ELOOP, "%s/" SPEC_CONFIG_FILE " is a symbolic link",
				 what->bundle);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, errno, "%s/" SPEC_CONFIG_FILE, what->bundle);
	if (!S_ISREG(st.st_mode))
		return error_say(err, EINVAL, "%s/" SPEC_CONFIG_FILE " is no regular file",
				 what->bundle);
	r = read_all(fd, OCI_CONFIG_MAX_BYTES, &text, &len);
	if (r == -E2BIG)
		return error_say(err, E2BIG, "%s/" SPEC_CONFIG_FILE " is longer than %d bytes",
				 what->bundle, OCI_CONFIG_MAX_BYTES);
	if (r < 0)
		return error_set(err, -r, "read %s/" SPEC_CONFIG_FILE, what->bundle);
	r = spec_guard(what, text, len, &guarded, err);
	memcpy(problem, guarded.problem, sizeof(guarded.problem));
	if (r == 0 && problem[0] && what->hook->closed)
		r = error_say(err, ECANCELED, "%s", problem);
	if (r == 0 && guarded.text) {
		r = replace_file(dir, SPEC_CONFIG_FILE, guarded.text, guarded.len, fd, &st);
		if (r < 0)
			error_set(err, -r, "write %s/" SPEC_CONFIG_FILE, what->bundle);
	}
	spec_guarded_free(&guarded);
	return r;
}

int bundle_edit(const char *dir, struct spec_guard *what, char problem[static 768],
		struct error *err)
{
	cleanup_close int fd = open(dir[0] ? dir : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[PATH_MAX];

	problem[0] = '\0';
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0)
		return error_set(err, errno, "the bundle %s", dir[0] ? dir : ".");
	name_of(what->procfd, fd, name);
	what->bundle = name;
	return edit_file(fd, what, problem, err);
}
