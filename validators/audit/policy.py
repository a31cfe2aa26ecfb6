"""The allow-lists of the auditor: what a passive workbook may consist of; whatever is not listed is a finding.

The elements and attributes of each kind of part stand in allowed.txt.
"""

import re
from functools import cache
from importlib import resources
from typing import NamedTuple

from validators.ooxml.package import OFFICE, PACKAGE


class _Kind(NamedTuple):
    """A kind of part: its content type, the names it may have, and the relationship type that leads to it."""

    content_type: str
    path: str
    relation: str
    owner: str
    """The kind of part whose relationships may lead here; "" is the package."""
    what: str


_SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_RELATION = OFFICE + "relationships/"
# LibreOffice gives the properties another relationship type in some files; it means the same.
SAME_RELATIONS = {
    "http://schemas.openxmlformats.org/officedocument/2006/relationships/metadata/core-properties": PACKAGE
    + "relationships/metadata/core-properties"
}
STRICT = "http://purl.oclc.org/ooxml/"
RELS_TYPE = "application/vnd.openxmlformats-package.relationships+xml"
PART_KINDS = {
    "workbook": _Kind(_SPREADSHEET + "sheet.main+xml", r"xl/workbook\.xml", _RELATION + "officeDocument", "", "工作簿"),
    "sheet": _Kind(
        _SPREADSHEET + "worksheet+xml",
        r"xl/worksheets/sheet\d*\.xml",
        _RELATION + "worksheet",
        "workbook",
        "工作表",
    ),
    "styles": _Kind(_SPREADSHEET + "styles+xml", r"xl/styles\.xml", _RELATION + "styles", "workbook", "样式"),
    "strings": _Kind(
        _SPREADSHEET + "sharedStrings+xml",
        r"xl/sharedStrings\.xml",
        _RELATION + "sharedStrings",
        "workbook",
        "共享字符串",
    ),
    "theme": _Kind(
        "application/vnd.openxmlformats-officedocument.theme+xml",
        r"xl/theme/theme\d*\.xml",
        _RELATION + "theme",
        "workbook",
        "主题",
    ),
    "table": _Kind(_SPREADSHEET + "table+xml", r"xl/tables/table\d+\.xml", _RELATION + "table", "sheet", "表格"),
    "drawing": _Kind(  # LibreOffice adds an empty one to each sheet; its grammar below lets nothing stand in it
        "application/vnd.openxmlformats-officedocument.drawing+xml",
        r"xl/drawings/drawing\d+\.xml",
        _RELATION + "drawing",
        "sheet",
        "绘图",
    ),
    "core": _Kind(
        "application/vnd.openxmlformats-package.core-properties+xml",
        r"docProps/core\.xml|package/services/metadata/core-properties/[0-9a-f]{32}\.psmdcp",  # .NET names it so
        PACKAGE + "relationships/metadata/core-properties",
        "",
        "文档属性",
    ),
    "app": _Kind(
        "application/vnd.openxmlformats-officedocument.extended-properties+xml",
        r"docProps/app\.xml",
        _RELATION + "extended-properties",
        "",
        "程序属性",
    ),
    "custom": _Kind(  # LibreOffice adds an empty one, WPS its build number
        "application/vnd.openxmlformats-officedocument.custom-properties+xml",
        r"docProps/custom\.xml",
        _RELATION + "custom-properties",
        "",
        "自定义属性",
    ),
}
# Declared for a file extension without any such part: says nothing and does nothing.
IDLE_DEFAULTS = {
    "application/xml",
    RELS_TYPE,
    *(f"image/{kind}" for kind in ("png", "jpeg", "jpg", "gif", "bmp", "tiff", "svg+xml", "x-emf", "x-wmf")),
    "application/vnd.openxmlformats-officedocument.vmlDrawing",
    _SPREADSHEET + "printerSettings",
}

