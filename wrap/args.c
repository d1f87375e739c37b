/* SPDX-License-Identifier: Apache-2.0 */
#include "args.h"

#include <errno.h>
#include <string.h>

#include "config.h"
#include "units.h"
#include "utf8.h"

#define OWN_PREFIX "--oomguard-"
#define NAME_PREFIX "oomguard-"
#define DEADLINE_MAX_MS (10 * 60 * 1000)

const char wrap_usage[] =
    "Usage: oomguard-runc [--oomguard-OPTION]... ARGUMENTS OF runc...\n"
    "       oomguard-crun [--oomguard-OPTION]... ARGUMENTS OF crun...\n"
    "Runs the runtime of that name. The config.json of a container to be created is edited\n"
    "first, so that oomguard guards it.\n"
    "\n"
    "Options, before those of the runtime:\n"
    "  --oomguard-profile NAME         the policy's profile, in place of its rules\n"
    "  --oomguard-policy FILE          policy (default: " OOMGUARD_POLICY_FILE ")\n"
    "  --oomguard-root DIR             state of guarded containers (default: " OOMGUARD_STATE_DIR
    ")\n"
    "  --oomguard-failure open|closed  open: a failure never stops the container (default);\n"
    "                                  closed: one that would stand unguarded is refused\n"
    "  --oomguard-deadline TIME        the hooks give up after this long (default: 2s)\n"
    "  --oomguard-help, --oomguard-version\n";

/* It goes into config.json, where other bytes would become another name. */
static int set_text(const char *option, const char *value, const char **out, struct error *err)
{
	if (!utf8_valid(value))
		return error_say(err, EINVAL, "%s: found \"%s\", allowed is UTF-8", option, value);
	*out = value;
	return 0;
}

static int set_path(const char *option, const char *value, const char **out, struct error *err)
{
	if (value[0] != '/')
		return error_say(err, EINVAL, "%s: found \"%s\", allowed is an absolute path",
				 option, value);
	return set_text(option, value, out, err);
}

static int set_failure(const char *option, const char *value, bool *closed, struct error *err)
{
	*closed = !strcmp(value, "closed");
	if (*closed || !strcmp(value, "open"))
		return 0;
	return error_say(err, EINVAL, "%s: found \"%s\", allowed are open and closed", option,
			 value);
}

static int set_deadline(const char *option, const char *value, uint64_t *ms, struct error *err)
{
	if (duration_parse(value, ms) == 0 && *ms >= 1 && *ms <= DEADLINE_MAX_MS)
		return 0;
	return error_say(err, EINVAL,
			 "%s: found \"%s\", allowed is a time like 500ms or 2s, from 1ms to 10m",
			 option, value);
}

static int set_value(const char *option, const char *name, const char *value, struct wrap_args *out,
		     struct error *err)
{
	if (!strcmp(name, "profile"))
		return set_text(option, value, &out->profile, err);
	if (!strcmp(name, "policy"))
		return set_path(option, value, &out->policy, err);
	if (!strcmp(name, "root"))
		return set_path(option, value, &out->root, err);
	if (!strcmp(name, "failure"))
		return set_failure(option, value, &out->closed, err);
	return set_deadline(option, value, &out->deadline_ms, err);
}

static bool takes_value(const char *name)
{
	static const char *const names[] = {"profile", "policy", "root", "failure", "deadline"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

/* Of runc and crun. */
static bool is_command(const char *word)
{
	static const char *const commands[] = {
	    "checkpoint", "create", "delete", "events", "exec",	  "features", "help",
	    "kill",	  "list",   "mounts", "pause",	"ps",	  "restore",  "resume",
	    "run",	  "spec",   "start",  "state",	"update", "version"};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i], word))
			return true;
	return false;
}

static int unknown_option(char ***at, const char *word, struct error *err)
{
	if (!strchr(word, '=') && **at && ***at != '-' && !is_command(**at))
		(*at)++;
	return error_say(err, EINVAL, "unknown option %s", word);
}

/* Takes the option at *at and moves it to the word behind. */
static int one_option(char ***at, struct wrap_args *out, struct error *err)
{
	const char *word = *(*at)++;
	const char *equals = strchr(word, '=');
	char option[32] = "", *name = option + strlen(OWN_PREFIX);
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	const char *value = equals ? equals + 1 : NULL;

	if (len < sizeof(option))
		memcpy(option, word, len);
	if (!strcmp(name, "help") && !value) {
		out->help = true;
		return 0;
	}
	if (!strcmp(name, "version") && !value) {
		out->version = true;
		return 0;
	}
	if (!takes_value(name))
		return unknown_option(at, word, err);
	if (!value)
		value = **at ? *(*at)++ : NULL;
	if (!value)
		return error_say(err, EINVAL, "%s: its value is missing", option);
	return set_value(option, name, value, out, err);
}

int wrap_args_parse(char **argv, struct wrap_args *out, struct error *err)
{
	const char *called = argv[0] ? argv[0] : "";
	const char *slash = strrchr(called, '/');
	const char *name = slash ? slash + 1 : called;
	char **at = argv + (argv[0] != NULL);
	int r = 0;

	*out = (struct wrap_args){0};
	while (*at && !strncmp(*at, OWN_PREFIX, strlen(OWN_PREFIX))) {
		int one = one_option(&at, out, r < 0 ? NULL : err);

		r = r < 0 ? r : one;
	}
	out->rest = at;
	if (out->help || out->version)
		return r;
	if (strncmp(name, NAME_PREFIX, strlen(NAME_PREFIX)) || !name[strlen(NAME_PREFIX)])
		return error_say(err, EINVAL,
				 "called as \"%s\": allowed are oomguard-runc and oomguard-crun, "
				 "by which the runtime is known",
				 name);
	out->runtime = name + strlen(NAME_PREFIX);
	return r;
}
