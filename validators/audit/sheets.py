"""The string table and the sheets: the parts that are big.

They are read in blocks of whole strings or rows. A block in the plain form that spreadsheet programs write is
checked by one regular expression made for that sheet (its columns, styles, strings); any other block goes to the
XML parser and element by element through the allow-list, which is also what finds the words for a finding. The
expression only accepts what the parser would accept without a finding, so both give the same verdict.
"""

import math
import re
import struct
import unicodedata
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from operator import lt
from typing import Literal

from pydantic_core import from_json

from validators.audit.report import Findings
from validators.audit.walk import LEADING, NUMBER, Attributes, Walker, is_no
from validators.columns import letter, position_of
from validators.ooxml.grid import LAST_COLUMN, LAST_ROW
from validators.ooxml.package import MAIN, NAMESPACES, TooBigError

ColumnKind = Literal["number", "code", "date", "text"]

MAX_STRINGS = 8_000_000
MAX_GRID = 40_000_000  # cells of a used range, which many a program holds at once; a province's has 28 M
FREE_GRID = 1_000_000  # below this a used range may be as empty as it likes
_HEAD_ROWS = 10  # the header row is looked for in these
_BLOCK = 1 << 17  # bytes
FAST_COLUMNS = 400  # an expression for more columns costs more than it saves
MAX_MERGED_ROWS = 1_000_000  # rows of all merged areas together

# Character data that needs no look: no control characters, only references that are surely allowed.
TEXT = (
    rb"(?:[^<&\x00-\x08\x0b-\x1f]++|&(?:amp|lt|gt|quot|apos|#(?:3[2-9]|[4-9][0-9]|[1-9][0-9]{2,3}"
    rb"|[1-4][0-9]{4}|5[0-4][0-9]{3}|6[0-4][0-9]{3}|65[0-4][0-9]{2}));)++"
)
T = rb'<t(?: xml:space="preserve")?>' + TEXT + rb"</t>"
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_RANGE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})(?::([A-Z]{1,3})([1-9][0-9]{0,6}))?")
_FIGURE = re.compile(r"[-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?%?")
_MAYBE_FIGURE = re.compile(  # also full-width digits, blanks
    rb"<t[^>]*>([\s0-9+\-.,%eE\xc2\xe2\xe3\xef\xf0\x80-\xbf]*+)</t>"
)
_DESCENT = {uri for uri, prefix in NAMESPACES.items() if prefix == "x14ac:"}


def area(reference: str) -> tuple[int, int, int, int] | None:
    """Return (first row, first column, last row, last column) of A1 or A1:B2; None if it is not on a sheet."""
    match = _RANGE.fullmatch(reference)
    if match is None:
        return None
    column, row, column2, row2 = match.groups()
    found = int(row), position_of(column) + 1, int(row2 or row), position_of(column2 or column) + 1
    if found[0] > found[2] or found[1] > found[3] or found[2] > LAST_ROW or found[3] > LAST_COLUMN:
        return None
    return found


def is_figure(text: str) -> bool:
    """Say whether a text is a number to a human reader: full-width digits, blanks and commas included."""
    text = unicodedata.normalize("NFKC", text).strip()
    return any(c.isdigit() for c in text) and _FIGURE.fullmatch(text) is not None


def valid_text(block: bytes) -> bool:
    """Say whether a block whose tags are plain is also valid as XML text: UTF-8, no non-characters, no "]]>"."""
    try:
        text = block.decode()
    except UnicodeDecodeError:
        return False
    return not ("]]>" in text or "\ufffe" in text or "\uffff" in text)


def below(limit: int) -> bytes:
    """Return an expression for the whole numbers from 0 to limit - 1, without leading zeros; no digit may follow."""
    digits = str(limit - 1)
    shorter = len(digits) - 1
    options = [f"[1-9][0-9]{{0,{shorter - 1}}}+", "0"] if shorter else []
    for place, digit in enumerate(digits):
        low = 1 if place == 0 and shorter else 0
        if int(digit) > low:
            rest = shorter - place
            options.append(f"{digits[:place]}[{low}-{int(digit) - 1}]" + (f"[0-9]{{{rest}}}" if rest else ""))
    options.append(digits)
    return f"(?:{'|'.join(options)})".encode()


