"""Opening an .xlsx package that nobody vouches for.

The directory of the archive is read here byte by byte instead of with ``zipfile``: its two copies must agree
on every fact (central directory, local headers, no gaps), or two programs could be shown two different workbooks
in one file. Every error is a `PackageError` whose text is Chinese and fit for a user. No path is known here.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from urllib.parse import unquote
from xml.parsers import expat

from zlib_ng import zlib_ng  # inflates twice as fast as zlib

MAX_PARTS = 10_000
MAX_VERSION = 63  # of the zip format, in tenths; what others refuse to read starts here
MAX_INFLATED = 2 << 30  # bytes of all parts together; the province's list needs about 0.7 GB
FREE_INFLATED = 64 << 20  # below this no ratio is looked at: small files of blank rows shrink a lot
MAX_RATIO = 100  # inflated bytes per byte of the file, above FREE_INFLATED
MAX_SMALL_PART = 16 << 20  # bytes of a part that is no sheet and no string table
MAX_TOKEN = 4 << 20  # bytes of one XML tag or comment
MAX_DEPTH = 64
MAX_TAGS = 20_000_000  # start tags through the slow parser in one part; about 20 s

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/"
_STRICT = "http://purl.oclc.org/ooxml/"
"""How the types of relationships begin in a workbook of the strict kind."""
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
# Names reach the handlers as "prefix:local" with these prefixes, whatever the file itself calls them.
NAMESPACES = {
    MAIN: "",
    OFFICE + "relationships": "r:",
    OFFICE + "extended-properties": "ep:",
    OFFICE + "custom-properties": "op:",
    OFFICE + "docPropsVTypes": "vt:",
    PACKAGE + "relationships": "rel:",
    PACKAGE + "content-types": "ct:",
    PACKAGE + "metadata/core-properties": "cp:",
    "http://purl.org/dc/elements/1.1/": "dc:",
    "http://purl.org/dc/terms/": "dcterms:",
    "http://www.w3.org/2001/XMLSchema-instance": "xsi:",
    "http://www.w3.org/XML/1998/namespace": "xml:",
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc:",
    "http://schemas.openxmlformats.org/drawingml/2006/main": "a:",
    "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing": "xdr:",
    "http://schemas.microsoft.com/office/thememl/2012/main": "thm15:",
    "http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac": "x14ac:",
    "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main": "x14:",
    "http://schemas.microsoft.com/office/spreadsheetml/2010/11/main": "x15:",
    "http://schemas.microsoft.com/office/spreadsheetml/2010/11/ac": "x15ac:",
    "http://schemas.microsoft.com/office/spreadsheetml/2014/revision": "xr:",
    "http://schemas.microsoft.com/office/spreadsheetml/2015/revision2": "xr2:",
    "http://schemas.microsoft.com/office/spreadsheetml/2016/revision3": "xr3:",
    "http://schemas.microsoft.com/office/spreadsheetml/2016/revision6": "xr6:",
    "http://schemas.microsoft.com/office/spreadsheetml/2016/revision10": "xr10:",
    "http://schemas.microsoft.com/office/spreadsheetml/2018/calcfeatures": "xcalcf:",
    "http://schemas.microsoft.com/office/excel/2006/main": "xm:",
    "http://schemas.microsoft.com/office/mac/excel/2008/main": "mx:",
    "http://schemas.microsoft.com/office/spreadsheetml/2016/revision9": "xr9:",
    "http://schemas.microsoft.com/office/spreadsheetml/2024/workbookCompatibilityVersion": "xlwcv:",
    "http://schemas.libreoffice.org/": "loext:",
}


class PackageError(ValueError):
    """The package, or one part of it, cannot be read; the text is a Chinese sentence for the user."""

    def __init__(self, message: str, part: str | None = None) -> None:
        super().__init__(message)
        self.part = part


class NotPackageError(PackageError):
    """Not an .xlsx package at all. `macros` says that the old binary format carries a VBA project."""

    def __init__(self, message: str, *, macros: bool = False) -> None:
        super().__init__(message)
        self.macros = macros


class EncryptedError(PackageError):
    """The file or a part of it is protected by a password to open."""


class DamagedError(PackageError):
    """Truncated, contradictory, or a part that does not inflate or parse."""


class TooBigError(PackageError):
    """A zip bomb, or more content than can be looked through."""


@dataclass(frozen=True, slots=True)
class PackageProblem:
    """Something odd about the archive that does not stop reading it."""

    part: str | None
    what: str


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of the archive; `start` is where its packed bytes begin, `packed` and `size` are in bytes."""

    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    header: int
    start: int


