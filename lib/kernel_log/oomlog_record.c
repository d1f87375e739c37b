/* SPDX-License-Identifier: Apache-2.0 */
#include "oomlog_record.h"

#include <string.h>

#define TAG_BYTES 200 /* in front of an object */

static bool is_one_of(struct span key, const char *const *words, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (key.len == strlen(words[i]) && !memcmp(key.at, words[i], key.len))
			return true;
	return false;
}

#define IS_ONE_OF(key, words) is_one_of(key, words, sizeof(words) / sizeof((words)[0]))

/* "msg" is what programs call their own messages: it must look like printk's. */
static bool is_message(struct span key, struct span value)
{
	static const char *const names[] = {"MESSAGE", "message",  "log",  "textPayload",
					    "text",    "@message", "_raw", "line"};

	while (span_skip(&value, " "))
		;
	if (key.len == 3 && span_starts(key, "msg"))
		return span_starts(value, "[");
	return IS_ONE_OF(key, names);
}

static void put_message(struct oomlog_records *records, struct span text)
{
	struct oomlog_record *now = &records->now;
	size_t len = text.len < sizeof(now->text) ? text.len : sizeof(now->text);

	if (now->has_text) {
		/* Some say it twice, under two names. */
		if (now->len == len && !memcmp(now->text, text.at, len))
			return;
		records_end(records);
	}
	now->any = now->has_text = true;
	now->line = records->line;
	now->len = len;
	memcpy(now->text, text.at, len);
}

void records_put(struct oomlog_records *records, struct span key, struct span value)
{
	static const char *const senders[] = {"_TRANSPORT", "SYSLOG_IDENTIFIER", "programname",
					      "ident"};
	struct oomlog_record *now = &records->now;

	if (is_message(key, value)) {
		put_message(records, value);
	} else if (IS_ONE_OF(key, senders)) {
		now->any = true;
		now->foreign = now->foreign || value.len != 6 || !span_starts(value, "kernel");
	} else if (key.len == 27 && span_starts(key, "_SOURCE_MONOTONIC_TIMESTAMP")) {
		now->any = true;
		now->has_time = span_skip_number(&value, &now->time_us);
	}
}

void records_end(struct oomlog_records *records)
{
	struct oomlog_record *now = &records->now;

	if (now->has_text && !now->foreign)
		records->visit(now, records->context);
	now->any = now->has_text = now->foreign = now->has_time = false;
}

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
	    (!records->now.any && !IS_ONE_OF(key, known)))
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
