/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "config.h"
#include "verbs.h"

static const char help[] = "Usage: oomguard version [--json]\n"
			   "Prints the version of oomguard, and the places it was built to use.\n"
			   "\n"
			   "Example:\n"
			   "  oomguard version\n";

static void fill(struct jsonw *w, const void *context)
{
	jsonw_object(w);
	jsonw_kv_int(w, "version", CLI_JSON_VERSION);
	jsonw_kv_string(w, "program", "oomguard");
	jsonw_kv_string(w, "release", OOMGUARD_VERSION);
	jsonw_kv_string(w, "stateDir", OOMGUARD_STATE_DIR);
	jsonw_kv_string(w, "incidentsDir", OOMGUARD_INCIDENTS_DIR);
	jsonw_kv_string(w, "policyFile", OOMGUARD_POLICY_FILE);
	jsonw_kv_string(w, "killSwitch", OOMGUARD_DISABLED_FILE);
	jsonw_object_end(w);
}

int verb_version(const struct cli *cli, int argc, char **argv)
{
	int exit_code;

	if (!cli_takes_nothing(help, argc, argv, &exit_code))
		return exit_code;
	if (cli->json)
		return cli_json(fill, NULL);
	printf("oomguard %s\nstate        %s\nincidents    %s\npolicy       %s\nkill switch  %s\n",
	       OOMGUARD_VERSION, OOMGUARD_STATE_DIR, OOMGUARD_INCIDENTS_DIR, OOMGUARD_POLICY_FILE,
	       OOMGUARD_DISABLED_FILE);
	return cli_finish(CLI_DONE);
}
