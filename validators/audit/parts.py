"""The skeleton of the package: content types, relationships, and the small parts."""

import re

from validators.audit import policy
from validators.audit.report import Findings
from validators.audit.sheets import Formats, area
from validators.audit.walk import Attributes, Walker, is_no, screen, walk
from validators.ooxml.package import Package, PackageError, resolve

TYPES = "[Content_Types].xml"
_RELS = re.compile(r"(?:(.*)/)?_rels/([^/]*)\.rels")
MAX_LOOK = 4 << 20  # bytes of a part that is not allowed, looked at for what it holds
_FORMULA = re.compile(rb"<(?!v:)(?:\w+:)?(?:f|formula)[\s>]")
_MAGIC = {b"\xd0\xcf\x11\xe0": "旧式二进制文件", b"PK\x03\x04": "另一个压缩包", b"MZ": "可执行程序"}


class TypesWalker(Walker):
    """[Content_Types].xml: what kind each part says it is."""

    def __init__(self, findings: Findings) -> None:
        super().__init__(TYPES, "types", findings)
        self.defaults: dict[str, str] = {}
        self.overrides: dict[str, str] = {}

    def opened(self, name: str, attributes: Attributes) -> None:
        """Take in one declaration; names are compared without case, as the standard says."""
        if name == "ct:Types":
            return
        table, key = self.defaults, attributes.get("Extension", "").lower()
        if name == "ct:Override":
            table, key = self.overrides, attributes.get("PartName", "").removeprefix("/").casefold()
        if key in table:
            self.add("AU06", f"内容类型重复登记：{key}")
        table[key] = attributes.get("ContentType", "")

    def of(self, part: str) -> str | None:
        """Return the content type of a part, None where none is declared."""
        return self.overrides.get(part.casefold()) or self.defaults.get(part.rpartition(".")[2].lower())


class RelsWalker(Walker):
    """The relationships of one part: (type, target, part that it resolves to or None)."""

    def __init__(self, part: str, owner: str, findings: Findings) -> None:
        super().__init__(part, "rels", findings)
        self.owner = owner
        self.ids: set[str] = set()
        self.links: list[tuple[str, str | None]] = []

    def opened(self, name: str, attributes: Attributes) -> None:
        """Take in one relationship; one that leads outside is found here."""
        if name != "rel:Relationship":
            return
        kind, target = attributes.get("Type", ""), attributes.get("Target", "")
        kind = policy.SAME_RELATIONS.get(kind, kind)
        id_ = attributes.get("Id", "")
        if id_ in self.ids or not id_:
            self.add("AU06", f"关系编号「{id_}」重复或缺少")
        self.ids.add(id_)
        part = resolve(self.owner, target)
        if attributes.get("TargetMode", "Internal") != "Internal" or ":" in target or target.startswith(("//", "\\")):
            self.add("AU03", f"指向文件之外的关系：{target}（{kind.rpartition('/')[2]}）")
            for check in {c for pattern, c, _ in policy.SUSPECTS if pattern.search(kind)} - {"AU03", "AU06"}:
                self.add(check, f"引用文件之外的内容：{target}")
            part = None
        elif re.search(r"[%?#\\]", target) or part is None:
            self.add("AU06", f"关系的目标「{target}」写法不合规范")
        self.links.append((kind, part))


