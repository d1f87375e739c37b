/* SPDX-License-Identifier: Apache-2.0 */
/* How container engines are told of us, and whether what they were told holds. */
#include "checks.h"

#include <stdio.h>
#include <string.h>

static void check_hook(const struct registration *item, struct findings *out)
{
	if (!item->has_create)
		finding_fail(out, "register it for createRuntime, poststart and poststop",
			     "%s: not at createRuntime or prestart, so nothing is guarded",
			     item->file);
	if (!item->has_env)
		finding_warn(out, "add \"env\" to the entry",
			     "%s: without env the hook gets the engine's whole environment",
			     item->file);
	if (!item->has_timeout)
		finding_warn(out, "add \"timeout\" to the entry",
			     "%s: without timeout a hook that hangs stops the container",
			     item->file);
	if (!item->has_poststart)
		finding_warn(out, "register it for poststart too, as `oomguard configure` does",
			     "%s: not at poststart, so settings that the runtime changes after "
			     "createRuntime stay changed",
			     item->file);
	if (!item->has_poststop)
		finding_warn(out, "register it for poststop too",
			     "%s: not at poststop, so state of ended containers stays a while",
			     item->file);
}

static void check_registration(const struct registration *item, struct findings *out)
{
	const char *name = item->name[0] ? item->name : item->is_hook ? "hook" : "runtime";

	if (item->not_read) {
		finding_fail(out,
			     item->is_hook
				 ? "`oomguard configure podman` puts it where hooks_dir says"
				 : "add its folder to `imports` of the engine's main file",
			     "%s: the engine does not read it", item->file);
	} else if (item->replaced_by[0]) {
		finding_fail(out,
			     "oomguard configure containerd --edit; or bring the files to version "
			     "3, which containerd reads from 2.0 on",
			     "%s: up to containerd 1.7 %s, which comes later and has a section of "
			     "the same plugin, takes its place",
			     item->file, item->replaced_by);
	} else if (item->program.missing) {
		finding_fail(out, "install oomguard again, or take the entry out",
			     "%s: %s names %s: %s; containers do not start", item->file, name,
			     item->program.path, strerrordesc_np(item->program.missing));
	} else if (!item->program.executable) {
		finding_fail(out, "chmod 755 it, and mount its file system without noexec",
			     "%s: %s names %s, which cannot be executed; containers do not start",
			     item->file, name, item->program.path);
	} else if (item->runtime.code) {
		finding_fail(out, item->runtime.hint, "%s: %s %s: %s; containers do not start",
			     item->file, name, item->program.path, item->runtime.message);
	} else {
		finding_ok(out, "%s: %s %s", item->file, name, item->program.path);
		if (item->is_hook)
			check_hook(item, out);
	}
}

static void check_default(const char *engine, const char *file, const char *name,
			  struct findings *out)
{
	char remedy[160];

	snprintf(remedy, sizeof(remedy),
		 "name another one there, or register it: oomguard configure %s --mode wrapper",
		 engine);
	finding_fail(out, remedy,
		     "%s: the default runtime is %s, which is not there; containers do not start",
		     file, name);
}

/* The hooks.d of podman, CRI-O and buildah, or the configuration of one engine. */
static size_t check_engine(const struct engine_facts *engines, const char *engine,
			   struct findings *out)
{
	size_t found = 0;

	for (size_t i = 0; i < engines->unreadable_len; i++) {
		if (strcmp(engines->unreadable[i].engine, engine) != 0)
			continue;
		finding_warn(out, "mend the file", "%s", engines->unreadable[i].why);
		found++;
	}
	for (size_t i = 0; i < engines->len; i++) {
		if (strcmp(engines->items[i].engine, engine) != 0)
			continue;
		check_registration(&engines->items[i], out);
		found++;
	}
	for (size_t i = 0; i < engines->lost_len; i++) {
		if (strcmp(engines->lost[i].engine, engine) != 0)
			continue;
		check_default(engine, engines->lost[i].file, engines->lost[i].name, out);
		found++;
	}
	return found;
}

static const char *installed(const struct engine_facts *engines, const char *name)
{
	for (size_t i = 0; i < engines->installed_len; i++)
		if (!strcmp(engines->installed[i].name, name))
			return engines->installed[i].path;
	return NULL;
}

static bool has_hooks_d(const struct engine_facts *engines)
{
	for (size_t i = 0; i < engines->len; i++)
		if (!strcmp(engines->items[i].engine, "hooks.d"))
			return true;
	return false;
}

static void check_one(const struct doctor_facts *facts, const char *engine, const char *program,
		      struct findings *out)
{
	const char *path = installed(&facts->engines, program);

	if (check_engine(&facts->engines, engine, out) == 0 && path)
		finding_ok(out, "%s is installed, nothing registers oomguard with it", path);
}

/* One that reads hooks.d: what is there is told under that name. */
static void check_hooking(const struct doctor_facts *facts, const char *engine,
			  struct findings *out)
{
	if (has_hooks_d(&facts->engines))
		check_engine(&facts->engines, engine, out);
	else
		check_one(facts, engine, engine, out);
}

static void check_hooks_d(const struct doctor_facts *facts, struct findings *out)
{
	check_engine(&facts->engines, "hooks.d", out);
}

static void check_podman(const struct doctor_facts *facts, struct findings *out)
{
	check_hooking(facts, "podman", out);
}

static void check_docker(const struct doctor_facts *facts, struct findings *out)
{
	check_one(facts, "docker", "dockerd", out);
}

static void check_containerd(const struct doctor_facts *facts, struct findings *out)
{
	check_one(facts, "containerd", "containerd", out);
}

static void check_crio(const struct doctor_facts *facts, struct findings *out)
{
	check_hooking(facts, "crio", out);
}

/* Engines may be registered elsewhere, in a bundle by hand: a container with state proves it. */
static void check_registered(const struct doctor_facts *facts, struct findings *out)
{
	const struct engine_facts *engines = &facts->engines;

	if (engines->len > 0)
		finding_ok(out, "%zu %s with engines", engines->len,
			   engines->len == 1 ? "registration" : "registrations");
	else if (facts->containers_len > 0)
		finding_ok(out, "no engine names us, and containers are guarded all the same");
	else
		finding_warn(out, "oomguard configure ENGINE",
			     "no engine names us, and no container is guarded");
}

const struct check checks_engines[] = {
    {"hooks.d", check_hooks_d},
    {"podman", check_podman},
    {"docker", check_docker},
    {"containerd", check_containerd},
    {"crio", check_crio},
    {"registered", check_registered},
    {NULL, NULL},
};