# A part that is not allowed, by what its name, content type or relationship type contains: which check it fails.
SUSPECTS = [
    (re.compile(pattern, re.IGNORECASE), check, what)
    for pattern, check, what in (
        (r"vbaProject|vbaData|macroEnabled|attachedToolbars", "AU02", "VBA 宏"),
        (r"(intl)?macrosheet", "AU02", "XLM 宏表"),
        (r"dialogsheet", "AU02", "对话框表"),
        (r"binary\.|sheet\.binary", "AU02", "二进制工作簿"),
        (r"/python|python\.xml", "AU02", "Python 代码"),
        (
            r"DataMashup|powerPivot|model/item|xmlMaps|tableSingleCells|singleXml",
            "AU03",
            "Power Query 或数据模型",
        ),
        (r"externalLink|xlPathMissing|xlStartup|xlLibrary|xlAlternateStartup", "AU03", "外部链接"),
        (r"connections|queryTable|webQuery|volatileDep|attachedTemplate|hyperlink", "AU03", "外部数据连接"),
        (r"rdRichValueWebImage|richData|rdRichValue", "AU03", "联网数据类型"),
        (r"calcChain|sheetMetadata|/metadata\.xml", "AU01", "公式计算记录"),
        (r"chart", "AU01", "图表（图表用公式取数）"),
        (r"oleObject|embeddings|relationships/package|activeX|ctrlProp|/control", "AU04", "嵌入对象或控件"),
        (
            r"webextension|taskpane|customUI|ui/extensibility|userCustomization",
            "AU04",
            "网页扩展或自定义界面",
        ),
        (r"image|media/|thumbnail|vmlDrawing|drawing|diagram", "AU04", "图片、绘图或旧式控件框"),
        (r"customXml|customProp|custom-prop|customData", "AU05", "自定义 XML 数据"),
        (r"pivotCache|pivotTable|slicer|timeline", "AU05", "数据透视（暗藏源数据副本）"),
        (r"revision|usernames|persons?[/.+]|threadedComment", "AU05", "修订记录或批注人"),
        (r"printerSettings", "AU06", "打印机设置：看不透的二进制数据，常含打印机和电脑的名字"),
        (r"comments", "AU06", "批注"),
        (r"classificationlabels|LabelInfo", "AU06", "敏感度标签：含单位的标识"),
        (r"digital-signature", "AU06", "Office 数字签名"),
    )
]
MACRO_SUFFIXES = (".xlsm", ".xltm", ".xlam", ".xlsb", ".xla", ".xll")

# An element that is not allowed: which check it fails (all others: AU06), and what it is.
SUSPECT_ELEMENTS = {
    "AU01": "f formula formula1 formula2 xm:f conditionalFormatting cfRule x14:conditionalFormatting x14:cfRule "
    "calculatedColumnFormula totalsRowFormula x14:sparkline x14:dataValidation",
    "AU02": "functionGroups functionGroup",
    "AU03": "hyperlinks hyperlink externalReferences externalReference webPublishItems dataConsolidate "
    "xmlColumnPr ep:HLinks connection ddeLink oleLink a:hlinkClick a:hlinkHover",
    "AU04": "oleObjects oleObject controls control legacyDrawing legacyDrawingHF picture oleSize a:blip "
    "xdr:oneCellAnchor xdr:twoCellAnchor xdr:absoluteAnchor",
    "AU05": "scenarios customSheetViews customWorkbookViews customProperties rPh pivotCaches op:property",
}
ELEMENT_CHECK = {name: check for check, names in SUSPECT_ELEMENTS.items() for name in names.split()}
# An attribute that is not allowed unless it says no: which check it fails (all others: AU06).
SUSPECT_ATTRIBUTES = {
    "AU01": "cm totalsRowFunction",
    "AU02": "codeName macro function vbProcedure xlm functionGroupId shortcutKey",
    "AU03": "vm connectionId queryTableFieldId refreshAllConnections allowRefreshQuery updateLinks publishItems "
    "publishToServer saveExternalLinkValues r:link",
}
ATTRIBUTE_CHECK = {name: check for check, names in SUSPECT_ATTRIBUTES.items() for name in names.split()}
NO = {"0", "false", "none", "never"}


class ElementRule(NamedTuple):
    """What one element may carry: attributes, children (position, may it repeat), and whether text."""

    attributes: frozenset[str]
    children: dict[str, tuple[int, bool]]
    text: bool


ORDERED = {"worksheet", "workbook"}


