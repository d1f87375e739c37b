/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Damaged input: every byte of a container state and of a config.json removed, replaced or made
 * the last, and random damage on top. The text is handed over in memory of exactly its size, so
 * that the sanitizers see a read beyond it. Whatever is still readable must survive a copy and
 * being written and read once more.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "jsonw.h"
#include "oci.h"
#include "spec_edit.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define RANDOM_ROUNDS 10000
#define CONTROLS                                                                                   \
	"\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17"                                                   \
	"\20\21\22\23\24\25\26\27\30\31\32\33\34\35\36\37\177"

static const char state[] =
    "{\"ociVersion\":\"1.0.2\",\"id\":\"web-1\",\"status\":\"creating\",\"pid\":4711,"
    "\"bundle\":\"\\/run\\/b\",\"root\":\"/run/b/rootfs\","
    "\"annotations\":{\"io.kubernetes.cri.container-name\":\"w\\u00e9b\",\"a\":\"\"}}";

static const char config[] =
    "{ \"ociVersion\": \"1.0.2\", /* c */\n"
    "  \"process\": { \"terminal\": false, \"args\": [\"sh\", \"-c\"], \"oomScoreAdj\": -5 },\n"
    "  \"annotations\": { \"oomguard.io/profile\": \"w\xc3\xb6rker\", \"x\": \"\\ud83d\\udc33\" "
    "},\n"
    "  \"hooks\": { \"poststop\": [ { \"path\": \"/usr/libexec/oomguard/oomguard-hook\",\n"
    "      \"args\": [\"oomguard-hook\", \"poststop\"], \"env\": [], \"timeout\": 1e1 } ] },\n"
    "  \"linux\": { \"cgroupsPath\": \"/a/b\", \"resources\": { \"memory\": {\n"
    "      \"limit\": 67108864, \"swap\": 1.0E+8, \"disableOOMKiller\": true } } },\n"
    "  \"linux\": { \"resources\": { \"memory\": { \"limit\": 5.0e7 } } }\n"
    "} trailing";

static const struct {
	const char *text;
	size_t len;
} samples[] = {{state, sizeof(state) - 1}, {config, sizeof(config) - 1}};

/* As lib/oci.c reads a config.json. */
static const struct json_limits liberal = {.source = "config.json",
					   .max_bytes = OCI_CONFIG_MAX_BYTES,
					   .max_depth = OCI_MAX_DEPTH,
					   .trailing_data = true,
					   .invalid_utf8 = true,
					   .comments = true};
static const struct json_limits strict = {
    .source = "policy.json", .max_bytes = OCI_CONFIG_MAX_BYTES, .max_depth = 32};

/* What was read is written; the result is plain, strict JSON of the same shape. */
static void check_round_trip(const struct json *tree)
{
	static char buf[65536];
	cleanup_json struct json *copy = json_copy(tree);
	cleanup_json struct json *back = NULL;
	struct error err = {0};
	struct jsonw w;
	int len;

	ck_assert_ptr_nonnull(copy);
	ck_assert_int_eq(jsonw_init(&w, buf, sizeof(buf), false), 0);
	jsonw_tree(&w, copy);
	len = jsonw_finish(&w);
	jsonw_close(&w);
	ck_assert_int_gt(len, 0);
	ck_assert_msg(json_parse(buf, len, &strict, &back, &err) == 0, "%s: %s", err.message, buf);
	ck_assert_uint_ge(json_duplicates(back, NULL, NULL), json_duplicates(tree, NULL, NULL));
}

static void check_error(int r, const struct error *err)
{
	ck_assert_msg(r == -EINVAL || r == -E2BIG, "%d: %s", r, err->message);
	ck_assert_int_eq(err->code, -r);
	ck_assert(err->message[0]);
	ck_assert_uint_eq(strcspn(err->message, CONTROLS), strlen(err->message));
}

/* Whatever can be read can be edited or is refused, and twice is once. */
static void check_edit(const struct oci_config *whole, const char *text, size_t len)
{
	static const struct spec_hook hook = {.path = "/usr/libexec/oomguard/oomguard-hook"};
	static const struct spec_changes changes = {.set_limit = true,
						    .limit = 1,
						    .set_swap = true,
						    .swap = 2,
						    .enable_oom_killer = true,
						    .oom_group = "1",
						    .init = "/i",
						    .init_score = "5"};
	cleanup_free char *out = NULL, *again = NULL;
	struct oci_config edited;
	struct error err = {0};
	size_t out_len, again_len;
	int r = spec_edit(whole->root, text, len, &hook, &changes, &out, &out_len, &err);

	if (r < 0) {
		check_error(r, &err);
		return;
	}
	ck_assert_int_eq(r, 1);
	ck_assert_msg(oci_config_parse(out, out_len, "c", &edited, &err) == 0, "%s: %s",
		      err.message, out);
	ck_assert(edited.has_poststop_hook);
	ck_assert_msg(
	    spec_edit(edited.root, out, out_len, &hook, &changes, &again, &again_len, &err) == 0,
	    "%s", out);
	oci_config_free(&edited);
}

static bool read_with(const char *text, size_t len, const struct json_limits *limits)
{
	cleanup_json struct json *tree = NULL;
	struct error err = {0};
	int r = json_parse(text, len, limits, &tree, &err);

	if (r < 0) {
		ck_assert_ptr_null(tree);
		check_error(r, &err);
		return false;
	}
	check_round_trip(tree);
	return true;
}

