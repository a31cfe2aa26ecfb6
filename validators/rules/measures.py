"""CS: 措施."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import reduce
from operator import add

from validators.book import Book
from validators.columns import LEVEL_NAMES, LEVELS, POLLUTANTS, SHEETS
from validators.expr import Check, Expr, Record, Row, blank, call, check, count, lookup, ref, split_ids, text_of
from validators.findings import Severity
from validators.rule import Found, book_rule, row_rule, value_text
from validators.rules.levels import NOISE, cuts, falling, stems
from validators.rules.required_cells import METERED
from validators.rules.schemes import ungraded
from validators.rules.texts import mentions, words
from validators.ruleset import NOT_KEY, UNGRADED, named

GUIDE = "环办大气函〔2020〕340号（未见全文）"
_GUARANTEED = "承担保障任务的生产线，请在《保障类》的“保障生产线编码”中写明。"
WITHOUT_CUT = ("自主减排", "仅运输管控", "不停产")
"""措施类型 under which production goes on as it is."""


@row_rule("CS01", "措施倒挂", Severity.ERROR, "row", GUIDE, "lines")
def cs01(line: Row) -> Iterator[Check]:
    """检查什么：同一生产线的减排比例、各项减排量，是否黄色大于橙色、或橙色大于红色。

    为什么：预警级别越高，应急减排措施应当越严；倒挂说明某一级填错了。
    怎么改：对照措施核对相邻两级的数，改正填错的一级；减排量留用公式的，改减排比例即可。
    """
    yield from falling(line, "ratio")
    for cut, _ in stems(line):
        yield from falling(line, cut)


@book_rule(
    "CS02",
    "弱于技术指南",
    Severity.ERROR,
    "workbook",
    GUIDE,
    lines=("industry", "subtype", "grade", *(f"{level}_{what}" for level in LEVELS for what in ("ratio", "type"))),
    enterprises=("long_idle",),
    guarantee=("line_ids",),
)
def cs02(book: Book) -> Iterator[Found]:
    """检查什么：各级预警的减排比例，是否低于规则集的措施表对该行业、子类、绩效等级和预警级别规定的最低比例。

    一般逐条生产线比较。技术指南写明“以生产线计”的停产比例（如停产50%），看的是全厂该行业该子类的生产线停了几条：
    整条停下（减排比例100%）的条数，除以这些生产线的总条数，不得低于规定比例；各条都限产一半不算停产一半，
    一条生产线停不了半条，只有一条的要整条停下。计入的减排量是停下的那几条自己的排放量，与条数比例不必相同。
    一行里填了几条生产线、措施类型为“停产部分生产线”的，先按所填比例折算条数，只作提醒，请分行填写。

    最低等级不等于全停：有的行业的D级只停一部分（玻璃的D级是限产30%），各级的比例都只看措施表，没有录入的不推断。

    不比较：《保障类》写明的保障生产线、是否长期停产为“是”的企业、非重点行业和未评级的生产线（不参加分级的子类，措施表有它的才比较）。
    规则集中尚未与原文核对的条目只作提醒；没有录入的组合不检查，每个工作簿用一条说明写出有几种。

    为什么：地方的措施不得弱于技术指南，弱了就不能保证预警期间的减排量。
    怎么改：把措施和减排比例提高到不低于规定；承担保障任务的生产线，在《保障类》的“保障生产线编码”中写明。
    """
    measures = book.table("measures")
    not_loaded: dict[str, None] = {}
    for (industry, subtype), lines in _plants(book):
        graded = (None,) if book.ruleset.ungraded(industry, subtype) else (None, UNGRADED)
        for grade in dict.fromkeys(line.grade for line in lines if line.grade not in graded):
            label = _label(industry, subtype, grade)
            own = [line for line in lines if line.grade == grade]
            demands = {
                level: measures.get((industry, subtype, grade, name)) or measures.get(("*", "", grade, name))
                for level, name in LEVEL_NAMES.items()
            }
            if not any(demands.values()):
                not_loaded[label] = None
            for level, demand in demands.items():
                if demand is None or not demand["min_ratio_percent"]:
                    continue
                if demand["basis"].startswith("以") and demand["basis"].endswith("计"):
                    yield from _weak_by_line(level, demand, label, lines, own)
                else:
                    yield from _weak(level, demand, label, own)
    if not_loaded:
        yield Found(
            f"本表有 {len(not_loaded)} 种行业、子类与绩效等级的组合，规则集中没有录入技术指南的措施，"
            f"未检查其减排比例：{'、'.join(list(not_loaded)[:10])}{'等' if len(not_loaded) > 10 else ''}。"
            "请市里对照技术指南补录措施表；补录之前请人工核对。",
            sheet="lines",
            severity=Severity.INFO,
            for_city=True,
        )


def _plants(book: Book) -> Iterator[tuple[tuple[str, str], list[Record]]]:
    """(industry, subtype or '') and lines of each plant that the guide binds."""
    guarantees = book.tables["guarantee"]
    guaranteed = {code for row in guarantees if row.line_ids for code in split_ids(row.line_ids)}
    # where 是否长期停产 is blank, whether the guide binds is not known
    free = {None, *(row.list_id for row in book.tables["enterprises"] if row.long_idle != "否")}
    found: dict[tuple[str, str, str], list[Record]] = {}
    for line in book.tables["lines"]:
        if line.industry in (None, NOT_KEY) or line.list_id in free or line.line_id in guaranteed:
            continue
        own = book.ruleset.subtypes.get(line.industry, ())
        subtype = line.subtype if line.subtype in own else ""
        if (line.industry, subtype) in book.ruleset.schemes and "subtype" not in line.bad:
            found.setdefault((line.list_id, line.industry, subtype), []).append(line)
    for (_, industry, subtype), lines in found.items():
        yield (industry, subtype), lines


def _weak(level: str, demand: Mapping[str, str], label: str, lines: list[Record]) -> Iterator[Found]:
    least = float(demand["min_ratio_percent"])
    field = f"{level}_ratio"
    for line in lines:
        ratio = getattr(line, field)
        if ratio is not None and ratio < least:
            basis = f"（基准：{demand['basis']}）" if demand["basis"] else ""
            yield Found(
                f"“{SHEETS['lines'][field].header}”为 {value_text(ratio)}，弱于技术指南："
                f"{label}{LEVEL_NAMES[level]}预警应{demand['measure_type']}，"
                f"减排比例不低于 {value_text(least)}%{basis}。{_unverified(demand)}"
                f"请加严措施并提高减排比例；{_GUARANTEED}",
                "lines",
                line,
                field,
                _severity(demand),
            )


def _weak_by_line(
    level: str, demand: Mapping[str, str], label: str, lines: list[Record], own: list[Record]
) -> Iterator[Found]:
    """Too few of a plant's lines stand still; found once, at the first line of that grade that runs on."""
    least = float(demand["min_ratio_percent"])
    field = f"{level}_ratio"
    running = [line for line in own if getattr(line, field) is not None and getattr(line, field) < 100]
    if not running or any(getattr(line, field) is None for line in lines):
        return
    stopped = sum(getattr(line, field) >= 100 for line in lines)
    parts = sum(
        getattr(line, field) / 100
        for line in lines
        if getattr(line, f"{level}_type") == "停产部分生产线" and getattr(line, field) < 100
    )
    if stopped / len(lines) * 100 >= least - NOISE:
        return
    severity = _severity(demand)
    advice = f"请增加整条停产的生产线（各条都限产不算停产）；{_GUARANTEED}"
    if (stopped + parts) / len(lines) * 100 >= least - NOISE:
        severity = Severity.WARNING
        advice = "有的行填“停产部分生产线”而比例不到100%：一行只填一条生产线，请分行填写，停的填 100，不停的填 0。"
    yield Found(
        f"弱于技术指南：{label}{LEVEL_NAMES[level]}预警应停产{value_text(least)}%（{demand['basis']}），"
        f"全厂 {len(lines)} 条这类生产线只有 {stopped} 条整条停产。{_unverified(demand)}{advice}",
        "lines",
        running[0],
        field,
        severity,
        tuple(("lines", line, field) for line in running[1:10]),
    )


