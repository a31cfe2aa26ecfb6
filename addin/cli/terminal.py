"""What goes to standard output and standard error: one JSON document or lines, and a progress bar."""

import json
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import groupby
from threading import Thread, Timer
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:  # a help page needs none of these
    from addin.office.results import Answer, FindingRow
    from addin.reading.steps import Step

BAR_AFTER = 1.0
"""Seconds that a job takes before a progress bar is shown."""


def document(value: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Print the one JSON document of a command."""
    print(json.dumps(value, ensure_ascii=False))


def show(result: "Answer", *, as_json: bool) -> int:
    """Print what a command came to, as JSON, for people or for the page; returns its exit code."""
    if in_a_job():
        document(result.card().model_dump(mode="json"))
    elif as_json:
        document(result.to_json())
    else:
        _say_all(result.lines())
    for line in result.warnings():
        warn(line)
    return result.code


def _say_all(lines: "Iterable[str | FindingRow]") -> None:
    """Print lines; rows that follow each other are a table that wraps on a terminal, else plain lines."""
    for is_text, own in groupby(lines, key=lambda line: isinstance(line, str)):
        if is_text or not sys.stdout.isatty():
            for line in own:
                say(line if isinstance(line, str) else f"    {'  '.join(line[1:])}")
        else:
            _table(cast("list[FindingRow]", list(own)))


COLOURS = {"BLOCKER": "bold red", "ERROR": "red", "WARNING": "yellow", "INFO": "dim"}


def _table(rows: "list[FindingRow]") -> None:
    from rich.cells import chop_cells
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    table = Table.grid(padding=(0, 2), pad_edge=False)
    room = console.width - max(len(row.place) for row in rows) - len("    ✗  " + "  GS01  ")
    for row in rows:
        colour = COLOURS[row.severity.name] if row.severity else "dim"
        # cut here: rich breaks lines at blanks, which Chinese has not
        lines = "\n".join(chop_cells(harmless(row.message), max(room, 20)))
        table.add_row(
            Text(f"    {row.symbol}", colour), Text(row.place), Text(row.rule, "cyan"), Text(lines, no_wrap=True)
        )
    console.print(table)


def say(line: str) -> None:
    """Print a line of the result for people; control characters from files do not reach the terminal."""
    print(harmless(line))


def warn(line: str) -> None:
    """A line for the user that is not part of the result."""
    print(harmless(line), file=sys.stderr)


def harmless(line: str) -> str:
    """A text without control characters, which could steer the terminal."""
    if line.isprintable():
        return line
    from validators.text import is_shown  # a help page needs none of it

    return "".join(c if c == "\n" or is_shown(c) else "�" for c in line)


_alone = False
"""Whether this process was started to run one command and nothing else."""


def prepare(*, alone: bool) -> None:
    """Let both streams take any character: UTF-8 where they are no terminal, replaced where they cannot show it.

    `alone` says that this process was started to run one command and nothing else.
    """
    global _alone  # noqa: PLW0603 - it is a fact about the process
    _alone = alone
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding=stream.encoding if stream.isatty() else "utf-8", errors="replace")


def _end_with_the_desk() -> None:
    """In a job of the pane: standard input ends when the program that started it is gone, killed or not."""
    with suppress(OSError):
        while os.read(0, 4096):  # not `sys.stdin`, whose lock would be missing when the command ends first
            pass
    if sys.platform == "win32":
        os._exit(1)
    if os.getsid(0) == os.getpid():  # the job was started apart, with all that it starts
        os.killpg(0, signal.SIGKILL)


def in_a_job() -> bool:
    """Whether the page started this command."""
    from workbook_templates.xlsx.writer import JOB

    return bool(os.environ.get(JOB))


@contextmanager
def progress(label: str) -> "Iterator[Step]":
    """A bar on standard error while the block runs, if that is a terminal and it takes over a second.

    Yields what is called at each step; as long as it is not called the bar only shows that work goes on. In a job
    of the pane each step is a line of JSON instead.
    """
    from addin.reading.isolation import settle
    from addin.reading.steps import STEP_MARK

    if _alone:
        settle()  # before there are threads
    if in_a_job():
        Thread(target=_end_with_the_desk, daemon=True).start()
        yield lambda *step: print(STEP_MARK + json.dumps(step), file=sys.stderr, flush=True)
        return
    if not sys.stderr.isatty():
        yield lambda done, of, what: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()]
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task(label, total=None)
    timer = Timer(BAR_AFTER, bar.start)
    timer.daemon = True
    timer.start()
    try:
        yield lambda done, of, what: bar.update(task, completed=done, total=of, description=f"{label} {harmless(what)}")
    finally:
        timer.cancel()
        timer.join()
        bar.stop()
