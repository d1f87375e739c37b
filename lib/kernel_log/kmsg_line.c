/* SPDX-License-Identifier: Apache-2.0 */
#include "kmsg.h"

#include <string.h>

#include "span.h"

#define COMM_MAX 15 /* TASK_COMM_LEN - 1 */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void kmsg_copy_name(const char *at, size_t name_len, bool escaped, char *buf, size_t cap)
{
	struct span name = {at, name_len};
	size_t len = 0;

	for (size_t i = 0; i < name.len; i++) {
		int high = -1, low = -1;

		if (len + 1 >= cap) {
			buf[0] = '\0';
			return;
		}
		if (escaped && i + 3 < name.len && name.at[i] == '\\' && name.at[i + 1] == 'x') {
			high = hex_digit(name.at[i + 2]);
			low = hex_digit(name.at[i + 3]);
		}
		if (high >= 0 && low >= 0 && (high | low)) {
			buf[len++] = (char)(high << 4 | low);
			i += 3;
		} else {
			buf[len++] = name.at[i];
		}
	}
	buf[len] = '\0';
}

static void copy_span(struct span name, bool escaped, char *buf, size_t cap)
{
	kmsg_copy_name(name.at, name.len, escaped, buf, cap);
}

/* How many bytes a name of the record was before it was escaped. */
static size_t name_len(struct span name, bool escaped)
{
	size_t len = name.len;

	for (size_t i = 0; escaped && i + 3 < name.len; i++)
		if (name.at[i] == '\\' && name.at[i + 1] == 'x')
			len -= 3;
	return len;
}

/* The cgroup of a victim is the one at its limit or lies below it. */
static bool is_below(struct span path, struct span top)
{
	if (top.len == 1)
		return true;
	return path.len >= top.len && memcmp(path.at, top.at, top.len) == 0 &&
	       (path.len == top.len || path.at[top.len] == '/');
}

/*
 * Finds where `word` parts the text into two cgroup paths. A name may hold the word itself, but the
 * victim's cgroup lies below the one at its limit, which tells the right place; where the word
 * stands only once there is nothing to tell.
 */
static const char *find_parting(struct span text, const char *word, bool top_first)
{
	const char *first = span_find(text, word);

	for (const char *at = first; at; at = span_find_next(text, at, word)) {
		struct span left = span_before(text, at), right = span_after(text, at, word);

		if (!span_starts(right, "/"))
			continue;
		if (top_first ? is_below(right, left) : is_below(left, right))
			return at;
	}
	return first && !span_find_next(text, first, word) ? first : NULL;
}

/*
 * ",oom_memcg=TOP,task_memcg=PATH" or ",global_oom,task_memcg=PATH" at the end of `text`. Before
 * them stands the name of a cpuset, which has no '/', so the first match with one is the kernel's.
 */
static void parse_cgroups(struct span text, bool escaped, struct kmsg_line *out)
{
	const char *const own = ",oom_memcg=", *const task = ",task_memcg=";
	const char *global = span_find(text, ",global_oom,task_memcg=/");
	const char *memcg = span_find(text, ",oom_memcg=/");
	const char *at;

	if (global && (!memcg || global < memcg)) {
		copy_span(span_after(text, global, ",global_oom,task_memcg="), escaped,
			  out->task_cgroup, sizeof(out->task_cgroup));
		return;
	}
	if (!memcg)
		return;
	/* Some 5.x kernels say CONSTRAINT_NONE here; the cgroup's limit it was nevertheless. */
	out->constraint = KMSG_CONSTRAINT_MEMCG;
	text = span_after(text, memcg, own);
	at = find_parting(text, task, true);
	if (!at)
		return;
	copy_span(span_before(text, at), escaped, out->oom_cgroup, sizeof(out->oom_cgroup));
	copy_span(span_after(text, at, task), escaped, out->task_cgroup, sizeof(out->task_cgroup));
}

/* "WORD<digits>" that ends the text: the digits, and the text before it. */
static bool take_number_at_end(struct span *text, const char *word, uint64_t *out)
{
	const char *at = span_find_last(*text, word);
	struct span rest;

	if (!at)
		return false;
	rest = span_after(*text, at, word);
	if (!span_skip_number(&rest, out) || rest.len)
		return false;
	*text = span_before(*text, at);
	return true;
}

