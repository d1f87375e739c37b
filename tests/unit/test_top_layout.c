/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <locale.h>
#include <string.h>
#include <wchar.h>

#include "last_event.h"
#include "layout.h"
#include "tempdir.h"
#include "unit.h"

#define MIB (1024 * 1024ull)

static char buf[TOP_CELL_MAX], dir[64];
static enum cli_color color;

static struct top_row row_of(const char *name, uint64_t usage, uint64_t set, uint64_t limit)
{
	struct top_row row = {.state = "watching",
			      .color = CLI_GREEN,
			      .has_usage = true,
			      .usage = usage,
			      .working_set = set,
			      .limit = limit,
			      .pressure = TOP_NO_PRESSURE};

	snprintf(row.name, sizeof(row.name), "%s", name);
	snprintf(row.key, sizeof(row.key), "%s-key", name);
	return row;
}

static size_t columns_of(const char *text)
{
	wchar_t wide[TOP_CELL_MAX];
	size_t len = mbstowcs(wide, text, TOP_CELL_MAX);

	ck_assert_uint_ne(len, (size_t)-1);
	return (size_t)wcswidth(wide, len);
}

START_TEST(test_every_width)
{
	struct top_row row = row_of("prod/web-0/php", 3 * MIB, 2 * MIB, 4 * MIB);
	struct top_layout layout;

	for (size_t total = 1; total < 300; total++) {
		top_layout(total, true, &layout);
		ck_assert_uint_le(top_layout_width(&layout), total);
		ck_assert_uint_gt(layout.width[TOP_NAME], 0);
		for (int i = 0; i < TOP_COLUMNS; i++) {
			if (!layout.width[i])
				continue;
			top_cell(&layout, &row, (enum top_column)i, buf, &color);
			ck_assert_uint_eq(columns_of(buf), layout.width[i]);
			top_header(&layout, (enum top_column)i, buf);
			ck_assert_uint_eq(columns_of(buf), layout.width[i]);
		}
	}
}
END_TEST

START_TEST(test_what_fits)
{
	struct top_layout layout;

	/* The common terminal shows every figure. */
	top_layout(80, true, &layout);
	for (int i = 0; i < TOP_LAST; i++)
		ck_assert_uint_gt(layout.width[i], 0);
	ck_assert_uint_eq(layout.width[TOP_LAST], 0);
	ck_assert_uint_eq(top_layout_width(&layout), 80);
	top_layout(30, true, &layout);
	ck_assert_uint_gt(layout.width[TOP_STATE], 0);
	ck_assert_uint_eq(layout.width[TOP_BAR], 0);
	ck_assert_uint_eq(layout.width[TOP_SCORES], 0);
	top_layout(160, true, &layout);
	ck_assert_uint_ge(layout.width[TOP_LAST], 20);
}
END_TEST

START_TEST(test_fit)
{
	ck_assert_str_eq(top_fit("web", 5, false, true, buf), "web  ");
	ck_assert_str_eq(top_fit("web", 3, false, true, buf), "web");
	ck_assert_str_eq(top_fit("website", 4, false, true, buf), "web…");
	ck_assert_str_eq(top_fit("prod/web", 4, true, true, buf), "…web");
	ck_assert_str_eq(top_fit("website", 4, false, false, buf), "web~");
	ck_assert_str_eq(top_fit("web", 0, false, true, buf), "");
	ck_assert_str_eq(top_fit("a\033[2J", 10, false, true, buf), "a\\x1B[2J  ");
	/* Two columns each: the second one would be cut in half. */
	ck_assert_str_eq(top_fit("日本語", 6, false, true, buf), "日本語");
	ck_assert_str_eq(top_fit("日本語", 4, false, true, buf), "日… ");
	ck_assert_str_eq(top_fit("日本語", 5, true, true, buf), "…本語");
	/* Marks that pile up on one column are left out. */
	ck_assert_str_eq(top_fit("Z\u0301\u0302\u0303x", 4, false, true, buf), "Zx  ");
	ck_assert_str_eq(top_fit("gr\u00fcn", 5, false, false, buf), "gr?n ");
}
END_TEST

