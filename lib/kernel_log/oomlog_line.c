/* SPDX-License-Identifier: Apache-2.0 */
#include "oomlog_line.h"

#include <string.h>

#define COMM_MAX 15   /* TASK_COMM_LEN - 1 */
#define LOOSE_MAX 160 /* bytes of unknown things in front of the kernel's words */
#define COLUMNS_MAX 16

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

static void skip_blanks(struct span *text)
{
	while (text->len && (text->at[0] == ' ' || text->at[0] == '\t')) {
		text->at++;
		text->len--;
	}
}

static void copy_text(struct span text, bool escaped, char *buf, size_t cap)
{
	kmsg_copy_name(text.at, text.len, escaped, buf, cap);
}

static bool skip_int(struct span *text, int64_t *out)
{
	bool minus = span_skip(text, "-");
	uint64_t number;

	if (!span_skip_number(text, &number) || number > INT64_MAX)
		return false;
	*out = minus ? -(int64_t)number : (int64_t)number;
	return true;
}

static bool int_behind(struct span text, const char *word, int32_t *out)
{
	const char *at = span_find(text, word);
	int64_t number;

	if (!at)
		return false;
	text = span_after(text, at, word);
	if (!skip_int(&text, &number) || number > INT32_MAX || number < INT32_MIN)
		return false;
	*out = (int32_t)number;
	return true;
}

/*
 * The name of a task at the end of `text`, which may hold things in front that no rule knew. A name
 * has 15 bytes at most and may hold blanks: what a mark ends is taken off, then the last word is
 * it.
 */
static struct span comm_at_end(struct span text)
{
	static const char *const marks[] = {": ", "] ", "> ", "| ", "; "};

	while (text.len > COMM_MAX) {
		const char *cut = NULL;

		for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
			const char *at = span_find(text, marks[i]);

			if (at && (!cut || at < cut))
				cut = at;
		}
		if (cut)
			text = span_after(text, cut, "  ");
		else if ((cut = memchr(text.at, ' ', text.len)))
			text = span_after(text, cut, " ");
		else
			break;
	}
	return text;
}

/* X invoked oom-killer: gfp_mask=…, [nodemask=…, ]order=N[, oom_adj=N][, oom_score_adj=N] */
static bool parse_invoked(struct span text, bool escaped, struct oomlog_line *out)
{
	const char *const words = " invoked oom-killer: ", *const mask = "gfp_mask=";
	const char *at = span_find_last(text, words), *comma;
	struct span comm, rest;

	if (!at)
		return false;
	comm = span_before(text, at);
	rest = span_after(text, at, words);
	if (!escaped)
		comm = comm_at_end(comm);
	copy_text(comm, escaped, out->comm, sizeof(out->comm));
	out->kind = OOMLOG_INVOKED;
	at = span_find(rest, mask);
	if (at) {
		struct span gfp = span_after(rest, at, mask);

		comma = memchr(gfp.at, ',', gfp.len);
		if (comma)
			copy_text(span_before(gfp, comma), false, out->text, sizeof(out->text));
		out->new_style = strchr(out->text, '(') != NULL;
	}
	out->has_order = int_behind(rest, " order=", &out->order);
	out->has_score = int_behind(rest, " oom_score_adj=", &out->oom_score_adj);
	out->partial = !out->has_order || (!out->has_score && !span_find(rest, " oom_adj=") &&
					   !span_find(rest, " oomkilladj="));
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
	copy_text(escaped ? span_before(text, at) : comm_at_end(span_before(text, at)), escaped,
		  out->comm, sizeof(out->comm));
	out->kind = OOMLOG_CPUSET;
	out->partial = !end;
	if (end)
		copy_text(span_before(value, end), escaped, out->text, sizeof(out->text));
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
		if (word.len > 2 && word.at[0] >= '0' && word.at[0] <= '9' &&
		    memchr(word.at, '.', word.len))
			copy_text(word, false, out->text, sizeof(out->text));
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
	if (!comm || !int_behind(text, pid, &out->pid) || out->pid < 0)
		return false;
	for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
		const char *at = span_find(name, behind[i]);

		if (at && (!end || at < end))
			end = at;
	}
	out->kind = OOMLOG_CPU;
	if (end)
		copy_text(span_before(name, end), escaped, out->comm, sizeof(out->comm));
	else if (name.len <= COMM_MAX)
		copy_text(name, escaped, out->comm, sizeof(out->comm));
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

	while (span_skip(&function, "_"))
		;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_starts(function, names[i]))
			return true;
	return false;
}

