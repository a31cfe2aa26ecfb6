"""What the tests of the pane share: a live session made of a real workbook's findings, a running pane, and Chromium."""

import shutil
from dataclasses import replace
from pathlib import Path
from threading import Condition
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from addin.live.state import Picture
from addin.pane.server import Pane
from addin.reading.workbooks import Reading, read_all
from addin.trial.demo import plant
from tests.addin.conftest import COUNTY, RULES, fill
from validators.findings import Finding
from workbook_templates.samples.sample_inventory import make_rows

expect.set_options(timeout=180_000)  # a busy machine is no failure
LIVE_FILE = "东昌府区.xlsx"


class FakeLive:
    """A live session whose picture is what a test says."""

    def __init__(self, findings: list[Finding]) -> None:
        self.now = Picture(1, "已连接", "LibreOffice", LIVE_FILE, "企业基本信息", 5, findings)
        self.selected: list[tuple[str, str]] = []
        self._changed = Condition()

    def say(self, **changes: Any) -> None:
        with self._changed:
            self.now = replace(self.now, version=self.now.version + 1, **changes)
            self._changed.notify_all()

    def picture(self) -> Picture:
        return self.now

    def newer(self, version: int, timeout: float) -> Picture:
        with self._changed:
            self._changed.wait_for(lambda: self.now.version > version, timeout)
            return self.now

    def select(self, sheet: str, cell: str) -> None:
        self.selected.append((sheet, cell))

    def check(self) -> int:
        self.say(checked=self.now.checked + 1)
        return self.now.checked

    def stop(self) -> None:
        pass


def faulty(path: Path, county: str = COUNTY, enterprises: int = 60, **changes: Any) -> Path:
    """A made-up workbook with the demo's planted faults."""
    rows = make_rows(county, enterprises, 1, RULES)
    plant(rows)
    return fill(path, county, enterprises, rows=rows, **changes)


def judged(path: Path) -> list[Finding]:
    (reading,) = read_all([path])
    assert isinstance(reading, Reading)
    return reading.findings


@pytest.fixture(scope="session")
def findings(tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    """Of a real workbook."""
    found = judged(faulty(tmp_path_factory.mktemp("live") / LIVE_FILE))
    assert len(found) > 9
    return found


@pytest.fixture
def live(findings: list[Finding]) -> FakeLive:
    return FakeLive(findings)


@pytest.fixture(scope="session")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All counties' workbooks but one; the first has faults. Copy it, never write to it."""
    folder = tmp_path_factory.mktemp("handed") / "收件箱"
    folder.mkdir()
    for code, name in RULES.submitting.items():
        if code == COUNTY:
            faulty(folder / f"{name}.xlsx", code)
        elif code != "371525":
            fill(folder / f"{name}.xlsx", code, 8)
    return folder


@pytest.fixture
def inbox(handed_in: Path, tmp_path: Path) -> Path:
    """The city's inbox."""
    return Path(shutil.copytree(handed_in, tmp_path / "收件箱"))


def outputs(folder: Path) -> list[str]:
    """What jobs wrote there or left half-written, by name; not the office's own records."""
    return sorted(path.name for path in folder.rglob("*") if path.suffix in (".xlsx", ".json", ".tmp"))


def client(pane: Pane) -> httpx.Client:
    """Asks as the page does."""
    return httpx.Client(base_url=pane.address, headers={"origin": f"http://{pane.host}"}, timeout=30)
