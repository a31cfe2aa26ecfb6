"""Measures the pane alone: `python -m bench.pane`; a change of the findings until the page has painted it.

What the spreadsheet and the rules cost before that is measured with the live session.
"""

import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Condition, Thread

from playwright.sync_api import sync_playwright

from addin.live.state import Picture
from addin.pane.server import Pane
from validators.columns import SHEET_TITLES
from validators.findings import Finding, Severity

EDITS = 60
SIZES = (100, 1_000, 8_000)
WATCH = """
window.painted = {};
new MutationObserver(() => {
  const said = document.getElementById("shown").textContent;
  requestAnimationFrame(() => { window.painted[said] ??= performance.timeOrigin + performance.now(); });
}).observe(document.getElementById("shown"), { childList: true, characterData: true, subtree: true });
"""


class Played:
    """A live session whose findings are what the bench says."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.now = Picture(1, "已连接", "LibreOffice", "东昌府区.xlsx", None, None, findings)
        self._changed = Condition()

    def say(self, findings: Sequence[Finding]) -> None:
        with self._changed:
            self.now = replace(self.now, version=self.now.version + 1, findings=findings)
            self._changed.notify_all()

    def picture(self) -> Picture:
        return self.now

    def newer(self, version: int, timeout: float) -> Picture:
        with self._changed:
            self._changed.wait_for(lambda: self.now.version > version, timeout)
            return self.now

    def select(self, sheet: str, cell: str) -> None:
        """Nobody clicks here."""

    def stop(self) -> None:
        """It has nothing to end."""


def made_up(number: int) -> list[Finding]:
    """Findings as they are in a workbook: five sheets, some columns, whole sentences."""
    titles = list(SHEET_TITLES.values())[:5]
    found = []
    for at in range(number):
        row = 5 + at % 1_600
        message = f"经度 {115 + at / 1000} 不在聊城市范围内（115.2667°至116.5333°）。请按十进制的度重新核对填写。"
        found.append(
            Finding(
                "JB06", Severity(1 + at % 3), "东昌府区.xlsx", titles[at * 5 // number], f"L{row}", row, "经度（°）",
                f"371502-G-{row:04d}", 117.5, message, "数据字典", 12,
            )
        )  # fmt: skip
    return found


def edits(findings: list[Finding], change: Callable[[list[Finding]], list[Finding]]) -> tuple[float, list[float]]:
    """Milliseconds until the page that was opened shows all, and from each of the changes until it is painted."""
    live = Played(findings)
    pane = Pane(live, None)
    thread = Thread(target=pane.run, daemon=True)
    thread.start()
    took = []
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 400, "height": 860})
        began = time.time()
        page.goto(pane.address)
        page.get_by_text(f"共 {len(findings)} 条").wait_for()
        opened = (time.time() - began) * 1000
        page.evaluate(WATCH)
        for _ in range(EDITS):
            findings = change(findings)
            said = f"共 {len(findings)} 条"
            began = time.time() * 1000
            live.say(tuple(findings))
            page.get_by_text(said).wait_for()
            page.wait_for_timeout(50)
            took.append(page.evaluate("said => window.painted[said]", said) - began)
        browser.close()
    pane.close()
    thread.join()
    return opened, took


def one_gone(findings: list[Finding]) -> list[Finding]:
    """A fault was put right; the findings of other rows are the same objects."""
    at = len(findings) * 7 // 11
    return findings[:at] + findings[at + 1 :]


def all_anew(findings: list[Finding]) -> list[Finding]:
    """The same, but every finding is another object: the worst that a session can do."""
    return [replace(finding) for finding in one_gone(findings)]


def main() -> None:
    """Print the table."""
    print("| findings | opened, ms | change, median | 95th percentile | all made anew, median |\n|---|---|---|---|---|")
    for number in SIZES:
        findings = made_up(number)
        opened, took = edits(findings, one_gone)
        _, anew = edits(findings, all_anew)
        p95 = statistics.quantiles(took, n=20)[-1]
        print(
            f"| {number} | {opened:.0f} | {statistics.median(took):.0f} | {p95:.0f} | {statistics.median(anew):.0f} |"
        )


if __name__ == "__main__":
    main()
