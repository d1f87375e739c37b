/* SPDX-License-Identifier: Apache-2.0 */
#include "checks.h"

void checks_run(const struct doctor_facts *facts, struct findings *out)
{
	const struct check *const tables[] = {checks_kernel, checks_host, checks_engines,
					      checks_containers};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		for (const struct check *check = tables[i]; check->name; check++) {
			out->check = check->name;
			check->run(facts, out);
		}
	}
}
