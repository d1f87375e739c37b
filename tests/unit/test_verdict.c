/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules as a table: what is known of an event, which verdict it gets and how sure that is, and
 * what looks alike and must not get it.
 */
#include <string.h>

#include "unit.h"
#include "verdict_facts.h"
#include "verdict_rules.h"

#define ABSENT -1

/* 30 processes of so many MiB, all of them listed. */
static struct verdict_process thirty[3][30];
/* Whose sizes are not known. */
static struct verdict_process nameless[30];

/* Ten readings a second apart, growing on a line, by one step, or in page cache alone. */
static struct verdict_sample line[10], step[10], cache[10], saw[10], quick[10];

#define TIMELINE(list) .timeline = (list), .timeline_len = COUNT(list)
#define THIRTY(i) .processes = thirty[i], .processes_len = 30, WHOLE

static const struct {
	const char *what;
	const char *verdict;
	int confidence; /* ABSENT: it must not get it */
	struct verdict_facts facts;
} rows[] = {
    {"killer off, seen as a stall", "oom-killer-off", VERDICT_CERTAIN,
     OWN(.event = VERDICT_OF_STALL, .killer_off = FACT_YES)},
    {"killer off above", "oom-killer-off", VERDICT_LIKELY,
     OWN(.event = VERDICT_OF_STALL, .killer_off = FACT_NO, .ancestor_killer_off = FACT_YES)},
    {"killer on, tasks in D", "oom-killer-off", ABSENT,
     OWN(.event = VERDICT_OF_STALL, .killer_off = FACT_NO,
	 PROCESSES({.pid = 2, .comm = "dd", .state = 'D', .wchan = "io_schedule"}))},
    {"killer off, but only near the limit", "oom-killer-off", ABSENT,
     OWN(.event = VERDICT_OF_NEAR_LIMIT, .killer_off = FACT_YES)},

    {"the kernel found nobody, all at -1000", "all-protected", VERDICT_CERTAIN,
     OWN(.event = VERDICT_OF_STALL, .nothing_killable = FACT_YES,
	 PROCESSES(SCORED(1, "init", SIZE(1), -1000), SCORED(2, "db", SIZE(60), -1000)), WHOLE)},
    {"the kernel found nobody, scores unknown", "all-protected", VERDICT_LIKELY,
     OWN(.nothing_killable = FACT_YES)},
    {"all at -1000 and no kill", "all-protected", VERDICT_LIKELY,
     OWN(.event = VERDICT_OF_STALL, .kills = NUMBER(0), .killer_off = FACT_NO,
	 PROCESSES(SCORED(1, "db", SIZE(60), -1000)), WHOLE)},
    {"one at -999", "all-protected", ABSENT,
     OWN(.event = VERDICT_OF_STALL, .nothing_killable = FACT_YES,
	 PROCESSES(SCORED(1, "init", SIZE(1), -1000), SCORED(2, "db", SIZE(60), -999)), WHOLE)},
    {"all listed at -1000, but one was killed", "all-protected", ABSENT,
     OWN(PROCESSES(SCORED(1, "init", SIZE(1), -1000)), WHOLE, VICTIMS({.pid = 2, .comm = "w"}))},
    {"all listed at -1000, but more are not listed", "all-protected", ABSENT,
     OWN(.event = VERDICT_OF_STALL, .kills = NUMBER(0), .killer_off = FACT_NO,
	 PROCESSES(SCORED(1, "db", SIZE(60), -1000)), .processes_more = NUMBER(3))},

    {"a pile of zombies", "zombies", VERDICT_CERTAIN,
     OWN(.event = VERDICT_OF_STALL, .zombie_stall = FACT_YES, ZOMBIES(1101))},
    {"zombies fill a tenth", "zombies", VERDICT_LIKELY, OWN(ZOMBIES(500))},
    {"as many in a large container", "zombies", ABSENT, OWN(.limit = SIZE(8192), ZOMBIES(500))},
    {"a few", "zombies", ABSENT, OWN(.limit = SIZE(1), ZOMBIES(20))},

    {"in D, killed and still there", "unkillable", VERDICT_CERTAIN,
     OWN(UNKILLED({.pid = 9, .comm = "cp", .state = 'D', .wchan = "percpu_rwsem_wait"}))},
    {"still there, waiting for memory", "unkillable", ABSENT,
     OWN(UNKILLED({.pid = 9, .comm = "cp", .state = 'D', .wchan = "mem_cgroup_oom_synchronize"}))},
    {"still there, frozen", "unkillable", ABSENT,
     OWN(UNKILLED({.pid = 9, .comm = "cp", .state = 'T'}))},
    {"in D, but nobody killed it", "unkillable", ABSENT,
     OWN(PROCESSES({.pid = 9, .comm = "cp", .state = 'D', .wchan = "io_schedule"}))},

    {"the pod's limit", "ancestor-limit", VERDICT_CERTAIN,
     OWN(.whose = WHOSE_ANCESTOR, .hit_cgroup = "/kubepods/pod1", .limit = SIZE(128))},
    {"its own, while the pod is close too", "ancestor-limit", ABSENT,
     OWN(.hit_cgroup = "/kubepods/pod1/c", PROCESSES(PROCESS(1, "db", SIZE(60))))},
    {"nobody knows whose", "ancestor-limit", ABSENT, OWN(.whose = WHOSE_UNKNOWN)},

    {"the host", "host-out-of-memory", VERDICT_CERTAIN,
     OWN(.whose = WHOSE_HOST, .host_total = SIZE(1024), .host_available = SIZE(9))},
    {"its own limit on a host with nothing left", "host-out-of-memory", ABSENT,
     OWN(.host_total = SIZE(1024), .host_available = SIZE(9))},

    {"the nodes of its cpuset", "memory-nodes-full", VERDICT_CERTAIN, OWN(.whose = WHOSE_NODES)},
    {"the host, whole", "memory-nodes-full", ABSENT, OWN(.whose = WHOSE_HOST)},

    {"tmpfs outlived it", "memory-survives-restart", VERDICT_CERTAIN,
     OWN(.left_shmem = SIZE(60), .restart_useless = FACT_YES)},
    {"a third stayed", "memory-survives-restart", VERDICT_LIKELY,
     OWN(.left_shmem = SIZE(10), .left_file = SIZE(12))},
    {"next to nothing stayed", "memory-survives-restart", ABSENT,
     OWN(.left_shmem = SIZE(1), .left_file = SIZE(2))},
    {"full of tmpfs, but nothing was seen to stay", "memory-survives-restart", ABSENT,
     OWN(MEMORY(.shmem = SIZE(60)))},

    {"three restarts of three", "restart-loop", VERDICT_CERTAIN,
     OWN(.restarts_used = NUMBER(3), .restarts_max = NUMBER(3), .gave_up = FACT_YES)},
    {"gave up after the only one", "restart-loop", VERDICT_CERTAIN,
     OWN(.restarts_used = NUMBER(1), .restarts_max = NUMBER(1), .gave_up = FACT_YES)},
    {"the first of five", "restart-loop", ABSENT,
     OWN(.restarts_used = NUMBER(1), .restarts_max = NUMBER(5))},
    {"gave up without a try", "restart-loop", ABSENT,
     OWN(.restarts_used = NUMBER(0), .restarts_max = NUMBER(5), .gave_up = FACT_YES)},

    {"half of it in swap, no limit there", "swap-without-limit", VERDICT_CERTAIN,
     OWN(.event = VERDICT_OF_STALL, .swap_limit = NUMBER(FIGURE_NO_LIMIT),
	 MEMORY(.swap_usage = SIZE(48)))},
    {"the same below a swap limit", "swap-without-limit", ABSENT,
     OWN(.event = VERDICT_OF_STALL, .swap_limit = SIZE(64), MEMORY(.swap_usage = SIZE(48)))},
    {"no swap limit, and nothing in swap", "swap-without-limit", ABSENT,
     OWN(.swap_limit = NUMBER(FIGURE_NO_LIMIT), MEMORY(.swap_usage = SIZE(0)))},
    {"in swap, the limit unknown", "swap-without-limit", ABSENT,
     OWN(MEMORY(.swap_usage = SIZE(48)))},

    {"the host's swap is full", "swap-full", VERDICT_CERTAIN,
     OWN(.host_swap_total = SIZE(512), .host_swap_free = SIZE(1))},
    {"its own share of swap is full", "swap-full", VERDICT_CERTAIN,
     OWN(.swap_limit = SIZE(32), MEMORY(.swap_usage = SIZE(32)))},
    {"there is no swap", "swap-full", ABSENT,
     OWN(.host_swap_total = SIZE(0), .host_swap_free = SIZE(0), .swap_limit = SIZE(0))},
    {"swap with room", "swap-full", ABSENT,
     OWN(.host_swap_total = SIZE(512), .host_swap_free = SIZE(400), .swap_limit = SIZE(32),
	 MEMORY(.swap_usage = SIZE(8)))},

    {"files on tmpfs", "tmpfs", VERDICT_CERTAIN, OWN(MEMORY(.shmem = SIZE(40), .anon = SIZE(10)))},
    {"a third of it", "tmpfs", VERDICT_LIKELY, OWN(MEMORY(.shmem = SIZE(22), .anon = SIZE(10)))},
    {"as much, anonymous", "tmpfs", ABSENT, OWN(MEMORY(.shmem = SIZE(1), .anon = SIZE(40)))},
    {"as much, page cache", "tmpfs", ABSENT, OWN(MEMORY(.shmem = SIZE(0), .file = SIZE(40)))},

    {"dentries", "kernel-memory", VERDICT_CERTAIN,
     OWN(MEMORY(.kernel = SIZE(40), .slab_reclaimable = SIZE(38)))},
    {"sockets, apart from the rest", "kernel-memory", VERDICT_LIKELY,
     OWN(MEMORY(.kernel = SIZE(2), .sock = SIZE(24)))},
    {"parts alone", "kernel-memory", VERDICT_LIKELY,
     OWN(MEMORY(.slab_unreclaimable = SIZE(4), .kernel_stack = SIZE(20)))},
    {"near the limit it can still be taken back", "kernel-memory", VERDICT_POSSIBLE,
     OWN(.event = VERDICT_OF_NEAR_LIMIT, MEMORY(.kernel = SIZE(40), .slab_reclaimable = SIZE(38)))},
    {"its share is small", "kernel-memory", ABSENT,
     OWN(MEMORY(.kernel = SIZE(6), .anon = SIZE(57)))},
    {"anonymous memory is not the kernel's", "kernel-memory", ABSENT,
     OWN(MEMORY(.anon = SIZE(60)))},

    {"arenas of many threads", "glibc-arenas", VERDICT_LIKELY,
     OWN(DETAILS({.pid = 5, .comm = "java", .arenas = NUMBER(34), .arena_bytes = SIZE(30)}))},
    {"arenas, resident size unknown", "glibc-arenas", VERDICT_POSSIBLE,
     OWN(DETAILS({.pid = 5, .comm = "java", .arenas = NUMBER(34)}))},
    {"two arenas of a large size", "glibc-arenas", ABSENT,
     OWN(DETAILS({.pid = 5, .comm = "java", .arenas = NUMBER(2), .arena_bytes = SIZE(50)}))},
    {"many that are nearly empty", "glibc-arenas", ABSENT,
     OWN(DETAILS({.pid = 5, .comm = "java", .arenas = NUMBER(34), .arena_bytes = SIZE(3)}))},

    {"held by memory.high", "throttled-by-high", VERDICT_LIKELY,
     OWN(.event = VERDICT_OF_STALL, .thrashing = FACT_YES, .high = SIZE(48),
	 .memory = {.usage = SIZE(48)})},
    {"thrashing well below memory.high", "throttled-by-high", ABSENT,
     OWN(.event = VERDICT_OF_STALL, .thrashing = FACT_YES, .high = SIZE(96))},
    {"thrashing without memory.high", "throttled-by-high", ABSENT,
     OWN(.event = VERDICT_OF_STALL, .thrashing = FACT_YES, .high = NUMBER(FIGURE_NO_LIMIT))},
    {"nobody gets on", "thrashing", VERDICT_LIKELY,
     OWN(.event = VERDICT_OF_STALL, .thrashing = FACT_YES)},
    {"nobody gets on, at memory.high", "thrashing", ABSENT,
     OWN(.event = VERDICT_OF_STALL, .thrashing = FACT_YES, .high = SIZE(48),
	 .memory = {.usage = SIZE(48)})},
    {"an OOM", "thrashing", ABSENT, OWN(.pressure_full_percent = NUMBER(30))},

    {"page cache near the limit", "page-cache-not-the-cause", VERDICT_CERTAIN,
     OWN(.event = VERDICT_OF_NEAR_LIMIT, MEMORY(.reclaimable = SIZE(58), .working_set = SIZE(8)))},
    {"the same from the two lists of pages", "page-cache-not-the-cause", VERDICT_LIKELY,
     OWN(.event = VERDICT_OF_NEAR_LIMIT,
	 MEMORY(.inactive_file = SIZE(30), .active_file = SIZE(20)))},
    {"the same usage as shared memory", "page-cache-not-the-cause", ABSENT,
     OWN(.event = VERDICT_OF_NEAR_LIMIT,
	 MEMORY(.reclaimable = SIZE(2), .file = SIZE(60), .shmem = SIZE(58)))},
    {"page cache far below the limit", "page-cache-not-the-cause", ABSENT,
     OWN(.event = VERDICT_OF_NEAR_LIMIT, .memory = {.usage = SIZE(30), .reclaimable = SIZE(28)})},
    {"file memory that may be tmpfs", "page-cache-not-the-cause", ABSENT,
     OWN(.event = VERDICT_OF_NEAR_LIMIT, MEMORY(.file = SIZE(60)))},

    {"a line, ten seconds and longer", "steady-growth", VERDICT_LIKELY, OWN(TIMELINE(line))},
    {"a line, too short to be sure", "steady-growth", VERDICT_POSSIBLE, OWN(TIMELINE(quick))},
    {"three readings", "steady-growth", VERDICT_POSSIBLE, OWN(.timeline = line, .timeline_len = 3)},
    {"two readings", "steady-growth", ABSENT, OWN(.timeline = line, .timeline_len = 2)},
    {"one step", "steady-growth", ABSENT, OWN(TIMELINE(step))},
    {"page cache that grows", "steady-growth", ABSENT, OWN(TIMELINE(cache))},
    {"up and down", "steady-growth", ABSENT, OWN(TIMELINE(saw))},
    {"a line, small beside the limit", "steady-growth", ABSENT,
     OWN(.limit = SIZE(4096), TIMELINE(line))},
    {"no timeline", "steady-growth", ABSENT, OWN(MEMORY(.anon = SIZE(60)))},

    {"thirty of two MiB", "many-small-processes", VERDICT_LIKELY, OWN(THIRTY(0))},
    {"thirty, and one that is large", "many-small-processes", ABSENT, OWN(THIRTY(1))},
    {"thirty that are next to nothing", "many-small-processes", ABSENT, OWN(THIRTY(2))},
    {"ten that may be of six MiB", "many-small-processes", ABSENT,
     OWN(.processes = thirty[0], .processes_len = 10, MEMORY(.anon = SIZE(60)))},
    {"sizes unknown, but for one that was killed", "many-small-processes", VERDICT_LIKELY,
     OWN(.processes = nameless, .processes_len = 30, WHOLE, MEMORY(.anon = SIZE(60)),
	 VICTIMS({.pid = 900, .comm = "w", .rss = SIZE(2)}))},
    {"a cut list, the rest is in the sum", "many-small-processes", VERDICT_LIKELY,
     OWN(.processes = thirty[0], .processes_len = 5, .processes_more = NUMBER(300),
	 MEMORY(.anon = SIZE(60)))},

    {"one of nearly all", "one-process-too-large", VERDICT_LIKELY,
     OWN(PROCESSES(PROCESS(2, "java", SIZE(60)), PROCESS(1, "init", SIZE(1))), WHOLE)},
    {"only the victim is known", "one-process-too-large", VERDICT_LIKELY,
     OWN(VICTIMS({.pid = 2, .comm = "java", .rss = SIZE(62)}))},
    {"most of it, and others are not listed", "one-process-too-large", VERDICT_POSSIBLE,
     OWN(PROCESSES(PROCESS(2, "java", SIZE(44))), .processes_more = NUMBER(5))},
    {"swap counts", "one-process-too-large", VERDICT_LIKELY,
     OWN(PROCESSES({.pid = 2, .comm = "java", .anon = SIZE(30), .swap = SIZE(30)}), WHOLE)},
    {"large only by mapped files", "one-process-too-large", ABSENT,
     OWN(PROCESSES({.pid = 2, .comm = "db", .rss = SIZE(60), .anon = SIZE(4)}), WHOLE)},
    {"two of the same size", "one-process-too-large", ABSENT,
     OWN(PROCESSES(PROCESS(2, "a", SIZE(40)), PROCESS(3, "b", SIZE(40))), WHOLE)},
    {"thirty of two MiB", "one-process-too-large", ABSENT, OWN(THIRTY(0))},
    {"beside the pod's limit it is small", "one-process-too-large", ABSENT,
     OWN(.whose = WHOSE_ANCESTOR, .limit = SIZE(512), PROCESSES(PROCESS(2, "java", SIZE(60))),
	 WHOLE)},

    {"at once, and again after a restart", "limit-below-start", VERDICT_LIKELY,
     OWN(.since_armed_ms = NUMBER(900), .restarts_used = NUMBER(2))},
    {"at once, for the first time", "limit-below-start", VERDICT_POSSIBLE,
     OWN(.since_armed_ms = NUMBER(900))},
    {"at once and again, but on a line", "limit-below-start", VERDICT_POSSIBLE,
     OWN(.since_armed_ms = NUMBER(9900), .restarts_used = NUMBER(2), TIMELINE(line))},
    {"after an hour", "limit-below-start", ABSENT, OWN(.since_armed_ms = NUMBER(3600000))},
    {"nobody knows when it started", "limit-below-start", ABSENT, OWN(.restarts_used = NUMBER(2))},
    {"at once, at memory.high", "limit-below-start", ABSENT,
     OWN(.event = VERDICT_OF_STALL, .thrashing = FACT_YES, .high = SIZE(48),
	 .memory = {.usage = SIZE(48)}, .since_armed_ms = NUMBER(900))},
    {"at once, at the pod's limit", "limit-below-start", ABSENT,
     OWN(.whose = WHOSE_ANCESTOR, .since_armed_ms = NUMBER(900))},

    {"a worker", "child-killed-init-alive", VERDICT_CERTAIN,
     OWN(.init_alive = FACT_YES, VICTIMS({.pid = 2, .comm = "w", .init = FACT_NO}))},
    {"a worker without a name", "child-killed-init-alive", VERDICT_CERTAIN,
     OWN(.init_alive = FACT_YES)},
    {"init itself", "child-killed-init-alive", ABSENT,
     OWN(.init_alive = FACT_NO, VICTIMS({.pid = 1, .comm = "i", .init = FACT_YES}))},
    {"nobody knows about init", "child-killed-init-alive", ABSENT,
     OWN(VICTIMS({.pid = 2, .comm = "w"}))},
    {"no kill", "child-killed-init-alive", ABSENT, OWN(.init_alive = FACT_YES, .kills = NUMBER(0))},
    {"all together", "child-killed-init-alive", ABSENT,
     OWN(.init_alive = FACT_YES, .group_kill = FACT_YES)},

    {"a small one with a higher score", "score-misfit", VERDICT_CERTAIN,
     OWN(PROCESSES(SCORED(3, "leak", SIZE(50), 0)),
	 VICTIMS(
	     {.pid = 2, .comm = "w", .rss = SIZE(3), .has_score = true, .oom_score_adj = 900}))},
    {"the largest, by its size", "score-misfit", ABSENT,
     OWN(PROCESSES(SCORED(3, "w", SIZE(3), 0)), VICTIMS({.pid = 2,
							 .comm = "leak",
							 .rss = SIZE(50),
							 .has_score = true,
							 .oom_score_adj = 900}))},
    {"a smaller one at the same score", "score-misfit", ABSENT,
     OWN(PROCESSES(SCORED(3, "leak", SIZE(50), 0)),
	 VICTIMS({.pid = 2, .comm = "w", .rss = SIZE(3), .has_score = true}))},
    {"scores unknown", "score-misfit", ABSENT,
     OWN(PROCESSES({.pid = 3, .comm = "leak", .anon = SIZE(50)}),
	 VICTIMS({.pid = 2, .comm = "w", .rss = SIZE(3)}))},
    {"both next to nothing", "score-misfit", ABSENT,
     OWN(PROCESSES(SCORED(3, "b", SIZE(2), 0)), VICTIMS({.pid = 2,
							 .comm = "a",
							 .rss = NUMBER(4096),
							 .has_score = true,
							 .oom_score_adj = 900}))},
};