@dataclass(frozen=True, slots=True)
class Relationship:
    """One relationship; `part` is the part it resolves to, None where that is outside or not there."""

    id: str
    type: str
    target: str
    external: bool
    part: str | None


@dataclass(frozen=True, slots=True)
class SheetTab:
    """One tab of the workbook; `kind` is the last word of the relationship type, normally ``worksheet``."""

    name: str
    state: str
    part: str
    kind: str


@dataclass(frozen=True)
class Package:
    """An opened archive: its members by exact part name (no leading slash), and what is odd about it."""

    file: BinaryIO
    members: dict[str, Member]
    problems: list[PackageProblem] = field(default_factory=list)

    def chunks(self, name: str, limit: int = MAX_INFLATED) -> Iterator[bytes]:
        """Inflate one part piece by piece (at most 256 KiB each), checking its length and CRC.

        Raises DamagedError, or TooBigError when the part has more than `limit` bytes.
        """
        member = self.members.get(name)
        if member is None:
            raise DamagedError(f"文件里缺少部件 {name}", name)
        if member.size > limit:
            raise TooBigError(f"部件 {name} 展开后有 {member.size} 字节，超过上限 {limit} 字节", name)
        inflater = zlib_ng.decompressobj(-15)
        position, left, size, crc, pending, data = member.start, member.packed, 0, 0, b"", b""
        try:
            while left or pending or (data and member.method and not inflater.eof):  # it may hold some output back
                raw = pending
                if left and not raw:
                    self.file.seek(position)
                    raw = self.file.read(min(left, 1 << 16))
                    if not raw:
                        break
                    position += len(raw)
                    left -= len(raw)
                if member.method:
                    data, pending = inflater.decompress(raw, 1 << 18), inflater.unconsumed_tail
                else:
                    data, pending = raw, b""
                size += len(data)
                crc = zlib_ng.crc32(data, crc)
                if size > member.size or (inflater.eof and (left or inflater.unused_data)):
                    break
                if data:
                    yield data
        except zlib_ng.error as error:  # type: ignore[misc] # the class, which its stub calls an instance
            raise DamagedError(f"部件 {name} 的压缩数据已损坏", name) from error
        whole = inflater.eof and not inflater.unused_data if member.method else True
        if left or size != member.size or crc != member.crc or not whole:
            raise DamagedError(f"部件 {name} 的长度或校验值与登记的不符，数据已损坏或被改动", name)

    def packed(self, name: str) -> bytes:
        """The bytes of a part as they stand in the file."""
        member = self.members[name]
        self.file.seek(member.start)
        return self.file.read(member.packed)

    def read(self, name: str, limit: int = MAX_SMALL_PART) -> bytes:
        """Return all bytes of a small part; errors as in `chunks`."""
        return b"".join(self.chunks(name, limit))


_END, _CENTRAL, _LOCAL = struct.Struct("<4s4H2LH"), struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s5H3L2H")
# Extra fields that only carry times, sizes or Excel's padding; any other could rename or re-describe the entry
_EXTRAS = {0x0001, 0x000A, 0x5455, 0x7855, 0x7875, 0xA220}
_FLAGS = 0x080E  # deflate speed, sizes after the data, UTF-8 name


class _AnyCase(dict[str, Member]):
    """Members by name, whatever the case."""

    def __init__(self, members: list[Member]) -> None:
        super().__init__({member.name.casefold(): member for member in members})

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.casefold())

    def __getitem__(self, name: str) -> Member:
        return super().__getitem__(name.casefold())

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as of a dict
        return super().get(name.casefold(), default)


