/* SPDX-License-Identifier: Apache-2.0 */
/* Words in which the tests of verdicts tell what is known of an event. */
#pragma once

#include "verdict.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MIB(n) ((uint64_t)(n) << 20)
/* Constant, which FIGURE() is not. */
#define NUMBER(n)                                                                                  \
	{                                                                                          \
		true, (n)                                                                          \
	}
#define SIZE(n) NUMBER(MIB(n))
#define SIZED(n) FIGURE(MIB(n))
#define ARRAY(type, ...) ((const type[]){__VA_ARGS__})

/* Lists of one kind with their lengths. */
#define PROCESSES(...)                                                                             \
	.processes = ARRAY(struct verdict_process, __VA_ARGS__),                                   \
	.processes_len = COUNT(ARRAY(struct verdict_process, __VA_ARGS__))
#define VICTIMS(...)                                                                               \
	.victims = ARRAY(struct verdict_victim, __VA_ARGS__),                                      \
	.victims_len = COUNT(ARRAY(struct verdict_victim, __VA_ARGS__))
#define DETAILS(...)                                                                               \
	.details = ARRAY(struct verdict_detail, __VA_ARGS__),                                      \
	.details_len = COUNT(ARRAY(struct verdict_detail, __VA_ARGS__))
#define UNKILLED(...)                                                                              \
	.unkilled = ARRAY(struct verdict_process, __VA_ARGS__),                                    \
	.unkilled_len = COUNT(ARRAY(struct verdict_process, __VA_ARGS__))
#define ZOMBIES(n) .zombies = ARRAY(struct verdict_zombies, {10, "sh", n}), .zombies_len = 1
#define WHOLE .processes_more = NUMBER(0)

#define SCORED(id, name, anon_, score)                                                             \
	{                                                                                          \
		.pid = (id), .comm = (name), .anon = anon_, .has_score = true,                     \
		.oom_score_adj = (score)                                                           \
	}
#define PROCESS(id, name, anon_)                                                                   \
	{                                                                                          \
		.pid = (id), .comm = (name), .anon = anon_, .has_score = true                      \
	}

/* A container of 64 MiB at its own limit; a row's own words override it, which is the point. */
#pragma GCC diagnostic ignored "-Woverride-init"
#define OWN(...)                                                                                   \
	{                                                                                          \
		.whose = WHOSE_OWN, .limit = SIZE(64), .own_limit = SIZE(64),                      \
		.memory = {.usage = SIZE(64)}, .kills = NUMBER(1), __VA_ARGS__                     \
	}
#define MEMORY(...) .memory = {.usage = SIZE(64), __VA_ARGS__}
