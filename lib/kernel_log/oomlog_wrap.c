/* SPDX-License-Identifier: Apache-2.0 */
#include "oomlog_wrap.h"

#include <string.h>

struct span wrap_piece(const struct oomlog_wrap *wrap, unsigned number)
{
	size_t start = number ? wrap->ends[number - 1] : 0;

	return (struct span){wrap->bytes + start, wrap->ends[number] - start};
}

bool wrap_add(struct oomlog_wrap *wrap, struct span text)
{
	size_t start = wrap->pieces ? wrap->ends[wrap->pieces - 1] : 0;

	if (wrap->pieces == WRAP_PIECES || text.len > WRAP_BYTES - start)
		return false;
	memcpy(wrap->bytes + start, text.at, text.len);
	wrap->ends[wrap->pieces++] = start + text.len;
	return true;
}

bool wrap_hold(struct oomlog_wrap *wrap, struct span text, const struct oomlog_mark *mark,
	       uint64_t line)
{
	wrap->pieces = 0;
	wrap->mark = *mark;
	wrap->line = line;
	wrap->beginning = false;
	return wrap_add(wrap, text);
}

/* Bit N of `blanks`: a blank stands behind piece N. `quoted`: a "=" at an end is
 * quoted-printable's. */
static struct span join(struct oomlog_wrap *wrap, unsigned blanks, bool quoted)
{
	size_t len = 0;

	for (unsigned i = 0; i < wrap->pieces; i++) {
		struct span piece = wrap_piece(wrap, i);
		bool last = i + 1 == wrap->pieces;

		if (quoted && !last && piece.len > 1 && piece.at[piece.len - 1] == '=')
			piece.len--;
		memcpy(wrap->joined + len, piece.at, piece.len);
		len += piece.len;
		if (!last && (blanks & 1U << i))
			wrap->joined[len++] = ' ';
	}
	return (struct span){wrap->joined, len};
}

bool wrap_join(struct oomlog_wrap *wrap, const struct oomlog_line *table, struct span *text,
	       struct oomlog_line *out)
{
	unsigned ways = wrap->pieces < 2 ? 0 : 1U << (wrap->pieces - 1);

	for (unsigned way = 0; way < 2 * ways; way++) {
		*text = join(wrap, way % ways, way < ways);
		if (oomlog_classify(*text, &wrap->mark, table, out) != OOMLOG_OTHER &&
		    out->kind != OOMLOG_STAT && !out->partial)
			return true;
	}
	return false;
}
