"""Putting what is known into a template.

A template holds marks in its text: `{{企业名称}}` stands for a text. `{{#生产线减排措施}}` begins and `{{/生产线减排措施}}`
ends what is written once for each item of a list, within which the names of the item hold too; of a text they say
that what stands between is written only where it is filled in, and `{{^备注}}` … `{{/备注}}` only where it is not.
What is repeated is the smallest paragraph, table row or run of them that holds both marks; the one that begins stands
at the beginning of its paragraph, the one that ends at the end.

A table row of exact height keeps it: its text becomes smaller until it fits, so that a page stays a page.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from docx.enum.text import WD_LINE_SPACING
from docx.opc.oxml import serialize_part_xml
from docx.oxml.ns import qn
from docx.oxml.parser import parse_xml
from docx.shared import Pt
from rapidfuzz import process

from validators.audit.report import plain
from workbook_templates.documents.docx_package import Template, TemplateError

Element = Any
"""An element of lxml, which has no types, with the helpers that python-docx gives it."""
Known = Mapping[str, "str | Sequence[Known]"]
"""What may stand in a document, by the name of its mark: texts, and lists of the same."""
MarkNames = Mapping[str, "MarkNames | None"]
"""The names that a template may use: None for a text, the names within for a list."""
NOT_FILLED_IN = "—"
"""What a document shows of what is not filled in."""
_DEFAULT, MARGIN = 10.5, 6.0
"""Points of type without a size, and of the margins of a cell."""
_LONGEST = 40_000
"""Characters of one text: more than a cell of a workbook can hold."""
SMALLEST = 8.0
"""Points of the smallest type that a row of exact height may shrink to."""
SPACING = 1.2
"""Height of a line there, in sizes of the type."""

_MARK = re.compile(r"\{\{\s*([#/^]?)\s*([^{}]*?)\s*\}\}")
_P, _T, _TBL, _TR, _TC = (qn(f"w:{tag}") for tag in ("p", "t", "tbl", "tr", "tc"))
_STEP = {"#": 1, "^": 1, "/": -1}
_DROPPED = tuple(qn(f"w:{tag}") for tag in ("bookmarkStart", "bookmarkEnd", "proofErr", "lastRenderedPageBreak"))
_EMPTIED = "emptied"
"""Attribute of a paragraph that held nothing but the mark which was taken out of it."""


class DoesNotFit(ValueError):
    """A row of exact height cannot hold its text even in the smallest type."""


@dataclass(frozen=True)
class Form:
    """A template whose marks were checked, ready to be filled."""

    template: Template
    root: Element


def form(template: Template, names: MarkNames) -> Form:
    """Check every mark of a template against the names that there are. Raises `TemplateError`."""
    for part, content in template.parts.items():
        if part != template.main and b"{{" in content:
            raise TemplateError(
                f"模板“{template.name}”的页眉、页脚或脚注里有占位符。占位符只能写在正文里，请移到正文。"
            )
    root = parse_xml(template.parts[template.main])
    for gone in list(root.iter(*_DROPPED)):
        gone.getparent().remove(gone)
    for one in root.iter():
        for name in [name for name in one.attrib if str(name).endswith(("}paraId", "}textId"))]:
            del one.attrib[name]
    _Check(template.name, names).run(root)
    return Form(template, root)


class _Check:
    """The marks of a template in their order, against the names that hold where they stand."""

    def __init__(self, template: str, names: MarkNames) -> None:
        self.template = template
        self.scopes = [names]
        self.open: list[str] = []

    def run(self, root: Element) -> None:
        for paragraph in root.iter(_P):
            text = _text(paragraph)
            self._shape(text)
            for sign, name in _MARK.findall(text):
                self._mark(sign, name)
        if self.open:
            self._wrong("{{#" + self.open[-1] + "}}", "没有对应的 {{/" + self.open[-1] + "}}。请补上。")

    def _wrong(self, mark: str, what: str) -> None:
        raise TemplateError(f"模板“{self.template}”的占位符“{mark}”{what}")

    def _shape(self, text: str) -> None:
        rest = _MARK.sub("", text)
        for half in ("{{", "}}", "｛｛", "｝｝"):
            if half in rest:
                at = rest.index(half)
                self._wrong(rest[max(0, at - 6) : at + 14], "没有写完整。应写成 {{企业名称}} 的样子，用半角的大括号。")
        for mark in _MARK.finditer(text):
            before, after = text[: mark.start()], text[mark.end() :]
            if mark[1] and mark[1] in "#^" and _without(before, "#^").strip():
                self._wrong(mark[0], "应写在一段的开头。请另起一段。")
            if mark[1] == "/" and _without(after, "/").strip():
                self._wrong(mark[0], "应写在一段的末尾。请在它后面另起一段。")

    def _mark(self, sign: str, name: str) -> None:
        if sign == "/":
            if not self.open or self.open[-1] != name:
                self._wrong("{{/" + name + "}}", "没有对应的 {{#" + name + "}}，或与别的交叉了。请核对次序。")
            self.open.pop()
            self.scopes.pop()
            return
        found = next((scope for scope in reversed(self.scopes) if name in scope), None)
        if found is None:
            known = list(dict.fromkeys(one for scope in reversed(self.scopes) for one in scope))
            near = process.extractOne(name, known)
            hint = f"最接近的是“{{{{{near[0]}}}}}”。" if near else ""
            self._wrong("{{" + sign + name + "}}", f"不认识。{hint}可用的名称由 qingdan template documents 列出。")
            return
        inner = found[name]
        if sign:
            if name in self.open:
                self._wrong("{{" + sign + name + "}}", "套在了自己里面。请改为先结束前一个，再开始下一个。")
            self.open.append(name)
            self.scopes.append(inner or {})
        elif inner is not None:
            self._wrong("{{" + name + "}}", f"是一张表，不是一项文字。请写成 {{{{#{name}}}}} … {{{{/{name}}}}}。")


def _without(text: str, signs: str) -> str:
    return _MARK.sub(lambda mark: "" if mark[1] and mark[1] in signs else mark[0], text)


def _text(paragraph: Element) -> str:
    return "".join(one.text or "" for one in _texts(paragraph))


def _texts(paragraph: Element) -> list[Element]:
    """The texts of a paragraph, without those of paragraphs within it (text boxes)."""
    found = []
    for text in paragraph.iter(_T):
        owner = text.getparent()
        while owner.tag != _P:
            owner = owner.getparent()
        if owner is paragraph:
            found.append(text)
    return found


def filled(form: Form, known: Known) -> Element:
    """The main part of a document. Raises `DoesNotFit`."""
    root = deepcopy(form.root)
    _fill(root, list(root), (known,))
    for cell in root.iter(_TC):
        if cell[-1].tag != _P:
            cell.add_p()
    for table in list(root.iter(_TBL)):
        if table.find(_TR) is None:
            table.getparent().remove(table)
    for row in root.iter(_TR):
        _fit(row)
    return root


def _fill(parent: Element, children: Sequence[Element], scopes: tuple[Known, ...]) -> None:
    """Fill some neighbours among the children of an element."""
    place = 0
    while place < len(children):
        first = place
        text = _content(children[place])
        if "{{" not in text:
            place += 1
            continue
        depth = _balance(text)
        while depth > 0:  # a mark that begins here ends in a later neighbour
            place += 1
            depth += _balance(_content(children[place]))
        place += 1
        unit = children[first:place]
        if len(unit) > 1 or _is_unit(unit[0]):
            _repeat(parent, unit, scopes)
            continue
        if unit[0].tag == _P:
            _substitute(unit[0], scopes)
        if unit[0].tag != _P or unit[0].find(f".//{_P}") is not None:  # a text box holds paragraphs of its own
            _fill(unit[0], list(unit[0]), scopes)


def _content(element: Element) -> str:
    """All text within an element; no mark goes over the end of a paragraph."""
    return str(element.xpath("string()"))


def _balance(text: str) -> int:
    """How many marks that begin something are left without their end."""
    return sum(_STEP.get(mark[1], 0) for mark in _MARK.finditer(text))


def _is_unit(element: Element) -> bool:
    """Whether both marks stand in this element and in none of its own parts."""
    if element.tag == _P:
        return any(sign for sign, _ in _MARK.findall(_text(element)))
    return element.tag == _TR and any(_balance(_content(cell)) for cell in element)


def _repeat(parent: Element, unit: Sequence[Element], scopes: tuple[Known, ...]) -> None:
    """Write neighbours once for each item of the list whose marks they begin and end with."""
    sign, name = _take(unit[0], first=True)
    _take(unit[-1], first=False)
    kept = [one for one in unit if one.get(_EMPTIED) is None]
    value = _value(name, scopes)
    said = bool(value) and value != NOT_FILLED_IN
    items = [] if said != (sign == "#") else [{}] if isinstance(value, str) or sign == "^" else list(value)
    at = parent.index(unit[0])
    for gone in unit:
        parent.remove(gone)
    for item in items:
        copies = [deepcopy(one) for one in kept]
        parent[at:at] = copies
        before = len(parent)
        _fill(parent, copies, (*scopes, item))
        at += len(copies) + len(parent) - before


def _take(element: Element, *, first: bool) -> tuple[str, str]:
    """Take the first mark that begins something out of an element, or the last one that ends something."""
    paragraphs = list(element.iter(_P))
    for paragraph in paragraphs if first else reversed(paragraphs):
        own = [mark for mark in _MARK.finditer(_text(paragraph)) if mark[1] and (mark[1] != "/") == first]
        if own:
            mark = own[0] if first else own[-1]
            _put(_texts(paragraph), mark.start(), mark.end(), "")
            if paragraph is element and not _text(paragraph).strip():
                paragraph.set(_EMPTIED, "")
            return mark[1], mark[2]
    raise AssertionError("the marks were checked")


def _value(name: str, scopes: tuple[Known, ...]) -> str | Sequence[Known]:
    return next(scope[name] for scope in reversed(scopes) if name in scope)


def _substitute(paragraph: Element, scopes: tuple[Known, ...]) -> None:
    texts = _texts(paragraph)
    for mark in reversed(list(_MARK.finditer(_text(paragraph)))):
        _put(texts, mark.start(), mark.end(), plain(str(_value(mark[2], scopes)), _LONGEST))


def _put(texts: list[Element], start: int, end: int, value: str) -> None:
    """Replace some characters of adjacent texts; the new ones look like the first of the old."""
    at = 0
    for one in texts:
        own = one.text or ""
        low, high = max(start - at, 0), min(end - at, len(own))
        if low < high:
            one.text = own[:low] + (value if at <= start < at + len(own) else "") + own[high:]
            one.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        at += len(own)


def _fit(row: Element) -> None:
    """Make the text of a row of exact height so small that it fits. Raises `DoesNotFit`."""
    height = row.find(f"{qn('w:trPr')}/{qn('w:trHeight')}[@{qn('w:hRule')}='exact']")
    if height is None:
        return
    room = int(height.get(qn("w:val"), "0")) / 20 - MARGIN
    for cell in row.iter(_TC):
        width = cell.find(f"{qn('w:tcPr')}/{qn('w:tcW')}")
        across = int(width.get(qn("w:w"), "0")) / 20 - 2 * MARGIN if width is not None else 0.0
        paragraphs = [(one, [(_points(run), _ems(run.text)) for run in one.r_lst]) for one in cell.iter(_P)]
        share = 1.0
        while sum(_high(runs, across, share) for _, runs in paragraphs) > room:
            share -= 0.02
            if all(_shrunk(size, share) <= SMALLEST for _, runs in paragraphs for size, _ in runs):
                raise DoesNotFit
        for paragraph, runs in paragraphs:
            spacing = paragraph.get_or_add_pPr().get_or_add_spacing()
            spacing.before = spacing.after = Pt(0)
            spacing.line, spacing.lineRule = Pt(_largest(runs, share) * SPACING), WD_LINE_SPACING.EXACTLY
            for run, (size, _) in zip(paragraph.r_lst, runs, strict=True):
                run.get_or_add_rPr().sz_val = Pt(_shrunk(size, share))


def _points(run: Element) -> float:
    return run.rPr.sz_val.pt if run.rPr is not None and run.rPr.sz_val is not None else _DEFAULT


def _ems(text: str) -> float:
    """How wide a text is, in sizes of its type."""
    return sum(1 if unicodedata.east_asian_width(character) in "WFA" else 0.6 for character in text)


def _shrunk(size: float, share: float) -> float:
    return max(min(size, SMALLEST), math.floor(size * share * 2) / 2)


def _largest(runs: Sequence[tuple[float, float]], share: float) -> float:
    return max((_shrunk(size, share) for size, _ in runs), default=SMALLEST)


def _high(runs: Sequence[tuple[float, float]], across: float, share: float) -> float:
    """Points that a paragraph needs; room for one character is left at the end of each line, where it may not break."""
    size = _largest(runs, share)
    width = sum(_shrunk(own, share) * ems for own, ems in runs)
    return max(1, math.ceil(width / max(across - size, size))) * size * SPACING


def whole(root: Element) -> bytes:
    """The main part of one document, as it stands in the file."""
    return serialize_part_xml(root)


def bound(roots: Iterable[Element]) -> Iterator[bytes]:
    """The main part of a set that binds documents of one template, piece by piece; each begins a new page."""
    last = None
    end = b""
    for root in roots:
        if last is None:
            content = whole(root)
            yield content[: content.index(b">", content.index(b":body")) + 1]
        else:
            yield _inside(last, more=True)
        last = root
    if last is not None:
        yield _inside(last, more=False)
        content = whole(last)
        end = content[content.rindex(b"</", 0, content.rindex(b"</")) :]
    yield end


def _inside(root: Element, *, more: bool) -> bytes:
    """What a document holds between the tags of its body; where more follow, a section of its own."""
    body = root.body
    section = body.sectPr
    if more and section is not None:
        paragraph = body[-2] if len(body) > 1 and body[-2].tag == _P else body.add_p()
        paragraph.get_or_add_pPr().insert_element_before(section, "w:pPrChange")
    content = whole(root)
    begun = content.index(b">", content.index(b":body")) + 1
    return content[begun : content.rindex(b"</", 0, content.rindex(b"</"))]
