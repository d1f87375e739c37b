/* SPDX-License-Identifier: Apache-2.0 */
/* What verdicts are given of reports in the kernel's log, and what must not be said of them. */
#include <stdio.h>

#include "cleanup.h"
#include "oomlog_collect.h"
#include "unit.h"
#include "verdict_oomlog.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static struct collected all;
static struct verdict_log known;
static struct verdicts verdicts;

/* The first report of one of the collected logs. */
static const struct oomlog_report *judge(const char *name)
{
	static char text[65536];
	cleanup_fclose FILE *file = NULL;
	char path[512];

	snprintf(path, sizeof(path), "%s/tests/logs/%s.log", TEST_SOURCE_ROOT, name);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	collect(&all, text, fread(text, 1, sizeof(text), file), SIZE_MAX);
	ck_assert_uint_gt(all.len, 0);
	verdict_log_read(&all.reports[0], &known);
	verdicts_find(&known.facts, &verdicts);
	return &all.reports[0];
}

static bool has(const char *name)
{
	for (size_t i = 0; i < verdicts.len; i++)
		if (!strcmp(verdicts.items[i].name, name))
			return true;
	return false;
}

static const struct {
	const char *log;
	enum verdict_whose whose;
	uint64_t limit; /* 0: unknown */
	const char *verdict, *not_this;
} cases[] = {
    /* the container's own limit, one process */
    {"k44-docker-go-main", WHOSE_OWN, 204800ULL * 1024, "one-process-too-large", "ancestor-limit"},
    /* the limit of all pods */
    {"k515-aks-besteffort-oomgroup", WHOSE_ANCESTOR, 7464436ULL * 1024, "ancestor-limit",
     "host-out-of-memory"},
    /* the pod's; its stats are all zero, which says nothing */
    {"k414-tke-kubepods-burstable", WHOSE_ANCESTOR, 122880ULL * 1024, "ancestor-limit",
     "one-process-too-large"},
    {"k61-arch-doxygen", WHOSE_HOST, 0, "host-out-of-memory", "ancestor-limit"},
    {"k58-cpuset-docker", WHOSE_NODES, 0, NULL, "host-out-of-memory"},
    /* swapped out: what the largest shows is files of others */
    {"k52-foo-constraint-none", WHOSE_OWN, 1024ULL * 1024, NULL, "one-process-too-large"},
    /* a head only */
    {"k418-el8-crio-mimir-two", WHOSE_UNKNOWN, 0, NULL, "host-out-of-memory"},
};

START_TEST(verdicts_of_logs)
{
	judge(cases[_i].log);
	ck_assert_int_eq(known.facts.whose, cases[_i].whose);
	ck_assert_int_eq(known.facts.limit.known, cases[_i].limit > 0);
	if (cases[_i].limit)
		ck_assert_uint_eq(known.facts.limit.n, cases[_i].limit);
	if (cases[_i].verdict)
		ck_assert_msg(has(cases[_i].verdict), "no %s", cases[_i].verdict);
	ck_assert_msg(!has(cases[_i].not_this), "%s", cases[_i].not_this);
}
END_TEST

START_TEST(what_the_log_does_not_say_is_unknown)
{
	judge("k414-tke-kubepods-burstable");
	ck_assert(!known.facts.memory.anon.known && !known.facts.memory.file.known);
	ck_assert(!known.facts.own_limit.known);
	ck_assert(!known.facts.processes_more.known);
	/* memory+swap 0 kB: swap is not accounted for. */
	judge("k44-docker-go-main");
	ck_assert(!known.facts.swap_limit.known);
	judge("k313-docker-java-thread");
	ck_assert_uint_eq(known.facts.swap_limit.n, 131072ULL * 1024);
	judge("k52-foo-constraint-none");
	ck_assert_uint_eq(known.facts.swap_limit.n, FIGURE_NO_LIMIT);
	judge("k68-nfsd-nocgroup-panic");
	ck_assert_int_eq(known.facts.nothing_killable, FACT_UNKNOWN);
	judge("k515-aks-besteffort-oomgroup");
	ck_assert_int_eq(known.facts.group_kill, FACT_YES);
	ck_assert_uint_eq(known.facts.processes_len, 28);
	ck_assert(known.facts.processes_more.known && known.facts.processes_more.n == 0);
	ck_assert_uint_eq(known.facts.victims_len, 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verdict_oomlog");
	TCase *tests = tcase_create("verdict_oomlog");

	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, verdicts_of_logs, 0, LEN(cases));
	tcase_add_test(tests, what_the_log_does_not_say_is_unknown);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
