# SPDX-License-Identifier: Apache-2.0
"""What became of a config.json, told by Python's own JSON and not by ours."""

MISSING = object()


def changed(before, after, path=()):
    """The paths of all members that differ, as far down as both sides have objects."""
    if isinstance(before, dict) and isinstance(after, dict):
        # The order of what was there already stays.
        if [key for key in after if key in before] != list(before):
            yield path
        for key in {**before, **after}:
            yield from changed(before.get(key, MISSING), after.get(key, MISSING), path + (key,))
    elif before is MISSING or after is MISSING or before != after:
        yield path


def check_edit(t, before, after, hook):
    """Only hooks behind those that were there, and settings of memory."""
    paths = sorted("/".join(path) for path in changed(before, after))
    others = [path for path in paths if not path.startswith("hooks")
              and not path.startswith(("linux/resources/memory", "linux/resources/unified"))]
    t.equal("what changed beside hooks and memory", others, [])
    for stage in ("createRuntime", "poststart", "poststop"):
        old = (before.get("hooks") or {}).get(stage) or []
        new = after["hooks"][stage]
        t.equal(f"the {stage} hooks that were there", new[:-1], old)
        t.equal(f"our {stage} hook", new[-1]["path"], str(hook))
        t.true(f"its env is declared: {new[-1]}", "env" in new[-1])
