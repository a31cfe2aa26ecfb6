"""The pane in a real browser beside a real LibreOffice: what is typed in a sheet is read on the page."""

import json
import os
import re
import select
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from addin.apps.libreoffice.instance import hold
from addin.live.session import Session
from tests.addin.conftest import Start, Visit
from tests.addin.live.conftest import PATIENCE, Calc, shown, wait_for
from tests.addin.live.screen import screen
from validators.columns import LETTERS
from validators.rule import judge
from workbook_templates.county.reader import read_county

pytestmark = pytest.mark.xdist_group("libreoffice")  # one LibreOffice on the screen and at its pipe at a time

Watching = Callable[[Callable[[], Any]], Session]
ENTERPRISES = "企业基本信息"
SOON = PATIENCE * 1000
USCC, GRADE, GUARANTEED = (LETTERS["enterprises"][field] for field in ("uscc", "grade", "guaranteed"))


def of(page: Page, words: str, cell: str) -> Any:
    """Findings about a cell that say these words, as the page has them."""
    return page.locator(".finding", has=page.get_by_text(cell, exact=True)).filter(has_text=words)


def test_what_is_typed_in_the_sheet_is_seen_in_the_pane_and_a_click_leads_back(
    calc: Calc, watching: Watching, start: Start, visit: Visit
) -> None:
    host = calc.host()
    session = watching(lambda: host)
    shown(session, lambda picture: picture.status == "已连接")
    pane = start(session)
    page, other = visit(pane), visit(pane)
    expect(page.locator("#said")).to_have_text(f"LibreOffice · {calc.path.name}", timeout=SOON)

    code = calc.text(ENTERPRISES, f"{USCC}6")
    bad = of(page, "校验位不符", f"{USCC}6")
    expect(bad).to_have_count(0)
    calc.type(ENTERPRISES, f"{USCC}6", code[:-1] + ("0" if code[-1] != "0" else "1"))
    expect(bad.first).to_be_visible(timeout=SOON)
    expect(of(other, "校验位不符", f"{USCC}6").first).to_be_visible(timeout=SOON)

    calc.go("生产线减排措施", "H9")
    bad.first.click()
    wait_for(lambda: hold(calc.book.CurrentSelection).AbsoluteName == f"${ENTERPRISES}.${USCC}$6")
    expect(page.locator("#list h3").first).to_have_text("当前行（第 6 行）", timeout=SOON)

    calc.type(ENTERPRISES, f"{USCC}6", code)
    expect(bad).to_have_count(0, timeout=SOON)
    expect(of(other, "校验位不符", f"{USCC}6")).to_have_count(0, timeout=SOON)
    assert other.locator(".finding").count() == page.locator(".finding").count()

    record = next(one for one in read_county(calc.path).tables["enterprises"] if one.industry != "非重点行业")
    company = of(page, "未达到B级及以上或引领性", f"{GRADE}{record.row}")
    expect(company).to_have_count(0)
    calc.type(ENTERPRISES, f"{GUARANTEED}{record.row}", "是")
    calc.type(ENTERPRISES, f"{GRADE}{record.row}", "C")
    expect(company).to_be_visible(timeout=SOON)
    assert any(one.rule == "BZ01" and one.row == record.row for one in session.picture().findings)

    other.close()
    path = calc.book.URL
    calc.book.setModified(False)
    calc.book.close(True)
    expect(page.locator("#said")).to_contain_text("填报表已关闭", timeout=SOON)
    expect(company).to_be_visible()
    calc.book = calc.app.books.open(str(calc.path)).api
    assert path == calc.book.URL
    expect(page.locator("#said")).to_have_text(f"LibreOffice · {calc.path.name}", timeout=SOON)
    expect(company).to_have_count(0, timeout=SOON)  # it was closed without saving

    session.stop()
    expect(page.locator("#said")).to_contain_text("已经结束", timeout=SOON)


@pytest.fixture
def alone(libreoffice: None, tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment with a screen and a home of its own, where no window of a browser comes up."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "chromium").write_text("#!/bin/sh\n", encoding="ascii")
    (programs / "chromium").chmod(0o755)
    with screen() as display:
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        yield {**os.environ, "DISPLAY": display, "HOME": str(tmp_path), "PATH": path}


def started(file: Path, env: dict[str, str], *options: str) -> "subprocess.Popen[str]":
    """`qingdan live` as a program of its own."""
    command = [sys.executable, "-c", "import sys; from addin.cli.app import main; sys.exit(main(sys.argv[1:]))"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(
        [*command, "live", str(file), *options], env={**env, "QINGDAN_DEBUG": "1"}, text=True, **pipes
    )


def first_line(program: "subprocess.Popen[str]") -> str:
    """What it says first, on either pipe."""
    pipes = {pipe for pipe in (program.stdout, program.stderr) if pipe}
    ready, _, _ = select.select(pipes, (), (), PATIENCE)
    assert ready, "it says nothing"
    return str(ready[0].readline())


def end_libreoffice() -> None:
    """As when the officer leaves it without saving."""
    from addin.apps.libreoffice.instance import PIPE, Office

    office = Office(PIPE)
    office.connect(PATIENCE)
    try:
        for document in list(office.desktop.Components):
            document.setModified(False)
        office.desktop.terminate()
    except office.uno.getClass("com.sun.star.uno.Exception"):
        pass  # it ends while it answers


def test_the_command_ends_when_its_page_is_closed(
    sample: Path, tmp_path: Path, alone: dict[str, str], browser: Browser
) -> None:
    file = Path(shutil.copy(sample, tmp_path))
    with started(file, alone) as program:
        try:
            address = re.search(r"http://\S+", first_line(program))
            assert address
            page = browser.new_page()
            page.goto(address[0])
            expect(page.locator("#said")).to_have_text(f"LibreOffice · {file.name}", timeout=SOON)
            page.get_by_role("button", name="校验").click()
            expect(page.locator(".job[data-state=完成]")).to_contain_text(file.name, timeout=SOON)
            page.close()
            assert program.wait(PATIENCE) == 0, "there is nothing at ERROR in the sample"
        finally:
            program.kill()
            end_libreoffice()


def test_the_command_prints_what_stood_there_when_libreoffice_was_closed(
    sample: Path, tmp_path: Path, alone: dict[str, str]
) -> None:
    file = Path(shutil.copy(sample, tmp_path))
    with started(file, alone, "--json") as program:
        try:
            assert "正在跟踪工作簿" in first_line(program)
            end_libreoffice()
            out, said = program.communicate(timeout=PATIENCE)
        finally:
            program.kill()
    found = json.loads(out)
    assert "file" in found, (out, said)
    assert (found["file"], found["application"], found["counts"]["ERROR"]) == (file.name, "LibreOffice", 0)
    assert [one["rule"] for one in found["findings"]] == [one.rule for one in judge(read_county(sample))]
    assert program.returncode == 0
