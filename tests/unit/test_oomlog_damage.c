/* SPDX-License-Identifier: Apache-2.0 */
/* Real logs, cut at every byte and with every byte changed, in a build with sanitizers. */
#include <stdio.h>

#include "cleanup.h"
#include "oomlog_collect.h"
#include "unit.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* Small ones of different kernels, prefixes and layouts. */
static const char *const names[] = {
    "k2632-tdocker-init",    "k310-k8s-guaranteed-java-two", "k418-el8-crio-mimir-two",
    "k419-photon-guest-two", "k4x-kmsg-guaranteed-docker",   "k52-foo-constraint-none",
    "k66-btrfs-tmux",	     "k6x-talos-kern-info",
};

struct text {
	char *bytes;
	size_t len;
};

static struct text load(const char *name)
{
	struct text text = {.bytes = malloc(65536)};
	char path[512];
	cleanup_fclose FILE *file = NULL;

	snprintf(path, sizeof(path), "%s/tests/logs/%s.log", TEST_SOURCE_ROOT, name);
	file = fopen(path, "r");
	ck_assert_msg(file && text.bytes, "%s", path);
	text.len = fread(text.bytes, 1, 65536, file);
	ck_assert_uint_gt(text.len, 100);
	return text;
}

static struct collected all;
static size_t reports;

static void check_text(const char *text, size_t size)
{
	ck_assert_ptr_nonnull(memchr(text, '\0', size));
}

static void check_visit(const struct oomlog_report *report, void *context)
{
	reports++;
	check_text(report->invoker_comm, sizeof(report->invoker_comm));
	check_text(report->oom_cgroup, sizeof(report->oom_cgroup));
	check_text(report->task_cgroup, sizeof(report->task_cgroup));
	check_text(report->container_id, sizeof(report->container_id));
	ck_assert_uint_le(report->top_len, OOMLOG_TOP);
	ck_assert(!report->complete ||
		  (report->has_invoker && (report->victims_len || report->no_victim)));
	ck_assert_int_eq(report->constraint == OOMLOG_UNKNOWN, report->basis == OOMLOG_NO_BASIS);
	for (size_t i = 0; i < report->victims_len; i++)
		ck_assert_int_gt(report->victims[i].pid, 0);
}

static void feed(struct oomlog *log, const char *text, size_t len)
{
	while (len > 0) {
		size_t room;
		char *to = oomlog_room(log, &room);
		size_t some = len < room ? len : room;

		memcpy(to, text, some);
		oomlog_take(log, some);
		text += some;
		len -= some;
	}
	oomlog_end(log);
}

START_TEST(cut_anywhere)
{
	struct text text = load(names[_i]);
	struct oomlog *log = oomlog_new(check_visit, NULL);
	size_t whole;

	reports = 0;
	feed(log, text.bytes, text.len);
	whole = reports;
	ck_assert_uint_gt(whole, 0);
	for (size_t cut = 0; cut < text.len; cut++) {
		/* The end and the beginning of the log, each on its own. */
		reports = 0;
		feed(log, text.bytes, cut);
		ck_assert_uint_le(reports, whole + 1);
		if (cut % 7 == 0)
			feed(log, text.bytes + cut, text.len - cut);
	}
	oomlog_free(log);
	free(text.bytes);
}
END_TEST

START_TEST(changed_anywhere)
{
	static const char bytes[] = {'\0', '\n', '[', ']', '(', ')',   ':',
				     '/',  ' ',	 '=', '9', '-', '\xff'};
	struct text text = load(names[_i]);
	struct oomlog *log = oomlog_new(check_visit, NULL);

	for (size_t at = 0; at < text.len; at++) {
		char kept = text.bytes[at];

		text.bytes[at] = bytes[at % sizeof(bytes)];
		feed(log, text.bytes, text.len);
		text.bytes[at] = (char)(kept ^ (1 << at % 8));
		feed(log, text.bytes, text.len);
		text.bytes[at] = kept;
	}
	oomlog_free(log);
	free(text.bytes);
}
END_TEST

/* However the pieces come, the same is read. */
START_TEST(read_in_pieces)
{
	struct text text = load(names[_i]);
	struct oomlog_report first;

	collect(&all, text.bytes, text.len, SIZE_MAX);
	first = all.reports[0];
	for (size_t piece = 1; piece < 200; piece += 17) {
		collect(&all, text.bytes, text.len, piece);
		ck_assert_str_eq(all.reports[0].oom_cgroup, first.oom_cgroup);
		ck_assert_uint_eq(all.reports[0].tasks, first.tasks);
		ck_assert_uint_eq(all.reports[0].victims_len, first.victims_len);
	}
	free(text.bytes);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oomlog_damage");
	TCase *tests = tcase_create("oomlog_damage");

	tcase_set_timeout(tests, 240);
	tcase_add_loop_test(tests, cut_anywhere, 0, LEN(names));
	tcase_add_loop_test(tests, changed_anywhere, 0, LEN(names));
	tcase_add_loop_test(tests, read_in_pieces, 0, LEN(names));
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
