"""`qingdan desk`: starts, opens a window of its own, ends without fuss; and the page comes with the package."""

import json
import os
import signal
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote

import httpx
import pytest
from playwright.sync_api import Browser, expect

from addin.pane.window import NAMES
from tests.addin.cli.test_app import QINGDAN
from tests.addin.conftest import Run, Start
from tests.addin.pane.conftest import FakeLive, client, outputs
from tests.addin.pane.test_jobs import wait_for
from tests.test_house import ROOT


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The only folder that programs are looked for in; a browser there notes what it was asked to show."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("chromium", "xdg-open"):
        (folder / name).write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/{name}.txt"\n')
        (folder / name).chmod(0o755)
    return folder


def started(inbox: Path, programs: Path) -> tuple[subprocess.Popen[str], str]:
    """The command as a process, and its address."""
    process = subprocess.Popen(
        [*QINGDAN, "desk", "--dir", str(inbox), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PATH": str(programs)},
    )
    assert process.stderr
    return process, process.stderr.readline().strip().removeprefix("页面地址（只能在本机打开）：")


def test_it_opens_its_own_window_and_ends_at_once(inbox: Path, programs: Path, tmp_path: Path) -> None:
    (inbox / "说明.sh").write_text("")
    process, address = started(inbox, programs)
    wait_for((tmp_path / "chromium.txt").exists)
    wait_for(lambda: (tmp_path / "chromium.txt").read_text().endswith("\n"))
    assert (tmp_path / "chromium.txt").read_text() == f"--app={address} --window-size=1180,860\n"
    headers = {"origin": address.rsplit("/", 2)[0]}
    with httpx.Client(base_url=address, headers=headers, timeout=60) as ask:
        wait_for(lambda: ask.get("").status_code == 200)
        ask.post("press", json={"work": "audit", "files": ["in/莘县.xlsx"]})
        with ask.stream("GET", "events") as events:  # a page that stays open keeps nobody waiting
            for line in events.iter_lines():
                if '"完成"' in line:
                    break
            opened = tmp_path / "xdg-open.txt"
            for path, place in (("in/莘县.xlsx", inbox / "莘县.xlsx"), ("in", inbox)):
                assert ask.post("open", params={"path": path}, json={}).status_code == 200
                wait_for(lambda: opened.exists() and opened.read_text().endswith(f"{place}\n"))  # noqa: B023 - called here
            refused = ask.post("open", params={"path": "in/说明.sh"}, json={})
            assert refused.status_code == 400 and "只打开文件夹、工作簿" in refused.json()["message"]
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    done = json.loads(out)
    assert done["address"] == address
    (job,) = done["jobs"]
    assert (job["label"], job["what"], job["state"], job["verdict"]) == ("审计", "莘县.xlsx", "完成", "不通过")


def test_ctrl_c_ends_what_runs(inbox: Path, programs: Path) -> None:
    process, address = started(inbox, programs)
    with httpx.Client(base_url=address, headers={"origin": address.rsplit("/", 2)[0]}, timeout=60) as ask:
        wait_for(lambda: ask.get("").status_code == 200)
        assert ask.post("press", json={"work": "consolidate", "files": ["in"]}).status_code == 200
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert [job["state"] for job in json.loads(out)["jobs"]] == ["已取消"]
    assert outputs(inbox.parent / "收件箱-结果") == []


@pytest.mark.parametrize("program", ["exit 3", "exec /nowhere", None], ids=["fails", "broken", "missing"])
def test_a_file_that_cannot_be_opened_is_said_and_leaves_no_process(
    start: Start, inbox: Path, programs: Path, monkeypatch: pytest.MonkeyPatch, program: str | None
) -> None:
    monkeypatch.setenv("PATH", str(programs))
    (programs / "xdg-open").write_text(f"#!/bin/sh\n{program}\n") if program else (programs / "xdg-open").unlink()
    with client(start(None, inbox)) as ask:
        for place in ({}, {"sheet": "企业基本信息", "cell": "V19"}):
            answer = ask.post("open", params={"path": "in/莘县.xlsx"}, json=place)
            assert answer.status_code == 400
            assert answer.json()["message"].startswith("没能打开“莘县.xlsx”：没有找到合适的程序，或它没有打开。")
        odd = {"sheet": "企业基本信息", "cell": "V19' & calc"}
        assert ask.post("open", params={"path": "in/莘县.xlsx"}, json=odd).status_code == 422
    listed = subprocess.run(["/bin/ps", "--ppid", str(os.getpid()), "-o", "comm="], capture_output=True, text=True)
    assert "xdg-open" not in listed.stdout


def test_a_workbook_is_opened_at_the_cell_of_its_finding(
    start: Start, inbox: Path, programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (programs / "soffice").write_text((programs / "xdg-open").read_text().replace("xdg-open", "soffice"))
    (programs / "soffice").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    with client(start(None, inbox)) as ask:
        place = {"sheet": "企业基本信息", "cell": "V19"}
        assert ask.post("open", params={"path": "in/莘县.xlsx"}, json=place).status_code == 200
        assert ask.post("open", params={"path": "in/莘县.xlsx"}, json={}).status_code == 200
    wait_for((tmp_path / "xdg-open.txt").exists)
    at = unquote((tmp_path / "soffice.txt").read_text())
    assert at == f"file://{inbox / '莘县.xlsx'}#'企业基本信息'.V19\n"
    assert (tmp_path / "xdg-open.txt").read_text() == f"{inbox / '莘县.xlsx'}\n"


def test_excel_is_led_to_the_cell_once_it_has_opened_the_workbook(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from addin.live.host import Busy
    from addin.pane import window

    selected: list[tuple[str, str]] = []
    path = inbox / "莘县.xlsx"

    class Book:
        def __init__(self, path: Path) -> None:
            self.path = str(path)

        def select(self, sheet: str, cell: str) -> None:
            selected.append((sheet, cell))

    class Host:
        left = 0

        def books(self) -> list[Book]:
            Host.left += 1
            if Host.left == 1:
                raise Busy
            return [Book(path.with_name("别的.xlsx")), Book(path)]

        def leave(self) -> None:
            pass

    answers = iter([None, Host(), Host()])
    monkeypatch.setattr(window, "LOOKING", 0.01)
    monkeypatch.setitem(sys.modules, "addin.live.excel_host", SimpleNamespace(attach=lambda name: next(answers)))
    window._go_to(path, "企业基本信息", "V19")
    assert selected == [("企业基本信息", "V19")]


def test_a_page_says_when_the_program_is_stuck_or_was_killed(browser: Browser, inbox: Path, programs: Path) -> None:
    process, address = started(inbox, programs)
    page = browser.new_page()
    said = page.locator("#said")
    page.clock.install()
    page.goto(address)
    expect(said).to_have_text("办公台 · 收件箱")
    process.send_signal(signal.SIGSTOP)
    page.clock.fast_forward(20_000)
    expect(said).to_contain_text("清单助手没有回应")
    process.send_signal(signal.SIGCONT)
    expect(said).to_have_text("办公台 · 收件箱")
    page.locator("#works >> text=汇总").click()
    page.locator("#ask-yes").click()
    expect(page.locator(".job progress")).to_be_visible()
    process.kill()
    expect(said).to_contain_text("清单助手没有回应")
    expect(page.locator(".job progress")).to_be_hidden()  # nothing goes on without the program
    expect(page.locator(".clock")).to_be_hidden()
    page.locator("#works >> text=校验").click()
    expect(page.locator("#problem")).to_have_text("清单助手没有回应。请看页面顶部的说明。")
    page.close()
    process.communicate()
    here = str(inbox.parent).encode()
    wait_for(lambda: not any(here in line for line in _commands()))  # the job ends with it


def _commands() -> list[bytes]:
    """Command lines of all processes."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            found.append((process / "cmdline").read_bytes())
    return found


def test_without_a_browser_of_its_own_the_default_one_is_asked(
    programs: Path, monkeypatch: pytest.MonkeyPatch, live: FakeLive
) -> None:
    from addin.pane import window

    (programs / "chromium").unlink()
    monkeypatch.setenv("PATH", str(programs))
    asked: list[str] = []
    monkeypatch.setattr(window.webbrowser, "open", asked.append)
    window.open_window("http://127.0.0.1:1/x/", alone=False)
    assert asked == ["http://127.0.0.1:1/x/"]
    (programs / "xdg-open").unlink()
    assert not window.open_file(programs)
    assert "msedge" in NAMES


def test_a_folder_that_is_none_is_said(run: Run, tmp_path: Path) -> None:
    code, _, err = run("desk", "--dir", tmp_path / "没有")
    assert code == 2 and err.endswith("不是文件夹，或不存在。请用 --dir 指定放着填报表的文件夹。\n")


def test_the_page_is_in_the_wheel(tmp_path: Path) -> None:
    script = "import sys; from hatchling.builders.wheel import WheelBuilder; print(*WheelBuilder(sys.argv[1]).build(directory=sys.argv[2], versions=['standard']))"
    done = subprocess.run(
        [sys.executable, "-c", script, str(ROOT), str(tmp_path)], capture_output=True, text=True, check=True
    )
    with zipfile.ZipFile(done.stdout.strip()) as wheel:
        inside = {name for name in wheel.namelist() if name.startswith("addin/pane/page/")}
    assert inside == {f"addin/pane/page/{path.name}" for path in (ROOT / "addin" / "pane" / "page").iterdir()}
    assert "addin/pane/page/index.html" in inside
