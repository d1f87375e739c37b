/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's log of OOM kills, as far as it names victims. /dev/kmsg is opened before arming and read
 * only after an OOM event; it is rate-limited and incomplete in a storm: never count kills in it.
 *
 * Sources: Documentation/ABI/testing/dev-kmsg; mm/oom_kill.c (dump_oom_summary,
 * __oom_kill_process).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum kmsg_kind {
	KMSG_OTHER,    /* no line about an OOM kill */
	KMSG_SUMMARY,  /* "oom-kill:constraint=…" (since 5.0): limit's cgroup, victim's cgroup and
			  pid */
	KMSG_TASK_IN,  /* "Task in X killed as a result of limit of Y" (before 5.0) */
	KMSG_GROUP,    /* "Tasks in X are going to be killed due to memory.oom.group set" */
	KMSG_KILLED,   /* "…Killed process N (comm)…" */
	KMSG_NO_VICTIM /* "Out of memory and no killable processes" */
};

enum kmsg_constraint {
	KMSG_CONSTRAINT_UNKNOWN,
	KMSG_CONSTRAINT_MEMCG,
	KMSG_CONSTRAINT_NONE, /* the host is out of memory */
	KMSG_CONSTRAINT_OTHER /* cpuset, mempolicy */
};

#define KMSG_PATH_MAX 1024

/* One line, understood. Text is hostile: a process may be called "Killed process 1 (init)". */
struct kmsg_line {
	enum kmsg_kind kind;
	uint64_t time_us; /* CLOCK_MONOTONIC of the record, 0 when the line had none */
	/* SUMMARY, TASK_IN, KILLED. A KILLED line tells the host (NONE) from a cgroup only since
	 * 5.0, and never a cpuset's shortage (OTHER) from the host's. */
	enum kmsg_constraint constraint;
	pid_t pid;     /* SUMMARY, KILLED; 0 unknown */
	char comm[64]; /* SUMMARY, KILLED */
	/* Bytes as the kernel printed them. "" when unknown, longer, or cut off in the log. */
	char oom_cgroup[KMSG_PATH_MAX];	 /* cgroup whose limit was hit */
	char task_cgroup[KMSG_PATH_MAX]; /* the victim's; GROUP: the one that is killed whole */
	uint64_t anon_rss_bytes, file_rss_bytes, shmem_rss_bytes, total_vm_bytes;
	bool has_sizes; /* KILLED: the first three, which are there in all kernels that print sizes
			 */
	bool has_total_vm, has_anon_rss, has_file_rss, has_shmem_rss; /* each of them */
	bool has_uid;						      /* SUMMARY, KILLED */
	uid_t uid;
	bool has_score;
	int oom_score_adj;
};

/*
 * Copies a name. In records the kernel wrote \xNN for what is not printable and for the backslash:
 * undone only when the line was taken apart, so that no name can make a delimiter. A name that does
 * not fit becomes "", as half a path names another cgroup.
 */
void kmsg_copy_name(const char *at, size_t name_len, bool escaped, char *buf, size_t cap);

/*
 * Understands the kernel's words themselves, nothing in front of them. `escaped`: the text comes
 * out of a /dev/kmsg record, where \xNN stands for bytes. Pure, no allocation. Returns out->kind.
 */
enum kmsg_kind kmsg_parse_text(const char *text, size_t len, bool escaped, struct kmsg_line *out);

/*
 * Understands one /dev/kmsg record ("6,1234,5678,-;text") or bare text with the prefixes that
 * printk and dmesg put in front ("<4>", "[12.3456]", "[ T12]"). Pure, no allocation.
 * A record that did not come from the kernel (facility not 0: written by a process through
 * /dev/kmsg) is KMSG_OTHER, and so is text that does not begin with the kernel's own words: names
 * of processes and cgroups stand elsewhere in these lines. Returns out->kind.
 */
enum kmsg_kind kmsg_parse(const char *record, size_t len, struct kmsg_line *out);

/* Opens /dev/kmsg non-blocking, positioned behind everything that is there. -EPERM, -ENOENT. */
int kmsg_open(const char *device);

/*
 * Reads the next record of the kernel's own, of whatever kind. 1: *out is filled, and `text` holds
 * its message without head and properties, cut at cap-1 bytes; 0: nothing new; negative errno.
 * Records that were overwritten meanwhile (EPIPE) are counted in *lost and passed over.
 */
int kmsg_next(int fd, struct kmsg_line *out, char *text, size_t cap, uint64_t *lost);
