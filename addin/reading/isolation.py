"""Files from outside are read in child processes with limits, so that no file can take the program down.

A child that crashes, eats too much memory or takes too long becomes a `Failure` that names its file; the other
files go on. Children are forked from a small server that has everything imported already: from one that the command
itself forked while it had no threads (`settle`), else from one that was started anew. Where the system cannot fork,
each child is started anew.
"""

import gc
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from multiprocessing import Pipe, get_all_start_methods, get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any, cast

from addin.problems import Stop, debugging, refusal

MEMORY = 1536 << 20
"""Bytes of address space that a child may have; only where the system can limit it (not on Windows)."""
LARGE_MEMORY = 6 << 30
"""The same for a city's or a province's workbook."""
_SECONDS = 60.0
"""Wall-clock time for one file."""
TABLE_SECONDS = 300.0
"""The same for foreign tables, which may have rows of many counties."""
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
    end: Callable[[], object]
    """Kills it and waits for it: it has nothing left to do, or must not go on."""
    deadline: float


_server: socket.socket | None = None
"""Where the server that this process forked is asked for children."""


def settle() -> None:
    """Fork the server of this process's children, which then need not import anything.

    For a process that runs one command: what it has imported, the server has. Does nothing where it has threads
    already, for a fork would leave them behind with whatever they hold.
    """
    global _server
    if _server is None and sys.platform == "linux" and threading.active_count() == 1:
        _server, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if os.fork() == 0:
            _server.close()
            try:
                _serve(theirs)
            finally:
                os._exit(0)
        theirs.close()


def _serve(asked: socket.socket) -> None:
    """The server: fork a child for each connection that it is sent, end the one whose number it is sent.

    A child that has ended keeps its number until then. When nobody is left who could ask, the children end, too.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    gc.freeze()
    children: set[int] = set()
    while True:
        said, own, *_ = socket.recv_fds(asked, 32, 1)
        if own:
            import_module("addin.reading.preload")
            child = os.fork()
            if child == 0:
                asked.close()
                try:
                    connection = Connection(own[0])
                    _run(connection, *connection.recv())
                finally:
                    os._exit(0)
            os.close(own[0])
            children.add(child)
            asked.send(str(child).encode())
            continue
        for child in [int(said)] if said else children:
            os.kill(child, signal.SIGKILL)
        if not said:
            return
        os.waitpid(int(said), 0)
        children.remove(int(said))


def _start(given: tuple[Any, ...]) -> tuple[Connection, Callable[[], object]]:
    """A child at work on what it is given: where its answer will come from, and what ends it."""
    if _server is not None:
        receiver, theirs = Pipe()
        with suppress(OSError):  # it may have been killed: then another one is started below
            socket.send_fds(_server, [b"child"], [theirs.fileno()])
            theirs.close()
            if child := _server.recv(32):
                receiver.send(given)
                return receiver, partial(_server.send, child)
    context = _context()
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(sender, *given), daemon=True)  # type: ignore[attr-defined] # each has it
    process.start()
    sender.close()

    def end() -> None:
        process.kill()
        process.join()
        process.close()

    return receiver, end


def each(
    function: Callable[..., Any],
    items: Sequence[tuple[Any, ...]],
    *,
    memory: int = MEMORY,
    seconds: float = _SECONDS,
    processes: int = PROCESSES,
) -> Iterator[Any]:
    """What `function(*item)` returns for each item, or a `Failure`, in the order of the items; the first children start now.

    `function` is defined at module level, and what it returns can be pickled; `item[0]` is the path of the file
    that it reads. It raises `Stop` with the line for the user, or OSError. `memory` is in bytes, `seconds` per item.
    """
    found = _each(function, items, memory, seconds, processes)
    next(found, None)
    return found


def _each(
    function: Callable[..., Any], items: Sequence[tuple[Any, ...]], memory: int, seconds: float, processes: int
) -> Iterator[Any]:
    """Yields nothing of worth once the first children have started, and then what `each` returns."""
    waiting = deque(enumerate(items))
    running: dict[Connection, _Child] = {}
    done: dict[int, Any] = {}
    following, begun = 0, False
    try:
        while following < len(items):
            # results that wait for their turn cost memory, so nobody runs far ahead
            while waiting and len(running) < processes and waiting[0][0] < following + 2 * processes:
                number, item = waiting.popleft()
                receiver, end = _start((function, item, memory, dict(os.environ)))
                running[receiver] = _Child(number, Path(item[0]).name, end, time.monotonic() + seconds)
            if not begun:
                begun = True
                yield None
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
    """How children are started by a process that has no server of its own: never by forking, for it may have threads."""
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
    child.end()


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
