/* SPDX-License-Identifier: Apache-2.0 */
#include "drift.h"

static bool limit_meant(const struct drift_facts *facts)
{
	return facts->runtime_tells ? facts->runtime_wrote : !facts->as_before;
}

static bool swap_meant(const struct drift_facts *facts)
{
	if (!facts->runtime_tells)
		return facts->limit_changed;
	return facts->runtime_wrote && (facts->limit_changed || !facts->as_before);
}

enum drift_verdict drift_judge(const struct drift_facts *facts)
{
	bool sized = facts->kind == DRIFT_LIMIT || facts->kind == DRIFT_SWAP;

	if (!facts->differs)
		return DRIFT_NONE;
	if (facts->kind == DRIFT_LIMIT ? limit_meant(facts)
				       : facts->kind == DRIFT_SWAP && swap_meant(facts))
		return DRIFT_RESPECT;
	/* The files are written one after the other, and state.json last. */
	if (sized && facts->since_ms < DRIFT_NEAR_MS)
		return DRIFT_WAIT;
	if (facts->kind == DRIFT_LIMIT && facts->in_use)
		return DRIFT_IN_USE;
	if (facts->put_back >= DRIFT_PUT_BACK_MAX)
		return DRIFT_TOO_OFTEN;
	return DRIFT_PUT_BACK;
}

const char *drift_reason(enum drift_verdict verdict, const struct drift_facts *facts)
{
	switch (verdict) {
	case DRIFT_NONE:
	case DRIFT_WAIT:
		break;
	case DRIFT_PUT_BACK:
		return "somebody else had changed it";
	case DRIFT_RESPECT:
		if (facts->runtime_tells)
			return "the runtime's update changed it; it stays";
		return "somebody else changed the limit, as the runtime's update does; it stays";
	case DRIFT_IN_USE:
		return "somebody else changed it, and more than our limit is in use by now";
	case DRIFT_TOO_OFTEN:
		return "somebody else changes it again and again; it is no longer put back";
	}
	return "";
}
