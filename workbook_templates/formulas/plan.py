"""Where the formulas of a county workbook stand: helper cells, names, texts and tables.

Every formula is a hidden defined name written for row 1; a helper cell in row 12 holds only that name, and so judges row
12: no cut, deleted or sorted cell moves what it looks at, and a program reads each formula once. ONLYOFFICE works out
every row again where a name's column changes, 5 s an edit with 212 lines; it takes 0.1 s if all is spelled out in the
cells, but then a cut cell takes addresses with it, the first calculation takes 28 s instead of 11, and LibreOffice opens
an empty workbook in 38 s and 6 GB instead of 6 s and 0.5 GB. To spell out only short formulas saves nothing: every row
still has names. A name is made of what it stands for, so it means the same in every workbook, or is not there. The
findings of a row are codes of six signs in one helper cell: what it is (`appearance.FAULTS`), the number of the column,
the number of what is said (`Formulas.said`); from them come the text in 校验, the colours and the way to the next cell at
fault. How bad a row is stands in a number that no other workbook's formulas give, and counts only so.
"""

import datetime as dt
import re
import zlib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from validators.book import Book
from validators.columns import (
    BOOK_FIELDS,
    KIND_OF,
    OFFICERS,
    ROOTS,
    SHEETS,
    BookKind,
    Column,
    Sheet,
    letter,
    position_of,
)
from validators.expr import Cell, Check, Ref
from validators.findings import SEVERITY_SYMBOLS, Severity
from validators.lookup_tables import rule_table
from validators.records import RowReader
from validators.rule import all_rules, compiled, standing
from validators.ruleset import RuleSet
from validators.text import ERROR_WORDS
from workbook_templates.formulas.cells import (
    FIRST_SERIAL,
    KINDS_OF_ROWS,
    LAST_SERIAL,
    LOOKED_UP,
    blank,
    bounds,
    faults,
    folded,
    lookup_key,
    nothing_said,
    one_of_words,
    prose,
    quoted,
    right,
    value,
    without_letters,
)
from workbook_templates.formulas.columns_looked_at import adds, looked_at, taken, takes
from workbook_templates.formulas.default_formulas import INHERITED, OFFERED, inherited_name
from workbook_templates.formulas.expressions import (
    Untranslatable,
    constant,
    judged,
    place_of,
    say,
)
from workbook_templates.formulas.functions import name_number, uscc_number
from workbook_templates.xlsx.appearance import (
    AT_FAULT,
    FIRST_ROW,
    HEADER_ROW,
    LATER,
    MISSING,
    NOT_YET,
    TELL,
    WARN,
    WRONG,
)

TITLE = "校验"
"""The hidden sheet of texts and tables; every name of ours begins with it."""
HELPER_HEAD = "校验·"
"""How the heads of helper columns begin."""
NEXT = "下一处错误"
"""The name, on each sheet, of the next cell at fault."""
SIGNS = {Severity.ERROR: WRONG, Severity.WARNING: WARN, Severity.INFO: TELL}
_LONGEST = 7_000
"""Signs of a formula; Excel takes 8,192."""
HEAVIEST = 5_500
"""Parts of the formulas that one helper cell joins, names spelled out; LibreOffice takes 8,192, some of its own."""
_PART = re.compile(rf'{TITLE}_[^-+*/&<>=(),:" ]+|"[^"]*"|[A-Z]+\(|[^!,()]+![$A-Z0-9:]+|[A-Z0-9.]+|[-+*/&<>=]+')
ONLY_IN_PYTHON: dict[str, str] = {
    "GS01": "表名和表头由程序读取时核对，公式看不出自己的表头被改了名",
    "GS06": "模板版本要与程序认得的版本比较",
    "GS10": "公式看不出哪些行、列、表被隐藏",
    "JB07": "要对各企业的位置取中位数、两两比较，公式太慢",
    "JB15": "要先去掉括号、空格再把全部名称两两比较，公式太慢",
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
    "GS03": "整格合并、乱码、删除线和看不见的字、改填在自动计算的格上的公式和数由程序判断",
    "GS04": "文字里的全角数字、汉字之间的空格、看不见的字符由程序判断",
    "GS07": "合并单元格由程序判断，公式看不出合并",
    "GS12": "一家企业也没有的空表由程序判断",
    "JB10": "同一号码被许多企业使用由程序判断",
    "CS04": "文字里的百分数与比例是否一致由程序判断，公式不会认“由…降至…”",
}
"""Rules that formulas say in part, and what is left to Python."""


ERROR, WARNING = SEVERITY_SYMBOLS[Severity.ERROR], SEVERITY_SYMBOLS[Severity.WARNING]
FINE = "✓"
BROKEN_NUMBER = 999
"""Number in the code of a row whose formulas gave an error; nothing is said for it."""
BROKEN = "■ 校验公式坏了，请撤销；撤销不了的，从别的行整行复制过来再改填"
NOTHING_WRONG = "✓ 没有要改的"
OWN_FORMULA = "是自己写的公式，请改成数值"
NOT_JUDGED = "■ 有的行没有核对"
NO_FORMULA = "处没有校验公式"


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
    """Cells that something was entered in and no formula of ours judges, and rows whose 校验 is no formula any more."""
    heads: str
    """Heads that are not what they were."""

    @property
    def trouble(self) -> str:
        """What keeps the sheet from being judged, in words; "" where nothing does."""
        unjudged = f'IF({self.unjudged}>0,"■ "&{self.unjudged}&"处没有校验公式","")'
        return f'IF({self.heads}>0,"■ 表头改了"&{self.heads}&"处",{unjudged})'

    @property
    def head(self) -> tuple[str, str]:
        """What stands in the head of the sheet: the link, and how many rows are at fault."""
        counts = f'"{ERROR} "&{self.wrong}&"行　{WARNING} "&{self.warned}&"行"'
        fine = f'IF({self.heads}+{self.unjudged}>0,"■ 有的没有校验","{NOTHING_WRONG}")'
        troubled = f"IF({self.heads}+{self.unjudged}>0,{self.trouble},{counts})"
        return f"IF({self.fault},{self.link},{fine})", troubled


