/* SPDX-License-Identifier: Apache-2.0 */
/* What the socket filter lets through, and what the kernel tells of an init's forks. */
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "forking_init.h"
#include "forks.h"
#include "unit.h"

#define INIT 4711
#define NUMBER 99
#define DEADLINE_MS 20000
#define LEN(array) (sizeof(array) / sizeof((array)[0]))

struct message {
	struct nlmsghdr header;
	struct cn_msg cn;
	/* The struct has gaps where the kernel's messages have none before it. */
	char event[sizeof(struct proc_event)];
};

struct row {
	uint32_t what, ack;
	uint32_t parent_pid, parent_tgid, child_pid, child_tgid;
	bool passes; /* the filter */
	pid_t child; /* that is read out of it */
	const char *why;
};

static const struct row rows[] = {
    {PROC_EVENT_FORK, 0, INIT, INIT, 5000, 5000, true, 5000, "the init forked"},
    {PROC_EVENT_FORK, 0, 4712, INIT, 5000, 5000, true, 5000, "a thread of the init's forked"},
    {PROC_EVENT_FORK, 0, INIT, INIT, 5001, INIT, false, 0, "a thread of the init's own"},
    {PROC_EVENT_FORK, 0, INIT, INIT, 5001, 5000, false, 0, "a thread of a child's"},
    {PROC_EVENT_FORK, 0, 12, 12, 5000, 5000, false, 0, "another process forked"},
    {PROC_EVENT_FORK, 0, INIT, 12, 5000, 5000, false, 0, "a thread with the init's number"},
    {PROC_EVENT_FORK, NUMBER + 1, 12, 12, 5000, 5000, false, 0,
     "another, with our request's number"},
    {PROC_EVENT_EXEC, 0, INIT, INIT, 5000, 5000, false, 0, "an exec"},
    {PROC_EVENT_EXIT, 0, INIT, INIT, 5000, 5000, false, 0, "an exit"},
    {PROC_EVENT_COMM, 0, INIT, INIT, 5000, 5000, false, 0, "a new name"},
    {PROC_EVENT_NONE, NUMBER + 1, 0, 0, 0, 0, true, 0, "the answer to our request"},
    {PROC_EVENT_NONE, NUMBER, 0, 0, 0, 0, false, 0, "the answer to another shim's"},
};

static struct message message_of(const struct row *row)
{
	struct message message = {
	    .header = {.nlmsg_len = sizeof(message), .nlmsg_type = NLMSG_DONE},
	    .cn = {.id = {CN_IDX_PROC, CN_VAL_PROC},
		   .ack = row->ack,
		   .len = sizeof(struct proc_event)}};
	struct proc_event event = {.cpu = 1, .timestamp_ns = 12345};

	memcpy(&event, &row->what, sizeof(row->what));
	event.event_data.fork.parent_pid = (pid_t)row->parent_pid;
	event.event_data.fork.parent_tgid = (pid_t)row->parent_tgid;
	event.event_data.fork.child_pid = (pid_t)row->child_pid;
	event.event_data.fork.child_tgid = (pid_t)row->child_tgid;
	memcpy(message.event, &event, sizeof(event));
	return message;
}

/* The kernel's own BPF machine runs the filter: on any datagram socket. */
static void open_filtered(int pair[2])
{
	struct sock_filter filter[FORKS_FILTER_MAX];
	struct sock_fprog program = {.filter = filter};

	program.len = (unsigned short)forks_filter(INIT, NUMBER, filter);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair),
			 0);
	ck_assert_int_eq(
	    setsockopt(pair[0], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)), 0);
}

START_TEST(only_forks_of_the_init_come_through)
{
	char buf[256];
	int pair[2];

	open_filtered(pair);
	for (size_t i = 0; i < LEN(rows); i++) {
		struct message message = message_of(&rows[i]);
		ssize_t len;

		/* What the filter drops may look to the sender like a refusal. */
		send(pair[1], &message, sizeof(message), 0);
		len = recv(pair[0], buf, sizeof(buf), 0);
		ck_assert_msg((len >= 0) == rows[i].passes, "%s: %s", rows[i].why,
			      len >= 0 ? "came through" : "did not");
		/* Nothing that is cut short does. */
		send(pair[1], &message, 39, 0);
		ck_assert_msg(recv(pair[0], buf, sizeof(buf), 0) < 0, "%s, cut", rows[i].why);
	}
	close(pair[0]);
	close(pair[1]);
}
END_TEST

