/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_effective.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "policy_annotations.h"
#include "policy_chain.h"
#include "policy_match.h"

struct effective_policy *effective_policy_new(void)
{
	struct effective_policy *policy =
	    mmap(NULL, sizeof(*policy), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return policy == MAP_FAILED ? NULL : policy;
}

void effective_policy_free(struct effective_policy *policy)
{
	if (policy)
		munmap(policy, sizeof(*policy));
}

/* By annotation, else by --profile, else by the first rule that matches, else "default". */
static const char *choose_profile(const struct policy_document *doc, const struct identity *id,
				  struct effective_policy *out)
{
	struct origin *from = &out->profile_from;
	const struct json *root = doc->root;
	const struct json *rule;
	const char *name, *key;
	size_t index;

	name = policy_annotated_profile(root, id, out, &key);
	if (name) {
		from->kind = ORIGIN_ANNOTATION;
		snprintf(from->where, sizeof(from->where), "%s", key);
		return name;
	}
	if (doc->profile) {
		from->kind = ORIGIN_ARGUMENT;
		return doc->profile;
	}
	rule = policy_match(json_get(root, "rules"), id, &index);
	name = json_get_string(rule, "profile");
	if (name) {
		from->kind = ORIGIN_RULE;
		snprintf(from->where, sizeof(from->where), "%.100s:%u (rule %zu)", rule->source,
			 rule->line, index + 1);
		return name;
	}
	from->kind = ORIGIN_BUILTIN;
	return POLICY_DEFAULT_PROFILE;
}

int policy_effective(const struct policy_document *doc, const struct identity *id,
		     struct effective_policy *out, struct error *err)
{
	const char *name;
	int r;

	out->host = doc->root ? doc->host : host_policy_builtin;
	name = choose_profile(doc, id, out);
	snprintf(out->profile_name, sizeof(out->profile_name), "%s", name);
	r = policy_profile_resolve(doc->root, name, &out->profile, out->from, err);
	if (r < 0)
		return r;
	policy_apply_annotations(doc->root, id, out);
	return 0;
}

const char *origin_text(const struct origin *origin, char *buf, size_t cap)
{
	switch (origin->kind) {
	case ORIGIN_BUILTIN:
		snprintf(buf, cap, "built-in");
		break;
	case ORIGIN_FILE:
	case ORIGIN_RULE:
		snprintf(buf, cap, "%s", origin->where);
		break;
	case ORIGIN_ANNOTATION:
		snprintf(buf, cap, "annotation %s", origin->where);
		break;
	case ORIGIN_BOUND:
		snprintf(buf, cap, "bound of annotation %s", origin->where);
		break;
	case ORIGIN_ARGUMENT:
		snprintf(buf, cap, "argument --profile");
		break;
	}
	return buf;
}
