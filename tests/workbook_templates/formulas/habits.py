"""An officer at LibreOffice who works as officers do, and whether the workbook then says what `check` says.

Everything goes through the view of one headless LibreOffice, as by hand: selections, the clipboard, commands of the
menus. The law: the cover never says ✓ while `check` of the saved file finds an error; and rows, heads and cover never
disagree.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from addin.apps.libreoffice.instance import Office, hold
from validators.columns import COVER_TITLE, INVENTORY, SHEETS
from validators.findings import Finding, Severity
from validators.rule import judge
from workbook_templates.county.reader import read_county
from workbook_templates.formulas.default_formulas import OFFERED
from workbook_templates.formulas.plan import ONLY_IN_PYTHON
from workbook_templates.xlsx.appearance import FIRST_ROW

XLSX = "Calc MS Excel 2007 XML"
GO, BOARD = 13, 14
"""Rows of the cover: whether the workbook can be handed in, and the first of the sheets."""
STATUS = SHEETS["enterprises"]["status"].header
LOOKED_AT = 80
"""Rows of each list that are looked at."""
SEEN_BY_PYTHON = {*ONLY_IN_PYTHON, "GS07"}
"""Rules that find what no formula sees (a merged cell), and so no row can say."""
OWN_FORMULA = "是自己写的公式"
OFFERED_HEADS = {(SHEETS[sheet].title, SHEETS[sheet][field].header) for sheet, field in OFFERED}
"""Columns where another formula than the one that is offered may stand: no cell tells what the formula of another is."""


@dataclass(frozen=True)
class Said:
    """What the workbook shows."""

    go: str
    board: dict[str, str]
    """How far each sheet is, by title; likewise below."""
    links: dict[str, str]
    counts: dict[str, str]
    rows: dict[str, dict[int, str]]
    """What 校验 says, by 1-based row; blank ones left out."""


class Desk:
    """A LibreOffice with workbooks open; one of them is worked in."""

    def __init__(self, office: Office, folder: Path) -> None:
        self.office, self._saved = office, folder / "saved.xlsx"
        self._dispatcher = office.context.ServiceManager.createInstanceWithContext(
            "com.sun.star.frame.DispatchHelper", office.context
        )
        self.book: Any = None
        self._paste_without_asking()

    def _paste_without_asking(self) -> None:
        provider = self.office.context.ServiceManager.createInstanceWithContext(
            "com.sun.star.configuration.ConfigurationProvider", self.office.context
        )
        settings = provider.createInstanceWithArguments(
            "com.sun.star.configuration.ConfigurationUpdateAccess",
            self.office.options(nodepath="/org.openoffice.Office.Calc/Input"),
        )
        settings.ReplaceCellsWarning = False
        settings.commitChanges()

    def open(self, path: Path) -> Any:
        """Open a workbook and work in it."""
        self.book = hold(self.office.desktop.loadComponentFromURL(path.as_uri(), "_blank", 0, ()))
        return self.book

    def close(self) -> None:
        """Close the workbook that is worked in, saving nothing."""
        self.book.setModified(False)
        self.book.close(True)

    def cells(self, title: str, address: str) -> Any:
        """Cells as UNO has them."""
        return hold(hold(hold(self.book.Sheets).getByName(title)).getCellRangeByName(address))

    def go(self, title: str, address: str) -> None:
        """Select cells, or whole rows or columns."""
        self.book.CurrentController.select(self.cells(title, address))

    def do(self, command: str, title: str = "", address: str = "", **options: Any) -> None:
        """A command of the menus, on these cells."""
        if address:
            self.go(title, address)
        frame = self.book.CurrentController.Frame
        self._dispatcher.executeDispatch(frame, f".uno:{command}", "", 0, self.office.options(**options))

    def type(self, title: str, address: str, text: str) -> None:
        """Type into a cell."""
        self.do("EnterString", title, address, StringName=text)

    def paste(self, title: str, address: str, what: str = "") -> None:
        """Paste everything, or only values (`SVD`) or formats (`T`)."""
        if what:
            self.do(
                "InsertContents", title, address, Flags=what, FormulaCommand=0, SkipEmptyCells=False, Transpose=False,
                AsLink=False, MoveMode=4,
            )  # fmt: skip
        else:
            self.do("Paste", title, address)

    def back(self) -> int:
        """Undo everything; returns how many steps that were."""
        manager, steps = self.book.UndoManager, 0
        while manager.isUndoPossible():
            manager.undo()
            steps += 1
        return steps

    def again(self, steps: int) -> None:
        """Redo."""
        for _ in range(steps):
            self.book.UndoManager.redo()

    def said(self) -> Said:
        """What the workbook shows now."""
        cover = self.cells(COVER_TITLE, f"B1:C{BOARD + len(INVENTORY)}").DataArray
        return seen(cover, lambda title: [cell for (cell,) in self.cells(title, f"A1:A{LOOKED_AT}").DataArray])

    def checked(self) -> list[Finding]:
        """What `check` finds in the workbook as it would be saved now."""
        self.book.storeToURL(self._saved.as_uri(), self.office.options(FilterName=XLSX))
        return judge(read_county(self._saved))


def seen(cover: Sequence[Sequence[object]], column: Callable[[str], Sequence[object]]) -> Said:
    """What a workbook shows, by columns B and C of the cover and the first column of each list."""
    said = Said(str(cover[GO - 1][0]), {str(title): str(text) for title, text in cover[BOARD - 1 :]}, {}, {}, {})
    for sheet in INVENTORY.values():
        own = [str(cell) for cell in column(sheet.title)]
        head = own.index(STATUS) if STATUS in own else 0  # rows above may have been deleted, or all be cleared
        above = [text for text in own[:head] if text]  # a row may have been inserted among them
        said.links[sheet.title], said.counts[sheet.title] = above[-2:] if len(above) > 1 else ("", "")
        said.rows[sheet.title] = {row: text for row, text in enumerate(own, 1) if row > head + 1 and text}
    return said


def disagreements(said: Said, found: list[Finding]) -> Iterator[str]:
    """In what cover, heads, rows and `check` contradict each other."""
    errors = [one for one in found if one.severity >= Severity.ERROR]
    if said.go.startswith("✓") and errors:
        yield f"a false ✓: {[(one.rule, one.sheet, one.cell) for one in errors[:4]]}"
    at_fault = 0
    trouble = any("■" in text for text in said.board.values())
    for title, rows in said.rows.items():
        bad = {row for row, text in rows.items() if text[0] in "✗○■"}
        if not said.counts[title]:  # the head is gone
            continue
        unjudged = "■" in said.counts[title]
        number = _number("✗", said.counts[title])
        if unjudged:
            if said.links[title].startswith("✓"):
                yield f"{title}: {said.links[title]!r} above {said.counts[title]!r}"
        elif number != len(bad):
            yield f"{title}: the head says {said.counts[title]!r}, the rows {sorted(bad)}"
        if not unjudged and said.links[title].startswith("✓") != (not bad and not _number("！", said.counts[title])):
            yield f"{title}: {said.links[title]!r} above {said.counts[title]!r} and {sorted(bad)}"
        if ("■" in said.board[title]) != unjudged or (not unjudged and _number("✗", said.board[title]) != number):
            yield f"{title}: the cover says {said.board[title]!r}, the head {said.counts[title]!r}"
        told = [one for one in errors if one.sheet == title and one.row and one.rule not in SEEN_BY_PYTHON]
        wrong = {one.row for one in told if one.row >= FIRST_ROW}
        plain = {one.row for one in told if OWN_FORMULA not in one.message or (title, one.header) not in OFFERED_HEADS}
        if not trouble and (missed := (wrong & plain) - bad):
            yield f"{title}: rows {sorted(missed)} are wrong and say {[rows.get(row) for row in sorted(missed)[:3]]}"
        # where something is not judged, what refers to it is not found
        if not trouble and (false := {row for row in bad - wrong if rows[row][0] == "✗"}):
            yield f"{title}: rows {sorted(false)} are right and say {[rows[row] for row in sorted(false)[:3]]}"
        at_fault += len(bad) + unjudged
    if said.go.startswith("✓") and at_fault:
        yield f"the cover says {said.go!r}"


def _number(sign: str, text: str) -> int:
    """How many rows a head or the cover speaks of; -1 where it does not."""
    found = re.search(rf"{sign} (\d+)行", text)
    return int(found[1]) if found else -1
