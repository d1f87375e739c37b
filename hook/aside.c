/* SPDX-License-Identifier: Apache-2.0 */
#include "aside.h"

#include <stdio.h>
#include <unistd.h>

#include "oci.h"

void step_aside(struct hook *hook, const char *file)
{
	struct oci_state state = {0};
	bool known;

	if (hook->args.stage == SPEC_STAGE_PRECREATE) {
		precreate_pass();
		return;
	}
	/* To its end too, so that the runtime never writes to a closed pipe. */
	known = oci_state_read(STDIN_FILENO, &state, NULL) == 0;

	if (hook->args.dry_run)
		dprintf(STDERR_FILENO, "oomguard-hook: nothing is done while %s exists\n", file);
	/* Once for each container: at its start. */
	if (hook->logging && (hook->args.stage == SPEC_STAGE_CREATE_RUNTIME ||
			      hook->args.stage == SPEC_STAGE_PRESTART)) {
		journal_close(&hook->journal);
		journal_open(&hook->journal, -1, known ? state.id : "");
		journal_event(&hook->journal, JOURNAL_NOTICE, "switched-off",
			      "not guarded: %s exists", file);
	}
	oci_state_free(&state);
}
