/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The containers that have state: is each one guarded as it should be? One that was started past
 * us, or while the kill switch was on, has none and is not known here.
 */
#include "checks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "units.h"

#define NAMES_BYTES 256

/* "a, b, c and 4 more" */
struct names {
	char text[NAMES_BYTES];
	size_t len, shown;
};

static void add_name(struct names *names, const char *name)
{
	size_t used = strlen(names->text);

	names->len++;
	if (names->shown + 1 != names->len || used + strlen(name) + 32 > sizeof(names->text))
		return;
	snprintf(names->text + used, sizeof(names->text) - used, "%s%s", used ? ", " : "", name);
	names->shown++;
}

static const char *names_text(struct names *names)
{
	size_t used = strlen(names->text);

	if (names->len > names->shown)
		snprintf(names->text + used, sizeof(names->text) - used, "%s%zu more",
			 used ? " and " : "", names->len - names->shown);
	return names->text;
}

static size_t count(const struct doctor_facts *facts, enum guarding guarding)
{
	size_t found = 0;

	for (size_t i = 0; i < facts->containers_len; i++)
		found += facts->containers[i].guarding == guarding;
	return found;
}

static void check_shims(const struct doctor_facts *facts, struct findings *out)
{
	size_t watched = count(facts, GUARDING_WATCHED);

	for (size_t i = 0; i < facts->containers_len; i++) {
		const struct container_facts *c = &facts->containers[i];

		if (c->guarding != GUARDING_LOST)
			continue;
		if (c->left)
			finding_fail(out, "oomguard recover",
				     "%s (%s): its shim was told to leave: nobody watches it",
				     c->id, c->key);
		else
			finding_fail(out, "oomguard recover",
				     "%s (%s): its shim died%s%s: nobody watches it", c->id, c->key,
				     c->phase[0] ? " in phase " : "", c->phase);
	}
	if (facts->containers_len == 0)
		finding_ok(out, "no container is guarded");
	else if (count(facts, GUARDING_LOST) == 0)
		finding_ok(out, "%zu guarded %s watched, none has lost its shim", watched,
			   watched == 1 ? "container is" : "containers are");
}

/* Its lock is held, so it counts as alive, and yet it does not run. */
static void check_shims_run(const struct doctor_facts *facts, struct findings *out)
{
	size_t stuck = 0;

	for (size_t i = 0; i < facts->containers_len; i++) {
		const struct container_facts *c = &facts->containers[i];
		char remedy[96];

		if (c->guarding != GUARDING_WATCHED ||
		    (c->shim_state != 'T' && c->shim_state != 't'))
			continue;
		snprintf(remedy, sizeof(remedy), "kill -CONT %d", c->shim_pid);
		finding_fail(out, remedy,
			     "%s (%s): its shim, pid %d, is stopped: nobody watches it", c->id,
			     c->key, c->shim_pid);
		stuck++;
	}
	if (!stuck)
		finding_ok(out, "no shim is stopped");
}

static void check_unguarded(const struct doctor_facts *facts, struct findings *out)
{
	size_t found = 0;

	for (size_t i = 0; i < facts->containers_len; i++) {
		const struct container_facts *c = &facts->containers[i];
		char remedy[PATH_MAX + 384];

		if (c->guarding == GUARDING_UNREADABLE) {
			snprintf(remedy, sizeof(remedy),
				 "delete it with its runtime and start it again; if it is gone: rm "
				 "-r %s/containers/%s",
				 facts->state.path, c->key);
			finding_fail(out, remedy,
				     "%s: its state cannot be read: nobody watches it: %s", c->id,
				     c->problem);
		} else if (c->guarding == GUARDING_UNWANTED && !c->disabled) {
			snprintf(remedy, sizeof(remedy), "oomguard status %s", c->key);
			finding_warn(out, remedy, "%s is not guarded: %s", c->id,
				     c->problem[0] ? c->problem : "no reason is on record");
		} else {
			continue;
		}
		found++;
	}
	if (!found)
		finding_ok(
		    out,
		    "no container that oomguard was called for was left unguarded by a failure");
}

static const char *value_text(uint64_t value, char *buf, size_t cap)
{
	if (value == MEMCG_NO_LIMIT)
		snprintf(buf, cap, "max");
	else
		snprintf(buf, cap, "%" PRIu64, value);
	return buf;
}

