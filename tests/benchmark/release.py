# SPDX-License-Identifier: Apache-2.0
"""The programs that are measured: a static release build, installed inside of the build directory
since the hook finds the shim by the path that is compiled in."""

import dataclasses
import os
import pathlib
import subprocess

from host import MeasureError


@dataclasses.dataclass(frozen=True)
class Programs:
    hook: pathlib.Path
    shim: pathlib.Path
    wrapper: pathlib.Path
    nothing: pathlib.Path
    bare: pathlib.Path
    workload: pathlib.Path
    build: pathlib.Path  # a place on the disk


def _run(*command):
    env = {name: value for name, value in os.environ.items() if name != "DESTDIR"}
    done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise MeasureError(f"{' '.join(map(str, command))} failed:\n{done.stdout[-3000:]}")


def build(source, build_dir, helpers):
    """Builds what changed and returns the programs. `helpers` are built by the outer build."""
    release, root = build_dir / "release", build_dir / "root"
    if not (release / "build.ninja").exists():
        _run("meson", "setup", release, source, f"--prefix={root}/usr", "-Dbuildtype=release",
             "-Dstatic_programs=true", "-Dtests=false", f"--sysconfdir={root}/etc",
             f"--localstatedir={root}/var", f"-Dstate_dir={root}/run")
    _run("meson", "compile", "-C", release)
    _run("meson", "install", "-C", release, "--no-rebuild", "--quiet", "--tags", "runtime")
    # Pages of a program that are not yet written to the disk would count as its dirty memory.
    os.sync()
    libexec = root / "usr/libexec/oomguard"
    nothing, bare, workload = (path.resolve() for path in helpers)
    return Programs(hook=libexec / "oomguard-hook", shim=libexec / "oomguard-shim",
                    wrapper=libexec / "oomguard-runc", build=build_dir,
                    nothing=nothing, bare=bare, workload=workload)
