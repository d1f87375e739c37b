/* SPDX-License-Identifier: Apache-2.0 */
/* Which container and pod a cgroup's path names. */
#include <check.h>

#include "oomlog_path.h"
#include "unit.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

#define ID "663f6287c450aea2f849b82a30d1409059497b5de62846a286e55971d61e2650"
#define OTHER "abfc300e93510d51d283acb2e4eb56c485821ec1b198bdc1e11fcb751d11fe9f"

static const struct {
	const char *path, *id, *uid;
} paths[] = {
    {"/docker/" ID, ID, ""},
    {"/docker/" OTHER "/docker/" ID, ID, ""},
    {"/docker/" ID "0", "", ""},
    {"/a.slice/libpod-" ID ".scope/container", ID, ""},
    {"/kubepods/burstable/pod0f5eb28f-6722-4cf5-ab0f-b62748c018d4/" ID, ID,
     "0f5eb28f-6722-4cf5-ab0f-b62748c018d4"},
    {"/k.slice/kubepods-pod9eb0e64e_6e1a_43e4_b372_2603a3cc2941.slice/crio-" ID ".scope", ID,
     "9eb0e64e-6e1a-43e4-b372-2603a3cc2941"},
    {"/kubepods/pod0123456789abcdef0123456789abcdef/x", "", "0123456789abcdef0123456789abcdef"},
    {"/kubepods/podx/pod/pod0f5eb28f-6722_4cf5-ab0f-b62748c018d4", "", ""},
    {"/tripod0f5eb28f-6722-4cf5-ab0f-b62748c018d4", "", ""},
    {"", "", ""},
};

START_TEST(cgroup_paths)
{
	char id[CGROUP_CONTAINER_ID] = "", uid[CGROUP_POD_UID] = "";

	ck_assert_int_eq(cgroup_container_id(paths[_i].path, id), paths[_i].id[0] != '\0');
	ck_assert_str_eq(id, paths[_i].id);
	ck_assert_int_eq(cgroup_pod_uid(paths[_i].path, uid), paths[_i].uid[0] != '\0');
	if (paths[_i].uid[0])
		ck_assert_str_eq(uid, paths[_i].uid);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oomlog_path");
	TCase *tests = tcase_create("oomlog_path");

	tcase_add_loop_test(tests, cgroup_paths, 0, LEN(paths));
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
