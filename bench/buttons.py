"""Measures the buttons and the panel inside LibreOffice: `python -m bench.buttons` writes docs/实时性能-按钮.md.

LibreOffice stands on a screen of its own with the extension that `qingdan addin install libreoffice` put in; buttons are
clicked and cells typed into as by hand, and what the panel says is read as a screen reader reads it. The time runs from the
click, or from the moment LibreOffice reports the change, to the text in the panel. The live cost is CPU of the program and
of LibreOffice together, from an edit until all is still: with the panel, and with the page in Chromium in its place.
"""

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

from playwright.sync_api import sync_playwright

from addin.apps.libreoffice.instance import Office
from addin.cli.app import main as qingdan
from addin.live.session import Session
from addin.pane.server import Pane
from bench.live import saved_once
from tests.addin.apps.test_extension import AS_USER, USCC, Window, programs
from tests.addin.live.conftest import wait_for
from tests.addin.live.screen import focus, keys, screen, write

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "实时性能-按钮.md"
SIZES = (60, 1500)
FIRSTS, PRESSES, EDITS = 3, 10, 12
QUIET = 3.0
"""Seconds after which all that follows from an edit is done."""
KINDS = {
    "first": ("第一次按“校验”（启动程序）→ 侧边栏有答复", "4 s"),
    "press": ("再按“校验”→ 侧边栏有答复", "0.5 s"),
    "press_cpu": ("再按“校验”，CPU", ""),
    "shown": ("改一格，按回车 → 侧边栏变化", ""),
    "panel": ("改一格，CPU：侧边栏", "不多于侧边页"),
    "page": ("改一格，CPU：侧边页（Chromium）", ""),
}
"""What is measured, in words, and the goal."""
TICKS = os.sysconf("SC_CLK_TCK")


def spent(*processes: int) -> float:
    """CPU seconds that processes and all that they started have used, as far as those still live."""
    fields = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            said = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            fields[int(entry.name)] = int(said[1]), (int(said[11]) + int(said[12])) / TICKS
    own = {*processes}
    while more := {number for number, (parent, _) in fields.items() if parent in own} - own:
        own |= more
    return sum(fields[number][1] for number in own if number in fields)


def main() -> int:
    """Measure everything and write the page."""
    measured, load = {}, os.getloadavg()[0]
    with TemporaryDirectory() as folder, screen(), installed(Path(folder)) as home:
        for size in SIZES:
            path = home / f"填报{size}.xlsx"
            assert qingdan(["sample", "--county", "371502", "--enterprises", str(size), "--out", str(path)]) == 0
            shutil.move(saved_once(path), path)
            measured[size] = beside(home, path)
    report(measured, (load, os.getloadavg()[0]))
    return 0


@contextmanager
def installed(home: Path) -> Iterator[Path]:
    """A home with the extension in its LibreOffice; HOME is that as long as the block runs."""
    before = {name: os.environ[name] for name in ("HOME", "PATH")}
    (home / "programs").mkdir()
    if os.geteuid() == 0:
        unopkg = home / "programs" / "unopkg"
        unopkg.write_text(AS_USER.format(program=shutil.which("unopkg")), encoding="ascii")
        unopkg.chmod(0o755)
    os.environ |= {"HOME": str(home), "PATH": f"{home / 'programs'}{os.pathsep}{before['PATH']}"}
    try:
        assert qingdan(["addin", "install", "libreoffice"]) == 0
        yield home
    finally:
        os.environ |= before


