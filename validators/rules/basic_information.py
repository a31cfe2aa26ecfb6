"""JB: 基本信息."""

import re
from collections.abc import Iterator
from itertools import chain
from math import asin, cos, hypot, radians, sin, sqrt
from statistics import median

from rapidfuzz import fuzz, process

from validators.book import Book, Fault
from validators.columns import POLLUTANTS, SHEET_TITLES, SHEETS
from validators.credit_code import uscc_fault
from validators.expr import Cell, Check, Expr, Record, Row, blank, call, check, count, lookup
from validators.findings import Severity
from validators.references import RESULT_LISTS
from validators.rule import (
    MOST_OTHERS,
    MOST_SHOWN,
    CityFound,
    Found,
    also_over_book,
    book_rule,
    city_rule,
    row_rule,
    value_text,
)
from validators.rules.texts import bare, mentions, words
from validators.ruleset import NOT_KEY
from validators.settlement import City
from validators.telephone import is_phone

EARTH_RADIUS = 6371.0
"""km"""


@row_rule("JB01", "统一社会信用代码错误", Severity.ERROR, "cell", "GB 32100-2015", "enterprises", "applications")
def jb01(e: Row) -> Iterator[Check]:
    """检查什么：统一社会信用代码的长度、字符和校验位是否符合 GB 32100-2015。

    为什么：信用代码是跨县区查重、与排污许可对照的依据，错一位就对不上。
    怎么改：对照营业执照重新录入18位代码。
    """
    fault = call(uscc_fault, e.uscc)
    yield check(
        e.uscc,
        fault != "",
        "统一社会信用代码“{at}”有误：{fault}。请对照营业执照重新录入。",
        fault=fault,
        brief="位数、字符或校验位不对",
    )


@row_rule("JB02", "同一厂区重复填报", Severity.ERROR, "workbook", "业内惯例", "enterprises", "applications")
def jb02(e: Row) -> Iterator[Check]:
    """检查什么：统一社会信用代码和厂区名称都相同（都空着也算相同）的企业是否填了两行。

    为什么：同一厂区填两行，排放量和减排量会算两遍；确是不同厂区的，要靠厂区名称来区分。
    怎么改：是不同厂区的，在“厂区名称”写明各自的名称；是同一厂区的，只保留一行。
    """
    ask = "{others}。是不同厂区的，请在“厂区名称”分别写明；是同一厂区的，请只保留一行。"
    unnamed = count(e.key, ("site", "==", None), uscc=e.uscc)
    yield check(
        e.site,
        blank(e.site) & (unnamed > 1),
        "统一社会信用代码“{code}”填了不止一行，都没有写厂区名称：另见" + ask,
        others=(unnamed, "site"),
        code=e.uscc,
        brief="同一代码填了几行，要分写厂区名称",
    )
    same = count(e.key, ("site", "==", e.site), uscc=e.uscc)
    yield check(
        e.site,
        same > 1,
        "统一社会信用代码“{code}”、厂区名称“{at}”填了不止一行：另见" + ask,
        others=(same, "site"),
        code=e.uscc,
    )


@row_rule("JB03", "名称与代码不一致", Severity.WARNING, "workbook", "业内惯例", "enterprises")
def jb03(e: Row) -> Iterator[Check]:
    """检查什么：同一企业名称是否填了两个信用代码，同一信用代码是否填了两个企业名称。

    为什么：一家企业只有一个代码和一个法定名称，不一致时查重和比对都会出错。
    怎么改：对照营业执照，把填错的名称或代码改正；几个厂区的，企业名称写法也要相同。
    """
    codes = count("enterprises", ("uscc", "!=", e.uscc), name=e.name)
    yield check(
        e.uscc,
        codes > 0,
        "企业“{name}”在别的行填了另一个统一社会信用代码，本行为“{at}”，另见{others}。请对照营业执照改正填错的一行。",
        others=(codes, "uscc"),
        name=e.name,
        brief="同名企业填了另一个代码",
    )
    names = count("enterprises", ("name", "!=", e.name), uscc=e.uscc)
    yield check(
        e.name,
        names > 0,
        "统一社会信用代码“{code}”在别的行填了另一个企业名称，本行为“{at}”，另见{others}。请对照营业执照，把企业名称改成一致。",
        others=(names, "name"),
        code=e.uscc,
        brief="同一代码填了另一个名称",
    )