/* "Call Trace:", " [<ffffffff81720bf6>] ? name+0x1/0x2", " name+0x1/0x2", "a from b+0x1/0x2" */
static bool parse_trace(struct span text, struct oomlog_line *out)
{
	const char *plus = span_find(text, "+0x");
	bool doubtful;

	if (span_starts(text, "Call Trace:") || span_starts(text, "Call trace:") ||
	    span_starts(text, "Backtrace:")) {
		out->kind = OOMLOG_TRACE;
		return true;
	}
	if (!plus || !memchr(plus, '/', text.len - (size_t)(plus - text.at)) ||
	    span_starts(text, "RIP: ") || span_starts(text, "EIP: "))
		return false;
	if (span_starts(text, "[<")) {
		const char *end = span_find(text, ">] ");

		if (!end)
			return false;
		text = span_after(text, end, ">] ");
	}
	doubtful = span_skip(&text, "? ");
	span_skip(&text, "(");
	out->kind = OOMLOG_TRACE;
	out->memcg_frame = !doubtful && is_memcg_frame(text);
	return true;
}

/* memory: usage NkB, limit NkB, failcnt N */
static bool parse_usage(struct span text, struct oomlog_line *out)
{
	static const struct {
		const char *word;
		enum oomlog_counter counter;
	} words[] = {{"memory: usage ", OOMLOG_MEMORY},
		     {"memory+swap: usage ", OOMLOG_MEMSW},
		     {"swap: usage ", OOMLOG_SWAP},
		     {"kmem: usage ", OOMLOG_KMEM}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!span_skip(&text, words[i].word))
			continue;
		out->kind = OOMLOG_USAGE;
		out->counter = words[i].counter;
		out->usage.known =
		    span_skip_number(&text, &out->usage.usage_kb) && span_skip(&text, "kB,") &&
		    (skip_blanks(&text), true) && span_skip(&text, "limit ") &&
		    span_skip_number(&text, &out->usage.limit_kb) && span_skip(&text, "kB,") &&
		    (skip_blanks(&text), true) && span_skip(&text, "failcnt ") &&
		    span_skip_number(&text, &out->usage.failcnt);
		out->partial = !out->usage.known;
		return true;
	}
	return false;
}

/* Memory cgroup stats for PATH: [cache:0KB …] */
static bool parse_stats(struct span text, bool escaped, struct oomlog_line *out)
{
	const char *end;

	if (!span_skip(&text, "Memory cgroup stats"))
		return false;
	out->kind = OOMLOG_STATS;
	if (!span_skip(&text, " for ")) {
		out->partial = text.len == 0 || span_starts(text, " ");
		return true;
	}
	end = span_find(text, ": ");
	if (!end && text.len && text.at[text.len - 1] == ':')
		end = text.at + text.len - 1;
	if (!end || !span_starts(text, "/")) {
		out->partial = true;
		return true;
	}
	copy_text(span_before(text, end), escaped, out->cgroup, sizeof(out->cgroup));
	out->rest = span_after(text, end, ":");
	return true;
}

/* "anon 4096": a lower-case word and a number, nothing else. */
static bool parse_stat(struct span text, struct oomlog_line *out)
{
	struct span rest = text;
	uint64_t number;

	while (rest.len && ((rest.at[0] >= 'a' && rest.at[0] <= 'z') || rest.at[0] == '_' ||
			    (rest.at != text.at && rest.at[0] >= '0' && rest.at[0] <= '9')))
		rest = (struct span){rest.at + 1, rest.len - 1};
	if (rest.at == text.at || !span_skip(&rest, " ") || !span_skip_number(&rest, &number) ||
	    rest.len)
		return false;
	out->kind = OOMLOG_STAT;
	out->rest = text;
	return true;
}

