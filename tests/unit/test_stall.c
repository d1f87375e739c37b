/* SPDX-License-Identifier: Apache-2.0 */
/* What is a stall and what is not: a course of samples, and the verdict at its end. */
#include <string.h>

#include "ladder.h"
#include "near.h"
#include "stall.h"
#include "unit.h"
#include "victim.h"

#define MIB (UINT64_C(1) << 20)
#define LIMIT (UINT64_C(512) * MIB)

/* One sample of a course: 100 ms after the one before unless told. */
struct look {
	uint64_t after_ms;
	bool under_oom, kill_disabled, frozen, v2;
	uint64_t usage_mib, cache_mib, swap_mib;
	uint64_t failures, ooms, kills, progress, faults; /* totals */
	uint64_t pressure_ms;
	bool has_pressure;
};

static struct stall_sample sample_of(const struct look *look, uint64_t at_ms)
{
	struct stall_sample sample = {.at_ms = at_ms, .frozen = look->frozen};

	sample.counters = (struct memcg_counters){.known = true,
						  .oom_kill = look->kills,
						  .max = look->failures,
						  .oom = look->ooms,
						  .under_oom = look->under_oom,
						  .kill_disabled = look->kill_disabled};
	sample.usage = (struct memcg_usage){.limit = LIMIT,
					    .usage = look->usage_mib * MIB,
					    .inactive_file = look->cache_mib * MIB,
					    .swap_usage = look->swap_mib * MIB,
					    .progress = look->progress,
					    .major_faults = look->faults};
	sample.tells_oom = look->v2;
	sample.has_pressure = look->has_pressure;
	sample.pressure_us = look->pressure_ms * 1000;
	return sample;
}

