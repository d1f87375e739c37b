/* SPDX-License-Identifier: Apache-2.0 */
#include "oomlog_line.h"

#include <string.h>

#include "oomlog_line_parts.h"

#define LOOSE_MAX 160 /* bytes of unknown things in front of the kernel's words */

static const char *const report_words[] = {
    "Memory cgroup out of memory",
    "Out of memory",
    "Out of Memory",
    "Killed process ",
    "Kill process ",
    "kill process ",
    "oom-kill:constraint=",
    "oom_reaper: ",
    "Task in /",
    "Tasks in /",
    "memory: usage ",
    "memory+swap: usage ",
    "swap: usage ",
    "kmem: usage ",
    "Memory cgroup stats",
    "Mem-Info:",
    "Tasks state (",
    "CPU: ",
    "Pid: ",
    "Call Trace:",
    "Call trace:",
    "Hardware name: ",
    "Memory limit reached of cgroup ",
    "No available memory ",
};

bool oomlog_is_report_word(struct span text)
{
	for (size_t i = 0; i < sizeof(report_words) / sizeof(report_words[0]); i++)
		if (span_starts(text, report_words[i]))
			return true;
	return false;
}

/* "gfp_mask=0x…", or as much of it as a break in the line left over. */
static bool take_gfp_mask(struct span text, struct oomlog_line *out)
{
	static const char mask[] = "gfp_mask=0x";
	size_t common = 0;
	const char *comma;

	while (common < sizeof(mask) - 1 && common < text.len && text.at[common] == mask[common])
		common++;
	if (common < sizeof(mask) - 1)
		return common == text.len;
	text = span_after(text, text.at, "gfp_mask=");
	comma = memchr(text.at, ',', text.len);
	if (comma)
		oomlog_copy_text(span_before(text, comma), false, out->text, sizeof(out->text));
	out->new_style = strchr(out->text, '(') != NULL;
	return true;
}

/* "X invoked", and the rest on the next line. */
static bool parse_invoked_beginning(struct span text, struct oomlog_line *out)
{
	static const char word[] = " invoked";
	const size_t len = sizeof(word) - 1;

	if (text.len <= len || memcmp(text.at + text.len - len, word, len))
		return false;
	out->kind = OOMLOG_INVOKED;
	out->partial = out->beginning = true;
	return true;
}

/*
 * X invoked oom-killer: gfp_mask=…, [nodemask=…, ]order=N[, oom_adj=N][, oom_score_adj=N]
 * What is quoted without all of that is taken only when nothing but the name stands in front.
 */
static bool parse_invoked(struct span text, bool escaped, struct oomlog_line *out)
{
	const char *const words = " invoked oom-killer";
	struct span comm, name, rest;
	const char *at;

	if (!span_find(text, words))
		return parse_invoked_beginning(text, out);
	at = span_find_last(text, words);
	comm = name = span_before(text, at);
	rest = span_after(text, at, words);
	if (!escaped)
		name = oomlog_comm_at_end(comm);
	if (span_skip(&rest, ":")) {
		oomlog_skip_blanks(&rest);
		if (!take_gfp_mask(rest, out))
			return false;
	} else if (rest.len || name.at != comm.at) {
		return false;
	}
	oomlog_copy_text(name, escaped, out->comm, sizeof(out->comm));
	out->kind = OOMLOG_INVOKED;
	out->has_order = oomlog_int_behind(rest, " order=", &out->order);
	out->has_score = oomlog_int_behind(rest, " oom_score_adj=", &out->oom_score_adj);
	out->ancient = span_find(rest, " oomkilladj=") != NULL;
	out->partial =
	    !out->has_order || (!out->has_score && !out->ancient && !span_find(rest, " oom_adj="));
	return true;
}

/* X cpuset=Y mems_allowed=Z */
static bool parse_cpuset(struct span text, bool escaped, struct oomlog_line *out)
{
	const char *const word = " cpuset=", *const mems = " mems_allowed=";
	const char *at = span_find(text, word), *end;
	struct span value;

	if (!at || at == text.at)
		return false;
	if (!escaped && at - text.at > LOOSE_MAX)
		return false;
	value = span_after(text, at, word);
	end = span_find(value, mems);
	oomlog_copy_text(escaped ? span_before(text, at)
				 : oomlog_comm_at_end(span_before(text, at)),
			 escaped, out->comm, sizeof(out->comm));
	out->kind = OOMLOG_CPUSET;
	out->partial = !end;
	if (end)
		oomlog_copy_text(span_before(value, end), escaped, out->text, sizeof(out->text));
	return true;
}