/* Reads the text in every way; true when the liberal one succeeded. */
static bool feed(const char *text, size_t len)
{
	char *exact = malloc(len ? len : 1);
	struct oci_state oci_state;
	struct oci_config oci_config;
	struct error err = {0};
	bool readable;
	int r;

	memcpy(exact, text, len);
	readable = read_with(exact, len, &liberal);
	ck_assert(!read_with(exact, len, &strict) || readable);
	r = oci_state_parse(exact, len, &oci_state, &err);
	if (r < 0)
		check_error(r, &err);
	else
		ck_assert(oci_state.id[0] && !strchr(oci_state.id, '/') && oci_state.pid >= 0);
	oci_state_free(&oci_state);
	r = oci_config_parse(exact, len, "config.json", &oci_config, &err);
	if (r < 0)
		check_error(r, &err);
	else
		check_edit(&oci_config, exact, len);
	oci_config_free(&oci_config);
	free(exact);
	return readable;
}

START_TEST(the_samples_are_whole)
{
	struct oci_state oci_state;
	struct oci_config oci_config;

	ck_assert(feed(state, sizeof(state) - 1));
	ck_assert(feed(config, sizeof(config) - 1));
	ck_assert_int_eq(oci_state_parse(state, sizeof(state) - 1, &oci_state, NULL), 0);
	ck_assert_str_eq(oci_state.bundle, "/run/b");
	oci_state_free(&oci_state);
	ck_assert_int_eq(oci_config_parse(config, sizeof(config) - 1, "c", &oci_config, NULL), 0);
	ck_assert_uint_eq(oci_config.limit_bytes, 50000000);
	ck_assert(oci_config.has_poststop_hook);
	ck_assert_uint_eq(oci_config.duplicate_keys, 1);
	oci_config_free(&oci_config);
}
END_TEST

START_TEST(truncated_at_every_byte)
{
	size_t at, readable = 0;

	for (at = 0; at < samples[_i].len; at++)
		readable += feed(samples[_i].text, at);
	/* Only the garbage behind the end may be missing. */
	ck_assert_uint_eq(readable, _i ? strlen(" trailing") : 0);
}
END_TEST

START_TEST(each_byte_removed)
{
	char text[2048];
	size_t at, len = samples[_i].len;

	for (at = 0; at < len; at++) {
		memcpy(text, samples[_i].text, at);
		memcpy(text + at, samples[_i].text + at + 1, len - at - 1);
		feed(text, len - 1);
	}
}
END_TEST

static const char hostile[] = {0,   '"', '\\', '{', '}', '[',	 ']',	 ',',	 ':', '\n', '\x1b',
			       '/', '*', '-',  '9', 'e', '\xff', '\x80', '\xc3', 'u', ' ',  '.'};

START_TEST(each_byte_replaced)
{
	char text[2048];
	size_t at, which;

	memcpy(text, samples[_i].text, samples[_i].len);
	for (at = 0; at < samples[_i].len; at++) {
		for (which = 0; which < sizeof(hostile); which++) {
			text[at] = hostile[which];
			feed(text, samples[_i].len);
		}
		text[at] = samples[_i].text[at];
	}
}
END_TEST

/* Xorshift: the same damage on every run. */
static uint32_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return (uint32_t)(*seed >> 32);
}

/* Copies, removes, repeats and replaces pieces. Returns the new length. */
static size_t damage(char *text, size_t len, size_t cap, uint64_t *seed)
{
	size_t at = next_random(seed) % len, piece = 1 + next_random(seed) % 24;
	size_t from = next_random(seed) % len;

	switch (next_random(seed) % 4) {
	case 0:
		text[at] = hostile[next_random(seed) % sizeof(hostile)];
		return len;
	case 1:
		text[at] ^= 1 << next_random(seed) % 8;
		return len;
	case 2:
		piece = piece < len - at ? piece : len - at;
		memmove(text + at, text + at + piece, len - at - piece);
		return len - piece;
	default:
		piece = piece < len - from ? piece : len - from;
		if (len + piece > cap)
			return len;
		memmove(text + at + piece, text + at, len - at);
		memmove(text + at, text + from, piece);
		return len + piece;
	}
}

START_TEST(random_damage)
{
	uint64_t seed = 0x9e3779b97f4a7c15 + _i;
	size_t len, readable = 0;
	unsigned round, times;
	char text[2048];

	for (round = 0; round < RANDOM_ROUNDS; round++) {
		len = samples[_i].len;
		memcpy(text, samples[_i].text, len);
		for (times = 1 + next_random(&seed) % 8; times > 0 && len > 0; times--)
			len = damage(text, len, sizeof(text), &seed);
		readable += feed(text, len);
	}
	/* Else nothing behind the parser was reached. */
	ck_assert_uint_gt(readable, RANDOM_ROUNDS / 100);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mutilate");
	TCase *tests = tcase_create("mutilate");

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, the_samples_are_whole);
	tcase_add_loop_test(tests, truncated_at_every_byte, 0, COUNT(samples));
	tcase_add_loop_test(tests, each_byte_removed, 0, COUNT(samples));
	tcase_add_loop_test(tests, each_byte_replaced, 0, COUNT(samples));
	tcase_add_loop_test(tests, random_damage, 0, COUNT(samples));
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
