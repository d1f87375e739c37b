/* SPDX-License-Identifier: Apache-2.0 */
#include "deadline.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* Kept back, so that a wait that ends by itself comes before the signal. */
#define MARGIN_MS 20

/* Only calls that signal-safety(7) lists: no formatting, no allocation. */
static void tell(const char *message, const char *entry)
{
	static const struct sockaddr_un log = {AF_UNIX, "/dev/log"};
	static const struct sockaddr_un journal = {AF_UNIX, "/run/systemd/journal/dev-log"};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	size_t len = strlen(entry);

	if (write(STDERR_FILENO, message, strlen(message)) < 0)
		errno = 0; /* nobody listens */
	if (sendto(fd, entry, len, MSG_NOSIGNAL, (const struct sockaddr *)&journal,
		   sizeof(journal)) < 0)
		sendto(fd, entry, len, MSG_NOSIGNAL, (const struct sockaddr *)&log, sizeof(log));
}

static void passed_open(int signal)
{
	tell("oomguard-hook: the deadline passed; what was left to do is not done\n",
	     "<28>oomguard-hook: the deadline passed; what was left to do is not done");
	_exit(EXIT_SUCCESS);
}

static void passed_closed(int signal)
{
	tell("oomguard-hook: refused: the deadline passed\n",
	     "<27>oomguard-hook: a container was refused: the deadline passed");
	_exit(EXIT_FAILURE);
}

int deadline_start(uint64_t ms, bool closed, struct error *err)
{
	struct sigaction action = {.sa_handler = closed ? passed_closed : passed_open};
	struct itimerval timer = {.it_value = {.tv_sec = (time_t)(ms / 1000),
					       .tv_usec = (suseconds_t)(ms % 1000 * 1000)}};
	sigset_t alarm_only;

	sigemptyset(&alarm_only);
	sigaddset(&alarm_only, SIGALRM);
	if (sigaction(SIGALRM, &action, NULL) < 0 ||
	    sigprocmask(SIG_UNBLOCK, &alarm_only, NULL) < 0 ||
	    setitimer(ITIMER_REAL, &timer, NULL) < 0)
		return error_set(err, errno, "set the deadline");
	return 0;
}

unsigned deadline_left_ms(void)
{
	struct itimerval timer;
	uint64_t ms;

	if (getitimer(ITIMER_REAL, &timer) < 0)
		return 0;
	ms = (uint64_t)timer.it_value.tv_sec * 1000 + (uint64_t)timer.it_value.tv_usec / 1000;
	return ms > MARGIN_MS ? (unsigned)(ms - MARGIN_MS) : 0;
}
