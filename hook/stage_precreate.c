/* SPDX-License-Identifier: Apache-2.0 */
/*
 * precreate: a stage of podman's own. The container's config.json comes in on standard input, and
 * what is printed takes its place (oci-hooks.5, podman-create.1 "--hooks-dir").
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "config.h"
#include "gather.h"
#include "hook.h"
#include "read_all.h"
#include "spec_guard.h"
#include "write_all.h"

static int edit(struct hook *hook, const char *text, size_t len, struct spec_guarded *out,
		struct error *err)
{
	const struct hook_args *args = &hook->args;
	struct policy_document policy;
	const struct spec_hook entry = {
	    .path = OOMGUARD_HOOK_PATH,
	    .profile = args->profile,
	    .policy = args->policy,
	    .root = args->root,
	    .closed = args->closed,
	    .deadline_ms = args->deadline_ms == HOOK_DEADLINE_MS ? 0 : args->deadline_ms,
	    /* Which runtime it will be is not told. */
	    .poststart_untimed = true,
	};
	const struct spec_guard what = {
	    .policy = &policy,
	    .procfd = hook->procfd,
	    .hook = &entry,
	    .id = "",
	    .bundle = "",
	    .runtime = "",
	};
	int r = hook_policy(hook, &policy);

	if (r < 0)
		return r;
	r = spec_guard(&what, text, len, out, err);
	policy_document_free(&policy);
	return r;
}

void precreate_pass(void)
{
	cleanup_free char *text = NULL;
	size_t len;

	if (read_all(STDIN_FILENO, OCI_CONFIG_MAX_BYTES, &text, &len) == 0)
		write_all(STDOUT_FILENO, text, len);
}

/* What is printed when nothing could be done is what came in. */
int stage_precreate(struct hook *hook)
{
	struct spec_guarded guarded = {0};
	cleanup_free char *text = NULL;
	struct error err = {0};
	char message[1100];
	size_t len = 0;
	int r = read_all(STDIN_FILENO, OCI_CONFIG_MAX_BYTES, &text, &len);

	if (r < 0)
		return hook_failed(hook, r, "config.json cannot be read from standard input");
	r = edit(hook, text, len, &guarded, &err);
	if (r < 0 && r != -ECANCELED)
		r = hook_problem(hook, "%s", error_text(&err, message, sizeof(message)));
	else if (r == 0 && guarded.problem[0])
		r = hook_problem(hook, "%s", guarded.problem);
	if (r == 0)
		r = guarded.text ? write_all(STDOUT_FILENO, guarded.text, guarded.len)
				 : write_all(STDOUT_FILENO, text, len);
	spec_guarded_free(&guarded);
	return r;
}
