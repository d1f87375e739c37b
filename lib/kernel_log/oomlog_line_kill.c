/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the outcome: who was chosen, who was killed, what was reaped. */
#include "oomlog_line_parts.h"

#include <string.h>

static const struct {
	const char *words;
	enum oomlog_constraint constraint;
} messages[] = {
    {"Memory cgroup out of memory", OOMLOG_MEMCG},
    {"Out of memory", OOMLOG_GLOBAL},
    {"Out of Memory", OOMLOG_GLOBAL},
    {"Out of memory (oom_kill_allocating_task)", OOMLOG_GLOBAL},
    {"No available memory (MPOL_BIND)", OOMLOG_MEMPOLICY},
    {"No available memory in cpuset", OOMLOG_CPUSET_NODES},
};

static bool take_message(struct span *text, enum oomlog_constraint *constraint)
{
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		struct span rest = *text;

		if (!span_skip(&rest, messages[i].words) || !span_skip(&rest, ":"))
			continue;
		span_skip(&rest, " ");
		*text = rest;
		*constraint = messages[i].constraint;
		return true;
	}
	return false;
}

/* …: Kill process N (x) score S or sacrifice child */
bool oomlog_parse_chosen(struct span text, bool escaped, struct oomlog_line *out)
{
	const char *const word = ") score ";
	uint64_t pid;
	const char *end;

	take_message(&text, &out->constraint);
	if ((!span_skip(&text, "Kill process ") && !span_skip(&text, "kill process ")) ||
	    !span_skip_number(&text, &pid) || pid == 0 || pid > INT32_MAX)
		return false;
	if (span_find(text, ") sharing same memory"))
		return false;
	out->kind = OOMLOG_CHOSEN;
	out->pid = (int32_t)pid;
	end = span_find_last(text, word);
	out->partial = true;
	span_skip(&text, " "); /* lost on some pages */
	if (!span_skip(&text, "(") || !end)
		return true;
	oomlog_copy_text(span_before(text, end), escaped, out->comm, sizeof(out->comm));
	text = span_after(text, end, word);
	out->has_score = oomlog_skip_int(&text, &out->score);
	out->partial = !span_starts(text, " or");
	return true;
}

/* The words that a cut off oom-kill line holds whole: what follows them is there. */
static void take_cut_summary(struct span text, bool escaped, struct oomlog_line *out)
{
	const char *const own = ",oom_memcg=/", *const task = ",task_memcg=/";
	const char *at = span_find(text, own), *end = span_find(text, task);
	int32_t pid;

	if (at && end && at < end)
		oomlog_copy_text(
		    (struct span){at + strlen(own) - 1, (size_t)(end - at) - strlen(own) + 1},
		    escaped, out->kill.oom_cgroup, sizeof(out->kill.oom_cgroup));
	if (end) {
		text = span_after(text, end, task);
		at = span_find(text, ",task=");
		if (at)
			oomlog_copy_text((struct span){text.at - 1, (size_t)(at - text.at) + 1},
					 escaped, out->kill.task_cgroup,
					 sizeof(out->kill.task_cgroup));
	}
	if (span_find(text, ",uid=") && oomlog_int_behind(text, ",pid=", &pid) && pid > 0)
		out->kill.pid = pid;
}

static void parse_summary(struct span text, bool escaped, struct oomlog_line *out)
{
	const char *const word = ",cpuset=", *const mems = ",mems_allowed=";
	const char *at = span_find(text, word), *end;
	struct span value;

	out->kind = OOMLOG_SUMMARY;
	switch (out->kill.constraint) {
	case KMSG_CONSTRAINT_MEMCG:
		out->constraint = OOMLOG_MEMCG;
		break;
	case KMSG_CONSTRAINT_NONE:
		out->constraint = OOMLOG_GLOBAL;
		break;
	default:
		out->constraint = span_find(text, "CONSTRAINT_CPUSET") ? OOMLOG_CPUSET_NODES
				  : span_find(text, "CONSTRAINT_MEMORY_POLICY") ? OOMLOG_MEMPOLICY
										: OOMLOG_UNKNOWN;
	}
	out->partial = out->kill.pid == 0;
	if (out->partial)
		take_cut_summary(text, escaped, out);
	if (!at)
		return;
	value = span_after(text, at, word);
	end = span_find(value, mems);
	if (end)
		oomlog_copy_text(span_before(value, end), escaped, out->text, sizeof(out->text));
}

static void parse_killed(struct span text, struct oomlog_line *out)
{
	out->kind = OOMLOG_KILLED;
	take_message(&text, &out->constraint);
	/*
	 * Since 5.0 it is of one piece with the message in front, since 5.3 it ends with the score;
	 * sizes come in one piece. Before 2.6.33 the name, and perhaps a dot, was all.
	 */
	out->open_end = !out->kill.has_total_vm;
	out->partial = text.at[text.len - 1] == ',' ||
		       (out->kill.has_total_vm && !out->kill.has_file_rss) ||
		       (span_find(text, " UID:") && !out->kill.has_score) ||
		       (out->open_end && !strchr(").", text.at[text.len - 1])) ||
		       (out->open_end && text.len > 2 && text.at[text.len - 2] == '.');
}