def permit_fault(number: str) -> str:
    """What is wrong with the form of a 排污许可证编号 by HJ 608-2017, in Chinese; '' if nothing is."""
    if len(number) != 22:
        return f"应为22位，现为{len(number)}位"
    return "" if re.fullmatch(r"[0-9A-Z]", number[21]) else f"末位“{number[21]}”应为数字或大写字母"


def first_18(number: str) -> str:
    """The part of a permit number that is the holder's code."""
    return number[:18]


def made_up_code(number: str) -> bool:
    """Whether a permit number begins with the code of a unit that has no 统一社会信用代码 (HJ 608-2017)."""
    return re.match(r"H9(?:[0-9]{6}0000[0-9]{5}|[0-9]{6}[0-9A-Z]{9})[a-z]", number) is not None


@row_rule("JB04", "许可证编号不符", Severity.WARNING, "cell", "HJ 608-2017", "enterprises")
def jb04(e: Row) -> Iterator[Check]:
    """检查什么：排污许可证编号（或登记编号）是否为22位，前18位是否就是统一社会信用代码。

    没有信用代码的单位，编号以H9开头、第18位为小写字母，前18位不作比较。

    为什么：编号前18位就是持证单位的信用代码，不一致说明其中一个抄错，或用了别家的许可证。
    怎么改：对照排污许可证（登记回执）和营业执照改正；变更过名称的，以现行证照为准。
    """
    fault = call(permit_fault, e.permit_no)
    yield check(
        e.permit_no,
        fault != "",
        "排污许可证编号“{at}”{fault}。请对照排污许可证或登记回执重新录入。",
        fault=fault,
        brief="不是22位，或末位不对",
    )
    yield check(
        e.permit_no,
        (fault == "") & (call(first_18, e.permit_no) != e.uscc) & ~call(made_up_code, e.permit_no),
        "排污许可证编号“{at}”的前18位不是本企业的统一社会信用代码“{code}”。请对照证照，改正抄错的一个。",
        code=e.uscc,
        brief="前18位不是本企业的信用代码",
    )


@row_rule("JB05", "应有许可证编号", Severity.ERROR, "row", "业内惯例", "enterprises")
def jb05(e: Row) -> Iterator[Check]:
    """检查什么：排污许可管理类别不是“无”而排污许可证编号为空。

    为什么：编号是与排污许可平台核对的依据。
    怎么改：补填22位排污许可证编号或登记编号；确无许可的，把管理类别改为“无”。
    """
    yield check(
        e.permit_no,
        (e.permit_class != "无") & blank(e.permit_no),
        "排污许可管理类别为“{kind}”，但没有填排污许可证编号。请补填22位编号；确无许可的，把管理类别改为“无”。",
        kind=e.permit_class,
    )


def within(cell: Cell, box: Cell) -> Expr:
    """Whether a coordinate lies in the city by the bounds of a column."""
    low, high, _ = box.column.bounds
    return (cell >= low) & (cell <= high)


def few_decimals(degrees: float, decimals: float) -> bool:
    """Whether a coordinate has fewer decimals than that."""
    return degrees == round(degrees, int(decimals) - 1)


