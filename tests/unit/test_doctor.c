/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of `oomguard doctor`: facts in, findings out. */
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "doctor_host.h"

/* Runs all checks; how many findings are no "ok", and the worst of them. */
static const struct finding *worst(const struct host *host, struct findings *out, size_t *bad)
{
	const struct finding *found = NULL;

	*out = (struct findings){0};
	*bad = 0;
	checks_run(&host->facts, out);
	ck_assert_uint_eq(
	    out->count[FINDING_OK] + out->count[FINDING_WARN] + out->count[FINDING_FAIL], out->len);
	for (size_t i = 0; i < out->len; i++) {
		ck_assert_ptr_nonnull(out->items[i].check);
		if (out->items[i].level == FINDING_OK)
			continue;
		/* Whatever is wrong has a remedy. */
		ck_assert_ptr_nonnull(out->items[i].remedy);
		(*bad)++;
		if (!found || out->items[i].level > found->level)
			found = &out->items[i];
	}
	return found;
}

START_TEST(all_is_well)
{
	struct host *host = good_host();
	struct findings findings;
	const struct finding *found;
	size_t bad;

	found = worst(host, &findings, &bad);
	ck_assert_msg(!found, "%s: %s", found ? found->check : "", found ? found->text : "");
	/* Each check of each table has its say. */
	ck_assert_uint_ge(findings.len, 24);
	findings_free(&findings);
	free(host);
}
END_TEST

