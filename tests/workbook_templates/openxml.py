"""What would make Excel offer to repair a workbook, beyond what the Open XML SDK notices: a lint of the package."""

import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from validators.columns import letter, position_of

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
AFTER_2007 = {"ISFORMULA", "UNICODE", "UNICHAR", "NUMBERVALUE", "DAYS", "IFNA", "XOR", "SHEET", "SHEETS", "FORMULATEXT",
    "CONCAT", "TEXTJOIN", "IFS", "SWITCH", "MAXIFS", "MINIFS", "XLOOKUP", "XMATCH", "LET", "LAMBDA", "UNIQUE", "SORT",
    "FILTER", "SEQUENCE", "AGGREGATE", "CEILING.MATH", "FLOOR.MATH", "ENCODEURL", "FILTERXML", "WEBSERVICE"}  # fmt: skip
"""Functions that a file must write with `_xlfn.`; IFERROR, COUNTIFS and SUMIFS are of 2007."""
FUNCTION = re.compile(r"([A-Z_a-z][A-Za-z0-9_.]*)\(")
LITERAL = re.compile(r'"(?:[^"]|"")*"')
NAME = re.compile(r"[^\W\d][\w.]*|\\[\w.]*")
LIKE_A_CELL = re.compile(r"\$?[A-Za-z]{1,3}\$?[0-9]+|[Rr][0-9]*([Cc][0-9]*)?|[Cc][0-9]*")
MOST_FORMATS, MOST_LINKS, LONGEST_TEXT, LONGEST_FORMULA = 65_490, 65_530, 32_767, 8_192
Area = tuple[int, int, int, int]
"""First column and row, last column and row; columns are 0-based, rows 1-based."""


def lint(path: Path) -> list[str]:
    """What is wrong with a workbook, a line each; empty where Excel has nothing to repair."""
    with zipfile.ZipFile(path) as package:
        return list(Package(package).faults())


def area(reference: str) -> Area:
    """`B5:C6` as numbers."""
    first, _, last = reference.replace("$", "").partition(":")
    (left, top), (right, bottom) = cell(first), cell(last or first)
    return left, top, right, bottom


def cell(reference: str) -> tuple[int, int]:
    """`B5` as its 0-based column and its row."""
    column = reference.rstrip("0123456789")
    return position_of(column), int(reference[len(column) :])


def overlap(one: Area, other: Area) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


