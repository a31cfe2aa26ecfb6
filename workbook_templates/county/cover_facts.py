"""What a workbook says of itself on its cover, and what is odd about that."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping

from validators import ruleset
from validators.book import Book, Fault
from validators.columns import BOOK_FIELDS, COVER_TITLE, OFFICERS, SHEETS, TITLES, BookKind, letter, position_of
from validators.meanings import Raw, Unreadable, is_blank, meaning, says_nothing, text_of
from validators.telephone import is_phone
from validators.text import plain, visible
from workbook_templates.county.sheet_layout import other_sheets
from workbook_templates.xlsx.fast_reader import GridPlace
from workbook_templates.xlsx.opened import Grid, Source

_NAME_TARGET = re.compile(r"(?:'((?:[^']|'')+)'|([^'!\[\]]+))!\$?([A-Z]{1,3})\$?([0-9]{1,7})")


def read_facts(opened: Source) -> dict[str, Raw]:
    """What the workbook says of itself (`BOOK_FIELDS`), by field; absent where it says nothing."""
    return named_cells(opened, COVER_TITLE, BOOK_FIELDS)


def named_cells(opened: Source, title: str, names: Mapping[str, str]) -> dict[str, Raw]:
    """Cells of a sheet by the keys of `names`, which gives their defined names; blank and computed ones are absent."""
    grid = opened.grid(title)
    return _cells_at(grid, _places(opened, grid, names)) if grid else {}


def _cells_at(grid: Grid, places: Mapping[str, GridPlace]) -> dict[str, Raw]:
    """What stands at these places, fit to be written anywhere; nothing where that is computed or partly struck out."""
    rows, computed = dict(grid.rows), grid.seen.places()
    found: dict[str, Raw] = {}
    for name, (row, column) in places.items():
        cell = next(iter(rows.get(row, [])[column : column + 1]), None)
        mark = grid.seen.marks.get((row, column))
        if (row, column) not in computed and not is_blank(cell) and not (mark and mark.text):
            found[name] = plain(cell) if isinstance(cell, str) else cell
    return found


def _unread_facts(grid: Grid, places: Mapping[str, GridPlace]) -> dict[str, tuple[str, str]]:
    """Facts of the cover that `_cells_at` leaves out though something stands there: what, and what is to be done."""
    formulas = grid.seen.places()
    found: dict[str, tuple[str, str]] = {}
    for name, place in places.items():
        mark = grid.seen.marks.get(place)
        if place in formulas:
            text = grid.seen.formulas.get(place[1], {}).get(place[0], "")
            found[name] = f"={text}" if text else "公式", "不读取公式的结果。请直接填写内容"
        elif mark and mark.text:
            said = "〔〕里的字划了删除线或看不见，看不出还算不算。请删去，或取消删除线、改成看得见的颜色"
            found[name] = visible(mark.text, MOST_MARKED), said
    return found


def _places(opened: Source, grid: Grid, names: Mapping[str, str]) -> dict[str, GridPlace]:
    """Where the cells of a sheet stand, by the keys of `names`, which gives their defined names.

    Where a defined name leads nowhere, the cell to the right of its label serves.
    """
    found: dict[str, GridPlace] = {}
    for name, chinese in names.items():
        target = _NAME_TARGET.fullmatch(opened.names.get(chinese, ""))
        if target and (target[1] or target[2]).replace("''", "'") == grid.title:
            found[name] = int(target[4]), position_of(target[3])
    lost = {chinese: name for name, chinese in names.items() if name not in found}
    for number, cells in grid.rows if lost else ():
        for position, cell in enumerate(cells):
            if isinstance(cell, str) and (label := cell.strip(" ＊*：:　")) in lost:
                found.setdefault(lost[label], (number, position + 1))
    return found


def kind_of(opened: Source) -> BookKind:
    """The kind of workbook that has most of its sheets; an inventory where none has."""
    return max(TITLES, key=lambda kind: sum(title in opened.sheets for title in TITLES[kind].values()))


def begin(opened: Source, *, on: dt.date | None = None, rules: ruleset.RuleSet | None = None) -> Book:
    """A book that knows what the workbook says of itself, with what is odd about that, and no rows yet."""
    cover = opened.grid(COVER_TITLE)
    places = _places(opened, cover, BOOK_FIELDS) if cover else {}
    facts = _cells_at(cover, places) if cover else {}
    year = text_of(facts.get("year"))
    if rules is None or str(rules.year) != year:
        rules = ruleset.judging(year, text_of(facts.get("ruleset")))
    day = _day(facts.get("filled_on"), rules)
    unread = _unread_facts(cover, places) if cover else {}
    undated = (
        on is None and day is None and ("filled_on" in facts or "filled_on" in unread or "filled_on" not in places)
    )
    county = text_of(facts.get("division"))
    county = rules.divisions[county]["code"] if county in rules.divisions else county
    revision = text_of(facts.get("revision"))
    book = Book(
        opened.name,
        rules,
        county,
        text_of(facts.get("round")),
        int(revision) if revision.isdecimal() else 0,
        on or day or dt.date.today(),
        {**facts, "filled_on": day},
        kind_of(opened),
        undated=undated,
        fact_cells={name: f"{letter(column)}{row}" for name, (row, column) in places.items()},
    )
    book.faults += _facts_faults(opened, book.kind)
    book.faults += _cover_faults(facts, places, rules, day)
    for name, (value, hint) in unread.items():
        book.faults.append(_fact(name, places, value, hint))
    return book


def _day(value: Raw, rules: ruleset.RuleSet) -> dt.date | None:
    try:
        found = meaning(SHEETS["enterprises"]["fixed_on"], value, rules) if value is not None else None
    except Unreadable:
        return None
    return found if isinstance(found, dt.date) else None


MOST_OF_A_FACT = 255
"""Characters that a cell of the cover may hold."""


def _cover_faults(
    facts: Mapping[str, Raw], places: Mapping[str, GridPlace], rules: ruleset.RuleSet, day: dt.date | None
) -> Iterator[Fault]:
    """What the workbook says of itself and cannot mean."""
    rounds = rules.rounds
    revision = text_of(facts.get("revision"))
    wrong: dict[str, str | bool] = {
        name: f"太长，最多 {MOST_OF_A_FACT} 个字"
        for name, value in facts.items()
        if isinstance(value, str) and len(value) > MOST_OF_A_FACT
    }
    wrong |= {
        "round": "round" in facts and text_of(facts["round"]) not in rounds and f"应为{'、'.join(rounds)}之一",
        "revision": "revision" in facts
        and not (revision.isdecimal() and int(revision) > 0)
        and "应为从 1 开始的整数，每改报一次加 1",
        "filled_on": facts.get("filled_on") is not None and day is None and "应为日期，例如 2020-08-18",
    }
    found = [("GS03", "fact", name, hint) for name, hint in wrong.items() if hint]
    found += [one for one in _unmeant(facts, rules) if not wrong.get(one[2])]
    for rule, what, name, hint in found:
        yield _fact(name, places, facts[name], hint, rule, what)


def _fact(
    name: str, places: Mapping[str, GridPlace], value: object, hint: object, rule: str = "GS03", what: str = "fact"
) -> Fault:
    row, column = places[name]
    return Fault(rule, what, COVER_TITLE, f"{letter(column)}{row}", row, BOOK_FIELDS[name], value=value, meant=hint)


def signed(facts: Mapping[str, Raw], rules: ruleset.RuleSet) -> bool:
    """Whether the officer's cells are all filled in, and with what can be meant there."""
    given = [facts.get(name) for name in OFFICERS]
    too_long = any(isinstance(one, str) and len(one) > MOST_OF_A_FACT for one in given)
    return not (any(map(is_blank, given)) or too_long or "fact" in (what for _, what, *_ in _unmeant(facts, rules)))


