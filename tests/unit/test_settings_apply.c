/* SPDX-License-Identifier: Apache-2.0 */
/* Settings written: on a fake tree, and on a cgroup of its own where this runs as root. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "fake_tree.h"
#include "proc.h"
#include "real_cgroup.h"
#include "settings.h"
#include "unit.h"

#define MIB (1024ULL * 1024)

static struct fake_tree tree;
static struct cgroup_mounts mounts;
static struct memcg memcg;
static int proc = -1;
static const struct settings_given given; /* config.json names no score */

static const struct fake_file files[] = {
    {"proc/7/cgroup", "0::/box/c\n"},
    {"proc/7/comm", "init\n"},
    {"proc/7/oom_score_adj", "10\n"},
    {"proc/8/cgroup", "0::/box/c/sub\n"},
    {"proc/8/comm", "re\ndis\n"},
    {"proc/8/oom_score_adj", "10\n"},
    {"proc/9/cgroup", "0::/box/c\n"},
    {"proc/9/comm", "sh\n"},
    {"proc/9/oom_score_adj", "60\n"},
    /* Listed, but by now the number is a stranger's. */
    {"proc/10/cgroup", "0::/box/cc\n"},
    {"proc/10/comm", "sh\n"},
    {"proc/10/oom_score_adj", "10\n"},
    {"uni/box/c/cgroup.procs", "7\n"},
    {"uni/box/c/memory.events", "oom_kill 0\n"},
    {"uni/box/c/memory.current", "4096\n"},
    {"uni/box/c/memory.max", "max\n"},
    {"uni/box/c/memory.swap.max", "max\n"},
    {"uni/box/c/memory.oom.group", "0\n"},
    {"uni/box/c/sub/cgroup.procs", ""},
};

static void make_fake(void)
{
	struct error err = {0};

	fake_tree_make(&tree, files, FAKE_TREE_LEN(files));
	fake_tree_mount(&tree, "/", "uni", "cgroup2", "rw");
	proc = fake_tree_open(&tree, "proc");
	ck_assert_int_eq(cgroup_mounts_read(proc, &mounts, &err), 0);
	ck_assert_msg(memcg_open(proc, &mounts, 7, &memcg, &err) == 0, "%s", err.message);
}

static void remove_fake(void)
{
	memcg_close(&memcg);
	cgroup_mounts_free(&mounts);
	cleanup_closep(&proc);
	fake_tree_remove(&tree);
}

static const struct setting_result *result_of(const struct settings_results *results,
					      const char *key)
{
	for (size_t i = 0; i < results->len; i++)
		if (strcmp(results->item[i].key, key) == 0)
			return &results->item[i];
	ck_abort_msg("no result for %s", key);
	return NULL;
}

static void expect(const struct settings_results *results, const char *key,
		   enum setting_outcome outcome, const char *old_value, const char *new_value)
{
	const struct setting_result *result = result_of(results, key);

	ck_assert_msg(result->outcome == outcome, "%s: %s (%s)", key,
		      setting_outcome_name(result->outcome), result->reason);
	ck_assert_str_eq(result->old_value, old_value);
	ck_assert_str_eq(result->new_value, new_value);
}

static struct profile wishes(void)
{
	struct profile profile = {.settings = {.swappiness = -1, .oom_group = SWITCH_ON}};

	profile.settings.limit = (struct limit_spec){LIMIT_DEFAULT, 64 * MIB};
	profile.settings.swap = (struct size_spec){.kind = SIZE_PERCENT, .millipercent = 50000};
	profile.settings.score_workload = (struct score_spec){SCORE_RELATIVE, 100};
	profile.settings.score_init = (struct score_spec){SCORE_ABSOLUTE, 50};
	return profile;
}