class BlockWalker(Walker):
    """A walker over a big part that may skip blocks of whole `ending` elements which `plain_block` vouches for."""

    ending: bytes
    depth: int  # of the elements around
    behind = -1  # bytes fed to the parser up to its last end tag

    def run(self, chunks: Iterator[bytes]) -> None:
        """Walk through the part; PackageError as the package and the parser raise it."""
        size, pieces = 0, list[bytes]()
        for chunk in chunks:
            pieces.append(chunk)
            size += len(chunk)
            if size >= _BLOCK:
                rest = self.whole(b"".join(pieces))
                size, pieces = len(rest), [rest]
        self.block(self.whole(b"".join(pieces)))
        self.finish()

    def whole(self, data: bytes) -> bytes:
        """Take the elements that are whole, the first few on their own, and return the rest."""
        cut = 0
        if not self.parser.fed:  # these always go through the parser
            for _ in range(_HEAD_ROWS + 2):
                cut = data.find(self.ending, cut) + len(self.ending)
                if cut < len(self.ending):
                    break
            else:
                self.block(data[:cut])
                data = data[cut:]
        cut = data.rfind(self.ending) + len(self.ending)
        if cut < len(self.ending):
            cut = len(data)
        self.block(data[:cut])
        return data[cut:]

    def block(self, data: bytes) -> None:
        """Take one block the fast way if that is safe, else the thorough one."""
        parser = self.parser
        plain = parser.root_namespaces.get(None) == MAIN and not parser.inner_namespaces
        between = self.behind == parser.fed and len(self.stack) == self.depth and not self.denied
        if plain and between and self.plain_block(data):
            parser.skipped += len(data)
        else:
            parser.feed(data)
            if not data.endswith(self.ending):
                self.behind = -1

    def end(self, name: str) -> None:
        """Note where the tag that ends here ends, if it is an `ending`."""
        super().end(name)
        self.behind = self.parser.position + len(self.ending)

    def plain_block(self, data: bytes) -> bool:
        """Say whether the whole block is plain and without a finding, and take in what it says."""
        raise NotImplementedError


class StringTable(BlockWalker):
    """The shared strings: how many there are, which are figures, and which are the heads that are looked for."""

    ending = b"</si>"
    depth = 1

    def __init__(self, part: str, findings: Findings, heads: frozenset[str]) -> None:
        super().__init__(part, "strings", findings)
        self.figures = bytearray()  # 1 where the string is a number to a human reader
        self.heads: dict[int, str] = {}
        self.declared: str | None = None
        self._wanted = {head.encode() for head in heads}
        self._text: list[str] = []

    def opened(self, name: str, attributes: Attributes) -> None:
        """Begin a string."""
        if name == "sst":
            self.declared = attributes.get("uniqueCount")
        elif name == "si":
            self._text = []

    def closed(self, name: str, text: str) -> None:
        """Collect the pieces of a string and take it in."""
        if name == "t":
            self._text.append(text)
        elif name == "si":
            whole = "".join(self._text).encode()
            self.take([whole], [whole])

    def take(self, texts: list[bytes], maybe: list[bytes]) -> None:
        """Take in some strings, UTF-8, and those of them that may be figures."""
        base = len(self.figures)
        if base + len(texts) > MAX_STRINGS:
            raise TooBigError(f"共享字符串超过 {MAX_STRINGS} 条，无法逐一检查", self.part)
        figures = {text for text in maybe if text.isdigit() or is_figure(text.decode())}
        self.figures += bytes(map(figures.__contains__, texts)) if figures else bytes(len(texts))
        if not self._wanted.isdisjoint(texts) and len(self.heads) < 10_000:
            self.heads |= {base + i: t.decode() for i, t in enumerate(texts) if t in self._wanted}

    def plain_block(self, data: bytes) -> bool:
        """See the base class."""
        texts = _bare_strings(data)
        if texts is None:
            if _STRINGS.fullmatch(data) is None:
                return False
            texts = _STRING.findall(data)
        if not valid_text(data):
            return False
        self.take(texts, _MAYBE_FIGURE.findall(data))
        return True

    def finish(self) -> None:
        """Compare the declared number of strings with the real one: a false one makes readers reserve memory."""
        super().finish()
        if self.declared is not None and self.declared != str(len(self.figures)):
            self.add("AU06", f"共享字符串登记为 {self.declared} 条，实际 {len(self.figures)} 条")