@row_rule("JB06", "经纬度错误", Severity.ERROR, "row", "数据字典", "enterprises", "dust")
def jb06(row: Row) -> Iterator[Check]:
    """检查什么：经度、纬度是否在本市范围内（数据字典里的最小、最大值），是否填反；两个都不足3位小数的提醒。

    为什么：位置用于核查定位和地图展示，差0.01°就是约1公里。
    怎么改：填十进制的度，至少3位小数，不写度分秒；经度约116，纬度约36。
    """
    longitude, latitude = row.longitude, row.latitude
    for cell, other, name, other_name in (
        (longitude, latitude, "经度", "纬度"),
        (latitude, longitude, "纬度", "经度"),
    ):
        low, high, _ = cell.column.bounds
        yield check(
            cell,
            within(cell, other),
            f"{name}填的是 {{at}}，这是{other_name}的数值，经度和纬度填反了。请把两个数对调。",
            brief="经度和纬度填反了",
        )
        yield check(
            cell,
            ~within(cell, cell) & ~within(cell, other),
            f"{name} {{at}} 不在{{city}}范围内（{low}°至{high}°）。请按十进制的度重新核对填写。",
            city=lookup("name", "city"),
            brief="不在本市范围内",
        )
    decimals = lookup("number", "coordinate_decimals")
    short = call(few_decimals, longitude, decimals) & call(few_decimals, latitude, decimals)
    yield check(
        longitude,
        within(longitude, longitude) & within(latitude, latitude) & short,
        "经度 {at}、纬度 {latitude} 都不足 {decimals} 位小数，位置误差可达数百米以上。请填到至少 {decimals} 位小数。",
        Severity.WARNING,
        latitude=latitude,
        decimals=decimals,
        brief="小数位数太少",
    )


_BOX = tuple(bound or 0.0 for name in ("longitude", "latitude") for bound in SHEETS["enterprises"][name].bounds[:2])
"""West, east, south and north of the city in degrees."""


def distance(longitude: float, latitude: float, other_longitude: float, other_latitude: float) -> float:
    """Distance of two points in degrees, in km, along the surface of the earth."""
    rise, turn = radians(other_latitude - latitude), radians(other_longitude - longitude)
    chord = hypot(sin(rise / 2), sqrt(cos(radians(latitude)) * cos(radians(other_latitude))) * sin(turn / 2))
    return 2 * EARTH_RADIUS * asin(min(1.0, chord))


def _in_city(e: Record) -> bool:
    """Whether both coordinates are there and inside the city; others are left to GS02, GS03 and JB06."""
    if e.longitude is None or e.latitude is None:
        return False
    west, east, south, north = _BOX
    return west <= e.longitude <= east and south <= e.latitude <= north  # type: ignore[no-any-return] # a record


@book_rule(
    "JB07",
    "位置离群",
    Severity.WARNING,
    "workbook",
    "业内惯例",
    enterprises=("district", "longitude", "latitude", "name"),
)
def jb07(book: Book) -> Iterator[Found]:
    """检查什么：企业位置离本县区各企业的中位点是否超过40公里，是否与另一家企业的经纬度完全相同。

    经纬度本身有错的（JB06）不参与。

    为什么：离群多半是经纬度抄错；两家完全相同多半是复制时没有改。
    怎么改：在地图上核对厂区位置，改正经纬度；位置无误的可以不改。
    """
    limit = book.ruleset.number("far_from_median")
    for county, rows in book.index("enterprises", "district").items():
        located = [e for e in rows if _in_city(e)]
        if not located:
            continue
        middle = (median(e.longitude for e in located), median(e.latitude for e in located))
        for e in located:
            far = distance(e.longitude, e.latitude, *middle)
            if far > limit:
                yield Found(
                    f"位置（{e.longitude}，{e.latitude}）离{county}各企业的中位点约 {far:.0f} 公里，"
                    f"超过 {value_text(limit)} 公里。请在地图上核对经纬度。",
                    "enterprises",
                    e,
                    "longitude",
                )
    points: dict[tuple[float, float], list[Record]] = {}
    for e in filter(_in_city, book.tables["enterprises"]):
        points.setdefault((e.longitude, e.latitude), []).append(e)
    for same in points.values():
        for e in same if len(same) > 1 else ():
            others = [other for other in same[: MOST_OTHERS + 1] if other is not e][:MOST_OTHERS]
            names = "、".join(f"第{other.row}行“{value_text(other.name)}”" for other in others[:MOST_SHOWN])
            yield Found(
                f"经纬度（{e.longitude}，{e.latitude}）与{names}{'等' if len(others) > MOST_SHOWN else ''}"
                "完全相同，可能是复制时没有改。请核对各自的位置。",
                "enterprises",
                e,
                "longitude",
                related=tuple(("enterprises", other, "longitude") for other in others),
            )