/* [ pid ]   uid  tgid total_vm      rss … name */
static bool parse_table(struct span text, struct oomlog_line *out)
{
	struct span last = {0};

	if (!span_skip(&text, "["))
		return false;
	skip_blanks(&text);
	if (!span_skip(&text, "pid"))
		return false;
	skip_blanks(&text);
	if (!span_skip(&text, "]"))
		return false;
	skip_blanks(&text);
	if (!span_starts(text, "uid"))
		return false;
	out->kind = OOMLOG_TABLE;
	while (text.len) {
		struct span word = text;

		while (text.len && text.at[0] != ' ' && text.at[0] != '\t')
			text = (struct span){text.at + 1, text.len - 1};
		word.len = (size_t)(text.at - word.at);
		skip_blanks(&text);
		if (word.len == 4 && span_starts(word, "name") && !text.len) {
			out->column_score = last.len == 13 && span_starts(last, "oom_score_adj");
			out->partial =
			    !out->column_score && !(last.len == 7 && span_starts(last, "oom_adj"));
			return true;
		}
		last = word;
		out->columns++;
	}
	out->partial = true;
	return true;
}

/*
 * How many numbers a row has before the name, where no header tells: 6 (2.6.32, with oom_adj),
 * 7, 8 (nr_pmds, 4.3 to 4.14) or 10 (three kinds of rss, since 6.8).
 */
static unsigned likely_columns(unsigned found)
{
	static const unsigned known[] = {10, 8, 7, 6};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (found >= known[i])
			return known[i];
	return 0;
}

/* [  123]     0   123    4567     89 … name */
static bool parse_row(struct span text, bool escaped, const struct oomlog_line *table,
		      struct oomlog_line *out)
{
	int64_t numbers[COLUMNS_MAX];
	struct span ends[COLUMNS_MAX];
	unsigned found = 0, columns = table ? table->columns : 0;
	uint64_t pid;

	if (!span_skip(&text, "["))
		return false;
	skip_blanks(&text);
	if (!span_skip_number(&text, &pid) || pid > INT32_MAX || !span_skip(&text, "]"))
		return false;
	while (found < COLUMNS_MAX && (!columns || found < columns)) {
		struct span rest = text;

		skip_blanks(&rest);
		if (rest.at == text.at || !skip_int(&rest, &numbers[found]) ||
		    (rest.len && rest.at[0] != ' ' && rest.at[0] != '\t'))
			break;
		ends[found++] = text = rest;
	}
	if (!columns)
		columns = likely_columns(found);
	if (table && found > 0 && found < 4) {
		out->kind = OOMLOG_ROW;
		out->partial = true;
		return true;
	}
	if (columns < 4 || found < 4)
		return false;
	out->kind = OOMLOG_ROW;
	out->columns = columns;
	out->pid = (int32_t)pid;
	out->uid = (uint64_t)numbers[0];
	out->total_vm = (uint64_t)numbers[2];
	out->rss = (uint64_t)numbers[3];
	if (found < columns || !ends[columns - 1].len) {
		out->partial = true;
		return true;
	}
	/* One blank is the kernel's, more belong to the name. */
	text = ends[columns - 1];
	span_skip(&text, " ");
	copy_text(text, escaped, out->comm, sizeof(out->comm));
	out->has_score = (table ? table->column_score : columns > 6) &&
			 numbers[columns - 1] >= -1000 && numbers[columns - 1] <= 1000;
	out->oom_score_adj = out->has_score ? (int32_t)numbers[columns - 1] : 0;
	out->swapents =
	    columns > 6 && numbers[columns - 2] > 0 ? (uint64_t)numbers[columns - 2] : 0;
	return true;
}

static bool take_message(struct span *text, enum oomlog_constraint *constraint)
{
	static const struct {
		const char *words;
		enum oomlog_constraint constraint;
	} messages[] = {
	    {"Memory cgroup out of memory: ", OOMLOG_MEMCG},
	    {"Out of memory: ", OOMLOG_GLOBAL},
	    {"Out of Memory: ", OOMLOG_GLOBAL},
	    {"Out of memory (oom_kill_allocating_task): ", OOMLOG_GLOBAL},
	    {"No available memory (MPOL_BIND): ", OOMLOG_MEMPOLICY},
	    {"No available memory in cpuset: ", OOMLOG_CPUSET_NODES},
	};

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		if (span_skip(text, messages[i].words)) {
			*constraint = messages[i].constraint;
			return true;
		}
	}
	return false;
}