@dataclass
class Helpers:
    """The helper columns of one sheet."""

    first: int
    """0-based column of the first one."""
    formulas: dict[str, str] = field(default_factory=dict)
    """Formulas for row 1, from left to right, by themselves or by what they are kept for."""

    def place(self, formula: str) -> int:
        """The column of a formula, a new one where there is none yet."""
        self.formulas.setdefault(formula, formula)
        return self.first + list(self.formulas).index(formula)


STATE, JUDGED, ENTERED, TYPED = "态", "判", "数", "自"
"""Helper columns of each sheet that are known by name: whether a row is blank (0), holds something odd (1) or only what
is plain (2); how bad it is; how many cells are filled in; the state of a row but for what it takes from its enterprise,
on a sheet where rows do: nearly all of a row asks this one, and is not worked out anew when its enterprise changes."""
_FIELDS = {"int": 20, "decimal": 20, "date": 20, "enum": 0, "code22": 40, "code4": 20, "phone": 40}
"""Characters that the value of a column of a kind has in the helper cells; of a choice as many as the longest has."""
DONE, NOTED, WARNED, FAULTY, UNJUDGED = 1, 2, 3, 4, 9
"""Last digits in `JUDGED`."""
NUMBERED: Mapping[str, tuple[str, ...]] = {"enterprises": ("removals",), "dust": (), "mobile": ()}
"""Sheets whose rows are given numbers, and those with numbers that are not given again."""
LARGE = {*ROOTS.values(), "lines"}
"""Sheets with many rows: what the rows find by themselves is not worked out anew when another row changes."""
BEYOND = 1_000
"""Rows beyond those made ready that formulas look at."""

LAST_OF_A_SHEET = 1_048_576


Notices = list[tuple[Check | str, str]]
"""What a row may be told: the condition, or what its enterprise is told; and the code."""