/* "… 4.18.0-372.el8.x86_64 #1 …": the word in front of " #" that looks like a release. */
static void take_release(struct span text, struct oomlog_line *out)
{
	for (size_t at = 1; at + 1 < text.len; at++) {
		struct span word = {text.at + at, 0};

		if (text.at[at] != ' ' || text.at[at + 1] != '#')
			continue;
		while (word.at > text.at && word.at[-1] != ' ') {
			word.at--;
			word.len++;
		}
		/* "Not tainted (2.6.26 #1)"; "Not tainted2.6.32" where a page lost the blank */
		if (!span_skip(&word, "("))
			span_skip(&word, "tainted");
		if (word.len > 2 && word.at[0] >= '0' && word.at[0] <= '9' &&
		    memchr(word.at, '.', word.len))
			oomlog_copy_text(word, false, out->text, sizeof(out->text));
	}
	out->partial = !out->text[0];
}

static bool parse_cpu(struct span text, bool escaped, struct oomlog_line *out)
{
	static const char *const behind[] = {" Not tainted ",
					     " Tainted: ", " Kdump: ", " Not tainted", " Tainted:"};
	const char *pid, *comm = NULL, *end = NULL;
	struct span name;

	if (span_starts(text, "Pid: ")) {
		pid = "Pid: ";
		comm = span_find(text, ", comm: ");
		name = comm ? span_after(text, comm, ", comm: ") : text;
	} else if (span_starts(text, "CPU: ")) {
		pid = " PID: ";
		comm = span_find(text, " Comm: ");
		name = comm ? span_after(text, comm, " Comm: ") : text;
		out->new_style = true;
	} else {
		return false;
	}
	if (!comm || !oomlog_int_behind(text, pid, &out->pid) || out->pid < 0)
		return false;
	for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
		const char *at = span_find(name, behind[i]);

		if (at && (!end || at < end))
			end = at;
	}
	out->kind = OOMLOG_CPU;
	if (end)
		oomlog_copy_text(span_before(name, end), escaped, out->comm, sizeof(out->comm));
	else if (name.len <= COMM_MAX)
		oomlog_copy_text(name, escaped, out->comm, sizeof(out->comm));
	take_release(name, out);
	return true;
}

/* Frames that only the OOM of a cgroup passes. */
static bool is_memcg_frame(struct span function)
{
	static const char *const names[] = {
	    "mem_cgroup_out_of_memory",
	    "mem_cgroup_oom",
	    "mem_cgroup_handle_oom",
	    "mem_cgroup_do_charge",
	    "mem_cgroup_charge",
	    "mem_cgroup_try_charge",
	    "mem_cgroup_cache_charge",
	    "mem_cgroup_newpage",
	    "try_charge",
	    "charge_memcg",
	    "obj_cgroup_charge",
	};

	/* ppc64 puts a dot in front. */
	while (span_skip(&function, "_") || span_skip(&function, "."))
		;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_starts(function, names[i]))
			return true;
	return false;
}

/* "? charge_memcg (mm/memcontrol.c:4771)", as scripts/decode_stacktrace.sh rewrites a frame */
static bool parse_decoded_frame(struct span text, struct oomlog_line *out)
{
	const char *file, *line;
	struct span function;
	bool doubtful;

	if (!text.len || text.at[text.len - 1] != ')')
		return false;
	doubtful = span_skip(&text, "? ");
	file = span_find(text, " (");
	line = span_find(text, ".c:");
	if (!file || !line || line < file)
		return false;
	function = span_before(text, file);
	if (!function.len || memchr(function.at, ' ', function.len))
		return false;
	out->kind = OOMLOG_TRACE;
	out->memcg_frame = !doubtful && is_memcg_frame(function);
	return true;
}

/* "Call Trace:", " [<ffffffff81720bf6>] ? name+0x1/0x2", " name+0x1/0x2", "a from b+0x1/0x2" */
static bool parse_trace(struct span text, struct oomlog_line *out)
{
	const char *plus = span_find(text, "+0x");
	struct span function;

	if (span_starts(text, "Call Trace:") || span_starts(text, "Call trace:") ||
	    span_starts(text, "Backtrace:")) {
		out->kind = OOMLOG_TRACE;
		return true;
	}
	if (!plus)
		return parse_decoded_frame(text, out);
	if (!memchr(plus, '/', text.len - (size_t)(plus - text.at)) || span_starts(text, "RIP: ") ||
	    span_starts(text, "EIP: "))
		return false;
	/* In front of the name stand addresses in brackets, and "? " when the frame is doubtful. */
	function = (struct span){plus, 0};
	while (function.at > text.at && !strchr(" \t(]", function.at[-1])) {
		function.at--;
		function.len++;
	}
	out->kind = OOMLOG_TRACE;
	out->memcg_frame =
	    !span_find(span_before(text, function.at), "? ") && is_memcg_frame(function);
	return true;
}