def _label(industry: str, subtype: str, grade: str) -> str:
    return f"{industry}{f'（{subtype}）' if subtype else ''}{named(grade)}"


def _severity(demand: Mapping[str, str]) -> Severity:
    return Severity.ERROR if demand["verified"] == "yes" else Severity.WARNING


def _unverified(demand: Mapping[str, str]) -> str:
    return "" if demand["verified"] == "yes" else "（该项规定尚未与技术指南原文核对，仅作提醒。）"


def shares(text: str, *names: str) -> bool:
    """Whether three adjacent characters of one of the names, or all of a shorter one, stand in a text."""
    sizes = ((name, min(3, len(name))) for name in names)
    return any(name[at : at + size] in text for name, size in sizes for at in range(len(name) - size + 1))


def without(text: str, *names: str) -> str:
    """A text with its names (of three characters or more) taken out: the 1 in 1号窑 is no quantity."""
    for name in names:
        if len(name) > 2:
            text = text.replace(name, "")
    return text


@row_rule("CS03", "措施不可核查", Severity.WARNING, "cell", "聊重指办〔2020〕6号 三(五)", "lines")
def cs03(line: Row) -> Iterator[Check]:
    """检查什么：限停产措施的文字有没有写明生产线、工序或设备，有没有写数量（全部停产的不必），是不是只有“加强管理”一类套话。

    写明与否，看文字中有没有规则集词表（words.csv）里的词，或本行生产线名称、工序、主要生产设备中相连的三个字；
    名称里自带的编号不算数量。措施类型为自主减排、不停产、仅运输管控的不检查。

    为什么：措施要“可操作、可监测、可核查”，应明确具体的停限产生产装置、工艺环节和关键指标。
    怎么改：写明哪条生产线或哪台设备、停多少或由多少降至多少，例如“1号回转窑投料量由2900吨/天降至2320吨/天”。
    """
    for level in LEVELS:
        text, kind = line[f"{level}_measure"], line[f"{level}_type"]
        judged = ~kind.isin(WITHOUT_CUT)
        own = call(shares, text, line.line_name, line.process, line.equipment)
        named = call(mentions, text, words("object")) | own
        stock = call(mentions, text, words("stock_phrase"))
        stop = (kind == "停产") | call(mentions, text, words("full_stop"))
        number = call(mentions, call(without, text, line.line_name, line.equipment), words("number"))
        yield check(
            text,
            judged & ~named & stock,
            "“{at}”只是套话，到现场无法核查。请写明哪条生产线、哪道工序或哪台设备，停多少或由多少降至多少。",
            brief="只有套话",
        )
        yield check(
            text,
            judged & ~named & ~stock,
            "“{at}”没有写明是哪条生产线、哪道工序或哪台设备，到现场无法核查。请写明具体的停限产装置或工艺环节。",
            brief="没有写明生产线、工序或设备",
        )
        yield check(
            text,
            judged & named & ~stop & ~number,
            "“{at}”没有写数量，也不是全部停产，无法核查落实没有。请写明停多少、减多少或由多少降至多少。",
            brief="没有写停多少、减多少",
        )