def open_package(file: BinaryIO, *, tolerant: bool = False) -> Package:
    """Read the directory of a seekable binary file and check all that can be checked without inflating.

    With `tolerant` backslashes in names are slashes, case does not matter, and names of an unknown encoding are taken
    as they come: each is read by spreadsheet programs, and none leaves it open which part is meant. Harmless oddities are kept in `Package.problems`.
    """
    file.seek(0, 2)
    size = file.tell()
    _expect_zip(file, size)
    file.seek(max(0, size - 22 - 0xFFFF))
    tail = file.read(22 + 0xFFFF)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        raise DamagedError("文件不完整：压缩包的目录不见了，可能没有下载或拷贝完")
    _, disk, disk2, here, count, length, offset, comment = _END.unpack_from(tail, at)
    end = size - len(tail) + at
    problems = []
    if end + 22 != size:
        problems.append(PackageProblem(None, f"压缩包结尾之后还有 {size - end - 22} 字节的附加数据"))
    elif comment:
        problems.append(PackageProblem(None, "压缩包的注释长度与实际不符"))
    if disk or disk2 or here != count or offset + length != end:
        raise DamagedError("压缩包的目录与文件长度对不上，文件不完整或被拼接过")
    if not 0 < count <= MAX_PARTS:
        raise DamagedError(f"压缩包里有 {count} 个部件，不是正常的工作簿")
    file.seek(offset)
    members = _members(file, file.read(length), count, offset, problems, tolerant=tolerant)
    total = sum(m.size for m in members)
    if total > MAX_INFLATED or total > max(FREE_INFLATED, MAX_RATIO * size):
        raise TooBigError(f"文件只有 {size} 字节，展开后却有 {total} 字节，疑似压缩炸弹")
    return Package(file, _AnyCase(members) if tolerant else {m.name: m for m in members}, problems)


UNPACK = "是压缩包，不是表格。请先解压，再放入其中的 .xlsx 文件"
DECRYPT = "被文件加密软件加密了。请在装有该软件的电脑上解密，或请发文单位解密后再发"
SAVE_AS = "请在表格软件中打开，另存为 .xlsx 再试"
_BEGINNINGS = (
    (b"%TSD-Header", DECRYPT),
    (b"b\x14#e", DECRYPT),
    (b"Rar!", UNPACK),
    (b"7z\xbc\xaf", UNPACK),
    (b"\x1f\x8b", UNPACK),
    (b"%PDF", "是 PDF 文件，不是表格。请发来表格原件（.xlsx）"),
    (b"{\\rtf", "是文字文档，不是表格。请发来表格原件（.xlsx）"),
    (b"\xff\xd8\xff", "是图片，不是表格。请发来表格原件（.xlsx）"),
    (b"\x89PNG", "是图片，不是表格。请发来表格原件（.xlsx）"),
    (b"BM", "是图片，不是表格。请发来表格原件（.xlsx）"),
    (b"\0\0\0\0", "里面是空的，可能没有拷贝完。请重新拷贝一份"),
)
"""How files begin that are sent in the place of workbooks, and the next step that works."""
_INSIDE = (
    ("xl/workbook.bin", f"是二进制的 .xlsb 工作簿。{SAVE_AS}"),
    ("content.xml", f"是 .ods 表格。{SAVE_AS}"),
    ("word/", "是文字文档，不是表格。请发来表格原件（.xlsx）"),
    ("ppt/", "是演示文稿，不是表格。请发来表格原件（.xlsx）"),
    ("Index/", f"是苹果电脑的表格。{SAVE_AS}"),
)
"""What an archive is that is no .xlsx, by a name in it."""


def expect_workbook(package: Package) -> None:
    """Raise NotPackageError with the next step that works, where an archive is no .xlsx workbook that can be read."""
    names = [member.name for member in package.members.values()]
    for begin, advice in _INSIDE:
        if any(name.casefold().startswith(begin.casefold()) for name in names):
            raise NotPackageError(f"文件{advice}")
    if "[Content_Types].xml" not in package.members:
        raise NotPackageError(f"文件{UNPACK}")
    if any(_STRICT in related.type for related in relationships(package, "")):
        raise NotPackageError("文件存成了“严格”格式的表格。请在表格软件中打开，另存为普通的 .xlsx（Excel 工作簿）再试")


