"""Where the formulas of a county workbook stand: helper cells, names, texts and tables.

Every formula is a hidden defined name written for row 1; a helper cell in row 12 holds only that name, and so judges
row 12. The findings of a row are codes of five signs in one helper cell: what it is (`appearance.FAULTS`), the number of the
column, the number of what is said (`Formulas.said`); from them come the text in 校验, the colours and the way to the next cell at fault.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random

from validators.columns import BOOK_FIELDS, KIND_OF, ROOTS, SHEETS, BookKind, Column, Sheet, letter
from validators.expr import Cell
from validators.findings import SEVERITY_SYMBOLS, Severity
from validators.lookup_tables import rule_table
from validators.rule import all_rules, standing
from validators.ruleset import RuleSet
from workbook_templates.county.default_formulas import OFFERED
from workbook_templates.formulas.cells import computed, faults, folded, quoted, value
from workbook_templates.formulas.expressions import MOST_SIGNS, Untranslatable, constant, judged, place_of
from workbook_templates.xlsx.appearance import FIRST_ROW, HEADER_ROW, MISSING, TELL, WARN, WRONG

TITLE = "校验"
"""The hidden sheet of texts and tables; every name of ours begins with it."""
HELPER_HEAD = "校验·"
"""How the heads of helper columns begin."""
NEXT = "下一处错误"
"""The name, on each sheet, of the next cell at fault."""
SIGNS = {Severity.ERROR: WRONG, Severity.WARNING: WARN, Severity.INFO: TELL}
LONGEST_NAME = 7_500
"""Signs of a name's formula; Excel takes 8,192."""
HEAVIEST = 5_000
"""Parts of the formulas that one helper cell joins, names spelled out; LibreOffice takes 8,192, some of its own."""
_PART = re.compile(r'校验_[0-9]+|"[^"]*"|\{[^}]*\}|[A-Z]+\(|[^!,()]+![$A-Z0-9:]+|[A-Z0-9.]+|[-+*/&<>=]+')
ONLY_IN_PYTHON: dict[str, str] = {
    "GS01": "表名和表头由程序读取时核对，公式看不出自己的表头被改了名",
    "GS06": "模板版本要与程序认得的版本比较",
    "GS10": "公式看不出哪些行、列、表被隐藏",
    "JB07": "要对各企业的位置取中位数、两两比较，公式太慢",
    "BZ06": "要把一格里的几个编码与企业的全部生产线逐一核对，公式太慢",
    "CS02": "要按全厂同类生产线逐级核算，公式写不下",
    "CS10": "要把全部措施文字两两比较，公式太慢",
    "JP04": "要按行业取中位数，公式太慢",
    "JB11": "要与上一版清单比较，上一版不在本工作簿里",
    "JB13": "要与上一版清单比较，上一版不在本工作簿里",
    "SC14": "要按申报的行业和子类查分级办法，公式写不下",
    "DT09": "公式认不出文字里的电话号码",
}
"""Rules of a workbook that no formula says, and why."""
PARTLY: dict[str, str] = {
    "GS03": "自己写的公式、整格合并由程序判断",
    "GS04": "文字里的全角数字和汉字之间的空格由程序判断",
    "GS07": "合并单元格由程序判断，公式看不出合并",
    "GS12": "一家企业也没有的空表由程序判断",
    "JB10": "同一号码被许多企业使用由程序判断",
    "CS04": "文字里的百分数与比例是否一致由程序判断，公式不会认“由…降至…”",
}
"""Rules that formulas say in part, and what is left to Python."""


ERROR, WARNING = SEVERITY_SYMBOLS[Severity.ERROR], SEVERITY_SYMBOLS[Severity.WARNING]
FINE = "✓"
BROKEN_NUMBER = 99
"""Number in the code of a row whose formulas gave an error; nothing is said for it."""
BROKEN = "■ 校验公式坏了，请撤销；撤销不了的，从别的行整行复制过来再改填"
NOTHING_WRONG = "✓ 没有要改的"


ECHOED = ("BZ01", "BZ02")
"""Rules about the grade of a guaranteed enterprise: its row in 保障类 says so too, where the officer may stand."""


@dataclass(frozen=True)
class Formula:
    """A formula in a cell of the hidden sheet, without `=`."""

    text: str