def kinds_of(package: Package, findings: Findings) -> dict[str, list[str]]:
    """Check every part's name, content type and relationships; return the allowed parts by kind."""
    types = TypesWalker(findings)
    walk(package, types)
    names = {name.casefold() for name in package.members}
    for key in types.overrides:
        if key not in names:
            findings.add("AU06", f"内容类型登记了不存在的部件 {key}", TYPES)
    allowed = {kind.content_type for kind in policy.PART_KINDS.values()} | policy.IDLE_DEFAULTS
    clues: dict[str, set[str]] = {}  # what speaks against a part
    kinds = {"": ""}  # part -> kind; "" is the package itself
    for key, content in types.defaults.items():
        if content not in allowed:
            clues.setdefault(TYPES, set()).add(content)
            findings.add("AU06", f"扩展名 {key} 登记了不允许的内容类型 {content}", TYPES)
    rels = []
    for name in package.members:
        content = types.of(name) or ""
        match = _RELS.fullmatch(name)
        if name == TYPES or name.endswith("/"):
            continue
        if match and content == policy.RELS_TYPE:
            rels.append((name, "/".join(filter(None, match.groups()))))
            continue
        for kind, form in policy.PART_KINDS.items():
            if content == form.content_type and re.fullmatch(form.path, name):
                kinds[name] = kind
        if name not in kinds:
            hints = {name, content}
            clues.setdefault(name, set()).update(hints)
            what = next(
                (w for pattern, check, w in policy.SUSPECTS if check == "AU06" and any(map(pattern.search, hints))),
                "不允许的部件",
            )
            findings.add("AU06", f"{what}（内容类型 {content or '没有登记'}）", name)
    reached = set()
    broken: PackageError | None = None
    for name, owner in rels:
        if owner and owner not in package.members:
            findings.add("AU06", f"关系表所属的部件 {owner} 不存在", name)
        walker = RelsWalker(name, owner, findings)
        try:
            walk(package, walker)
        except PackageError as error:
            broken = error
        for relation, target in walker.links:
            meant = policy.PART_KINDS.get(kinds.get(target or "", ""))
            if meant is None or relation != meant.relation or meant.owner != kinds.get(owner):
                findings.add("AU06", f"不允许的关系 {relation.rpartition('/')[2]}", name)
                clues.setdefault(target or name, set()).add(relation)
            if target is not None and target not in package.members:
                findings.add("AU06", f"关系指向不存在的部件 {target}", name)
            elif target in reached:
                findings.add("AU06", f"部件 {target} 被引用多次", name)
            reached.add(target)
    for name in kinds:
        if name and name not in reached:
            findings.add("AU06", "没有任何关系通向这个部件", name)
    _accuse(package, clues, findings)
    if broken is not None:
        raise broken
    if any(relation.startswith(policy.STRICT) for relation in set().union(*clues.values())):
        raise PackageError(
            "文件是“严格 Open XML”格式，多数程序读不全；请在 Excel 里另存为普通的“Excel 工作簿 (*.xlsx)”"
        )
    return {kind: [n for n, k in kinds.items() if k == kind] for kind in policy.PART_KINDS}


def _accuse(package: Package, clues: dict[str, set[str]], findings: Findings) -> None:
    """Name the checks that a part which is not allowed fails, by its names and by its first bytes."""
    for name, hints in clues.items():
        found = {check: what for pattern, check, what in reversed(policy.SUSPECTS) if any(map(pattern.search, hints))}
        head = _beginning(package, name)
        for magic, what in _MAGIC.items():
            if head.startswith(magic) and "AU02" not in found:
                found["AU04"] = f"嵌入了{what}"
        if b"DataMashup" in head or "DataMashup".encode("utf-16le") in head:
            found["AU03"] = "Power Query"
        if _FORMULA.search(head):
            found["AU01"] = "部件里有公式"
        for check, what in found.items():
            if check != "AU06":  # has been said
                findings.add(check, what, name)


def _beginning(package: Package, name: str) -> bytes:
    """Return what can be had of the first `MAX_LOOK` bytes of a part."""
    pieces: list[bytes] = []
    try:
        for piece in package.chunks(name):
            pieces.append(piece)
            if sum(map(len, pieces)) >= MAX_LOOK:
                break
    except PackageError:  # found elsewhere
        pass
    return b"".join(pieces)


