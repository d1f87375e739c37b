/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_show.h"

#include <stdio.h>

#include "escape.h"
#include "table.h"

static void fill(struct jsonw *w, const void *context)
{
	const struct policy_shown *shown = context;

	jsonw_object(w);
	jsonw_kv_int(w, "version", CLI_JSON_VERSION);
	jsonw_kv_string(w, "id", shown->id.id);
	jsonw_kv_string(w, "bundle", shown->id.bundle);
	jsonw_kv_string(w, "image", shown->id.image);
	jsonw_kv_string(w, "namespace", shown->id.namespace);
	jsonw_kv_string(w, "pod", shown->id.pod);
	jsonw_kv_string(w, "container", shown->id.container);
	jsonw_kv_bool(w, "sandbox", shown->id.sandbox);
	effective_policy_write(&shown->policy, w);
	jsonw_object_end(w);
}

static void print_keys(const struct cli *cli, const struct effective_policy *policy)
{
	static const char *const headers[] = {"KEY", "VALUE", "FROM"};
	struct table table;

	table_begin(&table, 3, headers);
	for (size_t i = 0; i < policy_keys_len; i++) {
		char value[POLICY_ERE_MAX], from[256];
		const char *cells[] = {
		    policy_keys[i].path,
		    policy_key_text(&policy_keys[i], &policy->profile, value, sizeof(value)),
		    origin_text(&policy->from[i], from, sizeof(from)),
		};

		table_add(&table, cells);
		if (policy->from[i].kind == ORIGIN_BUILTIN)
			table_color(&table, 2, CLI_DIM);
		else if (policy->from[i].kind == ORIGIN_BOUND)
			table_color(&table, 2, CLI_YELLOW);
	}
	table_end(&table, cli);
}

static void print_score_rules(const struct effective_policy *policy)
{
	const struct score_rules *rules = &policy->profile.settings.score_rules;
	char name[2 * POLICY_ERE_MAX];

	if (rules->len)
		printf("\nScores by name (settings.oomScoreAdj.rules):\n");
	for (size_t i = 0; i < rules->len; i++)
		printf(rules->rule[i].value.kind == SCORE_RELATIVE ? "  %s  %+d\n" : "  %s  %d\n",
		       escape_terminal(rules->rule[i].name, name, sizeof(name)),
		       rules->rule[i].value.value);
}

static void print_names(const char *title, const struct ere_list *list)
{
	char name[2 * POLICY_ERE_MAX];

	if (list->len)
		printf("\n%s:\n", title);
	for (size_t i = 0; i < list->len; i++)
		printf("  %s\n", escape_terminal(list->ere[i], name, sizeof(name)));
}

static void print_refused(const struct cli *cli, const struct effective_policy *policy)
{
	if (policy->refused_len)
		printf("\n%sAnnotations that are not followed, or not wholly:%s\n",
		       cli_color(cli, CLI_YELLOW), cli_color(cli, CLI_PLAIN));
	for (size_t i = 0; i < policy->refused_len; i++) {
		const struct refused_annotation *refused = &policy->refused[i];
		char key[512], value[256], reason[640];

		printf("  %s \"%s\": %s\n", escape_terminal(refused->key, key, sizeof(key)),
		       escape_terminal(refused->value, value, sizeof(value)),
		       escape_terminal(refused->reason, reason, sizeof(reason)));
	}
	if (policy->refused_dropped)
		printf("  and %zu more\n", policy->refused_dropped);
}

static void print_head(const struct cli *cli, const struct policy_shown *shown)
{
	const struct effective_policy *policy = &shown->policy;
	char from[256], escaped[1024];

	origin_text(&policy->profile_from, from, sizeof(from));
	printf("Profile %s%s%s, chosen by %s\n", cli_color(cli, CLI_BOLD), policy->profile_name,
	       cli_color(cli, CLI_PLAIN),
	       policy->profile_from.kind == ORIGIN_BUILTIN
		   ? "no rule"
		   : escape_terminal(from, escaped, sizeof(escaped)));
	if (shown->id.sandbox)
		printf("This is the sandbox of a pod: it is passed over.\n");
	if (policy->disabled)
		printf("An annotation asks to leave this container alone: it is not guarded.\n");
	printf("\n");
}

int policy_show(const struct cli *cli, const struct policy_shown *shown)
{
	if (cli->json)
		return cli_json(fill, shown);
	print_head(cli, shown);
	print_keys(cli, &shown->policy);
	print_score_rules(&shown->policy);
	print_names("Killed first, by name (victims.prefer)",
		    &shown->policy.profile.victims.prefer);
	print_names("Killed last, by name (victims.avoid)", &shown->policy.profile.victims.avoid);
	print_refused(cli, &shown->policy);
	return cli_finish(CLI_DONE);
}