_ODD = b"&" + bytes(code for code in range(32) if code not in b"\t\n")


def _bare_strings(data: bytes) -> list[bytes] | None:
    """Split a block of strings without attributes and references, faster than an expression; None for any other."""
    if not (data.startswith(b"<si><t>") and data.endswith(b"</t></si>")):
        return None
    texts = data[len(b"<si><t>") : -len(b"</t></si>")].split(b"</t></si><si><t>")
    plain = data.count(b"<") == 4 * len(texts) and b"" not in texts and len(data.translate(None, _ODD)) == len(data)
    return texts if plain else None


_STRINGS = re.compile(rb'(?:<si><t(?: xml:space="preserve")?>[^<&\x00-\x08\x0b-\x1f]++</t></si>)*+')
_STRING = re.compile(rb"<t[^>]*>([^<]*)</t>")


@dataclass(slots=True)
class SheetFacts:
    """What the checks of the whole file need to know about one sheet."""

    name: str
    part: str
    header_row: int | None = None
    heads: list[str | None] = field(default_factory=list)  # of the header row; None is a text that is not known
    rows: int = 0  # below the header, with anything in them
    sums: dict[str, float | None] = field(default_factory=dict)  # None: too great for a float
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)


@dataclass(slots=True)
class Formats:
    """The cell formats: how many there are, which show text in the colour behind it, which show days."""

    count: int
    unseen: set[int] = field(default_factory=set)
    dates: set[int] = field(default_factory=set)


class _Sum:
    """The exact sum of many floats in little memory."""

    def __init__(self) -> None:
        self.values = array("d")

    def extend(self, numbers: list[float]) -> None:
        """Add numbers; past 300,000 they are folded into a few floats with exactly the same sum."""
        self.values.frombytes(struct.pack(f"{len(numbers)}d", *numbers))  # a third less time than `fromlist`
        if len(self.values) > 300_000:
            folded = array("d")
            while total := math.fsum(self.values):
                folded.append(total)
                self.values.append(-total)
            self.values = folded

    def total(self) -> float | None:
        """Return the correctly rounded sum, None when it overflows."""
        try:
            return math.fsum(self.values)
        except OverflowError:
            return None