@dataclass(frozen=True)
class Lead:
    """Formulas about the cells at fault of a sheet."""

    next: str
    """The next cell at fault, as a reference."""
    link: str
    """A link to it."""
    said: str
    """What 校验 says of it."""
    fault: str
    """Whether there is one."""
    filled: str
    """Address of the number of rows that are begun; likewise below."""
    wrong: str
    warned: str
    unjudged: str
    """Rows without the formula in 校验, as an inserted one is in some programs."""

    @property
    def head(self) -> tuple[str, str]:
        """What stands in the head of the sheet: the link, and how many rows are at fault."""
        counts = f'"{ERROR} "&{self.wrong}&"行　{WARNING} "&{self.warned}&"行"'
        unjudged = f'"■ "&{self.unjudged}&"行没有校验公式"'
        return f'IF({self.fault},{self.link},"{NOTHING_WRONG}")', f"IF({self.unjudged}>0,{unjudged},{counts})"


@dataclass
class Helpers:
    """The helper columns of one sheet."""

    first: int
    """0-based column of the first one."""
    formulas: dict[str, int] = field(default_factory=dict)
    """0-based column by formula."""

    def place(self, formula: str) -> int:
        """The column of a formula, a new one where there is none yet."""
        return self.formulas.setdefault(formula, self.first + len(self.formulas))