/* What kmsg.h knows: the lines that the shim reads too. */
bool oomlog_parse_kill(struct span text, bool escaped, struct oomlog_line *out)
{
	struct span plain = text;
	enum oomlog_constraint ignored;

	/* kmsg.h knows the messages of newer kernels only. */
	take_message(&plain, &ignored);
	kmsg_parse_text(plain.at, plain.len, escaped, &out->kill);
	switch (out->kill.kind) {
	case KMSG_SUMMARY:
		parse_summary(text, escaped, out);
		return true;
	case KMSG_TASK_IN:
		out->kind = OOMLOG_TASK_IN;
		out->partial = text.at[text.len - 1] == '=' || out->kill.oom_cgroup[0] != '/';
		if (out->kill.oom_cgroup[0] != '/')
			out->kill.oom_cgroup[0] = '\0';
		return true;
	case KMSG_GROUP:
		out->kind = OOMLOG_GROUP;
		return true;
	case KMSG_KILLED:
		parse_killed(text, out);
		return true;
	case KMSG_NO_VICTIM:
		out->kind = OOMLOG_NO_VICTIM;
		return true;
	case KMSG_OTHER:
		break;
	}
	return false;
}

/* Beginnings of lines that kmsg.h takes only when they are whole. */
bool oomlog_parse_cut_kill(struct span text, bool escaped, struct oomlog_line *out)
{
	const char *const limit = "Memory limit reached of cgroup ";

	if (span_starts(text, limit)) {
		out->kind = OOMLOG_TASK_IN;
		text = span_after(text, text.at, limit);
		oomlog_copy_text(text, escaped, out->kill.oom_cgroup, sizeof(out->kill.oom_cgroup));
		return true;
	}
	if (span_starts(text, "Task in /"))
		out->kind = OOMLOG_TASK_IN;
	else if (span_starts(text, "Tasks in /"))
		out->kind = OOMLOG_GROUP;
	else if (span_starts(text, "Kernel panic - not syncing: Out of memory and no killable"))
		out->kind = OOMLOG_NO_VICTIM;
	else
		return false;
	out->partial = out->kind != OOMLOG_NO_VICTIM;
	return true;
}

/* Is `text` the beginning of `whole`, a blank at its end lost? */
static bool is_beginning_of(struct span text, const char *whole)
{
	return text.len < strlen(whole) && !memcmp(text.at, whole, text.len);
}

/* "Out of memory:", "Out of memory: Killed", "Killed process 12", "oom-kill:": the rest is missing.
 */
bool oomlog_parse_kill_beginning(struct span text, struct oomlog_line *out)
{
	static const char *const words[] = {"Killed process ", "Kill process ", "kill process "};
	enum oomlog_constraint ignored;
	bool message = take_message(&text, &ignored), found = message && !text.len;
	uint64_t number;

	if (span_starts(text, "oom-kill:"))
		found = is_beginning_of(text, "oom-kill:constraint=CONSTRAINT_");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && !found; i++) {
		struct span rest = text;

		if (is_beginning_of(text, words[i]))
			found = message || text.len >= strlen("Killed");
		else if (span_skip(&rest, words[i]) && span_skip_number(&rest, &number))
			found = !rest.len ||
				(span_skip(&rest, ", UID ") && span_skip_number(&rest, &number) &&
				 (span_skip(&rest, ","), !rest.len));
	}
	if (!found)
		return false;
	out->kind = OOMLOG_KILLED;
	out->partial = out->beginning = true;
	return true;
}

bool oomlog_parse_reaped(struct span text, bool escaped, struct oomlog_line *out)
{
	uint64_t pid;
	const char *end;

	if (!span_skip(&text, "oom_reaper: reaped process ") || !span_skip_number(&text, &pid) ||
	    pid == 0 || pid > INT32_MAX || !span_skip(&text, " ("))
		return false;
	out->kind = OOMLOG_REAPED;
	out->pid = (int32_t)pid;
	end = span_find_last(text, "), now ");
	if (end)
		oomlog_copy_text(span_before(text, end), escaped, out->comm, sizeof(out->comm));
	return true;
}

bool oomlog_parse_exiting(struct span text, bool escaped, struct oomlog_line *out)
{
	enum oomlog_constraint constraint = OOMLOG_UNKNOWN;
	uint64_t pid;
	const char *end;

	take_message(&text, &constraint);
	if (!span_skip(&text, "OOM victim ") || !span_skip_number(&text, &pid) || pid == 0 ||
	    pid > INT32_MAX || !span_skip(&text, " ("))
		return false;
	end = span_find_last(text, ") is already exiting");
	if (!end)
		return false;
	out->kind = OOMLOG_EXITING;
	out->constraint = constraint;
	out->pid = (int32_t)pid;
	oomlog_copy_text(span_before(text, end), escaped, out->comm, sizeof(out->comm));
	return true;
}

/* The words of check_panic_on_oom() and out_of_memory() in all kernels. */
bool oomlog_parse_panic(struct span text, struct oomlog_line *out)
{
	if (!span_skip(&text, "Kernel panic - not syncing: ") ||
	    (!span_find(text, "panic_on_oom") &&
	     !span_starts(text, "System is deadlocked on memory")))
		return false;
	out->kind = OOMLOG_PANIC;
	return true;
}
