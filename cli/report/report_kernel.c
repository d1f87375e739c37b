/* SPDX-License-Identifier: Apache-2.0 */
#include "report_kernel.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"

enum kind {
	KIND_KB,    /* kibibytes, "61440kB" */
	KIND_BYTES, /* memory.stat */
	KIND_PLAIN, /* a number, told as it is */
	KIND_ORDER, /* 2^N pages */
	KIND_WORD
};

static const struct {
	const char *key; /* what stands in front of it */
	enum kind kind;
	const char *means;
} keys[] = {
    {"gfp_mask=", KIND_WORD, "what kind of memory was asked for when none was left"},
    {"order=", KIND_ORDER, "asked for at once"},
    {"constraint=CONSTRAINT_MEMCG", KIND_WORD,
     "the limit of a cgroup was hit, not the host's memory"},
    {"constraint=CONSTRAINT_NONE", KIND_WORD, "the whole host was out of memory"},
    {"constraint=CONSTRAINT_CPUSET", KIND_WORD, "the memory nodes of a cpuset were full"},
    {"oom_memcg=", KIND_WORD, "the cgroup whose limit was hit"},
    {"task_memcg=", KIND_WORD, "the cgroup of the process that was killed"},
    {"memory: usage ", KIND_KB, "charged to that cgroup"},
    {"swap: usage ", KIND_KB, "of it in swap"},
    {"kmem: usage ", KIND_KB, "of it the kernel's own memory"},
    {"memory+swap: usage ", KIND_KB, "memory and swap together"},
    {"limit ", KIND_KB, "is the most that is allowed"},
    {"failcnt ", KIND_PLAIN, "times the limit was met, also where reclaim helped"},
    {"total-vm:", KIND_KB, "of address space, most of it never touched: not memory in use"},
    {"anon-rss:", KIND_KB, "of anonymous memory (heap, stacks) it held"},
    {"file-rss:", KIND_KB, "of mapped files in memory"},
    {"shmem-rss:", KIND_KB, "of shared memory and tmpfs it had mapped"},
    {"pgtables:", KIND_KB, "of page tables"},
    {"oom_score_adj:", KIND_PLAIN, "is its score: -1000 never killed, 1000 first"},
    {"oom_score_adj=", KIND_PLAIN, "is the score of who asked: -1000 never killed, 1000 first"},
};

/* Lines of memory.stat, which the report repeats in bytes. */
static const struct {
	const char *key;
	const char *means;
} stats[] = {
    {"anon ", "anonymous memory: heap and stacks"},
    {"file ", "page cache, with tmpfs and shared memory"},
    {"shmem ", "tmpfs and shared memory: no kill frees the files"},
    {"kernel ", "the kernel's own memory"},
    {"kernel_stack ", "kernel stacks, 16 KiB for each thread"},
    {"pagetables ", "page tables"},
    {"sock ", "network buffers"},
    {"slab_reclaimable ", "dentries and inodes, mostly"},
    {"slab_unreclaimable ", "kernel objects that cannot be taken back"},
    {"inactive_file ", "page cache that can be taken back"},
    {"file_dirty ", "page cache not yet written to disk"},
};

/* "2^2 pages" is 16 KiB where a page has 4 KiB, as on all machines that are common here. */
#define PAGE_KIB 4
#define ORDER_MAX 20

static void note_value(struct kernel_note *note, const char *text, enum kind kind,
		       const char *means)
{
	uint64_t value = strtoull(text, NULL, 10);
	char size[32];

	switch (kind) {
	case KIND_KB:
		size_text(value < UINT64_MAX / 1024 ? value * 1024 : UINT64_MAX, size,
			  sizeof(size));
		/* LONG_MAX pages: what the kernel writes where there is no limit. */
		if (value >= UINT64_C(9007199254740988))
			snprintf(note->text, sizeof(note->text), "that is no limit");
		else
			snprintf(note->text, sizeof(note->text), "%s %s", size, means);
		break;
	case KIND_BYTES:
		snprintf(note->text, sizeof(note->text), "%s: %s",
			 size_text(value, size, sizeof(size)), means);
		break;
	case KIND_PLAIN:
		snprintf(note->text, sizeof(note->text), "%.*s %s", (int)note->len, text, means);
		break;
	case KIND_ORDER:
		snprintf(note->text, sizeof(note->text), "%s %s",
			 size_text((UINT64_C(1024) * PAGE_KIB)
				       << (value < ORDER_MAX ? value : ORDER_MAX),
				   size, sizeof(size)),
			 means);
		break;
	case KIND_WORD:
		snprintf(note->text, sizeof(note->text), "%s", means);
		break;
	}
}

/* The value behind a key, up to what ends it. */
static size_t value_len(const char *text, enum kind kind)
{
	if (kind == KIND_WORD)
		return strcspn(text, ", \t");
	return strspn(text, "-0123456789");
}

static size_t add(struct kernel_note *notes, size_t len, const char *line, const char *value,
		  enum kind kind, const char *means)
{
	struct kernel_note *note = &notes[len];
	size_t size = value_len(value, kind);

	if (len == KERNEL_NOTES_MAX || (size == 0 && kind != KIND_WORD))
		return len;
	note->at = (size_t)(value - line);
	note->len = size;
	note_value(note, value, kind, means);
	return len + 1;
}

static int compare(const void *a, const void *b)
{
	const struct kernel_note *one = a, *two = b;

	return one->at < two->at ? -1 : one->at > two->at;
}

/* A key is one only at the start of a word: "total-vm:" has no "vm:". */
static const char *find_key(const char *line, const char *key)
{
	const char *at = line;

	while ((at = strstr(at, key))) {
		if (at == line || strchr(" ,\t", at[-1]))
			return at + strlen(key);
		at++;
	}
	return NULL;
}

size_t kernel_notes(const char *line, struct kernel_note notes[static KERNEL_NOTES_MAX])
{
	size_t len = 0;

	if (strstr(line, "total_vm") && strstr(line, "oom_score_adj name")) {
		notes[0] = (struct kernel_note){
		    .text = "total_vm, rss and swapents count pages, 4 KiB each on most machines"};
		return 1;
	}
	for (size_t i = 0; i < sizeof(stats) / sizeof(stats[0]); i++) {
		size_t key = strlen(stats[i].key);

		if (!strncmp(line, stats[i].key, key) &&
		    strspn(line + key, "0123456789") == strlen(line + key))
			return add(notes, 0, line, line + key, KIND_BYTES, stats[i].means);
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *value = find_key(line, keys[i].key);

		if (value)
			len = add(notes, len, line, value, keys[i].kind, keys[i].means);
	}
	qsort(notes, len, sizeof(*notes), compare);
	return len;
}
