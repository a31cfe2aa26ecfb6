"""What the tests here share: a filled workbook, running a command in this process, a running pane, and Chromium."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from addin.cli.app import main
from addin.live.state import Live
from addin.pane.server import Pane
from validators import ruleset
from workbook_templates.county.template import write_county
from workbook_templates.samples.sample_inventory import make_officer, make_rows

COUNTY = "371502"
RULES = ruleset.load("2020")


class Ran(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: object) -> Ran:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return Ran(code, captured.out, captured.err)

    return run


def fill(path: Path, county: str = COUNTY, enterprises: int = 4, **changes: object) -> Path:
    """A made-up workbook; `changes` are keywords of `write_county`."""
    given: dict[str, Any] = {
        "round_": "首报",
        "revision": 1,
        "enterprises": enterprises,
        "rows": make_rows(county, enterprises, 1, RULES),
        "officer": make_officer(county, 1, RULES),
    }
    with path.open("wb") as file:
        write_county(file, county=county, ruleset=RULES, **{**given, **changes})
    return path


@pytest.fixture(scope="session")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook without errors; read it, never write to it."""
    return fill(tmp_path_factory.mktemp("county") / "东昌府区.xlsx")


Start = Callable[..., Pane]


@pytest.fixture
def start() -> Iterator[Start]:
    """`start(live, inbox)`: a pane that serves until the test ends."""
    running: list[tuple[Pane, Thread]] = []

    def start(live: Live | None = None, inbox: Path | None = None, **options: bool) -> Pane:
        pane = Pane(live, inbox)
        thread = Thread(target=pane.run, kwargs=options)
        thread.start()
        running.append((pane, thread))
        return pane

    yield start
    for pane, thread in running:
        pane.close()
        thread.join(10)
        assert not thread.is_alive(), "a pane that is closed ends"


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None and not os.environ.get("CI"):
        pytest.skip("没有 Chromium：请安装 chromium（Debian：apt-get install chromium）")
    assert program, "CI must have Chromium"
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    browser = playwright.chromium.launch(
        executable_path=program, args=[*options, "--disable-component-update", "--disable-sync"]
    )
    yield browser
    browser.close()


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """`visit(pane)`: the page in a browser; nothing may go wrong in it, and it may ask nobody else."""
    contexts = []
    wrong: list[str] = []

    def visit(pane: Pane, width: int = 420, height: int = 900, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda one: one.url.startswith(pane.address) or wrong.append(one.url))
        page.goto(pane.address)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert wrong == []
