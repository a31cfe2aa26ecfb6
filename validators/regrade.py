"""What a grading workbook changes in the inventory: grades as they are in force now, each with its ground."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from validators.book import Book
from validators.expr import Record
from validators.findings import Json
from validators.grading_procedure import CITY, COUNTY, MINISTRY, Standing, adjustment, standings
from validators.meanings import Value
from validators.ruleset import NOT_KEY, PROVINCE

PENDING = "待核定"
FIXED_BY = (PROVINCE, CITY, COUNTY)
"""What 核定机关 of the inventory can name; what the ministry fixed is told by the province."""


@dataclass(frozen=True, slots=True)
class Regrade:
    """A grade of the inventory that changes, or is fixed at last as it stood."""

    enterprise: Record
    grade: str
    ground: str
    approver: str
    on: dt.date
    reason: str
    """变更原因 of 等级变更."""
    reported_on: dt.date
    lines: tuple[Record, ...]
    """Lines whose grade changes with it, to a better one."""
    revise: tuple[Record, ...]
    """Lines of an enterprise with a worse grade now: each keeps its grade beside its measures until both are revised."""

    @property
    def changes(self) -> bool:
        """Whether the grade itself is another one."""
        return bool(self.enterprise.grade != self.grade)

    def to_json(self) -> Json:
        """The change as a document."""
        return {
            "key": self.enterprise.list_id,
            "name": self.enterprise.name,
            "old": self.enterprise.grade,
            "new": self.grade,
            "ground": self.ground,
            "approver": self.approver,
            "on": self.on.isoformat(),
            "lines": [line.line_id for line in self.lines],
            "revise": [line.line_id for line in self.revise],
        }

    def cells(self) -> dict[str, Value]:
        """What the enterprise's row holds now."""
        fixed_by = self.approver if self.approver in FIXED_BY else PROVINCE
        return {"grade": self.grade, "fixed_by": fixed_by, "fixed_on": self.on}

    def row(self) -> dict[str, Value]:
        """The row of 等级变更."""
        return {
            "list_id": self.enterprise.list_id,
            "old_grade": self.enterprise.grade,
            "new_grade": self.grade,
            "changed_on": self.on,
            "reason": self.reason,
            "approved_by": self.approver,
            "reported_on": self.reported_on,
            "note": self.ground,
        }


@dataclass(frozen=True, slots=True)
class Regrading:
    """All that changes, and what was left as it is, in Chinese lines."""

    changes: list[Regrade]
    notes: list[str]


def regrade(gradings: Sequence[Book], inventory: Book, on: dt.date) -> Regrading:
    """Compare the grades in force with those of the inventory.

    `on` is the day of changes that have none of their own, and on which those are reported that were not yet.
    """
    found = Regrading([], [])
    seen: set[str] = set()
    for book in gradings:
        for standing in standings(book):
            list_id = standing.application.list_id
            if list_id is None or list_id in seen:
                again = f"“{list_id}”出现了不止一次，以先出现的为准" if list_id else "有一行没有清单编号，没有比对"
                found.notes.append(f"“{book.file}”《申报》第{standing.application.row}行：{again}。")
                continue
            seen.add(list_id)
            enterprise = inventory.enterprise(list_id)
            note = _obstacle(standing, enterprise)
            if note:
                found.notes.append(f"{list_id} {standing.application.name or ''}：{note}。")
            elif enterprise is not None and (one := _change(book, standing, inventory, enterprise, on)):
                found.changes.append(one)
    for enterprise in inventory.tables["enterprises"]:
        graded = enterprise.industry not in (None, NOT_KEY)
        graded = graded and not inventory.ruleset.ungraded(enterprise.industry, enterprise.subtype)
        if graded and enterprise.list_id and enterprise.list_id not in seen:
            found.notes.append(f"{enterprise.list_id} {enterprise.name or ''}：清单里是重点行业企业，《申报》里没有。")
    return found


def _obstacle(standing: Standing, enterprise: Record | None) -> str:
    """Why a site is left as it is, '' where nothing is in the way."""
    held, application = standing.held, standing.application
    if enterprise is None:
        return "清单里没有这个编号，没有比对"
    if enterprise.name != application.name:
        return f"清单里这个编号是“{enterprise.name or '空白'}”，名称不一致，没有改"
    if held.grade is None:
        return f"{held.ground}，但规则集没有该行业的最低等级，没有改。请市里补录"
    if not held.by and enterprise.grade not in (held.grade, None):
        return f"{held.ground}应为“{held.grade}”，清单里是“{enterprise.grade}”，没有改。请核对"
    return ""


def _change(book: Book, standing: Standing, inventory: Book, enterprise: Record, on: dt.date) -> Regrade | None:
    held = standing.held
    if not held.by or held.grade is None or enterprise.grade is None:
        return None
    if held.grade == enterprise.grade and enterprise.fixed_by != PENDING:
        return None
    event = adjustment(book, enterprise.list_id, standing.fixed.on if standing.fixed else None)
    adjusted = event is not None and held.on == event.changed_on and standing.application.fraud in (None, "否")
    reported = (
        event.reported_on if event is not None and adjusted else held.on if held.by in (PROVINCE, MINISTRY) else None
    )
    return Regrade(
        enterprise,
        held.grade,
        held.ground,
        held.by,
        held.on or on,
        _reason(book, standing, enterprise),
        reported or max(on, held.on or on),
        *_lines(standing, inventory, enterprise),
    )


def _reason(book: Book, standing: Standing, enterprise: Record) -> str:
    """变更原因; where none fits wholly the nearest, beside which 说明 gives the ground."""
    application, held = standing.application, standing.held
    if application.fraud == "主动行贿":
        return "行贿"
    if application.fraud not in (None, "否"):
        return "虚假材料"
    if standing.fixed is held and held.by in (PROVINCE, MINISTRY):
        return "省核定" if held.by == PROVINCE else "部复核"
    order = book.ruleset.grade_order
    if order.get(held.grade or "", 0) < order.get(enterprise.grade, 0):
        return "申报提升"
    rows = book.index("events", "list_id").get(application.list_id, ())
    changed = any(row.what in ("设备变更报备", "治污设施变更报备") and row.finding == "与等级不符" for row in rows)
    return "设备或设施变更" if changed else "监督检查不符"


def _lines(standing: Standing, inventory: Book, enterprise: Record) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
    """Lines of the application's industry that get its better grade, and those that stand above its worse one."""
    application, order = standing.application, inventory.ruleset.grade_order
    new, old = order.get(standing.held.grade or "", 0), order.get(enterprise.grade, 0)
    own = [
        line
        for line in inventory.index("lines", "list_id").get(enterprise.list_id, ())
        if (line.industry, line.subtype) == (application.industry, application.subtype) and line.grade in order
    ]
    better = tuple(line for line in own if new < old and order[line.grade] > new)
    return better, tuple(line for line in own if new > old and order[line.grade] < new)