static void no_cgroups(struct host *h)
{
	h->facts.kernel.has_v2 = false;
}
static void no_memory(struct host *h)
{
	h->facts.kernel.has_memory = false;
}
static void no_counter(struct host *h)
{
	h->facts.kernel.kill_counter = KNOWN_NO;
}
static void swap_free(struct host *h)
{
	h->facts.kernel.swap_accounted = KNOWN_NO;
}
static void no_pressure(struct host *h)
{
	h->facts.kernel.pressure = false;
}
static void no_group(struct host *h)
{
	h->facts.kernel.oom_group = KNOWN_NO;
}
static void no_pidfd(struct host *h)
{
	h->facts.kernel.pidfd = false;
}
static void no_forks(struct host *h)
{
	h->facts.kernel.connector = EPERM;
}
static void userns(struct host *h)
{
	h->facts.kernel.initial_userns = false;
}
static void no_log(struct host *h)
{
	h->facts.kernel.kernel_log = EPERM;
}
static void no_resource(struct host *h)
{
	h->facts.kernel.capabilities &= ~(UINT64_C(1) << CAP_SYS_RESOURCE);
}
static void many_memcgs(struct host *h)
{
	h->facts.kernel.memcgs = 40000;
}
static void most_memcgs(struct host *h)
{
	h->facts.kernel.memcgs = 60000;
}
static void no_shim_file(struct host *h)
{
	h->facts.shim.missing = ENOENT;
}
static void hook_not_executable(struct host *h)
{
	h->facts.hook.executable = false;
}
static void switched_off(struct host *h)
{
	strcpy(h->facts.switched_off, "/etc/oomguard/disabled");
}
static void wrong_policy(struct host *h)
{
	h->facts.policy.valid = false;
}
static void odd_policy(struct host *h)
{
	h->facts.policy.warnings = 1;
}
static void unsafe_state(struct host *h)
{
	h->facts.state.failed = EPERM;
}
static void full_disk(struct host *h)
{
	h->facts.records.space = 1024;
}
static void no_inodes(struct host *h)
{
	h->facts.records.inodes = 3;
}
static void no_unit(struct host *h)
{
	h->facts.service.systemd = true;
	h->facts.service.timer_enabled = true;
}
static void no_timer(struct host *h)
{
	h->facts.service.systemd = true;
	h->facts.service.unit_enabled = true;
}
static void hook_path_gone(struct host *h)
{
	h->facts.engines.items[0].program = (struct named_file){.missing = ENOENT};
}
static void hook_path_not_executable(struct host *h)
{
	h->facts.engines.items[0].program.executable = false;
}
static void hook_without_env(struct host *h)
{
	h->facts.engines.items[0].has_env = false;
}
static void hook_without_timeout(struct host *h)
{
	h->facts.engines.items[0].has_timeout = false;
}
static void hook_without_create(struct host *h)
{
	h->facts.engines.items[0].has_create = false;
}
static void hook_without_poststart(struct host *h)
{
	h->facts.engines.items[0].has_poststart = false;
}
static void hook_without_poststop(struct host *h)
{
	h->facts.engines.items[0].has_poststop = false;
}
static void docker_path_gone(struct host *h)
{
	h->facts.engines.items[0] = (struct registration){
	    .engine = "docker", .name = "oomguard", .program.missing = ENOENT};
}
static void podman_path_gone(struct host *h)
{
	docker_path_gone(h);
	h->facts.engines.items[0].engine = "podman";
}
static void wrapper_without_runtime(struct host *h)
{
	struct registration *item = &h->facts.engines.items[0];

	*item = (struct registration){
	    .engine = "docker", .program.executable = true, .runtime.code = ENOENT};
	strcpy(item->runtime.message, "none is called runc");
	strcpy(item->runtime.hint, "add it");
}
static void taken_place(struct host *h)
{
	h->facts.engines.items[0].engine = "containerd";
	strcpy(h->facts.engines.items[0].replaced_by, "/z.toml");
}
static void default_is_lost(struct host *h)
{
	h->facts.engines.lost_len = 1;
	h->facts.engines.lost[0].engine = "crio";
	strcpy(h->facts.engines.lost[0].name, "guard");
}
static void not_imported(struct host *h)
{
	h->facts.engines.items[0].engine = "containerd";
	h->facts.engines.items[0].not_read = true;
}
static void daemon_json_broken(struct host *h)
{
	h->facts.engines.unreadable_len = 1;
	h->facts.engines.unreadable[0].engine = "docker";
}
static void nothing_registered(struct host *h)
{
	h->facts.engines.len = 0;
	h->facts.containers_len = 0;
}
static void shim_died(struct host *h)
{
	h->containers[1].guarding = GUARDING_LOST;
}
static void shim_left(struct host *h)
{
	h->containers[1].guarding = GUARDING_LOST;
	h->containers[1].left = true;
}
static void shim_stopped(struct host *h)
{
	h->containers[2].shim_state = 'T';
}
static void broken_state(struct host *h)
{
	h->containers[0].guarding = GUARDING_UNREADABLE;
}
static void broken_remains(struct host *h)
{
	h->containers[0].guarding = GUARDING_REMAINS;
}
static void unguarded(struct host *h)
{
	h->containers[0].guarding = GUARDING_UNWANTED;
}
static void drifted(struct host *h)
{
	h->containers[0].changed_len = 1;
	h->containers[0].changed[0] =
	    (struct setting_now){.key = "settings.swap", .wanted = 0, .now = MEMCG_NO_LIMIT};
}
static void refused(struct host *h)
{
	strcpy(h->containers[0].refused, "settings.swap (none)");
}
static void leftover(struct host *h)
{
	h->containers[0].guarding = GUARDING_ENDED;
}
static void no_limit(struct host *h)
{
	h->containers[0].limit = MEMCG_NO_LIMIT;
}
static void overcommitted(struct host *h)
{
	h->containers[0].limit = 3 * GIB;
}
static void endless_limits(struct host *h)
{
	h->containers[0].limit = h->containers[1].limit = UINT64_MAX - 1;
}

