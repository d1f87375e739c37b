/* SPDX-License-Identifier: Apache-2.0 */
/* Whose change it was, as a table. */
#include "drift.h"
#include "unit.h"

#include <string.h>

/* A row's own words override the defaults; that is the point. Default: something differs, noticed
 * long ago, and nothing speaks for an update. */
#pragma GCC diagnostic ignored "-Woverride-init"
#define RUNC(...)                                                                                  \
	{                                                                                          \
		.differs = true, .runtime_tells = true, .since_ms = DRIFT_NEAR_MS, __VA_ARGS__     \
	}
#define CRUN(...)                                                                                  \
	{                                                                                          \
		.differs = true, .since_ms = DRIFT_NEAR_MS, __VA_ARGS__                            \
	}

static const struct {
	const char *what;
	struct drift_facts facts;
	enum drift_verdict verdict;
} rows[] = {
    {"as it was set", RUNC(.differs = false), DRIFT_NONE},
    {"as it was set, after an update", RUNC(.differs = false, .runtime_wrote = true), DRIFT_NONE},

    {"the OOM killer, at once", RUNC(.kind = DRIFT_OOM_KILLER, .since_ms = 0), DRIFT_PUT_BACK},
    {"the OOM killer, by an update",
     RUNC(.kind = DRIFT_OOM_KILLER, .runtime_wrote = true, .limit_changed = true), DRIFT_PUT_BACK},
    {"oom.group, by an update", RUNC(.kind = DRIFT_OOM_GROUP, .runtime_wrote = true, .since_ms = 0),
     DRIFT_PUT_BACK},
    {"swappiness, with a new limit", CRUN(.kind = DRIFT_SWAPPINESS, .limit_changed = true),
     DRIFT_PUT_BACK},

    {"runc: limit, state.json comes later", RUNC(.kind = DRIFT_LIMIT, .since_ms = 1), DRIFT_WAIT},
    {"runc: limit, state.json did not come", RUNC(.kind = DRIFT_LIMIT), DRIFT_PUT_BACK},
    {"runc: limit, by an update", RUNC(.kind = DRIFT_LIMIT, .runtime_wrote = true, .since_ms = 1),
     DRIFT_RESPECT},
    {"runc: no limit again, by an update",
     RUNC(.kind = DRIFT_LIMIT, .runtime_wrote = true, .as_before = true), DRIFT_RESPECT},
    {"runc: swap, state.json comes later", RUNC(.kind = DRIFT_SWAP, .since_ms = 1999), DRIFT_WAIT},
    {"runc: swap by hand", RUNC(.kind = DRIFT_SWAP), DRIFT_PUT_BACK},
    {"runc: swap and limit by hand", RUNC(.kind = DRIFT_SWAP, .limit_changed = true),
     DRIFT_PUT_BACK},
    {"runc: swap, by an update", RUNC(.kind = DRIFT_SWAP, .runtime_wrote = true), DRIFT_RESPECT},
    {"runc: an update of something else brings the old swap back",
     RUNC(.kind = DRIFT_SWAP, .runtime_wrote = true, .as_before = true), DRIFT_PUT_BACK},
    {"runc: an update of the limit brings the old swap back",
     RUNC(.kind = DRIFT_SWAP, .runtime_wrote = true, .as_before = true, .limit_changed = true),
     DRIFT_RESPECT},

    {"crun: a new limit", CRUN(.kind = DRIFT_LIMIT, .since_ms = 0), DRIFT_RESPECT},
    {"crun: no limit again, systemd maybe", CRUN(.kind = DRIFT_LIMIT, .as_before = true),
     DRIFT_PUT_BACK},
    {"crun: a new swap, the limit may follow", CRUN(.kind = DRIFT_SWAP, .since_ms = 0), DRIFT_WAIT},
    {"crun: a new swap alone", CRUN(.kind = DRIFT_SWAP), DRIFT_PUT_BACK},
    {"crun: a new swap with a new limit",
     CRUN(.kind = DRIFT_SWAP, .since_ms = 0, .limit_changed = true), DRIFT_RESPECT},

    {"a limit that would kill", RUNC(.kind = DRIFT_LIMIT, .in_use = true), DRIFT_IN_USE},
    {"an update is respected all the same",
     RUNC(.kind = DRIFT_LIMIT, .in_use = true, .runtime_wrote = true), DRIFT_RESPECT},
    {"a score, at once", RUNC(.kind = DRIFT_SCORE, .since_ms = 0), DRIFT_PUT_BACK},
    {"a score, the sixth time", RUNC(.kind = DRIFT_SCORE, .put_back = 5), DRIFT_TOO_OFTEN},
    {"the fifth time", RUNC(.kind = DRIFT_OOM_KILLER, .put_back = 4), DRIFT_PUT_BACK},
    {"the sixth time", RUNC(.kind = DRIFT_OOM_KILLER, .put_back = 5), DRIFT_TOO_OFTEN},
    {"an update after all that", RUNC(.kind = DRIFT_SWAP, .put_back = 5, .runtime_wrote = true),
     DRIFT_RESPECT},
};

START_TEST(the_verdict_follows_the_facts)
{
	enum drift_verdict verdict = drift_judge(&rows[_i].facts);
	const char *reason = drift_reason(verdict, &rows[_i].facts);

	ck_assert_msg(verdict == rows[_i].verdict, "%s: verdict %d", rows[_i].what, verdict);
	if (verdict == DRIFT_NONE || verdict == DRIFT_WAIT)
		ck_assert_str_eq(reason, "");
	else
		ck_assert_ptr_nonnull(
		    strstr(reason, verdict == DRIFT_RESPECT && rows[_i].facts.runtime_tells
				       ? "the runtime's update"
				       : "somebody else"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("drift");
	TCase *tests = tcase_create("drift");

	tcase_add_loop_test(tests, the_verdict_follows_the_facts, 0,
			    sizeof(rows) / sizeof(rows[0]));
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
