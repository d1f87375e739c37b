/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What oomlog_classify() is made of. Each parser takes a line without its prefix and says whether
 * it is of its kind; then *out is filled. `escaped`: blanks and the like stand as in /dev/kmsg.
 */
#pragma once

#include "oomlog_line.h"

#define COMM_MAX 15 /* TASK_COMM_LEN - 1 */

/* Words, numbers and names. */
void oomlog_skip_blanks(struct span *text);
void oomlog_copy_text(struct span text, bool escaped, char *buf, size_t cap);
bool oomlog_skip_int(struct span *text, int64_t *out);
/* The number behind the first `word`. */
bool oomlog_int_behind(struct span text, const char *word, int32_t *out);
/* The name of a task that ends `text`. */
struct span oomlog_comm_at_end(struct span text);

/* Figures. `table` is the header that the rows stand under, or NULL. */
bool oomlog_parse_usage(struct span text, struct oomlog_line *out);
bool oomlog_parse_stats(struct span text, bool escaped, struct oomlog_line *out);
bool oomlog_parse_stat(struct span text, struct oomlog_line *out);
bool oomlog_parse_table(struct span text, struct oomlog_line *out);
bool oomlog_parse_row(struct span text, bool escaped, const struct oomlog_line *table,
		      struct oomlog_line *out);

/* The outcome. */
bool oomlog_parse_chosen(struct span text, bool escaped, struct oomlog_line *out);
bool oomlog_parse_kill(struct span text, bool escaped, struct oomlog_line *out);
bool oomlog_parse_cut_kill(struct span text, bool escaped, struct oomlog_line *out);
bool oomlog_parse_kill_beginning(struct span text, struct oomlog_line *out);
bool oomlog_parse_exiting(struct span text, bool escaped, struct oomlog_line *out);
bool oomlog_parse_panic(struct span text, struct oomlog_line *out);
bool oomlog_parse_reaped(struct span text, bool escaped, struct oomlog_line *out);