def _unmeant(facts: Mapping[str, Raw], rules: ruleset.RuleSet) -> Iterator[tuple[str, str, str, str]]:
    """What names nobody or is no number to call: the rule, which case of it, the field and what is said."""
    for name, field in OFFICERS.items():
        value, column = facts.get(name), SHEETS["enterprises"][field]
        try:
            if isinstance(value, str):
                says_nothing(column, value, rules)
            read = meaning(column, value, rules) if value is not None else None
        except Unreadable as error:
            yield error.rule, "fact", name, error.hint
        else:
            if column.kind == "phone" and read is not None and not is_phone(str(read)):
                yield (
                    "GS03",
                    "phone",
                    name,
                    "不是有效的号码。请填一个11位手机号（前面不加 +86 或 0），或带区号的固定电话",
                )


def _facts_faults(opened: Source, kind: BookKind) -> Iterator[Fault]:
    known = set(BOOK_FIELDS.values())
    for name in opened.names:
        if name not in known and not name.startswith(("_xlnm.", *OWN_NAMES)):
            yield Fault("GS01", "extra_name", value=name)
    for title in other_sheets(opened, kind):
        hidden = opened.sheets[title].state != "visible"
        yield Fault("GS10" if hidden else "GS01", "hidden_sheet" if hidden else "extra_sheet", title, value=title)


OWN_NAMES = ("选项_", "校验_")
"""How the template's own defined names begin."""
MOST_MARKED = 1000
"""Characters that are kept of a text of which a part is struck out."""
