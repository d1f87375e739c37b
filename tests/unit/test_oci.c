/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oci.h"
#include "unit.h"

static void state_is(const char *text, const char *id, pid_t pid, const char *bundle,
		     const char *status)
{
	struct oci_state state;
	struct error err = {0};
	int r = oci_state_parse(text, strlen(text), &state, &err);

	ck_assert_msg(r == 0, "%s: %s", text, err.message);
	ck_assert_str_eq(state.id, id);
	ck_assert_int_eq(state.pid, pid);
	ck_assert_str_eq(state.bundle, bundle);
	ck_assert_str_eq(state.status, status);
	oci_state_free(&state);
}

START_TEST(states_as_runtimes_write_them)
{
	state_is("{\"ociVersion\":\"1.0.2-dev\",\"id\":\"t1\",\"status\":\"creating\","
		 "\"pid\":3281,\"bundle\":\"/tmp/h/b\"}",
		 "t1", 3281, "/tmp/h/b", "creating");
	state_is("{\n  \"ociVersion\": \"1.0\",\n  \"id\": \"t2\",\n  \"pid\": 12,\n"
		 "  \"root\": \"\\/run\\/crun\",\n  \"bundle\": \"\\/tmp\\/h\\/b\",\n"
		 "  \"status\": \"created\"\n}\n",
		 "t2", 12, "/tmp/h/b", "created");
	state_is("{\"id\":\"a\",\"status\":\"stopped\",\"bundle\":\"/b\"}", "a", 0, "/b",
		 "stopped");
	state_is("{\"id\":\"a\",\"pid\":0}", "a", 0, "", "");
}
END_TEST

START_TEST(odd_states_are_taken)
{
	state_is("{\"id\":\"a\",\"pid\":-1}", "a", 0, "", "");
	state_is("{\"id\":\"a\",\"pid\":\"7\"}", "a", 0, "", "");
	state_is("{\"id\":\"a\",\"pid\":99999999999}", "a", 0, "", "");
	state_is("{\"id\":\"a\",\"pid\":7e0}", "a", 7, "", "");
	state_is("{\"id\":\"a\",\"bundle\":\"b\"}", "a", 0, "", "");
	state_is("{\"id\":\"a\",\"bundle\":3,\"status\":null,\"annotations\":[]}", "a", 0, "", "");
	state_is("{\"id\":\"a\",\"id\":\"b\"}", "b", 0, "", "");
	state_is("{\"id\":\"a\"} behind it", "a", 0, "", "");
	state_is("{\"id\":\"-f\"}", "-f", 0, "", "");
}
END_TEST

START_TEST(refused_states)
{
	static const char *const texts[] = {
	    "",
	    "[]",
	    "null",
	    "{",
	    "{}",
	    "{\"id\":7}",
	    "{\"id\":\"\"}",
	    "{\"id\":\"a/b\"}",
	    "{\"id\":\"..\"}",
	    "{\"id\":\".\"}",
	    "{\"id\":\"/\"}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct oci_state state;
		struct error err = {0};

		ck_assert_msg(oci_state_parse(texts[i], strlen(texts[i]), &state, &err) == -EINVAL,
			      "%s", texts[i]);
		ck_assert(err.message[0]);
		ck_assert_ptr_null(state.id);
	}
}
END_TEST

START_TEST(long_ids_are_refused)
{
	char text[OCI_ID_MAX + 64];
	struct oci_state state;
	int n = snprintf(text, sizeof(text), "{\"id\":\"%0*d\"}", OCI_ID_MAX, 7);

	ck_assert_int_eq(oci_state_parse(text, (size_t)n, &state, NULL), 0);
	oci_state_free(&state);
	n = snprintf(text, sizeof(text), "{\"id\":\"%0*d\"}", OCI_ID_MAX + 1, 7);
	ck_assert_int_eq(oci_state_parse(text, (size_t)n, &state, NULL), -EINVAL);
}
END_TEST

START_TEST(annotations_of_the_state)
{
	static const char text[] = "{\"id\":\"a\",\"annotations\":{\"k\":\"v\"}}";
	struct oci_state state;

	ck_assert_int_eq(oci_state_parse(text, strlen(text), &state, NULL), 0);
	ck_assert_str_eq(json_get_string(state.annotations, "k"), "v");
	oci_state_free(&state);
}
END_TEST

START_TEST(state_comes_in_pieces)
{
	struct oci_state state;
	struct error err = {0};
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	if (fork() == 0) {
		close(fds[0]);
		for (const char *at = "{\"id\":\"piece\"}"; *at; at++)
			if (write(fds[1], at, 1) != 1)
				_exit(1);
		_exit(0);
	}
	close(fds[1]);
	ck_assert_int_eq(oci_state_read(fds[0], &state, &err), 0);
	ck_assert_str_eq(state.id, "piece");
	oci_state_free(&state);
	close(fds[0]);
}
END_TEST

