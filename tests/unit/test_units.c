/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "unit.h"
#include "units.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define UNCHANGED 77

static const struct {
	const char *text;
	int r;
	uint64_t value;
} sizes[] = {
    {"0", 0, 0},
    {"1000", 0, 1000},
    {"812B", 0, 812},
    {"512MiB", 0, 512ull << 20},
    {"1.5GiB", 0, 3ull << 29},
    {"1.5TiB", 0, 3ull << 39},
    {"1KB", 0, 1000},
    {"2MB", 0, 2000000},
    {"3GB", 0, 3000000000},
    {"4TB", 0, 4000000000000},
    {"0.9999KiB", 0, 1023},
    {"1.9999", 0, 1},
    {"0.00000000000000000099999TiB", 0, 0},
    {"1.000000000000000000000000001KiB", 0, 1024},
    {"0.123456789012345678901234567890KB", 0, 123},
    {"000000000000000000000000000001", 0, 1},
    {"9223372036854775807", 0, UINT64_MAX / 2},
    {"9223372036854775808", -ERANGE, 0},
    {"8388608TiB", -ERANGE, 0},
    {"99999999999999999999999TiB", -ERANGE, 0},
    {"", -EINVAL, 0},
    {"MiB", -EINVAL, 0},
    {".5MiB", -EINVAL, 0},
    {"5.MiB", -EINVAL, 0},
    {"1.5.5", -EINVAL, 0},
    {"+1", -EINVAL, 0},
    {"-1", -EINVAL, 0},
    {" 1", -EINVAL, 0},
    {"1 MiB", -EINVAL, 0},
    {"1MiB ", -EINVAL, 0},
    {"1e3", -EINVAL, 0},
    {"0x10", -EINVAL, 0},
    {"1mib", -EINVAL, 0},
    {"1M", -EINVAL, 0},
    {"1kB", -EINVAL, 0},
    {"1PiB", -EINVAL, 0},
    {"99999999999999999999999PiB", -EINVAL, 0},
    {"25%", -EINVAL, 0},
};

START_TEST(sizes_are_read)
{
	uint64_t value = UNCHANGED;

	ck_assert_int_eq(size_parse(sizes[_i].text, &value), sizes[_i].r);
	ck_assert_uint_eq(value, sizes[_i].r ? UNCHANGED : sizes[_i].value);
}
END_TEST

static const struct {
	const char *text;
	int r;
	uint32_t value;
} percents[] = {
    {"0%", 0, 0},	   {"25%", 0, 25000},		{"12.5%", 0, 12500},
    {"0.0019%", 0, 1},	   {"1000%", 0, 1000000},	{"1000.001%", -ERANGE, 0},
    {"1001%", -ERANGE, 0}, {"4294967297%", -ERANGE, 0}, {"99999999999999999999%", -ERANGE, 0},
    {"25", -EINVAL, 0},	   {"%", -EINVAL, 0},		{"-1%", -EINVAL, 0},
    {"25%%", -EINVAL, 0},  {"25 %", -EINVAL, 0},
};

START_TEST(percents_are_read)
{
	uint32_t value = UNCHANGED;

	ck_assert_int_eq(percent_parse(percents[_i].text, &value), percents[_i].r);
	ck_assert_uint_eq(value, percents[_i].r ? UNCHANGED : percents[_i].value);
}
END_TEST

static const struct {
	const char *text;
	int r;
	uint64_t value;
} durations[] = {
    {"0", 0, 0},
    {"0s", 0, 0},
    {"500ms", 0, 500},
    {"10s", 0, 10000},
    {"1.5s", 0, 1500},
    {"1.5ms", 0, 1},
    {"5m", 0, 300000},
    {"2h", 0, 7200000},
    {"8784h", 0, 8784ull * 3600000},
    {"8784.001h", -ERANGE, 0},
    {"8785h", -ERANGE, 0},
    {"99999999999999999999h", -ERANGE, 0},
    {"10", -EINVAL, 0},
    {"0.0", -EINVAL, 0},
    {"1d", -EINVAL, 0},
    {"1us", -EINVAL, 0},
    {"1m30s", -EINVAL, 0},
    {"-1s", -EINVAL, 0},
    {"s", -EINVAL, 0},
    {"", -EINVAL, 0},
    {"1 s", -EINVAL, 0},
    {"1S", -EINVAL, 0},
};