class SheetWalker(BlockWalker):
    """One worksheet: every cell and row against the allow-list, the kinds of its columns, and its facts."""

    ending = b"</row>"
    depth = 2

    def __init__(self, part: str, name: str, findings: Findings, strings: StringTable, styles: Formats) -> None:
        super().__init__(part, "sheet", findings, name)
        self.facts = SheetFacts(name, part)
        self.strings, self.styles = strings, styles
        self.expect({}, frozenset(), frozenset())
        self.row = self.column = 0
        self.max_row = self.max_column = 0
        self.min_row = LAST_ROW
        self.dimension: str | None = None
        self.hidden = bytearray(LAST_COLUMN + 1)  # 1: hidden, 2: hidden and reported
        self.last_col = 0
        self.scrolled: str | None = None  # the first cell in view
        self.kinds: dict[int, ColumnKind] = {}
        self.sums: dict[int, _Sum] = {}
        self.summed_heads: dict[int, str] = {}
        self.row_hidden = self.in_cell = False
        self.row_texts: dict[int, str | None] = {}  # of a row that might be the header row
        self.row_filled = False
        self.attributes: Attributes = {}
        self.value: str | None = None
        self.inline: list[str] | None = None
        self.merged_rows = 0
        self.usual: dict[
            int, tuple[bytes, bool]
        ] = {}  # by column: style of the last value, and whether it was a string
        self.inlined = False
        self._pattern: tuple[object, re.Pattern[bytes] | None] = (None, None)
        self._patterns_made = 0
        self._groups: list[int] = []  # columns of the numbers to sum

    def expect(self, heads: Mapping[str, ColumnKind], known: frozenset[str], summed: frozenset[str]) -> None:
        """Give the kinds of columns by head, the heads that make a header row, and those of columns to sum."""
        self.column_kinds, self.known, self.summed = heads, known, summed

    def cell(self) -> str | None:
        """Return the address of the present cell."""
        if self.in_cell:
            return f"{letter(self.column - 1)}{self.row}"
        return None

    # The thorough way.

    def opened(self, name: str, attributes: Attributes) -> None:
        """Begin a row or a cell, or look at what stands around them."""
        if name == "c":
            self.open_cell(attributes)
        elif name == "row":
            self.open_row(attributes)
        elif name == "is":
            self.inline, self.inlined = [], True
        elif name in _LOOKS:
            _LOOKS[name](self, attributes)

    def closed(self, name: str, text: str) -> None:
        """End a value, a cell, a row."""
        if name == "v":
            self.value = text
        elif name == "t" and self.inline is not None:
            self.inline.append(text)
        elif name == "c":
            self.close_cell()
            self.in_cell = False
        elif name == "row":
            self.close_row()
        elif name.endswith(("Header", "Footer")) and "&G" in text.upper():
            self.add("AU04", "页眉或页脚里有图片")

    def leave(self, name: str, text: str) -> None:
        """Screen a formula; a formula in a cell is counted where it stands."""
        super().leave(name, text)
        if name == "f" and self.in_cell:
            self.row_filled = True

    def open_row(self, attributes: Attributes) -> None:
        """Check the row's number and looks."""
        number = attributes.get("r")
        if number is not None and (not re.fullmatch("[1-9][0-9]{0,6}", number) or int(number) > LAST_ROW):
            self.add("AU06", f"行号 {number} 不合法")
            number = None
        row = int(number or self.row + 1)
        if row <= self.row:
            self.add("AU06", f"第 {row} 行排在第 {self.row} 行之后，行号重复或颠倒")
        self.row, self.column = row, 0
        self.row_hidden = not is_no(attributes.get("hidden")) or _narrow(attributes.get("ht"), 2)
        if not is_no(attributes.get("collapsed")):
            self.add("AU05", f"第 {row} 行标为“已折叠”，有的程序打开时会藏起它所属的各行")
        self.row_texts, self.row_filled = {}, False
        self.style(attributes.get("s"))

    def close_row(self) -> None:
        """Count the row, or see whether it is the header row."""
        if self.row_hidden and self.row_filled:
            self.add("AU05", f"第 {self.row} 行被隐藏，但有内容")
        if self.facts.header_row is not None:
            self.facts.rows += self.row_filled
        elif self.row <= _HEAD_ROWS and self.row_texts:
            known = sum(text in self.known for text in self.row_texts.values())
            if known * 2 >= len(self.row_texts):
                self.take_header()

    def take_header(self) -> None:
        """Let the present row be the header row: it names the columns below it."""
        self.facts.header_row = self.row
        self.facts.heads = list(self.row_texts.values())
        for column, head in self.row_texts.items():
            if head is None:
                continue
            if head in self.column_kinds:
                self.kinds[column] = self.column_kinds[head]
            if head in self.summed and self.facts.heads.count(head) == 1:
                self.sums[column], self.summed_heads[column] = _Sum(), head

    def style(self, index: str | None) -> None:
        """Check the number of a cell format."""
        if index is not None and not (re.fullmatch("[0-9]{1,6}", index) and int(index) < max(self.styles.count, 1)):
            self.add("AU06", f"单元格样式编号 {index} 不存在")

    def open_cell(self, attributes: Attributes) -> None:
        """Check the cell's address and style."""
        self.in_cell = True
        before, self.column = self.column, self.column + 1
        reference = attributes.get("r")
        if reference is not None:
            match = _REFERENCE.fullmatch(reference)
            if match is None or (column := position_of(match[1]) + 1) > LAST_COLUMN:
                self.add("AU06", f"单元格地址 {reference} 不合法")
            elif int(match[2]) != self.row:
                self.add("AU06", f"单元格 {reference} 写在第 {self.row} 行里")
            elif column <= before:
                self.add("AU06", f"单元格 {reference} 重复或次序颠倒")
            else:
                self.column = column
        self.max_row = max(self.max_row, self.row)
        self.min_row = min(self.min_row, self.row)
        self.max_column = max(self.max_column, self.column)
        self.style(attributes.get("s"))
        self.attributes, self.value, self.inline = attributes, None, None

    def close_cell(self) -> None:
        """Judge the value of the cell."""
        kind, value = self.attributes.get("t", "n"), self.value
        text: str | None = None
        figure = False
        both = value is not None and self.inline is not None
        if both or ((kind == "inlineStr") != (self.inline is not None) and (value or self.inline) is not None):
            self.add("AU06", f"单元格类型 {kind} 与其内容不符")
        if value is None and self.inline is None:
            if kind == "e":
                self.add("AU07", "错误值")
            return
        self.row_filled = True
        if kind == "n":
            figure = True
            self.number(value or "")
        elif kind == "s":
            if re.fullmatch("0|[1-9][0-9]{0,7}", value or "") and int(value or "") < len(self.strings.figures):
                text = self.strings.heads.get(int(value or ""))
                figures = self.strings.figures[int(value or "")]
            else:
                self.add("AU06", f"共享字符串编号「{value}」不存在")
                figures = False
        elif kind == "inlineStr":
            text = "".join(self.inline or ())
            figures = is_figure(text)
        elif kind == "str":
            text, figures = value or "", is_figure(value or "")
            if text.startswith(LEADING):
                self.add("AU07", f"公式结果类型的文字以 {text[0]} 开头：「{text}」")
        elif kind == "b":
            figures = False
            if value not in ("0", "1"):
                self.add("AU07", f"逻辑值「{value}」不是 0 或 1")
        else:
            figures = False
            what = {"e": f"错误值 {value}", "d": f"文字形式的日期单元格「{value}」"}
            self.add("AU07", what.get(kind, f"不认识的单元格类型 {kind}"))
        if self.hidden[self.column] == 1:
            self.hidden[self.column] = 2
            self.add("AU05", f"{letter(self.column - 1)} 列被隐藏，但有内容")
        style = self.attributes.get("s", "0")
        style_number = int(style) if style.isdecimal() else 0
        self.usual[self.column] = f' s="{style}"'.encode() if "s" in self.attributes else b"", kind == "s"
        if style_number in self.styles.unseen:
            self.add("AU05", "文字与底色同色，看不见")
        if self.facts.header_row is None:
            if self.row <= _HEAD_ROWS:
                self.row_texts[self.column] = text
            return
        column = self.kinds.get(self.column)
        if column == "code" and figure:
            self.add("AU07", f"代码列里是数字 {value}，应为文字")
        elif column == "number" and figure and style_number in self.styles.dates:
            self.add("AU07", f"数字列里的 {value} 用了日期格式，会显示成日期")
        elif column == "number" and not figure and figures:
            self.add("AU07", f"数字列里是文字形式的数字{f'「{text}」' if text else ''}")

    def number(self, value: str) -> None:
        """Check a number as it is written, and add it to the sum of its column."""
        if not NUMBER.fullmatch(value) or not math.isfinite(float(value)):
            self.add("AU07", f"「{value}」不是合法的数字")
        elif self.column in self.sums:
            self.sums[self.column].extend([float(value)])

    # The fast way.

    def plain_block(self, data: bytes) -> bool:
        """See the base class."""
        if self.facts.header_row is None and self.row < _HEAD_ROWS:
            return False
        pattern = self.pattern()
        if pattern is None or not data:
            return False
        numbers, blank, *columns, others = zip(*pattern.findall(data), strict=True)
        if others[-1] or (self.inlined and not valid_text(data)):
            return False
        order = [self.row, *map(int, numbers)]
        if order[-1] > LAST_ROW or not all(map(lt, order, order[1:])):
            return False
        figures = b"[[" + b"],[".join([b",".join(filter(None, texts)) for texts in columns]) + b"]]"
        try:
            sums = from_json(figures)  # thrice as fast as float
        except ValueError:
            return False
        if (b"e" in figures or b"E" in figures) and not all(math.isfinite(number) for own in sums for number in own):
            return False
        for column, own in zip(self._groups, sums, strict=False):  # without any there is still one empty list
            self.sums[column].extend(own)
        if self.facts.header_row is not None:
            self.facts.rows += blank.count(b"")
        self.row = self.max_row = order[-1]
        return True

    def pattern(self) -> re.Pattern[bytes] | None:
        """Return the expression for one plain row of this sheet, None where there is none worth having.

        Its groups are: the number of the row, its end if it holds no value, for each column to sum the number, and,
        instead of a row, all the rest if that does not begin with one. Columns stand in ascending order, so order and
        uniqueness are in it too.
        """
        key = (self.max_column, self.facts.header_row, self.inlined)
        if self._pattern[0] != key:
            self._patterns_made += 1
            usable = self.max_column <= FAST_COLUMNS and self._patterns_made < 20 and not self.styles.unseen
            self._pattern = (key, re.compile(self.row_expression()) if usable else None)
        return self._pattern[1]

    def row_expression(self) -> bytes:
        """Write the expression of `pattern`."""
        style, yes_no, no = below(max(self.styles.count, 1)), rb'"(?:0|1|true|false)"', rb'"(?:0|false)"'
        attributes = [rb'spans="[0-9]{1,5}:[0-9]{1,5}"', rb's="' + style + rb'"', rb"customFormat=" + yes_no]
        attributes += [rb'ht="(?:[2-9]|[1-9][0-9]{1,2})(?:\.[0-9]{1,16})?"', rb"hidden=" + no]
        attributes += [rb"customHeight=" + yes_no, rb'outlineLevel="0"', rb"collapsed=" + no]
        if self.parser.root_namespaces.get("x14ac") in _DESCENT:
            attributes.append(rb'x14ac:dyDescent="[0-9]{1,3}(?:\.[0-9]{1,6})?"')
        head = rb'<row r="([1-9][0-9]{0,6})"' + b"".join(b"(?: " + a + b")?+" for a in attributes)
        head += rb"(?=(/>|>(?:<c [^<>/]*+(?:/>|></c>))*+</row>)?)"
        self._groups = []
        cells = b"".join(map(self.cell_expression, range(1, self.max_column + 1)))
        return head + b"(?:/>|>" + cells + rb"</row>)|([\s\S]+)"

    def cell_expression(self, column: int) -> bytes:
        """Write the expression for a cell of a column, or none; what is usual there is tried first, which is faster."""
        kind, strings = self.kinds.get(column), len(self.strings.figures)
        style = self.style_expression(kind)
        usual, as_string = self.usual.get(column, (b"", False))
        if not re.fullmatch(style, usual):
            usual = style
        string = rb' t="s"><v>' + below(strings) + rb"</v></c>" if strings else rb"(?!)"
        filled, blank = [], rb' ?/>|></c>| t="n"(?:></c>| ?/>)'
        if not self.hidden[column]:
            if kind != "number" and as_string:
                filled.append(usual + string)
            if kind != "code":
                figure = rb"-?(?:0|[1-9][0-9]{0,17}+)(?:\.[0-9]{1,20}+)?+(?:[eE][-+]?[0-9]{1,2})?+"
                if column in self.sums:  # whoever adds them up refuses what is no number
                    self._groups.append(column)
                    figure = rb"([-+.0-9eE]{1,30}+)"
                filled.append(b"(?:" + usual + b">|" + style + rb'(?: t="n")?+>)<v>' + figure + rb"</v></c>")
            if kind != "number":  # a string there may be a figure and is left to the thorough way
                blank += b"|" + string
                if self.inlined:
                    blank += rb'| t="inlineStr"><is>' + T + rb"</is></c>"
        filled.append(style + b"(?:" + blank + b")")
        return b'(?:<c r="' + letter(column - 1).encode() + rb'\1"(?:' + b"|".join(filled) + b"))?+"

    def style_expression(self, kind: ColumnKind | None) -> bytes:
        """Write the expression for the style of a cell: no number is shown as a day."""
        count, dates = max(self.styles.count, 1), self.styles.dates
        if kind != "number" or not dates:
            return b'(?: s="' + below(count) + b'")?+'
        allowed = sorted(set(range(count)) - dates)
        found = b' s="(?:' + "|".join(map(str, allowed)).encode() + b')"'
        return b"(?:" + found + b")?+" if 0 in allowed else found

    def finish(self) -> None:
        """Compare the sheet's own idea of its size with the real one, and keep the facts."""
        super().finish()
        self.facts.sums = {head: self.sums[column].total() for column, head in self.summed_heads.items()}
        size = (self.max_row - self.min_row + 1) * self.max_column
        if size > MAX_GRID or size > max(FREE_GRID, self.parser.fed + self.parser.skipped):
            self.add(
                "AU06",
                f"使用区域大得反常（第 {self.min_row} 至 {self.max_row} 行、{self.max_column} 列），多数读表程序会耗尽内存",
            )
        if self.dimension is not None:
            declared = area(self.dimension)
            if declared is None:
                self.add("AU06", f"使用区域声明 {self.dimension} 不合法")
            elif self.max_column and (declared[2] < self.max_row or declared[3] < self.max_column):
                self.add("AU06", f"使用区域声明为 {self.dimension}，有单元格在它之外，有的程序会读不到")