/* ",task=COMM" that ends the text. COMM may hold ",task=" too; it is short, the path is not. */
static bool take_comm_at_end(struct span *text, bool escaped, struct kmsg_line *out)
{
	const char *const word = ",task=";

	for (const char *at = span_find(*text, word); at; at = span_find_next(*text, at, word)) {
		struct span comm = span_after(*text, at, word);

		if (name_len(comm, escaped) > COMM_MAX)
			continue;
		copy_span(comm, escaped, out->comm, sizeof(out->comm));
		*text = span_before(*text, at);
		return true;
	}
	return false;
}

/* oom-kill:constraint=…,nodemask=…,cpuset=…,mems_allowed=…,…,task=COMM,pid=N,uid=N */
static bool parse_summary(struct span text, bool escaped, struct kmsg_line *out)
{
	struct span whole;
	uint64_t pid, uid;

	if (!span_skip(&text, "oom-kill:constraint=CONSTRAINT_"))
		return false;
	out->kind = KMSG_SUMMARY;
	out->constraint = span_starts(text, "MEMCG,")  ? KMSG_CONSTRAINT_MEMCG
			  : span_starts(text, "NONE,") ? KMSG_CONSTRAINT_NONE
						       : KMSG_CONSTRAINT_OTHER;
	whole = text;
	if (take_number_at_end(&text, ",uid=", &uid) && take_number_at_end(&text, ",pid=", &pid) &&
	    pid <= INT32_MAX && take_comm_at_end(&text, escaped, out)) {
		out->pid = (pid_t)pid;
		out->has_uid = uid <= UINT32_MAX;
		out->uid = (uid_t)uid;
		parse_cgroups(text, escaped, out);
	} else if (span_find(whole, ",oom_memcg=/")) {
		/* Cut off: the end of what is there may be half a path. */
		out->constraint = KMSG_CONSTRAINT_MEMCG;
	}
	return true;
}

/* Task in PATH killed as a result of limit of TOP */
static bool parse_task_in(struct span text, bool escaped, struct kmsg_line *out)
{
	const char *const middle = " killed as a result of limit of ";
	const char *at;

	if (!span_skip(&text, "Task in ") || !span_starts(text, "/"))
		return false;
	at = find_parting(text, middle, false);
	if (!at)
		return false;
	out->kind = KMSG_TASK_IN;
	out->constraint = KMSG_CONSTRAINT_MEMCG;
	copy_span(span_before(text, at), escaped, out->task_cgroup, sizeof(out->task_cgroup));
	copy_span(span_after(text, at, middle), escaped, out->oom_cgroup, sizeof(out->oom_cgroup));
	return true;
}

/* Tasks in PATH are going to be killed due to memory.oom.group set */
static bool parse_group(struct span text, bool escaped, struct kmsg_line *out)
{
	const char *const end = " are going to be killed due to memory.oom.group set";
	const char *at;

	if (!span_skip(&text, "Tasks in ") || !span_starts(text, "/"))
		return false;
	at = span_find_last(text, end);
	if (!at || span_after(text, at, end).len)
		return false;
	out->kind = KMSG_GROUP;
	copy_span(span_before(text, at), escaped, out->task_cgroup, sizeof(out->task_cgroup));
	return true;
}

static bool size_behind(struct span text, const char *word, uint64_t *bytes)
{
	const char *at = span_find(text, word);
	uint64_t kib;

	if (!at)
		return false;
	text = span_after(text, at, word);
	if (!span_skip_number(&text, &kib) || !span_starts(text, "kB") || kib > UINT64_MAX / 1024)
		return false;
	*bytes = kib * 1024;
	return true;
}

static void parse_sizes(struct span text, struct kmsg_line *out)
{
	const char *const word = "oom_score_adj:";
	const char *at = span_find(text, word);
	uint64_t score;
	bool minus;

	out->has_total_vm = size_behind(text, "total-vm:", &out->total_vm_bytes) ||
			    size_behind(text, "vsz:", &out->total_vm_bytes); /* before 2.6.36 */
	out->has_anon_rss = size_behind(text, "anon-rss:", &out->anon_rss_bytes);
	out->has_file_rss = size_behind(text, "file-rss:", &out->file_rss_bytes);
	out->has_shmem_rss = size_behind(text, "shmem-rss:", &out->shmem_rss_bytes); /* since 4.5 */
	out->has_sizes = out->has_total_vm && out->has_anon_rss && out->has_file_rss;
	if (!at)
		return;
	text = span_after(text, at, word);
	minus = span_skip(&text, "-");
	if (!span_skip_number(&text, &score) || score > 1000)
		return;
	out->has_score = true;
	out->oom_score_adj = minus ? -(int)score : (int)score;
}

