/* SPDX-License-Identifier: Apache-2.0 */
/* When the way to the limit is looked at, and what of it is kept. */
#include <string.h>

#include "timeline.h"
#include "unit.h"

#define MIB (UINT64_C(1) << 20)
#define LIMIT (UINT64_C(1000) * MIB)

static struct stall_sample sample(uint64_t usage_mib, uint64_t cache_mib)
{
	return (struct stall_sample){.at_ms = 1000,
				     .usage = {.limit = LIMIT,
					       .usage = usage_mib * MIB,
					       .inactive_file = cache_mib / 2 * MIB,
					       .active_file = cache_mib / 2 * MIB}};
}

static const struct {
	const char *what;
	enum cgroup_version version;
	uint64_t usage_mib, cache_mib;
	int ms;
	bool wants;
} paces[] = {
    {"v1 far below", CGROUP_V1, 100, 0, -1, false},
    {"v1 just below the mark", CGROUP_V1, 740, 0, -1, false},
    {"v1 at three quarters", CGROUP_V1, 760, 0, 5000, true},
    {"v1 full of page cache", CGROUP_V1, 1000, 600, -1, true},
    {"v1 close", CGROUP_V1, 920, 0, 1000, true},
    {"v1 very close", CGROUP_V1, 990, 10, 250, true},
    {"v2 far below: twice a minute", CGROUP_V2, 10, 0, 30000, true},
    {"v2 at half", CGROUP_V2, 510, 0, 15000, true},
    {"v2 full of page cache", CGROUP_V2, 1000, 800, 30000, true},
    {"v2 very close", CGROUP_V2, 960, 0, 250, true},
};

START_TEST(the_closer_the_faster)
{
	struct stall_sample now = sample(paces[_i].usage_mib, paces[_i].cache_mib);
	struct timeline_pace pace = {0};

	ck_assert_msg(timeline_pace_ms(&pace, &now, paces[_i].version) == paces[_i].ms, "%s: %u",
		      paces[_i].what, pace.ms);
	ck_assert_msg(timeline_wants(&now, paces[_i].version) == paces[_i].wants, "%s",
		      paces[_i].what);
}
END_TEST

START_TEST(what_stands_still_is_let_alone)
{
	struct stall_sample now = sample(960, 0);
	struct timeline_pace pace = {0};
	int total = 0, ms = 0;

	for (int i = 0; i < 9; i++) {
		ms = timeline_pace_ms(&pace, &now, CGROUP_V1);
		total += ms;
	}
	ck_assert_int_eq(ms, 30000);
	ck_assert_int_lt(total, 120000);
	/* A little up and down is no growth, a step is. */
	now.usage.usage += MIB;
	ck_assert_int_eq(timeline_pace_ms(&pace, &now, CGROUP_V1), 30000);
	now.usage.usage += 4 * MIB;
	ck_assert_int_eq(timeline_pace_ms(&pace, &now, CGROUP_V1), 250);
}
END_TEST

START_TEST(without_a_limit_or_frozen_nothing)
{
	struct stall_sample now = sample(960, 0);
	struct timeline_pace pace = {0};

	now.frozen = true;
	ck_assert_int_eq(timeline_pace_ms(&pace, &now, CGROUP_V2), -1);
	now.frozen = false;
	now.usage.limit = MEMCG_NO_LIMIT;
	ck_assert_int_eq(timeline_pace_ms(&pace, &now, CGROUP_V2), -1);
	ck_assert(!timeline_wants(&now, CGROUP_V2));
}
END_TEST

START_TEST(the_ring_holds_the_newest)
{
	static struct scene_timeline timeline;
	struct stall_sample now = sample(900, 0);

	for (uint64_t i = 0; i < SCENE_TIMELINE_MAX + 3; i++) {
		now.at_ms = i;
		now.has_pressure = i % 2;
		now.pressure_centi = 1234;
		timeline_add(&timeline, &now);
	}
	ck_assert_uint_eq(timeline.len, SCENE_TIMELINE_MAX);
	ck_assert_uint_eq(timeline.next, 3);
	ck_assert_uint_eq(timeline.sample[3].at_ms, 3);
	ck_assert_uint_eq(timeline.sample[2].at_ms, SCENE_TIMELINE_MAX + 2);
	ck_assert_uint_eq(timeline.sample[3].usage_kib, 900 * 1024);
	ck_assert_int_eq(timeline.sample[3].pressure_centi, 1234);
	ck_assert_int_eq(timeline.sample[4].pressure_centi, -1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("timeline");
	TCase *tests = tcase_create("timeline");

	tcase_add_loop_test(tests, the_closer_the_faster, 0,
			    (int)(sizeof(paces) / sizeof(paces[0])));
	tcase_add_test(tests, what_stands_still_is_let_alone);
	tcase_add_test(tests, without_a_limit_or_frozen_nothing);
	tcase_add_test(tests, the_ring_holds_the_newest);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
