/* SPDX-License-Identifier: Apache-2.0 */
/* What our wrapper becomes where an engine names it. */
#include <string.h>

#include "engine_reading.h"
#include "real_runtime.h"

void facts_wrappers(const struct host_policy *host, struct engine_facts *engines)
{
	for (size_t i = 0; i < engines->len; i++) {
		struct registration *item = &engines->items[i];
		const char *name = engine_wrapped(item->program.path), *path;

		if (item->is_hook || item->own_policy || !name || item->program.missing)
			continue;
		if (real_runtime(host, name, item->program.path, &path, &item->runtime) == 0)
			real_runtime_try(path, &item->runtime);
	}
}
