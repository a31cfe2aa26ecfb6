"""The buttons: commands of `qingdan`, each run as a child process that can be ended at any moment."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock, Thread
from typing import IO, Any, Literal

from addin.live.state import Live
from addin.office.results import Card, Tone
from addin.office.signing import PASSPHRASE
from addin.pane.board import shown
from addin.pane.works import Work
from addin.problems import Stop, refusal
from addin.reading.steps import STEP_MARK
from validators.findings import SEVERITY_NAMES, Json, stops
from workbook_templates.submission.submission_workbook import manifest_path
from workbook_templates.xlsx.writer import JOB

State = Literal["运行中", "完成", "没做成", "已取消"]
ANSWERS = 20.0
"""Seconds within which the spreadsheet has to answer that it was read anew."""
_REFUSED = 2
"""The exit code of what could not be done."""
KEPT = 20
"""Jobs that stay on the page."""


@dataclass
class Job:
    """One press of a button."""

    id: int
    work: Work
    what: str
    """The files, as people call them."""
    out: Path | None = None
    also: Sequence[Path] = ()
    """Papers that it writes besides."""
    live: bool = False
    """Whether its findings are those of the open workbook, as they stand at any moment."""
    state: State = "运行中"
    cancelled: bool = False
    written: bool = False
    """Whether the output lies there."""
    step: tuple[int, int, str] | None = None
    """Done, of how many, and what is being done; None while the command has not said."""
    verdict: str | None = None
    result: str = ""
    """What came of it in a few words: what was made, and what stands open."""
    tone: Tone = "good"
    checks: list[Json] = field(default_factory=list)
    """Of an audit: each check with its file, result and count, and what is to be known of it."""
    total: int = 0
    """How many were found; of an audit `findings` holds only the first of each check."""
    words: list[str] = field(default_factory=list)
    """What came of it, line by line."""
    findings: list[Json] = field(default_factory=list)
    began: float = field(default_factory=time.time)
    seconds: float = 0.0

    def to_json(self) -> Json:
        """What the page shows of it; the findings are fetched apart."""
        return {
            "id": self.id,
            "work": self.work.id,
            "label": self.work.label,
            "what": self.what,
            "state": self.state,
            "step": self.step,
            "live": self.live,
            "verdict": self.verdict,
            "result": self.result,
            "tone": self.tone,
            "checks": self.checks,
            "words": self.words,
            "findings": self.total,
            "began": self.began,
            "seconds": round(self.seconds, 1),
            "out": self.out.name if self.out and self.written else None,
            "also": [path.name for path in self._papers() if self.state == "完成" and path.exists()],
        }

    def _papers(self) -> list[Path]:
        """What was written besides, and the report beside the output."""
        beside = [self.out.with_name(self.out.stem + self.work.beside)] if self.out and self.work.beside else []
        return [*self.also, *beside]


class Jobs:
    """Runs one job at a time and keeps the last ones."""

    def __init__(self, changed: Callable[[list[Json]], None], ended: Callable[[Job], None] = lambda job: None) -> None:
        self.all: dict[int, Job] = {}
        self._changed = changed
        self._ended = ended
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: Thread | None = None
        self._count = 0

    def put_back(self, jobs: Sequence[Job]) -> None:
        """Show jobs of an earlier run of the program again."""
        for job in jobs:
            self._count += 1
            job.id = self._count
            self.all[job.id] = job
        self._tell()

    @property
    def running(self) -> Job | None:
        """The job that runs now."""
        return next((job for job in self.all.values() if job.state == "运行中"), None)

    def start(
        self,
        work: Work,
        files: Sequence[Path],
        what: str,
        *,
        out: Path | None = None,
        overwrite: bool = False,
        options: Sequence[str] = (),
        also: Sequence[Path] = (),
        passphrase: str = "",
    ) -> Job:
        """Start a job on these files, with options of the command. Raises `Stop` while another one runs."""
        arguments = [*(work.command or (work.id,)), *map(str, files), *options]
        if out:
            arguments += ["--out", str(out)]
        if overwrite and work.forced:
            arguments.append("--force")
        return self._begin(Job(0, work, what, out, also), self._run, arguments, passphrase)

    def check(self, work: Work, what: str, live: Live) -> Job:
        """Have the open workbook read and judged anew, what is not saved included. Raises `Stop` as `start`."""
        return self._begin(Job(0, work, what, live=True), self._check, live)

    def _begin(self, job: Job, run: Callable[..., None], *arguments: Any) -> Job:  # noqa: ANN401 - those of `run`
        with self._lock:
            if self.running:
                raise Stop(f"“{self.running.work.label}”还在进行。请等它做完，或先取消它。")
            self._count += 1
            job.id = self._count
            self.all[job.id] = job
            for old in list(self.all)[:-KEPT]:
                del self.all[old]
            self._thread = Thread(target=run, args=(job, *arguments), daemon=True)
            self._thread.start()
        return job

    def cancel(self, id_: int) -> None:
        """End a job and everything that it started; does nothing where it has ended."""
        with self._lock:
            job = self.all.get(id_)
            if job and job.state == "运行中":
                job.cancelled = True
                if self._process:
                    _end(self._process)

    def close(self) -> None:
        """End what runs, and wait until it has cleared up."""
        if self.running:
            self.cancel(self.running.id)
        if self._thread:
            self._thread.join()

    def _tell(self) -> None:
        self._changed([job.to_json() for job in self.all.values()])

    def _check(self, job: Job, live: Live) -> None:
        began = time.monotonic()
        self._tell()
        wanted, picture = live.check(), live.picture()
        while picture.checked < wanted and not job.cancelled and time.monotonic() < began + ANSWERS:
            picture = live.newer(picture.version, 0.5)
        job.seconds = time.monotonic() - began
        if job.cancelled:
            job.state = "已取消"
        elif picture.checked < wanted or picture.status not in ("已连接", "忙"):
            job.words = ["表格软件没有应答。请按回车键结束输入、关闭它打开的对话框，再按一次校验。"]
            job.state, job.tone, job.result = "没做成", "bad", "没做成"
        else:
            passed = not stops(picture.findings)
            job.result = job.verdict = "通过" if passed else "不通过"
            job.tone = "good" if passed else "bad"
            numbers = Counter(one.severity for one in picture.findings if not one.waiver)
            listed = "，".join(f"{SEVERITY_NAMES[one]} {numbers[one]} 条" for one in sorted(numbers, reverse=True))
            job.words = [listed or "没有发现问题。"]
            if picture.unsaved:
                job.words.append("表里有还没保存的改动，也一起校验了。请记得保存：汇总和上报用的是保存过的文件。")
            job.state = "完成"
        self._tell()

    def _run(self, job: Job, arguments: list[str], passphrase: str) -> None:
        mark = secrets.token_hex(8)
        new = job.out is not None and not job.out.exists() and job.work.out != "."
        began = time.monotonic()
        self._tell()
        try:
            if job.out and job.work.made_first:
                job.out.mkdir(exist_ok=True)
            state = self._follow(job, arguments, mark, passphrase)
        except OSError as error:
            state, job.words = "没做成", [f"{job.work.label}没有做成：{refusal(error)}"]
        if job.out:
            _clear(job.out, mark, whole=new and state != "完成")
        job.seconds = time.monotonic() - began
        job.state = state
        self._ended(job)
        self._tell()

    def _follow(self, job: Job, arguments: list[str], mark: str, passphrase: str) -> State:
        """Start the process, pass its steps on, and take what it came to."""
        said: list[str] = []
        with TemporaryFile() as output:
            with self._lock:
                if job.cancelled:
                    return "已取消"
                process = self._process = _start(arguments, mark, output, passphrase)
            assert process.stderr  # noqa: S101 - for the type checker
            with process.stderr as lines:
                for line in lines:
                    text = line.decode("utf-8", "replace").rstrip("\r\n")
                    if text.startswith(STEP_MARK):
                        job.step = tuple(json.loads(text.removeprefix(STEP_MARK)))
                        self._tell()
                    else:
                        said.append(text)
            with self._lock:
                if sys.platform != "win32":
                    _end(process)  # nothing that it started outlives it
                code = process.wait()
                self._process = None
            if process.stdin:
                process.stdin.close()
            if job.cancelled:
                _wait_for_all(process)
                return "已取消"
            output.seek(0)
            return _take(job, code, output.read(), said)


def _start(arguments: list[str], mark: str, output: IO[bytes], passphrase: str) -> subprocess.Popen[bytes]:
    # -P: nothing that lies in the current folder is imported
    command = [sys.executable, "-P", "-c", "import sys; from addin.cli.app import main; sys.exit(main())", *arguments]
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    secret = {PASSPHRASE: passphrase} if passphrase else {}
    return subprocess.Popen(  # noqa: S603 - our own command, no shell
        command,
        stdin=subprocess.PIPE,  # never written to: it ends with this process, and the job with it
        stdout=output,
        stderr=subprocess.PIPE,
        env={**os.environ, **secret, JOB: mark, "PYTHONUTF8": "1"},
        **apart,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process that was started apart, and all that it started; nobody has waited for it yet."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False)  # noqa: S603, S607 - a number
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _wait_for_all(process: subprocess.Popen[bytes]) -> None:
    """Wait until nothing is left of what was ended with a process; a second at most, for who is dead may stay listed."""
    if sys.platform != "win32":
        until = time.monotonic() + 1.0
        with suppress(ProcessLookupError, PermissionError):
            while time.monotonic() < until:
                os.killpg(process.pid, 0)
                time.sleep(0.01)


def _clear(out: Path, mark: str, *, whole: bool) -> None:
    """Remove the temporary files of a job that has ended; with `whole` also what it had finished."""
    for left in out.parent.rglob(f".{mark}*.tmp"):
        left.unlink(missing_ok=True)
    if whole and out.is_dir():
        shutil.rmtree(out, ignore_errors=True)
    elif whole:
        out.unlink(missing_ok=True)
        manifest_path(out).unlink(missing_ok=True)


def _take(job: Job, code: int, output: bytes, said: list[str]) -> State:
    """Keep what a job came to; `said` are the lines that it warned with."""
    try:
        card = Card.model_validate_json(output)
    except ValueError:
        refused = (
            [] if code == _REFUSED and said else [f"{job.work.label}意外停止，可能是内存不够。请关闭其他程序后重试。"]
        )
        job.words = [*said, *refused]
        return "没做成"
    job.result, job.tone, job.verdict, job.checks = card.result, card.tone, card.verdict, card.checks
    job.findings = [shown(one) for one in card.listed]
    job.total = sum(one["count"] for one in card.checks) or len(job.findings)
    job.written = card.written and job.out is not None and job.out.exists()
    job.words = [*said, *(line for line in card.words if line not in said)]
    return "完成"