static const struct {
	const char *what;
	struct look looks[5];
	size_t len;
	enum stall_kind kind;
	enum stall_pace pace;
} courses[] = {
    {"at rest", {{.usage_mib = 100}, {.usage_mib = 100}}, 2, STALL_NONE, PACE_REST},
    {"our killer is off: at once",
     {{.under_oom = true, .kill_disabled = true, .usage_mib = 512}},
     1,
     STALL_OOM_KILLER_OFF,
     PACE_FAST},
    {"an OOM that just ends",
     {{.under_oom = true, .usage_mib = 512}, {.usage_mib = 400}},
     2,
     STALL_NONE,
     PACE_REST},
    {"an OOM above that does not end",
     {{.under_oom = true, .usage_mib = 300},
      {.under_oom = true, .usage_mib = 300},
      {.after_ms = 400, .under_oom = true, .usage_mib = 300}},
     3,
     STALL_ANCESTOR,
     PACE_FAST},
    {"paused while it waits",
     {{.under_oom = true, .usage_mib = 512, .frozen = true},
      {.after_ms = 9000, .under_oom = true, .usage_mib = 512, .frozen = true}},
     2,
     STALL_NONE,
     PACE_SLOW},
    {"page cache just below its limit, and charges fail",
     {{.usage_mib = 476, .cache_mib = 400, .failures = 10},
      {.usage_mib = 476, .cache_mib = 400, .failures = 90, .progress = 9}},
     2,
     STALL_NONE,
     PACE_SLOW},
    {"thrashing just below its limit, as reclaim takes more than it must",
     {{.usage_mib = 476, .swap_mib = 100, .failures = 10},
      {.usage_mib = 476, .swap_mib = 100, .failures = 90, .progress = 9, .faults = 900},
      {.after_ms = 10000,
       .usage_mib = 476,
       .swap_mib = 100,
       .failures = 900,
       .progress = 99,
       .faults = 90000}},
     3,
     STALL_PRESSURE,
     PACE_FAST},
    {"paused at its limit",
     {{.usage_mib = 512, .frozen = true}, {.usage_mib = 512, .frozen = true}},
     2,
     STALL_NONE,
     PACE_SLOW},
    {"paused far below it",
     {{.usage_mib = 100, .frozen = true}, {.usage_mib = 100, .frozen = true}},
     2,
     STALL_NONE,
     PACE_REST},
    {"nothing killable: fails on and on",
     {{.usage_mib = 512, .failures = 10},
      {.usage_mib = 512, .failures = 900},
      {.after_ms = 4000, .usage_mib = 512, .failures = 90000}},
     3,
     STALL_NOTHING_KILLABLE,
     PACE_FAST},
    {"meets its limit for the first time, long after the look before",
     {{.usage_mib = 100}, {.after_ms = 9000, .usage_mib = 512, .failures = 900}},
     2,
     STALL_NONE,
     PACE_FAST},
    {"nothing killable (v2): OOM after OOM, no kill",
     {{.usage_mib = 512, .failures = 10, .v2 = true, .ooms = 1},
      {.usage_mib = 512, .failures = 900, .v2 = true, .ooms = 9},
      {.after_ms = 4000, .usage_mib = 512, .failures = 90000, .v2 = true, .ooms = 99}},
     3,
     STALL_NOTHING_KILLABLE,
     PACE_FAST},
    {"a slow reclaim (v2): failing, and no OOM yet",
     {{.usage_mib = 512, .failures = 10, .v2 = true},
      {.usage_mib = 512, .failures = 900, .v2 = true},
      {.after_ms = 9000, .usage_mib = 512, .failures = 90000, .v2 = true}},
     3,
     STALL_NONE,
     PACE_FAST},
    {"stands still by PSI, while the kernel kills one after the other",
     {{.usage_mib = 512, .has_pressure = true},
      {.after_ms = 5000, .usage_mib = 512, .has_pressure = true, .kills = 5, .pressure_ms = 4000},
      {.after_ms = 5000, .usage_mib = 512, .has_pressure = true, .kills = 5, .pressure_ms = 9000}},
     3,
     STALL_NONE,
     PACE_SLOW},
    {"fails, and pages find room",
     {{.usage_mib = 512, .failures = 10},
      {.usage_mib = 512, .failures = 900, .progress = 5},
      {.after_ms = 4000, .usage_mib = 512, .failures = 90000, .progress = 9}},
     3,
     STALL_NONE,
     PACE_FAST},
    {"fails, and processes are killed",
     {{.usage_mib = 512, .failures = 10},
      {.usage_mib = 512, .failures = 900, .kills = 1},
      {.after_ms = 4000, .usage_mib = 512, .failures = 90000, .kills = 2}},
     3,
     STALL_NONE,
     PACE_FAST},
    {"full of page cache, for weeks",
     {{.usage_mib = 512, .cache_mib = 400, .failures = 10},
      {.after_ms = 30000, .usage_mib = 512, .cache_mib = 400, .failures = 900, .progress = 7},
      {.after_ms = 30000, .usage_mib = 512, .cache_mib = 400, .failures = 9000, .progress = 9}},
     3,
     STALL_NONE,
     PACE_SLOW},
    {"full of anonymous memory, and content",
     {{.usage_mib = 512}, {.after_ms = 30000, .usage_mib = 512}},
     2,
     STALL_NONE,
     PACE_SLOW},
    {"swaps all the time (v1)",
     {{.usage_mib = 512, .swap_mib = 200},
      {.usage_mib = 512, .swap_mib = 200, .faults = 90, .failures = 9, .progress = 1},
      {.after_ms = 10000,
       .usage_mib = 512,
       .swap_mib = 210,
       .faults = 9000,
       .failures = 99,
       .progress = 2}},
     3,
     STALL_PRESSURE,
     PACE_FAST},
    {"has swapped once (v1)",
     {{.usage_mib = 512, .swap_mib = 200},
      {.after_ms = 10100, .usage_mib = 512, .swap_mib = 200, .faults = 9}},
     2,
     STALL_NONE,
     PACE_SLOW},
    {"stands still by PSI (v2)",
     {{.usage_mib = 512, .has_pressure = true},
      {.after_ms = 10000, .usage_mib = 512, .has_pressure = true, .pressure_ms = 7000}},
     2,
     STALL_PRESSURE,
     PACE_SLOW},
    {"waits now and then by PSI (v2)",
     {{.usage_mib = 512, .has_pressure = true},
      {.after_ms = 10000, .usage_mib = 512, .has_pressure = true, .pressure_ms = 5000}},
     2,
     STALL_NONE,
     PACE_SLOW},
};

