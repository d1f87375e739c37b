/* SPDX-License-Identifier: Apache-2.0 */
#include "shrink.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "guard.h"

#define PAGE_BYTES 4096
#define STACK_BYTES (128 * 1024)

/* The strings that are read again after arming. What is only the helper's (the runtime's command
 * lines, the caller's cgroups) lives on in the helper, which was forked before. */
#define KEPT(guard)                                                                                \
	{                                                                                          \
		&(guard)->plan.identity.id, &(guard)->plan.identity.bundle,                        \
		    &(guard)->plan.identity.cgroup, &(guard)->plan.identity.runtime,               \
		    &(guard)->plan.identity.runtime_root, &(guard)->plan.identity.image,           \
		    &(guard)->plan.identity.namespace, &(guard)->plan.identity.pod,                \
		    &(guard)->plan.identity.pod_uid, &(guard)->plan.identity.container,            \
		    &(guard)->plan.restart.why, &(guard)->plan.restart.state_dir,                  \
		    &(guard)->memcg.path, &(guard)->memcg.dir, &(guard)->root.path,                \
		    &(guard)->root.incidents_path                                                  \
	}

static void drop(char **text)
{
	free(*text);
	*text = NULL;
}

static void drop_list(char ***list)
{
	for (char **text = *list; text && *text; text++)
		free(*text);
	free(*list);
	*list = NULL;
}

void shrink(struct guard *guard)
{
	char **kept[] = KEPT(guard);
	size_t bytes = 0, n = sizeof(kept) / sizeof(kept[0]);
	char *to;

	for (size_t i = 0; i < n; i++)
		bytes += *kept[i] ? strlen(*kept[i]) + 1 : 0;
	to = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (to == MAP_FAILED)
		return;
	for (size_t i = 0; i < n; i++) {
		char *old = *kept[i];

		if (!old)
			continue;
		*kept[i] = to;
		to = stpcpy(to, old) + 1;
		free(old);
	}
	drop_list(&guard->plan.restart.argv);
	drop_list(&guard->plan.restart.delete_argv);
	drop(&guard->plan.caller_cgroups);
	drop(&guard->plan.cgroup_dir);
	for (size_t i = 0; i < guard->plan.problems_len; i++)
		drop(&guard->plan.problems[i]);
	guard->plan.problems_len = 0;
	malloc_trim(0);
}

void drop_old_stack(void)
{
	/* What lies a page below this frame is nobody's by now. */
	char *page = (char *)((uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)(PAGE_BYTES - 1));

	/* The lower part of the range was never mapped: ENOMEM, and the rest is done all the same.
	 */
	madvise(page - PAGE_BYTES - STACK_BYTES, STACK_BYTES, MADV_DONTNEED);
}