def is_industry_code(code: str) -> bool:
    """Whether a text has the shape of a GB/T 4754-2017 class: four digits, the first two in 01..97."""
    return re.fullmatch(r"[0-9]{4}", code) is not None and "01" <= code[:2] <= "97"


@row_rule("JB08", "行业代码错误", Severity.ERROR, "cell", "GB/T 4754-2017", "enterprises")
def jb08(e: Row) -> Iterator[Check]:
    """检查什么：行业代码是否为四位数字，前两位是否在01至97之间（只看形式，不核对具体类别）。

    为什么：行业代码用来判断企业是否属于重点行业，并与环境统计、排污许可对照。
    怎么改：按《国民经济行业分类》（GB/T 4754-2017）填四位小类代码，例如水泥制造填3011；以0开头的不要丢掉0。
    """
    yield check(
        e.industry_code,
        ~call(is_industry_code, e.industry_code),
        "行业代码“{at}”不是 GB/T 4754-2017 的四位小类代码（四位数字，前两位01至97）。请改填，例如水泥制造填3011。",
    )


@row_rule("JB09", "疑似漏列重点行业", Severity.WARNING, "row", "聊重指办〔2020〕6号 一", "enterprises")
def jb09(e: Row) -> Iterator[Check]:
    """检查什么：行业代码属于39个重点行业之一，“重点行业”却选了“非重点行业”。

    为什么：39个重点行业的企业都要参加绩效分级，漏列就没有等级，也没有相应的减排措施。
    怎么改：核对主要产品和工艺；属于重点行业的，改选该行业并申报等级；确不属于的可以不改。
    """
    industries = lookup("code_industry", e.industry_code, default="")
    yield check(
        e.industry,
        (e.industry == NOT_KEY) & (industries != ""),
        "行业代码 {code} 一般属于重点行业“{industries}”，这里选的是“{at}”。"
        "请核对；属于的，请改选该行业并申报绩效等级。",
        code=e.industry_code,
        industries=industries,
    )


@row_rule(
    "JB10", "电话无效", Severity.WARNING, "cell", "业内惯例", "enterprises", "lines", "dust", "mobile", "applications"
)
def jb10(row: Row) -> Iterator[Check]:
    """检查什么：各表的电话是否为手机号、固定电话或400电话；同一联系电话是否被超过3家企业使用（整本提示一次）。

    为什么：预警时要靠电话逐家通知、调度，打不通就落实不了措施；许多企业同一个号码，多半填的是代填人的电话。
    怎么改：填11位手机号（前面不加 +86、0），或带区号的固定电话（如0635-8412345）；一格只填一个号码；填企业自己联系人的电话。
    """
    for column in row.columns:
        if column.kind == "phone":
            cell = row[column.field]
            yield check(
                cell,
                ~call(is_phone, cell),
                "{at.header}“{at}”不是有效的号码。请填一个11位手机号（前面不加 +86 或 0），或带区号的固定电话，例如 0635-8412345。",
            )


@also_over_book("JB10", enterprises=("phone",))
def shared_phones(book: Book) -> Iterator[Found]:
    """Phones that too many enterprises share: one finding for all of them, at the first of the rows."""
    limit = book.ruleset.number("phone_enterprises")
    shared = {phone: rows for phone, rows in book.index("enterprises", "phone").items() if len(rows) > limit}
    if not shared:
        return
    first, *others = sorted(chain.from_iterable(shared.values()), key=lambda e: e.row)
    numbers = [
        f"“{phone}”（{len(rows)}家）" for phone, rows in sorted(shared.items(), key=lambda found: found[1][0].row)
    ]
    more = f"等{len(numbers)}个号码" if len(numbers) > MOST_SHOWN else ""
    yield Found(
        f"联系电话{'、'.join(numbers[:MOST_SHOWN])}{more}同时填给了超过 {value_text(limit)} 家企业。"
        "请改填各企业自己联系人的电话。",
        "enterprises",
        first,
        "phone",
        related=tuple(("enterprises", other, "phone") for other in others[:MOST_OTHERS]),
    )


