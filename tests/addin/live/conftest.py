"""A filled workbook, and a LibreOffice that has it open."""

import io
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from addin.apps.libreoffice.instance import hold
from addin.cli.app import main
from addin.live.session import Session
from addin.live.state import Picture
from tests.inventory import COUNTY
from validators import ruleset
from workbook_templates.county.template import write_county
from workbook_templates.samples.sample_inventory import make_officer, make_rows

PATIENCE = 60.0
"""Seconds after which something that should happen has not; the machine may be slow."""


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A county workbook of 20 enterprises, as the template makes it."""
    rules = ruleset.load("2020")
    buffer = io.BytesIO()
    write_county(
        buffer, county=COUNTY, ruleset=rules, round_="首报", revision=1, enterprises=20,
        rows=make_rows(COUNTY, 20, 3, rules), officer=make_officer(COUNTY, 3, rules),
    )  # fmt: skip
    path = tmp_path_factory.mktemp("live") / "东昌府区.xlsx"
    path.write_bytes(buffer.getvalue())
    return path


@pytest.fixture(scope="session")
def grading(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A grading workbook of the same county."""
    path = tmp_path_factory.mktemp("live") / "绩效分级.xlsx"
    assert (
        main(["sample", "--grading", "--county", COUNTY, "--enterprises", "30", "--seed", "3", "--out", str(path)]) == 0
    )
    return path


def wait_for(condition: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """What the condition gives once it is true."""
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, "did not happen"
        time.sleep(0.02)
    return found


@pytest.fixture
def watching() -> Iterator[Callable[[Callable[[], Any]], Session]]:
    """`watch(connect)`: a session that runs until the test ends."""
    running: list[tuple[Session, Thread]] = []

    def start(connect: Callable[[], Any]) -> Session:
        session = Session(connect)
        thread = Thread(target=session.run)
        running.append((session, thread))
        thread.start()
        return session

    yield start
    for session, thread in running:
        session.stop()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def shown(session: Session, condition: Callable[[Picture], bool]) -> Picture:
    """The first picture that meets a condition."""
    until = time.monotonic() + PATIENCE
    picture = session.picture()
    while not condition(picture):
        assert time.monotonic() < until, picture
        picture = session.newer(picture.version, 1.0)
    return picture


class Calc:
    """A LibreOffice of the test's own with a workbook; what is done goes through the view, as by hand."""

    def __init__(self, path: Path, *, headless: bool = True) -> None:
        from addin.apps.libreoffice.engine import app
        from addin.apps.libreoffice.instance import Office

        self.path = path
        self.office = Office.start(headless=headless)
        self.app = app(self.office)
        self.book: Any = self.app.books.open(str(path)).api
        self._dispatcher = self.office.context.ServiceManager.createInstanceWithContext(
            "com.sun.star.frame.DispatchHelper", self.office.context
        )

    def host(self) -> Any:
        from addin.apps.libreoffice_host import LibreOffice

        return LibreOffice(self.office)

    def do(self, command: str, **options: Any) -> None:
        frame = self.book.CurrentController.Frame
        self._dispatcher.executeDispatch(frame, f".uno:{command}", "", 0, self.office.options(**options))

    def cells(self, title: str, cells: str) -> Any:
        return hold(hold(hold(self.book.Sheets).getByName(title)).getCellRangeByName(cells))

    def go(self, title: str, cells: str) -> None:
        self.book.CurrentController.select(self.cells(title, cells))

    def type(self, title: str, cell: str, text: str) -> None:
        self.go(title, cell)
        self.do("EnterString", StringName=text)

    def text(self, title: str, cell: str) -> str:
        try:
            return str(self.cells(title, cell).String)
        except AttributeError:  # seen once in LibreOffice 7.4 while the session asked too; every cell has one
            return str(self.cells(title, cell).String)

    def saved(self) -> Path:
        """A copy of the workbook as it would be saved now, under its own name."""
        folder = self.path.parent / "copy"
        folder.mkdir(exist_ok=True)
        copy = folder / self.path.name
        options = self.office.options(FilterName="Calc MS Excel 2007 XML")
        self.book.storeToURL(copy.as_uri(), options)
        return copy


@pytest.fixture(scope="module")
def libreoffice() -> None:
    """Skip where there is no LibreOffice, but not in CI."""
    from addin.apps.libreoffice.instance import NoOffice, load_uno

    if not os.environ.get("CI"):
        if shutil.which("soffice") is None:
            pytest.skip("没有 LibreOffice：请安装 libreoffice-calc（Debian：apt-get install libreoffice-calc）")
        try:
            load_uno()
        except NoOffice as error:
            pytest.skip(str(error))


@pytest.fixture
def calc(libreoffice: None, sample: Path, tmp_path: Path) -> Iterator[Calc]:
    """LibreOffice with a workbook of its own."""
    path = tmp_path / sample.name
    shutil.copy(sample, path)
    opened = Calc(path)
    yield opened
    opened.office.close()
