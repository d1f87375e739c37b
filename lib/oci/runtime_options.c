/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime_options.h"

#include <errno.h>
#include <string.h>

/*
 * --criu is left out of a rerun: `run` never starts it, and nothing that a command line names is
 * to become a command. --no-subreaper has no meaning for a detached container.
 */
const struct runtime_option runtime_global_options[] = {
    {"cgroup-manager", 0, true, OPTION_GLOBAL},
    {"criu", 0, true, OPTION_IGNORED},
    {"debug", 0, false, OPTION_GLOBAL},
    {"log", 0, true, OPTION_GLOBAL},
    {"log-format", 0, true, OPTION_GLOBAL},
    {"log-level", 0, true, OPTION_GLOBAL},
    {"root", 0, true, OPTION_ROOT},
    {"rootless", 0, true, OPTION_GLOBAL},
    {"systemd-cgroup", 0, false, OPTION_GLOBAL},
    {NULL},
};

const struct runtime_option runtime_run_options[] = {
    {"bundle", 'b', true, OPTION_BUNDLE},
    {"config", 'f', true, OPTION_CONFIG},
    {"console-socket", 0, true, OPTION_CONSOLE_SOCKET},
    {"detach", 'd', false, OPTION_DETACH},
    {"keep", 0, false, OPTION_KEEP},
    {"no-new-keyring", 0, false, OPTION_NO_NEW_KEYRING},
    {"no-pivot", 0, false, OPTION_NO_PIVOT},
    {"no-subreaper", 0, false, OPTION_IGNORED},
    {"pid-file", 0, true, OPTION_PID_FILE},
    {"preserve-fds", 0, true, OPTION_PRESERVE_FDS},
    {NULL},
};

const struct runtime_option runtime_delete_options[] = {
    {"force", 'f', false, OPTION_IGNORED},
    {"regex", 'r', false, OPTION_IGNORED},
    {NULL},
};

const struct runtime_option runtime_start_options[] = {{NULL}};

/* The option of that name; a unique beginning of one does where `abbreviated` is set. */
static const struct runtime_option *find_name(const struct runtime_option *table, const char *name,
					      size_t len, bool abbreviated)
{
	const struct runtime_option *found = NULL;
	bool several = false;

	for (; table->name; table++) {
		if (strncmp(table->name, name, len))
			continue;
		if (!table->name[len])
			return table;
		several = found != NULL;
		found = table;
	}
	return abbreviated && len && !several ? found : NULL;
}

static const struct runtime_option *find_letter(const struct runtime_option *table, char letter)
{
	for (; table->name; table++) {
		if (table->letter && table->letter == letter)
			return table;
	}
	return NULL;
}

/* Go's strconv.ParseBool, its words for false. */
static bool says_false(const char *value)
{
	static const char *const words[] = {"0", "f", "F", "false", "FALSE", "False"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!strcmp(value, words[i]))
			return true;
	}
	return false;
}

static int take_value(struct runtime_words *words, struct runtime_option_found *out)
{
	if (words->next >= words->len)
		return -EINVAL;
	out->value = words->word[words->next++];
	return 0;
}

/* "--name", "--name=value", and in runc's grammar the same with one dash. */
static int take_long(struct runtime_words *words, const struct runtime_option *table,
		     const char *name, struct runtime_option_found *out)
{
	bool crun = words->grammar == GRAMMAR_CRUN;
	size_t len = strcspn(name, "=");
	const char *value = name[len] ? name + len + 1 : NULL;

	words->next++;
	out->option = find_name(table, name, len, crun);
	if (!out->option && !crun && len == 1)
		out->option = find_letter(table, name[0]);
	if (!out->option)
		return 0;
	if (out->option->takes_value && !value)
		return take_value(words, out);
	if (out->option->takes_value) {
		out->value = value;
	} else if (value && crun) {
		out->option = NULL; /* argp refuses a value here, so this is another option */
	} else if (value) {
		out->off = says_false(value);
	}
	return 0;
}

/* One letter of argp's "-db DIR", "-dbDIR". */
static int take_letter(struct runtime_words *words, const struct runtime_option *table,
		       struct runtime_option_found *out)
{
	const char *word = words->word[words->next];
	size_t at = words->letter ? words->letter : 1;
	bool last = !word[at + 1];

	out->option = find_letter(table, word[at]);
	if (out->option && !out->option->takes_value && !last) {
		words->letter = at + 1;
		return 0;
	}
	/* Behind a letter that is not known nothing can be told: the word is passed over. */
	words->letter = 0;
	words->next++;
	if (!out->option || !out->option->takes_value)
		return 0;
	if (last)
		return take_value(words, out);
	out->value = word + at + 1;
	return 0;
}

int runtime_option_next(struct runtime_words *words, const struct runtime_option *table,
			struct runtime_option_found *out)
{
	const char *word = words->word[words->next];

	*out = (struct runtime_option_found){.word = word};
	if (word[1] == '-')
		return take_long(words, table, word + 2, out);
	if (words->grammar == GRAMMAR_RUNC)
		return take_long(words, table, word + 1, out);
	return take_letter(words, table, out);
}