class Formulas:
    """The formulas of the workbook of one division.

    Formulas of rows are written for row 1. They look at other rows through names of whole columns of helper cells.
    """

    def __init__(self, ruleset: RuleSet, county: str, room: Mapping[str, int], between: int = 0) -> None:
        """`room` is the number of rows made ready on each sheet of a kind, `between` that of columns before the helpers."""
        self.ruleset, self.county, self.room = ruleset, county, room
        self.kind = KIND_OF[next(iter(room))]
        self.lead: dict[str, Lead] = {}
        """The way to the next cell at fault, and how far it is, by sheet."""
        self.lists: dict[str, Sequence[object]] = {}
        """Columns of the hidden sheet by their heads."""
        self.names: dict[str, str] = {}
        """Formulas and references by the names that stand for them, without `=`."""
        self.helpers = {key: Helpers(len(SHEETS[key].columns) + between) for key in room}
        self.status: dict[str, str] = {}
        """The formula in 校验 by sheet."""
        self.codes: dict[str, str] = {}
        """Address of the helper cell with the codes of a row, by sheet."""
        self.notices: dict[str, tuple[Notices, Notices]] = {}
        """What rows may be told, by sheet and in order: by what is typed in them alone, and by more than that."""
        self.said = _said(self.kind)
        """Rule and what is said for it in a few words, by the number in a code, from 1."""
        assert len(self.said) < BROKEN_NUMBER  # noqa: S101 - codes have room for three digits
        self._rule_ids = self._list("规则", [rule for rule, _ in self.said])
        self._rule_names = self._list("规则名称", [words for _, words in self.said])
        self._others = {column for column in looked_at() if column.sheet in room}
        self._fields: dict[Column, tuple[str, int]] = {}
        self._sheet = ""
        for key in room:
            self._judge(SHEETS[key])
        if "lines" in room:
            self._inherit()
        for key in room:
            self._conclude(SHEETS[key])
        self.unsigned = [self._unsigned(name, SHEETS["enterprises"][field]) for name, field in OFFICERS.items()]
        """Addresses of 1 for each of the officer's cells on the cover that is blank or says what it cannot, else 0."""
        for key in room:
            self.helper_names(key)  # the names of all formulas

    def helper_names(self, sheet: str) -> list[str]:
        """Names in the helper columns of a sheet, from left to right."""
        return [self.name(sheet, formula) for formula in self.helpers[sheet].formulas.values()]

    def blank_values(self, sheet: str) -> list[int | str]:
        """What the helper columns of a sheet hold in a blank row, from left to right."""
        offered = sum(own == sheet for own, _ in OFFERED)
        known: dict[str, int | str] = {STATE: 0, JUDGED: 0, TYPED: 0, ENTERED: offered}
        found: list[int | str] = []
        for meaning, formula in self.helpers[sheet].formulas.items():
            padding = re.search(r'&"(¦+)"$', formula)
            nothing: int | str = 0 if re.match(rf'IF\((?:[^,"]+(?:=""|=0),0,|(?:IF\()?{TITLE}_数_)', formula) else ""
            found.append(known.get(meaning, padding[1] if padding else nothing))
        return found

    def name(self, sheet: str, formula: str) -> str:
        """The name that stands for a formula of the rows of a sheet."""
        return self._name(f"{TITLE}_{_digest(SHEETS[sheet].title + formula)}", formula)

    # what `expressions.Plan` asks for

    def cell(self, sheet: str, formula: str) -> str:
        """Address of the helper cell of a sheet that has this formula."""
        return f"{SHEETS[sheet].title}!${letter(self.helpers[sheet].place(formula))}1"

    def here(self, formula: str) -> str:
        """Address of the helper cell of the sheet that is judged."""
        return self.cell(self._sheet, formula)

    def named(self, formula: str) -> str:
        """A name for a formula of the sheet that is judged."""
        return self.name(self._sheet, formula)

    def over(self, sheet: str, address: str) -> str:
        """All rows of a helper column, by a name that says what its cells hold; the head, which no row moves, is the first."""
        title, _, cell = address.partition("!")
        column = cell[1:-1]
        meaning = list(self.helpers[sheet].formulas)[position_of(column) - self.helpers[sheet].first]
        name = f"{TITLE}_{title}_{meaning}" if len(meaning) == 1 else f"{TITLE}_列_{_digest(title + meaning)}"
        last = HEADER_ROW + self.room[sheet] + BEYOND
        return self._name(name, f"{title}!${column}${HEADER_ROW}:${column}${last}")

    def _name(self, name: str, reference: str) -> str:
        assert self.names.setdefault(name, reference) == reference, name  # noqa: S101 - a name means one thing
        return name

    def entry(self, column: Column) -> str:
        """Address of the entry cell of a column."""
        return f"{SHEETS[column.sheet].title}!${letter(column.position)}1"

    def state(self, sheet: str) -> str:
        """Address of the state of a row."""
        return self.cell(sheet, STATE)

    def typed(self, sheet: str) -> str:
        """Address of the state of a row but for what it takes from its enterprise."""
        return self.cell(sheet, TYPED if taken(SHEETS[sheet]) else STATE)

    def value(self, column: Column) -> str:
        """Text for a column's value, or "" where it is blank or unreadable."""
        if column in self._others:
            return self._named(column) if column.kind == "id" else self.held(column)
        if column.kind != "text":
            return self._read(column)
        return f"IF({self.typed(column.sheet)}>1,{self.entry(column)},{self._read(column)})"

    def _named(self, column: Column) -> str:
        """A 清单编号 or 生产线编码 of the shape that is due."""
        return f'IF({self.key(column)}="","",{self.held(column)})'

    def kept(self, column: Column) -> str:
        """The value in a helper cell."""
        return self.held(column) if column in self._others else self.cell(column.sheet, self.value(column))

    def blank(self, column: Column) -> str:
        """Whether nothing stands in an entry cell."""
        if column in self._others:
            return f'IF({self.held(column)}<>"",FALSE,{blank(column, self.entry(column), self._needed(column))})'
        entry, state = self.entry(column), self._state_of(column)
        return f'IF({state}>1,{entry}="",{blank(column, entry, self._needed(column))})'

    def _state_of(self, column: Column) -> str:
        return self.state(column.sheet) if column in taken(SHEETS[column.sheet]) else self.typed(column.sheet)

    def held(self, column: Column) -> str:
        """Address of the helper cell with the value of a column that other rows look at."""
        assert column in self._others, column  # noqa: S101 - `_looked_at` knows them all
        return self.cell(column.sheet, value(column, self.entry(column), self._needed(column)))

    def across(self, column: Column) -> str:
        """Text for the value of a column in helper cells that other rows look at: nothing else of the row is asked."""
        if column in self._others:
            return self.held(column)
        return value(column, self.entry(column), self._needed(column))

    def key(self, column: Column) -> str:
        """Address of the helper cell with what a row is found by."""
        if column.kind not in ("id", "ref"):
            return self.held(column)
        return self.cell(column.sheet, lookup_key(column, self.held(column), self.county))

    def number(self, column: Column) -> str:
        """Address of the helper cell with a number made of a text that is compared with those of other rows."""
        held = self.held(column)
        number = uscc_number if column.kind == "code18" else name_number
        return self.cell(column.sheet, f'IF({held}="","",{number(held)})')

    def _read(self, column: Column) -> str:
        """Text for the value of a column, where it stands with others in a helper cell.

        One address each: LibreOffice has every cell of a row listen to every address in its formulas, blank rows too.
        """
        if column.kind == "text":
            entry = self.entry(column)
            return self.name(column.sheet, f'IF(ISERROR({entry}),"",{prose(column, entry, self._needed(column)[1])})')
        address, first = self._fields[column]
        found = f"MID({address},{first},{self._width(column)})"
        if column.is_number or column.kind == "date":
            return f'IFERROR(VALUE({found}),"")'
        return f"TRIM({found})"

    def _width(self, column: Column) -> int:
        return _FIELDS[column.kind] or max(map(len, self.ruleset.allowed(column.values)))

    def _needed(self, column: Column) -> tuple[str, str]:
        """What `cells.value` needs to read a column."""
        if column.kind == "text":
            nothing = ["placeholder"]
            if column.required == "always":
                nothing += ["no_answer", "no_name"] if column.is_name else ["no_answer"]
            return self._words(*nothing), self._words(*nothing, "ditto")
        if column.kind != "enum":
            return "", ""
        allowed = self.ruleset.allowed(column.values)
        return self.listed(column), self._list(f"比_{_digest(column.values)}", folded(allowed))

    def _words(self, *names: str) -> str:
        """A text of the hidden sheet that joins what says as little as the words of some lists."""
        words = tuple(word for name in names for word in self.ruleset.words.get(name, ()))
        joined = nothing_said((*words, *ERROR_WORDS) if "ditto" in names else words)
        return f"INDEX({self._list(f'词_{_digest(joined)}', [joined])},1)"

    def listed(self, column: Column) -> str:
        """A name for the allowed values of a column."""
        return self._list(f"值_{_digest(column.values)}", self.ruleset.allowed(column.values))

    def _inputs(self, column: Column) -> dict[str, str]:
        """The cells that the formula offered in a column is made of, and their values, in a row with something odd."""
        offered = OFFERED.get((column.sheet, column.field))
        needed = [SHEETS[column.sheet][need] for need in offered.inputs] if offered else []
        return {self.entry(one): self.held(one) if one in self._others else self._read(one) for one in needed}

    def table(self, name: str) -> dict[object, object]:
        """A table of the rule set."""
        return dict(rule_table(self.ruleset, name))

    def look_up(self, table: str, key: str) -> str:
        """Text for the value of a table by key."""
        rows = {
            "|".join(map(str, own)) if isinstance(own, tuple) else str(own): value
            for own, value in self.table(table).items()
        }
        keys, values = self._list(f"键_{table}", list(rows)), self._list(f"得_{table}", list(rows.values()))
        return f"INDEX({values},MATCH({key},{keys},0))"

    def table_of(self, head: str, values: Sequence[object]) -> str:
        """A name for a list of the hidden sheet."""
        return self._list(head, values)

    def words(self, name: str) -> tuple[str, ...]:
        """A word list."""
        return self.ruleset.words[name]

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
                begun, numbered = (
                    self.over(root.key, one) for one in (self.state(root.key), self.key(root["list_id"]))
                )
                return self.single(f'IFERROR(SUMPRODUCT(({numbered}="")*({begun}<>0))>0,FALSE)')
        raise Untranslatable(f"own {keys[0]}")

    def _list(self, head: str, values: Sequence[object]) -> str:
        """A name for a column of the hidden sheet, made if there is none with that head."""
        self.lists.setdefault(head, values)
        column = letter(list(self.lists).index(head))
        if head.startswith("="):
            return self._name(f"{TITLE}_数_{_digest(head)}", f"{TITLE}!${column}$2")
        last = max(len(values), 2) + 1  # Gnumeric finds nothing in a range of one cell
        return self._name(f"{TITLE}_{head}", f"{TITLE}!${column}$2:${column}${last}")

    def largest(self, area: str, many: int) -> str:
        """A name for a list of the largest numbers of an area, and 0 where there are no more."""
        found = [Formula(f"IFERROR(LARGE({area},{place}),0)") for place in range(1, many + 1)]
        return self._list(f"大_{_digest(area)}", found)

    def single(self, formula: str) -> str:
        """A name for a cell of the hidden sheet with this formula."""
        return self._list(f"={formula}", (Formula(formula),))

    # what stands on each sheet

    def _judge(self, sheet: Sheet) -> None:
        """Lay out the helper cells of a sheet: the state of a row, its codes, and what 校验 says of them."""
        self._sheet = sheet.key
        entries = [column for column in sheet.columns if column.required != "auto"]
        for kept in (STATE, JUDGED, ENTERED, *([TYPED] if taken(sheet) else [])):
            self.cell(sheet.key, kept)
        state, typed = self.state(sheet.key), self.typed(sheet.key)
        alone, taking, others, sums, among, echoes = self._spelled(sheet, entries)
        own = [one for one in entries if one not in taken(sheet)]
        form = self._where(f"{typed}=1", self._form(sheet, own))
        if sheet.key in LARGE:
            first = self._where(f"{typed}<>0", alone)
            if taken(sheet):  # a row with nothing but what others take from their enterprise
                nothing = self._noticed_of_nothing(sheet)
                first = [f"IF({typed}=0,{quoted(nothing)},{'&'.join(first)})"]
                odd = [f'IF({state}=1,{text},"")' for text in self._form(sheet, taken(sheet))]
                others = [*odd, *taking, *others]  # an enterprise that changes has both worked out anew
            rest = [others, sums, among, echoes]
        else:
            first, rest = [], [[*alone, *others, *sums, *among], echoes]
        rules = [one for pieces in rest for one in self._where(f"{state}<>0", pieces)]
        joined, broken = "&".join([*form, *first, *rules]), f"{WRONG}01{BROKEN_NUMBER}"
        codes = self.codes[sheet.key] = self.cell(sheet.key, f'IF({state}=0,"",IFERROR({joined},"{broken}"))')
        worst = _worst(codes)
        symbols = ERROR + NOT_YET + "".join(SEVERITY_SYMBOLS[severity] for severity in SIGNS)
        heads = self._heads(sheet)
        rule = f"VALUE(MID({codes},{worst}+3,3))"
        said = "&".join(
            (
                f'MID("{symbols}",FIND(MID({codes},{worst},1),"{MISSING}{LATER}{WRONG}{WARN}{TELL}"),1)&" "',
                f'INDEX({self._rule_ids},{rule})&" "',
                f'INDEX({heads},1,VALUE(MID({codes},{worst}+1,2)))&"："&INDEX({self._rule_names},{rule})',
                f'IF(LEN({codes})>6,"（还有"&LEN({codes})/6-1&"处）","")',
            )
        )
        self.status[sheet.key] = self.name(
            sheet.key, f'IF({state}=0,"",IF({codes}="",{quoted(FINE)},IFERROR({said},{quoted(BROKEN)})))'
        )

    def _heads(self, sheet: Sheet) -> str:
        """A name for the row of heads."""
        last = letter(len(sheet.columns) - 1)
        return self._name(f"{TITLE}_{sheet.title}_表头", f"{sheet.title}!$A${HEADER_ROW}:${last}${HEADER_ROW}")

    def _where(self, asked: str, pieces: Iterable[str]) -> list[str]:
        """Addresses of helper cells that join the pieces, in rows of the state that is asked for."""
        return [self.cell(self._sheet, f'IF({asked},{text},"")') for text in self._chunks(pieces)]

    def _noticed_of_nothing(self, sheet: Sheet) -> str:
        """The codes that rules over the row alone give where nothing is typed."""
        book = Book("", self.ruleset, self.county, "", 1, dt.date.min, kind=self.kind, undated=True)
        record, _ = RowReader(sheet.key, self.ruleset).read([None] * len(sheet.columns), FIRST_ROW)
        own, hits = compiled(sheet.key, None), list[int]()
        own.bind(book)(record, hits.append)
        fired = {id(own.checks[number]) for number in hits}
        alone, rest = self.notices[sheet.key]
        return "".join(code for one, code in (*alone, *rest) if id(one) in fired and not takes(one, sheet))

    def _spelled(self, sheet: Sheet, entries: Sequence[Column]) -> tuple[list[str], ...]:
        """What rules find, once it is laid out where they find the values of odd rows."""
        offered = [column for column in entries if (sheet.key, column.field) in OFFERED]
        packed = [one for one in entries if one not in self._others and one.kind in _FIELDS and one not in offered]
        inherited = [one for one in taken(sheet) if one not in self._others]
        self._pack(sheet, packed, self.typed(sheet.key))
        rest = [one for one in offered if one not in self._others and one not in inherited]
        self._pack(sheet, rest, self.typed(sheet.key))
        self._pack(sheet, inherited, self.state(sheet.key))
        return self._declared(sheet)

    def _pack(self, sheet: Sheet, columns: Sequence[Column], state: str) -> None:
        """Helper cells with the values of the columns, side by side: of a row of the state 2 as they stand."""
        texts: list[tuple[Column, str, str]] = []
        for column in columns:
            entry, width = self.entry(column), self._width(column)
            text = value(column, entry, self._needed(column))
            if inputs := self._inputs(
                column
            ):  # where one is a text, the formula in the cell computes nothing, or amiss
                offered = OFFERED[sheet.key, column.field]
                made = offered.formula.format_map(dict(zip(offered.inputs, inputs.values(), strict=True)))
                text = f"IF({right(inputs)},{text},IF(_xlfn.ISFORMULA({entry}),{made},{text}))"
            padded = [f'LEFT({one}&"{" " * width}",{width})' for one in (text, entry)]
            texts.append((column, padded[0], padded[1]))
        while texts:
            own: list[tuple[Column, str, str]] = []
            while texts and sum(self._weight(text + plain) for _, text, plain in (*own, texts[0])) < HEAVIEST:
                own.append(texts.pop(0))
            odd, plain = (
                "&".join(map(self.named, self._joined(pieces)))
                for pieces in ([one for _, one, _ in own], [one for *_, one in own])
            )
            address, first = self.cell(sheet.key, f'IF({state}=1,{odd},IF({state}=0,"",{plain}))'), 1
            for column, *_ in own:
                self._fields[column] = address, first
                first += self._width(column)

    def _begun(self, sheet: Sheet, entries: Sequence[Column]) -> str:
        """How many of the cells hold something; a formula that shows nothing is nothing."""
        offered = [column for column in entries if (sheet.key, column.field) in OFFERED]
        counts = [f'IFERROR(SUMPRODUCT(--({area}<>"")),1)' for area in self._areas(offered)]
        if plain := [one for one in entries if one not in offered]:
            counts.insert(0, f"COUNTA({','.join(self._areas(plain))})")
        return "+".join(counts)

    def _all_plain(self, sheet: Sheet, entries: Sequence[Column]) -> str:
        """Whether each of the cells is blank or plainly right."""
        tests = [self.name(sheet.key, f"AND({some})") for some in self._joined(self._plain(entries), ",")]
        return f"IFERROR(AND({','.join(tests)}),FALSE)"

    def _areas(self, columns: Iterable[Column]) -> list[str]:
        """Ranges of neighbouring entry cells."""
        found: list[list[Column]] = []
        for column in columns:
            if found and found[-1][-1].position == column.position - 1:
                found[-1].append(column)
            else:
                found.append([column])
        return [f"{self.entry(own[0])}:${letter(own[-1].position)}1" for own in found]

    def _plain(self, entries: Sequence[Column]) -> Iterator[str]:
        """Tests that together say of a row that each of its cells is blank or plainly right."""
        bare = [one for one in entries if (one.sheet, one.field) not in OFFERED]
        for area in self._areas(bare):  # Gnumeric does not ask a range, and is spared
            yield f"IFERROR(SUMPRODUCT(--_xlfn.ISFORMULA({area})),0)=0"
        numbers = [one for one in entries if one.is_number or one.kind == "date"]
        if numbers:
            areas = self._areas(numbers)
            blanks = "+".join(f'SUMPRODUCT(--({area}=""))' for area in areas)
            yield f"COUNT({','.join(areas)})+{blanks}={len(numbers)}"
        limits: dict[str, list[Column]] = {}
        for one in numbers:
            least, most, above = (FIRST_SERIAL, LAST_SERIAL, False) if one.kind == "date" else bounds(one)
            if least is not None:
                limits.setdefault(f"MIN({{}}){'>' if above else '>='}{least:.10g}", []).append(one)
            if most is not None:
                limits.setdefault(f"MAX({{}})<={most:.10g}", []).append(one)
        for test, own in limits.items():
            area = ",".join(self._areas(own))
            held = test.format(area)
            yield held if held.startswith("MAX") or held.endswith(">=0") else f"IF(COUNT({area})=0,TRUE,{held})"
        yield from (f"{self.entry(one)}=INT({self.entry(one)})" for one in numbers if one.kind != "decimal")
        texts = [one for one in entries if one.kind == "text"]
        if texts:
            joined = self.named('"¦"&' + '&"¦"&'.join(self.entry(one) for one in texts) + '&"¦"')
            yield f"COUNT({','.join(self._areas(texts))})=0"
            yield from (
                f'ISERROR(FIND("{odd}",{joined}))' for odd in ("¦ ", " ¦", "¦　", "¦=", "?", "？", "¦TRUE¦", "¦FALSE¦")
            )
            yield f"LEN({joined})>0"
            yield from (f"LEN({self.entry(one)})<={one.values[2:]}" for one in texts if one.values.startswith("<="))
            words = [one_of_words(self.entry(one), self._needed(one)[1]) for one in texts]
            yield f"COUNT({','.join(words)})=0"
            names = [self.entry(one) for one in texts if one.is_name]
            as_numbers = [without_letters(f'IF({one}="","¦",ASC({one}))') for one in names]
            yield f"COUNT({','.join(as_numbers)})=0" if names else "TRUE"
        for one in entries:
            if one.kind in LOOKED_UP:
                yield f"EXACT({self._named(one) if one.kind == 'id' else self.held(one)},{self.entry(one)})"
            elif one.kind == "enum":
                listed, entry = self.listed(one), self.entry(one)
                yield f'IF({entry}="",TRUE,EXACT(INDEX({listed},MATCH({entry},{listed},0)),{entry}))'
            elif one.kind in _FIELDS and not one.is_number and one.kind != "date":
                entry = self.entry(one)
                same = f"EXACT({value(one, entry, ('', ''))},{entry})"
                yield f'IF({entry}="",TRUE,IF(ISTEXT({entry}),{same},FALSE))'

    def _form(self, sheet: Sheet, entries: Sequence[Column]) -> Iterator[str]:
        """What the reader would notice of each entry cell, in a row with something odd."""
        for column in entries:
            if column.kind == "id":
                read = self._named(column)
            elif column in self._others:
                read = self.held(column)
            else:
                read = self._read(column)
            if column.kind == "text" and column not in self._others:
                read = value(column, self.entry(column), self._needed(column))
            code = partial(self._quoted_code, column)
            found = faults(column, self.entry(column), read, self._inputs(column), self._needed(column), code)
            if (sheet.key, column.field) not in OFFERED:
                own = quoted(self.form_code(column, "GS03", None, OWN_FORMULA))
                entry = self.entry(column)  # LibreOffice makes a formula of an error value
                found = f"IF(IF(ISERROR({entry}),FALSE,_xlfn.ISFORMULA({entry})),{own},{found})"
            yield found

    def _declared(self, sheet: Sheet) -> tuple[list[str], ...]:
        """What the declared rules find: over the row alone, over what it takes from its enterprise, with other sheets, over
        sums of them, and among the rows of its own; and what its enterprise is told.

        They stand in helper cells of their own, so that an edit elsewhere costs little.
        """
        found = alone, taking, others, sums, among, echoes = tuple(list[str]() for _ in range(6))
        notices: dict[int, Notices] = {id(texts): [] for texts in found}
        for rule in all_rules().values():
            for one in rule.checks.get(sheet.key, ()):
                sign = SIGNS[standing(rule, one.severity, self.ruleset)[0]]
                if sign == WRONG:
                    sign = MISSING if rule.id == "GS02" else LATER if one.later else WRONG
                code = self._code(sign, one.at.column, rule.id, one.brief)
                try:
                    text = judged(one.when, self, code)
                except Untranslatable:
                    if rule.id not in PARTLY:
                        raise
                    continue
                sheets = one.when.sheets()
                if sheets == {sheet.key}:
                    own = among
                elif sheets:
                    own = sums if adds(one.when) else others
                else:
                    own = taking if takes(one, sheet) else alone
                own.append(text)
                notices[id(own)].append((one, code))
        if sheet.key == "guarantee":
            for there, here, text in self._echoes(sheet):
                echoes.append(text)
                notices[id(echoes)].append((there, here))
        by_itself, *by_more = (notices[id(own)] for own in found)
        self.notices[sheet.key] = by_itself, [one for own in by_more for one in own]
        return found

    def in_order(
        self, sheet: Sheet, noticed: Sequence[tuple[Column, str]], told: Container[int | str]
    ) -> Iterator[str]:
        """The codes of a row as its cells join them: what was noticed of columns, and those of `notices` that it is told:
        conditions by their identity, what its enterprise is told as it stands there."""
        inherited = taken(sheet)
        by_itself, by_more = self.notices[sheet.key]
        yield from (code for column, code in noticed if column not in inherited)
        yield from (code for one, code in by_itself if id(one) in told)
        yield from (code for column, code in noticed if column in inherited)
        yield from (code for one, code in by_more if (one if isinstance(one, str) else id(one)) in told)

    def _echoes(self, sheet: Sheet) -> Iterator[tuple[str, str, str]]:
        """What is found at an enterprise, told at the rows that speak of it: its code there and here, and the formula."""
        row = place_of("enterprises", "list_id", Cell(sheet["list_id"]), self)
        found = self.named(f'IF({row}=0,"",INDEX({self.over("enterprises", self.codes["enterprises"])},{row}))')
        for rule in ECHOED:
            sign = SIGNS[standing(all_rules()[rule], None, self.ruleset)[0]]
            there = self._code(sign, SHEETS["enterprises"]["grade"], rule)
            here = self._code(sign, sheet["list_id"], rule)
            yield there, here, f'IF(ISNUMBER(FIND({quoted(there)},{found})),{quoted(here)},"")'

    def form_code(self, column: Column, rule: str, severity: Severity | None, brief: str = "") -> str:
        """The code of what the reader noticed of a cell; `severity` and `brief` where they are not the rule's own."""
        return self._code(SIGNS[standing(all_rules()[rule], severity, self.ruleset)[0]], column, rule, brief)

    def _quoted_code(self, column: Column, rule: str, severity: Severity | None) -> str:
        return quoted(self.form_code(column, rule, severity))

    def _code(self, sign: str, column: Column, rule: str, brief: str = "") -> str:
        number = self.said.index((rule, brief or all_rules()[rule].name)) + 1
        return f"{sign}{column.position + 1:02d}{number:03d}"

    def next_number(self, sheet: str, first: int) -> str:
        """The next 清单编号 of a sheet of `NUMBERED`, as a formula; the first one has the serial number `first`."""
        kind = SHEETS[sheet]["list_id"].values
        start = (KINDS_OF_ROWS.index(kind) + 1) * 10_000
        keys = ",".join(self.over(one, self.key(SHEETS[one]["list_id"])) for one in (sheet, *NUMBERED[sheet]))
        return f'"{self.county}-{kind}-"&TEXT(MAX({keys},{start + first - 1})-{start - 1},"0000")'

    def _unsigned(self, name: str, column: Column) -> str:
        cell = BOOK_FIELDS[name]
        words = one_of_words(cell, self._words("placeholder", "no_answer", "ditto"))  # of a number to call, too
        nothing = f'IF(LEN({cell})>255,TRUE,IF(ISNUMBER({words}),TRUE,LEFT({cell})="="))'
        meant = f'IF({nothing},"",{value(column, cell, self._needed(column))})'
        return self.single(f'IF(IF(_xlfn.ISFORMULA({cell}),"",IFERROR({meant},""))="",1,0)')

    def _inherit(self) -> None:
        """The names of what a line takes from its enterprise, as `default_formulas` works them out."""
        root, line = SHEETS["enterprises"], SHEETS["lines"]
        of = {name: say(Ref(root[name], "list_id", Cell(line["list_id"])), self) for name in INHERITED}
        own = self.held(line["industry"])
        for name, there in of.items():
            same = f'IF({own}="","",IF({own}={of["industry"]},{there},""))'
            self._name(inherited_name(name), there if name == "industry" else same)

    def _conclude(self, sheet: Sheet) -> None:
        """The helper cells that are known by name, once all others are there, and what the sheet's head says."""
        self._sheet = sheet.key
        entries = [column for column in sheet.columns if column.required != "auto"]
        own = self.helpers[sheet.key].formulas
        window = f"{sheet.title}!$B1:${letter(len(sheet.columns) - 1)}1"
        inherited = taken(sheet)
        typed = [column for column in entries if column not in inherited]
        own[STATE] = f"IF({self._begun(sheet, typed)}=0,0,IF({self._all_plain(sheet, typed)},2,1))"
        if inherited:
            own[TYPED], state = own[STATE], self.cell(sheet.key, TYPED)
            begun, plain = self._begun(sheet, inherited), self._all_plain(sheet, inherited)
            own[STATE] = f"IF({state}=1,1,IF({state}+{begun}=0,0,IF({plain},2,1)))"
        own[ENTERED] = f"COUNTA({window})"
        codes = self.codes[sheet.key]
        status = f"{sheet.title}!$A1"

        # values pasted over 校验, or another sheet's formula, say something else
        def counted(as_: int, signs: str) -> str:
            return f'IF(ISNUMBER(FIND(LEFT({status}&"¦"),"{signs}")),{as_},{UNJUDGED})'

        told, warned = counted(NOTED, SEVERITY_SYMBOLS[Severity.INFO]), counted(WARNED, WARNING)
        bad, faulty = (
            f'IF(ISNUMBER(FIND("{WARN}",{codes})),{warned},{told})',
            counted(FAULTY, ERROR + NOT_YET + BROKEN[0]),
        )
        for sign in AT_FAULT:
            bad = f'IF(ISNUMBER(FIND("{sign}",{codes})),{faulty},{bad})'
        good = f'IF({codes}="",{counted(DONE, FINE)},{bad})'
        formula = f"IF(_xlfn.ISFORMULA({status}),{good},{UNJUDGED})"
        stamp = int(_digest("".join((*own.values(), formula))), 36) % 90_000 + 10_000
        own[JUDGED] = f"IF({self.state(sheet.key)}=0,0,{stamp * 10}+{formula})"
        self._lead(sheet, codes, stamp * 10)

    def _chunks(self, pieces: Iterable[str]) -> Iterator[str]:
        """Texts of formulas that join the pieces, each light enough for a cell; the pieces stand in names."""
        names: list[str] = []
        total = 0
        for chunk in self._joined(pieces):
            weight = self._weight(chunk)
            if names and total + weight > HEAVIEST:
                yield "&".join(names)
                names, total = [], 0
            names.append(self.named(chunk))
            total += weight
        if names:
            yield "&".join(names)

    def _joined(self, pieces: Iterable[str], sign: str = "&") -> Iterator[str]:
        """Pieces joined by a sign, as long and as heavy as a formula may be."""
        found, total = "", 0
        for piece in pieces:
            weight = self._weight(piece)
            if found and (len(found) + len(piece) + 1 > _LONGEST or total + weight > HEAVIEST):
                yield found
                found, total = piece, weight
            else:
                found, total = f"{found}{sign}{piece}" if found else piece, total + weight
        if found:
            yield found

    def _weight(self, formula: str) -> int:
        """Parts of a formula, with names spelled out."""
        return sum(self._weight(self.names[part]) if part in self.names else 1 for part in _PART.findall(formula))

    def _lead(self, sheet: Sheet, codes: str, stamp: int) -> None:
        """The way to the next cell at fault, and how far the sheet is."""
        judged_ = self.over(sheet.key, self.cell(sheet.key, JUDGED))
        entered = self.over(sheet.key, self.cell(sheet.key, ENTERED))
        last = HEADER_ROW + self.room[sheet.key] + BEYOND
        body = f"{sheet.title}!$A${HEADER_ROW}:${letter(len(sheet.columns) - 1)}${last}"
        width = letter(len(sheet.columns) - 1)
        cells = f"{sheet.title}!$B${HEADER_ROW}:${width}${LAST_OF_A_SHEET}"  # what stands beyond those rows counts, too

        def place(what: int, otherwise: str) -> str:
            return f"IFERROR(MATCH({stamp + what},{judged_},0),{otherwise})"

        def rows(what: int) -> str:
            return f"SUMPRODUCT(--({judged_}={stamp + what}))"

        row = self.single(place(FAULTY, place(UNJUDGED, place(WARNED, "0"))))
        found = self.single(f'IF({row}=0,"",INDEX({self.over(sheet.key, codes)},{row}))')
        column = self.single(f"IF({row}=0,2,IFERROR(VALUE(MID({found},{_worst(found)}+1,2)),2))")
        address = f"ADDRESS({row}+{HEADER_ROW - 1},{column},4)"
        status = f"{sheet.title}!$A${HEADER_ROW}:$A${last}"
        # what is entered in all rows, the heads among it, and what blank rows and those judged by these formulas say of it
        heads = f"COUNTA({sheet.title}!$B${HEADER_ROW}:${width}${HEADER_ROW})"
        offered = sum(own == sheet.key for own, _ in OFFERED)  # at most so much stands in a blank row
        ours = f"({judged_}=0)*({entered}<={offered})+({judged_}>={stamp})*({judged_}<{stamp + 10})"
        loose = f"ABS(COUNTA({cells})-{heads}-SUMPRODUCT({ours},{entered}))"
        # values pasted where formulas were; Gnumeric does not ask a range, and is spared
        frozen = f"IFERROR(SUMPRODUCT(ISNUMBER({judged_})*(1-_xlfn.ISFORMULA({judged_}))),0)"
        moved = f"MAX(0,COUNTA({judged_})-COUNT({judged_})-1)"  # texts that came there when cells were inserted, but the head
        # each by its place in the row of heads: a reference of its own would follow a head that is cut
        same = "+".join(
            f"EXACT(INDEX({self._heads(sheet)},1,{one.position + 1}),{quoted(one.header)})" for one in sheet.columns
        )
        self.lead[sheet.key] = Lead(
            next=f"INDEX({body},MAX(2,{row}),{column})",
            link=f'HYPERLINK("#\'{sheet.title}\'!"&{address},"▶ {NEXT}："&{address})',
            said=f'IF({row}=0,"",INDEX({status},{row}))',
            fault=f"{row}>0",
            filled=self.single(f"SUMPRODUCT(({judged_}>{stamp})*({judged_}<{stamp + 10}))"),
            wrong=self.single(rows(FAULTY)),
            warned=self.single(rows(WARNED)),
            unjudged=self.single(f"IFERROR({loose},1)+{frozen}+{moved}+{rows(UNJUDGED)}"),
            heads=self.single(f"IFERROR({len(sheet.columns)}-({same}),{len(sheet.columns)})"),
        )


def _digest(text: str) -> str:
    """A short name for a text, the same everywhere."""
    number, found = zlib.crc32(text.encode()), ""
    while number:
        number, digit = divmod(number, 36)
        found = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + found
    return found


def _said(kind: BookKind) -> list[tuple[str, str]]:
    """Rules and what the workbook says for them in a few words, in the order of their numbers in codes."""
    rules = all_rules()
    form = [(rule, rules[rule].name) for rule in ("GS02", "GS03", "GS04", "GS05", "GS07", *ECHOED)]
    form.append(("GS03", OWN_FORMULA))
    checks = (
        one for rule in rules.values() for sheet, some in rule.checks.items() if KIND_OF[sheet] == kind for one in some
    )
    return list(dict.fromkeys([*form, *((one.rule, one.brief or rules[one.rule].name) for one in checks)]))


def _worst(codes: str) -> str:
    """Place of the first of the worst codes."""
    error = f'MIN(FIND("{WRONG}",{codes}&"{WRONG}"),FIND("{MISSING}",{codes}&"{MISSING}"))'
    return f'IF({error}<=LEN({codes}),{error},IFERROR(FIND("{LATER}",{codes}),IFERROR(FIND("{WARN}",{codes}),1)))'