START_TEST(durations_are_read)
{
	uint64_t value = UNCHANGED;

	ck_assert_int_eq(duration_parse(durations[_i].text, &value), durations[_i].r);
	ck_assert_uint_eq(value, durations[_i].r ? UNCHANGED : durations[_i].value);
}
END_TEST

static const struct {
	uint64_t bytes;
	const char *people;
	const char *canonical;
} written_sizes[] = {
    {0, "0 B", "0"},
    {812, "812 B", "812"},
    {1000, "1000 B", "1000"},
    {1024, "1 KiB", "1KiB"},
    {1536, "1.5 KiB", "1536"},
    {512ull << 20, "512 MiB", "512MiB"},
    {3ull << 29, "1.5 GiB", "1536MiB"},
    {(1ull << 20) - 1, "1 MiB", "1048575"},
    {(1ull << 30) - (60ull << 10), "1023.9 MiB", "1048516KiB"},
    {1ull << 40, "1 TiB", "1TiB"},
    {UINT64_MAX, "16777216 TiB", "18446744073709551615"},
};

START_TEST(sizes_are_written)
{
	char text[32];
	uint64_t back = 0;

	ck_assert_str_eq(size_text(written_sizes[_i].bytes, text, sizeof(text)),
			 written_sizes[_i].people);
	ck_assert_str_eq(size_canonical(written_sizes[_i].bytes, text, sizeof(text)),
			 written_sizes[_i].canonical);
	if (written_sizes[_i].bytes > UINT64_MAX / 2)
		return;
	ck_assert_int_eq(size_parse(text, &back), 0);
	ck_assert_uint_eq(back, written_sizes[_i].bytes);
}
END_TEST

static const struct {
	uint64_t ms;
	const char *text;
} written_durations[] = {
    {0, "0s"},	    {1, "1ms"},	    {500, "500ms"},   {1500, "1500ms"}, {10000, "10s"},
    {90000, "90s"}, {300000, "5m"}, {5400000, "90m"}, {7200000, "2h"},
};

START_TEST(durations_are_written)
{
	char text[32];
	uint64_t back = 1;

	ck_assert_str_eq(duration_text(written_durations[_i].ms, text, sizeof(text)),
			 written_durations[_i].text);
	ck_assert_int_eq(duration_parse(text, &back), 0);
	ck_assert_uint_eq(back, written_durations[_i].ms);
}
END_TEST

static const struct {
	uint64_t ms;
	const char *text;
} written_spans[] = {
    {0, "0 ms"},
    {999, "999 ms"},
    {1000, "1 s"},
    {12440, "12.4 s"},
    {59940, "59.9 s"},
    {59960, "1 min"},
    {210000, "3.5 min"},
    {3599000, "1 h"},
    {7200000, "2 h"},
    {354240000, "4.1 d"},
    {UINT64_MAX, "213503982334.6 d"},
};

START_TEST(spans_are_written)
{
	char text[32];

	ck_assert_str_eq(span_text(written_spans[_i].ms, text, sizeof(text)),
			 written_spans[_i].text);
}
END_TEST

START_TEST(a_small_buffer_is_not_overrun)
{
	char text[8] = "#######";

	ck_assert_str_eq(size_text(512ull << 20, text, 4), "512");
	ck_assert_str_eq(duration_text(1234567, text, 4), "123");
	ck_assert_str_eq(size_canonical(512ull << 20, text, 4), "512");
	ck_assert_str_eq(text + 4, "###");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("units");
	TCase *tests = tcase_create("units");

	tcase_add_loop_test(tests, sizes_are_read, 0, COUNT(sizes));
	tcase_add_loop_test(tests, percents_are_read, 0, COUNT(percents));
	tcase_add_loop_test(tests, durations_are_read, 0, COUNT(durations));
	tcase_add_loop_test(tests, sizes_are_written, 0, COUNT(written_sizes));
	tcase_add_loop_test(tests, durations_are_written, 0, COUNT(written_durations));
	tcase_add_loop_test(tests, spans_are_written, 0, COUNT(written_spans));
	tcase_add_test(tests, a_small_buffer_is_not_overrun);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
