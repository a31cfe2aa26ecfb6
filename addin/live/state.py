"""What a live session shows to the pane: one immutable picture at a time, and a way to wait for the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from validators.findings import Finding

Status = Literal["等待", "已连接", "忙", "已关闭", "已结束"]
"""等待: no workbook of ours is open yet. 忙: the application is busy, what is shown is a moment old.
已结束: the session has ended, no other picture follows."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known at one moment."""

    version: int
    """Rises by one with every change of anything below."""
    status: Status
    application: str
    """Name of the spreadsheet application as people know it: LibreOffice, Excel, WPS."""
    file: str | None
    """Path of the workbook (its title while it was never saved), None while there is none."""
    sheet: str | None
    """Title of the sheet where the officer stands."""
    row: int | None
    """1-based row where the officer stands."""
    findings: Sequence[Finding]
    """All findings of the workbook, in order."""
    edited: tuple[str, int] | None = None
    """Title of the sheet and row that were edited last."""
    checked: int = 0
    """How many times everything was read anew because somebody asked for it (`Live.check`)."""
    unsaved: bool = False
    """Whether there were changes then that are not saved."""


class Live(Protocol):
    """A live session as the pane sees it; its methods may be called from any thread."""

    def picture(self) -> Picture:
        """What is known now."""

    def newer(self, version: int, timeout: float) -> Picture:
        """The first picture newer than `version`, or the present one after `timeout` seconds."""

    def select(self, sheet: str, cell: str) -> None:
        """Have that cell selected; does nothing while no workbook is open."""

    def check(self) -> int:
        """Have everything read and judged anew; that is done once `Picture.checked` is what this returns, or more."""

    def stop(self) -> None:
        """End the session; the application and its workbook stay open."""