START_TEST(written_and_read_back)
{
	struct settings_results results, again;
	struct profile profile = wishes();
	struct error err = {0};
	char text[32];

	ck_assert_int_eq(settings_apply(&profile, &memcg, proc, 7, &given, &results, &err), 0);
	expect(&results, SETTING_LIMIT, SETTING_APPLIED, "max", "67108864");
	expect(&results, SETTING_SWAP, SETTING_APPLIED, "max", "33554432");
	expect(&results, SETTING_OOM_GROUP, SETTING_APPLIED, "0", "1");
	expect(&results, SETTING_SCORE_WORKLOAD, SETTING_APPLIED, "10", "110");
	expect(&results, SETTING_SCORE_INIT, SETTING_LATER, "10", "10");
	ck_assert_str_eq(fake_tree_read(&tree, "uni/box/c/memory.max", text, sizeof(text)),
			 "67108864");
	/* Somebody undoes one; the second run corrects it and leaves the scores alone. */
	fake_tree_write(&tree, "uni/box/c/memory.oom.group", "0\n");
	fake_tree_write(&tree, "proc/7/oom_score_adj", "50\n");
	ck_assert_int_eq(settings_reapply(&profile, &memcg, proc, 7, &results, &again, &err), 0);
	expect(&again, SETTING_OOM_GROUP, SETTING_APPLIED, "0", "1");
	expect(&again, SETTING_LIMIT, SETTING_UNCHANGED, "67108864", "67108864");
	expect(&again, SETTING_SCORE_WORKLOAD, SETTING_APPLIED, "10", "110");
	ck_assert_str_eq(fake_tree_read(&tree, "proc/7/oom_score_adj", text, sizeof(text)), "50\n");
}
END_TEST

START_TEST(what_is_not_there_is_refused)
{
	struct settings_results results;
	struct profile profile = {.settings = {.swappiness = -1, .oom_group = SWITCH_ON}};
	struct error err = {0};

	/* A link in place of the file is not followed. */
	ck_assert_int_eq(unlinkat(tree.fd, "uni/box/c/memory.oom.group", 0), 0);
	ck_assert_int_eq(symlinkat("memory.events", tree.fd, "uni/box/c/memory.oom.group"), 0);
	ck_assert_int_eq(settings_apply(&profile, &memcg, proc, 7, &given, &results, &err), 0);
	expect(&results, SETTING_OOM_GROUP, SETTING_REFUSED, "", "");
	fake_tree_remove_dir(&tree, "uni/box/c");
	ck_assert_int_eq(settings_apply(&profile, &memcg, proc, 7, &given, &results, &err),
			 -ENODEV);
}
END_TEST

static int apply_scores(const struct profile *profile, int base, pid_t init, size_t room,
			struct settings_results *results)
{
	struct score_matcher matcher;
	pid_t pids[16];
	int r;

	ck_assert_int_eq(score_matcher_init(&matcher, profile, base, NULL), 0);
	r = settings_scores_apply(&matcher, &memcg, proc, init, pids, room, results);
	score_matcher_free(&matcher);
	return r;
}

START_TEST(scores_of_running_processes)
{
	struct settings_results results;
	struct profile profile = wishes();
	char text[32];

	profile.settings.score_rules.len = 1;
	strcpy(profile.settings.score_rules.rule[0].name, "^re.dis$");
	profile.settings.score_rules.rule[0].value = (struct score_spec){SCORE_ABSOLUTE, -300};
	ck_assert_int_eq(apply_scores(&profile, 10, 7, 16, &results), 0);
	ck_assert_int_eq(result_of(&results, SETTING_SCORE_INIT)->outcome, SETTING_LATER);
	ck_assert_uint_eq(results.len, 1);
	fake_tree_write(&tree, "uni/box/c/cgroup.procs", "7\n9\n10\n99\n");
	fake_tree_write(&tree, "uni/box/c/sub/cgroup.procs", "8\n");
	ck_assert_int_eq(apply_scores(&profile, 10, 7, 16, &results), 3);
	expect(&results, SETTING_SCORE_INIT, SETTING_APPLIED, "10", "50");
	expect(&results, SETTING_SCORE_WORKLOAD, SETTING_APPLIED, "60", "110");
	expect(&results, SETTING_SCORE_RULES, SETTING_APPLIED, "10", "-300");
	ck_assert_str_eq(fake_tree_read(&tree, "proc/7/oom_score_adj", text, sizeof(text)), "50\n");
	ck_assert_str_eq(fake_tree_read(&tree, "proc/8/oom_score_adj", text, sizeof(text)),
			 "-300\n");
	ck_assert_str_eq(fake_tree_read(&tree, "proc/9/oom_score_adj", text, sizeof(text)),
			 "110\n");
	ck_assert_str_eq(fake_tree_read(&tree, "proc/10/oom_score_adj", text, sizeof(text)),
			 "10\n");
	/* Relative values do not grow with every look. */
	ck_assert_int_eq(apply_scores(&profile, 10, 7, 16, &results), 0);
	expect(&results, SETTING_SCORE_WORKLOAD, SETTING_UNCHANGED, "110", "110");
	/* No room for all: those that fit. */
	fake_tree_write(&tree, "proc/7/oom_score_adj", "1");
	fake_tree_write(&tree, "proc/9/oom_score_adj", "1");
	ck_assert_int_eq(apply_scores(&profile, 10, 7, 1, NULL), 1);
}
END_TEST