START_TEST(test_bar)
{
	struct top_row row = row_of("web", 75, 50, 100);
	struct top_layout layout = {.width[TOP_BAR] = 8, .utf8 = true};

	ck_assert_str_eq(top_cell(&layout, &row, TOP_BAR, buf, &color), "████▒▒··");
	ck_assert_int_eq(color, CLI_GREEN);
	layout.utf8 = false;
	row.working_set = 95;
	row.usage = 1000;
	ck_assert_str_eq(top_cell(&layout, &row, TOP_BAR, buf, &color), "########");
	ck_assert_int_eq(color, CLI_RED);
	row.working_set = 80;
	top_cell(&layout, &row, TOP_BAR, buf, &color);
	ck_assert_int_eq(color, CLI_YELLOW);
	row.limit = MEMCG_NO_LIMIT;
	ck_assert_str_eq(top_cell(&layout, &row, TOP_BAR, buf, &color), "        ");
	row.has_usage = false;
	ck_assert_str_eq(top_cell(&layout, &row, TOP_BAR, buf, &color), "        ");
}
END_TEST

static const char *figure(const struct top_row *row, enum top_column column)
{
	static const struct top_layout layout = {.width = {[TOP_MEMORY] = 9,
							   [TOP_SET] = 4,
							   [TOP_PRESSURE] = 4,
							   [TOP_SCORES] = 9,
							   [TOP_LEFT] = 5,
							   [TOP_KILLS] = 4}};

	top_cell(&layout, row, column, buf, &color);
	return buf + strspn(buf, " ");
}

START_TEST(test_figures)
{
	struct top_row row = row_of("web", 812 * MIB, 512 * MIB, 1536 * MIB);

	ck_assert_str_eq(figure(&row, TOP_MEMORY), "812M/1.5G");
	ck_assert_str_eq(figure(&row, TOP_SET), "33");
	ck_assert_str_eq(figure(&row, TOP_PRESSURE), "-");
	ck_assert_str_eq(figure(&row, TOP_SCORES), "-");
	ck_assert_str_eq(figure(&row, TOP_LEFT), "-");
	ck_assert_str_eq(figure(&row, TOP_KILLS), "0");
	row.usage = 1023 * MIB;
	row.limit = MEMCG_NO_LIMIT;
	ck_assert_str_eq(figure(&row, TOP_MEMORY), "1.0G/-");
	ck_assert_str_eq(figure(&row, TOP_SET), "-");
	row.usage = 999;
	ck_assert_str_eq(figure(&row, TOP_MEMORY), "999B/-");
	row.pressure = 994;
	ck_assert_str_eq(figure(&row, TOP_PRESSURE), "9.9");
	row.pressure = 10000;
	ck_assert_str_eq(figure(&row, TOP_PRESSURE), "100");
	ck_assert_int_eq(color, CLI_YELLOW);
	row.has_init_score = true;
	row.init_score = -999;
	ck_assert_str_eq(figure(&row, TOP_SCORES), "-999");
	row.has_workload_score = true;
	row.workload_score = 1000;
	ck_assert_str_eq(figure(&row, TOP_SCORES), "-999/1000");
	row.restartable = true;
	row.restart_max = 3;
	ck_assert_str_eq(figure(&row, TOP_LEFT), "0/3");
	ck_assert_int_eq(color, CLI_RED);
	row.oom_kills = UINT64_MAX;
	ck_assert_str_eq(figure(&row, TOP_KILLS), "1M+");
	row.oom_kills = 10999;
	ck_assert_str_eq(figure(&row, TOP_KILLS), "10k");
	row.restart_max = 1000000;
	ck_assert_str_eq(figure(&row, TOP_LEFT), "0/10~");
}
END_TEST

static const char *sorted(enum top_sort sort)
{
	static char order[8];
	struct top_row items[] = {row_of("a", 90, 10, 100), row_of("b", 50, 50, 100),
				  row_of("c", 20, 20, MEMCG_NO_LIMIT), row_of("d", 50, 50, 100)};
	struct top_rows rows = {items, 4};

	items[2].color = CLI_RED;
	items[2].oom_kills = 2;
	items[3].oom_kills = 9;
	items[1].restartable = items[3].restartable = true;
	items[1].restarts_left = 2;
	items[3].pressure = 0;
	top_rows_sort(&rows, sort);
	for (size_t i = 0; i < 4; i++)
		order[i] = items[i].name[0];
	return order;
}

START_TEST(test_sort)
{
	ck_assert_str_eq(sorted(TOP_BY_MEMORY), "bdac");
	ck_assert_str_eq(sorted(TOP_BY_USAGE), "abdc");
	ck_assert_str_eq(sorted(TOP_BY_PRESSURE), "dabc");
	ck_assert_str_eq(sorted(TOP_BY_KILLS), "dcab");
	ck_assert_str_eq(sorted(TOP_BY_LEFT), "dbac");
	ck_assert_str_eq(sorted(TOP_BY_STATE), "cabd");
	ck_assert_str_eq(sorted(TOP_BY_NAME), "abcd");
}
END_TEST

