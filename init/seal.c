/* SPDX-License-Identifier: Apache-2.0 */
#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc_file.h"

/* Since Linux 6.3 the host may make memfds not executable unless this is asked for. */
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

#define ALL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define CHUNK (1 << 20)

static bool is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & ALL_SEALS) == ALL_SEALS;
}

static bool is_same_file(int a, int b)
{
	struct stat first, second;

	return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

/*
 * The name we were executed by, from the kernel: neither arguments nor environment can forge it.
 * NULL when the kernel gave none.
 */
static const char *executed_name(void)
{
	return (const char *)getauxval(AT_EXECFN);
}

/* execveat() of an open file gives it the name "/dev/fd/N". -1: we were executed by a path. */
static int executed_fd(void)
{
	static const char prefix[] = "/dev/fd/";
	const char *name = executed_name();
	int fd = 0;

	if (!name || strncmp(name, prefix, sizeof prefix - 1) != 0)
		return -1;
	name += sizeof prefix - 1;
	if (!*name)
		return -1;
	for (; *name; name++) {
		if (*name < '0' || *name > '9' || fd > 99999999)
			return -1;
		fd = fd * 10 + (*name - '0');
	}
	return fd;
}

/*
 * In the copy: is it sealed? With /proc the kernel says what runs. Without it, the file that was
 * passed by number has to show its seals. That file is closed when it is the one that runs; a
 * number that somebody else left open stays.
 */
static bool runs_sealed(int exe, int passed)
{
	bool sealed = is_sealed(exe >= 0 ? exe : passed);

	if (passed >= 0 && is_sealed(passed) && (exe < 0 || is_same_file(exe, passed)))
		close(passed);
	return sealed;
}

static int make_memfd(void)
{
	static const char name[] = "oomguard-init";
	int fd = memfd_create(name, MFD_ALLOW_SEALING | MFD_CLOEXEC | MFD_EXEC);

	/* Kernels before 6.3 do not know MFD_EXEC. */
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, MFD_ALLOW_SEALING | MFD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* A low RLIMIT_FSIZE is an error like others here; its SIGXFSZ would end us. */
static int copy_all(int from, int to)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
	ssize_t n;
	int r;

	sigaction(SIGXFSZ, &ignore, &before);
	do {
		n = sendfile(to, from, NULL, CHUNK);
	} while (n > 0 || (n < 0 && errno == EINTR));
	r = n < 0 ? -errno : 0;
	sigaction(SIGXFSZ, &before, NULL);
	return r;
}

static int copy_sealed(int from, int to)
{
	int r = copy_all(from, to);

	if (r < 0)
		return r;
	return fcntl(to, F_ADD_SEALS, ALL_SEALS) < 0 ? -errno : 0;
}

/* Only returns on failure. The copy's fd stays open across exec: the copy looks at it. */
static int run_copy(int exe, char *const argv[], const char **step)
{
	int copy = make_memfd(), r;

	*step = "making a file in memory";
	if (copy < 0)
		return copy;
	*step = "copying itself";
	r = copy_sealed(exe, copy);
	if (r == 0) {
		*step = "executing the copy";
		if (fcntl(copy, F_SETFD, 0) == 0)
			execveat(copy, "", argv, environ, AT_EMPTY_PATH);
		r = -errno;
	}
	close(copy);
	return r;
}

int seal_self(char *const argv[], const char **step)
{
	int exe = proc_file_open("self/exe", O_RDONLY), passed = executed_fd(), r = 0;
	const char *name = executed_name();

	if (runs_sealed(exe, passed)) {
		r = 0;
	} else if (passed >= 0) {
		/* Copying once more would give the same again, for ever. */
		*step = "looking at the copy";
		r = -EPERM;
	} else {
		*step = "opening itself";
		if (exe < 0 && name)
			exe = open(name, O_RDONLY | O_CLOEXEC);
		r = exe < 0 ? -errno : run_copy(exe, argv, step);
	}
	if (exe >= 0)
		close(exe);
	return r;
}