START_TEST(a_course_ends_in_its_verdict)
{
	struct profile profile = profile_builtin;
	struct stall_watch watch = {0};
	enum stall_kind kind = STALL_NONE;
	uint64_t at = 5000;

	for (size_t i = 0; i < courses[_i].len; i++) {
		struct stall_sample sample;

		at += courses[_i].looks[i].after_ms ? courses[_i].looks[i].after_ms : 100;
		ck_assert_msg(kind == STALL_NONE, "%s: too early", courses[_i].what);
		sample = sample_of(&courses[_i].looks[i], at);
		kind = stall_judge(&watch, &profile, &sample);
	}
	ck_assert_msg(kind == courses[_i].kind, "%s: %s", courses[_i].what, stall_kind_name(kind));
	ck_assert_msg(stall_pace(&watch) == courses[_i].pace, "%s: pace %d", courses[_i].what,
		      stall_pace(&watch));
}
END_TEST

/* Usage and swap before and after, in MiB; a limit of 0 is none. */
static const struct {
	const char *what;
	enum stall_kind kind;
	uint64_t limit_mib, before, after, swap_before, swap_after;
	bool helped;
} rungs[] = {
    {"a tenth is free", STALL_PRESSURE, 512, 500, 450, 0, 0, true},
    {"next to nothing is free", STALL_PRESSURE, 512, 500, 495, 0, 0, false},
    {"only swap is free again", STALL_PRESSURE, 512, 500, 500, 100, 40, true},
    {"moved out to swap", STALL_PRESSURE, 512, 500, 400, 100, 200, false},
    {"held by memory.high, without a limit", STALL_PRESSURE, 0, 40, 2, 0, 0, true},
    {"the same, and nobody died", STALL_PRESSURE, 0, 40, 40, 0, 0, false},
    {"nothing killable, with room again", STALL_NOTHING_KILLABLE, 512, 512, 400, 0, 0, true},
    {"nothing killable, and still full", STALL_NOTHING_KILLABLE, 512, 512, 512, 0, 0, false},
};

static struct stall_sample held(uint64_t limit_mib, uint64_t usage_mib, uint64_t swap_mib)
{
	return (struct stall_sample){
	    .usage = {.limit = limit_mib ? limit_mib * MIB : MEMCG_NO_LIMIT,
		      .usage = usage_mib * MIB,
		      .swap_usage = swap_mib * MIB}};
}

START_TEST(what_a_rung_is_measured_by)
{
	struct stall_sample before =
	    held(rungs[_i].limit_mib, rungs[_i].before, rungs[_i].swap_before);
	struct stall_sample after =
	    held(rungs[_i].limit_mib, rungs[_i].after, rungs[_i].swap_after);

	ck_assert_msg(stall_helped(rungs[_i].kind, &before, &after) == rungs[_i].helped, "%s",
		      rungs[_i].what);
}
END_TEST

START_TEST(a_killer_left_off_by_policy_gets_its_time)
{
	const struct look hang = {.under_oom = true, .kill_disabled = true, .usage_mib = 512};
	struct profile profile = profile_builtin;
	struct stall_watch watch = {0};
	struct stall_sample sample = sample_of(&hang, 1000);

	profile.settings.oom_killer = SWITCH_LEAVE;
	ck_assert_int_eq(stall_judge(&watch, &profile, &sample), STALL_NONE);
	sample.at_ms += profile.on_stall.after_ms;
	ck_assert_int_eq(stall_judge(&watch, &profile, &sample), STALL_OOM_KILLER_OFF);
}
END_TEST

