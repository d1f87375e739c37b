/* SPDX-License-Identifier: Apache-2.0 */
#include "detail.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "proc.h"

#define ARENA_BYTES (UINT64_C(64) << 20)
#define ARENAS_FROM (UINT64_C(1) << 40)

/* One mapping on its way. */
struct area {
	uint64_t start, end, rss;
	bool plain; /* private, readable and writable, without a file */
	bool none;  /* PROT_NONE */
	bool known; /* there is one */
	enum scene_mapping_kind kind;
	bool counts; /* [vdso] and its like do not */
	char name[48];
};

static bool kib_value(const char *line, const char *key, uint64_t *out)
{
	size_t len = strlen(key);

	if (strncmp(line, key, len) != 0)
		return false;
	*out = strtoull(line + len, NULL, 10) * 1024;
	return true;
}

static void read_rollup(int procfd, pid_t pid, struct scene_detail *out)
{
	const struct {
		const char *key;
		uint64_t *value;
	} wanted[] = {{"Rss:", &out->rss},
		      {"Pss:", &out->pss},
		      {"Private_Dirty:", &out->private_dirty},
		      {"Anonymous:", &out->anonymous},
		      {"Swap:", &out->swap}};
	char text[4096];

	if (proc_file_read(procfd, pid, "smaps_rollup", text, sizeof(text)) <= 0)
		return;
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
			kib_value(line, wanted[i].key, wanted[i].value);
	}
	out->has_rollup = true;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* By what the kernel writes behind the inode. Shared memory is known by its places in tmpfs. */
static void name_area(struct area *area, const char *name)
{
	const char *slash;

	area->counts = true;
	if (name[0] == '\0' || begins(name, "[anon:")) {
		area->kind = MAPPING_ANON;
	} else if (begins(name, "[heap]")) {
		area->kind = MAPPING_HEAP;
	} else if (begins(name, "[stack")) {
		area->kind = MAPPING_STACK;
	} else if (begins(name, "[anon_shmem:") || begins(name, "/dev/shm/") ||
		   begins(name, "/memfd:") || begins(name, "/SYSV") || begins(name, "/dev/zero")) {
		area->kind = MAPPING_SHMEM;
	} else if (name[0] == '/') {
		area->kind = MAPPING_FILE;
	} else {
		area->counts = false;
	}
	slash = strrchr(name, '/');
	snprintf(area->name, sizeof(area->name), "%.47s", slash ? slash + 1 : "");
}

/* "7f00-7f10 rw-p 00000000 00:00 0      /path" */
static bool begin_area(const char *line, struct area *area)
{
	char *at;

	if (!isxdigit((unsigned char)line[0]) || isupper((unsigned char)line[0]))
		return false;
	*area = (struct area){.start = strtoull(line, &at, 16)};
	if (*at != '-')
		return false;
	area->end = strtoull(at + 1, &at, 16);
	if (*at != ' ' || strlen(at) < 6)
		return false;
	at++;
	area->known = true;
	area->none = begins(at, "---p");
	area->plain = begins(at, "rw-p");
	/* Permissions, offset, device, inode, then blanks. */
	for (int field = 0; field < 4; field++) {
		at += strcspn(at, " ");
		at += strspn(at, " ");
	}
	name_area(area, at);
	area->plain = area->plain && area->kind == MAPPING_ANON;
	return true;
}

/* Keeps the largest by what is resident. */
static void keep_mapping(struct scene_detail *out, const struct area *area)
{
	size_t at = out->mappings_len;

	if (area->rss == 0)
		return;
	while (at > 0 && out->mapping[at - 1].rss < area->rss)
		at--;
	if (at == SCENE_MAPPINGS_MAX)
		return;
	if (out->mappings_len < SCENE_MAPPINGS_MAX)
		out->mappings_len++;
	memmove(&out->mapping[at + 1], &out->mapping[at],
		(out->mappings_len - 1 - at) * sizeof(out->mapping[0]));
	out->mapping[at] = (struct scene_mapping){
	    .kind = area->kind, .size = area->end - area->start, .rss = area->rss};
	memcpy(out->mapping[at].name, area->name, sizeof(area->name));
}

/* A whole heap, or one whose rest follows without access. */
static bool is_arena(const struct area *area, const struct area *next)
{
	uint64_t end = (area->start + ARENA_BYTES);

	if (!area->plain || area->start < ARENAS_FROM || area->start % ARENA_BYTES != 0)
		return false;
	return area->end == end || (area->end < end && next->known && next->none &&
				    next->start == area->end && next->end == end);
}

/* An area is over when the next one has begun; `arenas` is their sum. */
static void end_area(struct scene_detail *out, const struct area *area, const struct area *next,
		     struct area *arenas)
{
	if (!area->known || !area->counts)
		return;
	if (!is_arena(area, next)) {
		keep_mapping(out, area);
		return;
	}
	out->arenas++;
	out->arena_bytes += area->rss;
	arenas->rss += area->rss;
	arenas->end += ARENA_BYTES;
}

/* smaps line by line, whatever its length. */
struct lines {
	int fd;
	char buf[4096];
	size_t len;
};

/* The next line without its newline; NULL at the end. What is longer than the buffer is cut. */
static const char *next_line(struct lines *lines, char *line, size_t cap)
{
	size_t used = 0;

	for (;;) {
		char *newline = memchr(lines->buf, '\n', lines->len);
		size_t n = newline ? (size_t)(newline - lines->buf) : lines->len;
		ssize_t got;

		for (size_t i = 0; i < n && used + 1 < cap; i++)
			line[used++] = lines->buf[i];
		n += newline != NULL;
		memmove(lines->buf, lines->buf + n, lines->len - n);
		lines->len -= n;
		line[used] = '\0';
		if (newline)
			return line;
		got = read(lines->fd, lines->buf, sizeof(lines->buf));
		if (got <= 0)
			return used > 0 ? line : NULL;
		lines->len = (size_t)got;
	}
}

static void read_maps(int procfd, pid_t pid, struct scene_detail *out)
{
	struct area area = {0}, next, arenas = {.kind = MAPPING_ARENA}, none = {0};
	struct lines lines = {0};
	char name[32], line[512];
	cleanup_close int fd = -1;

	snprintf(name, sizeof(name), "%d/smaps", pid);
	fd = openat(procfd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	lines.fd = fd;
	while (next_line(&lines, line, sizeof(line))) {
		if (begin_area(line, &next)) {
			end_area(out, &area, &next, &arenas);
			area = next;
		} else {
			kib_value(line, "Rss:", &area.rss);
		}
	}
	end_area(out, &area, &none, &arenas);
	keep_mapping(out, &arenas);
	out->has_maps = true;
}

void detail_read(int procfd, pid_t pid, struct scene_detail *out)
{
	read_rollup(procfd, pid, out);
	read_maps(procfd, pid, out);
}
