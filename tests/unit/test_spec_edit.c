/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "oci.h"
#include "spec_changes.h"
#include "spec_edit.h"
#include "spec_entry.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct spec_hook hook = {.path = "/x/oomguard-hook"};
static const struct spec_changes nothing;

/* What one edit makes of the text; NULL: nothing had to be changed. Owned. */
static char *edited(const char *text, const struct spec_hook *entry,
		    const struct spec_changes *changes)
{
	struct oci_config config;
	struct error err = {0};
	char *out = NULL;
	size_t len = 0;
	int r;

	ck_assert_msg(oci_config_parse(text, strlen(text), "config.json", &config, &err) == 0,
		      "%s: %s", text, err.message);
	r = spec_edit(config.root, text, strlen(text), entry, changes, &out, &len, &err);
	ck_assert_msg(r >= 0, "%s: %s", text, err.message);
	ck_assert_int_eq(r, out != NULL);
	if (out)
		ck_assert_uint_eq(len, strlen(out));
	oci_config_free(&config);
	return out;
}

static int refusal(const char *text, const struct spec_changes *changes, struct error *err)
{
	struct oci_config config;
	char *out = NULL;
	size_t len = 0;
	int r;

	ck_assert_int_eq(oci_config_parse(text, strlen(text), "config.json", &config, NULL), 0);
	r = spec_edit(config.root, text, strlen(text), &hook, changes, &out, &len, err);
	ck_assert_ptr_null(out);
	oci_config_free(&config);
	return r;
}

#define ENTRY(stage)                                                                               \
	"{\"path\":\"/x/oomguard-hook\",\"args\":[\"oomguard-hook\",\"" stage                      \
	"\"],\"env\":[\"PATH=/usr/sbin:/usr/bin:/sbin:/bin\"],\"timeout\":10}"
#define CREATE ENTRY("createRuntime")
#define POSTSTART ENTRY("poststart")
#define POSTSTOP ENTRY("poststop")
#define WHOLE                                                                                      \
	"{\"createRuntime\":[" CREATE "],\"poststart\":[" POSTSTART "],\"poststop\":[" POSTSTOP "]}"

/* `result` NULL: it is as it has to be. */
static const struct {
	const char *text, *result;
} hooks[] = {
    {"{}", "{\"hooks\":" WHOLE "}"},
    {"{\"a\": 1.10 }garbage{", "{\"a\": 1.10,\"hooks\":" WHOLE " }garbage{"},
    {"{\"hooks\":null}", "{\"hooks\":" WHOLE "}"},
    {"{\"hooks\":{}}", "{\"hooks\":" WHOLE "}"},
    {"{\"hooks\":{\"prestart\":[],\"poststart\":null}}",
     "{\"hooks\":{\"prestart\":[],\"poststart\":[" POSTSTART "],\"createRuntime\":[" CREATE
     "],\"poststop\":[" POSTSTOP "]}}"},
    /* Those of others stay, with what we do not know of them, and in their order. */
    {"{\"hooks\": {\"createRuntime\": [{\"path\":\"/o\",\"new\":1e400}], \"poststop\":[ ]}}",
     "{\"hooks\": {\"createRuntime\": [{\"path\":\"/o\",\"new\":1e400}," CREATE
     "], \"poststop\":[" POSTSTOP " ], \"poststart\": [" POSTSTART "]}}"},
    {"{\"hooks\":" WHOLE "}", NULL},
    {"{\"hooks\":{\"poststart\":[" POSTSTART "],\"createRuntime\":[{},1,null," CREATE
     "],\"poststop\":[" POSTSTOP "]}}",
     NULL},
    /* Ours of another installation, or with other words: what holds now takes its place. */
    {"{\"hooks\":{\"createRuntime\":[{\"path\":\"/old/oomguard-hook\",\"args\":[\"x\"]},2],"
     "\"poststart\":[" POSTSTART "],\"poststop\":[" POSTSTOP "]}}",
     "{\"hooks\":{\"createRuntime\":[" CREATE ",2],\"poststart\":[" POSTSTART
     "],\"poststop\":[" POSTSTOP "]}}"},
    /* The hook of another stage is none of this one. */
    {"{\"hooks\":{\"poststart\":[" POSTSTART "],\"poststop\":[" POSTSTOP "],\"prestart\":[" CREATE
     "]}}",
     "{\"hooks\":{\"poststart\":[" POSTSTART "],\"poststop\":[" POSTSTOP "],\"prestart\":[" CREATE
     "],\"createRuntime\":[" CREATE "]}}"},
    /* Equal in another spelling. */
    {"{\"hooks\":{\"poststart\":[" POSTSTART "],\"poststop\":[" POSTSTOP
     "],\"createRuntime\":[{\"timeout\":1e1,\"path\":\"\\/x\\/oomguard-hook\",\"env\":[\"PATH=/usr/"
     "sbin:/usr/bin:/sbin:/bin\"],\"args\":[\"oomguard\\u002dhook\",\"createRuntime\"]}]}}",
     NULL},
};