/* The kernel measures ten seconds at most. */
START_TEST(a_longer_pressure_is_measured_on)
{
	const uint64_t share_us = 600000;
	struct stall_sample sample = {.at_ms = 1000, .has_pressure = true};
	struct profile profile = profile_builtin;
	struct stall_watch watch = {0};

	sample.usage = (struct memcg_usage){.limit = 512 * MIB, .usage = 300 * MIB};
	ck_assert_int_eq(stall_told(&watch, &profile, &sample, 10000), STALL_PRESSURE);
	profile.on_stall.pressure_for_ms = 60000;
	ck_assert_int_eq(stall_judge(&watch, &profile, &sample), STALL_NONE);
	ck_assert_int_eq(stall_told(&watch, &profile, &sample, 10000), STALL_NONE);
	ck_assert_int_eq(stall_pace_ms(&watch), STALL_SLOW_MS);
	sample.at_ms += 30000;
	sample.pressure_us += 30 * share_us;
	ck_assert_int_eq(stall_judge(&watch, &profile, &sample), STALL_NONE);
	/* Told again meanwhile: the first time counts. */
	ck_assert_int_eq(stall_told(&watch, &profile, &sample, 10000), STALL_NONE);
	sample.at_ms += 20000;
	sample.pressure_us += 20 * share_us;
	ck_assert_int_eq(stall_judge(&watch, &profile, &sample), STALL_PRESSURE);
}
END_TEST

START_TEST(a_short_pressure_is_none_where_a_longer_one_is_asked)
{
	struct stall_sample sample = {.at_ms = 1000, .has_pressure = true};
	struct profile profile = profile_builtin;
	struct stall_watch watch = {0};

	sample.usage = (struct memcg_usage){.limit = 512 * MIB, .usage = 300 * MIB};
	profile.on_stall.pressure_for_ms = 60000;
	ck_assert_int_eq(stall_told(&watch, &profile, &sample, 10000), STALL_NONE);
	sample.at_ms += 50000;
	ck_assert_int_eq(stall_judge(&watch, &profile, &sample), STALL_NONE);
	ck_assert_int_eq(stall_pace_ms(&watch), -1);
}
END_TEST

START_TEST(near_fires_once_and_again_after_a_rest)
{
	struct profile profile = profile_builtin;
	struct memcg_usage usage = {.limit = 1000 * MIB, .usage = 890 * MIB};
	struct near_watch watch = {0};

	ck_assert(!near_judge(&watch, &profile, &usage, 1000));
	usage.usage = 910 * MIB;
	/* Page cache that nobody uses is not needed. */
	usage.inactive_file = 100 * MIB;
	ck_assert(!near_judge(&watch, &profile, &usage, 1000));
	usage.inactive_file = 0;
	ck_assert(near_judge(&watch, &profile, &usage, 2000));
	ck_assert(!near_judge(&watch, &profile, &usage, 99000));
	usage.usage = 100 * MIB;
	ck_assert(!near_judge(&watch, &profile, &usage, 99500));
	usage.usage = 950 * MIB;
	ck_assert(near_judge(&watch, &profile, &usage, 100000));
	usage.usage = 100 * MIB;
	ck_assert(!near_judge(&watch, &profile, &usage, 100100));
	usage.usage = 950 * MIB;
	/* Too soon after the last one. */
	ck_assert(!near_judge(&watch, &profile, &usage, 101000));
	ck_assert(near_judge(&watch, &profile, &usage, 131000));
}
END_TEST