static void fill_lists(void)
{
	for (int i = 0; i < 30; i++) {
		thirty[0][i] =
		    (struct verdict_process){.pid = 100 + i, .comm = "worker", .anon = SIZED(2)};
		thirty[1][i] = thirty[2][i] = thirty[0][i];
		thirty[2][i].anon = FIGURE(65536);
		nameless[i] = (struct verdict_process){.pid = 200 + i, .comm = "worker"};
	}
	thirty[1][7].anon = SIZED(30);
	for (unsigned i = 0; i < 10; i++) {
		uint64_t age = (9 - i) * 2000;
		struct figure none = SIZED(0), grown = SIZED(6 * i);

		line[i] = (struct verdict_sample){.age_ms = age, .anon = grown, .shmem = none};
		quick[i] = line[i];
		quick[i].age_ms = age / 10;
		step[i] = line[i];
		step[i].anon = i < 9 ? SIZED(2) : SIZED(60);
		cache[i] = (struct verdict_sample){
		    .age_ms = age, .usage = grown, .anon = SIZED(1), .file = grown, .shmem = none};
		saw[i] = line[i];
		saw[i].anon = i % 2 ? SIZED(50) : SIZED(3 * i);
	}
}

static const struct verdict *find(const struct verdicts *verdicts, const char *name)
{
	for (size_t i = 0; i < verdicts->len; i++)
		if (!strcmp(verdicts->items[i].name, name))
			return &verdicts->items[i];
	return NULL;
}