def _text_advice(head: bytes) -> str:
    """The next step for a file that begins like a text."""
    text = head.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if text.startswith((b"<html", b"<!doctype", b"<table", b"<meta", b"<?xml", b"mime-version", b"<head", b"<div")):
        return f"其实是网页或 XML 文字，只是改了后缀（有的系统导出的就是这样）。{SAVE_AS}"
    return f"不是 .xlsx 工作簿，只是改了后缀。{SAVE_AS}"


def _expect_zip(file: BinaryIO, size: int) -> None:
    """Raise NotPackageError or EncryptedError unless the file begins like a zip archive."""
    file.seek(0)
    head = file.read(512)
    if not size:
        raise NotPackageError("文件是空的（0 字节）。请重新拷贝一份")
    for begin, advice in _BEGINNINGS:
        if head.startswith(begin):
            raise (EncryptedError if advice is DECRYPT else NotPackageError)(f"文件{advice}")
    if b"E-SafeNet" in head:
        raise EncryptedError(f"文件{DECRYPT}")
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        file.seek(0)
        text = file.read(16 << 20)
        if "EncryptedPackage".encode("utf-16le") in text:
            raise EncryptedError("文件加了打开密码，请去掉密码后另存")
        if "WordDocument".encode("utf-16le") in text:
            raise NotPackageError("文件是文字文档，不是表格。请发来表格原件（.xlsx）")
        raise NotPackageError(
            "文件是旧的二进制格式（.xls 或 .et），请另存为 .xlsx",
            macros="_VBA_PROJECT".encode("utf-16le") in text,
        )
    if not head.startswith(b"PK\x03\x04"):
        raise NotPackageError(f"文件{_text_advice(head)}")


def _members(
    file: BinaryIO, directory: bytes, count: int, end: int, problems: list[PackageProblem], *, tolerant: bool
) -> list[Member]:
    """Return the entries in the order of their bytes after comparing directory and local headers."""
    members: list[Member] = []
    position = 0
    for _ in range(count):
        try:
            entry = _CENTRAL.unpack_from(directory, position)
        except struct.error as error:
            raise DamagedError("压缩包的目录已损坏") from error
        signature, _, needed, flags, method, _, _, crc, packed, size, name_length, extra_length, note = entry[:13]
        position += 46 + name_length + extra_length + note
        if signature != b"PK\x01\x02" or position > len(directory):
            raise DamagedError("压缩包的目录已损坏")
        raw = directory[position - name_length - extra_length - note : position - extra_length - note]
        extra = directory[position - extra_length - note : position - note]
        name = _tolerated(raw, flags) if tolerant else _name(raw, flags)
        packed, size, header = _wide(extra, [size, packed, entry[16]], problems, name)
        if entry[13]:
            raise DamagedError("压缩包分成了多卷，不是正常的工作簿", name)
        if flags & 0x2041:
            raise EncryptedError(f"部件 {name} 是加密的", name)
        if method not in (0, 8) or (method == 0 and packed != size):
            raise DamagedError(f"部件 {name} 用了工作簿不允许的压缩方法（{method}）", name)
        if note:
            problems.append(PackageProblem(name, "压缩包条目带有注释"))
        if needed > MAX_VERSION:
            problems.append(PackageProblem(name, "压缩包条目要求过高的解压程序版本，有的程序会打不开"))
        if flags & ~_FLAGS:
            problems.append(PackageProblem(name, "压缩包条目有不认识的标志"))
        if name.endswith("/"):
            problems.append(PackageProblem(name, "压缩包里有目录条目"))
        start = _local(file, header, (raw, flags, method, crc, packed, size), problems, name)
        members.append(Member(name, flags, method, crc, packed, size, header, start))
    if position != len(directory):
        raise DamagedError("压缩包的目录里夹有多余数据")
    members.sort(key=lambda m: m.header)
    _layout(file, members, end, problems)
    folded: dict[str, str] = {}
    for member in members:
        other = folded.setdefault(member.name.casefold(), member.name)
        if other is not member.name:
            raise DamagedError(f"压缩包里有重名的部件：{other} 与 {member.name}", member.name)
    return members


