# SPDX-License-Identifier: Apache-2.0
"""How fast kernel logs are read for OOM reports, against `grep -c "invoked oom-killer"` on the same
file, and with how much memory: 1 GiB with a thousand reports, and a sixteenth of it.

Run by `meson test --benchmark`. A number that is missed is printed as missed and is no failure;
exit 1 is a measurement that could not be finished.
"""

import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time
from statistics import median

from table import table, verdict

SIZE = 1 << 30
REPORTS = 1000
PAIRS = 5
RATIO = 2.0  # half the speed: twice the time
WORDS = ("systemd[1]: Started Session of user root. kernel: eth0: link becomes ready docker0: "
         "port 2(veth) entered disabled state audit: apparmor DENIED operation usb 1-1: new "
         "high-speed USB device kubelet[1234]: reconciler.go volume attached").split()


def _noise():
    """Lines as a busy host writes them, about 8 MiB, the same each time."""
    chance = random.Random(1)
    lines = [f"Nov 25 10:{i // 60 % 60:02}:{i % 60:02} node-{i % 7} "
             f"{' '.join(chance.choices(WORDS, k=chance.randint(5, 18)))}\n" for i in range(80000)]
    return "".join(lines).encode()


def _make_log(path, logs, size, reports):
    noise, texts = _noise(), [log.read_bytes().rstrip() + b"\n" for log in logs]
    with open(path, "wb") as out:
        for i in range(reports):
            text = texts[i % len(texts)]
            start = noise.find(b"\n", i * 7919 % (len(noise) // 2)) + 1
            end = noise.rfind(b"\n", start, start + max(0, size // reports - len(text))) + 1
            out.write(noise[start:max(start, end)])
            out.write(text)


def _run(command, path, locale=None):
    """Seconds, and what was printed."""
    env = dict(os.environ, LC_ALL=locale) if locale else None
    with open(path, "rb") as log:
        begin = time.monotonic()
        # Into a pipe: where nobody reads its count, grep ends with the first match.
        with subprocess.Popen(command, stdin=log, stdout=subprocess.PIPE, env=env) as child:
            out = child.communicate()[0]
        took = time.monotonic() - begin
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    return took, out


def main():
    program, logs = sys.argv[1], sorted(pathlib.Path(sys.argv[2]).glob("*.log"))
    grep = ["grep", "-c", "invoked oom-killer"]
    rows = []
    with tempfile.TemporaryDirectory(dir=sys.argv[3]) as work:
        large, small = pathlib.Path(work, "large.log"), pathlib.Path(work, "small.log")
        _make_log(large, logs, SIZE, REPORTS)
        _make_log(small, logs, SIZE // 16, REPORTS // 16)
        for name, locale in (("C", "C"), ("user's locale", None)):
            samples = []
            for _ in range(PAIRS):
                samples.append((_run([program], large)[0], _run(grep, large, locale)[0]))
            ours, theirs = (median(column) for column in zip(*samples))
            ratio = median(a / b for a, b in samples)
            rows.append((f"1 GiB, grep in {name}", f"{ours:.2f} s", f"{theirs:.2f} s",
                         f"{ratio:.2f}", f"<= {RATIO:.1f}", str(PAIRS), verdict(ratio, RATIO)))
        peaks = [int(_run([program], log)[1].split()[1]) for log in (large, small)]
    ratio = peaks[0] / peaks[1]
    rows.append(("peak memory, 1 GiB and 64 MiB", f"{peaks[0]} KiB", f"{peaks[1]} KiB",
                 f"{ratio:.2f}", "<= 1.5", "1", verdict(ratio, 1.5)))
    print(f"\nexplain: Linux {os.uname().release}, {os.cpu_count()} processors")
    print(table(("number (median)", "oomguard", "against", "ratio", "target", "pairs", ""), rows))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"explain could not be measured: {error}", file=sys.stderr)
        sys.exit(1)
