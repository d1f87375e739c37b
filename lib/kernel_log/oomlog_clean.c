/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What terminals and pages put into lines: colours, no-break blanks, entities and tags of HTML.
 * The kernel prints none of them.
 */
#include <string.h>

#include "oomlog_line.h"

/* Something to do? Looked at for each line, so cheap. */
static bool is_clean(struct span line)
{
	return !memchr(line.at, '\x1b', line.len) && !memchr(line.at, '&', line.len) &&
	       !memchr(line.at, '\xc2', line.len) && !memchr(line.at, '\xef', line.len) &&
	       !memchr(line.at, '#', line.len) &&
	       (!line.len || line.at[line.len - 1] != '>' || !memchr(line.at, '<', line.len));
}

/* "ESC [ 32 m", or ESC and one byte. */
static size_t escape_len(struct span text)
{
	size_t len = 2;

	if (text.len < 2 || text.at[1] != '[')
		return text.len < 2 ? text.len : 2;
	while (len < text.len && (text.at[len] < '@' || text.at[len] > '~'))
		len++;
	return len < text.len ? len + 1 : len;
}

/* What stands for one byte, or for none ('\0'). Returns its length, 0: nothing of that kind. */
static size_t replaced_len(struct span text, char *with)
{
	static const struct {
		const char *text;
		char with;
	} table[] = {
	    {"&lt;", '<'},   {"&gt;", '>'},	     {"&amp;", '&'},   {"&quot;", '"'},
	    {"&#34;", '"'},  {"&#39;", '\''},	     {"&#x27;", '\''}, {"&#47;", '/'},
	    {"&#x2F;", '/'}, {"&nbsp;", ' '},	     {"&#160;", ' '},  {"\xc2\xa0", ' '},
	    {"#011", '\t'},  {"\xef\xbb\xbf", '\0'},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (!span_starts(text, table[i].text))
			continue;
		*with = table[i].with;
		return strlen(table[i].text);
	}
	return 0;
}

/* "<br>", "</p>" and the like: only those that pages put around lines. */
static bool is_tag(struct span tag)
{
	static const char *const names[] = {"br",   "p",  "div", "li", "code", "pre",
					    "span", "td", "tr",	 "b",  "a",    "font"};
	size_t len = 0;

	span_skip(&tag, "/");
	while (len < tag.len && tag.at[len] >= 'a' && tag.at[len] <= 'z')
		len++;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (len == strlen(names[i]) && !memcmp(tag.at, names[i], len))
			return true;
	return false;
}

static struct span without_tags(struct span line)
{
	while (line.len && line.at[line.len - 1] == '>') {
		const char *open = memrchr(line.at, '<', line.len);

		if (!open || !is_tag(span_after(line, open, "<")))
			break;
		line = span_before(line, open);
	}
	while (line.len && line.at[0] == '<' && is_tag(span_after(line, line.at, "<"))) {
		const char *close = memchr(line.at, '>', line.len);

		if (!close)
			break;
		line = span_after(line, close, ">");
	}
	return line;
}

struct span oomlog_clean(struct span line, char *buf, size_t cap)
{
	size_t len = 0;

	if (is_clean(line))
		return line;
	line = without_tags(line);
	while (line.len && len < cap) {
		char with = line.at[0];
		size_t taken = with == '\x1b' ? escape_len(line) : replaced_len(line, &with);

		if (with != '\x1b' && with != '\0')
			buf[len++] = with;
		taken = taken ? taken : 1;
		line = (struct span){line.at + taken, line.len - taken};
	}
	return (struct span){buf, len};
}
