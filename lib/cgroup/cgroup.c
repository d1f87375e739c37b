/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cleanup.h"

/* Opens a file of /proc as a stream. /proc/PID/cgroup and mountinfo can be of any length. */
static FILE *open_proc(int procfd, const char *path)
{
	cleanup_close int fd = openat(procfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	FILE *file;

	if (fd < 0)
		return NULL;
	file = fdopen(fd, "r");
	if (file)
		take_fd(&fd);
	return file;
}

/* Undoes the kernel's octal escapes (blank, tab, newline, backslash, '#') in place. */
static void unescape_octal(char *text)
{
	char *to = text;

	while (*text) {
		if (text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] >= '0' &&
		    text[2] <= '7' && text[3] >= '0' && text[3] <= '7') {
			*to++ =
			    (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0'));
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

/* The fields of a mountinfo line that matter here, as pointers into it. */
struct mount_line {
	dev_t dev;
	char *root, *point, *type, *options;
};

/* "36 35 0:32 ROOT POINT rw,noatime shared:1 … - TYPE SOURCE SUPEROPTIONS", cut up in place. */
static bool split_mount_line(char *line, struct mount_line *out)
{
	unsigned dev_major, dev_minor;
	char *field, *dev;

	line[strcspn(line, "\n")] = '\0';
	strsep(&line, " ");
	strsep(&line, " ");
	dev = strsep(&line, " ");
	out->root = strsep(&line, " ");
	out->point = strsep(&line, " ");
	if (!out->point || !line || sscanf(dev, "%u:%u", &dev_major, &dev_minor) != 2)
		return false;
	out->dev = makedev(dev_major, dev_minor);
	do
		field = strsep(&line, " ");
	while (field && strcmp(field, "-") != 0);
	out->type = strsep(&line, " ");
	strsep(&line, " ");
	out->options = strsep(&line, " ");
	if (!out->options)
		return false;
	unescape_octal(out->root);
	unescape_octal(out->point);
	return true;
}

static void free_mount(struct cgroup_mount *mount)
{
	free(mount->controllers);
	free(mount->point);
	free(mount->root);
}

static int add_mount(struct cgroup_mounts *mounts, const struct mount_line *line, bool v2)
{
	/* Options stay as they are: an escaped comma in them must not become a separator. */
	struct cgroup_mount mount = {.v2 = v2,
				     .dev = line->dev,
				     .controllers = strdup(v2 ? "" : line->options),
				     .point = strdup(line->point),
				     .root = strdup(line->root)};

	if (!mount.controllers || !mount.point || !mount.root) {
		free_mount(&mount);
		return -ENOMEM;
	}
	if (mounts->len == CGROUP_MOUNTS_MAX) {
		free_mount(&mounts->mount[0]);
		memmove(&mounts->mount[0], &mounts->mount[1],
			(CGROUP_MOUNTS_MAX - 1) * sizeof(mounts->mount[0]));
		mounts->len--;
	}
	mounts->mount[mounts->len++] = mount;
	return 0;
}

int cgroup_mounts_read(int procfd, struct cgroup_mounts *out, struct error *err)
{
	cleanup_fclose FILE *file = open_proc(procfd, "self/mountinfo");
	cleanup_free char *line = NULL;
	size_t cap = 0;

	memset(out, 0, sizeof(*out));
	if (!file)
		return error_set(err, errno, "open /proc/self/mountinfo");
	while (getline(&line, &cap, file) > 0) {
		struct mount_line fields;
		bool v2;

		if (!split_mount_line(line, &fields))
			continue;
		v2 = strcmp(fields.type, "cgroup2") == 0;
		if (!v2 && strcmp(fields.type, "cgroup") != 0)
			continue;
		if (add_mount(out, &fields, v2) < 0) {
			cgroup_mounts_free(out);
			return error_set(err, ENOMEM, "read /proc/self/mountinfo");
		}
	}
	if (ferror(file)) {
		cgroup_mounts_free(out);
		return error_set(err, EIO, "read /proc/self/mountinfo");
	}
	return 0;
}

void cgroup_mounts_free(struct cgroup_mounts *mounts)
{
	for (size_t i = 0; i < mounts->len; i++)
		free_mount(&mounts->mount[i]);
	mounts->len = 0;
}

/* Is `word` one of the words of a list separated by commas? */
static bool list_has(const char *list, size_t list_len, const char *word)
{
	const char *end = list + list_len;
	size_t len = strlen(word);

	while (list < end) {
		const char *comma = memchr(list, ',', (size_t)(end - list));
		size_t item = (size_t)((comma ? comma : end) - list);

		if (item == len && memcmp(list, word, len) == 0)
			return true;
		list += item + 1;
	}
	return false;
}

/* "4:cpu,cpuacct:/path" or "0::/path": the path if the line is about that hierarchy, else NULL. */
static const char *path_in_line(const char *line, size_t len, const char *controller,
				size_t *path_len)
{
	const char *end = line + len, *list = memchr(line, ':', len);
	const char *path = list ? memchr(list + 1, ':', (size_t)(end - list - 1)) : NULL;
	size_t list_len;

	if (!path)
		return NULL;
	list++;
	list_len = (size_t)(path - list);
	path++;
	*path_len = (size_t)(end - path);
	if (!controller)
		return list - line == 2 && line[0] == '0' && list_len == 0 ? path : NULL;
	return list_has(list, list_len, controller) ? path : NULL;
}

const char *cgroup_text_path(const char *text, const char *controller, size_t *len)
{
	const char *path = NULL;

	while (*text && !path) {
		size_t line = strcspn(text, "\n");

		path = path_in_line(text, line, controller, len);
		text += line + (text[line] == '\n');
	}
	return path;
}

static bool ends_with(const char *text, size_t len, const char *end)
{
	size_t end_len = strlen(end);

	return len >= end_len && memcmp(text + len - end_len, end, end_len) == 0;
}

int cgroup_path_of(int procfd, pid_t pid, const char *controller, char **out, struct error *err)
{
	cleanup_fclose FILE *file = NULL;
	cleanup_free char *line = NULL;
	char name[32] = "self/cgroup";
	size_t cap = 0;

	*out = NULL;
	if (pid)
		snprintf(name, sizeof(name), "%d/cgroup", pid);
	file = open_proc(procfd, name);
	if (!file)
		return error_set(err, errno == ENOENT ? ESRCH : errno, "open /proc/%s", name);
	while (getline(&line, &cap, file) > 0) {
		size_t len;
		const char *path = path_in_line(line, strcspn(line, "\n"), controller, &len);

		if (!path)
			continue;
		if (!controller && ends_with(path, len, " (deleted)"))
			return error_say(err, ESTALE, "the cgroup of process %d is removed", pid);
		*out = strndup(path, len);
		return *out ? 0 : error_set(err, ENOMEM, "read /proc/%s", name);
	}
	if (ferror(file))
		return error_set(err, ESRCH, "read /proc/%s", name);
	return error_say(err, ENOENT, "process %d is in no %s hierarchy", pid,
			 controller ? controller : "cgroup v2");
}

bool cgroup_holds(int piddir, const char *controller, const char *path)
{
	size_t len = strlen(path), found_len;
	const char *found;
	char text[8192];

	/* cgroup_read() reads a small file of any directory. What it cuts off counts as no. */
	if (cgroup_read(piddir, "cgroup", text, sizeof(text)) <= 0)
		return false;
	found = cgroup_text_path(text, controller, &found_len);
	return found && found_len >= len && memcmp(found, path, len) == 0 &&
	       (found_len == len || found[len] == '/');
}

static bool shows(const struct cgroup_mount *mount, const char *controller)
{
	if (!controller)
		return mount->v2;
	return !mount->v2 && list_has(mount->controllers, strlen(mount->controllers), controller);
}

/* What is left of `path` below `root`: "" or "/…"; NULL when it is not below it. */
static const char *path_below(const char *root, const char *path)
{
	size_t len = strcmp(root, "/") == 0 ? 0 : strlen(root);

	if (strncmp(root, path, len) != 0)
		return NULL;
	path += len;
	if (strcmp(path, "/") == 0)
		return "";
	return !*path || *path == '/' ? path : NULL;
}

/* "/..", which the kernel writes for what lies above our cgroup namespace, leads out of a mount. */
static bool leads_out(const char *path)
{
	for (const char *at = strstr(path, "/.."); at; at = strstr(at + 1, "/.."))
		if (!at[3] || at[3] == '/')
			return true;
	return false;
}

/* Opens POINT + `below` if it is on the file system of the mount. */
static int open_below(const struct cgroup_mount *mount, const char *below, char **dir)
{
	cleanup_free char *text = NULL;
	cleanup_close int fd = -1;
	struct stat st;

	if (asprintf(&text, "%s%s", mount->point, below) < 0) {
		text = NULL;
		return -ENOMEM;
	}
	fd = open(text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_dev != mount->dev)
		return -ENOENT;
	if (dir)
		*dir = take_ptr(text);
	return take_fd(&fd);
}

int cgroup_open(const struct cgroup_mounts *mounts, const char *controller, const char *path,
		char **dir, struct error *err)
{
	const char *hierarchy = controller ? controller : "cgroup v2";
	bool mounted = false;
	int r = -ENOENT;

	if (dir)
		*dir = NULL;
	for (size_t i = mounts->len; i-- > 0;) {
		const struct cgroup_mount *mount = &mounts->mount[i];
		const char *below;
		int fd;

		if (!shows(mount, controller))
			continue;
		mounted = true;
		below = path_below(mount->root, path);
		if (!below || leads_out(below))
			continue;
		fd = open_below(mount, below, dir);
		if (fd >= 0)
			return fd;
		/* Of several mounts, the reason of the one that is seen is the one to tell. */
		if (fd != -ENOENT || r == -ENOENT)
			r = fd;
	}
	if (!mounted)
		return error_say(err, ENOENT, "no %s hierarchy is mounted", hierarchy);
	return error_set(err, -r, "open cgroup %s of the %s hierarchy", path, hierarchy);
}

int cgroup_memory_version(const struct cgroup_mounts *mounts, enum cgroup_version *out)
{
	bool v2 = false;

	for (size_t i = 0; i < mounts->len; i++) {
		if (shows(&mounts->mount[i], "memory")) {
			*out = CGROUP_V1;
			return 0;
		}
		v2 |= mounts->mount[i].v2;
	}
	*out = CGROUP_V2;
	return v2 ? 0 : -ENOENT;
}
