# SPDX-License-Identifier: Apache-2.0
"""Docker offers oomguard as a runtime beside its own."""

from harness import policy, scenario
from harness.docker import Docker


@scenario("docker-untouched", needs=("host",), runtimes=("",), limit_s=120)
def docker_untouched(t):
    """A container of Docker's own runtime is not guarded: a child dies, and nobody is told."""
    docker = t.engine(Docker)
    t.guard.set_policy(policy({"process": "kill"}))
    c = docker.run(t, "init 0 leak")
    c.wait_line("child 0 killed by 9")
    t.true("init still runs", c.running())
    t.equal("state of it", t.guard.directory(c.id), None)
