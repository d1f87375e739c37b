/* SPDX-License-Identifier: Apache-2.0 */
/* Our own programs, places and policy on this host. */
#include "checks.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "units.h"

#define SPACE_WARN (16 * 1024 * 1024) /* bytes: some hundred incidents */
#define INODES_WARN 1024

static void check_program(const struct named_file *file, struct findings *out)
{
	if (file->missing)
		finding_fail(out, "install oomguard again", "%s: %s", file->path,
			     strerrordesc_np(file->missing));
	else if (!file->executable)
		finding_fail(out, "chmod 755 it, and mount its file system without noexec",
			     "%s cannot be executed", file->path);
	else
		finding_ok(out, "%s is there", file->path);
}

static void check_programs(const struct doctor_facts *facts, struct findings *out)
{
	check_program(&facts->hook, out);
	check_program(&facts->shim, out);
}

static void check_switch(const struct doctor_facts *facts, struct findings *out)
{
	char remedy[PATH_MAX + 8];

	snprintf(remedy, sizeof(remedy), "rm %s", facts->switched_off);
	if (facts->switched_off[0])
		finding_warn(out, remedy, "switched off: nothing is guarded while %s exists",
			     facts->switched_off);
	else
		finding_ok(out, "no kill switch is there");
}

static void check_policy(const struct doctor_facts *facts, struct findings *out)
{
	if (!facts->policy.valid)
		finding_fail(out, "oomguard policy check", "%s", facts->policy.problem);
	else if (facts->policy.warnings)
		finding_warn(out, "oomguard policy check", "%s: %s", facts->policy.file,
			     facts->policy.problem);
	else if (facts->policy.built_in)
		finding_ok(out, "no %s: the built-in policy reports and does nothing else",
			   facts->policy.file);
	else
		finding_ok(out, "%s is right", facts->policy.file);
}

static void check_place(const struct place_facts *place, struct findings *out)
{
	char space[32];

	size_text(place->space, space, sizeof(space));
	if (place->failed)
		finding_fail(out, "make it a directory of root's that nobody else may write", "%s",
			     place->why);
	else if (place->space_known && place->space < SPACE_WARN)
		finding_warn(out, "make room", "%s: only %s are free", place->path, space);
	else if (place->space_known && place->inodes < INODES_WARN)
		finding_warn(out, "make room", "%s: only %" PRIu64 " files can be made",
			     place->path, place->inodes);
	else if (place->missing)
		finding_ok(out, "%s is not there yet", place->path);
	else
		finding_ok(out, "%s, %s are free", place->path, space);
}

static void check_state(const struct doctor_facts *facts, struct findings *out)
{
	check_place(&facts->state, out);
}

static void check_records(const struct doctor_facts *facts, struct findings *out)
{
	check_place(&facts->records, out);
}

static void check_service(const struct doctor_facts *facts, struct findings *out)
{
	if (!facts->service.systemd) {
		finding_ok(out,
			   "systemd does not run here: call `oomguard recover` by other means");
		return;
	}
	if (!facts->service.unit_enabled)
		finding_warn(out, "systemctl enable --now oomguard.service",
			     "oomguard.service is not enabled: shims live in a cgroup that systemd "
			     "does not know");
	if (!facts->service.timer_enabled)
		finding_warn(out, "systemctl enable --now oomguard-recover.timer",
			     "oomguard-recover.timer is not enabled: a shim that dies stays away");
	if (facts->service.unit_enabled && facts->service.timer_enabled)
		finding_ok(out, "oomguard.service and oomguard-recover.timer are enabled");
}

const struct check checks_host[] = {
    {"switch", check_switch},
    {"programs", check_programs},
    {"policy", check_policy},
    {"state", check_state},
    {"records", check_records},
    {"service", check_service},
    {NULL, NULL},
};