START_TEST(test_pressure)
{
	ck_assert_int_eq(top_pressure_parse("some avg10=1.53 avg60=0.00 avg300=0.00 total=1\n"
					    "full avg10=9.00 avg60=0.00 avg300=0.00 total=1\n"),
			 153);
	ck_assert_int_eq(top_pressure_parse("some avg10=0.00 avg60"), 0);
	ck_assert_int_eq(top_pressure_parse("some avg10=100.00"), 10000);
	ck_assert_int_eq(top_pressure_parse("some avg10=x"), TOP_NO_PRESSURE);
	ck_assert_int_eq(top_pressure_parse("some avg10=nan"), TOP_NO_PRESSURE);
	ck_assert_int_eq(top_pressure_parse("some avg10=101"), TOP_NO_PRESSURE);
	ck_assert_int_eq(top_pressure_parse("full avg10=1"), TOP_NO_PRESSURE);
	ck_assert_int_eq(top_pressure_parse(""), TOP_NO_PRESSURE);
}
END_TEST

START_TEST(test_summary)
{
	struct top_row items[] = {row_of("a", 1, 1, 1), row_of("b", 1, 1, 1), row_of("c", 1, 1, 1)};
	struct top_rows rows = {items, 3};
	char text[64];

	items[1].state = "shim-dead";
	ck_assert_str_eq(top_summary(&rows, text, sizeof(text)),
			 "3 containers: 1 shim-dead, 2 watching");
	rows.len = 1;
	ck_assert_str_eq(top_summary(&rows, text, sizeof(text)), "1 container: 1 watching");
	rows.len = 0;
	ck_assert_str_eq(top_summary(&rows, text, sizeof(text)), "0 containers");
	rows.len = 3;
	ck_assert_str_eq(top_summary(&rows, text, 16), "3 containers: 1");
}
END_TEST

static const char *last_event_of(const char *journal)
{
	int dirfd = tempdir_open(dir);
	int r;

	tempdir_write(dirfd, "events.jsonl", journal);
	memset(buf, 0, sizeof(buf));
	r = last_event_read(dirfd, buf, sizeof(buf));
	close(dirfd);
	return r == 0 ? buf : r == -ENODATA ? "nothing" : "an error";
}

#define LINE(time, event, message)                                                                 \
	"{\"version\":1,\"time\":\"" time "\",\"event\":\"" event "\",\"message\":\"" message      \
	"\"}\n"

START_TEST(test_last_event)
{
	static char long_journal[200000];
	int dirfd;

	tempdir_make(dir);
	dirfd = tempdir_open(dir);
	ck_assert_int_eq(last_event_read(dirfd, buf, sizeof(buf)), -ENOENT);
	close(dirfd);
	ck_assert_str_eq(last_event_of(LINE("2026-11-25T11:30:17.001Z", "oom", "one")
					   LINE("2026-11-25T11:30:18.123Z", "gave-up", "two")),
			 "11:30:18 gave-up: two");
	/* The last one is being written. */
	ck_assert_str_eq(last_event_of(LINE("2026-11-25T11:30:18.123Z", "gave-up", "two") "{\"ver"),
			 "11:30:18 gave-up: two");
	memset(long_journal, 'x', sizeof(long_journal) - 1);
	strcpy(long_journal + 150000, "\n" LINE("2026-11-25T11:30:18.123Z", "oom", "three"));
	ck_assert_str_eq(last_event_of(long_journal), "11:30:18 oom: three");
	ck_assert_str_eq(last_event_of(""), "nothing");
	ck_assert_str_eq(last_event_of("\n"), "nothing");
	ck_assert_str_eq(last_event_of("no newline"), "nothing");
	ck_assert_str_eq(last_event_of("[1]\n"), "nothing");
	ck_assert_str_eq(last_event_of(LINE("11:30", "oom", "x")), "nothing");
	tempdir_remove(dir);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("top_layout");
	TCase *tc = tcase_create("top_layout");

	/* Widths of characters are the locale's. */
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return EXIT_FAILURE;
	tcase_add_test(tc, test_every_width);
	tcase_add_test(tc, test_what_fits);
	tcase_add_test(tc, test_fit);
	tcase_add_test(tc, test_bar);
	tcase_add_test(tc, test_figures);
	tcase_add_test(tc, test_sort);
	tcase_add_test(tc, test_pressure);
	tcase_add_test(tc, test_summary);
	tcase_add_test(tc, test_last_event);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
