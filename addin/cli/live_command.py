"""`qingdan live`: a session beside the spreadsheet application, shown in the pane or as one JSON document."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

from addin.cli.terminal import say, show, warn
from addin.live.host import Host
from addin.live.session import OUR_NAMES, Session
from addin.live.state import Picture
from addin.office.results import JsonFinding, Result
from addin.problems import REASONS, Stop
from addin.reading.isolation import Failure, each
from validators.findings import counts, stops
from workbook_templates.xlsx.opened import UnreadableWorkbook, open_workbook

HOSTS = ("excel", "libreoffice")
STEADY = 3
"""So many times in a row LibreOffice is seen running before it is attached to; one that ends would be started again."""


def live(file: str | None, *, host: str | None, as_json: bool) -> int:
    """Show findings until the pane is closed (with `as_json`: the workbook), or Ctrl+C; returns the exit code."""
    path = _workbook(file) if file else None
    kind = host or ("excel" if sys.platform == "win32" else "libreoffice")
    if kind not in HOSTS:
        raise Stop(f"选项 --host 的“{kind}”不对，应为 {' 或 '.join(HOSTS)}。")
    session = Session(_excel(path) if kind == "excel" else _libreoffice(path))
    (_follow_alone if as_json else _follow_with_the_pane)(session)
    return show(Followed.of(session.picture()), as_json=as_json)


class Followed(Result):
    """What stood in the workbook at the end."""

    file: str | None
    application: str
    findings: list[JsonFinding]
    counts: dict[str, int]

    @classmethod
    def of(cls, picture: Picture) -> "Followed":
        """From what the session knows."""
        return cls(
            file=picture.file and Path(picture.file).name,
            application=picture.application,
            findings=list(picture.findings),
            counts=counts(picture.findings),
        )

    @property
    def code(self) -> int:
        """1 where an error stands."""
        return 1 if stops(self.findings) else 0

    def lines(self) -> Iterator[str]:
        """Nothing: the pane has shown it."""
        yield from ()


def _follow_with_the_pane(session: Session) -> None:
    from addin.pane.server import serve

    faults: list[Exception] = []

    def work() -> None:
        try:
            session.run()
        except Exception as error:
            faults.append(error)

    worker = Thread(target=work, daemon=True)
    worker.start()
    try:
        serve(session, inbox=None, show=True, say=say)
    finally:
        session.stop()
        worker.join(10)  # an application that does not answer is not waited for
    if faults:
        raise faults[0]


def _workbook(file: str) -> Path:
    path = Path(file)
    if not path.exists():
        raise Stop(f"“{path}”不存在。请核对路径和文件名。")
    if path.is_dir():
        raise Stop(f"“{path}”{REASONS[21]}。")
    if path.suffix.lower() != ".xlsx":
        raise Stop(f"“{path.name}”不是 .xlsx 工作簿。请在表格软件中另存为 .xlsx 再试。")
    (names,) = each(_names, [(path,)])
    if isinstance(names, Failure):
        raise Stop(names.message)
    if not names.issuperset(OUR_NAMES):
        raise Stop(
            f"“{path.name}”不是用本工具生成的填报表，认不出它是哪个区县、哪一版，不能边填边查。"
            "请打开用 qingdan template 生成的填报表；只想知道这份文件有什么问题，请用 qingdan check。"
        )
    return path


def _names(path: Path) -> set[str]:
    """In the child: the defined names of a workbook."""
    try:
        return set(open_workbook(path).names)
    except UnreadableWorkbook as error:
        raise Stop(str(error)) from error


def _follow_alone(session: Session) -> None:
    """Until the workbook is closed."""
    Thread(target=_tell, args=(session,), daemon=True).start()
    try:
        session.run(until_closed=True)
    except KeyboardInterrupt:
        session.stop()


def _tell(session: Session) -> None:
    """Say so once the workbook is followed."""
    picture = session.picture()
    while picture.status != "已连接":
        picture = session.newer(picture.version, 1.0)
    warn("正在跟踪工作簿；关闭它，或按 Ctrl+C，即输出结果。")


def _libreoffice(path: Path | None) -> Callable[[], Host[Any] | None]:
    """How to come to LibreOffice: now, where a file is to be opened, else when one is running."""
    from addin.apps.libreoffice.instance import NoOffice, Office, load_uno

    try:
        load_uno()
        from addin.apps.libreoffice_host import LibreOffice

        waiting = [LibreOffice(Office.attach(files=[path]))] if path else []
    except NoOffice as error:
        raise Stop(str(error)) from error

    seen = 0

    def connect() -> Host[Any] | None:
        nonlocal seen
        if waiting:
            return waiting.pop()
        seen = seen + 1 if Office.is_open() else 0
        if seen < STEADY:
            return None
        seen = 0
        try:
            return LibreOffice(Office.attach(seconds=10))
        except NoOffice:  # it is starting, or shows a dialog
            return None

    return connect


def _excel(path: Path | None) -> Callable[[], Host[Any] | None]:
    """How to come to Excel or WPS: by the file, once its own program has opened it."""
    if sys.platform != "win32":
        raise Stop("--host excel 只能在 Windows 上使用。请改用 --host libreoffice。")
    import os

    from addin.apps.excel_host import attach  # type: ignore[import-untyped,unused-ignore] # comes with its branch

    if path:
        os.startfile(path)  # noqa: S606 - the program that the officer's Windows opens it with
    return attach
