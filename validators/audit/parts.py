"""The skeleton of the package: content types, relationships, and the small parts."""

import re

from validators.audit import policy
from validators.audit.report import Findings
from validators.audit.sheets import area
from validators.audit.walk import Attributes, Walker, is_no, screen, walk
from validators.package import Package, PackageError, resolve

TYPES = "[Content_Types].xml"
_RELS = re.compile(r"(?:(.*)/)?_rels/([^/]*)\.rels")
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
        id_ = attributes.get("Id", "")
        if id_ in self.ids or not id_:
            self.add("AU06", f"关系编号「{id_}」重复或缺少")
        self.ids.add(id_)
        part = resolve(self.owner, target)
        if attributes.get("TargetMode", "Internal") != "Internal" or ":" in target or target.startswith(("//", "\\")):
            self.add("AU03", f"指向文件之外的关系：{target}（{kind.rpartition('/')[2]}）")
            for check in {c for pattern, c, _ in policy.SUSPECTS if pattern.search(kind)} - {"AU03"}:
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
    allowed = {kind.content_type for kind in policy.KINDS.values()} | policy.IDLE_DEFAULTS
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
        for kind, form in policy.KINDS.items():
            if content == form.content_type and re.fullmatch(form.path, name):
                kinds[name] = kind
        if name not in kinds:
            clues.setdefault(name, set()).update({name, content})
            findings.add("AU06", f"不允许的部件（内容类型 {content or '没有登记'}）", name)
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
            meant = policy.KINDS.get(kinds.get(target or "", ""))
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
    return {kind: [n for n, k in kinds.items() if k == kind] for kind in policy.KINDS}


def _accuse(package: Package, clues: dict[str, set[str]], findings: Findings) -> None:
    """Name the checks that a part which is not allowed fails, by its names and by its first bytes."""
    for name, hints in clues.items():
        found = {check: what for pattern, check, what in reversed(policy.SUSPECTS) if any(map(pattern.search, hints))}
        if name in package.members:
            try:
                head = next(package.chunks(name), b"")
            except PackageError:
                head = b""
            for magic, what in _MAGIC.items():
                if head.startswith(magic) and "AU02" not in found:
                    found["AU04"] = f"嵌入了{what}"
            if b"DataMashup" in head or "DataMashup".encode("utf-16le") in head:
                found["AU03"] = "Power Query"
        for check, what in found.items():
            findings.add(check, what, name)


class BookWalker(Walker):
    """xl/workbook.xml: tabs, names, views and settings."""

    def __init__(self, part: str, findings: Findings) -> None:
        super().__init__(part, "workbook", findings)
        self.epoch_1904 = False
        self.tabs: set[str] = set()
        self.visible = 0
        self.names: set[tuple[str, str | None]] = set()
        self.name: Attributes = {}

    def opened(self, name: str, attributes: Attributes) -> None:
        """Look at tabs, views and settings."""
        if name == "sheet":
            self.tab(attributes.get("name", ""), attributes.get("state", "visible"))
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
            key = title.casefold(), self.name.get("localSheetId")
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
    """xl/styles.xml: number formats that hide values, and how many cell formats there are."""

    def __init__(self, part: str, findings: Findings) -> None:
        super().__init__(part, "styles", findings)
        self.count = 0

    def opened(self, name: str, attributes: Attributes) -> None:
        """Count the formats of cells; look at number formats."""
        if name == "xf" and self.stack[-2][0] == "cellXfs":
            self.count += 1
        elif name == "numFmt" and policy.hides_value(attributes.get("formatCode", "")):
            self.add("AU05", f"数字格式「{attributes.get('formatCode', '')}」会隐藏或改变所显示的值")


class TableWalker(Walker):
    """A table: its area must be one; formulas and queries are not on the list."""

    def opened(self, name: str, attributes: Attributes) -> None:
        """Look at the area."""
        if name == "table" and area(attributes.get("ref", "")) is None:
            self.add("AU06", f"表格区域 {attributes.get('ref')} 不合法")


class CustomWalker(Walker):
    """docProps/custom.xml: only what WPS writes about itself."""

    def opened(self, name: str, attributes: Attributes) -> None:
        """Look at the name of a property."""
        if name == "op:property" and attributes.get("name") not in ("KSOProductBuildVer", "ICV"):
            self.add("AU05", f"自定义属性「{attributes.get('name')}」")


SPECIAL: dict[str, type[Walker]] = {"table": TableWalker, "custom": CustomWalker}
