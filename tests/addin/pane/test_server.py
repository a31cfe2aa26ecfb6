"""Who may ask what of the server: this page alone, over two folders alone."""

import json
import os
import socket
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from addin.pane.guard import HEADERS
from addin.pane.server import Pane
from tests.addin.conftest import Start
from tests.addin.pane.conftest import FakeLive, client


def first_event(pane: Pane) -> dict[str, object]:
    with client(pane) as ask, ask.stream("GET", "events") as answer:
        line = next(answer.iter_lines())
    found: dict[str, object] = json.loads(line.removeprefix("data: "))
    return found


def is_chinese(answer: httpx.Response) -> bool:
    message = answer.json()["message"]
    return message.endswith("。") and not any(c.isascii() and c.isalpha() for c in message.replace("qingdan desk", ""))


def test_only_this_computer_can_reach_it(start: Start, live: FakeLive) -> None:
    pane = start(live)
    assert pane.socket.getsockname()[0] == "127.0.0.1"
    assert pane.address.startswith("http://127.0.0.1:") and len(pane.address.split("/")[3]) >= 32
    assert start(live).address.split("/")[3] != pane.address.split("/")[3]


@pytest.mark.parametrize("path", ["", "events", "about", "xxx/", "docs", "openapi.json", "../etc/passwd"])
def test_without_the_secret_there_is_nothing(start: Start, live: FakeLive, path: str) -> None:
    pane = start(live)
    answer = httpx.get(f"http://{pane.host}/{path}")
    assert answer.status_code == 404 and is_chinese(answer)


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "qingdan.example:80"},
        {"host": "localhost"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_names_and_other_pages_are_refused(
    start: Start, live: FakeLive, headers: dict[str, str], method: str
) -> None:
    pane = start(live)
    with client(pane) as ask:
        for path in ("", "about", "events", "select"):
            answer = ask.request(method, path, headers=headers, json={"sheet": "企业基本信息", "cell": "A1"})
            assert answer.status_code == 403 and is_chinese(answer)
    assert live.selected == []


def test_a_post_has_to_say_that_it_comes_from_the_page(start: Start, live: FakeLive) -> None:
    pane = start(live)
    body = {"sheet": "企业基本信息", "cell": "B5"}
    assert httpx.post(pane.address + "select", json=body).status_code == 403
    with client(pane) as ask:
        assert ask.post("select", json=body).status_code == 200
    assert live.selected == [("企业基本信息", "B5")]


ENDLESS = 1 << 24
"""Bytes; more than the server keeps of one request."""


@pytest.mark.parametrize(
    "words",
    [
        b"\x00\xff" * 100,
        b"\r\n" * ENDLESS,
        b"GET /" + b"x" * ENDLESS,
        b"GET / HTTP/1.1\r\nHost: " + b"x" * ENDLESS,
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * (ENDLESS // 6),
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n" + b"x" * ENDLESS,
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + b"fffffff\r\n" + b"x" * ENDLESS,
    ],
    ids=["garbage", "blank lines", "address", "name", "heads", "body", "piece"],
)
def test_a_stranger_who_says_what_no_page_says_is_refused_and_hinders_nobody(
    start: Start, live: FakeLive, words: bytes
) -> None:
    pane = start(live)
    with socket.create_connection(pane.socket.getsockname()) as stranger:
        stranger.settimeout(60)
        with suppress(ConnectionError):
            stranger.sendall(words)
            assert stranger.recv(1000).startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 403 "))
    with client(pane) as ask:
        assert ask.get("about").status_code == 200


def test_every_answer_carries_the_same_protection(start: Start, live: FakeLive, inbox: Path) -> None:
    pane = start(live, inbox)
    with client(pane) as ask:
        answers = [
            ask.get(path) for path in ("", "pane.js", "pane.css", "icon.svg", "about", "list?path=in", "missing")
        ]
        answers.append(ask.get("file", params={"path": "in/东昌府区.xlsx"}))
        answers.append(ask.get("about", headers={"host": "evil.example"}))
    for answer in answers:
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert "set-cookie" not in answer.headers and "server" not in answer.headers
    assert "unsafe" not in HEADERS["content-security-policy"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"sheet": "企业基本信息"},
        {"sheet": "企业基本信息", "cell": "=1+1"},
        {"sheet": "企业基本信息", "cell": "A0"},
        {"sheet": "企业基本信息", "cell": "A1\n"},
        {"sheet": "长" * 32, "cell": "A1"},
        {"sheet": ["a"], "cell": "A1"},
    ],
)
def test_only_a_cell_can_be_selected(start: Start, live: FakeLive, body: object) -> None:
    with client(start(live)) as ask:
        answer = ask.post("select", json=body)
    assert answer.status_code == 422 and is_chinese(answer)
    assert live.selected == []