START_TEST(hooks_are_put_in_once)
{
	char *out = edited(hooks[_i].text, &hook, &nothing);

	if (hooks[_i].result)
		ck_assert_str_eq(out, hooks[_i].result);
	else
		ck_assert_ptr_null(out);
	if (out)
		ck_assert_ptr_null(edited(out, &hook, &nothing));
	free(out);
}
END_TEST

START_TEST(the_hooks_words)
{
	const struct spec_hook all = {.path = "/x/oomguard-hook",
				      .profile = "w\"o",
				      .policy = "/p",
				      .root = "/r",
				      .closed = true,
				      .deadline_ms = 20500,
				      .poststart_untimed = true};
	char text[SPEC_ENTRY_MAX];

	ck_assert_int_gt(spec_hook_entry(&all, "poststop", text, sizeof(text)), 0);
	ck_assert_str_eq(text, "{\"path\":\"/x/oomguard-hook\",\"args\":[\"oomguard-hook\","
			       "\"poststop\",\"--profile\",\"w\\\"o\",\"--policy\",\"/p\","
			       "\"--root\",\"/r\",\"--failure\",\"closed\",\"--deadline\","
			       "\"20500ms\"],\"env\":[\"PATH=/usr/sbin:/usr/bin:/sbin:/bin\"],"
			       "\"timeout\":29}");
	ck_assert_int_gt(spec_hook_entry(&all, "poststart", text, sizeof(text)), 0);
	ck_assert_ptr_null(strstr(text, "timeout"));
	ck_assert_int_eq(spec_hook_entry(&all, "poststop", text, 100), -ENOBUFS);
}
END_TEST

#define DONE "{\"hooks\":" WHOLE ","

static const struct {
	struct spec_changes changes;
	const char *text, *result; /* behind DONE */
} settings[] = {
    {{.set_swap = true, .swap = 1UL << 40},
     "\"linux\":{\"resources\":{\"memory\":{\"limit\":1e12}}}}",
     "\"linux\":{\"resources\":{\"memory\":{\"limit\":1e12,\"swap\":1099511627776}}}}"},
    {{.set_limit = true, .limit = 64, .set_swap = true, .swap = 65, .oom_group = "1"},
     "\"linux\":{\"x\":1}}",
     "\"linux\":{\"x\":1,\"resources\":{\"memory\":{\"limit\":64,\"swap\":65},"
     "\"unified\":{\"memory.oom.group\":\"1\"}}}}"},
    {{.set_swap = true, .swap = 65, .oom_group = "0"},
     "\"linux\":{\"resources\":null}}",
     "\"linux\":{\"resources\":{\"memory\":{\"swap\":65},\"unified\":{\"memory.oom.group\":"
     "\"0\"}}}}"},
    {{.oom_group = "1"},
     "\"linux\":{\"resources\":{\"unified\":{\"memory.oom.group\":\"0\",\"memory.high\":\"max\"}}}"
     "}",
     "\"linux\":{\"resources\":{\"unified\":{\"memory.oom.group\":\"1\",\"memory.high\":\"max\"}}}"
     "}"},
    {{.enable_oom_killer = true},
     "\"linux\":{\"resources\":{\"memory\":{\"disableOOMKiller\":true }}}}",
     "\"linux\":{\"resources\":{\"memory\":{\"disableOOMKiller\":false }}}}"},
    {{.oom_group = "1"},
     "\"a\":0}",
     "\"a\":0,\"linux\":{\"resources\":{\"unified\":"
     "{\"memory.oom.group\":\"1\"}}}}"},
};