@cache
def _allowed() -> dict[str, dict[str, ElementRule]]:
    """Return the table of allowed.txt: kind of part -> element name -> Rule; the first element is the root."""
    text = resources.files(__package__).joinpath("allowed.txt").read_text("utf-8")
    kinds: dict[str, dict[str, ElementRule]] = {}
    rules: dict[str, ElementRule] = {}
    for line in re.sub(r"#.*|\n +", " ", text).splitlines():
        if line.startswith("["):
            kind, *taken = re.sub(r"[\[\]]", "", line).split()
            rules = kinds[kind] = {}
            later = {name: rule for other in taken for name, rule in kinds[other].items()}
        elif line.strip():
            own, _, inner = line.partition(" > ")
            name, *attributes = own.split()
            children = {child.rstrip("*"): (i, child.endswith("*")) for i, child in enumerate(inner.split())}
            text_allowed = children.pop("$", None) is not None
            if name == "*":  # every child may stand in every other
                anything = ElementRule(frozenset(attributes), dict.fromkeys(children, (0, True)), False)
                rules |= dict.fromkeys(children, anything)
            else:
                rules[name] = ElementRule(frozenset(attributes), children, text_allowed)
                rules |= later
    return kinds


def grammar(kind: str) -> dict[str, ElementRule]:
    """Return what may stand in a part of that kind: element name -> Rule; the first element is the root."""
    return _allowed()[kind]


# Formulas: what reaches outside, and what runs code; screened so that the finding says so.
OUTSIDE = re.compile(
    r"\b(WEBSERVICE|FILTERXML|ENCODEURL|RTD|HYPERLINK|IMAGE|STOCKHISTORY|CUBE\w+|SQL\.REQUEST|DDE)\s*\("
    r"|\[[^\]]*\.xl\w+\]|\[\d+\]|\\\\|https?:|file:|\|'?[^|]*!",
    re.IGNORECASE,
)
RUNS_CODE = re.compile(r"\b(CALL|REGISTER(\.ID)?|EXEC|EVALUATE|RUN|FORMULA|GET\.\w+|PY)\s*\(", re.IGNORECASE)

# Defined names: only areas of sheets of this workbook, written plainly.
_AREA = r"(?:\$?[A-Z]{1,3}\$?[1-9]\d{0,6}(?::\$?[A-Z]{1,3}\$?[1-9]\d{0,6})?|\$?[1-9]\d{0,6}:\$?[1-9]\d{0,6}|\$?[A-Z]{1,3}:\$?[A-Z]{1,3})"
_SHEET_AREA = rf"(?:'(?:[^'\[\]:*?/\\|]|'')+'|[^'\[\]:*?/\\|!,()=+\-&^<>\"{{}}#@\s]+)!{_AREA}"
PLAIN_AREAS = re.compile(rf"{_SHEET_AREA}(?:,{_SHEET_AREA})*")
BUILT_IN_NAMES = {"_xlnm._FilterDatabase", "_xlnm.Print_Titles", "_xlnm.Print_Area"}
AUTO_NAMES = re.compile(r"(_xlnm\.)?auto_(open|close|activate|deactivate)", re.IGNORECASE)

# Number formats: each section must show the value; literals must not look like one.
_LITERAL = r"\"[^\"0-9]*+\"|\\[^0-9]|[_*]."
_CODE = r"\[[^\]\"]{1,40}+\]|General|AM/PM|A/P|上午/下午|E[+\-]|[0#?@YMDHSEGBAT.,%/:;()$¥€£+\- 年月日时分秒]"
_CODES = re.compile(rf"(?:{_LITERAL}|{_CODE})*+", re.IGNORECASE)
_SHOWS = re.compile(r"General|[0#?@YMDHSEGBA]", re.IGNORECASE)
_SCALES = re.compile(r"[0#?],+(?![0#?,])")  # shows thousands, or millions
_UNSEEN = re.compile(r"\[(white|白色?|color ?2)\]", re.IGNORECASE)


def hides_value(code: str) -> bool:
    """Say whether a number format can show nothing, or something else than the value."""
    if len(code) > 255 or not _CODES.fullmatch(code) or _UNSEEN.search(code):
        return True
    bare = re.sub(_LITERAL, "-", code)
    bare = re.sub(r"\[(?![hms]+\])[^\]]*\]", "", bare, flags=re.IGNORECASE)
    if _SCALES.search(bare):
        return True
    # The third section is for zero: accountants show a dash there.
    return not all(
        _SHOWS.search(section) or (index == 2 and section.strip()) for index, section in enumerate(bare.split(";"))
    )


BUILT_IN_DATES = {str(id_) for id_ in (*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59))}
_NOT_DATE = re.compile(r"\"[^\"]*\"|\\.|[_*].|\[(?![hms]+\])[^\]]*\]|General|E[+\-]", re.IGNORECASE)


def shows_date(code: str) -> bool:
    """Say whether a number format shows a day or a time of day."""
    return re.search("[ymdhsegba]", _NOT_DATE.sub("", code), re.IGNORECASE) is not None