def _tolerated(raw: bytes, flags: int) -> str:
    """An entry name as a reader takes it; a folder's entry keeps its slash."""
    try:
        name = raw.decode("utf-8" if flags & 0x0800 else "ascii")
    except UnicodeDecodeError:
        name = raw.decode("gb18030", "replace")
    return name.replace("\\", "/").lstrip("/")


def _name(raw: bytes, flags: int) -> str:
    """Decode an entry name; raise DamagedError when it could leave the package or mean two things."""
    try:
        name = raw.decode("utf-8" if flags & 0x0800 else "ascii")
    except UnicodeDecodeError as error:
        raise DamagedError("压缩包里有无法辨认的部件名") from error
    pieces = name.removesuffix("/").split("/")
    if not name.isprintable() or any(c in name for c in '\\:*?"<>|%') or any(p.strip(". ") == "" for p in pieces):
        raise DamagedError(f"部件名越界或含有不允许的字符：{name!r}")
    if any(p.endswith((".", " ")) for p in pieces):
        raise DamagedError(f"部件名以点或空格结尾，在 Windows 上会与别的部件重名：{name!r}")
    return name


def _wide(extra: bytes, values: list[int], problems: list[PackageProblem], name: str) -> tuple[int, int, int]:
    """Return (packed, size, header offset), zip64 values filled in; note extra fields that are not allowed."""
    wide = b""
    position = 0
    while position + 4 <= len(extra):
        tag, length = struct.unpack_from("<2H", extra, position)
        body = extra[position + 4 : position + 4 + length]
        if len(body) != length:
            raise DamagedError(f"部件 {name} 的附加字段已损坏", name)
        if tag == 1:
            wide = body
        unknown = tag not in _EXTRAS and length
        if unknown or (tag == 0xA220 and body[4:].strip(b"\0")) or (tag != 0xA220 and length > 40):
            problems.append(PackageProblem(name, f"压缩包条目带有不允许的附加字段 {tag:#06x}"))
        position += 4 + length
    if position != len(extra):
        problems.append(PackageProblem(name, "压缩包条目的附加字段之后有多余数据"))
    for index, value in enumerate(values):
        if value == 0xFFFFFFFF:
            if len(wide) < 8:
                raise DamagedError(f"部件 {name} 的长度登记有误", name)
            values[index], wide = int.from_bytes(wide[:8], "little"), wide[8:]
    size, packed, header = values
    return packed, size, header


def _local(
    file: BinaryIO,
    header: int,
    expected: tuple[bytes, int, int, int, int, int],
    problems: list[PackageProblem],
    name: str,
) -> int:
    """Return where the data begins, after comparing the local header with the directory."""
    file.seek(header)
    raw = file.read(30)
    if len(raw) < 30 or raw[:4] != b"PK\x03\x04":
        raise DamagedError(f"部件 {name} 的数据不在目录所说的位置", name)
    _, needed, flags, method, _, _, crc, packed, size, name_length, extra_length = _LOCAL.unpack(raw)
    if needed > MAX_VERSION:
        problems.append(PackageProblem(name, "压缩包条目要求过高的解压程序版本，有的程序会打不开"))
    local_name, extra = file.read(name_length), file.read(extra_length)
    if 0xFFFFFFFF in (packed, size):
        packed, size, _ = _wide(extra, [size, packed, 0], [], name)
    if flags & 8:  # sizes and CRC follow the data; what is not left at zero here must be true
        crc, packed, size = crc or expected[3], packed or expected[4], size or expected[5]
    if (local_name, flags, method, crc, packed, size) != expected:
        raise DamagedError(f"部件 {name} 的两处登记（目录与数据头）不一致", name)
    _wide(extra, [0, 0, 0], problems, name)
    return int(header + 30 + name_length + extra_length)


