/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A specification that containerd begins each container of a runtime with: what the administrator
 * gives (mostly the output of `ctr oci spec`), and the hooks of oomguard.
 */
#include <errno.h>
#include <string.h>

#include "cleanup.h"
#include "config.h"
#include "configure.h"
#include "oci.h"
#include "spec_edit.h"

/* containerd takes it for the whole specification, and so would start containers without any. */
static int check(const struct json *root, const char *path, struct error *err)
{
	static const char *const needed[] = {"ociVersion", "process", "root", "mounts", "linux"};

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		int r;

		if (json_get(root, needed[i]))
			continue;
		r = error_say(err, EINVAL, "%s: \"%s\" is missing, it is no whole specification",
			      path, needed[i]);
		return error_hint(err, r, "`ctr oci spec` prints one");
	}
	return 0;
}

static int make_text(const char *path, char **out, size_t *len, struct error *err)
{
	/* The runtime may be crun: see spec_edit.h. */
	const struct spec_hook hook = {.path = OOMGUARD_HOOK_PATH, .poststart_untimed = true};
	const struct spec_changes changes = {0};
	struct oci_config config = {0};
	cleanup_free char *text = NULL;
	size_t text_len;
	int r = change_read(path, &text, &text_len, err);

	*out = NULL;
	if (r == 0 && !text)
		r = error_set(err, ENOENT, "cannot read %s", path);
	if (r == 0)
		r = oci_config_parse(text, text_len, path, &config, err);
	if (r < 0)
		return r;
	r = check(config.root, path, err);
	if (r == 0)
		r = spec_edit(config.root, text, text_len, &hook, &changes, out, len, err);
	/* It has our hooks already. */
	if (r == 0) {
		*out = take_ptr(text);
		*len = text_len;
	}
	oci_config_free(&config);
	return r < 0 ? r : 0;
}

int configure_base_spec(const struct configure *want, struct outcome *out, struct error *err)
{
	cleanup_free char *path = configure_path(want, OOMGUARD_BASE_SPEC_FILE);
	char *text = NULL;
	size_t len = 0;
	int r = 0;

	if (!path)
		return error_set(err, ENOMEM, "cannot name the base specification");
	if (!want->remove)
		r = make_text(want->spec, &text, &len, err);
	return r < 0 ? r : change_plan(&out->changes, path, text, len, NULL, err);
}
