"""What every open page shows, kept so that each page is sent only what changed since it was last told."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Condition

from addin.live.state import Picture
from validators.findings import Finding, Json

_SHOWN = ("rule", "severity", "file", "sheet", "cell", "row", "header", "key", "message", "basis", "related", "waiver")
"""Parts of a finding's JSON that the page uses."""


def shown(finding: Json) -> Json:
    """A finding's JSON as the page gets it."""
    return {name: finding[name] for name in _SHOWN if finding.get(name) is not None}


@dataclass(frozen=True, slots=True)
class View:
    """All that is to be seen at one moment, as JSON texts."""

    version: int
    head: str
    """Status, file and place of the spreadsheet; `null` without one."""
    findings: Mapping[int, str]
    """By number; a finding keeps its number as long as it stands."""
    jobs: str
    closed: bool
    """Nothing will follow."""


NO_VIEW = View(-1, "null", {}, "[]", False)
"""What a page that has just been opened knows."""


def changes(old: View, new: View) -> str:
    """The JSON text that turns the one into the other on the page: parts that are the same are left out."""
    parts = []
    if new.head != old.head:
        parts.append(f'"head":{new.head}')
    if new.findings is not old.findings:
        gone = old.findings.keys() - new.findings.keys()
        come = [text for number, text in new.findings.items() if number not in old.findings]
        parts.append(f'"gone":{json.dumps(list(gone))},"come":[{",".join(come)}]')
    if new.jobs != old.jobs:
        parts.append(f'"jobs":{new.jobs}')
    if new.closed:
        parts.append('"closed":true')
    return f"{{{','.join(parts)}}}"


class Board:
    """Holds the view; pictures and jobs come from any thread, pages wait for the next view."""

    def __init__(self) -> None:
        self.view = replace(NO_VIEW, version=0)
        self._pages = 0
        self._left: float | None = None
        """When the last page was closed, on the monotonic clock; None before there was one and while there are."""
        self._changed = Condition()
        self._findings: Sequence[Finding] = ()
        self._known: dict[int, tuple[int, str]] = {}
        """Number and text of each finding on show, by identity: a live session keeps those of rows left alone."""
        self._last = 0

    def show(self, picture: Picture) -> None:
        """Put up what the live session knows now."""
        head = {
            "status": picture.status,
            "application": picture.application,
            "file": picture.file and Path(picture.file).name,
            "sheet": picture.sheet,
            "row": picture.row,
            "edited": picture.edited,
            "path": picture.file,
        }
        findings: Mapping[int, str] = self._numbered(picture.findings)
        if findings == self.view.findings:
            findings = self.view.findings  # the same object: nothing to tell
        self._put(head=json.dumps(head, ensure_ascii=False), findings=findings)

    def show_jobs(self, jobs: Iterable[Json]) -> None:
        """Put up how the jobs stand."""
        self._put(jobs=json.dumps(list(jobs), ensure_ascii=False))

    def close(self) -> None:
        """Tell every page that the program ends."""
        self._put(closed=True)

    def newer(self, version: int, timeout: float) -> View:
        """The view once it is newer than `version`, or the present one after `timeout` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self.view.version > version, timeout)
            return self.view

    @contextmanager
    def page(self) -> Iterator[None]:
        """A page is open as long as the block runs."""
        self._pages, self._left = self._pages + 1, None
        try:
            yield
        finally:
            self._pages -= 1
            self._left = None if self._pages else time.monotonic()

    @property
    def open(self) -> bool:
        """Whether any page is open."""
        return self._pages > 0

    def idle(self, seconds: float) -> bool:
        """Whether there were pages, and the last one was closed that long ago."""
        return self._left is not None and time.monotonic() - self._left > seconds

    def _numbered(self, findings: Sequence[Finding]) -> dict[int, str]:
        """Findings by number: that of the same object, or of an equal one that is no longer listed, else a new one."""
        known = self._known
        free: dict[Finding, list[tuple[int, str]]] = {}
        if any(id(finding) not in known for finding in findings):
            present = {id(finding) for finding in findings}
            for finding in self._findings:
                if id(finding) not in present:
                    free.setdefault(finding, []).append(known[id(finding)])
        now: dict[int, tuple[int, str]] = {}
        for finding in findings:
            own = known.get(id(finding))
            if own is None:
                alike = free.get(finding)
                own = alike.pop() if alike else self._new(finding)
            now[id(finding)] = own
        self._findings, self._known = findings, now
        return dict(now.values())

    def _new(self, finding: Finding) -> tuple[int, str]:
        self._last += 1
        return self._last, json.dumps({"n": self._last, **shown(finding.to_json())}, ensure_ascii=False)

    def _put(
        self,
        head: str | None = None,
        findings: Mapping[int, str] | None = None,
        jobs: str | None = None,
        closed: bool = False,
    ) -> None:
        with self._changed:
            old = self.view
            self.view = View(
                old.version + 1,
                old.head if head is None else head,
                old.findings if findings is None else findings,
                old.jobs if jobs is None else jobs,
                old.closed or closed,
            )
            self._changed.notify_all()
