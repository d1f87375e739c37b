/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity.h"
#include "unit.h"

#define TASKS "/run/containerd/io.containerd.runtime.v2.task/"

static const struct {
	const char *what, *config, *state, *bundle;
	const char *told; /* image namespace pod uid container manager [sandbox] */
} cases[] = {
    {"plain runc", NULL, NULL, "/tmp/b", "|||||"},
    {"containerd CRI",
     "{\"io.kubernetes.cri.container-type\":\"container\","
     "\"io.kubernetes.cri.container-name\":\"php\",\"io.kubernetes.cri.image-name\":\"i:1\","
     "\"io.kubernetes.cri.sandbox-namespace\":\"prod\","
     "\"io.kubernetes.cri.sandbox-name\":\"web-0\",\"io.kubernetes.cri.sandbox-uid\":\"u\"}",
     NULL, TASKS "k8s.io/abc", "i:1|prod|web-0|u|php|kubernetes"},
    {"containerd sandbox", "{\"io.kubernetes.cri.container-type\":\"sandbox\"}", NULL,
     TASKS "k8s.io/abc", "|||||kubernetes sandbox"},
    {"CRI-O",
     "{\"io.kubernetes.cri-o.ContainerType\":\"container\","
     "\"io.kubernetes.cri-o.ImageName\":\"q/i\",\"io.kubernetes.pod.namespace\":\"ns\","
     "\"io.kubernetes.pod.name\":\"p\",\"io.kubernetes.pod.uid\":\"u2\","
     "\"io.kubernetes.container.name\":\"c\"}",
     NULL, "/run/containers/storage/overlay-containers/x/userdata", "q/i|ns|p|u2|c|kubernetes"},
    {"CRI-O sandbox", "{\"io.kubernetes.cri-o.ContainerType\":\"sandbox\"}", NULL, "/b",
     "|||||kubernetes sandbox"},
    {"podman writes CRI-O's words too",
     "{\"io.container.manager\":\"libpod\",\"io.kubernetes.cri-o.ContainerType\":\"container\"}",
     NULL, "/var/lib/containers/storage/overlay-containers/x/userdata", "|||||podman"},
    {"docker", NULL, NULL, TASKS "moby/abc", "|||||docker"},
    {"docker's own containerd", NULL, NULL,
     "/var/run/docker/containerd/daemon/io.containerd.runtime.v2.task/moby/abc", "|||||docker"},
    {"ctr", NULL, NULL, TASKS "default/abc", "|||||containerd"},
    {"annotations of the state fill gaps", "{\"io.kubernetes.pod.name\":\"config\"}",
     "{\"io.kubernetes.pod.name\":\"state\",\"io.kubernetes.pod.uid\":\"u\"}", "/b",
     "||config|u||kubernetes"},
    {"only the state has some", NULL, "{\"org.opencontainers.image.ref.name\":\"r\"}", "/b",
     "r|||||"},
    {"odd types", "{\"io.kubernetes.pod.name\":7,\"io.container.manager\":[\"libpod\"]}", "[]",
     "/b", "|||||"},
    {"empty text is no name",
     "{\"io.kubernetes.cri.image-name\":\"\",\"io.kubernetes.cri-o.ImageName\":\"x\"}", NULL, "/b",
     "x|||||"},
    {"last of duplicates", "{\"io.kubernetes.pod.name\":\"1\",\"io.kubernetes.pod.name\":\"2\"}",
     "{}", "/b", "||2|||"},
};

static struct json *parsed(const char *text)
{
	const struct json_limits limits = {.source = "t", .max_bytes = 65536, .max_depth = 16};
	struct json *json = NULL;

	if (text)
		ck_assert_int_eq(json_parse(text, strlen(text), &limits, &json, NULL), 0);
	return json;
}

START_TEST(engine)
{
	cleanup_json struct json *config = parsed(cases[_i].config);
	cleanup_json struct json *state = parsed(cases[_i].state);
	struct identity id = {.bundle = strdup(cases[_i].bundle)};
	char told[512];

	ck_assert_int_eq(identity_fill(&id, config, state, NULL), 0);
	snprintf(told, sizeof(told), "%s|%s|%s|%s|%s|%s%s", id.image, id.namespace, id.pod,
		 id.pod_uid, id.container, id.manager, id.sandbox ? " sandbox" : "");
	ck_assert_msg(!strcmp(told, cases[_i].told), "%s: %s", cases[_i].what, told);
	ck_assert_str_eq(id.id, "");
	ck_assert_str_eq(id.cgroup, "");
	ck_assert_str_eq(id.runtime, "");
	ck_assert_str_eq(id.runtime_root, "");
	identity_free(&id);
}
END_TEST

START_TEST(callers_words_stay)
{
	struct identity id = {.id = strdup("c1"), .runtime = strdup("/usr/sbin/runc")};

	ck_assert_int_eq(identity_fill(&id, NULL, NULL, NULL), 0);
	ck_assert_str_eq(id.id, "c1");
	ck_assert_str_eq(id.runtime, "/usr/sbin/runc");
	ck_assert_str_eq(id.bundle, "");
	ck_assert_ptr_null(id.annotations);
	identity_free(&id);
}
END_TEST

START_TEST(written_as_bounded)
{
	struct identity id = {.id = (char *)"abcdefgh", .bundle = (char *)"/abcdefgh"};
	char buf[1024];
	struct jsonw w;

	ck_assert_int_eq(jsonw_init(&w, buf, sizeof(buf), false), 0);
	for (int cut = 0; cut < 2; cut++) {
		cleanup_json struct json *root = NULL;

		jsonw_start(&w);
		jsonw_object(&w);
		identity_write(&w, &id, cut ? 3 : SIZE_MAX, cut ? 5 : SIZE_MAX);
		jsonw_object_end(&w);
		ck_assert_int_gt(jsonw_finish(&w), 0);
		root = parsed(buf);
		ck_assert_str_eq(json_get_string(root, "id"), cut ? "abc" : "abcdefgh");
		ck_assert_str_eq(json_get_string(root, "bundle"), cut ? "/abcd" : "/abcdefgh");
		/* Nobody told it. */
		ck_assert_str_eq(json_get_string(root, "image"), "");
	}
	jsonw_close(&w);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("identity");
	TCase *tests = tcase_create("identity");

	tcase_add_loop_test(tests, engine, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tests, callers_words_stay);
	tcase_add_test(tests, written_as_bounded);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
