"""`qingdan merge`: a county puts together what townships, parks or enterprises filled in, row by row.

Beside the workbook lies a report: what each file gave, where each row is from, and which rows clash. In the report a
person says which row holds; the next run, over the workbook, obeys.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from addin.office.earlier import FINGERPRINT, changed_since, fingerprint, keep
from addin.office.results import Card, FindingRow, by_sheet, count_words, verdict
from addin.problems import Stop, output
from addin.reading.inbox import MERGE_REPORT, inbox, labels
from addin.reading.isolation import Failure, each
from addin.reading.steps import Step, silent
from addin.reading.workbooks import Reading, read_all
from validators.book import Book
from validators.columns import SHEET_TITLES, SHEETS
from validators.findings import Finding, Json, counts, stops
from validators.meanings import Value, text_of
from validators.rule import value_text
from workbook_templates.county.pieces import Clash, Merged, Piece, merge, open_clashes, supersede
from workbook_templates.county.template import write_county
from workbook_templates.xlsx import appearance
from workbook_templates.xlsx.appearance import FIRST_ROW
from workbook_templates.xlsx.opened import UnreadableWorkbook, open_workbook
from workbook_templates.xlsx.styles import new_workbook, put, styles

CLASHES = "冲突"
_HOLDING, _WHY = "以哪一行为准", "理由"
_SIDES = "甲乙丙丁戊己庚辛壬癸"
CLASH_HEADS = ("工作表", "编号", _HOLDING, _WHY, "现在的裁定", "不同之处")
_MARK = "取值_"
"""How the columns begin that tell a row from another; they are for the program."""


@dataclass
class Joined:
    """A county workbook that was put together of its pieces."""

    out: Path
    report: Path
    pieces: list[Piece]
    errors: list[tuple[str, str]]
    """Files that could not be read, with why."""
    merged: Merged
    findings: list[Finding]
    """What the workbook opens with."""

    @property
    def code(self) -> int:
        """2 where files could not be read, 1 while a conflict is open or an error stands."""
        return 2 if self.errors else 1 if any(True for _ in open_clashes(self.merged)) or stops(self.findings) else 0

    def warnings(self) -> Iterator[str]:
        """Files that could not be read."""
        return (message for _, message in self.errors)

    def to_json(self) -> Json:
        """The contract's object."""
        own = _json(str(self.out), self.pieces, self.errors, self.merged, self.findings)
        return own | {"report": str(self.report)}

    def lines(self) -> Iterator[str | FindingRow]:
        """What came of each piece, what is to be decided, and what was found."""
        yield from _shown(self.to_json(), self.merged, self.findings)

    def card(self) -> Card:
        """How many rows, and which conflicts a person decides."""
        merged, clashes = self.merged, list(open_clashes(self.merged))
        words = [f"读到 {merged.read} 行，合并为 {merged.kept} 行，相同的 {merged.identical} 行只算一次", *merged.notes]
        for one in clashes:
            heads = "、".join(SHEETS[one.sheet][name].header for name in one.fields)
            words.append(f"冲突：《{SHEETS[one.sheet].title}》{one.key} 的{heads}不同，请在合并报告里裁定")
        return Card(
            result=f"已合并，还有 {len(clashes)} 处冲突要裁定" if clashes else "已合并，没有冲突",
            tone="open" if clashes else "good",
            words=words,
            verdict=verdict(not stops(self.findings)),
            listed=[one.to_json() for one in self.findings],
        )


