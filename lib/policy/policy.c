/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include <signal.h>

const struct profile profile_builtin = {
    .settings =
	{
	    .oom_killer = SWITCH_ON,
	    .oom_group = SWITCH_LEAVE,
	    .score_init = {.kind = SCORE_LEAVE},
	    .score_workload = {.kind = SCORE_LEAVE},
	    .swap = {.kind = SIZE_LEAVE},
	    .swappiness = -1,
	    .limit = {.kind = LIMIT_LEAVE},
	    .keep = 1,
	    .empty_on_exit = 1,
	    .add_init = 0,
	},
    /* Every slot of onOom: report only. */
    .on_oom = {POLICY_REPORT},
    .respawn_grace_ms = 0,
    .on_stall =
	{
	    .after_ms = 500,
	    .pressure_share = 60000,
	    .pressure_for_ms = 10 * 1000,
	    .ladder = {.len = 5,
		       .rung = {RUNG_ENABLE_OOM_KILLER, RUNG_KILL_LARGEST, RUNG_RAISE_LIMIT,
				RUNG_KILL, RUNG_REPORT}},
	},
    .on_near_limit =
	{
	    .at = 90000,
	    .of = NEAR_OF_WORKING_SET,
	    .actions = {.len = 1, .action = {{.kind = NEAR_REPORT}}},
	    .rearm_ms = 30 * 1000,
	},
    .on_zombies = {.above = 500, .action = POLICY_REPORT},
    .restart =
	{
	    .via = RESTART_VIA_AUTO,
	    .max = 5,
	    .within_ms = 10 * 60 * 1000,
	    .backoff_initial_ms = 1000,
	    .backoff_factor = 2,
	    .backoff_max_ms = 5 * 60 * 1000,
	    .give_up = GIVE_UP_KILL,
	},
    .kill = {.signal = SIGKILL, .grace_ms = 0},
    .evidence = {.budget_ms = 100},
};

const struct host_policy host_policy_builtin = {
    .max_concurrent_restarts = 4,
    .runtimes_len = 2,
    .runtimes = {"/usr/sbin/runc", "/usr/bin/crun"},
};

bool size_spec_bytes(const struct size_spec *spec, uint64_t whole, uint64_t *bytes)
{
	unsigned __int128 size = spec->bytes;

	if (spec->kind == SIZE_PERCENT)
		size = (unsigned __int128)whole * spec->millipercent / 100000;
	if (size >= INT64_MAX)
		return false;
	*bytes = (uint64_t)size;
	return true;
}

int score_spec_value(const struct score_spec *spec, int base)
{
	int value = spec->value;

	if (spec->kind == SCORE_ABSOLUTE)
		return value;
	value += base;
	return value < -999 ? -999 : value > 1000 ? 1000 : value;
}

const char *oom_slot_name(enum oom_slot slot)
{
	switch (slot) {
	case OOM_SLOT_INIT:
		return "init";
	case OOM_SLOT_PROCESS:
		return "process";
	case OOM_SLOT_GROUP:
		return "group";
	case OOM_SLOT_ANCESTOR:
		return "ancestor";
	case OOM_SLOT_GLOBAL:
		return "global";
	case OOM_SLOT_UNKNOWN:
	case OOM_SLOT_COUNT:
		break;
	}
	return "unknown";
}

const char *policy_action_name(enum policy_action action)
{
	switch (action) {
	case POLICY_REPORT:
		return "report";
	case POLICY_KILL:
		return "kill";
	case POLICY_RESTART:
		break;
	}
	return "restart";
}

const char *ladder_rung_name(enum ladder_rung rung)
{
	switch (rung) {
	case RUNG_ENABLE_OOM_KILLER:
		return "enable-oom-killer";
	case RUNG_KILL_LARGEST:
		return "kill-largest";
	case RUNG_RAISE_LIMIT:
		return "raise-limit";
	case RUNG_KILL:
		return "kill";
	case RUNG_REPORT:
		return "report";
	}
	return "unknown";
}
