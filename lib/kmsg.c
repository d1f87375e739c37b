/* SPDX-License-Identifier: Apache-2.0 */
#include "kmsg.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

#define COMM_MAX 15 /* TASK_COMM_LEN - 1 */

/* A piece of the record. */
struct span {
	const char *at;
	size_t len;
};

static bool starts(struct span text, const char *with)
{
	size_t len = strlen(with);

	return text.len >= len && memcmp(text.at, with, len) == 0;
}

/* Takes `word` off the front, if it stands there. */
static bool skip(struct span *text, const char *word)
{
	size_t len = strlen(word);

	if (!starts(*text, word))
		return false;
	text->at += len;
	text->len -= len;
	return true;
}

static bool skip_number(struct span *text, uint64_t *out)
{
	size_t i = 0;

	*out = 0;
	for (; i < text->len && text->at[i] >= '0' && text->at[i] <= '9'; i++)
		if (__builtin_mul_overflow(*out, 10, out) ||
		    __builtin_add_overflow(*out, (uint64_t)(text->at[i] - '0'), out))
			return false;
	text->at += i;
	text->len -= i;
	return i > 0;
}

static const char *find(struct span text, const char *word)
{
	return memmem(text.at, text.len, word, strlen(word));
}

/* The next match behind the one at `at`. */
static const char *find_next(struct span text, const char *at, const char *word)
{
	const char *end = text.at + text.len;

	return memmem(at + 1, (size_t)(end - at - 1), word, strlen(word));
}

static const char *find_last(struct span text, const char *word)
{
	const char *last = NULL;

	for (const char *at = find(text, word); at; at = find_next(text, at, word))
		last = at;
	return last;
}

static struct span before(struct span text, const char *end)
{
	return (struct span){text.at, (size_t)(end - text.at)};
}

static struct span after(struct span text, const char *found, const char *word)
{
	const char *at = found + strlen(word);

