"""`qingdan selftest`: the live session beside the real spreadsheet application of this computer, and a report of it.

It types into a made-up workbook of its own, in a temporary folder; the session itself cannot write at all.
"""

import datetime as dt
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from typing import Any

from addin.live.host import Host
from addin.live.session import Session
from addin.live.state import Picture
from addin.office.new_workbooks import ROUND
from addin.office.results import Part, Result
from addin.problems import Stop, refusal
from addin.reading.ruleset_store import rules_of
from validators.columns import LETTERS, SHEET_TITLES
from workbook_templates.county.template import write_county
from workbook_templates.samples.sample_inventory import make_officer, make_rows
from workbook_templates.xlsx.appearance import FIRST_ROW

_COUNTY, ENTERPRISES = "371502", 20
_SHEET, _CELL = SHEET_TITLES["enterprises"], f"{LETTERS['enterprises']['uscc']}{FIRST_ROW}"
_WRONG, _RULE = "91370000", "JB01"
"""A credit code that is none, and the rule that says so."""
EDITS = 10
_SECONDS = 60.0
"""How long anything is waited for."""
_RESULTS = {True: "通过", False: "不通过", None: "未检查"}
Connect = Callable[[], Host[Any] | None]


@dataclass(frozen=True, slots=True)
class Tried:
    """What was tried and what came of it; `passed` is None where it cannot be tried here."""

    name: str
    passed: bool | None
    seen: str


class StepSeen(Part):
    """A `Tried` as it is told."""

    name: str
    result: str
    seen: str


class SelftestReport(Result):
    """What came of all steps, and of which programs."""

    verdict: str
    versions: dict[str, str]
    steps: list[StepSeen]
    out: str | None

    @property
    def code(self) -> int:
        """1 where a step did not pass."""
        return 0 if self.verdict == _RESULTS[True] else 1

    def lines(self) -> Iterator[str]:
        """Markdown that can be read as it stands."""
        yield from ("# 清单助手自检报告", "")
        yield from (f"- {name}：{value}" for name, value in self.versions.items())
        yield from ("", "| 检查 | 结果 | 看到的 |", "|---|---|---|")
        yield from (f"| {step.name} | {step.result} | {step.seen} |" for step in self.steps)
        yield from ("", f"结论：{self.verdict}")