def merge_files(sources: Sequence[Path], out: Path, *, force: bool = False, step: Step = silent) -> Joined:
    """Put the pieces together, and write a report beside the workbook. Raises `Stop`."""
    report = out.with_name(out.stem + MERGE_REPORT)
    paths = [path for path in inbox(sources) if not _same(path, out)]
    if not paths:
        raise Stop("没有可合并的来件。请给出乡镇、园区或企业填好的填报表，或放着它们的文件夹。")
    pieces, errors = _read(paths, step)
    if not pieces:
        raise Stop(" ".join(message for _, message in errors))
    county = _sort_out(pieces)
    decided = _decided(report)
    with output(out, force=force, inputs=paths) as file, output(report, force=force, inputs=paths) as beside:
        merged = merge(pieces, county.county, decided)
        if changed_since(out, report):
            merged.notes.append(keep(out, "在上次合并以后改过"))
        write_county(
            file,
            county=county.county,
            ruleset=county.ruleset,
            round_=county.round,
            rows=merged.rows,
            revision=max(piece.book.revision for piece in pieces if piece.status == "采用") or 1,
            enterprises=len(merged.rows["enterprises"]),
            guessed=_marked(merged),
            officer=_latest_day(pieces),
        )
        write_report(beside, pieces, errors, merged, fingerprint(file))
    [read] = read_all([out], rules=county.ruleset.id)
    findings = read.findings if isinstance(read, Reading) else []
    return Joined(out, report, pieces, errors, merged, findings)


def _same(path: Path, target: Path) -> bool:
    return target.exists() and path.samefile(target)


def _read(paths: Sequence[Path], step: Step) -> tuple[list[Piece], list[tuple[str, str]]]:
    pieces: list[Piece] = []
    errors: list[tuple[str, str]] = []
    names = labels(paths)
    for number, (name, found) in enumerate(
        zip(names, read_all(paths, judged=False, records=True, kind="inventory"), strict=True), 1
    ):
        step(number, len(paths), name)
        if isinstance(found, Failure):
            errors.append((name, found.message))
        elif isinstance(found, Reading) and found.book:
            pieces.append(Piece(name, found.book))
    return pieces, errors


def _sort_out(pieces: Sequence[Piece]) -> Book:
    """Say which pieces are of the county, year and round of most of them; returns the first of these. Raises `Stop`."""

    def kind(book: Book) -> tuple[object, ...]:
        return book.county, book.facts.get("year"), book.round

    (most, _), *_ = Counter(kind(piece.book) for piece in pieces).most_common()
    if most[0] not in pieces[0].book.ruleset.submitting:
        raise Stop("来件里没有写明区划代码，看不出是哪个区县的。请用 qingdan template county 生成的填报表填写。")
    for piece in pieces:
        book = piece.book
        if kind(book) != most:
            piece.status = "未采用"
            piece.reason = f"是{book.county_name} {text_of(book.facts.get('year'))} 年{book.round}的，与多数来件不同"
        elif book.damaged:
            titles = "、".join(f"《{SHEET_TITLES[key]}》" for key in book.tables if key in book.damaged)
            raise Stop(f"“{piece.file}”的{titles}缺失或表头被改动，读不全，合并会丢行。请先改正，或把它移开。")
    supersede(pieces)
    return next(piece.book for piece in pieces if piece.status == "采用")


