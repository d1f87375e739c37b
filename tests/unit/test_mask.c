/* SPDX-License-Identifier: Apache-2.0 */
/* Which parts of a command line are kept. Words are written with a '|' for the NUL between them. */
#include <string.h>

#include "mask.h"
#include "unit.h"

static const struct {
	const char *args, *kept;
} rows[] = {
    {"", ""},
    {"sleep|60|", "sleep 60"},
    {"java|-Xmx512m|-jar|/app/app.jar|", "java -Xmx512m -jar /app/app.jar"},
    {"app|--password=hunter2|--port=80|", "app --password=*** --port=80"},
    {"app|--PassWord=hunter2|", "app --PassWord=***"},
    {"app|--db-password|hunter2|--port|80|", "app --db-password *** --port 80"},
    {"app|-password|hunter2|", "app -password ***"},
    {"app|--password|-hunter2|x|", "app --password *** x"},
    {"app|--token|--password|hunter2|", "app --token --password ***"},
    {"app|--password=a b|c|", "app --password=*** c"},
    {"app|--password=|x|", "app --password= ***"},
    {"app|--passphrase=x|--client-secret=x|--access-token=x|--credentials=x|",
     "app --passphrase=*** --client-secret=*** --access-token=*** --credentials=***"},
    {"app|--api-key=x|--apikey=x|--key=x|--accessKey=x|--AWS_SECRET_KEY=x|",
     "app --api-key=*** --apikey=*** --key=*** --accessKey=*** --AWS_SECRET_KEY=***"},
    {"app|--keyboard=us|--monkey=x|--passive=1|--author=me|",
     "app --keyboard=us --monkey=x --passive=1 --author=me"},
    {"java|-Ddb.password=x|-Djavax.net.ssl.keyStorePassword=x|",
     "java -Ddb.password=*** -Djavax.net.ssl.keyStorePassword=***"},
    {"env|TOKEN=x|run|", "env TOKEN=*** run"},
    {"app|pw:x|", "app pw:***"},
    {"mysql|-u|root|-phunter2|db|", "mysql -u root -p*** db"},
    {"/usr/bin/mysql|-p|hunter2|", "/usr/bin/mysql -p ***"},
    {"ssh|-p|2222|host|", "ssh -p 2222 host"},
    {"mkdir|-p|/a/b|", "mkdir -p /a/b"},
    {"curl|-u|me:hunter2|http://x/|", "curl -u *** http://x/"},
    {"redis-cli|-a|x|-p|6379|", "redis-cli -a *** -p 6379"},
    {"app|postgres://me:hunter2@db:5432/x|", "app postgres://me:***@db:5432/x"},
    {"app|--url=amqp://me:a@b@mq/|", "app --url=amqp://me:***@mq/"},
    {"app|http://host:80/a@b|", "app http://host:80/a@b"},
    {"app|http://a/,http://u:x@b/|", "app http://a/,http://u:***@b/"},
    {"app|http://h/?token=x&page=2|", "app http://h/?token=***&page=2"},
    {"curl|-H|Authorization: Bearer abc.def|", "curl -H Authorization: Bearer ***"},
    {"curl|-H|authorization: basic abc|", "curl -H authorization: basic ***"},
    {"sh|-c|exec app --password=hunter2 --port 80|", "sh -c exec app --password=*** --port 80"},
    {"sh|-c|run; app --secret hunter2 x|", "sh -c run; app --secret *** x"},
    {"sh|-c|app --password='hunter2' x|", "sh -c app --password='***' x"},
    {"app|{\"user\":\"me\",\"password\":\"hunter2\"}|",
     "app {\"user\":\"me\",\"password\":\"***\"}"},
    {"app|{\"token\" : \"hunter2\"}|", "app {\"token\" : \"***\"}"},
    /* Cut off within a word, as it comes when the process has a long one. */
    {"app|--password=hunt", "app --password=***"},
    {"app|--password|hunt", "app --password ***"},
    /* Hostile bytes pass: they are escaped where they are shown. */
    {"a\033[2J|\xff|", "a\033[2J \xff"},
    {"|a|", " a"},
    {"-|--|-p|", "- -- -p"},
};

static size_t to_args(const char *text, char *out)
{
	size_t len = strlen(text);

	memcpy(out, text, len + 1);
	for (size_t i = 0; i < len; i++)
		if (out[i] == '|')
			out[i] = '\0';
	return len;
}