def _layout(file: BinaryIO, members: list[Member], end: int, problems: list[PackageProblem]) -> None:
    """Check that the entries follow each other without gaps or overlaps up to the directory at `end`."""
    if members[0].header:
        problems.append(PackageProblem(None, "第一个部件之前有附加数据"))
    starts = [m.header for m in members[1:]] + [end]
    for member, following in zip(members, starts, strict=True):
        file.seek(member.start + member.packed)
        gap = following - member.start - member.packed
        if gap < 0:
            raise DamagedError(f"部件 {member.name} 与后面的数据重叠", member.name)
        if member.flags & 8:
            trailer = file.read(min(gap, 24))
            sizes = [struct.pack(f"<L2{width}", member.crc, member.packed, member.size) for width in "LQ"]
            if len(trailer) == gap and trailer.removeprefix(b"PK\x07\x08") in sizes:
                continue
        if gap or member.flags & 8:
            problems.append(PackageProblem(member.name, f"部件数据之后夹有 {gap} 字节不属于任何部件的数据"))


class SafeParser:
    """An incremental XML parser that takes UTF-8 only and no document type, so no entity can be declared.

    `start(name, attributes)`, `end(name)` and `text(data)` get names as "prefix:local" with the prefixes of
    `NAMESPACES` (none for the main namespace, "{uri}local" for an unknown one). What only an auditor minds
    (comments, CDATA, processing instructions, false encodings) is counted in `remarks`. Errors: PackageError.
    """

    def __init__(
        self,
        part: str,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None],
        text: Callable[[str], None],
    ) -> None:
        self.part = part
        self.fed = 0  # bytes
        self.skipped = 0  # bytes that somebody else looked at instead
        self.depth = 0
        self.remarks: dict[str, int] = {}
        self.root_namespaces: dict[str | None, str] = {}
        self.inner_namespaces = False
        self._start, self._end = start, end
        self._tags = 0
        self._elements, self._attributes = _Names("{}"), _Names("")
        self._parser = parser = expat.ParserCreate("UTF-8", " ")
        parser.buffer_text = True
        if hasattr(parser, "SetReparseDeferralEnabled"):
            parser.SetReparseDeferralEnabled(False)  # `position` must be exact after each feed
        parser.StartElementHandler, parser.EndElementHandler = self._open, self._close
        parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = self._doctype
        parser.XmlDeclHandler = self._declaration
        parser.StartNamespaceDeclHandler = self._namespace
        parser.ProcessingInstructionHandler = lambda target, data: self._remark("处理指令（<?…?>）")
        parser.CommentHandler = lambda data: self._remark("注释（<!-- -->）")
        parser.StartCdataSectionHandler = lambda: self._remark("CDATA 段")

    @property
    def position(self) -> int:
        """Where the event being handled begins, in bytes fed."""
        return int(self._parser.CurrentByteIndex)

    def feed(self, data: bytes) -> None:
        """Parse some more bytes; any cut is allowed."""
        if b"\0" in data:  # expat takes UTF-16 whatever it is told, and no UTF-16 document is without a zero byte
            raise DamagedError(f"部件 {self.part} 不是 UTF-8 编码", self.part)
        self.fed += len(data)
        self._run(data, False)
        if self.fed - self._parser.CurrentByteIndex > MAX_TOKEN:
            raise TooBigError(f"部件 {self.part} 里有过长的标记（超过 {MAX_TOKEN} 字节）", self.part)

    def close(self) -> None:
        """Say that this was all; raises DamagedError when the document is not complete."""
        self._run(b"", True)

    def _run(self, data: bytes, last: bool) -> None:
        try:
            self._parser.Parse(data, last)
        except expat.ExpatError as error:
            raise DamagedError(
                f"部件 {self.part} 不是合格的 UTF-8 XML（第 {self._parser.ErrorByteIndex + self.skipped + 1} 个字节处）",
                self.part,
            ) from error

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self._tags += 1
        if self.depth > MAX_DEPTH or self._tags > MAX_TAGS:
            raise TooBigError(f"部件 {self.part} 的标记层数或个数过多，无法逐一检查", self.part)
        names = self._attributes
        self._start(self._elements[name], {names[key]: value for key, value in attributes.items()})

    def _close(self, name: str) -> None:
        self.depth -= 1
        self._end(self._elements[name])

    def _remark(self, what: str) -> None:
        self.remarks[what] = self.remarks.get(what, 0) + 1

    def _doctype(self, *_: object) -> None:
        raise DamagedError(f"部件 {self.part} 含有 DOCTYPE 声明，工作簿里不允许", self.part)

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if version != "1.0" or (encoding or "utf-8").lower() != "utf-8":
            self._remark(f"声明的版本或编码不是 1.0 与 UTF-8（{version}，{encoding}）")

    def _namespace(self, prefix: str | None, uri: str | None) -> None:
        if self.depth:
            self.inner_namespaces = True
        else:
            self.root_namespaces[prefix] = uri or ""


