#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Shows the report's page in Chromium, in both themes, on a wide and a narrow screen."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from browser import Browser
from records import ATTRIBUTE, SCRIPT, record, write

OOMGUARD, SCREENS = sys.argv[1], pathlib.Path(sys.argv[2])
SIZES = {"desktop": (1280, 800), "phone": (390, 844), "small": (320, 640)}

# The boxes of all visible words of the plot, and of the page's blocks, none over another.
OVERLAPS = """(() => {
    const boxes = [...document.querySelectorAll('.plot text, main > section, main > header')]
        .map(e => [e.textContent.slice(0, 30), e.getBoundingClientRect(), e])
        .filter(([, box]) => box.width > 0);
    const found = [];
    for (const [a, one, first] of boxes) for (const [b, two, second] of boxes)
        if (first !== second && !first.contains(second) && !second.contains(first) &&
            one.left < two.right - 1 && two.left < one.right - 1 &&
            one.top < two.bottom - 1 && two.top < one.bottom - 1) found.push([a, b]);
    return found;
})()"""

# Contrast of text with what is behind it, by WCAG 2.
CONTRASTS = """(() => {
    const light = text => {
        const c = text.match(/[0-9.]+/g).slice(0, 3).map(v => v / 255)
            .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
    };
    const behind = e => {
        for (; e; e = e.parentElement) {
            const color = getComputedStyle(e).backgroundColor;
            if (!/, 0\\)$/.test(color) && color !== 'transparent') return color;
        }
        return 'rgb(255, 255, 255)';
    };
    return [...document.querySelectorAll('h1, h2, p, dt, dd, td, th, li, mark, .badge, .flag, pre')]
        .map(e => {
            const [a, b] = [light(getComputedStyle(e).color), light(behind(e))];
            return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.textContent.slice(0, 40)];
        }).sort((a, b) => a[0] - b[0])[0];
})()"""


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.base = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.base)
        write(cls.base, record())
        cls.page = os.path.join(cls.base, "report.html")
        subprocess.run([OOMGUARD, "--root", cls.base, "report", "--html", cls.page], check=True)
        SCREENS.mkdir(exist_ok=True)
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    def test_layout(self):
        backgrounds = {}
        for name, (width, height) in SIZES.items():
            for theme in ("light", "dark"):
                with self.subTest(screen=name, theme=theme):
                    self.browser.open(self.page, width, height, theme)
                    self.browser.screenshot(SCREENS / f"report-{name}-{theme}.png")
                    self.check(height)
                    backgrounds[theme] = self.browser.value(
                        "getComputedStyle(document.body).backgroundColor")
        self.assertNotEqual(backgrounds["light"], backgrounds["dark"])

    def check(self, height):
        value = self.browser.value
        self.assertLessEqual(value("document.documentElement.scrollWidth"), value("innerWidth"))
        for what in ("h1", ".remedy"):
            bottom = value(f"document.querySelector('{what}').getBoundingClientRect().bottom")
            self.assertLess(bottom, height, what)
        self.assertEqual(value(OVERLAPS), [])
        plots = value("[...document.querySelectorAll('.plot')].filter(e => "
                      "e.getBoundingClientRect().width > 0).length")
        self.assertEqual(plots, 1)
        smallest = value("Math.min(...[...document.querySelectorAll('.plot text')]"
                         ".map(e => e.getBoundingClientRect().height).filter(h => h > 0))")
        self.assertGreater(smallest, 9)
        self.assertGreaterEqual(value(CONTRASTS)[0], 4.5, value(CONTRASTS))

    def test_hostile_names_are_words(self):
        self.browser.open(self.page, 1280, 800, "light")
        value = self.browser.value
        text = value("document.body.innerText")
        for word in (SCRIPT, ATTRIBUTE, "\\x1B[31mred\\u{202E}"):
            self.assertIn(word, text)
        self.assertNotIn("\033", text)
        self.assertEqual(value("document.querySelectorAll('script, img, iframe, object, embed, "
                               "link, base, form, a').length"), 0)
        said = [event["method"] for event in self.browser.events]
        self.assertNotIn("Page.javascriptDialogOpening", said)
        asked = [event["params"]["request"]["url"] for event in self.browser.events
                 if event["method"] == "Network.requestWillBeSent"]
        self.assertEqual(asked, ["file://" + self.page])

    def test_the_page_forbids_scripts(self):
        self.browser.open(self.page, 1280, 800, "light")
        self.assertIsNone(self.browser.value(
            "(() => { const s = document.createElement('script'); s.textContent = 'top.ran = 1';"
            " document.head.append(s); return top.ran; })()"))


if not shutil.which("chromium"):
    if os.environ.get("CI"):
        sys.exit("chromium is not installed")
    print("skipped: chromium is not installed")
    sys.exit(77)
unittest.main(argv=sys.argv[:1], verbosity=2)