def selftest(*, out: Path | None = None, host: str | None = None) -> SelftestReport:
    """Try everything, and write what came of it where `out` is given. Raises `Stop`."""
    kind = host or ("excel" if sys.platform == "win32" else "libreoffice")
    if kind not in ("excel", "libreoffice"):
        raise Stop(f"选项 --host 的“{kind}”不对，应为 excel 或 libreoffice。")
    if out and out.exists():
        raise Stop(f"“{out}”已存在，没有覆盖。请换一个文件名。")
    rules = rules_of(None)
    with tempfile.TemporaryDirectory(prefix="qingdan-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / f"自检样例{time.time_ns():x}.xlsx"
        with path.open("wb") as file:
            write_county(
                file,
                county=_COUNTY,
                ruleset=rules,
                round_=ROUND,
                revision=1,
                enterprises=ENTERPRISES,
                rows=make_rows(_COUNTY, ENTERPRISES, 1, rules),
                officer=make_officer(_COUNTY, 1, rules),
            )
        with _excel(path) if kind == "excel" else _libreoffice(path) as (book, connect, application):
            steps, session = _tried(book, connect, path.name)
    versions = {
        "表格软件": f"{session.picture().application} {application}",
        "系统": platform.platform(),
        "Python": platform.python_version(),
        "程序": f"qingdan {version('qingdan')}，xlwings {version('xlwings')}",
        "时间": f"{dt.datetime.now():%Y-%m-%d %H:%M}",
    }
    passed = not any(step.passed is False for step in steps)
    report = SelftestReport(
        verdict=_RESULTS[passed],
        versions=versions,
        steps=[StepSeen(name=step.name, result=_RESULTS[step.passed], seen=step.seen) for step in steps],
        out=str(out) if out else None,
    )
    if out:
        try:
            out.write_text("\n".join(report.lines()) + "\n", encoding="utf-8")
        except OSError as error:
            raise Stop(f"写不了：{refusal(error, out)}") from error
    return report


def _tried(book: Any, connect: Connect, name: str) -> tuple[list[Tried], Session]:  # noqa: ANN401 - xlwings
    """The steps, one after another, with the session beside the open workbook."""
    session = Session(connect)
    worker = Thread(target=session.run, daemon=True)
    worker.start()
    steps: list[Tried] = []
    try:
        connected = _wait(session, lambda picture: picture.status == "已连接" and _is_of(picture, name))
        steps.append(Tried("连接已打开的工作簿", _is_of(connected, name), connected.status))
        if not _is_of(connected, name):
            return steps, session
        cell = book.sheets[_SHEET].range(_CELL)
        right = cell.value
        before = _undo_steps(book)
        shown: list[float] = []
        gone: list[float] = []
        for _ in range(EDITS):
            for value, times, wanted in ((_WRONG, shown, True), (right, gone, False)):
                start = time.monotonic()
                cell.value = value
                seen = _wait(session, lambda picture, wanted=wanted: _found(picture) is wanted)  # type: ignore[misc]
                if _found(seen) is wanted:
                    times.append(time.monotonic() - start)
        for what, times in ((f"填错后出现 {_RULE}", shown), ("改正后消失", gone)):
            middle = f"，用时中位数 {statistics.median(times) * 1000:.0f} 毫秒" if times else ""
            steps.append(Tried(what, len(times) == EDITS, f"{len(times)}/{EDITS} 次{middle}"))
        session.select(_SHEET, _CELL)
        stands = _wait(session, lambda picture: (picture.sheet, picture.row) == (_SHEET, FIRST_ROW))
        steps.append(
            Tried(
                "从窗格选中单元格", (stands.sheet, stands.row) == (_SHEET, FIRST_ROW), f"{stands.sheet} {stands.row} 行"
            )
        )
        after = _undo_steps(book)
        if before is None or after is None:
            steps.append(
                Tried("撤销列表里没有程序留下的步骤", None, "这个软件不让程序查看撤销列表，请按验收单手工核对")
            )
        else:
            added = after - before
            steps.append(
                Tried("撤销列表里没有程序留下的步骤", added == 2 * EDITS, f"填写 {2 * EDITS} 次，增加 {added} 步")
            )
        book.close()
        closed = _wait(session, lambda picture: _is_closed(picture, name))
        steps.append(Tried("关闭工作簿后得知", _is_closed(closed, name), closed.status))
    finally:
        session.stop()
        worker.join(10)
    return steps, session


def _is_of(picture: Picture, name: str) -> bool:
    return picture.file is not None and Path(picture.file).name == name


def _is_closed(picture: Picture, name: str) -> bool:
    """Whether it knows that the workbook is closed; where another of ours stands open, it follows that."""
    return picture.status == "已关闭" or not _is_of(picture, name)


def _found(picture: Picture) -> bool:
    return any((one.rule, one.sheet, one.cell) == (_RULE, _SHEET, _CELL) for one in picture.findings)


def _wait(session: Session, true: Callable[[Picture], bool]) -> Picture:
    """The first picture of which that is true, or the last one in time."""
    until = time.monotonic() + _SECONDS
    picture = session.picture()
    while not true(picture) and (rest := until - time.monotonic()) > 0:
        picture = session.newer(picture.version, rest)
    return picture


def _undo_steps(book: Any) -> int | None:  # noqa: ANN401 - xlwings
    """How many steps can be undone, where the application tells."""
    manager = getattr(book.api, "UndoManager", None) if sys.platform != "win32" else None
    return len(manager.AllUndoActionTitles) if manager is not None else None


@contextmanager
def _libreoffice(path: Path) -> Iterator[tuple[Any, Connect, str]]:
    """The workbook in a LibreOffice of its own, how a session comes to it, and its version."""
    from addin.apps.libreoffice.instance import NoOffice, Office, load_uno

    try:
        load_uno()
        office = Office.start(headless=True)
    except NoOffice as error:
        raise Stop(str(error)) from error
    from addin.apps.libreoffice.engine import app
    from addin.apps.libreoffice_host import LibreOffice

    with office:
        waiting = [LibreOffice(office)]
        provider = office.context.ServiceManager.createInstanceWithContext(
            "com.sun.star.configuration.ConfigurationProvider", office.context
        )
        product = provider.createInstanceWithArguments(
            "com.sun.star.configuration.ConfigurationAccess", office.options(nodepath="/org.openoffice.Setup/Product")
        )
        book = app(office).books.open(str(path))
        yield book, lambda: waiting.pop() if waiting else None, product.getByName("ooSetupVersionAboutBox")


@contextmanager
def _excel(path: Path) -> Iterator[tuple[Any, Connect, str]]:
    """The workbook in an Excel of its own, or in WPS where there is no Excel; likewise."""
    if sys.platform != "win32":
        raise Stop("--host excel 只能在 Windows 上使用。请改用 --host libreoffice。")
    from addin.apps.excel_host import attach, started

    app = started()
    if app is None:
        raise Stop("没有找到 Excel 或 WPS 表格。请安装其中之一再试。")
    try:
        yield app.books.open(str(path)), lambda: attach(path.name), str(app.api.Version)
    finally:
        app.api.DisplayAlerts = False
        app.api.Quit()