START_TEST(a_message_is_read_with_care)
{
	for (size_t i = 0; i < LEN(rows); i++) {
		struct message message = message_of(&rows[i]), other = message;

		ck_assert_msg(forks_child(&message, sizeof(message), INIT) == rows[i].child, "%s",
			      rows[i].why);
		/* 68: up to the last word of a fork. */
		for (size_t len = 0; len < 68; len++)
			ck_assert_int_eq(forks_child(&message, len, INIT), 0);
		other.cn.id.idx++;
		ck_assert_int_eq(forks_child(&other, sizeof(other), INIT), 0);
	}
}
END_TEST

START_TEST(too_many_forks)
{
	struct forks forks = {.socket = -1};

	/* At once, in one window, over two windows, and at the start. */
	ck_assert(!forks_too_many(&forks, FORKS_MAX, 1000, false));
	ck_assert(forks_too_many(&forks, 1, 1000 + FORKS_WINDOW_MS - 1, false));
	forks = (struct forks){.socket = -1};
	for (uint64_t now = 1000; now < 1000 + 100 * FORKS_WINDOW_MS; now += FORKS_WINDOW_MS)
		ck_assert(!forks_too_many(&forks, FORKS_MAX, now, false));
	forks = (struct forks){.socket = -1};
	ck_assert(!forks_too_many(&forks, FORKS_MAX_AT_START, 1000, true));
	ck_assert(forks_too_many(&forks, 1, 1001, true));
	/* Many at the start, then one: the start's do not count any more. */
	forks = (struct forks){.socket = -1};
	ck_assert(!forks_too_many(&forks, FORKS_MAX_AT_START, 1000, true));
	ck_assert(!forks_too_many(&forks, 1, 1000 + FORKS_WINDOW_MS, false));
}
END_TEST

/* ---- the real kernel ---- */

static bool told_here(struct forks *forks)
{
	int r = forks_open(forks, getpid());

	if (r == 0)
		return true;
	unit_missing("fork events");
	return false;
}

static size_t read_within(struct forks *forks, pid_t *children, size_t cap)
{
	struct pollfd ready = {.fd = forks->socket, .events = POLLIN};
	bool lost;

	ck_assert_int_eq(poll(&ready, 1, DEADLINE_MS), 1);
	return forks_read(forks, children, cap, &lost);
}

START_TEST(the_kernel_tells_of_the_inits_forks_only)
{
	struct forking_init init;
	struct forks forks;
	pid_t children[4], child;
	bool lost;

	if (!told_here(&forks))
		return;
	forks_close(&forks);
	forking_init_start(&init);
	ck_assert_int_eq(forks_open(&forks, init.pid), 0);
	/* Forks of ours, and a thread of the init's: nothing comes of them. */
	for (int i = 0; i < 3; i++) {
		child = fork();
		if (child == 0)
			_exit(0);
		waitpid(child, NULL, 0);
	}
	forking_init_order(&init, 't');
	ck_assert_uint_eq(forks_read(&forks, children, 4, &lost), 0);
	ck_assert(!lost);
	child = forking_init_order(&init, 'f');
	ck_assert_uint_eq(read_within(&forks, children, 4), 1);
	ck_assert_int_eq(children[0], child);
	forks_close(&forks);
	forking_init_end(&init);
}
END_TEST

/* More than the socket holds, unread: told as lost, and then it goes on. */
START_TEST(lost_messages_are_told)
{
	struct forks forks;
	pid_t children[64];
	size_t got, all = 0;
	int small = 1;
	bool lost, any = false;

	if (!told_here(&forks))
		return;
	setsockopt(forks.socket, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	for (int i = 0; i < 64; i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(0);
		waitpid(child, NULL, 0);
	}
	while ((got = forks_read(&forks, children, 64, &lost)) > 0 || lost) {
		any = any || lost;
		all += got;
	}
	ck_assert(any);
	ck_assert_uint_lt(all, 64);
	forks_close(&forks);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("forks");
	TCase *messages = tcase_create("messages"), *events = tcase_create("events");

	tcase_add_test(messages, only_forks_of_the_init_come_through);
	tcase_add_test(messages, a_message_is_read_with_care);
	tcase_add_test(messages, too_many_forks);
	tcase_set_timeout(events, 120);
	tcase_add_test(events, the_kernel_tells_of_the_inits_forks_only);
	tcase_add_test(events, lost_messages_are_told);
	suite_add_tcase(suite, messages);
	suite_add_tcase(suite, events);
	return unit_run(suite);
}
