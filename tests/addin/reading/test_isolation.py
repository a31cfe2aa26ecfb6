"""A file that crashes its reader, or asks too much, is a line of text; the others go on."""

import os
import signal
import subprocess
import sys
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
    enough = 6  # for a child of a busy computer
    late, other = each(work, [(Path("f.xlsx"), "slow"), (Path("g"), "x")], seconds=enough)
    assert isinstance(late, Failure) and "超过 6 秒" in late.message
    assert other == "g:x"


def test_what_still_runs_is_ended_when_nobody_wants_more() -> None:
    results = each(work, [(Path("f"), "x"), (Path("g"), "slow")])
    assert next(results) == "f:x"
    results.close()  # would wait for ten minutes if the child were only joined


@pytest.mark.skipif(sys.platform != "linux", reason="只有 Linux 上的命令自己分出子进程")
def test_the_same_holds_of_the_server_that_a_command_forks() -> None:
    all_but_this = ["-k", "not forks and not was_killed", "-p", "tests.addin.reading.settled", "-n", "0", "-q"]
    done = subprocess.run([sys.executable, "-m", "pytest", __file__, *all_but_this], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("." * 9), done.stdout


COMMAND = """
import os, pathlib
from addin.reading import isolation
from tests.addin.reading.test_isolation import work
isolation.settle()
server = int(open(f"/proc/self/task/{os.getpid()}/children").read())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="只有 Linux 上的命令自己分出子进程")
def test_nothing_is_left_of_a_command_that_was_killed() -> None:
    then = """
results = isolation.each(work, [(pathlib.Path("f"), "x"), (pathlib.Path("g"), "slow")])
print(next(results), server, *open(f"/proc/{server}/task/{server}/children").read().split(), flush=True)
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", COMMAND + then], capture_output=True, text=True)
    first, *processes = done.stdout.split()
    assert first == "f:x" and len(processes) > 1, done.stderr
    until = time.monotonic() + 60
    while any(Path(f"/proc/{one}").exists() for one in processes):
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="只有 Linux 上的命令自己分出子进程")
def test_where_the_server_was_killed_another_one_is_started() -> None:
    then = """
if __name__ == "__main__":
    os.kill(server, 9)
    print(*isolation.each(work, [(pathlib.Path("f"), "x"), (pathlib.Path("g"), "y")]))
"""
    done = subprocess.run([sys.executable, "-c", COMMAND + then], capture_output=True, text=True)
    assert done.stdout.split() == ["f:x", "g:y"], done.stderr