/* …: Kill process N (x) score S or sacrifice child */
static bool parse_chosen(struct span text, bool escaped, struct oomlog_line *out)
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
	if (!span_skip(&text, " (") || !end)
		return true;
	copy_text(span_before(text, end), escaped, out->comm, sizeof(out->comm));
	text = span_after(text, end, word);
	out->has_score = skip_int(&text, &out->score);
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
		copy_text((struct span){at + strlen(own) - 1, (size_t)(end - at) - strlen(own) + 1},
			  escaped, out->kill.oom_cgroup, sizeof(out->kill.oom_cgroup));
	if (end) {
		text = span_after(text, end, task);
		at = span_find(text, ",task=");
		if (at)
			copy_text((struct span){text.at - 1, (size_t)(at - text.at) + 1}, escaped,
				  out->kill.task_cgroup, sizeof(out->kill.task_cgroup));
	}
	if (span_find(text, ",uid=") && int_behind(text, ",pid=", &pid) && pid > 0)
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
		copy_text(span_before(value, end), escaped, out->text, sizeof(out->text));
}

static void parse_killed(struct span text, struct oomlog_line *out)
{
	out->kind = OOMLOG_KILLED;
	take_message(&text, &out->constraint);
	/* Since 5.3 the line ends with the score; sizes come in one piece. */
	out->partial = text.at[text.len - 1] == ',' ||
		       (out->kill.has_total_vm && !out->kill.has_file_rss) ||
		       (span_find(text, " UID:") && !out->kill.has_score);
}

/* What kmsg.h knows: the lines that the shim reads too. */
static bool parse_kill(struct span text, bool escaped, struct oomlog_line *out)
{
	struct span plain = text;
	enum oomlog_constraint ignored;

	/* Messages of old kernels in front of "Killed process". */
	if (!span_starts(text, "Memory cgroup") && !span_starts(text, "Out of memory") &&
	    take_message(&plain, &ignored))
		kmsg_parse_text(plain.at, plain.len, escaped, &out->kill);
	else
		kmsg_parse_text(text.at, text.len, escaped, &out->kill);
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
static bool parse_cut_kill(struct span text, bool escaped, struct oomlog_line *out)
{
	const char *const limit = "Memory limit reached of cgroup ";

	if (span_starts(text, limit)) {
		out->kind = OOMLOG_TASK_IN;
		text = span_after(text, text.at, limit);
		copy_text(text, escaped, out->kill.oom_cgroup, sizeof(out->kill.oom_cgroup));
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

static bool parse_reaped(struct span text, bool escaped, struct oomlog_line *out)
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
		copy_text(span_before(text, end), escaped, out->comm, sizeof(out->comm));
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
		return parse_table(text, out) || parse_row(text, escaped, table, out) ||
		       parse_trace(text, out);
	return parse_kill(text, escaped, out) || parse_chosen(text, escaped, out) ||
	       parse_cut_kill(text, escaped, out) || parse_usage(text, out) ||
	       parse_stats(text, escaped, out) || parse_reaped(text, escaped, out) ||
	       parse_cpu(text, escaped, out) || parse_words(text, out);
}

/* The kernel's words behind something that no rule knew, but that ends as a prefix does. */
static bool find_words(struct span text, struct span *found)
{
	for (size_t i = 1; i < text.len && i < LOOSE_MAX; i++) {
		struct span rest = {text.at + i, text.len - i};

		if (i < 2 || text.at[i - 1] != ' ' || !strchr(":]>|;", text.at[i - 2]))
			continue;
		if (oomlog_is_report_word(rest)) {
			*found = rest;
			return true;
		}
	}
	return false;
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
	    parse_cpuset(text, mark->escaped, out) || parse_stat(text, out))
		return out->kind;
	if (!mark->escaped && !mark->has_time && find_words(text, &found) &&
	    parse_known(found, false, table, out))
		return out->kind;
	*out = (struct oomlog_line){.kind = OOMLOG_OTHER};
	return OOMLOG_OTHER;
}
