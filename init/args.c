/* SPDX-License-Identifier: Apache-2.0 */
#include "args.h"

#include <string.h>

#include "say.h"

#define SCORE_OPTION "--workload-score"

const char args_usage[] =
    "usage: oomguard-init [--workload-score N] [--] PROGRAM [ARGS...]\n"
    "       oomguard-init --help | --version\n"
    "\n"
    "Runs PROGRAM as the only child of a small init.\n"
    "\n"
    "  --workload-score N   oom_score_adj of PROGRAM: -1000 to 1000, or +N to add N to the\n"
    "                       inherited one; the init keeps the inherited one\n";

/* Takes "--workload-score N" and "--workload-score=N"; moves *at to the last word it used. */
static bool read_score_option(char ***at, struct score *out)
{
	const char *value =
	    (**at)[strlen(SCORE_OPTION)] == '=' ? **at + strlen(SCORE_OPTION) + 1 : *++*at;

	if (!value) {
		say(SCORE_OPTION " needs a number");
		return false;
	}
	if (!score_parse(value, out)) {
		say(SCORE_OPTION " \"%s\": found no number from -1000 to 1000, nor +N", value);
		return false;
	}
	return true;
}

static bool is_score_option(const char *word)
{
	size_t n = strlen(SCORE_OPTION);

	return strncmp(word, SCORE_OPTION, n) == 0 && (word[n] == '\0' || word[n] == '=');
}

bool args_parse(char **argv, struct args *out)
{
	char **at = argv;

	*out = (struct args){0};
	if (!*at) {
		say("needs a PROGRAM");
		return false;
	}
	for (at++; *at && (*at)[0] == '-'; at++) {
		if (strcmp(*at, "--") == 0) {
			at++;
			break;
		}
		if (strcmp(*at, "--help") == 0) {
			out->help = true;
			return true;
		}
		if (strcmp(*at, "--version") == 0) {
			out->version = true;
			return true;
		}
		if (!is_score_option(*at)) {
			say("unknown option \"%s\"", *at);
			return false;
		}
		if (!read_score_option(&at, &out->score))
			return false;
	}
	if (!*at) {
		say("needs a PROGRAM");
		return false;
	}
	out->program = at;
	return true;
}
