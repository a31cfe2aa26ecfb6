"""What the words of a foreign head may mean: its level, pollutant and unit apart, and what is left by its synonyms."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files

from rapidfuzz import fuzz, process

from validators.columns import INVENTORY, LEVELS, POLLUTANTS, SHEETS
from validators.text import folded
from workbook_templates.layouts.declared import JOINER, LABEL, meanings, shipped, shipped_layout
from workbook_templates.layouts.units import convertible, unit

LAST_PART, _ALIKE, _ASSUMED, WHOSE = 0.95, 0.92, 0.7, 0.6
"""How far a head is trusted by its last part alone; by words that are used for each other; where only its unit tells a
year from a day; and where it only says that a person is meant."""
PLACE_FIELDS = ("district", "address", "longitude", "latitude")
"""Columns of enterprises whose names hold for the same column of other lists."""
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "企业": ("enterprises", "lines", "transport", LABEL, "本表", "计数"),
    "生产线": ("lines", "enterprises", LABEL, "本表", "计数"),
} | {sheet.title: (key, "本表") for key, sheet in INVENTORY.items() if key not in ("enterprises", "lines")}
"""What a table may be a list of, and where its columns may belong, the likelier first."""

_LEVEL_WORDS = {
    "red": r"红色?(?:预警)?|(?<![IVX])I级|一级(?:响应|预警)",
    "orange": r"橙色?(?:预警)?|(?<![IVX])II级|二级(?:响应|预警)",
    "yellow": r"黄色?(?:预警)?|(?<![IVX])III级|三级(?:响应|预警)",
}
_POLLUTANT_WORDS = {
    "so2": r"SO2|SO₂|二氧化硫|硫氧化物",
    "nox": r"NOX|NO2|氮氧化物|氮氧",
    "pm": r"烟（粉）尘|烟粉尘|颗粒物|粉尘|烟尘|扬尘|TSP|(?<![A-Z0-9])PM(?![0-9.])",
    "vocs": r"VOCS?|挥发性有机物|非甲烷总烃",
}
PERSONS = (
    ("enterprises", "contact", "phone"), ("enterprises", "supervisor", "supervisor_phone"),
    ("lines", "keeper", "keeper_phone"), ("dust", "keeper", "keeper_phone"), ("mobile", "keeper", "keeper_phone"),
)  # fmt: skip
"""Columns of persons and of their phones: what they may be called follows from what the person is."""
PHONES = ("电话", "手机", "手机号", "手机号码", "联系电话", "联系方式")
_PERSONAL = re.compile(r"电话|手机|联系方式|^姓名$")
_BRACKETED = re.compile(r"[（(]([^（）()]*)[）)]")
_IDLE = re.compile(r"（(?:必填|选填|可不填|万元|如有|单选|下拉选择|是/?否|\d+位|\d{4}年?)）|^\d+[.、]|#\d+$")
_UNIT_LAST = re.compile(
    r"(?:/([^/（）()]{1,4}(?:/[天日年])?)|(?<![A-Za-z])((?:kg|t|g)(?:/[da天日年])?|[%％㎡]|m²))$", re.IGNORECASE
)
"""A unit at the end of a head that is not in brackets: behind a stroke, or in letters."""
_SHORT = (
    (re.compile(r"(?<=_)(?:烟?尘)$"), "颗粒物"), (re.compile(r"(?<=_)硫$"), "二氧化硫"), (re.compile(r"(?<=_)[氮硝]$"), "氮氧化物"),
    (re.compile(r"国(?:Ⅳ|IV|4)", re.IGNORECASE), "国四"), (re.compile(r"国(?:Ⅵ|VI|6)", re.IGNORECASE), "国六"),
    (re.compile(r"国(?:Ⅴ|V|5)", re.IGNORECASE), "国五"), (re.compile(r"国(?:Ⅱ|II|2)(?!I)", re.IGNORECASE), "国二"),
)  # fmt: skip
"""How pollutants and emission standards are abbreviated."""
_SUM = re.compile(r"_(?:合计|总计|总数|小计|总量)$")
"""A last part that is the sum of what stands beside it: what stands above says of what."""
_OF_VEHICLES = re.compile(r"运输|车辆|货车")
_TOGETHER = re.compile(r"(?:人|员|姓名)[及和与、/](?:其|联系)?(?:电话|手机|方式)[^_]*$")
"""A person and his phone in one cell: no column of ours."""
_CHECKED_BY = "|".join(value for value in SHEETS["lines"]["indicator"].values.split("|") if len(value) > 2)
_PLAINER = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"^(?:应急|重污染天气(?:应急)?|预警期间|期间|企业应急)+(?=..)", ""),
        (r"^(?:所在|所属|企业所在|企业所属|归属)(?=.)", ""),
        (r"^[县市区旗]{2,4}$", "县区"),
        (r"^(?:乡|镇|街道?|办事处?)+$", "乡镇"),
        (r"(?:统一)?社会(?:统一)?信用|(?:企业|单位|公司|机构)信用", "信用"),
        (r"排污许可证?|排污证|许可证", "许可"),
        (r"^(?:企业|单位|公司|工厂)(?=名称|全称|地址|类型|等级|绩效)", ""),
        (r"全称", "名称"),
        (r"证号码|证号|证书编号|编码|代码|号码|证编号", "编号"),
        (r"级别|等次", "等级"),
        (r"(?:评级|分级)(?:等级|结果|情况)?$", "等级"),
        (r"种类|类别", "类型"),
        (r"机关|单位", "部门"),
        (r"核定|评级|定级", "评定"),
        (r"(?:预计|计划|拟)(?=[开完竣])", ""),
        (r"^(?:开工|开始|起始)(?:日期|时间|工期)?$", "开工日期"),
        (r"^(?:完工|竣工|结束|截止)(?:日期|时间|工期)?$", "完工日期"),
        (r"(?:运行|生产|工作|开工)(?:天数|时间|日数)", "运行天数"),
        (r"时间", "日期"),
        (r"(?:应急|减排|管控|响应|控制|削减|限停产|停限产|停产|限产|预警|分级)*(?:措施|要求|内容|方案)$", "措施"),
        (r"(?:减排|削减|限停产|停限产|限产)(?:比例|率|比率|幅度|百分比)$", "减排比例"),
        (r"(?:预计|估算|可)?(?:减排|削减)量", "减排量"),
        (r"主要|大气|废气", ""),
        (r"污染物(?=.*排放)", ""),
        (r"(?:每日|日均|每天)(?:实际)?排放量?", "日排放量"),
        (r"年(?:度|均|实际)?(?:实际)?排放量?", "年排放量"),
        (r"(?:去年|上年度?|上一年度?|前一年度?)(?:实际)?(?:产能|产量)|实际(?:去年|上年|前一年)产能", "上年产量"),
        (r"(?:污染|末端|治污|环保)+(?:防治|治理|处理)*(?=设施|设备|工艺|措施|装置)", "治理"),
        (r"设施|装备|装置", "设备"),
        (r"(?:联系)?(?:电话|手机)号?|联系方式", "电话"),
        (r"能否|可否|有无", "是否"),
        (r"(?:涉及)?(?:民生)?(?:保障|豁免|保供)(?:类(?!型))?(?:企业)?|(?:涉及)?民生", "保障"),
        (r"^是否(?=保障$)", ""),
        (r"(?:情况|信息)$", ""),
        (rf"(?:{_CHECKED_BY})(?:指标)?", "核查指标值"),
        (r"(?<=核查指标)值?(?:平时|日常|常态|正常(?:生产时?)?)值?$", "正常值"),
        (r"环保(?:负责人|责任人|联系人|管理员|专?员)", "环保责任人"),
        (r"(?:责任|联系)人员?(?:姓名)?", "责任人"),
    )
)  # fmt: skip
"""Words that offices use for each other, and one of each: what is left of a head is compared by these, too."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a head says: level, pollutant, unit, and the words that are left."""

    level: str
    pollutant: str
    unit: str
    rest: str
    yearly: bool | None
    """Whether it speaks of a year or, if False, of a day; None where it does not say."""
    assumed: bool = False
    """Whether only the unit says so: emissions are told in tons of a year and in kilograms of a day."""