class Package:
    """An opened workbook."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        self.package = package
        self.strings = [
            "".join(text.text or "" for text in item.iter(f"{MAIN}t")) for item in self.root("xl/sharedStrings.xml")
        ] if "xl/sharedStrings.xml" in package.namelist() else []  # fmt: skip
        styles = self.root("xl/styles.xml")
        self.formats = len(styles.findall(f"{MAIN}cellXfs/{MAIN}xf"))
        self.looks = len(styles.findall(f"{MAIN}dxfs/{MAIN}dxf"))
        self.table_ids: Counter[str] = Counter()
        self.names: Counter[str] = Counter()

    def root(self, part: str) -> ElementTree.Element:
        return ElementTree.fromstring(self.package.read(part))  # noqa: S314 - written by ourselves

    def targets(self, part: str) -> dict[str, str]:
        folder, _, name = part.rpartition("/")
        relations = f"{folder}/_rels/{name}.rels"
        if relations not in self.package.namelist():
            return {}
        found = {}
        for one in self.root(relations):
            target = one.attrib["Target"]
            places = folder.split("/")
            for step in target.split("/"):
                if step == "..":
                    places.pop()
                else:
                    places.append(step)
            found[one.attrib["Id"]] = target[1:] if target.startswith("/") else "/".join(places)
        return found

    def faults(self) -> Iterator[str]:
        if not 0 < self.formats <= MOST_FORMATS:
            yield f"{self.formats} formats"
        for text in self.strings:
            if len(text) > LONGEST_TEXT:
                yield f"text of {len(text)} signs"
        book = self.root("xl/workbook.xml")
        sheets = book.findall(f"{MAIN}sheets/{MAIN}sheet")
        yield from self._sheets(book, sheets)
        targets = self.targets("xl/workbook.xml")
        for sheet in sheets:
            for fault in self._sheet(targets[sheet.attrib[LINK]]):
                yield f"{sheet.attrib['name']}: {fault}"
        for scope in [None, *map(str, range(len(sheets)))]:
            for name in book.findall(f"{MAIN}definedNames/{MAIN}definedName"):
                if name.get("localSheetId") == scope:
                    yield from self._name(name)
        yield from (f"table id or name {one} twice" for one, count in self.table_ids.items() if count > 1)
        yield from (f"name {one} twice" for one, count in self.names.items() if count > 1)

    def _sheets(self, book: ElementTree.Element, sheets: list[ElementTree.Element]) -> Iterator[str]:
        names = [sheet.attrib["name"] for sheet in sheets]
        if len({name.casefold() for name in names}) < len(names):
            yield "a sheet name twice"
        for name in names:
            if not 0 < len(name) <= 31 or re.search(r"[\[\]:*?/\\]|^'|'$", name) or name.casefold() == "history":
                yield f"sheet name {name}"
        views = book.findall(f"{MAIN}bookViews/{MAIN}workbookView")
        for view in views:
            if sheets[int(view.get("activeTab", "0"))].get("state", "visible") != "visible":
                yield "a hidden sheet is the active one"

    def _name(self, one: ElementTree.Element) -> Iterator[str]:
        name, text = one.attrib["name"], one.text or ""
        self.names[f"{one.get('localSheetId', '')} {name.casefold()}"] += 1
        own = name.removeprefix("_xlnm.")
        if len(name) > 255 or not NAME.fullmatch(own) or LIKE_A_CELL.fullmatch(own):
            yield f"defined name {name}"
        yield from (f"name {name}: {fault}" for fault in formula(text))

    def _sheet(self, part: str) -> Iterator[str]:
        sheet = self.root(part)
        merged = [area(one.attrib["ref"]) for one in sheet.iter(f"{MAIN}mergeCell")]
        yield from (f"merges overlap at {one}" for one in crossing(merged))
        texts: dict[tuple[int, int], str] = {}
        formulas: dict[tuple[int, int], str] = {}
        yield from self._cells(sheet, texts, formulas)
        taken: list[Area] = []
        targets = self.targets(part)
        for link in sheet.findall(f"{MAIN}tableParts/{MAIN}tablePart"):
            table = self.root(targets[link.attrib[LINK]])
            here = area(table.attrib["ref"])
            if any(overlap(here, other) for other in [*taken, *merged]):
                yield f"table {table.attrib['name']} over a merge or another table"
            taken.append(here)
            yield from self._table(table, here, texts, formulas)
        if sheet.find(f"{MAIN}autoFilter") is not None and taken:
            yield "a filter of the sheet beside that of a table"
        for validation in sheet.iter(f"{MAIN}dataValidation"):
            yield from limits(validation)
        for rule in sheet.iter(f"{MAIN}cfRule"):
            if not int(rule.get("dxfId", "0")) < max(self.looks, 1):
                yield f"look {rule.get('dxfId')} of a conditional format"
            for own in rule.findall(f"{MAIN}formula"):
                yield from (f"conditional format: {fault}" for fault in formula(own.text or ""))
        if len(list(sheet.iter(f"{MAIN}hyperlink"))) > MOST_LINKS:
            yield "too many links"
        for text in sheet.iterfind(f"{MAIN}headerFooter/*"):
            if len(text.text or "") > 255:
                yield "head or foot too long"

    def _cells(
        self, sheet: ElementTree.Element, texts: dict[tuple[int, int], str], formulas: dict[tuple[int, int], str]
    ) -> Iterator[str]:
        last_row = 0
        for row in sheet.iter(f"{MAIN}row"):
            number, last = int(row.attrib["r"]), -1
            if number <= last_row:
                yield f"row {number} after {last_row}"
            last_row = number
            for one in row:
                column, own = cell(one.attrib["r"])
                if own != number or column <= last:
                    yield f"cell {one.attrib['r']} out of order"
                last = column
                if not int(one.get("s", "0")) < self.formats:
                    yield f"format of {one.attrib['r']}"
                shown, held = one.find(f"{MAIN}v"), one.find(f"{MAIN}f")
                value = (shown.text or "") if shown is not None else ""
                kind = one.get("t", "n")
                if kind == "s":
                    texts[column, number] = self.strings[int(value)]
                elif kind == "inlineStr":
                    texts[column, number] = "".join(text.text or "" for text in one.iter(f"{MAIN}t"))
                elif kind == "n" and value and not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?", value):
                    yield f"{one.attrib['r']} holds {value}"
                if held is not None:
                    formulas[column, number] = held.text or ""
                    yield from (f"{one.attrib['r']}: {fault}" for fault in formula(held.text or ""))

    def _table(
        self,
        table: ElementTree.Element,
        here: Area,
        texts: dict[tuple[int, int], str],
        formulas: dict[tuple[int, int], str],
    ) -> Iterator[str]:
        name = table.attrib["name"]
        self.table_ids[f"id {table.attrib['id']}"] += 1
        self.names[f" {table.attrib['displayName'].casefold()}"] += 1  # tables and names share their names
        if not NAME.fullmatch(table.attrib["displayName"]) or LIKE_A_CELL.fullmatch(table.attrib["displayName"]):
            yield f"table name {table.attrib['displayName']}"
        columns = table.findall(f"{MAIN}tableColumns/{MAIN}tableColumn")
        heads = [column.attrib["name"] for column in columns]
        if len({head.casefold() for head in heads}) < len(heads) or len(heads) != here[2] - here[0] + 1:
            yield f"heads of table {name}"
        if len({column.attrib["id"] for column in columns}) < len(columns):
            yield f"column ids of table {name}"
        if here[3] <= here[1]:
            yield f"table {name} without rows"
        filtered = table.find(f"{MAIN}autoFilter")
        if filtered is not None and area(filtered.attrib["ref"]) != here:
            yield f"filter of table {name}"
        for place, column in enumerate(columns, here[0]):
            # in a file, _x000a_ stands for a line break in a head
            if texts.get((place, here[1])) != column.attrib["name"].replace("_x000a_", "\n"):
                yield f"head {letter(place)}{here[1]} of table {name} is not {column.attrib['name']}"
            if (place, here[1]) in formulas:
                yield f"a formula is the head of table {name}"
            every = column.find(f"{MAIN}calculatedColumnFormula")
            if every is not None:
                yield from (f"table {name}: {fault}" for fault in formula(every.text or ""))
                other = {
                    number for number in range(here[1] + 1, here[3] + 1) if formulas.get((place, number)) != every.text
                }
                if other:
                    yield f"rows {min(other)}… of {column.attrib['name']} in {name} have another formula than the column"


def crossing(areas: list[Area]) -> Iterator[Area]:
    """Areas that cross one before them."""
    for number, one in enumerate(areas):
        if any(overlap(one, other) for other in areas[:number]):
            yield one


def limits(validation: ElementTree.Element) -> Iterator[str]:
    """What is wrong with a data validation."""
    where = validation.attrib["sqref"]
    for attribute, most in (("promptTitle", 32), ("errorTitle", 32), ("prompt", 255), ("error", 255)):
        if len(validation.get(attribute, "")) > most:
            yield f"validation of {where}: {attribute} too long"
    for own in validation:
        text = own.text or ""
        if text.startswith("="):
            yield f"validation of {where} begins with ="
        if text.startswith('"') and len(text) - 2 > 255:
            yield f"validation of {where}: list too long"
        yield from (f"validation of {where}: {fault}" for fault in formula(text))


def formula(text: str) -> Iterator[str]:
    """What is wrong with the text of a formula."""
    if text.startswith("="):
        yield "formula begins with ="
    if len(text) > LONGEST_FORMULA:
        yield f"formula of {len(text)} signs"
    if "#REF!" in text or "#NAME?" in text:
        yield "formula with an error"
    for literal in LITERAL.findall(text):
        if len(literal) - 2 > 255:
            yield "a text of more than 255 signs in a formula"
    bare = LITERAL.sub('""', text)
    if bare.count("(") != bare.count(")"):
        yield "brackets"
    for name in set(FUNCTION.findall(bare)):
        if name in AFTER_2007 or (name.startswith("_xlfn.") and name.removeprefix("_xlfn.") not in AFTER_2007):
            yield f"function {name}"
