# SPDX-License-Identifier: Apache-2.0
"""Chromium without a window, driven through its debugging pipe (Chrome DevTools Protocol)."""
import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PATIENCE = 120  # seconds until something that should come is given up
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--hide-scrollbars", "--remote-debugging-pipe"]


class Browser:
    """One page. What it asked the network for and said by itself is in `events`."""

    def __init__(self):
        self.profile = tempfile.mkdtemp()
        down, up = os.pipe(), os.pipe()  # to the browser, from it
        reads, writes = (fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (down[0], up[1]))
        # The browser reads from 3 and writes to 4.
        script = f'exec chromium "$@" 3<&{reads} 4>&{writes} {reads}<&- {writes}>&-'
        self.process = subprocess.Popen(
            ["bash", "-c", script, "chromium", *FLAGS, f"--user-data-dir={self.profile}"],
            pass_fds=(reads, writes), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        for fd in (down[0], up[1], reads, writes):
            os.close(fd)
        self.to, self.answers, self.rest = down[1], up[0], b""
        self.events, self.number, self.session = [], 0, None
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target,
                                flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(domain + ".enable")

    def close(self):
        os.close(self.to)  # it ends when its pipe does
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.answers)
        shutil.rmtree(self.profile, ignore_errors=True)

    def message(self, end):
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.answers], [], [], max(0, end - time.monotonic()))
            assert ready, "the browser does not answer"
            piece = os.read(self.answers, 1 << 20)
            assert piece, "the browser is gone"
            self.rest += piece
        text, _, self.rest = self.rest.partition(b"\0")
        return json.loads(text)

    def ask(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        data = json.dumps(request).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data):]
        end = time.monotonic() + PATIENCE
        while True:
            message = self.message(end)
            if message.get("id") == self.number:
                assert "error" not in message, message
                return message["result"]
            if "method" in message:
                self.events.append(message)

    def wait(self, method):
        end = time.monotonic() + PATIENCE
        while not any(event["method"] == method for event in self.events):
            message = self.message(end)
            if "method" in message:
                self.events.append(message)

    def open(self, path, width, height, theme):
        self.events = []
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=1, mobile=width < 600)
        self.ask("Emulation.setEmulatedMedia",
                 features=[{"name": "prefers-color-scheme", "value": theme}])
        self.ask("Page.navigate", url=f"file://{path}")
        self.wait("Page.loadEventFired")

    def value(self, expression):
        result = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def screenshot(self, path, whole=True):
        size = self.value("({w: innerWidth, h: document.documentElement.scrollHeight})")
        clip = {"x": 0, "y": 0, "width": size["w"], "height": min(size["h"], 12000), "scale": 1}
        answer = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole,
                          **({"clip": clip} if whole else {}))
        with open(path, "wb") as file:
            file.write(base64.b64decode(answer["data"]))