	return (struct span){at, text.len - (size_t)(at - text.at)};
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * Copies a name. In records the kernel wrote \xNN for what is not printable and for the backslash:
 * undone only here, when the line is taken apart, so that no name can make a delimiter. A name that
 * does not fit becomes "", as half a path names another cgroup.
 */
static void copy_name(struct span name, bool escaped, char *buf, size_t cap)
{
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
	const char *first = find(text, word);

	for (const char *at = first; at; at = find_next(text, at, word)) {
		struct span left = before(text, at), right = after(text, at, word);

		if (!starts(right, "/"))
			continue;
		if (top_first ? is_below(right, left) : is_below(left, right))
			return at;
	}
	return first && !find_next(text, first, word) ? first : NULL;
}

/*
 * ",oom_memcg=TOP,task_memcg=PATH" or ",global_oom,task_memcg=PATH" at the end of `text`. Before
 * them stands the name of a cpuset, which has no '/', so the first match with one is the kernel's.
 */
static void parse_cgroups(struct span text, bool escaped, struct kmsg_line *out)
{
	const char *const own = ",oom_memcg=", *const task = ",task_memcg=";
	const char *global = find(text, ",global_oom,task_memcg=/");
	const char *memcg = find(text, ",oom_memcg=/");
	const char *at;

	if (global && (!memcg || global < memcg)) {
		copy_name(after(text, global, ",global_oom,task_memcg="), escaped, out->task_cgroup,
			  sizeof(out->task_cgroup));
		return;
	}
	if (!memcg)
		return;
	/* Some 5.x kernels say CONSTRAINT_NONE here; the cgroup's limit it was nevertheless. */
	out->constraint = KMSG_CONSTRAINT_MEMCG;
	text = after(text, memcg, own);
	at = find_parting(text, task, true);
	if (!at)
		return;
	copy_name(before(text, at), escaped, out->oom_cgroup, sizeof(out->oom_cgroup));
	copy_name(after(text, at, task), escaped, out->task_cgroup, sizeof(out->task_cgroup));
}

/* "WORD<digits>" that ends the text: the digits, and the text before it. */
static bool take_number_at_end(struct span *text, const char *word, uint64_t *out)
{
	const char *at = find_last(*text, word);
	struct span rest;

	if (!at)
		return false;
	rest = after(*text, at, word);
	if (!skip_number(&rest, out) || rest.len)
		return false;
	*text = before(*text, at);
	return true;
}

/* ",task=COMM" that ends the text. COMM may hold ",task=" too; it is short, the path is not. */
static bool take_comm_at_end(struct span *text, bool escaped, struct kmsg_line *out)
{
	const char *const word = ",task=";

	for (const char *at = find(*text, word); at; at = find_next(*text, at, word)) {
		struct span comm = after(*text, at, word);

		if (name_len(comm, escaped) > COMM_MAX)
			continue;
		copy_name(comm, escaped, out->comm, sizeof(out->comm));
		*text = before(*text, at);
		return true;
	}
	return false;
}

/* oom-kill:constraint=…,nodemask=…,cpuset=…,mems_allowed=…,…,task=COMM,pid=N,uid=N */
static bool parse_summary(struct span text, bool escaped, struct kmsg_line *out)
{
	struct span whole;
	uint64_t pid, uid;

	if (!skip(&text, "oom-kill:constraint=CONSTRAINT_"))
		return false;
	out->kind = KMSG_SUMMARY;
	out->constraint = starts(text, "MEMCG,")  ? KMSG_CONSTRAINT_MEMCG
			  : starts(text, "NONE,") ? KMSG_CONSTRAINT_NONE
						  : KMSG_CONSTRAINT_OTHER;
	whole = text;
	if (take_number_at_end(&text, ",uid=", &uid) && take_number_at_end(&text, ",pid=", &pid) &&
	    pid <= INT32_MAX && take_comm_at_end(&text, escaped, out)) {
		out->pid = (pid_t)pid;
		parse_cgroups(text, escaped, out);
	} else if (find(whole, ",oom_memcg=/")) {
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

	if (!skip(&text, "Task in ") || !starts(text, "/"))
		return false;
	at = find_parting(text, middle, false);
	if (!at)
		return false;
	out->kind = KMSG_TASK_IN;
	out->constraint = KMSG_CONSTRAINT_MEMCG;
	copy_name(before(text, at), escaped, out->task_cgroup, sizeof(out->task_cgroup));
	copy_name(after(text, at, middle), escaped, out->oom_cgroup, sizeof(out->oom_cgroup));
	return true;
}

/* Tasks in PATH are going to be killed due to memory.oom.group set */
static bool parse_group(struct span text, bool escaped, struct kmsg_line *out)
{
	const char *const end = " are going to be killed due to memory.oom.group set";
	const char *at;

	if (!skip(&text, "Tasks in ") || !starts(text, "/"))
		return false;
	at = find_last(text, end);
	if (!at || after(text, at, end).len)
		return false;
	out->kind = KMSG_GROUP;
	copy_name(before(text, at), escaped, out->task_cgroup, sizeof(out->task_cgroup));
	return true;
}

static bool size_behind(struct span text, const char *word, uint64_t *bytes)
{
	const char *at = find(text, word);
	uint64_t kib;

	if (!at)
		return false;
	text = after(text, at, word);
	if (!skip_number(&text, &kib) || !starts(text, "kB") || kib > UINT64_MAX / 1024)
		return false;
	*bytes = kib * 1024;
	return true;
}

static void parse_sizes(struct span text, struct kmsg_line *out)
{
	const char *const word = "oom_score_adj:";
	const char *at = find(text, word);
	uint64_t score;
	bool minus;

	out->has_sizes = size_behind(text, "total-vm:", &out->total_vm_bytes) &&
			 size_behind(text, "anon-rss:", &out->anon_rss_bytes) &&
			 size_behind(text, "file-rss:", &out->file_rss_bytes);
	size_behind(text, "shmem-rss:", &out->shmem_rss_bytes); /* since 4.5 */
	if (!at)
		return;
	text = after(text, at, word);
	minus = skip(&text, "-");
	if (!skip_number(&text, &score) || score > 1000)
		return;
	out->has_score = true;
	out->oom_score_adj = minus ? -(int)score : (int)score;
}

/* [Memory cgroup out of memory: |Out of memory…: ]Killed process N[, UID N,] (COMM)[ total-vm:…] */
static bool parse_killed(struct span text, bool escaped, struct kmsg_line *out)
{
	enum kmsg_constraint constraint = KMSG_CONSTRAINT_UNKNOWN;
	const char *end;
	uint64_t pid, uid;

	if (skip(&text, "Memory cgroup out of memory: "))
		constraint = KMSG_CONSTRAINT_MEMCG;
	else if (skip(&text, "Out of memory: ") ||
		 skip(&text, "Out of memory (oom_kill_allocating_task): "))
		constraint = KMSG_CONSTRAINT_NONE;
	if (!skip(&text, "Killed process ") || !skip_number(&text, &pid) || pid == 0 ||
	    pid > INT32_MAX)
		return false;
	if (skip(&text, ", UID ") && (!skip_number(&text, &uid) || !skip(&text, ",")))
		return false;
	if (!skip(&text, " ("))
		return false;
	/* Behind the name the kernel writes numbers only: the last delimiter is its own. */
	end = find_last(text, ") total-vm:");
	if (!end && text.len && text.at[text.len - 1] == ')')
		end = text.at + text.len - 1;
	if (!end)
		return false;
	out->kind = KMSG_KILLED;
	out->constraint = constraint;
	out->pid = (pid_t)pid;
	copy_name(before(text, end), escaped, out->comm, sizeof(out->comm));
	parse_sizes((struct span){end, text.len - (size_t)(end - text.at)}, out);
	return true;
}

static bool parse_no_victim(struct span text, struct kmsg_line *out)
{
	if (!starts(text, "Out of memory and no killable processes"))
		return false;
	out->kind = KMSG_NO_VICTIM;
	return true;
}

/* "PRIORITY,SEQUENCE,MICROSECONDS,FLAGS[,…];" off the front. False: it is no such record. */
static bool skip_record_head(struct span *text, uint64_t *facility, uint64_t *time_us)
{
	struct span rest = *text;
	uint64_t priority, sequence;
	const char *end;

	if (!skip_number(&rest, &priority) || !skip(&rest, ",") || !skip_number(&rest, &sequence) ||
	    !skip(&rest, ",") || !skip_number(&rest, time_us) || !starts(rest, ","))
		return false;
	end = find(rest, ";");
	if (!end)
		return false;
	*facility = priority >> 3;
	*text = after(rest, end, ";");
	return true;
}

/* "<4>", "[   12.345678]", "[ T12]", "[Thu Dec  7 …]" and blanks, as dmesg and consoles show them.
 */
static void skip_prefixes(struct span *text, uint64_t *time_us)
{
	uint64_t number, micros;

	if (starts(*text, "<")) {
		struct span rest = {text->at + 1, text->len - 1};

		if (skip_number(&rest, &number) && skip(&rest, ">"))
			*text = rest;
	}
	while (starts(*text, "[")) {
		struct span rest = {text->at + 1, text->len - 1};
		const char *end = find(*text, "]");

		if (!end)
			return;
		while (skip(&rest, " "))
			;
		if (skip_number(&rest, &number) && skip(&rest, ".") &&
		    skip_number(&rest, &micros) && rest.at == end)
			*time_us = number * 1000000 + micros;
		*text = after(*text, end, "]");
		skip(text, " ");
	}
}

enum kmsg_kind kmsg_parse(const char *record, size_t len, struct kmsg_line *out)
{
	struct span text = {record, len};
	uint64_t facility = 0, time_us = 0;
	bool escaped = skip_record_head(&text, &facility, &time_us);
	const char *end = find(text, "\n");

	*out = (struct kmsg_line){.kind = KMSG_OTHER};
	if (facility != 0)
		return KMSG_OTHER;
	/* Behind the first newline of a record stand its properties. */
	if (end)
		text = before(text, end);
	if (!escaped) {
		time_us = 0;
		skip_prefixes(&text, &time_us);
	}
	out->time_us = time_us;
	if (!parse_summary(text, escaped, out) && !parse_task_in(text, escaped, out) &&
	    !parse_group(text, escaped, out) && !parse_killed(text, escaped, out))
		parse_no_victim(text, out);
	return out->kind;
}

int kmsg_open(const char *device)
{
	cleanup_close int fd = open(device, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 || lseek(fd, 0, SEEK_END) < 0)
		return -errno;
	return take_fd(&fd);
}

/* False: not the kernel's. Then its text is of no interest. */
static bool message_of(const char *record, size_t len, char *out, size_t cap)
{
	struct span text = {record, len};
	uint64_t facility = 0, time_us = 0;
	const char *end;
	size_t n;

	skip_record_head(&text, &facility, &time_us);
	if (facility != 0)
		return false;
	end = find(text, "\n");
	n = end ? (size_t)(end - text.at) : text.len;
	if (n > cap - 1)
		n = cap - 1;
	memcpy(out, text.at, n);
	out[n] = '\0';
	return true;
}

int kmsg_next(int fd, struct kmsg_line *out, char *text, size_t cap, uint64_t *lost)
{
	char record[8192]; /* CONSOLE_EXT_LOG_MAX: a shorter one could be refused with EINVAL */

	for (;;) {
		ssize_t len = read(fd, record, sizeof(record));

		if (len > 0) {
			kmsg_parse(record, (size_t)len, out);
			if (message_of(record, (size_t)len, text, cap))
				return 1;
		} else if (len == 0 || errno == EAGAIN) {
			return 0;
		} else if (errno == EPIPE) {
			/* The position is now at the oldest record that is left. */
			++*lost;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
}
