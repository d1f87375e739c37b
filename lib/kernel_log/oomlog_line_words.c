/* SPDX-License-Identifier: Apache-2.0 */
/* Words, numbers and names of a line. */
#include "oomlog_line_parts.h"

#include <string.h>

void oomlog_skip_blanks(struct span *text)
{
	while (text->len && (text->at[0] == ' ' || text->at[0] == '\t')) {
		text->at++;
		text->len--;
	}
}

void oomlog_copy_text(struct span text, bool escaped, char *buf, size_t cap)
{
	kmsg_copy_name(text.at, text.len, escaped, buf, cap);
}

bool oomlog_skip_int(struct span *text, int64_t *out)
{
	bool minus = span_skip(text, "-");
	uint64_t number;

	if (!span_skip_number(text, &number) || number > INT64_MAX)
		return false;
	*out = minus ? -(int64_t)number : (int64_t)number;
	return true;
}

bool oomlog_int_behind(struct span text, const char *word, int32_t *out)
{
	const char *at = span_find(text, word);
	int64_t number;

	if (!at)
		return false;
	text = span_after(text, at, word);
	if (!oomlog_skip_int(&text, &number) || number > INT32_MAX || number < INT32_MIN)
		return false;
	*out = (int32_t)number;
	return true;
}

/*
 * The name of a task at the end of `text`, which may hold things in front that no rule knew. A name
 * has 15 bytes at most and may hold blanks: what a mark ends is taken off, then the last word is
 * it.
 */
struct span oomlog_comm_at_end(struct span text)
{
	static const char *const marks[] = {": ", "] ", "> ", "| ", "; ", ") "};

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
