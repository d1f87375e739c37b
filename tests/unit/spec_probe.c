/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: spec_probe PROFILE FACTS < config.json
 *
 * Prints the config.json as a container of that profile gets it, on a host of which FACTS are true:
 * a word with the letters s (swap is accounted), g (memory.oom.group), u (cgroup v2 alone), i
 * (there is an oomguard-init). PROFILE is a profile's keys as JSON. Prints nothing and exits with 3
 * when nothing has to be changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "oci.h"
#include "policy_keys.h"
#include "read_all.h"
#include "spec_changes.h"

#define UNCHANGED 3

static int read_profile(const char *text, struct profile *out, struct error *err)
{
	const struct json_limits limits = {.source = "profile", .max_bytes = 65536, .max_depth = 8};
	cleanup_json struct json *keys = NULL;
	int r = json_parse(text, strlen(text), &limits, &keys, err);

	*out = profile_builtin;
	for (size_t i = 0; r == 0 && i < policy_keys_len; i++) {
		const struct json *value = json_path(keys, policy_keys[i].path);

		if (value)
			r = policy_key_read(&policy_keys[i], value, out, err);
	}
	return r;
}

static int edit(const struct profile *profile, const char *facts, const char *text, size_t len,
		char **out, size_t *out_len, struct error *err)
{
	const struct spec_hook hook = {.path = "/usr/libexec/oomguard/oomguard-hook"};
	const struct spec_host host = {
	    .known = true,
	    .swap = strchr(facts, 's'),
	    .oom_group = strchr(facts, 'g'),
	    .unified = strchr(facts, 'u'),
	    .init = strchr(facts, 'i') ? "/usr/libexec/oomguard/oomguard-init" : NULL,
	    .page_size = 4096,
	};
	struct spec_changes changes;
	struct oci_config config;
	int r = oci_config_parse(text, len, "config.json", &config, err);

	if (r < 0)
		return r;
	spec_changes(profile, &config, &host, &changes);
	r = spec_edit(config.root, text, len, &hook, &changes, out, out_len, err);
	oci_config_free(&config);
	return r;
}

int main(int argc, char **argv)
{
	cleanup_free struct profile *profile = calloc(1, sizeof(*profile));
	cleanup_free char *text = NULL, *out = NULL;
	struct error err = {0};
	size_t len, out_len;
	int r;

	if (argc != 3 || !profile || read_all(STDIN_FILENO, OCI_CONFIG_MAX_BYTES, &text, &len) < 0)
		return EXIT_FAILURE;
	r = read_profile(argv[1], profile, &err);
	if (r == 0)
		r = edit(profile, argv[2], text, len, &out, &out_len, &err);
	if (r < 0)
		fprintf(stderr, "%s\n", err.message);
	if (r <= 0)
		return r < 0 ? EXIT_FAILURE : UNCHANGED;
	return fwrite(out, 1, out_len, stdout) == out_len && !fflush(stdout) ? EXIT_SUCCESS
									     : EXIT_FAILURE;
}