START_TEST(test_rows)
{
	char args[256], out[256];
	size_t len = to_args(rows[_i].args, args);

	ck_assert_uint_eq(mask_cmdline(args, len, out, sizeof(out)), strlen(rows[_i].kept));
	ck_assert_str_eq(out, rows[_i].kept);
}
END_TEST

static const struct {
	const char *comm, *shown;
} names[] = {
    {"java", "java"},
    {"", ""},
    {"token-refresher", "token-refresher"},
    {"kworker/0:1", "kworker/0:1"},
    {"--password=hunt", "--password=***"},
    {"token:abc def", "token:***"},
    {"--secret hunter", "--secret ***"},
    {"a\033[2J", "a\033[2J"},
};

START_TEST(test_names)
{
	char shown[MASK_NAME_BYTES];

	ck_assert_str_eq(mask_name(names[_i].comm, shown), names[_i].shown);
}
END_TEST

/* In each place where the kernel puts a name, and nothing of its own words. */
static const struct {
	const char *line, *kept;
} lines[] = {
    {"", ""},
    {"pw=a b invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
     "pw=*** invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0"},
    {"CPU: 1 PID: 5 Comm: --token=x y Not tainted 6.1.0 #1",
     "CPU: 1 PID: 5 Comm: --token=*** Not tainted 6.1.0 #1"},
    {"pw=x cpuset=c mems_allowed=0", "pw=*** cpuset=c mems_allowed=0"},
    {"[   7]     0     7      306       81        0             0 --password=hunt",
     "[   7]     0     7      306       81        0             0 --password=***"},
    {"oom-kill:constraint=CONSTRAINT_NONE,cpuset=/,mems_allowed=0,global_oom,task_memcg=/c,"
     "task=--password=hunt,pid=7,uid=0",
     "oom-kill:constraint=CONSTRAINT_NONE,cpuset=/,mems_allowed=0,global_oom,task_memcg=/c,"
     "task=--password=***,pid=7,uid=0"},
    {"Memory cgroup out of memory: Killed process 7 (secret:a b) total-vm:3kB, anon-rss:2kB, "
     "file-rss:1kB, shmem-rss:0kB, UID:5 pgtables:1kB oom_score_adj:-997",
     "Memory cgroup out of memory: Killed process 7 (secret:***) total-vm:3kB, anon-rss:2kB, "
     "file-rss:1kB, shmem-rss:0kB, UID:5 pgtables:1kB oom_score_adj:-997"},
    {"memory: usage 5kB, limit 6kB, failcnt 7", "memory: usage 5kB, limit 6kB, failcnt 7"},
    {"Memory cgroup stats for /token=x/c:", "Memory cgroup stats for /token=***"},
    {"key=", "key="},
    {"a=b,key=c,pass:d", "a=b,key=***,pass:***"},
};

START_TEST(test_kernel_lines)
{
	char out[512];

	ck_assert_uint_eq(mask_kernel_line(lines[_i].line, out, sizeof(out)),
			  strlen(lines[_i].kept));
	ck_assert_str_eq(out, lines[_i].kept);
	memset(out, '#', sizeof(out));
	ck_assert_uint_lt(mask_kernel_line(lines[_i].line, out, 8), 8);
	ck_assert_int_eq(strncmp(out, lines[_i].kept, strlen(out)), 0);
	ck_assert_int_eq(out[8], '#');
}
END_TEST

/* Whatever the room, nothing is written beyond it, and what is there is the whole's beginning. */
START_TEST(test_any_room)
{
	char args[256], out[64], whole[256];
	size_t len = to_args("app|--password=hunter2|postgres://me:hunter2@db/|-x|", args);

	mask_cmdline(args, len, whole, sizeof(whole));
	for (size_t cap = 1; cap <= 50; cap++) {
		memset(out, '#', sizeof(out));
		ck_assert_uint_lt(mask_cmdline(args, len, out, cap), cap);
		ck_assert_uint_eq(strlen(out), strlen(whole) < cap ? strlen(whole) : cap - 1);
		ck_assert_int_eq(strncmp(out, whole, strlen(out)), 0);
		ck_assert_int_eq(out[cap], '#');
	}
	ck_assert_uint_eq(mask_cmdline(args, len, out, 0), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mask");
	TCase *tests = tcase_create("mask");

	tcase_add_loop_test(tests, test_rows, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_loop_test(tests, test_names, 0, (int)(sizeof(names) / sizeof(names[0])));
	tcase_add_loop_test(tests, test_kernel_lines, 0, (int)(sizeof(lines) / sizeof(lines[0])));
	tcase_add_test(tests, test_any_room);
	suite_add_tcase(suite, tests);
	return unit_run(suite);
}
