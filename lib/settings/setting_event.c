/* SPDX-License-Identifier: Apache-2.0 */
#include "setting_event.h"

#include <string.h>

static enum journal_priority priority_of(const char *event, const struct setting_result *result)
{
	if (strcmp(event, "drift") == 0)
		return JOURNAL_WARNING;
	switch (result->outcome) {
	case SETTING_UNCHANGED:
	case SETTING_APPLIED:
	case SETTING_LATER:
		return JOURNAL_INFO;
	case SETTING_REFUSED:
	case SETTING_FAILED:
		break;
	}
	return JOURNAL_WARNING;
}

int setting_event(struct journal *journal, const char *event, const struct setting_result *result)
{
	const char *outcome = setting_outcome_name(result->outcome);
	struct jsonw *w =
	    journal_begin(journal, priority_of(event, result), event, "%s %s: %s -> %s%s%s",
			  result->key, outcome, result->old_value[0] ? result->old_value : "?",
			  result->new_value[0] ? result->new_value : "?",
			  result->reason[0] ? ", " : "", result->reason);

	jsonw_kv_string(w, "key", result->key);
	jsonw_kv_string(w, "file", result->file);
	jsonw_kv_string(w, "outcome", outcome);
	jsonw_kv_string(w, "old", result->old_value);
	jsonw_kv_string(w, "new", result->new_value);
	jsonw_kv_string(w, "reason", result->reason);
	return journal_end(journal);
}
