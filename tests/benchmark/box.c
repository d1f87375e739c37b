/* SPDX-License-Identifier: Apache-2.0 */
#include "box.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int make_box(struct box *box, int procfd)
{
	enum cgroup_version version;
	char *dir = NULL;
	int root;

	if (cgroup_mounts_read(procfd, &box->mounts, NULL) < 0 ||
	    cgroup_memory_version(&box->mounts, &version) < 0)
		return -1;
	root = cgroup_open(&box->mounts, version == CGROUP_V1 ? "memory" : NULL, "/", &dir, NULL);
	if (root < 0)
		return -1;
	snprintf(box->dir, sizeof(box->dir), "%s/oomguard-benchmark-%d", dir, getpid());
	free(dir);
	if (mkdir(box->dir, 0755) < 0)
		return -1;
	box->memcg = (struct memcg){.version = version,
				    .dirfd = open(box->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
				    .freezer = -1,
				    .path = strdup(strrchr(box->dir, '/'))};
	return box->memcg.dirfd;
}

void remove_box(struct box *box)
{
	for (size_t i = 0; i < box->len; i++)
		kill(box->child[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	for (int i = 0; i < 500 && rmdir(box->dir) < 0 && errno == EBUSY; i++)
		usleep(10000);
}

int fill_box(struct box *box, size_t count)
{
	char number[16];

	for (; box->len < count; box->len++) {
		pid_t pid = fork();

		if (pid < 0)
			return -1;
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
		box->child[box->len] = pid;
		snprintf(number, sizeof(number), "%d", pid);
		if (cgroup_write(box->memcg.dirfd, "cgroup.procs", number) < 0)
			return -1;
	}
	return 0;
}
