"""Formats and cells for XlsxWriter: one format per look, and each value written as what it is."""

import datetime as dt
from collections.abc import Callable, Sequence
from functools import cached_property
from io import BytesIO
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from validators.columns import letter
from validators.meanings import Value
from workbook_templates.xlsx.appearance import BODY_FONT, COLUMN_PIXELS, FONT_SIZE, ROW_PIXELS

_TEXT = ' t="str"'
_PACKED = 7
"""Level at which a workbook is packed: a quarter smaller than at 6, the default, in nearly the same time; 9 packs no better."""
Style = Callable[..., Format]
"""Gives the format for the properties named, the same one for the same properties."""


class GrowingSheet(Worksheet):  # type: ignore[misc] # XlsxWriter ships no types
    """A worksheet whose rows can start at a height and still grow, which XlsxWriter cannot say."""

    growing_from = 1_048_577
    """1-based row from which on rows may grow with their text; their heights are only a beginning."""
    helpers: tuple[int, Sequence[tuple[str, int | str]]] = (0, ())
    """0-based column from which on the rows from `growing_from` on hold helper cells: the name in each, and its value in a
    blank row, which no application needs to work out."""
    filled_to = 0
    """1-based last row whose helper cells an application has to work out; those of blank rows show nothing."""
    _row = 0

    def write_alike(self, row: int, column: int, formula: str, look: Format, value: Value, last: int) -> None:
        """Write a formula that the cells below have too, down to the row `last`, each for its own row: only the first
        one is spelled out (`t="shared"`), which makes a blank workbook much smaller. Rows and column are 0-based."""
        number = self._alike.setdefault(column, (len(self._alike), row))
        kind = f' t="shared" si="{number[0]}"'
        if number[1] == row:
            kind += f' ref="{letter(column)}{row + 1}:{letter(column)}{last + 1}"'
        self.write_formula(row, column, f"{kind}\0{formula.removeprefix('=') if number[1] == row else ''}", look, value)

    @cached_property
    def _alike(self) -> dict[int, tuple[int, int]]:
        """Number of the formula that cells of a column share, and the row where it is spelled out."""
        return {}

    def _xml_formula_element(self, formula: str, result: object, attributes: Sequence[tuple[str, object]] = ()) -> None:
        kind, shared, text = formula.partition("\0")
        if not shared:
            super()._xml_formula_element(formula, result, attributes)
            return
        own = "".join(f' {key}="{value}"' for key, value in attributes)
        spelled = f">{self._escape_data(text)}</f>" if text else "/>"
        self.fh.write(f"<c{own}><f{kind}{spelled}<v>{result}</v></c>")

    def _xml_start_tag_unencoded(self, tag: str, attributes: list[tuple[str, object]]) -> None:
        if tag == "row":
            self._row = int(str(attributes[0][1]))
            if self._row >= self.growing_from:
                attributes[:] = [one for one in attributes if one[0] != "spans" and one != ("customHeight", 1)]
        super()._xml_start_tag_unencoded(tag, attributes)

    def at_least(self, row: int, height: float) -> None:
        """Make a row (0-based) high enough, in points, unless it already is."""
        if row not in self.row_sizes or self.row_sizes[row][0] * 0.75 < height:  # kept in pixels
            self.set_row(row, height)

    def _xml_end_tag(self, tag: str) -> None:
        """Ends a row with its helper cells, which are alike but for its number: a row costs one replacement."""
        if tag == "row" and self._row >= self.growing_from:
            self.fh.write(self._tails[self._row <= self.filled_to].replace("\0", str(self._row)))
        super()._xml_end_tag(tag)

    @cached_property
    def _tails(self) -> tuple[str, str]:
        """The helper cells of a blank row and of a filled one, with a mark for the number of the row."""
        first, names = self.helpers
        cells = [(letter(place), *one) for place, one in enumerate(names, first)]
        blank = "".join(
            f'<c r="{column}\0"{_TEXT if isinstance(value, str) else ""}><f>{name}</f><v>{value}</v></c>'
            for column, name, value in cells
        )
        return blank, "".join(f'<c r="{column}\0"><f>{name}</f></c>' for column, name, _ in cells)

    def _prepare_formula(self, formula: str, _expand: bool = False) -> str:
        """Spared the search for functions newer than Excel 2016, which took most of the time."""
        return formula.removeprefix("=")


class LockableWorkbook(Workbook):  # type: ignore[misc] # XlsxWriter ships no types
    """A workbook whose sheets can be kept from being renamed, deleted or moved, which XlsxWriter cannot say."""

    structure_locked = False

    def _write_book_views(self) -> None:
        if self.structure_locked:
            self._xml_empty_tag("workbookProtection", [("lockStructure", 1)])
        super()._write_book_views()


def new_workbook(target: BinaryIO, **plain: object) -> LockableWorkbook:
    """An XlsxWriter workbook in the house's fonts that leaves no temporary files behind; `plain` is the look of all else."""
    workbook = LockableWorkbook(
        target,
        {
            "in_memory": True,
            "default_format_properties": {
                "font_name": BODY_FONT,
                "font_size": FONT_SIZE,
                "font_scheme": "none",
                **plain,
            },
            "default_column_width": COLUMN_PIXELS,
            "default_row_height": ROW_PIXELS,
        },
    )
    workbook.worksheet_class = GrowingSheet
    return workbook


def packed(made: BytesIO) -> bytes:
    """A workbook that was just made, packed as well as it pays; XlsxWriter does not let itself be told how well."""
    target = BytesIO()
    with ZipFile(made) as source, ZipFile(target, "w", ZIP_DEFLATED, compresslevel=_PACKED) as copy:
        for part in source.infolist():
            copy.writestr(part, source.read(part), compresslevel=_PACKED)
    return target.getvalue()


def styles(workbook: Workbook) -> Style:
    """The format maker of a workbook."""
    known: dict[frozenset[tuple[str, object]], Format] = {}

    def style(**properties: object) -> Format:
        key = frozenset(properties.items())
        if key not in known:
            known[key] = workbook.add_format({"valign": "vcenter", **properties})
        return known[key]

    return style


def put(sheet: Worksheet, row: int, column: int, value: Value, style: Format) -> None:
    """Writes a value as what it is, never as a formula or link; a blank is written as an empty styled cell.

    `row` and `column` are 0-based, as in XlsxWriter.
    """
    match value:
        case None | "":
            sheet.write_blank(row, column, None, style)
        case str():
            sheet.write_string(row, column, value, style)
        case dt.date():
            sheet.write_datetime(row, column, value, style)
        case _:
            sheet.write_number(row, column, value, style)


def text_width(text: str) -> float:
    """Width in characters of the default font, where a Chinese one is nearly as wide as two."""
    return sum(1 if ord(sign) < 0x2000 else 1.84 for sign in text)
