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
	wrap->beginning = wrap->open_end = false;
	return wrap_add(wrap, text);
}

/*
 * The first `pieces`. Bit N of `blanks`: a blank stands behind piece N. `quoted`: a "=" at an end
 * is quoted-printable's.
 */
static struct span join(struct oomlog_wrap *wrap, unsigned pieces, unsigned blanks, bool quoted)
{
	size_t len = 0;

	for (unsigned i = 0; i < pieces; i++) {
		struct span piece = wrap_piece(wrap, i);
		bool last = i + 1 == pieces;

		if (quoted && !last && piece.len > 1 && piece.at[piece.len - 1] == '=')
			piece.len--;
		memcpy(wrap->joined + len, piece.at, piece.len);
		len += piece.len;
		if (!last && (blanks & 1U << i))
			wrap->joined[len++] = ' ';
	}
	return (struct span){wrap->joined, len};
}

/*
 * Is it a whole line, joined this way? Figures that a break parted without a blank, and those that
 * it parted at one, look alike in a row whose header is not known: mail, which breaks at blanks, is
 * the likelier one.
 */
static bool is_whole(const struct oomlog_line *line, bool tabled, bool blanks, bool strange)
{
	if (line->kind == OOMLOG_OTHER || line->kind == OOMLOG_STAT || line->partial)
		return false;
	if (line->kind == OOMLOG_ROW && !tabled && !blanks)
		return false;
	return strange || !line->strange;
}

bool wrap_join(struct oomlog_wrap *wrap, const struct oomlog_line *table, struct span *text,
	       struct oomlog_line *out)
{
	unsigned ways = wrap->pieces < 2 ? 0 : 1U << (wrap->pieces - 1);

	/* A header of known columns before one that only the break may have made strange. */
	for (unsigned strange = 0; strange < 2; strange++) {
		for (unsigned way = 0; way < 2 * ways; way++) {
			*text = join(wrap, wrap->pieces, way % ways, way < ways);
			oomlog_classify(*text, &wrap->mark, table, out);
			if (is_whole(out, table != NULL, way % ways == ways - 1, strange))
				return true;
		}
	}
	return false;
}

unsigned wrap_join_sizes(struct oomlog_wrap *wrap, struct span *text, struct oomlog_line *out)
{
	for (unsigned pieces = 2; pieces <= wrap->pieces; pieces++) {
		*text = join(wrap, pieces, ~0U, false);
		if (oomlog_classify(*text, &wrap->mark, NULL, out) == OOMLOG_KILLED &&
		    out->kill.has_sizes)
			return pieces;
	}
	return 0;
}