_NUMBER = r"(?<![\d.])(\d{1,9}(?:,\d{3}){0,3}(?:\.\d{1,6})?)"
_FROM_TO = re.compile(rf"{_NUMBER}(%?)\D{{0,12}}?[降减压缩限调控]\D{{0,6}}?[至到为]\D{{0,8}}?{_NUMBER}(%?)")
_RANGE = re.compile(rf"{_NUMBER}%?[-~—–至到]{{1,2}}{_NUMBER}%")
_PERCENT = re.compile(rf"{_NUMBER}%")
_REST_BEFORE = re.compile(r"(?:至|到|为|超过|高于|大于|在|负荷)\D{0,3}$")
_REST_AFTER = re.compile(r"以内|以下|的?负荷")
_HAN = {character: number for number, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN_PERCENT = re.compile(r"百分之([〇零一二两三四五六七八九]?)([十百]?)([一二三四五六七八九]?)(?!点)")


def _digits(found: re.Match[str]) -> str:
    """`百分之二十五` as `25%`; what is no such number stays as it is."""
    first, unit, last = found.groups()
    if not unit:
        return found[0] if last or not first else f"{_HAN[first]}%"
    return f"{_HAN.get(first, 1) * (10 if unit == '十' else 100) + _HAN.get(last, 0)}%"


def _plain(text: str) -> str:
    """A text with half-width signs, percentages written as `20%`, and no digit in its units."""
    text = unicodedata.normalize("NFKC", text).replace("m3", "m").replace("m2", "m")
    if "百分之" in text:
        text = re.sub(r"百分之(\d{1,3}(?:\.\d{1,6})?)", r"\1%", _HAN_PERCENT.sub(_digits, text))
    return text.replace(" ", "")


def contradicts(text: str, ratio: float, tolerance: float) -> bool:
    """Whether a text states one percentage and that is not the reduction ratio.

    `ratio` in %, `tolerance` in percentage points for what is computed. A from–to pair is right where its
    relative drop is the ratio, or the difference of its percentages; `降至80%` is right for 20.
    A text with several percentages, or with a range, states none.
    """
    text = _plain(text)
    if "%" not in text:
        return False
    stated = 0
    rest, end = "", 0
    for pair in _FROM_TO.finditer(text):
        first, second = (float(pair[number].replace(",", "")) for number in (1, 3))
        percent = bool(pair[2] and pair[4])
        drop = (first - second) / first * 100 if first and pair[2] == pair[4] else None
        if drop is not None and abs(drop - ratio) <= tolerance:
            return False
        if percent and abs(first - second - ratio) <= NOISE:
            return False
        if percent:
            stated += 1
            rest, end = rest + text[end : pair.start()], pair.end()
    rest += text[end:]
    if _RANGE.search(rest):
        return False
    single = list(_PERCENT.finditer(rest))
    if stated + len(single) != 1:
        return False
    if stated:
        return True
    value = float(single[0][1].replace(",", ""))
    left = _REST_BEFORE.search(rest[: single[0].start()]) or _REST_AFTER.match(rest, single[0].end())
    return abs(value - ratio) > NOISE and not (left and abs(100 - value - ratio) <= NOISE)


@row_rule("CS04", "文字与比例不一致", Severity.ERROR, "row", "业内惯例", "lines")
def cs04(line: Row) -> Iterator[Check]:
    """检查什么：措施类型为停产而减排比例不到100%；为自主减排、仅运输管控、不停产而比例大于0；限产的文字只写了一个百分数而与比例不同（提醒）；比例大于0而不到1%，像是写成了小数（提醒）。

    “由…降至…”的，降幅或两个百分数之差等于减排比例即为一致；写“降至80%”而比例为20的也一致。

    为什么：措施、文字和比例说的是同一件事，不一致时无法判断企业该停多少，减排量也算不准。
    怎么改：对照实际措施，改正措施类型、文字或减排比例中填错的一项。
    """
    for level in LEVELS:
        kind, text, ratio = line[f"{level}_type"], line[f"{level}_measure"], line[f"{level}_ratio"]
        yield check(
            ratio,
            (kind == "停产") & (ratio < 100),
            "措施类型为“停产”，减排比例却是 {at}%。停产的比例应为 100；只是减少产量的，请把措施类型改为“限产”。",
            brief="停产的比例应为100",
        )
        yield check(
            ratio,
            kind.isin(WITHOUT_CUT) & (ratio > 0),
            "措施类型为“{kind}”，减排比例却是 {at}%。这类措施不计减排量，比例应为 0；确有限产或停产的，请改措施类型。",
            kind=kind,
            brief="这类措施的比例应为0",
        )
        yield check(
            ratio,
            (ratio > 0) & (ratio < 1),
            "减排比例为 {at}%，不到百分之一，像是把百分数写成了小数。是 50% 的请写 50，只填数字不写百分号。",
            Severity.WARNING,
            brief="不到1%，50%要写成50",
        )
        yield check(
            ratio,
            (kind == "限产") & call(contradicts, text, ratio, lookup("number", "text_ratio_tolerance")),
            "减排比例为 {at}%，与措施文字“{text}”中的百分数不一致。请核对，改正其中填错的一处。",
            Severity.WARNING,
            text=text,
        )


@row_rule("CS05", "限产基准不明", Severity.ERROR, "row", GUIDE, "lines")
def cs05(line: Row) -> Iterator[Check]:
    """检查什么：有一级措施类型为限产，而环评批复产能、排污许可产能、前一年实际产量没有填全。

    为什么：限产比例以这三者的日均值中最小者为基准，缺一项就不知道从多少限起。
    怎么改：对照环评批复、排污许可证和生产台账补填；没有依据可填的，改用不以产能为基准的措施。
    """
    yellow, orange, red = (text_of(line[f"{level}_type"]) == "限产" for level in LEVELS)
    for capacity in (line.eia_capacity, line.permit_capacity, line.last_output):
        yield check(
            capacity,
            (yellow | orange | red) & blank(capacity),
            "措施类型为“限产”，但“{at.header}”没有填。限产以三项产能日均值中最小者为基准，请补填。",
        )


@row_rule("CS06", "长期停产计减排", Severity.ERROR, "workbook", "业内惯例", "lines")
def cs06(line: Row) -> Iterator[Check]:
    """检查什么：是否长期停产为“是”的企业，其生产线是否填了大于 0 的减排量。

    为什么：本来就停着的企业，预警时没有排放可减，计入会虚增减排量。
    怎么改：把减排比例或减排量改为 0；企业已经复产的，把“是否长期停产”改为“否”。
    """
    idle = ref("enterprises", "long_idle", list_id=line.list_id)
    for _, cut, _ in cuts(line):
        yield check(
            cut,
            (cut > 0) & (idle == "是"),
            "该企业“是否长期停产”为“是”，“{at.header}”却填了 {at}。长期停产不计减排量，请改为 0；"
            "已经复产的，请改“是否长期停产”。",
        )


@row_rule("CS07", "核查指标不随措施变化", Severity.WARNING, "row", "聊重指办〔2020〕6号 三(五)", "lines")
def cs07(line: Row) -> Iterator[Check]:
    """检查什么：减排比例大于 0 的级别，核查指标的预警值是否低于正常值；核查指标为出焦时间的，应高于正常值。

    核查指标为开停机记录、其他、无的，没有数值，不检查。

    为什么：措施落实了指标就会变；预警值与正常值一样，就无法凭它核查。
    怎么改：按该级措施填写指标应达到的数值；指标不随措施变化的，换一个能反映措施的指标。
    """
    lowered = [name for name in METERED if name != "出焦时间"]
    for level in LEVELS:
        ratio, value = line[f"{level}_ratio"], line[f"{level}_indicator"]
        for when, relation in (
            (line.indicator.isin(lowered) & (value >= line.indicator_normal), "不低于"),
            ((line.indicator == "出焦时间") & (value <= line.indicator_normal), "不高于"),
        ):
            yield check(
                value,
                (ratio > 0) & when,
                f"减排比例为 {{ratio}}%，但{{indicator}}的“{{at.header}}”{{at}} {relation}正常值 {{normal}}，"
                "凭它看不出措施落实没有。请填写落实措施后指标应达到的数值。",
                ratio=ratio,
                indicator=line.indicator,
                normal=line.indicator_normal,
            )


@row_rule("CS08", "连续工序短时停产", Severity.WARNING, "row", "业内惯例", "lines")
def cs08(line: Row) -> Iterator[Check]:
    """检查什么：可否短时启停为“否”的生产线，措施类型是否为停产。

    为什么：连续生产、不能短时启停的工序，接到预警后停不下来，写了也落实不了。
    怎么改：改为限产等能做到的措施，或在预警前安排轮流停产；其实可以启停的，把“可否短时启停”改为“是”。
    """
    for level in LEVELS:
        kind = line[f"{level}_type"]
        yield check(
            kind,
            (kind == "停产") & (line.can_pause == "否"),
            "“可否短时启停”为“否”，“{at.header}”却是“停产”，预警期间恐难落实。"
            "请改为限产等能做到的措施，或核对可否启停。",
        )


@row_rule("CS09", "缺少或未修订一厂一策", Severity.ERROR, "row", "聊重指办〔2020〕6号 二(二)、三(五)", "enterprises")
def cs09(enterprise: Row) -> Iterator[Check]:
    """检查什么：一厂一策是否为“无”；备案日期是否早于绩效等级的核定日期（提醒）。

    为什么：清单内企业都要制修订“一厂一策”操作方案并备案；等级核定之后，方案要按新等级修订。
    怎么改：组织企业编制操作方案（小微企业可用公示牌）并备案；等级核定后重新备案，填新的备案日期。
    """
    yield check(
        enterprise.plan,
        enterprise.plan == "无",
        "“一厂一策”为“无”。清单内企业应当制修订“一厂一策”操作方案并备案，请组织编制后填报。",
        brief="还没有一厂一策",
    )
    yield check(
        enterprise.plan_filed_on,
        (enterprise.plan != "无") & (enterprise.plan_filed_on < enterprise.fixed_on),
        "“一厂一策备案日期”{at} 早于核定日期 {fixed}，方案可能没有按核定的等级修订。请修订后重新备案，并填新的日期。",
        Severity.WARNING,
        fixed=enterprise.fixed_on,
        brief="备案早于核定日期",
    )


@book_rule(
    "CS10",
    "措施文字雷同",
    Severity.WARNING,
    "workbook",
    "业内惯例",
    lines=tuple(f"{level}_measure" for level in LEVELS),
    enterprises=("industry",),
)
def cs10(book: Book) -> Iterator[Found]:
    """检查什么：同样的限停产措施文字（不短于规则集规定的字数），是否用在超过规定家数、又不是同一行业的企业里。

    为什么：行业不同、工艺不同，措施一字不差，多半是照抄的，写的不是本企业的生产线和设备。
    怎么改：按各企业自己的生产线、设备和指标改写；确实相同的可以保留。
    """
    length = book.ruleset.number("same_text_length")
    fields = [f"{level}_measure" for level in LEVELS]
    used: dict[str, list[tuple[Record, str]]] = {}
    for line in book.tables["lines"]:
        for field in fields:
            text = getattr(line, field)
            if text is not None and len(text) >= length:
                used.setdefault(text, []).append((line, field))
    most = book.ruleset.number("same_text_enterprises")
    for places in used.values():
        if len(places) <= most:
            continue
        enterprises = {line.list_id: book.enterprise(line.list_id) for line, _ in places if line.list_id}
        industries = {row.industry for row in enterprises.values() if row and row.industry}
        if len(enterprises) <= most or len(industries) < 2:
            continue
        for line, field in places:
            other = next(place for place in places if place[0].list_id != line.list_id)
            yield Found(
                f"这段措施文字与其他企业一字不差：共 {len(enterprises)} 家、{len(industries)} 个行业在用"
                f"（例如第 {other[0].row} 行 {other[0].list_id}）。请按本企业的生产线、设备和指标改写。",
                "lines",
                line,
                field,
                related=(("lines", *other),),
            )


@row_rule("CS11", "企业无生产线", Severity.ERROR, "workbook", "业内惯例", "enterprises")
def cs11(enterprise: Row) -> Iterator[Check]:
    """检查什么：每个企业在《生产线减排措施》里有没有至少一行。

    为什么：没有生产线就没有减排措施和减排量，企业等于没有纳入清单。
    怎么改：用该企业的清单编号补填生产线；不涉气的企业请从清单中移出。
    """
    yield check(
        enterprise.list_id,
        count("lines", list_id=enterprise.list_id) == 0,
        "企业“{at}”在《生产线减排措施》中没有一行。请用该清单编号补填生产线；不涉气的企业，请从清单中移出并在《移出说明》说明。",
        brief="尚未在《生产线减排措施》填写",
        later=True,
    )


def _runs(line: Row) -> Expr:
    """Whether the line's enterprise is not idle for the whole year, which has a finding of its own (CS06)."""
    return ref("enterprises", "long_idle", list_id=line.list_id) == "否"


@row_rule("CS13", "以淘汰闲置设备计减排", Severity.WARNING, "row", "唐山市2019年4月通知（转载，未见原文）", "lines")
def cs13(line: Row) -> Iterator[Check]:
    """检查什么：红色预警减排比例大于 0 的生产线，其名称、工序、主要生产设备里有没有“已拆除”“已淘汰”“长期闲置”一类的词（规则集词表“淘汰闲置”），年运行天数是不是 0。

    为什么：已拆除、淘汰或长期闲置的设备本来就不排放，不得作为停产限产的基数；拿它计减排，减排量是虚的。依据是外地通知的转载，没有核实，只提醒。
    怎么改：删去这条生产线，或把减排比例改为 0；设备其实在用的，改正名称、设备或运行天数。
    """
    for cell in (line.line_name, line.process, line.equipment):
        yield check(
            cell,
            (line.red_ratio > 0) & call(mentions, cell, words("removed")),
            "“{at.header}”写的是“{at}”，像是已经淘汰或长期闲置的设备，却计了减排（红色 {ratio}%）。"
            "这样的设备不得作为减排的基数，请删去这一行或把比例改为 0；其实在用的，请改正写法。",
            ratio=line.red_ratio,
        )
    yield check(
        line.run_days,
        (line.run_days == 0) & (line.red_ratio > 0) & _runs(line),
        "“{at.header}”为 0，本来就不运行，却计了减排（红色 {ratio}%）。请核对运行天数；确实不运行的，比例改为 0。",
        ratio=line.red_ratio,
    )


@row_rule(
    "CS14", "不涉气生产线列入停限产", Severity.WARNING, "row", "山东省生态环境厅2019-11-27（转载，未见原文）", "lines"
)
def cs14(line: Row) -> Iterator[Check]:
    """检查什么：四种污染物的日排放量都是 0 的生产线，红色预警的减排比例是否大于 0；长期停产的企业不查。

    为什么：不向大气排放的工序、设备不应列入停限产：停了也减不了排，只给企业添负担。依据是转载，没有核实，只提醒。
    怎么改：确实不排放的，措施类型改为“不停产”、比例改为 0，或删去这一行；其实排放的，补填日排放量。
    """
    emits = reduce(add, (line[f"{pollutant}_daily"] for pollutant in POLLUTANTS))
    yield check(
        line.red_ratio,
        (line.red_ratio > 0) & (emits == 0) & (line.run_days > 0) & _runs(line),
        "这条生产线四种污染物的日排放量都是 0，红色预警却减排 {at}%。不涉气的不必停限产，请改为不停产、比例 0；"
        "其实排放的，请补填日排放量。",
    )


@row_rule("CS15", "措施没有写到本线的设备", Severity.INFO, "cell", "聊重指办〔2020〕6号 三(五)", "lines")
def cs15(line: Row) -> Iterator[Check]:
    """检查什么：停产、限产的文字虽有“生产线”“设备”一类的词，却与本行的生产线名称、工序、主要生产设备没有一处相同（相连的三个字）。

    什么词也没有的由 CS03 提醒。

    为什么：方案要明确具体的停限产生产装置和工艺环节（三(五)）；只写“生产线停产50%”，到现场不知道是哪一台。
    怎么改：写上本行的设备或工序，例如“1号回转窑停产”；名称写法不同的，改成一致。
    """
    for level in LEVELS:
        text, kind = line[f"{level}_measure"], line[f"{level}_type"]
        own = call(shares, text, line.line_name, line.process, line.equipment)
        yield check(
            text,
            ~kind.isin(WITHOUT_CUT) & call(mentions, text, words("object")) & ~own,
            "“{at}”没有写到本行的生产线名称、工序或主要生产设备，现场难以对上是哪一台。"
            "请写上本行的设备或工序；名称写法不同的，请改成一致。",
        )


@row_rule("CS16", "不评级的子类没有减排", Severity.WARNING, "row", GUIDE, "lines")
def cs16(line: Row) -> Iterator[Check]:
    """检查什么：不参加分级的子类（规则集《行业与分级》里可评的等级只有“未评级”的，例如防水卷材的塑料类），红色预警的减排比例是否为 0；长期停产的企业不查。

    为什么：不参加分级的子类仍须执行减排措施（按转引的适用范围，原文未见），不评级不等于不减排。
    怎么改：填写停限产措施和减排比例；子类选错的，改正子类；承担保障任务的，在《保障类》写明。
    """
    guaranteed = count("guarantee", ("line_ids", "contains", line.line_id), list_id=line.list_id)
    yield check(
        line.red_ratio,
        ungraded(line) & (line.red_ratio == 0) & _runs(line) & (guaranteed == 0),
        "“{industry}{subtype}”不参加绩效分级，但须执行减排措施，红色预警的减排比例却是 0。"
        "请填写措施和比例；子类选错的，请改正子类。",
        industry=line.industry,
        subtype=text_of(line.subtype),
    )