class BookWalker(Walker):
    """xl/workbook.xml: tabs, names, views and settings."""

    def __init__(self, part: str, findings: Findings) -> None:
        super().__init__(part, "workbook", findings)
        self.epoch_1904 = False
        self.tabs: set[str] = set()
        self.ids: set[str] = set()
        self.visible = 0
        self.names: set[tuple[str, str | None]] = set()
        self.name: Attributes = {}

    def opened(self, name: str, attributes: Attributes) -> None:
        """Look at tabs, views and settings."""
        if name == "sheet":
            self.tab(attributes.get("name", ""), attributes.get("state", "visible"))
            id_ = attributes.get("sheetId", "")
            if not re.fullmatch("[1-9][0-9]{0,9}", id_) or id_ in self.ids:
                self.add("AU06", f"工作表编号「{id_}」不合法或重复")
            self.ids.add(id_)
        elif name == "definedName":
            self.name = attributes
        elif name == "workbookView":
            hidden = attributes.get("visibility", "visible") != "visible"
            if hidden or attributes.get("showSheetTabs", "1") not in ("1", "true"):
                self.add("AU05", "工作簿窗口或工作表标签被隐藏")
        elif name == "calcPr":
            if attributes.get("fullPrecision", "1") not in ("1", "true"):
                self.add("AU06", "工作簿设为「以显示精度为准」，打开后会改动数值")
        elif name == "workbookPr":
            self.epoch_1904 = not is_no(attributes.get("date1904"))
            if attributes.get("showObjects", "all") != "all":
                self.add("AU05", "工作簿设为隐藏对象")

    def tab(self, title: str, state: str) -> None:
        """Check one tab."""
        self.sheet = title
        if state == "visible":
            self.visible += 1
        else:
            self.add("AU05", f"工作表「{title}」被隐藏（{state}）")
        if not 0 < len(title) <= 31 or re.search(r"[\[\]:*?/\\\x00-\x1f]", title) or title.strip("'") != title:
            self.add("AU06", f"工作表名「{title}」不合规范")
        if title.startswith(("=", "+", "-", "@")):
            self.add("AU07", f"工作表名以 {title[0]} 开头：「{title}」")
        if title.casefold() in self.tabs:
            self.add("AU06", f"工作表名「{title}」重复")
        self.tabs.add(title.casefold())
        self.sheet = None

    def closed(self, name: str, text: str) -> None:
        """Judge a defined name once its text is known."""
        if name == "definedName":
            title = self.name.get("name", "")
            local = self.name.get("localSheetId")
            if local is not None and not (re.fullmatch("[0-9]{1,5}", local) and int(local) < len(self.ids)):
                self.add("AU06", f"名称「{title}」所属的工作表「{local}」不存在")
            key = title.casefold(), local
            if key in self.names:
                self.add("AU06", f"定义的名称「{title}」重复")
            self.names.add(key)
            if policy.AUTO_NAMES.fullmatch(title):
                self.add("AU02", f"打开时自动运行的名称「{title}」")
            elif title.startswith("_xlnm.") and title not in policy.BUILT_IN_NAMES:
                self.add("AU06", f"不允许的内置名称「{title}」")
            if not is_no(self.name.get("hidden")) and title != "_xlnm._FilterDatabase":
                self.add("AU05", f"隐藏的名称「{title}」")
            if not policy.PLAIN_AREAS.fullmatch(text):
                self.add("AU01", f"名称「{title}」含公式：{text}")
                screen(text, self.add)
        elif name == "sheets" and not self.visible:
            self.add("AU06", "没有一张可见的工作表")