static bool parse_words(struct span text, struct oomlog_line *out)
{
	static const struct {
		const char *words;
		enum oomlog_kind kind;
	} table[] = {
	    {"Mem-Info:", OOMLOG_MEM_INFO},
	    {"Mem-info:", OOMLOG_MEM_INFO},
	    {"Unreclaimable slab info:", OOMLOG_SLAB_INFO},
	    {"Free swap ", OOMLOG_HOST},
	    {"Total swap = ", OOMLOG_HOST},
	    {"Tasks state (", OOMLOG_TASKS_STATE},
	    {"SysRq : ", OOMLOG_FOREIGN},
	    {"sysrq: Show", OOMLOG_FOREIGN},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (span_starts(text, table[i].words)) {
			out->kind = table[i].kind;
			out->rest = text;
			return true;
		}
	}
	if (!span_find(text, ": page allocation failure") &&
	    !span_find(text, ": page allocation stalls"))
		return false;
	out->kind = OOMLOG_FOREIGN;
	return true;
}

static bool parse_known(struct span text, bool escaped, const struct oomlog_line *table,
			struct oomlog_line *out)
{
	if (!text.len)
		return false;
	if (text.at[0] == '[')
		return oomlog_parse_table(text, out) ||
		       oomlog_parse_row(text, escaped, table, out) || parse_trace(text, out);
	return oomlog_parse_kill(text, escaped, out) || oomlog_parse_chosen(text, escaped, out) ||
	       oomlog_parse_cut_kill(text, escaped, out) ||
	       oomlog_parse_kill_beginning(text, out) || oomlog_parse_usage(text, out) ||
	       oomlog_parse_stats(text, escaped, out) || oomlog_parse_reaped(text, escaped, out) ||
	       oomlog_parse_exiting(text, escaped, out) || oomlog_parse_panic(text, out) ||
	       parse_cpu(text, escaped, out) || parse_words(text, out);
}

static bool is_row(struct span text, const struct oomlog_line *table)
{
	struct oomlog_line line = {0};

	return oomlog_parse_table(text, &line) ||
	       (table && oomlog_parse_row(text, false, table, &line));
}

/* The kernel's words behind something that no rule knew, but that ends as a prefix does. */
static bool find_words(struct span text, const struct oomlog_line *table, struct span *found)
{
	for (size_t i = 1; i < text.len && i < LOOSE_MAX; i++) {
		struct span rest = {text.at + i, text.len - i};

		if (i < 2 || text.at[i - 1] != ' ' || !strchr(":]>|;)", text.at[i - 2]))
			continue;
		if (oomlog_is_report_word(rest) || (rest.at[0] == '[' && is_row(rest, table))) {
			*found = rest;
			return true;
		}
	}
	return false;
}

bool oomlog_is_gap(struct span text)
{
	static const char *const words[] = {"snipped", "snip", "skipped", "cut", "truncated"};
	size_t dots = 0, dashes = 0;

	while (text.len && strchr("[(<. ", text.at[0])) {
		dots += text.at[0] == '.';
		text = (struct span){text.at + 1, text.len - 1};
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_skip(&text, words[i]))
			dots = 2;
	if (span_skip(&text, "…"))
		dots = 2;
	while (text.len && strchr(")]>. -", text.at[0])) {
		dots += text.at[0] == '.';
		dashes += text.at[0] == '-';
		text = (struct span){text.at + 1, text.len - 1};
	}
	return !text.len && (dots > 1 || dashes == 2);
}

enum oomlog_kind oomlog_classify(struct span text, const struct oomlog_mark *mark,
				 const struct oomlog_line *table, struct oomlog_line *out)
{
	struct span found;

	*out = (struct oomlog_line){.kind = OOMLOG_OTHER};
	if (mark->foreign)
		return OOMLOG_OTHER;
	if (parse_known(text, mark->escaped, table, out) ||
	    parse_invoked(text, mark->escaped, out) || parse_trace(text, out) ||
	    parse_cpuset(text, mark->escaped, out) || oomlog_parse_stat(text, out))
		return out->kind;
	if (!mark->escaped && !mark->has_time && find_words(text, table, &found) &&
	    parse_known(found, false, table, out))
		return out->kind;
	*out = (struct oomlog_line){.kind = OOMLOG_OTHER};
	return OOMLOG_OTHER;
}
