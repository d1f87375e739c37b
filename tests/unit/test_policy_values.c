/* SPDX-License-Identifier: Apache-2.0 */
/* Values of policy keys as text, as annotations have it, and back. */
#include <check.h>
#include <signal.h>

#include "policy_keys.h"
#include "unit.h"

/* What a value becomes and how it is said again. */
static const struct {
	const char *path, *text, *again; /* again NULL: refused */
} values[] = {
    {"settings.swap", "leave", "leave"},
    {"settings.swap", "0", "0"},
    {"settings.swap", "1024KiB", "1MiB"},
    {"settings.swap", "1.5GiB", "1536MiB"},
    {"settings.swap", "99.999TiB", "109950063265972"},
    {"settings.swap", "999TiB", "999TiB"},
    {"settings.swap", "999999999999999", "999999999999999"},
    {"settings.swap", "9999TiB", NULL},
    {"settings.swap", "12.5%", "12.5%"},
    {"settings.swap", "100%", "100%"},
    {"settings.swap", "1000%", "1000%"},
    {"settings.swap", "1001%", NULL},
    {"settings.swap", "-1", NULL},
    {"settings.swap", "1.5", NULL},
    {"settings.swap", "1 MiB", NULL},
    {"settings.oomScoreAdj.init", "-1000", "-1000"},
    {"settings.oomScoreAdj.workload", "-1000", NULL},
    {"settings.oomScoreAdj.workload", "-999", "-999"},
    {"settings.oomScoreAdj.workload", "1001", NULL},
    {"settings.oomScoreAdj.workload", "+100", "+100"},
    {"settings.oomScoreAdj.workload", "+", NULL},
    {"settings.swappiness", "60", "60"},
    {"settings.swappiness", "101", NULL},
    {"settings.swappiness", "leave", "leave"},
    {"settings.limit", "1GiB", NULL},
    {"onOom.respawnGrace", "1.5s", "1500ms"},
    {"onOom.respawnGrace", "99999999ms", "99999999ms"},
    {"onOom.respawnGrace", "0", "0s"},
    {"onOom.respawnGrace", "10", NULL},
    {"onOom.respawnGrace", "1d", NULL},
    {"restart.max", "007", NULL},
    {"restart.max", "7", "7"},
    {"restart.backoff.factor", "1.5", "1.5"},
    {"restart.backoff.factor", "0.5", NULL},
    {"restart.backoff.factor", "nan", NULL},
    {"kill.signal", "SIGTERM", "SIGTERM"},
    {"kill.signal", "SIGRTMIN+3", "SIGRTMIN+3"},
    {"kill.signal", "15", NULL},
    {"settings.keep", "false", "false"},
    {"settings.keep", "0", NULL},
    {"onStall.after", "0.1s", "100ms"},
    {"onStall.after", "0.099s", NULL},
    {"onStall.after", "0", NULL},
    {"onStall.pressure.share", "100%", "100%"},
    {"onStall.pressure.share", "1.5%", "1.5%"},
    {"onStall.pressure.share", "100.001%", NULL},
    {"onStall.pressure.share", "off", NULL},
    {"onStall.ladder", "kill", NULL},
    {"victims.prefer", "^php", NULL},
    {"onNearLimit.at", "off", "off"},
    {"onNearLimit.at", "99%", "99%"},
    {"onNearLimit.at", "099.001%", NULL},
    {"onNearLimit.at", "0%", NULL},
    {"onNearLimit.of", "usage", "usage"},
    {"onNearLimit.actions", "none", "none"},
    {"onNearLimit.actions", "rescore,signal:SIGRTMIN+3", "rescore,signal:SIGRTMIN+3"},
    {"onNearLimit.actions", "", NULL},
    {"onNearLimit.actions", "report,", NULL},
    {"onNearLimit.actions", "report, snapshot", NULL},
    {"onNearLimit.actions", "signal:SIGSTOP", NULL},
    {"onNearLimit.actions", "kill-largest,kill-largest", NULL},
    {"onNearLimit.actions",
     "report,snapshot,rescore,kill-largest,signal:SIGTERM,signal:SIGINT,signal:SIGHUP,"
     "signal:SIGUSR1",
     "report,snapshot,rescore,kill-largest,signal:SIGTERM,signal:SIGINT,signal:SIGHUP,"
     "signal:SIGUSR1"},
    {"onNearLimit.actions",
     "report,snapshot,rescore,kill-largest,signal:SIGTERM,signal:SIGINT,signal:SIGHUP,"
     "signal:SIGUSR1,signal:SIGUSR2",
     NULL},
    {"onNearLimit.process", "^java$", NULL},
    {"onZombies.above", "off", "off"},
    {"onZombies.above", "100000", "100000"},
    {"onZombies.above", "100001", NULL},
};

START_TEST(a_value_is_said_as_it_was_meant)
{
	const struct policy_key *key = policy_key_by_path(values[_i].path);
	struct profile profile = profile_builtin;
	char text[128];
	int r = policy_key_read_text(key, values[_i].text, &profile, NULL);

	ck_assert_msg((r == 0) == (values[_i].again != NULL), "%s %s: %d", values[_i].path,
		      values[_i].text, r);
	if (r == 0)
		ck_assert_str_eq(policy_key_text(key, &profile, text, sizeof(text)),
				 values[_i].again);
	else
		ck_assert_mem_eq(&profile, &profile_builtin, sizeof(profile));
}
END_TEST

START_TEST(real_time_signals_count_from_the_first)
{
	struct profile profile = profile_builtin;

	ck_assert_int_eq(policy_key_read_text(policy_key_by_annotation("kill-signal"), "SIGRTMIN+3",
					      &profile, NULL),
			 0);
	ck_assert_int_eq(profile.kill.signal, SIGRTMIN + 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy_values");
	TCase *tests = tcase_create("policy_values");

	tcase_add_loop_test(tests, a_value_is_said_as_it_was_meant, 0,
			    (int)(sizeof(values) / sizeof(values[0])));
	tcase_add_test(tests, real_time_signals_count_from_the_first);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
