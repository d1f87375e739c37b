/* SPDX-License-Identifier: Apache-2.0 */
/* The container state a hook reads on stdin, and the bundle's config.json: read liberally. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "json.h"
#include "spec.h"

#define OCI_STATE_MAX_BYTES (1024 * 1024)
#define OCI_CONFIG_MAX_BYTES (4 * 1024 * 1024)
#define OCI_MAX_DEPTH 128
#define OCI_ID_MAX 1024

struct oci_state {
	char *id;     /* never empty, at most OCI_ID_MAX bytes, no '/', no NUL */
	char *bundle; /* absolute; "" when not told */
	pid_t pid;    /* 0: none (poststop) */
	char *status; /* as told, "" when not */
	struct json *annotations; /* object or NULL */
};

/* Reads fd to its end (bounded, EINTR-safe) and parses. Unknown members are ignored. */
int oci_state_read(int fd, struct oci_state *out, struct error *err);
int oci_state_parse(const char *text, size_t len, struct oci_state *out, struct error *err);
void oci_state_free(struct oci_state *state);

struct oci_config {
	struct json *root; /* the whole document */
	const struct json *annotations; /* borrowed, object or NULL */
	bool terminal;
	bool disable_oom_killer;
	bool has_limit;
	uint64_t limit_bytes; /* has_limit */
	bool has_score;
	int score; /* has_score: the init's oom_score_adj */
	bool has_poststop_hook; /* one of ours is registered for poststop: it will clean up */
	size_t duplicate_keys;
};

/* Reads BUNDLE/config.json. A field of a wrong type counts as absent: the runtime judges it. */
int oci_config_read(const char *bundle, struct oci_config *out, struct error *err);
int oci_config_parse(const char *text, size_t len, const char *source, struct oci_config *out,
		     struct error *err);
void oci_config_free(struct oci_config *config);
