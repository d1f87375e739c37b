/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which process of the container is killed when one has to be: the largest by memory that goes with
 * it (anonymous, swapped, shared), by the policy's `victims`, never the init while another will do.
 * Choosing is pure; reading and killing are thin.
 */
#pragma once

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "error.h"
#include "kill.h"
#include "policy.h"
#include "proc.h"

struct candidate {
	pid_t pid;
	char comm[PROC_COMM_MAX];
	uint64_t bytes; /* anonymous + swap + shared */
	bool init;
	bool preferred; /* victims.prefer */
	bool avoided;	/* victims.avoid */
};

/* True when `a` is to be killed rather than `b`. Pure. */
bool candidate_before(const struct candidate *a, const struct candidate *b);

/* The policy's expressions, compiled once. */
struct victim_rules {
	size_t prefer_len, avoid_len;
	regex_t prefer[POLICY_ERES_MAX];
	regex_t avoid[POLICY_ERES_MAX];
};
int victim_rules_init(struct victim_rules *rules, const struct profile *profile, struct error *err);
void victim_rules_free(struct victim_rules *rules);

/* Looks at all processes of the container; those that are dying already are passed over. -ESRCH
 * when no other is there. */
int victim_choose(const struct kill_target *target, const struct victim_rules *rules, pid_t init,
		  struct candidate *out);

/* SIGKILL, membership re-checked. -ESRCH when it is gone or no member any more. */
int victim_kill(const struct kill_target *target, const struct candidate *victim);

/* "php-fpm (pid 12, 60 MiB)", escaped. Returns buf. */
const char *victim_text(const struct candidate *victim, char *buf, size_t cap);
