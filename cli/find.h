/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what the user typed to one container: a whole id or KEY, the name as `list` shows it, or a
 * prefix of id or KEY that only one has. Ids collide across runtime roots; then the KEY tells them
 * apart.
 */
#pragma once

#include <stddef.h>

#include "common.h"
#include "state.h"

struct candidate {
	char key[STATE_KEY_MAX];
	char *id;   /* owned; the KEY again where plan.json cannot be read */
	char *root; /* the runtime's, owned, "" unknown */
	char *name; /* NAMESPACE/POD/CONTAINER, as far as they are known; owned, "" none */
};

struct candidates {
	struct candidate *items;
	size_t len;
};

/*
 * Adds one unless its KEY is there. `container` has the words of an identity, NULL: nothing is
 * known. -ENOMEM.
 */
int candidates_add(struct candidates *candidates, const char *key, const struct json *container);
/* Adds the one an incident's record is of, and tells its KEY. -ENOMEM. */
int candidates_add_record(struct candidates *candidates, const struct json *record,
			  char key[static STATE_KEY_MAX]);
/* Adds all containers that have state. A negative errno. */
int candidates_containers(struct candidates *candidates, const struct state_root *root);
void candidates_free(struct candidates *candidates);

/*
 * Picks the one `word` names; borrowed. CLI_DONE; else the message is printed and the exit code
 * comes back: CLI_NO_CONTAINER, or CLI_USAGE with the candidates when there are several.
 */
int candidates_pick(const struct candidates *candidates, const char *verb, const char *word,
		    const struct candidate **out);

/* Says that there is none, and where one that is gone is told of. CLI_NO_CONTAINER. */
int find_nothing(const char *verb, const char *word);

/* The same for a container that has state; its KEY is copied to `key`. */
int find_container(const struct state_root *root, const char *verb, const char *word,
		   char key[static STATE_KEY_MAX]);

/* The whole of a verb that takes one ID and no option of its own: `act` is done for it. */
int find_and(const struct cli *cli, const char *help, int argc, char **argv,
	     int (*act)(const struct cli *cli, const struct state_root *root, const char *key));
