/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime_options.h"

#include <errno.h>
#include <string.h>

/*
 * --criu is left out of a rerun: `run` never starts it, and nothing that a command line names is
 * to become a command. --no-subreaper has no meaning for a detached container.
 */
static const struct runtime_option runc_global[] = {
    {"criu", 0, true, OPTION_IGNORED},	    {"debug", 0, false, OPTION_GLOBAL},
    {"help", 'h', false, OPTION_SAYS},	    {"log", 0, true, OPTION_GLOBAL},
    {"log-format", 0, true, OPTION_GLOBAL}, {"root", 0, true, OPTION_ROOT},
    {"rootless", 0, true, OPTION_GLOBAL},   {"systemd-cgroup", 0, false, OPTION_GLOBAL},
    {"version", 'v', false, OPTION_SAYS},   {NULL},
};

static const struct runtime_option runc_run[] = {
    {"bundle", 'b', true, OPTION_BUNDLE},
    {"console-socket", 0, true, OPTION_CONSOLE_SOCKET},
    {"detach", 'd', false, OPTION_DETACH},
    {"help", 'h', false, OPTION_SAYS},
    {"keep", 0, false, OPTION_KEEP},
    {"no-new-keyring", 0, false, OPTION_NO_NEW_KEYRING},
    {"no-pivot", 0, false, OPTION_NO_PIVOT},
    {"no-subreaper", 0, false, OPTION_IGNORED},
    {"pid-file", 0, true, OPTION_PID_FILE},
    {"pidfd-socket", 0, true, OPTION_ONCE},
    {"preserve-fds", 0, true, OPTION_PRESERVE_FDS},
    {NULL},
};

static const struct runtime_option runc_delete[] = {
    {"force", 'f', false, OPTION_IGNORED},
    {"help", 'h', false, OPTION_SAYS},
    {NULL},
};

static const struct runtime_option runc_start[] = {
    {"help", 'h', false, OPTION_SAYS},
    {NULL},
};

/* What every program takes that reads its words with argp. */
#define ARGP_OPTIONS                                                                               \
	{"HANG", 0, false, OPTION_IGNORED}, {"help", '?', false, OPTION_SAYS},                     \
	    {"program-name", 0, true, OPTION_IGNORED},                                             \
	{                                                                                          \
		"usage", 0, false, OPTION_SAYS                                                     \
	}

/*
 * Complete, since a beginning is enough where it is the only one. Before 1.22 --root and --rootless
 * had one key, and getopt took what begins both for --root; a later crun refuses that.
 */
static const struct runtime_option crun_global[] = {
    {"cgroup-manager", 0, true, OPTION_GLOBAL},
    {"debug", 0, false, OPTION_GLOBAL},
    {"log", 0, true, OPTION_GLOBAL},
    {"log-format", 0, true, OPTION_GLOBAL},
    {"log-level", 0, true, OPTION_GLOBAL},
    {"r", 0, true, OPTION_ROOT},
    {"ro", 0, true, OPTION_ROOT},
    {"roo", 0, true, OPTION_ROOT},
    {"root", 0, true, OPTION_ROOT},
    {"rootless", 0, true, OPTION_GLOBAL},
    {"systemd-cgroup", 0, false, OPTION_GLOBAL},
    {"version", 'v', false, OPTION_SAYS},
    {"V", 'V', false, OPTION_SAYS}, /* the letter alone */
    ARGP_OPTIONS,
    {NULL},
};

static const struct runtime_option crun_run[] = {
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
    ARGP_OPTIONS,
    {NULL},
};

static const struct runtime_option crun_delete[] = {
    {"force", 'f', false, OPTION_IGNORED},
    {"regex", 'r', false, OPTION_IGNORED},
    ARGP_OPTIONS,
    {NULL},
};

static const struct runtime_option crun_start[] = {
    ARGP_OPTIONS,
    {NULL},
};

const struct runtime_option *runtime_options(enum runtime_grammar grammar, enum runtime_part part)
{
	static const struct runtime_option *const tables[][4] = {
	    [GRAMMAR_RUNC] = {runc_global, runc_run, runc_delete, runc_start},
	    [GRAMMAR_CRUN] = {crun_global, crun_run, crun_delete, crun_start},
	};

	return tables[grammar][part];
}

int runtime_grammar_of(const char *name, enum runtime_grammar *out)
{
	size_t len = strlen(name);

	if (!strncmp(name, "crun", 4))
		*out = GRAMMAR_CRUN;
	else if (!strncmp(name, "runc", 4) || (len > 5 && !strcmp(name + len - 5, "-runc")))
		*out = GRAMMAR_RUNC;
	else
		return -EINVAL;
	return 0;
}

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
