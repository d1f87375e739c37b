/* SPDX-License-Identifier: Apache-2.0 */
#include "hook.h"

int hook_root(struct hook *hook, bool create, struct error *err)
{
	int r;

	if (hook->root.dirfd >= 0)
		return 0;
	r = hook->root.path ? 0 : state_root_paths(hook->args.root, &hook->root, err);
	return r < 0 ? r : state_root_enter(&hook->root, create, err);
}