@contextmanager
def opened(home: Path, path: Path) -> Iterator[tuple[Window, int]]:
    """LibreOffice with a workbook, and the number of its process."""
    pipe = f"bench-{os.getpid()}"
    process = subprocess.Popen(
        ["soffice", "--norestore", "--nologo", "--nofirststartwizard", f"--accept=pipe,name={pipe};urp", str(path)],
        start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    office = Office(pipe)
    office.connect(120)
    wait_for(lambda: office.desktop.CurrentComponent is not None, 300)
    focus(path.stem)
    window = Window(office, path)
    try:
        wait_for(lambda: window.find(lambda node: node.getAccessibleName() == "校验") is not None, 120)
        yield window, running(path)
    finally:
        window.close()
        process.wait(120)
        wait_for(lambda: not programs(home))


def running(path: Path) -> int:
    """The process of LibreOffice (`soffice` is a script) that was started with a file."""
    for entry in Path("/proc").glob("[0-9]*"):
        words = (entry / "cmdline").read_bytes().split(b"\0") if (entry / "cmdline").exists() else [b""]
        if words[0].endswith(b"soffice.bin") and str(path).encode() in words:
            return int(entry.name)
    raise OSError("LibreOffice does not run")


def beside(home: Path, path: Path) -> dict[str, list[float]]:
    """Seconds of each kind, for one workbook."""
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for turn in range(FIRSTS):
        with opened(home, path) as (window, office):
            place(window)
            found["first"].append(
                until_said(window, lambda: window.press("校验"), lambda said: "校验：通过" in said, step=0.1)
            )
            if turn == FIRSTS - 1:
                pressed(window, office, found)
                shown(window, found)
                found["panel"] += cost(window, office)
    with opened(home, path) as (window, office), page(window):
        found["page"] += cost(window, office, os.getpid())
    return found


def place(window: Window) -> None:
    """Have the button looked for before the time runs; the panel is looked for once it is there."""
    node = window.find(lambda node: node.getAccessibleName() == "校验")
    at, size = node.getLocationOnScreen(), node.getSize()
    window._places["校验"] = at.X + size.Width // 2, at.Y + size.Height // 2


def until_said(window: Window, do: Callable[[], None], true: Callable[[str], bool], *, step: float = 0.02) -> float:
    """Seconds from what is done until the panel says so; it is looked at every `step` seconds."""
    start = time.monotonic()
    do()
    while not true(window.said()):
        assert time.monotonic() < start + 300
        time.sleep(step)
    return time.monotonic() - start


def contains_answer(answer: str, said: str) -> bool:
    """Whether the panel says this."""
    return answer in said


def begins_otherwise(before: str, said: str) -> bool:
    """Whether the panel counts otherwise than before."""
    return said.partition(" · ")[0] != before


def edits(window: Window, number: int) -> Iterator[bool]:
    """Have a code made wrong and right in turn, and say which it is now; it is right at the end."""
    code = window.text(f"{USCC}6")
    for turn in range(2 * number):
        window.go(f"{USCC}6")
        time.sleep(QUIET)
        write(code if turn % 2 else code[:-1] + "*")
        yield turn % 2 == 1


def pressed(window: Window, office: int, found: dict[str, list[float]]) -> None:
    """校验 with the program running; each answer is another one than that before."""
    for right in edits(window, PRESSES // 2):
        keys("Return")
        time.sleep(QUIET)
        before, answer = spent(office), "校验：通过" if right else "校验：不通过"
        found["press"].append(until_said(window, lambda: window.press("校验"), partial(contains_answer, answer)))
        found["press_cpu"].append(spent(office) - before)


def shown(window: Window, found: dict[str, list[float]]) -> None:
    """Edits until the panel has counted them."""
    for _ in edits(window, EDITS // 2):
        before = window.said().partition(" · ")[0]
        found["shown"].append(until_said(window, lambda: keys("Return"), partial(begins_otherwise, before)))


def cost(window: Window, *processes: int) -> list[float]:
    """CPU seconds of each edit, all that follows from it included."""
    found = []
    for _ in edits(window, EDITS // 2):
        before = spent(*processes)
        keys("Return")
        time.sleep(QUIET)
        found.append(spent(*processes) - before)
    return found


@contextmanager
def page(window: Window) -> Iterator[None]:
    """The page in Chromium, as `qingdan live` shows it, beside a LibreOffice in which no button was pressed."""
    from addin.apps.libreoffice_host import LibreOffice

    session = Session(lambda: LibreOffice(window.office))
    pane = Pane(session, None)
    threads = [Thread(target=session.run), Thread(target=pane.run)]
    for thread in threads:
        thread.start()
    wait_for(lambda: session.picture().status == "已连接", 120)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            headless=False,
            args=["--no-sandbox", "--disable-gpu", "--window-position=1000,0"],
        )
        opened_page = browser.new_page(viewport={"width": 380, "height": 700})
        opened_page.goto(pane.address)
        opened_page.get_by_text(f"共 {len(session.picture().findings)} 条").wait_for()
        focus(window.file.stem)
        yield
        browser.close()
    session.stop()
    pane.close()
    for thread in threads:
        thread.join()


def report(measured: dict[int, dict[str, list[float]]], load: tuple[float, float]) -> None:
    """Write what was measured."""
    rows = []
    for kind, (name, goal) in KINDS.items():
        for size, found in measured.items():
            ordered = sorted(found[kind])
            p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
            numbers = " | ".join(f"{value:.2f} s" for value in (statistics.median(ordered), p95, ordered[-1]))
            rows.append(f"| {name} | {size} | {len(ordered)} | {numbers} | {goal} |")
    text = f"""# 表格里的按钮和侧边栏的耗时

由 `python -m bench.buttons` 测得并写成，{datetime.now():%Y-%m-%d %H:%M}，{os.cpu_count()} 核，测量前后 1 分钟系统负载 {load[0]:.1f}、{load[1]:.1f}；
负载高于核数时，墙钟时间含等待其他程序的时间。
软件：LibreOffice，有窗口，扩展由 `qingdan addin install libreoffice` 装入；鼠标点按钮，键盘填单元格，侧边栏的文字经无障碍接口读取。
CPU 是 LibreOffice、程序（和 Chromium）全部进程之和，从按键到之后 {QUIET:.0f} 秒，表格自己重算也在内。

| 测什么 | 企业 | 次数 | 中位数 | 95% 不超过 | 最长 | 目标 |
|---|---|---|---|---|---|---|
{chr(10).join(rows)}

“校验”每次都把打开的表从头读一遍（没有保存的、表格软件没有报告的改动也在内），所以大表慢些。
"""
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    sys.exit(main())
