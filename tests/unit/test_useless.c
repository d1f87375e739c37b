/* SPDX-License-Identifier: Apache-2.0 */
/* Restarts that would help nobody, as a table; and the facts, out of fake cgroups. */
#include "fake_tree.h"
#include "unit.h"
#include "useless.h"

#define MIB (1024ull * 1024)

/* A row's own words override the defaults; that is the point. Default: run by runc, an emptied
 * cgroup with a limit of 64 MiB below one without a limit. */
#pragma GCC diagnostic ignored "-Woverride-init"
#define FACTS(...)                                                                                 \
	{                                                                                          \
		.has_own = true, .own = {.limit = 64 * MIB}, .ancestors_len = 1,                   \
		.ancestors = {{.limit = MEMCG_NO_LIMIT}}, .runtime = "runc",                       \
		.init_bytes = USELESS_RUNC_BYTES, __VA_ARGS__                                      \
	}
#define ABOVE(...) .ancestors_len = 2, .ancestors = {{.limit = MEMCG_NO_LIMIT}, {__VA_ARGS__}}

static const struct {
	const char *what;
	struct useless_facts facts;
	const char *reason; /* part of it; NULL: it may help */
} rows[] = {
    {"nothing is left", FACTS(.has_own = true), NULL},
    {"no limit at all", FACTS(.own = {.limit = MEMCG_NO_LIMIT, .shmem = 64 * MIB}), NULL},

    {"half of it outlived", FACTS(.own = {.limit = 64 * MIB, .shmem = 32 * MIB}), NULL},
    {"nearly all outlived", FACTS(.own = {.limit = 64 * MIB, .shmem = 58 * MIB}),
     "58 MiB in files of tmpfs outlived it, of a limit of 64 MiB"},
    {"just below the share", FACTS(.own = {.limit = 100, .shmem = 89}, .init_bytes = 0), NULL},
    {"just the share", FACTS(.own = {.limit = 100, .shmem = 90}, .init_bytes = 0), "outlived"},
    {"swap has room for it",
     FACTS(.own = {.limit = 64 * MIB, .shmem = 60 * MIB, .swap_room = 32 * MIB}), NULL},
    {"its cgroup is gone", FACTS(.has_own = false, .own = {.limit = MIB, .shmem = MIB}), NULL},

    {"a limit below runc's init", FACTS(.own = {.limit = MIB}),
     "runc's own init needs 2 MiB, the limit is 1 MiB"},
    {"crun needs less",
     FACTS(.own = {.limit = MIB}, .runtime = "crun", .init_bytes = USELESS_CRUN_BYTES), NULL},
    {"a runtime nobody measured", FACTS(.own = {.limit = 4096}, .runtime = "x", .init_bytes = 0),
     NULL},

    {"room above", FACTS(ABOVE(.limit = 128 * MIB, .held = 100 * MIB)), NULL},
    {"no room above", FACTS(ABOVE(.limit = 128 * MIB, .held = 127 * MIB)),
     "127 MiB are held 2 levels above, where the limit is 128 MiB"},
    {"more than the limit is held above", FACTS(ABOVE(.limit = 128 * MIB, .held = 130 * MIB)),
     "2 levels above"},
    {"no room above, but swap",
     FACTS(ABOVE(.limit = 128 * MIB, .held = 127 * MIB, .swap_room = 16 * MIB)), NULL},
    {"the parent is full",
     FACTS(.ancestors = {{.limit = 128 * MIB, .held = 128 * MIB}}, .init_bytes = 0),
     "held 1 level above"},
};

START_TEST(the_reason_follows_the_facts)
{
	char buf[192];
	const char *reason = restart_useless(&rows[_i].facts, buf, sizeof(buf));

	if (!rows[_i].reason) {
		ck_assert_msg(!reason, "%s: %s", rows[_i].what, reason);
		return;
	}
	ck_assert_msg(reason && strstr(reason, rows[_i].reason), "%s: %s", rows[_i].what,
		      reason ? reason : "may help");
	ck_assert_ptr_nonnull(strstr(reason, "a restart is useless"));
}
END_TEST

static const struct fake_file files[] = {
    {"pod/cgroup.procs", ""},
    {"pod/memory.current", "90000000\n"},
    {"pod/memory.max", "100000000\n"},
    {"pod/memory.stat", "anon 50000000\nfile 30000000\nshmem 20000000\ninactive_file 1\n"},
    {"pod/memory.swap.max", "max\n"},
    {"pod/memory.swap.current", "0\n"},
    {"pod/ctr/cgroup.procs", ""},
    {"pod/ctr/memory.current", "20000000\n"},
    {"pod/ctr/memory.max", "max\n"},
    {"pod/ctr/memory.stat", "anon 0\nfile 20000000\nshmem 20000000\n"},
    {"pod/ctr/memory.swap.max", "4096\n"},
    {"pod/ctr/memory.swap.current", "1024\n"},
    {"proc/meminfo", "MemTotal:  1000 kB\nSwapTotal:  64 kB\nSwapFree:       8 kB\nDirty: 0 kB\n"},
};

START_TEST(the_facts_are_read)
{
	struct fake_tree tree;
	struct memcg memcg = {.version = CGROUP_V2};
	struct memcg_ancestors ancestors = {.version = CGROUP_V2, .len = 1};
	struct useless_facts facts;
	int procfd;

	fake_tree_make(&tree, files, FAKE_TREE_LEN(files));
	memcg.dirfd = fake_tree_open(&tree, "pod/ctr");
	ancestors.dirfd[0] = fake_tree_open(&tree, "pod");
	procfd = fake_tree_open(&tree, "proc");
	useless_read(&memcg, &ancestors, procfd, "/usr/bin/crun", &facts);
	ck_assert_str_eq(facts.runtime, "crun");
	ck_assert_uint_eq(facts.init_bytes, USELESS_CRUN_BYTES);
	ck_assert(facts.has_own);
	ck_assert_uint_eq(facts.own.limit, MEMCG_NO_LIMIT);
	ck_assert_uint_eq(facts.own.shmem, 20000000);
	ck_assert_uint_eq(facts.own.swap_room, 3072);
	ck_assert_uint_eq(facts.ancestors_len, 1);
	/* Page cache goes when its room is needed. */
	ck_assert_uint_eq(facts.ancestors[0].held, 70000000);
	ck_assert_uint_eq(facts.ancestors[0].limit, 100000000);
	ck_assert_uint_eq(facts.ancestors[0].swap_room, 8192);

	fake_tree_remove_dir(&tree, "pod/ctr");
	useless_read(&memcg, &ancestors, procfd, "runc", &facts);
	ck_assert(!facts.has_own);
	ck_assert_uint_eq(facts.init_bytes, USELESS_RUNC_BYTES);
	close(memcg.dirfd);
	close(ancestors.dirfd[0]);
	close(procfd);
	fake_tree_remove(&tree);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("useless");
	TCase *tests = tcase_create("useless");

	tcase_add_loop_test(tests, the_reason_follows_the_facts, 0, FAKE_TREE_LEN(rows));
	tcase_add_test(tests, the_facts_are_read);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