/* "UID:N " (since 5.3); without what follows it the number may be cut off. */
static void parse_uid(struct span text, struct kmsg_line *out)
{
	const char *const word = " UID:";
	const char *at = span_find(text, word);
	uint64_t uid;

	if (!at)
		return;
	text = span_after(text, at, word);
	if (!span_skip_number(&text, &uid) || !span_starts(text, " ") || uid > UINT32_MAX)
		return;
	out->has_uid = true;
	out->uid = (uid_t)uid;
}

/* ", UID N," in front of the name (RHEL 6) or behind it (RHEL 7). */
static bool take_uid(struct span *text, struct kmsg_line *out)
{
	uint64_t uid;

	if (!span_skip(text, ", UID "))
		return true;
	if (!span_skip_number(text, &uid) || !span_skip(text, ",") || uid > UINT32_MAX)
		return false;
	out->has_uid = true;
	out->uid = (uid_t)uid;
	return true;
}

/* "", ".", " ....", " total-v": what a kill line without sizes may have behind the name. */
static bool is_cut(struct span rest)
{
	static const char *const behind[] = {" total-vm:", ", UID ", " vsz:"};

	for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++)
		if (rest.len < strlen(behind[i]) && !memcmp(rest.at, behind[i], rest.len))
			return true;
	while (rest.len && strchr(" .", rest.at[0]))
		rest = (struct span){rest.at + 1, rest.len - 1};
	return !rest.len || span_starts(rest, "…");
}

/*
 * The ')' that ends the name. Behind it the kernel writes numbers only: the last delimiter is its
 * own.
 */
static const char *name_end(struct span text)
{
	static const char *const behind[] = {") total-vm:", "), UID ", ") vsz:"};
	const char *end = NULL;

	for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
		const char *at = span_find_last(text, behind[i]);

		if (at && (!end || at > end))
			end = at;
	}
	if (end)
		return end;
	/* Cut off, or left out by whoever copied it: then nothing that looks like a name follows.
	 */
	end = memrchr(text.at, ')', text.len);
	return end && is_cut(span_after(text, end, ")")) ? end : NULL;
}

/*
 * [Memory cgroup out of memory: |Out of memory…: ]Killed process N[, UID N,] (COMM)[, UID N,]
 * [ total-vm:…]
 */
static bool parse_killed(struct span text, bool escaped, struct kmsg_line *out)
{
	enum kmsg_constraint constraint = KMSG_CONSTRAINT_UNKNOWN;
	const char *end;
	uint64_t pid;

	if (span_skip(&text, "Memory cgroup out of memory: "))
		constraint = KMSG_CONSTRAINT_MEMCG;
	else if (span_skip(&text, "Out of memory: ") ||
		 span_skip(&text, "Out of memory (oom_kill_allocating_task): "))
		constraint = KMSG_CONSTRAINT_NONE;
	if (!span_skip(&text, "Killed process ") || !span_skip_number(&text, &pid) || pid == 0 ||
	    pid > INT32_MAX)
		return false;
	if (!take_uid(&text, out))
		return false;
	span_skip(&text, " "); /* lost on some pages */
	if (!span_skip(&text, "("))
		return false;
	end = name_end(text);
	if (!end)
		return false;
	out->kind = KMSG_KILLED;
	out->constraint = constraint;
	out->pid = (pid_t)pid;
	copy_span(span_before(text, end), escaped, out->comm, sizeof(out->comm));
	text = span_after(text, end, ")");
	take_uid(&text, out);
	parse_uid(text, out);
	parse_sizes(text, out);
	return true;
}

static bool parse_no_victim(struct span text, struct kmsg_line *out)
{
	if (!span_starts(text, "Out of memory and no killable processes"))
		return false;
	out->kind = KMSG_NO_VICTIM;
	return true;
}

enum kmsg_kind kmsg_parse_text(const char *text, size_t len, bool escaped, struct kmsg_line *out)
{
	struct span span = {text, len};

	*out = (struct kmsg_line){.kind = KMSG_OTHER};
	if (!parse_summary(span, escaped, out) && !parse_task_in(span, escaped, out) &&
	    !parse_group(span, escaped, out) && !parse_killed(span, escaped, out))
		parse_no_victim(span, out);
	if (out->kind == KMSG_OTHER)
		*out = (struct kmsg_line){.kind = KMSG_OTHER};
	return out->kind;
}