class _Names(dict[str, str]):
    """Turns expat's "namespace local" into "prefix:local"; `bare` goes before names without a namespace."""

    def __init__(self, bare: str) -> None:
        super().__init__()
        self.bare = bare

    def __missing__(self, key: str) -> str:
        space, _, local = key.rpartition(" ")
        prefix = NAMESPACES.get(space, f"{{{space}}}") if space else self.bare
        if space == MAIN and not self.bare:
            prefix = "main:"  # an attribute written x:r is not the attribute r
        self[key] = name = prefix + local
        return name


def parse(package: Package, part: str, start: Callable[[str, dict[str, str]], None]) -> None:
    """Parse a small part whole and call `start` for each start tag; errors are PackageError."""
    parser = SafeParser(part, start, lambda name: None, lambda data: None)
    for chunk in package.chunks(part, MAX_SMALL_PART):
        parser.feed(chunk)
    parser.close()


def rels_of(part: str) -> str:
    """Return the name of the part that holds the relationships of `part` ("" is the package itself)."""
    folder, _, name = part.rpartition("/")
    return f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels"


def relationships(package: Package, part: str) -> list[Relationship]:
    """Return the relationships of a part ("" is the package itself), none where it has no such list."""
    name = rels_of(part)
    found: list[Relationship] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "rel:Relationship":
            target = attributes.get("Target", "")
            external = attributes.get("TargetMode", "Internal") != "Internal"
            resolved = None if external else resolve(part, target)
            if resolved not in package.members:
                resolved = None
            found.append(Relationship(attributes.get("Id", ""), attributes.get("Type", ""), target, external, resolved))

    if name in package.members:
        parse(package, name, start)
    return found


def resolve(source: str, target: str) -> str | None:
    """Return the part that `target` means in the relationships of `source`, None if it leaves the package."""
    target = unquote(target)
    if not target or ":" in target or "\\" in target or target.startswith("//"):
        return None
    pieces = [] if target.startswith("/") else source.split("/")[:-1]
    for piece in target.removeprefix("/").split("/"):
        if piece == "..":
            if not pieces:
                return None
            pieces.pop()
        elif piece != ".":
            pieces.append(piece)
    return "/".join(pieces)


def workbook_part(package: Package) -> str:
    """Return the name of the main part (xl/workbook.xml); NotPackageError when there is not exactly one."""
    found = [r.part for r in relationships(package, "") if r.type.endswith("/officeDocument")]
    if len(found) != 1 or found[0] is None:
        raise NotPackageError("压缩包里没有（唯一的）工作簿主部件，不是 .xlsx 工作簿")
    return found[0]


def sheets(package: Package) -> list[SheetTab]:
    """Return the tabs in their order, hidden ones too; DamagedError where one has no part behind it."""
    book = workbook_part(package)
    targets = {r.id: r for r in relationships(package, book)}
    found: list[SheetTab] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "sheet":
            name = attributes.get("name", "")
            relation = targets.get(attributes.get("r:id", ""))
            if relation is None or relation.part is None:
                raise DamagedError(f"工作表「{name}」没有对应的部件", book)
            kind = relation.type.rpartition("/")[2]
            found.append(SheetTab(name, attributes.get("state", "visible"), relation.part, kind))

    parse(package, book, start)
    return found
