/* SPDX-License-Identifier: Apache-2.0 */
#include "forks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"

/* A message: netlink's header, the connector's, the event, each without a gap before it. */
#define AT_CN NLMSG_HDRLEN
#define AT_EVENT (AT_CN + sizeof(struct cn_msg))
#define AT_DATA (AT_EVENT + offsetof(struct proc_event, event_data))
#define FORK_FIELD(name) (AT_DATA + offsetof(struct fork_proc_event, name))

struct request {
	struct nlmsghdr header;
	struct cn_msg cn;
	uint32_t op;
};
_Static_assert(sizeof(struct request) == AT_EVENT + sizeof(uint32_t), "no gaps");

size_t forks_filter(pid_t init, uint32_t number, struct sock_filter filter[static FORKS_FILTER_MAX])
{
	/* BPF loads words as if they came from a network. */
	const struct sock_filter program[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_EVENT + offsetof(struct proc_event, what)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(PROC_EVENT_NONE), 7, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(PROC_EVENT_FORK), 0, 8),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FORK_FIELD(parent_tgid)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl((uint32_t)init), 0, 6),
	    /* A thread has the id of its process as its tgid. */
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FORK_FIELD(child_pid)),
	    BPF_STMT(BPF_MISC | BPF_TAX, 0),
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, FORK_FIELD(child_tgid)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 3, 2),
	    /* The answer to our own request has the request's number and one. */
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_CN + offsetof(struct cn_msg, ack)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(number + 1), 1, 0),
	    BPF_STMT(BPF_RET | BPF_K, 0),
	    BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};

	memcpy(filter, program, sizeof(program));
	return sizeof(program) / sizeof(program[0]);
}

/* Copies a field out of a message; it may lie at any address. */
static uint32_t word_at(const void *message, size_t at)
{
	uint32_t word;

	memcpy(&word, (const char *)message + at, sizeof(word));
	return word;
}

pid_t forks_child(const void *message, size_t len, pid_t init)
{
	uint32_t child;

	if (len < AT_DATA + sizeof(struct fork_proc_event) ||
	    word_at(message, AT_CN + offsetof(struct cn_msg, id.idx)) != CN_IDX_PROC ||
	    word_at(message, AT_CN + offsetof(struct cn_msg, id.val)) != CN_VAL_PROC ||
	    word_at(message, AT_EVENT + offsetof(struct proc_event, what)) != PROC_EVENT_FORK ||
	    word_at(message, FORK_FIELD(parent_tgid)) != (uint32_t)init)
		return 0;
	child = word_at(message, FORK_FIELD(child_pid));
	if (child != word_at(message, FORK_FIELD(child_tgid)) || child > INT32_MAX)
		return 0;
	return (pid_t)child;
}

/* One message of the kernel's; -EAGAIN: there is none. */
static ssize_t receive(int fd, void *buf, size_t cap)
{
	struct sockaddr_nl from;
	socklen_t from_len = sizeof(from);
	ssize_t len;

	do {
		from.nl_pid = 0;
		len = recvfrom(fd, buf, cap, MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);
	} while ((len < 0 && errno == EINTR) || (len >= 0 && from.nl_pid != 0));
	return len < 0 ? -errno : len;
}

static int attach(int fd, pid_t init, uint32_t number)
{
	struct sock_filter filter[FORKS_FILTER_MAX];
	struct sock_fprog program = {.filter = filter};

	program.len = (unsigned short)forks_filter(init, number, filter);
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno
											   : 0;
}

static int listen_to_group(int fd, uint32_t number)
{
	struct sockaddr_nl group = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
	struct request request = {
	    .header = {.nlmsg_len = sizeof(request), .nlmsg_type = NLMSG_DONE},
	    .cn = {.id = {CN_IDX_PROC, CN_VAL_PROC}, .ack = number, .len = sizeof(request.op)},
	    .op = PROC_CN_MCAST_LISTEN};

	if (bind(fd, (struct sockaddr *)&group, sizeof(group)) < 0 ||
	    send(fd, &request, sizeof(request), 0) < 0)
		return -errno;
	return 0;
}

/*
 * The kernel answers within the request. In another namespace it says nothing at all. The answer
 * goes to all who listen, hence the number; a fork may have come first.
 */
static int read_answer(int fd, uint32_t number)
{
	char buf[256];
	ssize_t len;

	while ((len = receive(fd, buf, sizeof(buf))) >= 0) {
		if ((size_t)len < AT_DATA + sizeof(uint32_t) ||
		    word_at(buf, AT_CN + offsetof(struct cn_msg, ack)) != number + 1 ||
		    word_at(buf, AT_EVENT + offsetof(struct proc_event, what)) != PROC_EVENT_NONE)
			continue;
		return word_at(buf, AT_DATA) == 0 ? 0 : -(int)word_at(buf, AT_DATA);
	}
	return len == -EAGAIN ? -EOPNOTSUPP : (int)len;
}

int forks_open(struct forks *forks, pid_t init)
{
	uint32_t number = (uint32_t)getpid();
	cleanup_close int fd =
	    socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR);
	int r;

	*forks = (struct forks){.socket = -1, .init = init};
	if (fd < 0)
		return errno == EPROTONOSUPPORT ? -EOPNOTSUPP : -errno;
	/* The filter first: not one message of others is to be taken in. */
	r = attach(fd, init, number);
	if (r == 0)
		r = listen_to_group(fd, number);
	if (r == 0)
		r = read_answer(fd, number);
	if (r == 0)
		forks->socket = take_fd(&fd);
	return r;
}

void forks_close(struct forks *forks)
{
	cleanup_closep(&forks->socket);
}

size_t forks_read(struct forks *forks, pid_t *children, size_t cap, bool *lost)
{
	size_t len = 0;
	char buf[256];

	*lost = false;
	while (len < cap) {
		ssize_t got = receive(forks->socket, buf, sizeof(buf));
		pid_t child;

		if (got == -ENOBUFS) {
			*lost = true;
			continue;
		}
		if (got < 0)
			break;
		child = forks_child(buf, (size_t)got, forks->init);
		if (child > 0)
			children[len++] = child;
	}
	return len;
}

bool forks_too_many(struct forks *forks, size_t n, uint64_t now_ms, bool starting)
{
	if (forks->in_window == 0 || now_ms - forks->window_ms >= FORKS_WINDOW_MS) {
		forks->window_ms = now_ms;
		forks->in_window = 0;
	}
	forks->in_window += (unsigned)n;
	return forks->in_window > (starting ? FORKS_MAX_AT_START : FORKS_MAX);
}