static const struct {
	void (*spoil)(struct host *host);
	const char *check;
	enum finding_level level;
	const char *text; /* part of it */
} spoiled[] = {
    {no_cgroups, "cgroups", FINDING_FAIL, "no cgroup file system"},
    {no_memory, "cgroups", FINDING_FAIL, "no hierarchy has the memory"},
    {no_counter, "kill-counter", FINDING_FAIL, "does not count"},
    {swap_free, "swap", FINDING_WARN, "does not account"},
    {no_pressure, "pressure", FINDING_WARN, "PSI"},
    {no_group, "oom-group", FINDING_WARN, "settings.oomGroup"},
    {no_pidfd, "pidfd", FINDING_FAIL, "no shim can start"},
    {no_forks, "fork-events", FINDING_WARN, "Operation not permitted"},
    {userns, "fork-events", FINDING_WARN, "user namespace"},
    {no_log, "kernel-log", FINDING_WARN, "/dev/kmsg"},
    {no_resource, "capabilities", FINDING_WARN, "CAP_SYS_RESOURCE"},
    {many_memcgs, "memcgs", FINDING_WARN, "40000 memory cgroups of 65535"},
    {most_memcgs, "memcgs", FINDING_FAIL, "60000"},
    {no_shim_file, "programs", FINDING_FAIL, "No such file"},
    {hook_not_executable, "programs", FINDING_FAIL, "cannot be executed"},
    {switched_off, "switch", FINDING_WARN, "/etc/oomguard/disabled"},
    {wrong_policy, "policy", FINDING_FAIL, ""},
    {odd_policy, "policy", FINDING_WARN, ""},
    {unsafe_state, "state", FINDING_FAIL, ""},
    {full_disk, "records", FINDING_WARN, "1 KiB"},
    {no_inodes, "records", FINDING_WARN, "only 3 files"},
    {no_unit, "service", FINDING_WARN, "oomguard.service is not"},
    {no_timer, "service", FINDING_WARN, "oomguard-recover.timer is not"},
    {hook_path_gone, "hooks.d", FINDING_FAIL, "containers do not start"},
    {hook_path_not_executable, "hooks.d", FINDING_FAIL, "cannot be executed"},
    {hook_without_env, "hooks.d", FINDING_WARN, "without env"},
    {hook_without_timeout, "hooks.d", FINDING_WARN, "without timeout"},
    {hook_without_create, "hooks.d", FINDING_FAIL, "nothing is guarded"},
    {hook_without_poststart, "hooks.d", FINDING_WARN, "not at poststart"},
    {hook_without_poststop, "hooks.d", FINDING_WARN, "not at poststop"},
    {docker_path_gone, "docker", FINDING_FAIL, "oomguard names"},
    {podman_path_gone, "podman", FINDING_FAIL, "oomguard names"},
    {wrapper_without_runtime, "docker", FINDING_FAIL, "none is called runc"},
    {taken_place, "containerd", FINDING_FAIL, "up to containerd 1.7 /z.toml"},
    {default_is_lost, "crio", FINDING_FAIL, "the default runtime is guard"},
    {not_imported, "containerd", FINDING_FAIL, "does not read it"},
    {daemon_json_broken, "docker", FINDING_WARN, ""},
    {nothing_registered, "registered", FINDING_WARN, "no engine names us"},
    {shim_died, "shims", FINDING_FAIL, "api (key): its shim died"},
    {shim_left, "shims", FINDING_FAIL, "told to leave"},
    {shim_stopped, "shims-run", FINDING_FAIL, "job (key): its shim, pid 10, is stopped"},
    {broken_state, "unguarded", FINDING_FAIL, "web: its state cannot be read"},
    {broken_remains, "leftover", FINDING_WARN, "1 ended container waits for `delete`: web"},
    {unguarded, "unguarded", FINDING_WARN, "web is not guarded"},
    {drifted, "settings", FINDING_WARN, "settings.swap: max, and not 0"},
    {refused, "settings", FINDING_WARN, "settings.swap (none)"},
    {leftover, "leftover", FINDING_WARN, "web"},
    {no_limit, "limits", FINDING_WARN, "1 container has no memory limit of its own: web"},
    {overcommitted, "overcommit", FINDING_WARN, "5 GiB, the host has 4 GiB"},
    {endless_limits, "overcommit", FINDING_WARN, "the host has 4 GiB"},
};