@lru_cache(10_000)
def said(head: str) -> Said:
    """Take a head apart."""
    head = _unit_in_brackets(head)
    for short, name in _SHORT:
        head = short.sub(name, head)
    found = ""
    for inner in _BRACKETED.findall(head):
        if unit(inner):
            found, head = inner, head.replace(f"（{inner}）", "").replace(f"({inner})", "")
    last = _UNIT_LAST.search(head) if not found else None
    if last and unit(last[1] or last[2]):
        found, head = last[1] or last[2], head[: last.start()]
    text = _IDLE.sub("", folded(head)).replace("₂", "2")
    level = _one(_LEVEL_WORDS, text)
    pollutant = _one(_POLLUTANT_WORDS, text)
    for word in (_LEVEL_WORDS.get(level), _POLLUTANT_WORDS.get(pollutant)):
        if word:
            text = re.sub(word, "", text)
    if level:
        text = re.sub(r"^(?:响应|预警|时|期间)+|（）|级别?$", "", text)
    known = unit(found) if found else None
    yearly = {"a": True, "d": False}.get(known.per) if known else None
    if yearly is None:
        yearly = True if re.search(r"年", text) else False if level or re.search(r"日|每天|天", text) else None
        if known and (known.dimension == "质量" or "次" in found) and not known.per and yearly is not None:
            found = f"{found}/{'年' if yearly else '天'}"
    assumed = False
    if yearly is None and pollutant and known and known.dimension == "质量" and not known.per:
        assumed, yearly = True, known.factor >= 1e3
        found = f"{found}/{'年' if yearly else '天'}"
    rest = re.sub(r"[（）]", "", text)
    if not rest and pollutant:
        rest = "减排量" if level else {True: "年排放量", False: "日排放量", None: "排放量"}[yearly]
    return Said(level, pollutant, found, rest or ("措施" if level else ""), yearly, assumed)


