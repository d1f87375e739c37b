/* SPDX-License-Identifier: Apache-2.0 */
#include "oomlog_record.h"

#include <string.h>

/* "msg" is what programs call their own messages: it must look like printk's. */
static bool is_message(struct span key, struct span value)
{
	static const char *const names[] = {"MESSAGE", "message",  "log",  "textPayload",
					    "text",    "@message", "_raw", "line"};

	while (span_skip(&value, " "))
		;
	if (key.len == 3 && span_starts(key, "msg"))
		return span_starts(value, "[");
	return SPAN_IS_ONE_OF(key, names);
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
	} else if (SPAN_IS_ONE_OF(key, senders)) {
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