START_TEST(one_thing_is_wrong)
{
	struct host *host = good_host();
	struct findings findings;
	const struct finding *found;
	size_t bad;

	spoiled[_i].spoil(host);
	found = worst(host, &findings, &bad);
	ck_assert_msg(found, "%s: nothing was found", spoiled[_i].check);
	ck_assert_msg(bad == 1 && !strcmp(found->check, spoiled[_i].check) &&
			  found->level == spoiled[_i].level &&
			  strstr(found->text, spoiled[_i].text),
		      "%s: %zu bad, %s %s: %s", spoiled[_i].check, bad,
		      finding_level_name(found->level), found->check, found->text);
	findings_free(&findings);
	free(host);
}
END_TEST

static void on_v1(struct host *h)
{
	h->facts.kernel.version = CGROUP_V1;
	h->facts.kernel.has_v1 = true;
	h->facts.kernel.oom_group = h->facts.kernel.cgroup_kill = KNOWN_NOT;
}
static void no_swap_at_all(struct host *h)
{
	h->facts.kernel.has_swap = false;
	h->facts.kernel.swap_accounted = KNOWN_NO;
}
static void no_cgroup_below(struct host *h)
{
	h->facts.kernel.kill_counter = h->facts.kernel.swap_accounted = h->facts.kernel.oom_group =
	    h->facts.kernel.cgroup_kill = KNOWN_NOT;
}
static void by_annotation(struct host *h)
{
	h->containers[0].guarding = GUARDING_UNWANTED;
	h->containers[0].disabled = true;
}
static void being_restarted(struct host *h)
{
	h->containers[0].guarding = GUARDING_RESTARTING;
}
static void being_made(struct host *h)
{
	h->containers[0].guarding = GUARDING_HOOK_AT_WORK;
}
static void ended_and_swept(struct host *h)
{
	h->containers[0].guarding = GUARDING_ENDED;
	h->containers[0].swept = true;
	/* What no longer runs promises nothing. */
	h->containers[0].limit = MEMCG_NO_LIMIT;
}
static void by_hand(struct host *h)
{
	h->facts.engines.len = 0;
}
static void nothing_yet(struct host *h)
{
	h->facts.state.missing = h->facts.records.missing = true;
	h->facts.state.space_known = h->facts.records.space_known = false;
}

static void (*const harmless[])(struct host *host) = {
    on_v1,	no_swap_at_all,	 no_cgroup_below, by_annotation, being_restarted,
    being_made, ended_and_swept, by_hand,	  nothing_yet,
};

START_TEST(nothing_is_wrong)
{
	struct host *host = good_host();
	struct findings findings;
	const struct finding *found;
	size_t bad;

	harmless[_i](host);
	found = worst(host, &findings, &bad);
	ck_assert_msg(!found, "%d: %s: %s", _i, found ? found->check : "",
		      found ? found->text : "");
	findings_free(&findings);
	free(host);
}
END_TEST

START_TEST(many_names_are_cut)
{
	struct host *host = good_host();
	struct container_facts *many = calloc(100, sizeof(*many));
	struct findings findings;
	const struct finding *found;
	size_t bad;

	ck_assert_ptr_nonnull(many);
	for (size_t i = 0; i < 100; i++) {
		many[i] = host->containers[0];
		many[i].limit = MEMCG_NO_LIMIT;
	}
	host->facts.containers = many;
	host->facts.containers_len = 100;
	found = worst(host, &findings, &bad);
	ck_assert_ptr_nonnull(found);
	ck_assert_ptr_nonnull(strstr(found->text, "100 containers"));
	ck_assert_ptr_nonnull(strstr(found->text, "web, web"));
	ck_assert_str_eq(found->text + strlen(found->text) - strlen(" more"), " more");
	findings_free(&findings);
	free(many);
	free(host);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("doctor");
	TCase *tests = tcase_create("checks");

	tcase_add_test(tests, all_is_well);
	tcase_add_loop_test(tests, one_thing_is_wrong, 0, sizeof(spoiled) / sizeof(spoiled[0]));
	tcase_add_loop_test(tests, nothing_is_wrong, 0, sizeof(harmless) / sizeof(harmless[0]));
	tcase_add_test(tests, many_names_are_cut);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
