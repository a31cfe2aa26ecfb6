"""A file that crashes its reader, or asks too much, is a line of text; the others go on."""

import os
import signal
import time
from pathlib import Path

import pytest

from addin.problems import Stop
from addin.reading.isolation import Failure, each


def work(path: Path, what: str) -> str:
    if what == "abort":
        os.abort()
    if what == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "slow":
        time.sleep(600)
    if what == "huge":
        return "x" * (4 << 30)
    if what == "bug":
        raise ZeroDivisionError
    if what == "stop":
        raise Stop("读不了，请换一个文件。")
    if what == "missing":
        Path("没有这个文件").read_bytes()
    if what == "last":
        time.sleep(0.3)
    return f"{path.name}:{what}"


def test_results_come_in_the_order_of_the_items() -> None:
    whats = ["last", "a", "b", "c", "d"]
    assert list(each(work, [(Path("f.xlsx"), what) for what in whats])) == [f"f.xlsx:{what}" for what in whats]


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("abort", "内容已损坏或超出内存限制"),
        ("killed", "内容已损坏或超出内存限制"),
        ("huge", "需要的内存超过上限"),
        ("bug", "读取时出错"),
        ("missing", "“f.xlsx”不存在"),
    ],
)
def test_what_goes_wrong_is_a_line_that_names_the_file(what: str, says: str, capfd: pytest.CaptureFixture[str]) -> None:
    before, failure, after = each(work, [(Path("a"), "x"), (Path("f.xlsx"), what), (Path("z"), "x")], memory=1 << 30)
    assert (before, after) == ("a:x", "z:x")
    assert isinstance(failure, Failure)
    assert says in failure.message and "f.xlsx" in failure.message and "\n" not in failure.message
    assert capfd.readouterr().err == ""


def test_a_reason_to_stop_is_passed_on() -> None:
    assert list(each(work, [(Path("f"), "stop")])) == [Failure("读不了，请换一个文件。")]


def test_one_that_takes_too_long_is_ended() -> None:
    late, other = each(work, [(Path("f.xlsx"), "slow"), (Path("g"), "x")], seconds=1)
    assert isinstance(late, Failure) and "超过 1 秒" in late.message
    assert other == "g:x"


def test_what_still_runs_is_ended_when_nobody_wants_more() -> None:
    results = each(work, [(Path("f"), "x"), (Path("g"), "slow")])
    assert next(results) == "f:x"
    results.close()  # would wait for ten minutes if the child were only joined