class Formulas:
    """The formulas of the workbook of one division."""

    def __init__(self, ruleset: RuleSet, county: str, room: Mapping[str, int], between: int = 0) -> None:
        """`room` is the number of rows made ready on each sheet of a kind, `between` that of columns before the helpers."""
        self.ruleset, self.county, self.room = ruleset, county, room
        self.kind = KIND_OF[next(iter(room))]
        self._known: dict[str, str] = {}
        """Names by formula, without `=`, for row 1."""
        self.lead: dict[str, Lead] = {}
        """The way to the next cell at fault, and how far it is, by sheet."""
        self.lists: dict[str, Sequence[object]] = {}
        """Columns of the hidden sheet by their heads."""
        self.helpers = {key: Helpers(len(SHEETS[key].columns) + between) for key in room}
        self.status: dict[str, str] = {}
        """Name of the formula in 校验 by sheet."""
        self.codes: dict[str, str] = {}
        """Address of the helper cell with the codes of a row, by sheet."""
        self.said = _said(self.kind)
        """Rule and what is said for it in a few words, by the number in a code, from 1."""
        assert len(self.said) < BROKEN_NUMBER  # noqa: S101 - codes have room for two digits
        self._rule_ids = self._list("规则", [rule for rule, _ in self.said])
        self._rule_names = self._list("规则名称", [words for _, words in self.said])
        for key in room:
            self._judge(SHEETS[key])

    def helper_names(self, sheet: str) -> list[str]:
        """Names in the helper columns of a sheet, from left to right."""
        return [self.name(formula) for formula in self.helpers[sheet].formulas]

    @property
    def names(self) -> dict[str, str]:
        """Formulas by name, without `=`, for row 1; those of the helper columns among them."""
        cells = [formula for own in self.helpers.values() for formula in own.formulas]
        return {self.name(formula): formula for formula in [*cells, *self._known]}

    # what `expressions.Plan` asks for

    def entry(self, column: Column) -> str:
        """Address of the entry cell of a column in row 1."""
        return f"{SHEETS[column.sheet].title}!${letter(column.position)}1"

    def value(self, column: Column) -> str:
        """Text for a column's value, or "" where it is blank or unreadable: a helper cell, or a name for prose."""
        return self.name(self._value(column)) if column.kind == "text" else self.held(column)

    def held(self, column: Column) -> str:
        """Address of the helper cell that holds a column's value."""
        return self.cell(column.sheet, self._value(column))

    def _value(self, column: Column) -> str:
        choices = ("", "")
        if column.kind == "enum":
            allowed = self.ruleset.allowed(column.values)
            choices = self._list(f"值_{column.values}", allowed), self._list(f"比_{column.values}", folded(allowed))
        text = value(column, self.entry(column), choices)
        inputs = self._inputs(column)
        return computed(self.entry(column), text, inputs) if inputs else text

    def _inputs(self, column: Column) -> list[str]:
        """The values that the formula offered in a column is made of."""
        offered = OFFERED.get((column.sheet, column.field))
        return [self.value(SHEETS[column.sheet][need]) for need in offered.inputs] if offered else []

    def name(self, formula: str) -> str:
        """The name that stands for a formula."""
        return self._known.setdefault(formula, f"{TITLE}_{len(self._known) + 1}")

    def cell(self, sheet: str, formula: str) -> str:
        """Address of the helper cell of a sheet that has this formula."""
        return f"{SHEETS[sheet].title}!${letter(self.helpers[sheet].place(formula))}1"

    def over(self, address: str) -> str:
        """All rows of a column, and one below them, so that a row added at the end is taken in."""
        title, _, cell = address.partition("!")
        column = cell[1:-1]
        room = self.room[next(sheet.key for sheet in SHEETS.values() if sheet.title == title)]
        return f"{title}!${column}${FIRST_ROW}:${column}${FIRST_ROW + room}"

    def first_row(self, address: str) -> str:
        """The topmost cell of a column."""
        return self.over(address).partition(":")[0]

    def table(self, name: str) -> dict[object, object]:
        """A table of the rule set."""
        return dict(rule_table(self.ruleset, name))

    def look_up(self, table: str, key: str) -> str:
        """Text for the value of a table by key."""
        rows = {
            "|".join(map(str, own)) if isinstance(own, tuple) else str(own): value
            for own, value in self.table(table).items()
        }
        keys, values = self._list(f"键_{table}", list(rows)), self._list(f"值_{table}", list(rows.values()))
        return f"INDEX({values},MATCH({key},{keys},0))"

    def words(self, name: str) -> str:
        """Range of a word list."""
        return self._list(f"词_{name}", self.ruleset.words[name])

    def fixed(self, table: str, keys: tuple[object, ...], default: object) -> str:
        """Text for a value that no cell of the lists changes."""
        if table != "own":
            found = self.table(table).get(keys if len(keys) > 1 else keys[0], default)
            return constant(found)
        match keys[0]:
            case "code":
                return constant(self.county)
            case "name":
                return constant(self.ruleset.submitting[self.county])
            case "on":
                day = BOOK_FIELDS["filled_on"]
                return self.single(f'IF(ISNUMBER({day}),INT({day}),"")')
            case "unnumbered":
                root = SHEETS[ROOTS[self.kind]]
                named, numbered = self.value(root["name"]), self.value(root["list_id"])
                without = self.cell(root.key, f'IF(AND({named}<>"",{numbered}=""),1,"")')
                return self.single(f"COUNT({self.over(without)})>0")
        raise Untranslatable(f"own {keys[0]}")

    def _list(self, head: str, values: Sequence[object]) -> str:
        """Range of a column of the hidden sheet, made if there is none with that head."""
        self.lists.setdefault(head, values)
        column = letter(list(self.lists).index(head))
        return f"{TITLE}!${column}$2:${column}${len(values) + 1}"

    def single(self, formula: str) -> str:
        """Address of a cell of the hidden sheet with this formula."""
        return self._list(f"={formula}", (Formula(formula),)).partition(":")[0]

    def weights(self) -> tuple[str, str]:
        """Ranges of the places of a text and of the random numbers that its signs are weighed with."""
        weights = Random(MOST_SIGNS)  # noqa: S311 - nothing is kept secret with it
        numbers = [weights.randrange(1 << 24, 1 << 25) for _ in range(MOST_SIGNS)]
        return self._list("位", list(range(1, MOST_SIGNS + 1))), self._list("权", numbers)

    # what stands on each sheet

    def _judge(self, sheet: Sheet) -> None:
        """Lay out the helper cells of a sheet: whether a row is begun, its codes, and what 校验 says of them."""
        entries = [column for column in sheet.columns if column.required != "auto"]
        offered = [column for column in entries if (sheet.key, column.field) in OFFERED]
        typed = "+".join(
            f"COUNTA({area})" for area in self._areas(column for column in entries if column not in offered)
        )
        begun = self.cell(sheet.key, f"{typed}+{self._count(offered)}>0" if offered else f"{typed}>0")
        alone, others, among = self._declared(sheet)
        joined = "&".join(
            self.cell(sheet.key, f'IF({begun},{text},"")')
            for pieces in (self._form(sheet, entries), alone, others)
            for text in self._chunks(pieces)
        )
        # a key concerns every row of its sheet: what is found among them is asked here, where little is worked out anew
        joined = "&".join([joined, *among])
        broken = f"{WRONG}01{BROKEN_NUMBER}"
        codes = self.codes[sheet.key] = self.cell(sheet.key, f'IF({begun},IFERROR({joined},"{broken}"),"")')
        worst = _worst(codes)
        symbols = "".join(SEVERITY_SYMBOLS[severity] for severity in (Severity.ERROR, *SIGNS))
        heads = f"{sheet.title}!$A${HEADER_ROW}:${letter(len(sheet.columns) - 1)}${HEADER_ROW}"
        rule = f"VALUE(MID({codes},{worst}+3,2))"
        said = "&".join(
            (
                f'MID("{symbols}",FIND(MID({codes},{worst},1),"{MISSING}{WRONG}{WARN}{TELL}"),1)&" "',
                f'INDEX({self._rule_ids},{rule})&" "',
                f'INDEX({heads},VALUE(MID({codes},{worst}+1,2)))&"："&INDEX({self._rule_names},{rule})',
                f'IF(LEN({codes})>5,"（还有"&LEN({codes})/5-1&"处）","")',
            )
        )
        shown = f'IF({codes}="",IF({begun},{quoted(FINE)},""),IFERROR({said},{quoted(BROKEN)}))'
        self.status[sheet.key] = self.name(shown)
        self._lead(sheet, codes)

    def _areas(self, columns: Iterable[Column]) -> list[str]:
        """Ranges of neighbouring entry cells in row 1."""
        found: list[list[Column]] = []
        for column in columns:
            if found and found[-1][-1].position == column.position - 1:
                found[-1].append(column)
            else:
                found.append([column])
        return [f"{self.entry(own[0])}:${letter(own[-1].position)}1" for own in found]

    def _count(self, columns: Sequence[Column]) -> str:
        return f"COUNT({','.join(self._areas(columns))})"

    def _form(self, sheet: Sheet, entries: Sequence[Column]) -> Iterator[str]:
        """What the reader would notice of each entry cell, and what is missing."""
        for column in entries:
            read = self.value(column)
            yield faults(column, self.entry(column), read, self._inputs(column), partial(self._form_code, column))
        for one in all_rules()["GS02"].checks[sheet.key]:
            yield judged(one.when, self, self._code(MISSING, one.at.column, "GS02"))

    def _declared(self, sheet: Sheet) -> tuple[list[str], list[str], list[str]]:
        """What the declared rules find: over the row alone, with other sheets, and among the rows of its own.

        They stand in helper cells of their own, so that an edit elsewhere costs little.
        """
        alone, others, among = list[str](), list[str](), list[str]()
        for rule in all_rules().values():
            for one in rule.checks.get(sheet.key, ()) if rule.id != "GS02" else ():
                sign = SIGNS[standing(rule, one.severity, self.ruleset)[0]]
                try:
                    text = judged(one.when, self, self._code(sign, one.at.column, rule.id, one.brief))
                except Untranslatable:
                    if rule.id not in PARTLY:
                        raise
                    continue
                sheets = one.when.sheets()
                (among if sheets == {sheet.key} else others if sheets else alone).append(text)
        if sheet.key == "guarantee":
            others += self._echoes(sheet)
        return alone, others, among

    def _echoes(self, sheet: Sheet) -> Iterator[str]:
        """What is found at an enterprise, told at the rows that speak of it."""
        row = place_of("enterprises", "list_id", Cell(sheet["list_id"]), self)
        found = f"INDEX({self.over(self.codes['enterprises'])},{row})"
        for rule in ECHOED:
            sign = SIGNS[standing(all_rules()[rule], None, self.ruleset)[0]]
            there = self._code(sign, SHEETS["enterprises"]["grade"], rule)
            here = self._code(sign, sheet["list_id"], rule)
            yield f'IF({row}=0,"",IF(ISNUMBER(FIND({quoted(there)},{found})),{quoted(here)},""))'

    def _form_code(self, column: Column, rule: str) -> str:
        return quoted(self._code(SIGNS[standing(all_rules()[rule], None, self.ruleset)[0]], column, rule))

    def _code(self, sign: str, column: Column, rule: str, brief: str = "") -> str:
        number = self.said.index((rule, brief or all_rules()[rule].name)) + 1
        return f"{sign}{column.position + 1:02d}{number:02d}"

    def _chunks(self, pieces: Iterable[str]) -> Iterator[str]:
        """Texts of formulas that join the pieces, each short enough for a cell; the pieces stand in names."""
        names: list[str] = []
        total = 0
        for chunk in _joined(pieces, self._weight):
            weight = self._weight(chunk)
            if names and total + weight > HEAVIEST:
                yield "&".join(names)
                names, total = [], 0
            names.append(self.name(chunk))
            total += weight
        if names:
            yield "&".join(names)

    def _weight(self, formula: str) -> int:
        """Parts of a formula, with names spelled out."""
        by_name = {name: own for own, name in self._known.items()}
        return sum(self._weight(by_name[part]) if part in by_name else 1 for part in _PART.findall(formula))

    def _lead(self, sheet: Sheet, codes: str) -> None:
        """The way to the next cell at fault, and how far the sheet is."""
        last = FIRST_ROW + self.room[sheet.key]
        status = f"{sheet.title}!$A${FIRST_ROW}:$A${last}"
        row = self.single(f'IFERROR(MATCH("{ERROR}*",{status},0),IFERROR(MATCH("{WARNING}*",{status},0),0))')
        found = self.single(f'IF({row}=0,"",INDEX({self.over(codes)},{row}))')
        column = self.single(f"IF({row}=0,2,VALUE(MID({found},{_worst(found)}+1,2)))")
        body = f"{sheet.title}!$A${FIRST_ROW}:${letter(len(sheet.columns) - 1)}${last}"
        address = f"ADDRESS({row}+{FIRST_ROW - 1},{column},4)"
        own = letter(sheet["list_id"].position)
        self.lead[sheet.key] = Lead(
            next=f"INDEX({body},MAX(1,{row}),{column})",
            link=f'HYPERLINK("#\'{sheet.title}\'!"&{address},"▶ {NEXT}："&{address})',
            said=f'IF({row}=0,"",INDEX({status},{row}))',
            fault=f"{row}>0",
            filled=self.single(f'COUNTIF({status},"?*")'),
            wrong=self.single(f'COUNTIF({status},"{ERROR}*")+COUNTIF({status},"■*")'),
            warned=self.single(f'COUNTIF({status},"{WARNING}*")'),
            unjudged=self.single(f'COUNTIFS({sheet.title}!${own}${FIRST_ROW}:${own}${last},"?*",{status},"")'),
        )


