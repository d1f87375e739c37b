/* SPDX-License-Identifier: Apache-2.0 */
/* What has to be known of containerd's configuration; what is not understood is refused. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "error.h"

#define TOML_IMPORTS_MAX 32

struct toml_facts {
	long version;			 /* 0: none */
	char *imports[TOML_IMPORTS_MAX]; /* owned */
	size_t imports_len;
	bool has_plugin;	/* [plugins.PLUGIN] or something below it is there */
	bool has_handler;	/* a runtime of that name is there */
	bool has_other_runtime; /* and one of another name */
	bool closed; /* a table of a runtime cannot be added below: a parent is an inline one */
	bool systemd_cgroup; /* some runtime has options.SystemdCgroup = true */
};

/* `plugin` is the CRI plugin's name, NULL: only version and imports are asked for. `source` is for
 * messages. *out is to be freed in any case. */
int toml_scan(const char *text, const char *source, const char *plugin, const char *handler,
	      struct toml_facts *out, struct error *err);
void toml_facts_free(struct toml_facts *facts);