static void check_settings(const struct doctor_facts *facts, struct findings *out)
{
	char remedy[384], now[24], wanted[24];
	size_t found = 0;

	for (size_t i = 0; i < facts->containers_len; i++) {
		const struct container_facts *c = &facts->containers[i];

		snprintf(remedy, sizeof(remedy), "oomguard events %s, and stop who writes there",
			 c->key);
		for (size_t j = 0; j < c->changed_len; j++, found++)
			finding_warn(out, remedy, "%s: somebody changed %s: %s, and not %s", c->id,
				     c->changed[j].key,
				     value_text(c->changed[j].now, now, sizeof(now)),
				     value_text(c->changed[j].wanted, wanted, sizeof(wanted)));
		if (c->refused[0] && c->guarding == GUARDING_WATCHED) {
			snprintf(remedy, sizeof(remedy), "oomguard status %s", c->key);
			finding_warn(out, remedy, "%s: could not be had: %s", c->id, c->refused);
			found++;
		}
	}
	if (!found)
		finding_ok(out, "all are as the policy wants them");
}

static void check_leftover(const struct doctor_facts *facts, struct findings *out)
{
	struct names names = {0}, swept = {0};

	for (size_t i = 0; i < facts->containers_len; i++) {
		const struct container_facts *c = &facts->containers[i];

		if (c->guarding == GUARDING_ENDED || c->guarding == GUARDING_REMAINS)
			add_name(c->swept ? &swept : &names, c->id);
	}
	if (names.len)
		finding_warn(out, "delete them with their runtime",
			     "state of %zu ended %s waits for `delete`: %s", names.len,
			     names.len == 1 ? "container" : "containers", names_text(&names));
	if (swept.len)
		finding_ok(out, "the next start of a container sweeps up behind %s",
			   names_text(&swept));
	if (!names.len && !swept.len)
		finding_ok(out, "no state of ended containers");
}

static bool lives(const struct container_facts *c)
{
	return c->has_cgroup && c->guarding != GUARDING_ENDED;
}

static void check_limits(const struct doctor_facts *facts, struct findings *out)
{
	struct names names = {0};
	size_t living = 0;

	for (size_t i = 0; i < facts->containers_len; i++) {
		const struct container_facts *c = &facts->containers[i];

		living += lives(c);
		if (lives(c) && c->limit == MEMCG_NO_LIMIT)
			add_name(&names, c->id);
	}
	if (names.len)
		finding_warn(out, "give them a limit, or settings.limit.default a value",
			     "%zu %s no memory limit of %s own: %s", names.len,
			     names.len == 1 ? "container has" : "containers have",
			     names.len == 1 ? "its" : "their", names_text(&names));
	else if (living)
		finding_ok(out, "every guarded container has a memory limit");
	else
		finding_ok(out, "no container is guarded");
}

static void check_overcommit(const struct doctor_facts *facts, struct findings *out)
{
	uint64_t sum = 0, total = facts->kernel.mem_total;
	char have[32], promised[32];
	size_t living = 0;

	for (size_t i = 0; i < facts->containers_len; i++) {
		const struct container_facts *c = &facts->containers[i];

		living += lives(c);
		if (lives(c) && c->limit != MEMCG_NO_LIMIT &&
		    __builtin_add_overflow(sum, c->limit, &sum))
			sum = UINT64_MAX;
	}
	size_text(total, have, sizeof(have));
	size_text(sum, promised, sizeof(promised));
	if (!total)
		finding_ok(out, "the host's memory is not known");
	else if (!living)
		finding_ok(out, "no container is guarded");
	else if (sum > total)
		finding_warn(out, "lower limits, or move containers",
			     "the limits of guarded containers come to %s, the host has %s: the "
			     "host can run out before "
			     "any container does",
			     promised, have);
	else
		finding_ok(out, "the limits of guarded containers come to %s of the host's %s",
			   promised, have);
}

const struct check checks_containers[] = {
    {"shims", check_shims},	      {"shims-run", check_shims_run},
    {"unguarded", check_unguarded},   {"settings", check_settings},
    {"leftover", check_leftover},     {"limits", check_limits},
    {"overcommit", check_overcommit}, {NULL, NULL},
};