@book_rule(
    "JB11",
    "年际变化过大",
    Severity.WARNING,
    "versions",
    "业内惯例",
    enterprises=("remark", *(f"{pollutant}_annual" for pollutant in POLLUTANTS)),
)
def jb11(book: Book) -> Iterator[Found]:
    """检查什么：SO2、NOx、颗粒物、VOCs年排放量与上一年清单相比变化是否超过20%；备注已有说明的只作说明。

    为什么：排放量是减排量的基数，无缘无故大增大减会使减排比例失真。
    怎么改：核对排放量；变化属实的，在“备注”写明原因（扩产、停产、改造、核算方法调整等）。
    """
    if book.previous is None:
        return
    limit = book.ruleset.number("annual_change")
    before = book.previous.index("enterprises", "list_id")
    for e in book.tables["enterprises"]:
        for last in before.get(e.list_id, ())[:1]:
            for pollutant in POLLUTANTS:
                name = f"{pollutant}_annual"
                old, new = getattr(last, name), getattr(e, name)
                if old is None or new is None or abs(new - old) * 100 <= limit * old * (1 + 1e-9):
                    continue
                change = f"{abs(new - old) / old * 100:.0f}%" if old else ""
                explained = e.remark is not None
                header = SHEETS["enterprises"][name].header
                yield Found(
                    f"{header}由上一年的 {value_text(old)} 变为 {value_text(new)}，"
                    f"{'增加' if new > old else '减少'}{change}，变化超过 {value_text(limit)}%。"
                    + ("备注已有说明，请核对。" if explained else "请核对；变化属实的，请在“备注”写明原因。"),
                    "enterprises",
                    e,
                    name,
                    Severity.INFO if explained else None,
                )


@city_rule("JB12", "疑似应纳未纳", Severity.WARNING, "聊重指办〔2020〕6号 二(三)")
def jb12(city: City) -> Iterator[CityFound]:
    """检查什么：排污许可、环境统计、污染源普查、市场监管名单里的企业是否都在清单里。先按统一社会信用代码对，代码对不上的按企业名称找最接近的，并写明相似度；名称相近而代码不同的只作说明。

    为什么：所有涉气企业都应纳入清单，漏了的企业在预警期间不受管控。
    怎么改：核实企业是否涉气；涉气的由所在县区补报，名称或代码写错的改正，确不涉气或已关停的记录在案。
    """
    records = [record for book in city.books() for record in book.tables["enterprises"]]
    codes = {record.uscc for record in records}
    names = {bare(record.name): record for record in records if record.name}
    for one in city.imports.rows(*RESULT_LISTS):
        if one.uscc in codes:
            continue
        name = bare(one.name)
        if name in names and not one.uscc:
            continue
        nearest = process.extractOne(name, names.keys(), scorer=fuzz.ratio, score_cutoff=1) if name else None
        near = ""
        if nearest:
            record = names[nearest[0]]
            near = f"名称最接近的是“{record.name}”（{record.list_id or '未编号'}，代码 {value_text(record.uscc)}，相似度 {nearest[1]:.0f}）。"
        if nearest and nearest[1] >= city.ruleset.number("similar_name"):
            yield CityFound(
                f"{one}的代码不在清单里，但{near}请核对是否同一家，改正写错的一方。", severity=Severity.INFO
            )
        else:
            yield CityFound(f"{one}不在清单里。{near}请核实是否涉气：涉气的由所在县区补报，不涉气的记录在案。")


