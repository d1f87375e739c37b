/* SPDX-License-Identifier: Apache-2.0 */
/* What the program says about policies: "FILE<tab>ok|warn|bad<tab>messages", one line a file. */
#include <stdio.h>

#include "policy_load.h"

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct policy_problems problems = {0};
		struct policy_document doc;
		int r = policy_load(argv[i], &doc, &problems, NULL);

		printf("%s\t%s\t", argv[i], r < 0 ? "bad" : problems.len ? "warn" : "ok");
		for (size_t p = 0; p < problems.len; p++)
			printf("%s%s", p ? " | " : "", problems.items[p].error.message);
		printf("\n");
		policy_problems_free(&problems);
		policy_document_free(&doc);
	}
	return 0;
}