START_TEST(rules_apply)
{
	static struct verdicts verdicts;
	const struct verdict *verdict;

	fill_lists();
	verdicts_find(&rows[_i].facts, &verdicts);
	verdict = find(&verdicts, rows[_i].verdict);
	ck_assert_msg((verdict ? (int)verdict->confidence : ABSENT) == rows[_i].confidence,
		      "%s: %s is %s", rows[_i].verdict, rows[_i].what,
		      verdict ? verdict_confidence_name(verdict->confidence) : "absent");
	if (verdict)
		ck_assert_msg(verdict->figures_len > 0 ||
				  !strcmp(verdict->name, "memory-nodes-full"),
			      "%s: no figure", verdict->name);
}
END_TEST

static const struct verdict_topic *const topics[] = {&verdict_stuck, &verdict_whose, &verdict_kinds,
						     &verdict_demand};

/* A rule without a row that gets it and one that must not is not tested. */
START_TEST(every_rule_has_its_case_and_its_look_alike)
{
	for (size_t t = 0; t < COUNT(topics); t++) {
		for (size_t i = 0; i < topics[t]->len; i++) {
			const struct verdict_rule *rule = &topics[t]->rules[i];
			bool gets = false, looks_alike = false;

			for (size_t r = 0; r < COUNT(rows); r++) {
				if (strcmp(rows[r].verdict, rule->name))
					continue;
				gets |= rows[r].confidence != ABSENT;
				looks_alike |= rows[r].confidence == ABSENT;
			}
			ck_assert_msg(gets, "%s: no case", rule->name);
			ck_assert_msg(looks_alike, "%s: no look-alike", rule->name);
			ck_assert_msg(strlen(rule->advice) <
					  sizeof(((struct verdict *)0)->advice) / 2,
				      "%s: the advice is cut", rule->name);
			ck_assert_str_ne(rule->disproof, "");
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verdict");
	TCase *tests = tcase_create("verdict");

	tcase_add_loop_test(tests, rules_apply, 0, COUNT(rows));
	tcase_add_test(tests, every_rule_has_its_case_and_its_look_alike);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
