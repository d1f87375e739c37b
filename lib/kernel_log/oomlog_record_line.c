/* SPDX-License-Identifier: Apache-2.0 */
/* Which lines are of a record: fields of journalctl's own forms, and JSON. */
#include <string.h>

#include "oomlog_record.h"

#define TAG_BYTES 200 /* in front of an object */

/* "KEY=value", as journalctl -o export writes it; -o verbose puts blanks in front. */
static bool take_field(struct oomlog_records *records, struct span line)
{
	static const char *const known[] = {"MESSAGE",
					    "_TRANSPORT",
					    "__CURSOR",
					    "SYSLOG_IDENTIFIER",
					    "_BOOT_ID",
					    "_SOURCE_MONOTONIC_TIMESTAMP",
					    "__REALTIME_TIMESTAMP"};
	struct span key = line;
	size_t len = 0;

	while (len < line.len &&
	       ((line.at[len] >= 'A' && line.at[len] <= 'Z') ||
		(line.at[len] >= '0' && line.at[len] <= '9') || line.at[len] == '_'))
		len++;
	key.len = len;
	if (len < 2 || len == line.len || line.at[len] != '=' ||
	    (!records->now.any && !SPAN_IS_ONE_OF(key, known)))
		return false;
	if (span_starts(line, "__CURSOR="))
		records_end(records);
	records->now.any = true;
	records->now.prefix = OOMLOG_JOURNAL;
	records_put(records, key, span_after(line, line.at + len, "="));
	return true;
}

/* Some put a date and a tag in front of the object: "2020-01-01 00:00:00 kernel: {…}". */
static bool take_json_behind(struct oomlog_records *records, struct span line)
{
	static const char *const names[] = {"\"message\":", "\"MESSAGE\":", "\"log\":", "\"msg\":"};
	const char *open;

	if (!line.len || line.at[line.len - 1] != '}')
		return false;
	open = span_find(line, "{\"");
	if (!open || open - line.at > TAG_BYTES)
		return false;
	line = (struct span){open, line.len - (size_t)(open - line.at)};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (span_find(line, names[i]))
			return records_take_json(records, line);
	return false;
}

bool records_take(struct oomlog_records *records, struct span line, uint64_t number)
{
	while (line.len && strchr(" \t", line.at[0]))
		line = (struct span){line.at + 1, line.len - 1};
	while (line.len && strchr(" \t\r", line.at[line.len - 1]))
		line.len--;
	records->line = number;
	if (take_field(records, line) || records_take_json(records, line) ||
	    take_json_behind(records, line))
		return true;
	if (!records->now.any)
		return false;
	/* An empty line ends one of the export form, the next one's head one of the verbose. */
	records_end(records);
	return !line.len || (span_find(line, " [s=") && span_find(line, ";i="));
}