def test_the_first_event_is_everything_and_the_next_only_what_changed(start: Start, live: FakeLive) -> None:
    pane = start(live)
    with client(pane) as ask, ask.stream("GET", "events") as answer:
        lines = (json.loads(line.removeprefix("data: ")) for line in answer.iter_lines() if line)
        whole = next(lines)
        while "head" not in whole:  # it may have come before the first picture
            whole = next(lines)
        assert whole["head"]["file"] == "东昌府区.xlsx"
        assert len(whole["come"]) == len(live.now.findings)
        assert {"rule", "severity", "message", "n"} <= whole["come"][0].keys()
        live.say(row=9)
        assert next(lines) == {"head": {**whole["head"], "row": 9}}
        gone, *kept = live.now.findings
        live.say(findings=kept)
        assert next(lines) == {"gone": [whole["come"][0]["n"]], "come": []}
        live.say(findings=[gone, *kept])
        back = next(lines)
        assert back["gone"] == [] and [one["message"] for one in back["come"]] == [gone.message]


def test_two_pages_get_the_same(start: Start, live: FakeLive) -> None:
    pane = start(live)
    time.sleep(0.2)
    assert first_event(pane) == first_event(pane)


@pytest.fixture
def elsewhere(inbox: Path) -> Path:
    """A file beside the inbox, and links from the inbox to it and its folder."""
    secret = inbox.parent / "秘密.xlsx"
    secret.write_text("秘密")
    (inbox / "链接.xlsx").symlink_to(secret)
    (inbox / "链接").symlink_to(inbox.parent)
    (inbox / ".隐藏").mkdir()
    (inbox / ".隐藏" / "a.xlsx").write_text("秘密")
    return secret


@pytest.mark.parametrize(
    "path",
    [
        "in/..",
        "in/../秘密.xlsx",
        "in/../收件箱/../秘密.xlsx",
        "in//etc/passwd",
        "in/链接.xlsx",
        "in/链接/秘密.xlsx",
        "in/.隐藏/a.xlsx",
        "out/../秘密.xlsx",
        "other/秘密.xlsx",
        "",
        "..",
        "in/\0",
    ],
)
def test_nothing_outside_the_two_folders_can_be_reached(start: Start, inbox: Path, elsewhere: Path, path: str) -> None:
    with client(start(None, inbox)) as ask:
        answers = [
            ask.get("list", params={"path": path}),
            ask.get("file", params={"path": path}),
            ask.post("open", params={"path": path}, json={}),
            ask.post("press", json={"work": "check", "files": [path]}),
        ]
        assert elsewhere.read_text() == "秘密"
        for answer in answers:
            assert answer.status_code == 400 and answer.json()["message"].endswith("。")
        listed = {one["name"] for one in ask.get("list", params={"path": "in"}).json()}
    assert listed == {path.name for path in inbox.iterdir()} - {"链接.xlsx", "链接", ".隐藏"}


