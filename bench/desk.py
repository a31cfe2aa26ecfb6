"""Measures `qingdan desk` as the city office sees it: `python -m bench.desk`; a part of `bench.run all`.

The made-up city's workbooks in a folder, the command as it is typed, and Chromium as its window: from the page's
first byte to its first paint, from a press of 汇总 to the first sign of it, and the second press, after a county
changed, to the new board. Wall-clock seconds.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

from bench import data
from bench.run import ROOT, changed

LONG = 600_000
"""Milliseconds that anything may take."""
VISITS = 5
FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
WATCH = """
window.signed = null;
document.getElementById("ask-yes").addEventListener("click", () => { window.pressed = performance.now(); }, true);
new MutationObserver(() => {
  if (window.signed === null && document.querySelector("#jobs progress"))
    requestAnimationFrame(() => { window.signed ??= performance.now() - window.pressed; });
}).observe(document.getElementById("jobs"), { childList: true, subtree: true });
"""


@contextmanager
def desk(inbox: Path, readings: Path) -> Iterator[str]:
    """The address of the page over a folder, without a window of its own."""
    command = [sys.executable, "-m", "addin", "desk", "--dir", str(inbox), "--json"]
    environment = {**os.environ, "QINGDAN_READINGS": str(readings), "PATH": "", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=inbox, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None  # for the type checker
        try:
            yield process.stderr.readline().strip().removeprefix("页面地址（只能在本机打开）：")
        finally:
            process.terminate()


def press(page: Page) -> tuple[float, float]:
    """Seconds from a press of 汇总 to its first sign, and to the new board, which shows the version that it made."""
    seen = page.locator("#versions-title").text_content()
    page.locator("#works").get_by_role("button", name="汇总", exact=True).click()
    page.evaluate(WATCH)
    page.locator("#ask-yes").click()
    page.wait_for_function(
        "() => !document.getElementById('ask').open || document.getElementById('ask-yes').dataset.overwrite",
        timeout=LONG,
    )
    if page.locator("#ask-yes").is_visible():  # it lies there already, and is to be written over
        page.locator("#ask-yes").click()
    page.wait_for_function(
        "seen => document.getElementById('versions-title').textContent !== seen", arg=seen, timeout=LONG
    )
    done: list[float] = page.evaluate("() => [window.signed, performance.now() - window.pressed]")
    return done[0] / 1000, done[1] / 1000


def measured() -> dict[str, float]:
    """Seconds: median of the first paint, first sign of a press (the slower of two), first and second press to the board."""
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        inbox = Path(shutil.copytree(data.city(), Path(folder, "收件箱")))
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        with desk(inbox, Path(folder, "readings")) as address:
            paints = []
            for _ in range(VISITS):
                page = browser.new_page()
                page.goto(address)
                page.locator("#works button").first.wait_for(timeout=LONG)
                page.wait_for_function(f"() => {FIRST_PAINT}")
                paints.append(page.evaluate(f"() => {FIRST_PAINT}") / 1000)
                page.close()
            page = browser.new_page()
            page.goto(address)
            page.locator("#works button").first.wait_for(timeout=LONG)
            first_sign, first = press(page)
            with changed(sorted(inbox.glob("*.xlsx"))[0]):
                second_sign, second = press(page)
        browser.close()
    sign = max(first_sign, second_sign)
    return {"paint": statistics.median(paints), "sign": sign, "first": first, "second": second}


if __name__ == "__main__":
    print(json.dumps(measured()))