/*
 * Between list and opening no id came round: then the cgroup of each need not be read, and the
 * stranger's, which this table has at 10, is not even looked at. Else it is.
 */
START_TEST(ids_that_cannot_have_changed_hands_are_not_looked_up)
{
	static const struct {
		const char *pid_max, *loadavg;
		const char *stranger;
	} rows[] = {
	    {"32768\n", "0.00 0.01 0.05 1/123 4000\n", "110\n"},
	    {"301\n", "0.00 0.01 0.05 1/123 4000\n", "10\n"},
	    {"32768\n", "0.00 0.01 0.05 1/123 x\n", "10\n"},
	    {"32768\n", "", "10\n"},
	};
	struct profile profile = wishes();
	char text[32];

	fake_tree_write(&tree, "uni/box/c/cgroup.procs", "7\n9\n10\n99\n");
	for (size_t i = 0; i < FAKE_TREE_LEN(rows); i++) {
		fake_tree_write(&tree, "proc/10/oom_score_adj", "10\n");
		fake_tree_write(&tree, "proc/sys/kernel/pid_max", rows[i].pid_max);
		fake_tree_write(&tree, "proc/loadavg", rows[i].loadavg);
		ck_assert_int_ge(apply_scores(&profile, 10, 7, 16, NULL), 0);
		ck_assert_str_eq(fake_tree_read(&tree, "proc/10/oom_score_adj", text, sizeof(text)),
				 rows[i].stranger);
	}
}
END_TEST

static int apply_forked(pid_t child, bool *missed, struct settings_results *results)
{
	struct profile profile = wishes();
	struct score_matcher matcher;
	pid_t told[] = {child, 7};
	int r;

	ck_assert_int_eq(score_matcher_init(&matcher, &profile, 10, NULL), 0);
	r = settings_scores_forked(&matcher, &memcg, proc, 7, told, 2, missed, results);
	score_matcher_free(&matcher);
	return r;
}

static void put_stat(pid_t pid, char state, pid_t parent)
{
	char path[32], text[128];

	snprintf(path, sizeof(path), "proc/%d/stat", pid);
	snprintf(text, sizeof(text),
		 "%d (sh) %c %d 8 8 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100 0 1 0 0 0 0 0 0 0\n", pid,
		 state, parent);
	fake_tree_write(&tree, path, text);
}

START_TEST(what_the_init_forked)
{
	struct settings_results results;
	char text[32];
	bool missed;

	put_stat(8, 'S', 9);
	put_stat(9, 'S', 7);
	put_stat(10, 'S', 1);
	fake_tree_write(&tree, "proc/9/task/9/children", "");
	ck_assert_int_eq(apply_forked(9, &missed, &results), 2);
	ck_assert(!missed);
	expect(&results, SETTING_SCORE_INIT, SETTING_APPLIED, "10", "50");
	expect(&results, SETTING_SCORE_WORKLOAD, SETTING_APPLIED, "60", "110");
	/* It forked before it was corrected. */
	fake_tree_write(&tree, "proc/9/oom_score_adj", "50\n");
	fake_tree_write(&tree, "proc/9/task/9/children", "8 ");
	ck_assert_int_eq(apply_forked(9, &missed, &results), 1);
	ck_assert(missed);
	/* Corrected already: what it forks is right. */
	ck_assert_int_eq(apply_forked(9, &missed, &results), 0);
	ck_assert(!missed);
	/* The id of a stranger. */
	ck_assert_int_eq(apply_forked(10, &missed, NULL), 0);
	ck_assert(!missed);
	ck_assert_str_eq(fake_tree_read(&tree, "proc/10/oom_score_adj", text, sizeof(text)),
			 "10\n");
	/* Ended or gone: what it left behind is somebody else's child. */
	put_stat(9, 'Z', 7);
	ck_assert_int_eq(apply_forked(9, &missed, NULL), 0);
	ck_assert(missed);
	ck_assert_int_eq(apply_forked(77, &missed, NULL), 0);
	ck_assert(missed);
}
END_TEST