def _decided(report: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """What was decided in the last report: by sheet and key, which row holds (`Side.digest`), and why."""
    if not report.exists():
        return {}
    [found] = each(_read_decisions, [(report,)])
    if isinstance(found, Failure):
        raise Stop(f"上一份合并报告读不了，里面的裁定没有读到：{found.message}")
    return dict(found)


def _read_decisions(path: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """In a child."""
    try:
        grid = open_workbook(path).grid(CLASHES)
    except UnreadableWorkbook as error:
        raise Stop(str(error)) from error
    keys = {title: key for key, title in SHEET_TITLES.items()}
    found: dict[tuple[str, str], tuple[str, str]] = {}
    if grid is None or not grid.rows:
        return found
    head = [text_of(cell) for cell in grid.rows[0][1]]
    for number, cells in grid.rows[1:]:
        row = dict(zip(head, [text_of(cell) for cell in cells], strict=False))
        side, why = row.get(_HOLDING, ""), row.get(_WHY, "")
        digest = row.get(f"{_MARK}{side}", "") if side else ""
        if side and not digest:
            raise Stop(f"合并报告《{CLASHES}》第 {number} 行的“{_HOLDING}”是“{side}”，没有这一行。请从下拉列表选。")
        if side and not why:
            raise Stop(f"合并报告《{CLASHES}》第 {number} 行选了“{side}”，没有写理由。请补上理由再合并。")
        if side and row.get("工作表") in keys:
            found[keys[row["工作表"]], row.get("编号", "")] = digest, why
    return found


def _latest_day(pieces: Sequence[Piece]) -> dict[str, Value]:
    """The day of the piece that was filled in last; who fills in the county's own is for the county to say."""
    days = [
        day for one in pieces if one.status == "采用" and isinstance(day := one.book.facts.get("filled_on"), dt.date)
    ]
    return {"filled_on": max(days)} if days else {}


def _marked(merged: Merged) -> dict[tuple[str, int], dict[str, str]]:
    """What stands beside the rows that clash."""
    return {
        (clash.sheet, clash.index): {
            name: f"几份来件不同：{clash.said(name)}；暂取前一份，请在合并报告里裁定" for name in clash.fields
        }
        for clash in open_clashes(merged)
    }


def write_report(
    file: BinaryIO, pieces: Sequence[Piece], errors: Sequence[tuple[str, str]], merged: Merged, made: str
) -> None:
    """Write what each file gave, the clashes side by side, and where each row is from."""
    written = BytesIO()
    book = new_workbook(written)
    book.set_properties({"title": "合并报告", "created": dt.datetime(pieces[0].book.ruleset.year, 1, 1)})
    style = styles(book)
    head = style(**appearance.HEAD, border=1, text_wrap=True)
    plain = style(border=1, border_color=appearance.LINE, valign="top", text_wrap=True)
    entry = style(border=1, border_color=appearance.LINE, valign="top", text_wrap=True, bg_color=appearance.ENTRY)
    code = style(num_format="@", font_color=appearance.GREY)

    def sheet(title: str, heads: Sequence[tuple[str, float]], rows: Sequence[Sequence[Any]]) -> Any:  # noqa: ANN401 - XlsxWriter has no types
        page = book.add_worksheet(title)
        for place, (text, width) in enumerate(heads):
            page.set_column(place, place, width)
            page.write_string(0, place, text, head)
        for number, row in enumerate(rows, 1):
            for place, value in enumerate(row):
                name = heads[place][0]
                look = entry if name in (_HOLDING, _WHY) else code if name.startswith(_MARK) else plain
                put(page, number, place, value, look)
        page.freeze_panes(1, 0)
        page.autofilter(0, 0, max(len(rows), 1), len(heads) - 1)
        return page

    sheet(
        "来件",
        (("文件", 30), ("状态", 10), ("填报单位", 20), ("版次", 8), ("行数", 8), ("说明", 70)),
        [
            *(
                (
                    one.file,
                    one.status,
                    text_of(one.book.facts.get("filled_by_office")),
                    one.book.revision,
                    one.rows,
                    one.reason,
                )
                for one in pieces
            ),
            *((name, "无法读取", "", None, None, message) for name, message in errors),
            *(("", "请留意", "", None, None, note) for note in merged.notes),
            ("", FINGERPRINT, "", None, None, made),
        ],
    )
    most = max([2, *(len(clash.sides) for clash in merged.clashes)])
    heads = list(zip(CLASH_HEADS, (16, 24, 14, 24, 24, 70), strict=True))
    heads += [(f"{side}_来件", 24) for side in _SIDES[:most]] + [(f"{_MARK}{side}", 18) for side in _SIDES[:most]]
    page = sheet(CLASHES, heads, [_clash_row(clash, most) for clash in merged.clashes])
    for number, clash in enumerate(merged.clashes, 1):
        page.data_validation(
            number,
            2,
            number,
            2,
            {
                "validate": "list",
                "source": list(_SIDES[: len(clash.sides)]),
                "input_title": "裁定",
                "input_message": "选甲、乙……，并写明理由；再合并一次（覆盖）就照此办理。",
            },
        )
    sheet(
        "各行来处",
        (("工作表", 18), ("编号", 26), ("名称", 30), ("填报表行", 10), ("来自文件", 30), ("来自行", 8)),
        [
            (
                SHEETS[key].title,
                row.get("line_id") or row.get("list_id"),
                row.get("name") or row.get("line_name") or row.get("dust_name") or row.get("category"),
                FIRST_ROW + at,
                side.file,
                side.row,
            )
            for key, rows in merged.rows.items()
            for at, (row, side) in enumerate(zip(rows, merged.origins[key], strict=True))
        ],
    )
    book.close()
    file.write(written.getvalue())


def _clash_row(clash: Clash, most: int) -> list[Any]:
    fields = clash.fields
    different = "；".join(
        f"{SHEETS[clash.sheet][name].header}："
        + "，".join(
            f"{letter} {value_text(side.values.get(name))}" for letter, side in zip(_SIDES, clash.sides, strict=False)
        )
        for name in fields
    )
    blank = [None] * (most - len(clash.sides[:most]))
    said = f"以{_SIDES[clash.chosen]}为准：{clash.why}" if clash.why else f"未裁定，暂取{_SIDES[clash.chosen]}"
    holds = (_SIDES[clash.chosen], clash.why) if clash.why else (None, None)
    return [
        SHEETS[clash.sheet].title,
        clash.key,
        *holds,
        said,
        different[:30000],
        *(f"{side.file} 第{side.row}行" for side in clash.sides[:most]),
        *blank,
        *(side.digest for side in clash.sides[:most]),
        *blank,
    ]


def _json(
    out: str, pieces: Sequence[Piece], errors: Sequence[tuple[str, str]], merged: Merged, findings: Sequence[Finding]
) -> Json:
    """The contract's object."""
    return {
        "out": out,
        "files": [
            *(
                {"file": one.file, "status": one.status, "rows": one.rows, "reason": one.reason or None}
                for one in pieces
            ),
            *({"file": name, "status": "无法读取", "rows": 0, "reason": message} for name, message in errors),
        ],
        "rows": {
            "read": merged.read,
            "kept": merged.kept,
            "identical": merged.identical,
            "conflicts": merged.read - merged.kept - merged.identical,
        },
        "conflicts": [
            {
                "key": clash.key,
                "sheet": SHEETS[clash.sheet].title,
                "files": [side.file for side in clash.sides],
                "fields": [SHEETS[clash.sheet][name].header for name in clash.fields],
                "decided": clash.sides[clash.chosen].file if clash.why else None,
            }
            for clash in merged.clashes
        ],
        "notes": merged.notes,
        "findings": [finding.to_json() for finding in findings],
        "counts": counts(findings),
        "verdict": verdict(not stops(findings)),
    }


def _shown(result: Json, merged: Merged, findings: Sequence[Finding]) -> Iterator[str | FindingRow]:
    for one in result["files"]:
        yield f"{one['file']}  {one['status']}{_reason(one)}，{one['rows']} 行"
    rows: Mapping[str, int] = result["rows"]
    yield f"读到 {rows['read']} 行，合并为 {rows['kept']} 行；相同的 {rows['identical']} 行只算一次。"
    for note in merged.notes:
        yield f"  请留意：{note}"
    for clash in open_clashes(merged):
        heads = "、".join(SHEETS[clash.sheet][name].header for name in clash.fields)
        files = "、".join(side.file for side in clash.sides)
        yield f"  冲突  《{SHEETS[clash.sheet].title}》{clash.key}：{files} 的{heads}不同"
    yield from by_sheet(findings)
    yield f"{count_words(findings)} → {result['verdict']}"
    if any(True for _ in open_clashes(merged)):
        yield f"冲突要裁定：在 {result['report']} 的《{CLASHES}》里选以哪一行为准，写明理由，再合并一次（加 --force）。"
    yield f"已写出 {result['out']}，各行的来处在 {result['report']}。"


def _reason(one: Json) -> str:
    return f"：{one['reason']}" if one["reason"] else ""
