/* SPDX-License-Identifier: Apache-2.0 */
/* What has to be known of a file of containerd's; what is not understood is refused. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "error.h"
#include "toml.h"

#define TOML_RUNTIMES_MAX 32

/* A runtime of some plugin; without a name: a value somewhere else that names a file of ours. */
struct toml_runtime {
	char name[TOML_KEY_MAX];
	unsigned first, last; /* the lines with something of it */
	bool counts;	      /* it is one of the plugin that was asked for */
	bool names_wrapper, names_base_spec;
};

struct toml_facts {
	struct toml_runtime runtimes[TOML_RUNTIMES_MAX];
	size_t runtimes_len;
	char *default_runtime; /* the plugin's default_runtime_name, owned; NULL: none */
	unsigned default_line;
	bool has_plugin;      /* [plugins.PLUGIN] or something below it is there */
	unsigned closed_line; /* what keeps a runtime's table from being added; 0: nothing does */
	bool systemd_cgroup;  /* some runtime has options.SystemdCgroup = true */
};

/* `plugin` is the CRI plugin's name. `source` is for messages. *out is to be freed in any case. */
int toml_scan(const char *text, const char *source, const char *plugin, struct toml_facts *out,
	      struct error *err);
void toml_facts_free(struct toml_facts *facts);