START_TEST(settings_are_put_in_once)
{
	char text[8192], result[8192], *out;

	snprintf(text, sizeof(text), DONE "%s", settings[_i].text);
	snprintf(result, sizeof(result), DONE "%s", settings[_i].result);
	out = edited(text, &hook, &settings[_i].changes);
	ck_assert_str_eq(out, result);
	ck_assert_ptr_null(edited(out, &hook, &settings[_i].changes));
	free(out);
}
END_TEST

#define MOUNT(place)                                                                               \
	"{\"destination\":\"" place "\",\"type\":\"bind\",\"source\":\"/x/oomguard-init\","        \
	"\"options\":[\"bind\",\"ro\",\"nosuid\",\"nodev\"]}"
#define DEV "{\"destination\":\"/dev\",\"type\":\"tmpfs\"}"

static const struct {
	const char *score, *text, *result; /* behind DONE; NULL: unchanged */
} inits[] = {
    {"", "\"process\":{\"args\":[\"sh\",\"-c\"]}}",
     "\"process\":{\"args\":[\"/.oomguard-init\",\"--\",\"sh\",\"-c\"]},\"mounts\":[" MOUNT(
	 "/.oomguard-init") "]}"},
    {"500", "\"process\":{\"args\":[\n \"sh\"]},\"mounts\":[" DEV "]}",
     "\"process\":{\"args\":[\n \"/dev/.oomguard-init\",\"--workload-score\",\"500\",\"--\",\n "
     "\"sh\"]},\"mounts\":[" DEV "," MOUNT("/dev/.oomguard-init") "]}"},
    /* The host's /dev is not ours to make files in, and what is mounted last is what is seen. */
    {"",
     "\"mounts\":[" DEV ",{\"destination\":\"/dev\",\"type\":\"bind\"}],\"process\":"
     "{\"args\":[\"sh\"]}}",
     "\"mounts\":[" DEV ",{\"destination\":\"/dev\",\"type\":\"bind\"}," MOUNT(
	 "/.oomguard-init") "],\"process\":{\"args\":[\"/.oomguard-init\",\"--\",\"sh\"]}}"},
    /* Another score by now. */
    {"7",
     "\"process\":{\"args\":[\"/.oomguard-init\",\"--workload-score\",\"+500\",\"--\","
     "\"sh\"]},\"mounts\":[" MOUNT("/.oomguard-init") "]}",
     "\"process\":{\"args\":[\"/.oomguard-init\",\"--workload-score\",\"7\",\"--\",\"sh\"]},"
     "\"mounts\":[" MOUNT("/.oomguard-init") "]}"},
    /* No program, nothing to put it in front of. */
    {"", "\"process\":{\"args\":[]}}", NULL},
    {"", "\"process\":{}}", NULL},
    {"", "\"a\":1}", NULL},
};

START_TEST(the_init_is_put_in_once)
{
	struct spec_changes changes = {.init = "/x/oomguard-init"};
	char text[8192], result[8192], *out;

	snprintf(changes.init_score, sizeof(changes.init_score), "%s", inits[_i].score);
	snprintf(text, sizeof(text), DONE "%s", inits[_i].text);
	out = edited(text, &hook, &changes);
	if (!inits[_i].result) {
		ck_assert_ptr_null(out);
		return;
	}
	snprintf(result, sizeof(result), DONE "%s", inits[_i].result);
	ck_assert_str_eq(out, result);
	ck_assert_ptr_null(edited(out, &hook, &changes));
	free(out);
}
END_TEST

static const struct {
	const char *text, *message;
} wrong[] = {
    {"{\"hooks\":\n[]}", "config.json:2: hooks: found an array, allowed an object"},
    {"{\"hooks\":{\"poststop\":{}}}",
     "config.json:1: hooks.poststop: found an object, allowed a list"},
    {"{\"linux\":{\"resources\":\"x\"}}",
     "config.json:1: linux.resources: found a string, allowed an object"},
    {"{\"process\":{\"args\":\"sh\"}}",
     "config.json:1: process.args: found a string, allowed a list"},
    {"{\"process\":{\"args\":[\"sh\"]},\"mounts\":{}}",
     "config.json:1: mounts: found an object, allowed a list"},
};