def _said(kind: BookKind) -> list[tuple[str, str]]:
    """Rules and what the workbook says for them in a few words, in the order of their numbers in codes."""
    rules = all_rules()
    form = [(rule, rules[rule].name) for rule in ("GS02", "GS03", "GS04", "GS05", "GS07", *ECHOED)]
    checks = (
        one for rule in rules.values() for sheet, some in rule.checks.items() if KIND_OF[sheet] == kind for one in some
    )
    return list(dict.fromkeys([*form, *((one.rule, one.brief or rules[one.rule].name) for one in checks)]))


def _worst(codes: str) -> str:
    """Place of the first of the worst codes."""
    error = f'MIN(FIND("{WRONG}",{codes}&"{WRONG}"),FIND("{MISSING}",{codes}&"{MISSING}"))'
    return f'IF({error}<=LEN({codes}),{error},IFERROR(FIND("{WARN}",{codes}),1))'


def _joined(pieces: Iterable[str], weight: Callable[[str], int]) -> Iterator[str]:
    """Pieces joined by &, as long as a name's formula may be."""
    found = ""
    for piece in pieces:
        if found and (len(found) + len(piece) + 1 > LONGEST_NAME or weight(found) + weight(piece) > HEAVIEST):
            yield found
            found = piece
        else:
            found = f"{found}&{piece}" if found else piece
    if found:
        yield found
