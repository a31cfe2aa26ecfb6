"""Files from outside are read in child processes with limits, so that no file can take the program down.

A child that crashes, eats too much memory or takes too long becomes a `Failure` that names its file; the other
files go on. Children are forked from a small server that has everything imported already, or started anew where
the system cannot fork.
"""

import gc
import os
import signal
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, cast

from addin.problems import Stop, debugging, refusal

MEMORY = 1536 << 20
"""Bytes of address space that a child may have; only where the system can limit it (not on Windows)."""
LARGE_MEMORY = 6 << 30
"""The same for a city's or a province's workbook."""
_SECONDS = 60.0
"""Wall-clock time for one file."""
LARGE_SECONDS = 1800.0
"""The same for a city's or a province's workbook."""
PROCESSES = min(2, os.cpu_count() or 1)
PRELOADED = ["addin.cli.app", "addin.office.consolidation", "addin.reading.preload"]
"""Modules that the fork server imports, so that no child has to."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What became of a file that could not be read: one Chinese line."""

    message: str


@dataclass
class _Child:
    number: int
    name: str
    process: BaseProcess
    deadline: float


def each(
    function: Callable[..., Any],
    items: Sequence[tuple[Any, ...]],
    *,
    memory: int = MEMORY,
    seconds: float = _SECONDS,
    processes: int = PROCESSES,
) -> Iterator[Any]:
    """What `function(*item)` returns for each item, or a `Failure`, in the order of the items.

    `function` is defined at module level, and what it returns can be pickled; `item[0]` is the path of the file
    that it reads. It raises `Stop` with the line for the user, or OSError. `memory` is in bytes, `seconds` per item.
    """
    context = _context()
    waiting = deque(enumerate(items))
    running: dict[Connection, _Child] = {}
    done: dict[int, Any] = {}
    following = 0
    try:
        while following < len(items):
            # results that wait for their turn cost memory, so nobody runs far ahead
            while waiting and len(running) < processes and waiting[0][0] < following + 2 * processes:
                number, item = waiting.popleft()
                receiver, sender = context.Pipe(duplex=False)
                given = (sender, function, item, memory, dict(os.environ))
                process = context.Process(target=_run, args=given, daemon=True)  # type: ignore[attr-defined] # each has it
                process.start()
                sender.close()
                running[receiver] = _Child(number, Path(item[0]).name, process, time.monotonic() + seconds)
            pause = min(child.deadline for child in running.values()) - time.monotonic()
            for ready in wait(list(running), max(0.0, pause)):
                receiver = cast(Connection, ready)  # on Windows it is a PipeConnection, which does the same
                child = running.pop(receiver)
                done[child.number] = _received(receiver, child)
            for late in [one for one, child in running.items() if time.monotonic() > child.deadline]:
                child = running.pop(late)
                _end(late, child)
                done[child.number] = Failure(
                    f"“{child.name}”超过 {seconds:g} 秒还没有读完，已停止。请检查文件是否异常庞大，另存后再试。"
                )
            while following in done:
                yield done.pop(following)
                following += 1
    finally:
        for receiver, child in running.items():
            _end(receiver, child)


def _context() -> BaseContext:
    """How children are started: never by forking this process, which may have threads."""
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def _received(receiver: Connection, child: _Child) -> Any:  # noqa: ANN401 - whatever the function returned
    try:
        return receiver.recv()
    except (EOFError, OSError):
        return Failure(f"“{child.name}”读不了，内容已损坏或超出内存限制。请在表格软件中打开并另存为 .xlsx 再试。")
    finally:
        _end(receiver, child)


def _end(receiver: Connection, child: _Child) -> None:
    receiver.close()
    child.process.kill()  # it has nothing left to do, or must not go on
    child.process.join()
    child.process.close()


def _run(
    sender: Connection, function: Callable[..., Any], item: tuple[Any, ...], memory: int, environment: dict[str, str]
) -> None:
    """The child: limits itself, works, and sends back what came of it."""
    os.environ.clear()  # what the server has is that of its own start
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    if not debugging():
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # a reader that aborts says so in English
    _limit(memory)
    name = Path(item[0]).name
    gc.disable()  # a child lives for one file and makes few cycles
    try:
        sender.send(function(*item))
    except MemoryError:
        sender.send(Failure(f"“{name}”需要的内存超过上限（{memory >> 20} MB），已停止。请检查文件是否异常庞大。"))
    except Stop as error:
        sender.send(Failure(str(error)))
    except OSError as error:
        sender.send(Failure(refusal(error, name)))
    except Exception:
        if debugging():
            traceback.print_exc()
        sender.send(Failure(f"“{name}”读取时出错，内容可能已损坏。请在表格软件中另存为 .xlsx 再试。"))


def _limit(memory: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
