/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of figures: usage and limit, the statistics of a cgroup, the table of tasks. */
#include "oomlog_line_parts.h"

#include <string.h>

#define COLUMNS_MAX 16

/* memory: usage NkB, limit NkB, failcnt N */
bool oomlog_parse_usage(struct span text, struct oomlog_line *out)
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
		    (oomlog_skip_blanks(&text), true) && span_skip(&text, "limit ") &&
		    span_skip_number(&text, &out->usage.limit_kb) && span_skip(&text, "kB,") &&
		    (oomlog_skip_blanks(&text), true) && span_skip(&text, "failcnt ") &&
		    span_skip_number(&text, &out->usage.failcnt);
		out->partial = !out->usage.known;
		return true;
	}
	return false;
}

/* Memory cgroup stats for PATH: [cache:0KB …] */
bool oomlog_parse_stats(struct span text, bool escaped, struct oomlog_line *out)
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
	oomlog_copy_text(span_before(text, end), escaped, out->cgroup, sizeof(out->cgroup));
	out->rest = span_after(text, end, ":");
	return true;
}

/* "anon 4096": a lower-case word and a number, nothing else. */
bool oomlog_parse_stat(struct span text, struct oomlog_line *out)
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

/* A column that some kernel has had: a word that was broken is none of them. */
static bool is_column(struct span word)
{
	static const char *const columns[] = {
	    "uid",	     "tgid",	       "total_vm", "rss",      "cpu",	   "oom_adj",
	    "nr_ptes",	     "nr_pmds",	       "swapents", "rss_anon", "rss_file", "rss_shmem",
	    "oom_score_adj", "pgtables_bytes",
	};

	return SPAN_IS_ONE_OF(word, columns);
}

/* [ pid ]   uid  tgid total_vm      rss … name */
bool oomlog_parse_table(struct span text, struct oomlog_line *out)
{
	struct span last = {0};

	if (!span_skip(&text, "["))
		return false;
	oomlog_skip_blanks(&text);
	if (!span_skip(&text, "pid"))
		return false;
	oomlog_skip_blanks(&text);
	if (!span_skip(&text, "]"))
		return false;
	oomlog_skip_blanks(&text);
	if (!span_starts(text, "uid"))
		return false;
	out->kind = OOMLOG_TABLE;
	while (text.len) {
		struct span word = text;

		while (text.len && text.at[0] != ' ' && text.at[0] != '\t')
			text = (struct span){text.at + 1, text.len - 1};
		word.len = (size_t)(text.at - word.at);
		oomlog_skip_blanks(&text);
		if (word.len == 4 && span_starts(word, "name") && !text.len) {
			out->column_score = last.len == 13 && span_starts(last, "oom_score_adj");
			out->partial =
			    !out->column_score && !(last.len == 7 && span_starts(last, "oom_adj"));
			return true;
		}
		last = word;
		out->columns++;
		out->strange = out->strange || !is_column(word);
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
bool oomlog_parse_row(struct span text, bool escaped, const struct oomlog_line *table,
		      struct oomlog_line *out)
{
	int64_t numbers[COLUMNS_MAX];
	struct span ends[COLUMNS_MAX];
	unsigned found = 0, columns = table ? table->columns : 0;
	uint64_t pid;

	if (!span_skip(&text, "["))
		return false;
	oomlog_skip_blanks(&text);
	if (!span_skip_number(&text, &pid) || pid > INT32_MAX || !span_skip(&text, "]"))
		return false;
	while (found < COLUMNS_MAX && (!columns || found < columns)) {
		struct span rest = text;

		oomlog_skip_blanks(&rest);
		if (rest.at == text.at || !oomlog_skip_int(&rest, &numbers[found]) ||
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
	if (!table && found > 2 && !columns && !text.len) {
		/* Without a header only the rest tells whether it is one. */
		out->kind = OOMLOG_ROW;
		out->partial = out->beginning = true;
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
	oomlog_copy_text(text, escaped, out->comm, sizeof(out->comm));
	out->has_score = (table ? table->column_score : columns > 6) &&
			 numbers[columns - 1] >= -1000 && numbers[columns - 1] <= 1000;
	out->oom_score_adj = out->has_score ? (int32_t)numbers[columns - 1] : 0;
	return true;
}
