"""Walking through one XML part and holding every element and attribute against the allow-list."""

import re
from collections.abc import Callable

from validators.audit import policy
from validators.audit.report import Findings
from validators.ooxml.package import MAX_SMALL_PART, Package, SafeParser

Attributes = dict[str, str]
LEADING = (
    "=",
    "+",
    "-",
    "@",
)  # a text that begins so can turn into a formula in a CSV or in a careless program
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?(?:[eE][-+]?[0-9]{1,3})?")


class Walker:
    """Feeds one part through the parser; deny by default. Subclasses look at `opened` and `closed` elements.

    An element off the list is found once, with the check that its name belongs to; inside it only elements that
    belong to a further check are found.
    """

    def __init__(self, part: str, kind: str, findings: Findings, sheet: str | None = None) -> None:
        self.part, self.kind, self.findings, self.sheet = part, kind, findings, sheet
        self.rules = policy.grammar(kind)
        self.root = next(iter(self.rules))
        self.stack: list[tuple[str, policy.ElementRule, set[str]]] = []
        self.denied = 0  # depth inside an element that is not allowed
        self.seen: set[str] = set()  # checks already found inside it
        self.texts: list[str] = []
        self.position = -1  # of the last child of an ordered root
        self.parser = SafeParser(part, self.start, self.end, self.text)

    def add(self, check: str, what: str) -> None:
        """Add a finding at the present place."""
        self.findings.add(check, what, self.part, self.sheet, self.cell())

    def cell(self) -> str | None:
        """Return the address of the present cell, None where there is none."""
        return None

    def opened(self, name: str, attributes: Attributes) -> None:
        """Look at an allowed element that begins."""

    def closed(self, name: str, text: str) -> None:
        """Look at an allowed element that ends, with its own text."""

    def finish(self) -> None:
        """End the document and report what the parser noticed."""
        self.parser.close()
        for what, count in self.parser.remarks.items():
            self.add("AU06", f"部件里有{what}，共 {count} 处；只含取值的文件不需要")

    def start(self, name: str, attributes: Attributes) -> None:
        """Handle a start tag."""
        self.texts.clear()
        if self.denied:
            self.denied += 1
            self.suspect(name)
            return
        if self.stack:
            parent, rule, seen = self.stack[-1]
            place = rule.children.get(name)
            if place is None:
                self.deny(name)
                return
            if not place[1]:
                if name in seen:
                    self.add("AU06", f"<{parent}> 里的 <{name}> 重复出现")
                seen.add(name)
            if len(self.stack) == 1 and parent in policy.ORDERED:
                if place[0] < self.position:
                    self.add("AU06", f"<{name}> 的位置不合规定的次序")
                self.position = place[0]
        elif name != self.root:
            self.add("AU06", f"部件的根元素 <{name}> 不是所需的 <{self.root}>")
            self.denied = 1
            return
        rule = self.rules.get(name, _LEAF)
        self.stack.append((name, rule, set()))
        self.opened(name, attributes)
        for key, value in attributes.items():
            if key not in rule.attributes:
                self.attribute(name, key, value)

    def attribute(self, name: str, key: str, value: str) -> None:
        """Report an attribute that is not on the list, unless it only says no to something known."""
        check = policy.ATTRIBUTE_CHECK.get(key, "AU06")
        if check == "AU06" or value not in policy.NO:
            what = "留有宏工程的痕迹：" if key == "codeName" else ""
            self.add(check, f"{what}<{name}> 有不允许的属性 {key}=「{value}」")

    def deny(self, name: str) -> None:
        """Report an element that is not on the list."""
        self.denied = 1
        self.seen = set()
        if not self.suspect(name):
            self.add("AU06", f"不允许的内容 <{name}>")

    def suspect(self, name: str) -> bool:
        """Report a known dangerous element, once per check within one denied element."""
        check = policy.ELEMENT_CHECK.get(name)
        if check is None:
            return False
        if check not in self.seen:
            self.seen.add(check)
            self.add(check, f"{_NAMES.get(name, '不允许的内容')} <{name}>")
        return True

    def text(self, data: str) -> None:
        """Handle character data."""
        self.texts.append(data)
        if not self.denied and self.stack and not self.stack[-1][1].text and not data.isspace():
            self.add("AU06", f"<{self.stack[-1][0]}> 里夹有文字「{data}」")

    def end(self, name: str) -> None:
        """Handle an end tag."""
        text = "".join(self.texts)
        self.texts.clear()
        if self.denied:
            self.denied -= 1
            self.leave(name, text)
            return
        _, rule, _ = self.stack.pop()
        if rule.text and name not in ("t", "v") and text.startswith(LEADING):
            self.add("AU07", f"<{name}> 的文字以 {text[0]} 开头：「{text}」")
        self.closed(name, text)

    def leave(self, name: str, text: str) -> None:
        """Look at an element that ends inside what is not allowed: a formula may say more than that it is one."""
        if name in _FORMULAS:
            screen(text, self.add)


_LEAF = policy.ElementRule(frozenset(), {}, False)
_FORMULAS = {"f", "xm:f", "formula", "formula1", "formula2", "calculatedColumnFormula", "totalsRowFormula"}
_NAMES = {
    "f": "公式",
    "conditionalFormatting": "条件格式",
    "formula1": "数据有效性公式",
    "formula2": "数据有效性公式",
    "calculatedColumnFormula": "表格计算列公式",
    "totalsRowFormula": "表格汇总行公式",
    "hyperlinks": "超链接",
    "oleObjects": "嵌入对象",
    "controls": "窗体控件",
    "legacyDrawing": "旧式控件框或批注框",
    "externalReferences": "外部工作簿引用",
    "rPh": "隐藏的注音文字",
    "pivotCaches": "数据透视缓存",
}


def screen(formula: str, add: Callable[[str, str], None]) -> None:
    """Add what a formula does beyond computing: reach outside (AU03) or run code (AU02)."""
    bare = re.sub(r'"[^"]*"', '""', formula)
    if policy.OUTSIDE.search(bare):
        add("AU03", f"公式引用外部内容：{formula}")
    if policy.RUNS_CODE.search(bare):
        add("AU02", f"公式调用宏或外部代码：{formula}")


def is_no(value: str | None) -> bool:
    """Say whether a yes-or-no attribute is absent or plainly says no; whatever is unclear counts as yes."""
    return value is None or value in ("0", "false")


def walk(package: Package, walker: Walker) -> None:
    """Run a small part through a walker; PackageError as the package and the parser raise it."""
    for chunk in package.chunks(walker.part, MAX_SMALL_PART):
        walker.parser.feed(chunk)
    walker.finish()