START_TEST(near_looks_twice_a_minute_below_half)
{
	struct profile profile = profile_builtin;
	struct memcg_usage usage = {.limit = 1000 * MIB, .usage = 400 * MIB};

	ck_assert_int_eq(near_pace_ms(&profile, &usage), 30000);
	usage.usage = 700 * MIB;
	ck_assert_int_lt(near_pace_ms(&profile, &usage), 20000);
	ck_assert_int_ge(near_pace_ms(&profile, &usage), 1000);
	/* Files that are read again and again are in the working set, and no reason to hurry. */
	usage.active_file = 400 * MIB;
	ck_assert_int_eq(near_pace_ms(&profile, &usage), 30000);
	profile.on_near_limit.of = NEAR_OF_USAGE;
	ck_assert_int_lt(near_pace_ms(&profile, &usage), 20000);
	usage.limit = MEMCG_NO_LIMIT;
	ck_assert_int_eq(near_pace_ms(&profile, &usage), -1);
	usage.limit = 1000 * MIB;
	profile.on_near_limit.at = 0;
	ck_assert_int_eq(near_pace_ms(&profile, &usage), -1);
}
END_TEST

static const struct {
	const char *what;
	struct candidate a, b; /* a goes first */
} victims[] = {
    {"the larger", {.bytes = 20}, {.bytes = 10}},
    {"a preferred one, though smaller", {.bytes = 1, .preferred = true}, {.bytes = 10}},
    {"not an avoided one", {.bytes = 1}, {.bytes = 10, .avoided = true}},
    {"avoid counts more than prefer",
     {.bytes = 1},
     {.bytes = 10, .avoided = true, .preferred = true}},
    {"not the init, even for an avoided one",
     {.bytes = 1, .avoided = true},
     {.bytes = 10, .init = true, .preferred = true}},
};

START_TEST(the_right_one_goes_first)
{
	ck_assert_msg(candidate_before(&victims[_i].a, &victims[_i].b), "%s", victims[_i].what);
	ck_assert_msg(!candidate_before(&victims[_i].b, &victims[_i].a), "%s", victims[_i].what);
}
END_TEST

START_TEST(rungs_that_cannot_help_are_left_out)
{
	ck_assert(ladder_applies(RUNG_ENABLE_OOM_KILLER, STALL_OOM_KILLER_OFF, CGROUP_V1));
	/* An ancestor's killer is not ours to switch. */
	ck_assert(!ladder_applies(RUNG_ENABLE_OOM_KILLER, STALL_ANCESTOR, CGROUP_V1));
	ck_assert(!ladder_applies(RUNG_ENABLE_OOM_KILLER, STALL_NOTHING_KILLABLE, CGROUP_V2));
	ck_assert(!ladder_applies(RUNG_RAISE_LIMIT, STALL_ANCESTOR, CGROUP_V1));
	ck_assert(!ladder_applies(RUNG_RAISE_LIMIT, STALL_PRESSURE, CGROUP_V2));
	ck_assert(ladder_applies(RUNG_RAISE_LIMIT, STALL_NOTHING_KILLABLE, CGROUP_V2));
	ck_assert(ladder_applies(RUNG_KILL, STALL_ANCESTOR, CGROUP_V1));
	ck_assert(ladder_applies(RUNG_KILL_LARGEST, STALL_PRESSURE, CGROUP_V2));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stall");
	TCase *tests = tcase_create("stall");

	tcase_add_loop_test(tests, a_course_ends_in_its_verdict, 0,
			    sizeof(courses) / sizeof(courses[0]));
	tcase_add_loop_test(tests, what_a_rung_is_measured_by, 0,
			    (int)(sizeof(rungs) / sizeof(rungs[0])));
	tcase_add_test(tests, a_killer_left_off_by_policy_gets_its_time);
	tcase_add_test(tests, a_longer_pressure_is_measured_on);
	tcase_add_test(tests, a_short_pressure_is_none_where_a_longer_one_is_asked);
	tcase_add_test(tests, near_fires_once_and_again_after_a_rest);
	tcase_add_test(tests, near_looks_twice_a_minute_below_half);
	tcase_add_loop_test(tests, the_right_one_goes_first, 0,
			    sizeof(victims) / sizeof(victims[0]));
	tcase_add_test(tests, rungs_that_cannot_help_are_left_out);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
