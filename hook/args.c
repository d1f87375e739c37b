/* SPDX-License-Identifier: Apache-2.0 */
#include "args.h"

#include <errno.h>
#include <string.h>

#include "config.h"
#include "units.h"

#define DEADLINE_MAX_MS (10 * 60 * 1000)

const char hook_args_usage[] =
    "Usage: oomguard-hook STAGE [OPTION]...\n"
    "Guards a container against running out of memory. Run by an OCI runtime as a hook, with\n"
    "the container's state on standard input.\n"
    "\n"
    "STAGE is one of\n"
    "  createRuntime, prestart  apply the policy's settings and start the guard\n"
    "  poststart                check both once more and correct them\n"
    "  poststop                 end the guard and remove its state\n"
    "  precreate                of podman: put the three others into the config.json that comes\n"
    "                           in on standard input, and print it\n"
    "\n"
    "Options:\n"
    "  --policy FILE          policy, with drop-ins in policy.d beside it\n"
    "                         (default: " OOMGUARD_POLICY_FILE ")\n"
    "  --root DIR             state of guarded containers (default: " OOMGUARD_STATE_DIR ")\n"
    "  --profile NAME         the policy's profile, in place of its rules\n"
    "  --failure open|closed  open: a failure never stops the container (default);\n"
    "                         closed: a container that would stand unguarded is refused\n"
    "  --deadline TIME        give up after this long (default: 2s); keep it far below the\n"
    "                         `timeout` of the hook's entry in config.json\n"
    "  --dry-run              print as JSON what would be done, and change nothing\n"
    "  --help, --version\n";

static const char *const stage_names[] = {
    [SPEC_STAGE_PRESTART] = "prestart",	  [SPEC_STAGE_CREATE_RUNTIME] = "createRuntime",
    [SPEC_STAGE_POSTSTART] = "poststart", [SPEC_STAGE_POSTSTOP] = "poststop",
    [SPEC_STAGE_PRECREATE] = "precreate",
};
#define STAGES (sizeof(stage_names) / sizeof(stage_names[0]))

/* True when the word is this option; its value is the rest of the word or the next word. */
static bool takes(const char *name, char *const argv[], int *at, const char **value)
{
	size_t len = strlen(name);
	const char *word = argv[*at];

	if (strncmp(word, name, len))
		return false;
	if (word[len] == '=') {
		*value = word + len + 1;
		return true;
	}
	if (word[len])
		return false;
	*value = argv[*at + 1];
	*at += *value != NULL;
	return true;
}

static int set_path(const char *option, const char *value, const char **out, struct error *err)
{
	/* The hook's working directory is the bundle, which is not the host's to trust. */
	if (value[0] != '/')
		return error_say(err, EINVAL, "%s: found \"%s\", allowed is an absolute path",
				 option, value);
	*out = value;
	return 0;
}

static int set_failure(const char *value, struct hook_args *out, struct error *err)
{
	if (strcmp(value, "open") && strcmp(value, "closed"))
		return error_say(err, EINVAL,
				 "--failure: found \"%s\", allowed are open and closed", value);
	out->closed = !strcmp(value, "closed");
	return 0;
}

static int set_deadline(const char *value, struct hook_args *out, struct error *err)
{
	uint64_t ms;

	if (duration_parse(value, &ms) < 0 || ms < 1 || ms > DEADLINE_MAX_MS)
		return error_say(err, EINVAL,
				 "--deadline: found \"%s\", allowed is a time like 500ms or 2s, "
				 "from 1ms to 10m",
				 value);
	out->deadline_ms = ms;
	return 0;
}

static int set_stage(const char *word, bool *has_stage, struct hook_args *out, struct error *err)
{
	if (*has_stage)
		return error_say(err, EINVAL, "found \"%s\" behind the stage", word);
	for (size_t i = 0; i < STAGES; i++) {
		if (!strcmp(word, stage_names[i])) {
			out->stage = (enum spec_stage)i;
			*has_stage = true;
			return 0;
		}
	}
	return error_say(err, EINVAL,
			 "found stage \"%s\", allowed are prestart, createRuntime, poststart, "
			 "poststop and precreate",
			 word);
}

static int one_word(char *const argv[], int *at, bool *has_stage, struct hook_args *out,
		    struct error *err)
{
	const char *word = argv[*at], *value = "";

	if (takes("--policy", argv, at, &value) && value)
		return set_path("--policy", value, &out->policy, err);
	if (takes("--root", argv, at, &value) && value)
		return set_path("--root", value, &out->root, err);
	if (takes("--profile", argv, at, &value) && value) {
		out->profile = value;
		return 0;
	}
	if (takes("--failure", argv, at, &value) && value)
		return set_failure(value, out, err);
	if (takes("--deadline", argv, at, &value) && value)
		return set_deadline(value, out, err);
	if (!value)
		return error_say(err, EINVAL, "%s: its value is missing", word);
	if (!strcmp(word, "--dry-run"))
		out->dry_run = true;
	else if (!strcmp(word, "--help"))
		out->help = true;
	else if (!strcmp(word, "--version"))
		out->version = true;
	else if (word[0] == '-')
		return error_say(err, EINVAL, "unknown option %s", word);
	else
		return set_stage(word, has_stage, out, err);
	return 0;
}

int hook_args_parse(int argc, char *const argv[], struct hook_args *out, struct error *err)
{
	bool has_stage = false;
	int r = 0;

	*out = (struct hook_args){.deadline_ms = HOOK_DEADLINE_MS};
	for (int at = 1; at < argc; at++) {
		struct error later;
		int one = one_word(argv, &at, &has_stage, out, r < 0 ? &later : err);

		/* The first mistake is told; reading on finds out which failure mode holds. */
		r = r < 0 ? r : one;
	}
	if (r < 0 || has_stage || out->help || out->version)
		return r;
	return error_say(err, EINVAL, "the stage is missing");
}

bool hook_args_refuse(const struct hook_args *args)
{
	return args->closed && args->stage != SPEC_STAGE_POSTSTOP;
}

const char *hook_stage_name(enum spec_stage stage)
{
	return stage_names[stage];
}