START_TEST(endless_state_is_refused)
{
	struct oci_state state;
	struct error err = {0};
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(oci_state_read(fd, &state, &err), -E2BIG);
	close(fd);
}
END_TEST

static void config_of(const char *text, struct oci_config *out)
{
	struct error err = {0};
	int r = oci_config_parse(text, strlen(text), "config.json", out, &err);

	ck_assert_msg(r == 0, "%s", err.message);
}

START_TEST(config_fields)
{
	struct oci_config config;

	config_of(
	    "{\"process\":{\"terminal\":true,\"oomScoreAdj\":-7},\"annotations\":{\"a\":\"b\"},"
	    "\"linux\":{\"cgroupsPath\":\"/x\",\"resources\":{\"memory\":"
	    "{\"limit\":67108864,\"disableOOMKiller\":true}}},"
	    "\"hooks\":{\"poststop\":[{\"path\":\"/bin/true\"},"
	    "{\"path\":\"/usr/libexec/oomguard/oomguard-hook\","
	    "\"args\":[\"oomguard-hook\",\"poststop\"]}]}}",
	    &config);
	ck_assert(config.terminal);
	ck_assert(config.disable_oom_killer);
	ck_assert(config.has_limit);
	ck_assert_uint_eq(config.limit_bytes, 67108864);
	ck_assert(config.has_score);
	ck_assert_int_eq(config.score, -7);
	ck_assert(config.has_poststop_hook);
	ck_assert_uint_eq(config.duplicate_keys, 0);
	ck_assert_str_eq(json_get_string(config.annotations, "a"), "b");
	oci_config_free(&config);
}
END_TEST

START_TEST(config_of_wrong_types_counts_as_absent)
{
	struct oci_config config;

	config_of("{\"process\":{\"terminal\":1,\"oomScoreAdj\":-1001},\"annotations\":[],"
		  "\"linux\":{\"cgroupsPath\":\"\","
		  "\"resources\":{\"memory\":{\"limit\":-1,\"disableOOMKiller\":\"true\"}}},"
		  "\"hooks\":{\"poststop\":[1,{},{\"path\":\"oomguard-hook\"},"
		  "{\"path\":\"/x/oomguard-hook\",\"args\":[1]},"
		  "{\"path\":\"/x/oomguard-hook\",\"args\":[\"h\",\"poststart\"]}]}}",
		  &config);
	ck_assert(!config.terminal);
	ck_assert(!config.disable_oom_killer);
	ck_assert(!config.has_limit);
	ck_assert(!config.has_score);
	ck_assert(!config.has_poststop_hook);
	ck_assert_ptr_null(config.annotations);
	oci_config_free(&config);
	config_of("{}", &config);
	oci_config_free(&config);
}
END_TEST

START_TEST(config_as_runc_takes_it)
{
	struct oci_config config;

	config_of("{\"process\":{\"terminal\":true},\"process\":{\"terminal\":false},"
		  "\"annotations\":{\"k\":\"1\",\"k\":\"2\",\"bad\":\"\xff\"}} and more",
		  &config);
	ck_assert(!config.terminal);
	ck_assert_uint_eq(config.duplicate_keys, 2);
	ck_assert_str_eq(json_get_string(config.annotations, "k"), "2");
	oci_config_free(&config);
}
END_TEST

START_TEST(config_file_must_be_regular)
{
	char dir[] = "/tmp/oomguard-test-XXXXXX", path[64];
	struct oci_config config;
	struct error err = {0};

	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(oci_config_read(dir, &config, &err), -ENOENT);
	snprintf(path, sizeof(path), "%s/config.json", dir);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(oci_config_read(dir, &config, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.message, "Invalid argument"));
	unlink(path);
	rmdir(dir);
	ck_assert_int_eq(oci_config_read(dir, &config, &err), -ENOENT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oci");
	TCase *tests = tcase_create("oci");

	tcase_add_test(tests, states_as_runtimes_write_them);
	tcase_add_test(tests, odd_states_are_taken);
	tcase_add_test(tests, refused_states);
	tcase_add_test(tests, long_ids_are_refused);
	tcase_add_test(tests, annotations_of_the_state);
	tcase_add_test(tests, state_comes_in_pieces);
	tcase_add_test(tests, endless_state_is_refused);
	tcase_add_test(tests, config_fields);
	tcase_add_test(tests, config_of_wrong_types_counts_as_absent);
	tcase_add_test(tests, config_as_runc_takes_it);
	tcase_add_test(tests, config_file_must_be_regular);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