def test_folders_are_listed_before_files_with_size_and_time(start: Start, inbox: Path) -> None:
    (inbox / "第二批").mkdir()
    (inbox / "第二批" / "a.xlsx").write_bytes(b"12345")
    with client(start(None, inbox)) as ask:
        first, *others = ask.get("list", params={"path": "in"}).json()
        assert (first["name"], first["folder"], first["size"]) == ("第二批", True, None)
        assert not any(one["folder"] for one in others)
        (inside,) = ask.get("list", params={"path": first["path"]}).json()
        assert (inside["size"], inside["path"]) == (5, "in/第二批/a.xlsx")
        assert inside["time"] == pytest.approx((inbox / "第二批" / "a.xlsx").stat().st_mtime)
        assert ask.get("list", params={"path": "out"}).json() == []
        assert ask.get("list", params={"path": "in/没有"}).json()["message"] == "“没有”不存在。请核对路径和文件名。"


@pytest.mark.parametrize("name", ["../坏.xlsx", "a/b.xlsx", "a\\b.xlsx", ".a.xlsx", "a:b.xlsx", "..", "a\0.xlsx"])
def test_an_output_is_a_name_in_the_folder_of_results(start: Start, inbox: Path, name: str) -> None:
    before = set(inbox.parent.rglob("*"))
    with client(start(None, inbox)) as ask:
        answer = ask.post("press", json={"work": "consolidate", "files": ["in"], "out": name})
    assert answer.status_code == 400 and "不能用作文件名" in answer.json()["message"]
    assert set(inbox.parent.rglob("*")) - before == set()


def test_what_cannot_be_pressed_is_said(start: Start, inbox: Path, live: FakeLive) -> None:
    with client(start(None, inbox)) as ask:

        def says(**body: object) -> str:
            answer = ask.post("press", json=body)
            assert answer.status_code == 400
            return str(answer.json()["message"])

        assert "没有这个按钮" in says(work="nonsense", files=["in"])
        assert "还没有选中文件" in says(work="export", files=[])
        assert "只能选一个文件" in says(work="export", files=["in"])
        assert "只能选一个文件" in says(work="export", files=["in/东昌府区.xlsx", "in/莘县.xlsx"])
        assert "已不在了" in says(work="check", files=["in/没有.xlsx"])
    live.say(status="等待", file=None)
    with client(start(live)) as ask:
        answer = ask.post("press", json={"work": "check", "files": []})
        assert "没有正在填的表" in answer.json()["message"]
        assert ask.get("list", params={"path": "in"}).status_code == 400
        assert [one["id"] for one in ask.get("about").json()["works"]] == ["check"]


def test_a_name_that_cannot_be_said_hides_nothing_else(start: Start, inbox: Path) -> None:
    (inbox / "莘县.xlsx").rename(inbox / os.fsdecode(b"\xdd\xb7\xcf\xd8.xlsx"))  # as another system wrote it
    with client(start(None, inbox)) as ask:
        listed = ask.get("list", params={"path": "in"}).json()
        assert len(listed) == 10 and [one["path"] for one in listed].count(None) == 1
        assert ask.post("press", json={"work": "check", "files": ["in"]}).status_code == 200


def test_what_nobody_expected_is_one_line(
    start: Start, inbox: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pane = start(None, inbox)
    monkeypatch.setattr(pane.jobs, "cancel", lambda job: 1 / 0)
    with client(pane) as ask:
        answer = ask.post("cancel/1", json={})
    assert answer.status_code == 500 and is_chinese(answer)
    assert answer.headers["content-security-policy"] == HEADERS["content-security-policy"]
    assert capfd.readouterr().err == ""


def test_it_ends_alone_only_after_the_last_page_was_closed(
    start: Start, live: FakeLive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("addin.pane.server._PATIENCE", 0.5)
    stays, ends = start(live), start(live, ends_alone=True)
    time.sleep(1.5)  # nobody has come yet
    assert first_event(stays) and first_event(ends)
    deadline = time.monotonic() + 10
    while not ends.board.view.closed and time.monotonic() < deadline:
        time.sleep(0.05)
    assert ends.board.view.closed and not stays.board.view.closed


def test_it_ends_with_the_live_session(start: Start, live: FakeLive) -> None:
    pane = start(live)
    with client(pane) as page, page.stream("GET", "events") as events:
        told = events.iter_lines()
        assert '"head"' in next(told)
        live.say(status="已结束")
        assert any('"closed":true' in line for line in told)