@cache
def plainer(rest: str) -> str:
    """The words of a head with one word for all that are used for each other."""
    for pattern, plain in _PLAINER:
        rest = pattern.sub(plain, rest)
    return rest


@cache
def _plain_names(source: str) -> Mapping[str, str]:
    """Words put plainer that are left of one known head, or of several of one meaning, and that meaning."""
    found: dict[str, set[str]] = {}
    for name, means in _names().get(source, {}).items():
        found.setdefault(plainer(name), set()).add(means)
    return {name: next(iter(own)) for name, own in found.items() if len(own) == 1 and name}


def _unit_in_brackets(head: str) -> str:
    """A head below which its unit stands in a row of its own, as one that has it in brackets."""
    above, joiner, last = head.rpartition(JOINER)
    return f"{above}（{last}）" if joiner and above and unit(last) else head


def _one(words: Mapping[str, str], text: str) -> str:
    """The one of these that a text speaks of; '' where it is none or several."""
    found = [name for name, word in words.items() if re.search(word, text)]
    return found[0] if len(found) == 1 else ""


@cache
def _names() -> Mapping[str, Mapping[str, str]]:
    """Words that are left of a head, and what they mean, by sheet or other source of meanings."""
    found: dict[str, dict[str, str]] = {}

    def add(means: str, name: str) -> None:
        found.setdefault(means.partition(".")[0], {}).setdefault(said(name).rest, means)

    text = files(__package__).joinpath("synonyms.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        sheet, _, field = row["means"].partition(".")
        shared = ("dust", "mobile") if sheet == "enterprises" and field in PLACE_FIELDS else ()
        for name in row["names"].split("|"):
            add(row["means"], name)
            for other in shared:
                if field in SHEETS[other]:
                    add(f"{other}.{field}", name)
    for sheet, who, phone in PERSONS:
        for name, means in list(found[sheet].items()):
            if means == f"{sheet}.{who}":
                for word in PHONES:
                    found[sheet].setdefault(f"{name}{word}", f"{sheet}.{phone}")
    for means in meanings().values():
        sheet, _, field = means.partition(".")
        if sheet in SHEETS:
            add(_general(sheet, field), SHEETS[sheet][field].header)
    for layout in map(shipped_layout, shipped()):
        for entry in (entry for table in layout.tables for entry in table.entries if entry.means):
            sheet, _, field = entry.means.partition(".")
            add(_general(sheet, field), entry.head)
    return found


def _general(sheet: str, field: str) -> str:
    """A meaning with places for level and pollutant."""
    parts = field.split("_")
    places = {**dict.fromkeys(LEVELS, "{level}"), **dict.fromkeys(POLLUTANTS if sheet != "dust" else (), "{pollutant}")}
    parts = [places.get(part, part) for part in parts]
    return f"{sheet}.{'_'.join(parts)}"


@cache
def known_heads() -> frozenset[str]:
    """All heads that are known, folded."""
    text = files(__package__).joinpath("synonyms.csv").read_text(encoding="utf-8")
    found = {folded(name) for row in csv.DictReader(text.splitlines()) for name in row["names"].split("|")}
    return frozenset(found | {folded(name.partition(".")[2]) for name in meanings()})


@lru_cache(50_000)
def by_name(head: str, family: str) -> tuple[tuple[str, float], ...]:
    """What a head may mean in a table of that family, with scores, by its words alone."""
    found: dict[str, float] = {}
    if _TOGETHER.search(head):
        return ()
    of_vehicles = bool(_OF_VEHICLES.search(head))
    readings = [(one, trust * _ASSUMED if one.assumed else trust) for one, trust in _readings(head)]
    if any(one.rest in _names()[""] for one, _ in readings):
        return ()
    for one, trust in readings:
        for rank, source in enumerate(FAMILIES[family]):
            names = _names().get(source, {})
            for rest, ratio in _like(one.rest, source):
                means = _filled(names[rest], one)
                if means and _suits(means, one, of_vehicles):
                    weight = trust * (1.0 if ratio == 100 else ratio / 100 * 0.8)
                    found[means] = max(found.get(means, 0.0), round(weight - rank * 0.02, 4))
            alike = _plain_names(source).get(plainer(one.rest))
            means = _filled(alike, one) if alike else None
            if means and _suits(means, one, of_vehicles):
                found[means] = max(found.get(means, 0.0), round(trust * _ALIKE - rank * 0.02, 4))
    return tuple(found.items())


def _readings(head: str) -> Iterator[tuple[Said, float]]:
    """What a head says, and how far that is to be trusted: all of it, then without what is in brackets, and parts of both.

    What stands above a last part may only name a group (基本情况), but level, pollutant and unit are said anywhere.
    """
    head = _SUM.sub("", _unit_in_brackets(head))
    whole = said(head)
    yield whole, 1.0
    yield from _parts(head, whole)
    bare = _BRACKETED.sub("", head)
    if bare != head and said(bare).rest not in (whole.rest, ""):  # what is in brackets only explains
        yield replace(whole, rest=said(bare).rest), LAST_PART
        for inner in _BRACKETED.findall(head):
            yield replace(whole, rest=said(inner).rest), _ASSUMED
        yield from _parts(bare, whole)


def _parts(head: str, whole: Said) -> Iterator[tuple[Said, float]]:
    """The last part of a head alone, and before what stands above it."""
    above, joiner, last = head.rpartition(JOINER)
    if not joiner or not above:
        return
    own = said(last)
    if _PERSONAL.search(own.rest):  # whose, only what stands above says
        yield replace(whole, rest=f"{said(above).rest}{'' if own.rest == '姓名' else '电话'}"), 1.0
        yield replace(whole, rest=own.rest), WHOSE
    elif own.rest and own.rest != whole.rest:
        yield replace(whole, rest=own.rest), LAST_PART
        yield replace(whole, rest=f"{own.rest}{said(above).rest}"), LAST_PART


@lru_cache(50_000)
def _like(rest: str, source: str) -> tuple[tuple[str, float], ...]:
    """Known words that are like these, with how much (0 to 100)."""
    names = _names().get(source, {})
    if not rest:
        return ((rest, 100.0),) if rest in names else ()
    if rest in names:
        return ((rest, 100.0), *(pair for pair in _fuzzy(rest, names) if pair[0] != rest))
    return tuple(_fuzzy(rest, names))


def _fuzzy(rest: str, names: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    if len(rest) < 2:
        return
    for name, ratio, _ in process.extract(rest, list(names), scorer=fuzz.ratio, limit=4, score_cutoff=66):
        yield str(name), min(float(ratio), 95.0)


def _filled(means: str, one: Said) -> str | None:
    """A meaning with its level and pollutant, or None where the head names none, or one too many."""
    wants_level, wants_pollutant = "{level}" in means, "{pollutant}" in means
    if wants_level != bool(one.level):
        return None
    free = means.startswith("dust.") and one.pollutant == "pm"
    if wants_pollutant != bool(one.pollutant) and not free:
        return None
    found = means.format(level=one.level, pollutant=one.pollutant)
    sheet, _, field = found.partition(".")
    return found if sheet not in SHEETS or field in SHEETS[sheet] else None


def _suits(means: str, one: Said, of_vehicles: bool) -> bool:
    """Whether unit and time of a head are those of a column, or can be turned into them; what vehicles do is no measure
    of a line."""
    sheet, _, field = means.partition(".")
    if of_vehicles and sheet == "lines" and field.endswith("_measure"):
        return False
    if sheet not in SHEETS:
        return not one.unit
    column = SHEETS[sheet][field]
    if field.endswith("_annual") and one.yearly is False:
        return False
    if field.endswith("_daily") and field != "baseline_daily" and one.yearly is True:
        return False
    if one.unit and column.unit:
        return convertible(one.unit, column.unit)
    return not one.unit or column.is_number or column.kind == "text"