def _narrow(value: str | None, least: float) -> bool:
    """Say whether a height or width is given and too small to see."""
    return value is not None and not (re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,20})?", value) and float(value) >= least)


def _look_format(walker: SheetWalker, attributes: Attributes) -> None:
    if not is_no(attributes.get("zeroHeight")) or _narrow(attributes.get("defaultRowHeight"), 2):
        walker.add("AU05", "工作表默认隐藏各行")
    if _narrow(attributes.get("defaultColWidth"), 0.5):
        walker.add("AU05", "工作表默认列宽为零，各列都看不见")


def _look_column(walker: SheetWalker, attributes: Attributes) -> None:
    first, last = attributes.get("min", ""), attributes.get("max", "")
    if not (re.fullmatch("[1-9][0-9]{0,4}", first) and re.fullmatch("[1-9][0-9]{0,4}", last)):
        walker.add("AU06", f"列的范围 {first} 至 {last} 不合法")
    elif not walker.last_col < int(first) <= int(last) <= LAST_COLUMN:
        walker.add("AU06", f"列的范围 {first} 至 {last} 越界、重复或颠倒")
    else:
        walker.last_col = int(last)
        if not is_no(attributes.get("hidden")) or _narrow(attributes.get("width"), 0.5):
            walker.hidden[int(first) : int(last) + 1] = b"\1" * (int(last) - int(first) + 1)
    walker.style(attributes.get("style"))
    if not is_no(attributes.get("collapsed")):
        walker.add("AU05", f"第 {first} 列标为“已折叠”，有的程序打开时会藏起它所属的各列")