START_TEST(what_is_of_another_type_is_not_written_over)
{
	const struct spec_changes changes = {
	    .set_swap = true, .swap = 1, .init = "/x/oomguard-init"};
	struct error err = {0};

	ck_assert_int_eq(refusal(wrong[_i].text, &changes, &err), -EINVAL);
	ck_assert_str_eq(err.message, wrong[_i].message);
}
END_TEST

/* What one runtime takes for two and another for one cannot be edited for both. */
static const struct {
	const char *text, *message;
} doubled[] = {
    {"{\"hooks\":{\"createRuntime\":[1]},\n\"hooks\":{}}", "config.json:2: hooks: found again"},
    {"{\"Hooks\":{\"createRuntime\":[1]}}", "config.json:1: hooks: found in another spelling"},
    {"{\"hook\xc5\xbf\":{}}", "hooks: found in another spelling"},
    {"{\"hooKs\":{},\"hooks\":{}}", "hooks: found in another spelling"},
    {"{\"hooks\":{},\"hoo\xe2\x84\xaas\":{}}", "hooks: found again"},
    {"{\"hooks\\u0000\":{}}", "hooks: found in another spelling"},
    {"{\"hooks\":{\"poststop\":[],\"poststop\":[1]}}", "hooks.poststop: found again"},
    {"{\"hooks\":{\"createruntime\":[1]}}", "hooks.createRuntime: found in another spelling"},
    {"{\"linux\":{\"resources\":{\"memory\":{\"limit\":1}}},\"linux\":{}}", "linux: found again"},
    {"{\"linux\":{\"resources\":{\"memory\":{\"Limit\":1}}}}",
     "linux.resources.memory.limit: found in another"},
    {"{\"linux\":{\"Resources\":{}}}", "linux.resources: found in another"},
    {"{\"Mounts\":[{}],\"process\":{\"args\":[\"sh\"]}}", "mounts: found in another"},
    {"{\"process\":{\"args\":[\"sh\"],\"Args\":[\"x\"]}}", "process.args: found again"},
};

START_TEST(what_runtimes_read_differently_is_not_edited)
{
	const struct spec_changes changes = {
	    .set_limit = true, .limit = 1, .init = "/x/oomguard-init"};
	struct error err = {0};

	ck_assert_int_eq(refusal(doubled[_i].text, &changes, &err), -EINVAL);
	ck_assert_msg(strstr(err.message, doubled[_i].message) != NULL, "%s", err.message);
}
END_TEST

/* Of what stays as it is nothing is asked. */
START_TEST(what_is_not_edited_may_stand_twice)
{
	char *out = edited("{\"linux\":{},\"Linux\":{},\"mounts\":[],\"mounts\":[],\"x\":1,"
			   "\"X\":2,\"hooksx\":1,\"hook\":2}",
			   &hook, &nothing);

	ck_assert_ptr_nonnull(out);
	free(out);
}
END_TEST

START_TEST(it_does_not_grow_beyond_what_is_read)
{
	size_t len = OCI_CONFIG_MAX_BYTES;
	char *text = malloc(len + 1);
	struct error err = {0};

	memset(text, ' ', len);
	memcpy(text, "{}", 2);
	text[len] = '\0';
	ck_assert_int_eq(refusal(text, &nothing, &err), -E2BIG);
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spec_edit");
	TCase *tcase = tcase_create("all");

	tcase_add_loop_test(tcase, hooks_are_put_in_once, 0, COUNT(hooks));
	tcase_add_test(tcase, the_hooks_words);
	tcase_add_loop_test(tcase, settings_are_put_in_once, 0, COUNT(settings));
	tcase_add_loop_test(tcase, the_init_is_put_in_once, 0, COUNT(inits));
	tcase_add_loop_test(tcase, what_is_of_another_type_is_not_written_over, 0, COUNT(wrong));
	tcase_add_loop_test(tcase, what_runtimes_read_differently_is_not_edited, 0, COUNT(doubled));
	tcase_add_test(tcase, what_is_not_edited_may_stand_twice);
	tcase_add_test(tcase, it_does_not_grow_beyond_what_is_read);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