START_TEST(a_managers_score_is_corrected_and_told)
{
	const struct settings_given of_config = {true, 5};
	struct settings_results results;
	struct profile profile = {.settings = {.swappiness = -1}};
	struct error err = {0};
	int base;

	fake_tree_write(&tree, "proc/7/oom_score_adj", "-1000\n");
	ck_assert_int_eq(settings_apply(&profile, &memcg, proc, 7, &given, &results, &err), 0);
	expect(&results, SETTING_SCORE_INHERITED, SETTING_APPLIED, "-1000", "0");
	ck_assert_ptr_nonnull(strstr(result_of(&results, SETTING_SCORE_INHERITED)->reason,
				     "inherited from its manager"));
	profile = wishes();
	fake_tree_write(&tree, "proc/7/oom_score_adj", "-500\n");
	ck_assert_int_eq(settings_apply(&profile, &memcg, proc, 7, &of_config, &results, &err), 0);
	expect(&results, SETTING_SCORE_INHERITED, SETTING_APPLIED, "-500", "5");
	expect(&results, SETTING_SCORE_WORKLOAD, SETTING_APPLIED, "5", "105");
	ck_assert(settings_score_base(&results, &base));
	ck_assert_int_eq(base, 5);
}
END_TEST

/* ---- the real kernel ---- */

static struct real_cgroup box;
static pid_t victim;
static int go[2];

static bool may_go_below(void)
{
	char text[4096], *line;
	cleanup_close int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, text, sizeof(text) - 1);

	text[len < 0 ? 0 : len] = '\0';
	line = strstr(text, "\nCapEff:");
	return line && strtoull(line + 8, NULL, 16) & 1ULL << 24; /* CAP_SYS_RESOURCE */
}

static void make_box(void)
{
	real_cgroup_make(&box);
	mounts = box.mounts;
	proc = box.procfd;
}

static void remove_box(void)
{
	real_cgroup_remove(&box);
}

/* A process in the box that waits, forks one child when told, and waits again. */
static void start_victim(void)
{
	int down[2], up[2];
	char text[16];

	ck_assert_int_eq(pipe(down), 0);
	ck_assert_int_eq(pipe(up), 0);
	victim = fork();
	ck_assert_int_ge(victim, 0);
	if (victim == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(down[1]);
		if (read(down[0], text, 1) != 1)
			_exit(0);
		if (fork() == 0)
			prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (write(up[1], "x", 1) != 1)
			_exit(1);
		while (read(down[0], text, 1) > 0)
			;
		_exit(0);
	}
	close(down[0]);
	go[0] = up[0];
	go[1] = down[1];
	ck_assert_int_eq(real_cgroup_enter(&box, victim), 0);
}

static void let_it_fork(void)
{
	char bytes[2];

	ck_assert_int_eq(write(go[1], "f", 1), 1);
	for (size_t got = 0; got < 2;) {
		ssize_t n = read(go[0], bytes, 2 - got);

		ck_assert_int_gt(n, 0);
		got += (size_t)n;
	}
}

static void end_victim(void)
{
	kill(victim, SIGKILL);
	waitpid(victim, NULL, 0);
	memcg_close(&memcg);
}

static void expect_real_results(const struct settings_results *results, bool has_swap)
{
	bool v1 = memcg.version == CGROUP_V1;

	expect(results, SETTING_LIMIT, SETTING_APPLIED, "max", "67108864");
	if (has_swap)
		expect(results, SETTING_SWAP, SETTING_APPLIED, "max",
		       v1 ? "100663296" : "33554432");
	else
		expect(results, SETTING_SWAP, SETTING_REFUSED, "", "");
	if (v1) {
		expect(results, SETTING_OOM_KILLER, SETTING_APPLIED, "1", "0");
		expect(results, SETTING_OOM_GROUP, SETTING_REFUSED, "", "");
		ck_assert_int_eq(result_of(results, SETTING_SWAPPINESS)->outcome, SETTING_APPLIED);
	} else {
		expect(results, SETTING_OOM_KILLER, SETTING_UNCHANGED, "on", "on");
		expect(results, SETTING_OOM_GROUP, SETTING_APPLIED, "0", "1");
		expect(results, SETTING_SWAPPINESS, SETTING_REFUSED, "", "");
	}
}