def _look_view(walker: SheetWalker, attributes: Attributes) -> None:
    walker.scrolled = attributes.get("topLeftCell")
    if attributes.get("showZeros", "1") not in ("1", "true"):
        walker.add("AU05", "工作表设为不显示零值")


def _look_pane(walker: SheetWalker, attributes: Attributes) -> None:
    first = area(walker.scrolled or "A1") or (1, 1, 1, 1)
    above, left = (
        attributes.get("ySplit", "0") != "0" and first[0] > 1,
        attributes.get("xSplit", "0") != "0" and first[1] > 1,
    )
    if attributes.get("state", "split").startswith("frozen") and (above or left):
        walker.add("AU05", f"窗格冻结在 {walker.scrolled} 处，之前的行或列滚动不到，看不见")


def _look_dimension(walker: SheetWalker, attributes: Attributes) -> None:
    walker.dimension = attributes.get("ref", "")


def _look_merge(walker: SheetWalker, attributes: Attributes) -> None:
    merged = area(attributes.get("ref", ""))
    if merged is None:
        walker.add("AU06", f"合并区域 {attributes.get('ref')} 不合法")
        return
    walker.merged_rows += merged[2] - merged[0] + 1
    if walker.merged_rows > MAX_MERGED_ROWS:
        raise TooBigError(f"工作表「{walker.sheet}」的合并区域过多，无法逐一检查", walker.part)
    walker.facts.merged.append(merged)


_LOOKS = {
    "sheetFormatPr": _look_format,
    "col": _look_column,
    "sheetView": _look_view,
    "pane": _look_pane,
    "dimension": _look_dimension,
    "mergeCell": _look_merge,
}