@book_rule("JB13", "无故移出", Severity.WARNING, "versions", "业内惯例", enterprises=("uscc",), removals=())
def jb13(book: Book) -> Iterator[Found]:
    """检查什么：上一版清单里有、这一版没有的企业，是否在《移出说明》里写明了原因。

    为什么：清单要应纳尽纳，企业不能无故消失。
    怎么改：确已关停、搬迁等的，在《移出说明》补一行；漏填的，补回《企业基本信息》，清单编号沿用上一版。
    """
    if book.previous is None or book.damaged & {"enterprises", "removals"}:
        return
    present = book.index("enterprises", "list_id").keys() | book.index("removals", "list_id").keys()
    unnumbered = {e.uscc for e in book.tables["enterprises"] if e.list_id is None}
    for list_id, (e, *_) in book.previous.index("enterprises", "list_id").items():
        if list_id not in present and e.uscc not in unnumbered:
            yield Found(
                f"上一版清单的企业“{value_text(e.name)}”（{list_id}）这一版没有，《移出说明》里也没有写原因。"
                "请在《移出说明》补一行，或把该企业补回《企业基本信息》。",
                fault=Fault("JB13", "absent", SHEET_TITLES["removals"], key=e.list_id, value=e.name),
            )


@row_rule(
    "JB14", "生活源列入清单", Severity.WARNING, "row", "山东省生态环境厅2019-11-27（转载，未见原文）", "enterprises"
)
def jb14(e: Row) -> Iterator[Check]:
    """检查什么：非重点行业的企业，行业代码或企业名称是不是干洗、汽修、餐饮一类的生活源（规则集词表“生活源行业代码”“生活源名称”）。

    为什么：生活源不列入工业源应急减排清单。依据是转载，没有核实，只提醒。
    怎么改：确属生活源的，从清单中移出并在《移出说明》说明；其实是工业企业的，核对行业代码，或不改。
    """
    by_code = call(mentions, e.industry_code, words("life_code"))
    say = "{what}“{at}”像是干洗、汽修、餐饮一类的生活源，不列入工业源清单。确属的请移出，并在《移出说明》说明；不属的请核对行业代码，或不改。"
    yield check(e.industry_code, (e.industry == NOT_KEY) & by_code, say, what="行业代码")
    by_name = call(mentions, e.name, words("life_name"))
    yield check(e.name, (e.industry == NOT_KEY) & ~by_code & by_name, say, what="企业名称")


@book_rule("JB15", "一家企业写成两家", Severity.WARNING, "workbook", "业内惯例", enterprises=("name", "uscc", "site"))
def jb15(book: Book) -> Iterator[Found]:
    """检查什么：两行的企业名称只差括号、全角半角或空格，统一社会信用代码却不同；或代码相同，厂区名称只差这些写法。

    名称不同而代码相同的由 JB03 提醒，写法完全相同的厂区由 JB02 指出，分在两个县区的由 HZ06 提醒。

    为什么：排污许可、用电监控、清单里同一家企业写法不一，程序就当成两家，重复填报查不出来，比对也对不上。
    怎么改：对照营业执照，把名称写成一致，改正抄错的代码；同一厂区的写成同样的厂区名称；确是两家的可以不改。
    """
    firms: dict[object, list[Record]] = {}
    sites: dict[object, list[Record]] = {}
    for e in book.tables["enterprises"]:
        if e.name is not None and e.uscc is not None:
            firms.setdefault(bare(e.name), []).append(e)
        if e.site is not None and e.uscc is not None:
            sites.setdefault((e.uscc, bare(e.site)), []).append(e)
    for rows, field, what, key in (
        *((own, "name", "企业名称", "uscc") for own in firms.values()),
        *((own, "site", "厂区名称", "site") for own in sites.values()),
    ):
        for e in rows:
            text = getattr(e, field)
            other = next((o for o in rows if getattr(o, field) != text and getattr(o, key) != getattr(e, key)), None)
            if other is not None:
                yield Found(
                    f"{what}“{text}”与第{other.row}行的“{getattr(other, field)}”只差括号、全角半角或空格，"
                    "像是同一家写成了两家。请对照营业执照写成一致；确是两家的可以不改。",
                    "enterprises",
                    e,
                    field,
                    related=(("enterprises", other, field),),
                )