static void expect_real_scores(int base)
{
	struct profile profile = wishes();
	struct settings_results results;
	char low[16], own[16];

	profile.settings.score_init = (struct score_spec){SCORE_RELATIVE, 50};
	ck_assert_int_eq(apply_scores(&profile, base, victim, 16, &results), 0);
	ck_assert_int_eq(result_of(&results, SETTING_SCORE_INIT)->outcome, SETTING_LATER);
	let_it_fork();
	snprintf(low, sizeof(low), "%d", base + 100);
	snprintf(own, sizeof(own), "%d", base + 50);
	ck_assert_int_eq(apply_scores(&profile, base, victim, 16, &results), 1);
	expect(&results, SETTING_SCORE_INIT, SETTING_APPLIED, low, own);
	expect(&results, SETTING_SCORE_WORKLOAD, SETTING_UNCHANGED, low, low);
	profile.settings.score_init = (struct score_spec){SCORE_ABSOLUTE, -900};
	apply_scores(&profile, base, victim, 16, &results);
	if (may_go_below()) {
		expect(&results, SETTING_SCORE_INIT, SETTING_APPLIED, own, "-900");
		return;
	}
	expect(&results, SETTING_SCORE_INIT, SETTING_FAILED, own, own);
	ck_assert_ptr_nonnull(
	    strstr(result_of(&results, SETTING_SCORE_INIT)->reason, "CAP_SYS_RESOURCE"));
}

/* Below the minimum without the capability: refused by the kernel, and what stays is told. */
static void expect_low_score(void)
{
	struct profile profile = {.settings = {.swappiness = -1}};
	struct settings_results results;
	int before, after;

	profile.settings.score_workload = (struct score_spec){SCORE_ABSOLUTE, -950};
	ck_assert_int_eq(proc_score_read(proc, victim, &before), 0);
	ck_assert_int_eq(settings_apply(&profile, &memcg, proc, victim, &given, &results, NULL), 0);
	ck_assert_int_eq(proc_score_read(proc, victim, &after), 0);
	if (may_go_below()) {
		ck_assert_int_eq(after, -950);
		return;
	}
	ck_assert_int_eq(after, before);
	ck_assert_int_eq(result_of(&results, SETTING_SCORE_WORKLOAD)->outcome, SETTING_FAILED);
	ck_assert_int_eq(atoi(result_of(&results, SETTING_SCORE_WORKLOAD)->new_value), before);
	ck_assert_ptr_nonnull(
	    strstr(result_of(&results, SETTING_SCORE_WORKLOAD)->reason, "CAP_SYS_RESOURCE"));
}

START_TEST(a_real_cgroup)
{
	struct profile profile = wishes();
	struct settings_results results;
	struct settings_facts facts;
	struct error err = {0};

	if (box.why_not) {
		unit_missing(box.why_not);
		return;
	}
	start_victim();
	ck_assert_msg(memcg_open(proc, &mounts, victim, &memcg, &err) == 0, "%s", err.message);
	if (memcg.version == CGROUP_V1)
		ck_assert_int_eq(cgroup_write(memcg.dirfd, "memory.oom_control", "1"), 0);
	profile.settings.oom_killer = SWITCH_ON;
	profile.settings.swappiness = 11;
	ck_assert_int_eq(settings_facts_read(&memcg, proc, victim, &facts, &err), 0);
	ck_assert_int_eq(settings_apply(&profile, &memcg, proc, victim, &given, &results, &err), 0);
	expect_real_results(&results, facts.has_swap);
	ck_assert_int_eq(result_of(&results, SETTING_SCORE_WORKLOAD)->outcome, SETTING_APPLIED);
	ck_assert_int_eq(settings_facts_read(&memcg, proc, victim, &facts, &err), 0);
	ck_assert(!facts.oom_kill_disabled);
	ck_assert_uint_eq(facts.limit, 64 * MIB);
	expect_real_scores(facts.init_score - 100);
	expect_low_score();
	end_victim();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settings_apply");
	TCase *fake = tcase_create("fake"), *real = tcase_create("real");

	tcase_add_checked_fixture(fake, make_fake, remove_fake);
	tcase_add_test(fake, written_and_read_back);
	tcase_add_test(fake, what_is_not_there_is_refused);
	tcase_add_test(fake, scores_of_running_processes);
	tcase_add_test(fake, ids_that_cannot_have_changed_hands_are_not_looked_up);
	tcase_add_test(fake, what_the_init_forked);
	tcase_add_test(fake, a_managers_score_is_corrected_and_told);
	tcase_add_unchecked_fixture(real, make_box, remove_box);
	tcase_add_test(real, a_real_cgroup);
	suite_add_tcase(suite, fake);
	suite_add_tcase(suite, real);
	return unit_run(suite);
}
