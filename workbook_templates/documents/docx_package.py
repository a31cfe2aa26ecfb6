"""Templates as files: a .docx that somebody else made is looked over before it is used, and new ones are written.

What is carried on to others is only what a printed page needs: no macro, nothing embedded, nothing from elsewhere,
and no name of who wrote the template.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import BinaryIO
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from validators.ooxml.package import (
    NotPackageError,
    Package,
    PackageError,
    SafeParser,
    open_package,
    parse,
    relationships,
    rels_of,
)

_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MAIN_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_KEPT = (
    "officeDocument", "styles", "settings", "webSettings", "fontTable", "numbering", "theme", "header", "footer",
    "footnotes", "endnotes", "image",
)  # fmt: skip
"""Last word of the relationships that a printed page needs."""
DROPPED = (
    "core-properties", "extended-properties", "custom-properties", "thumbnail", "customXml", "customXmlProps",
    "printerSettings", "stylesWithEffects",
)  # fmt: skip
"""Those that are left out without a word: who wrote the template, when, and on what."""
PICTURES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "bmp": "image/bmp"}
_LARGEST = 16 << 20
"""Bytes of all parts of a template."""
CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
RELATIONSHIPS_TYPE = "application/vnd.openxmlformats-package.relationships+xml"
_FIELDS = re.compile(r'(\s*(PAGE|NUMPAGES|SECTIONPAGES)(\s+\\[*#@]\s*("[^"]*"|[^\s"\\]+))*\s*)*', re.ASCII)
"""Fields that may stand in a template: they number pages. Others fetch files, or run something."""
AS_OLD_AS = (1980, 1, 1, 0, 0, 0)
"""The time of every part, so that the same content is the same bytes."""


class TemplateError(ValueError):
    """A template cannot be used; the message is a Chinese sentence that begins with the name of the template."""


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was looked over: all its parts by name, as they are written again."""

    name: str
    """As people call it: the name of its file without the suffix."""
    parts: Mapping[str, bytes]
    main: str
    """Name of the part that holds the text."""


def read_template(file: BinaryIO, name: str) -> Template:
    """Look over a .docx from outside. Raises `TemplateError`; an error of the system is left as it is."""
    try:
        package = open_package(file)
        if sum(member.size for member in package.members.values()) > _LARGEST:
            raise TemplateError(f"模板“{name}”展开后超过 {_LARGEST >> 20} MB。请去掉大的图片。")
        return _looked_over(package, name)
    except NotPackageError as error:
        raise TemplateError(f"模板“{name}”不是 .docx 文档。请在 Word 或 WPS 文字中另存为 .docx。") from error
    except PackageError as error:
        raise TemplateError(f"模板“{name}”用不了：{error}。请在 Word 或 WPS 文字中另存为 .docx 再试。") from error


def _looked_over(package: Package, name: str) -> Template:
    declared = _declared(package)
    main = next((one.part for one in relationships(package, "") if one.type.endswith("/officeDocument")), None)
    if main is None or declared(main) != MAIN_TYPE:
        raise TemplateError(f"模板“{name}”不是普通的 .docx 文档（也许带宏）。请在 Word 或 WPS 文字中另存为 .docx。")
    parts: dict[str, bytes] = {}
    types: dict[str, str] = {}
    waiting = [""]
    while waiting:
        source = waiting.pop()
        kept = []
        for one in relationships(package, source):
            what = one.type.rpartition("/")[2]
            if what in DROPPED and not one.external:
                continue
            if what not in _KEPT or one.part is None:
                raise TemplateError(
                    f"模板“{name}”里有{'指向外面的链接' if one.external else '打印用不着的内容'}"
                    f"（{what} {one.target[:60]}）。模板里只能有文字、表格、图片和页码，请删去它后另存。"
                )
            kept.append(
                f"<Relationship Id={quoteattr(one.id)} Type={quoteattr(one.type)} Target={quoteattr('/' + one.part)}/>"
            )
            picture = PICTURES.get(one.part.rpartition(".")[2].lower())
            if what == "image" and picture is None:
                raise TemplateError(f"模板“{name}”里的图片（{one.part}）不是 .png 或 .jpg。请换成这两种后另存。")
            if one.part not in parts:
                types[one.part] = picture or declared(one.part)
                parts[one.part] = package.read(one.part) if picture else _text(package, one.part, name)
                waiting.append(one.part)
        if kept:
            parts[rels_of(source)] = _xml(f'<Relationships xmlns="{RELATIONSHIPS}">{"".join(kept)}</Relationships>')
    defaults = f'<Default Extension="rels" ContentType="{RELATIONSHIPS_TYPE}"/>'
    overrides = "".join(
        f"<Override PartName={quoteattr('/' + part)} ContentType={quoteattr(type_)}/>" for part, type_ in types.items()
    )
    head = {"[Content_Types].xml": _xml(f'<Types xmlns="{CONTENT_TYPES}">{defaults}{overrides}</Types>')}
    return Template(name, head | parts, main)


def _xml(text: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>{text}'.encode()


def _declared(package: Package) -> Callable[[str], str]:
    """What gives the content type that a package declares for one of its parts."""
    own: dict[str, str] = {}
    endings: dict[str, str] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "ct:Override":
            own[attributes.get("PartName", "").removeprefix("/")] = attributes.get("ContentType", "")
        elif tag == "ct:Default":
            endings[attributes.get("Extension", "").lower()] = attributes.get("ContentType", "")

    parse(package, "[Content_Types].xml", start)
    return lambda part: own.get(part) or endings.get(part.rpartition(".")[2].lower(), "")


def _text(package: Package, part: str, name: str) -> bytes:
    """A part of XML without a document type, in which no field does more than number the pages."""
    commands: list[str] = []
    inside = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        inside = tag == f"{{{_WORD}}}instrText"
        if tag == f"{{{_WORD}}}fldSimple":
            commands.append(f" {attributes.get(f'{{{_WORD}}}instr', '')} ")
        if tag == f"{{{_WORD}}}fldChar":
            commands.append(" ")
        if tag == f"{{{_WORD}}}mailMerge":
            raise TemplateError(f"模板“{name}”带着邮件合并的数据源。请在 Word 中改为“普通 Word 文档”后另存。")

    def text(data: str) -> None:
        if inside:
            commands.append(data)

    def end(tag: str) -> None:
        nonlocal inside
        inside = False

    content = package.read(part)
    parser = SafeParser(part, start, end, text)
    parser.feed(content)
    parser.close()
    said = "".join(commands)
    if not _FIELDS.fullmatch(said):
        raise TemplateError(
            f"模板“{name}”里有页码以外的域（{' '.join(said.split())[:60]}），打印时会取别处的内容。请删去它后另存。"
        )
    return content


def write_package(file: BinaryIO, template: Template, text: Iterable[bytes]) -> None:
    """A new document of a template with this main part, given piece by piece; the same content is the same bytes."""
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for part, content in template.parts.items():
            with archive.open(_entry(part), "w") as target:
                for piece in text if part == template.main else (content,):
                    target.write(piece)


def _entry(part: str) -> ZipInfo:
    entry = ZipInfo(part, AS_OLD_AS)
    entry.compress_type = ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    entry.create_system = 0
    return entry