class StyleWalker(Walker):
    """xl/styles.xml: number formats that hide values, and what the cell formats do."""

    def __init__(self, part: str, findings: Findings) -> None:
        super().__init__(part, "styles", findings)
        self.formats = Formats(0)
        self.dates = set(policy.BUILT_IN_DATES)  # ids of number formats that show a day or a time
        self.fonts: list[str] = []  # colour of each font as RRGGBB, or what names it
        self.fills: list[str] = []  # likewise of what is behind the text
        self.borders = 0

    def opened(self, name: str, attributes: Attributes) -> None:
        """Take in the formats of cells, fonts and fills; look at number formats."""
        inside = self.stack[-2][0] if len(self.stack) > 1 else ""
        if name == "xf" and inside == "cellXfs":
            self.cell_format(attributes)
        elif name == "numFmt":
            code, id_ = attributes.get("formatCode", ""), attributes.get("numFmtId", "")
            if policy.hides_value(code) and (code or id_ != "0"):
                self.add("AU05", f"数字格式「{code}」会隐藏或改变所显示的值")
            (self.dates.add if policy.shows_date(code) else self.dates.discard)(id_)
        elif name == "font" and inside == "fonts":
            self.fonts.append("000000")
        elif name == "color" and inside == "font" and self.stack[-3][0] == "fonts":
            self.fonts[-1] = _colour(attributes)
        elif name == "border" and inside == "borders":
            self.borders += 1
        elif name == "fill" and inside == "fills":
            self.fills.append("FFFFFF")
        elif name == "patternFill" and self.stack[-3][0] == "fills":
            if attributes.get("patternType", "none") not in ("none", "solid"):
                self.fills[-1] = "pattern"
        elif name == "gradientFill" and self.stack[-3][0] == "fills":
            self.fills[-1] = "pattern"
        elif name == "fgColor" and self.fills[-1:] == ["FFFFFF"] and self.stack[-4][0] == "fills":
            self.fills[-1] = _colour(attributes)

    def cell_format(self, attributes: Attributes) -> None:
        """Take in one cell format; the fonts, fills and borders that it speaks of stand before it."""
        font, fill, border = (_index(attributes.get(f"{part}Id")) for part in ("font", "fill", "border"))
        fonts, fills = self.fonts or ["000000"], self.fills or ["FFFFFF"]
        if not (font < len(fonts) and fill < len(fills) and border < max(self.borders, 1)):
            self.add("AU06", f"第 {self.formats.count} 种单元格样式用了不存在的字体、填充或边框")
        elif fonts[font] == fills[fill]:
            self.formats.unseen.add(self.formats.count)
        if attributes.get("numFmtId", "0") in self.dates:
            self.formats.dates.add(self.formats.count)
        self.formats.count += 1


def _index(text: str | None) -> int:
    """Return a number in the table of fonts, fills or borders, 0 where none is given; too great where it is none."""
    return int(text or 0) if re.fullmatch("[0-9]{0,6}", text or "") else MAX_LOOK


def _colour(attributes: Attributes) -> str:
    """Return a colour as RRGGBB where that is known without the theme, white and black of the theme included."""
    tint = attributes.get("tint", "0")
    if "rgb" in attributes:
        rgb = attributes["rgb"][-6:].upper()
        return "FFFFFF" if re.fullmatch("(F[0-9A-F]){3}", rgb) else rgb
    named = attributes.get("theme") or "i" + attributes.get("indexed", "64")
    plain = {"0": "FFFFFF", "1": "000000", "i1": "FFFFFF", "i9": "FFFFFF", "i65": "FFFFFF"}
    plain |= dict.fromkeys(("i0", "i8", "i64"), "000000")
    return plain.get(named, named) if tint.strip("0.") == "" else f"{named} {tint}"


class TableWalker(Walker):
    """A table: its area must be one; formulas and queries are not on the list."""

    def opened(self, name: str, attributes: Attributes) -> None:
        """Look at the area."""
        if name == "table" and area(attributes.get("ref", "")) is None:
            self.add("AU06", f"表格区域 {attributes.get('ref')} 不合法")


class AppWalker(Walker):
    """docProps/app.xml: a base address for links is one."""

    def closed(self, name: str, text: str) -> None:
        """Look at the base address, which Excel often leaves blank."""
        if name == "ep:HyperlinkBase" and text.strip():
            self.add("AU03", f"超链接的基准地址「{text}」")


class CustomWalker(Walker):
    """docProps/custom.xml: only what WPS writes about itself."""

    def opened(self, name: str, attributes: Attributes) -> None:
        """Look at the name of a property."""
        if name == "op:property" and attributes.get("name") not in ("KSOProductBuildVer", "ICV"):
            self.add("AU05", f"自定义属性「{attributes.get('name')}」")


SPECIAL_WALKERS: dict[str, type[Walker]] = {"table": TableWalker, "app": AppWalker, "custom": CustomWalker}
