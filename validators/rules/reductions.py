"""JP: 减排量."""

from collections.abc import Iterator
from statistics import median

from validators.book import Book
from validators.columns import POLLUTANTS
from validators.expr import Check, Expr, Record, Row, blank, call, check, count, filled, lookup, ref, summed
from validators.findings import Severity
from validators.rule import CityFound, Found, book_rule, city_rule, row_rule, value_text
from validators.rules.levels import above_emission, below_zero, cuts
from validators.ruleset import NOT_KEY
from validators.settlement import EVEN, City, measured_against_targets


@row_rule("JP01", "减排量超过排放量", Severity.ERROR, "row", "算术", "lines")
def jp01(line: Row) -> Iterator[Check]:
    """检查什么：每一级、每一种污染物的减排量，是否大于日排放量，或小于 0。

    为什么：减下来的不可能比排放的还多，也不可能是负数；多半是填错了格、单位或小数点。
    怎么改：核对日排放量与减排量，改正有误的一格；没有减排的填 0。
    """
    yield from above_emission(line)
    yield from below_zero(line)


@row_rule("JP02", "减排量与比例不符", Severity.ERROR, "row", "算术", "lines")
def jp02(line: Row) -> Iterator[Check]:
    """检查什么：减排量是否等于日排放量×减排比例；相差超过规则集允许的误差而没有填减排量核算说明的是错误，填了说明的列出备查。

    为什么：减排量由排放量和比例算出，对不上又不说明，无法复核。
    怎么改：恢复原来的公式或改正数字；另有算法的（例如只停部分排口），在《减排量核算说明》写明怎样算出。
    """
    for level, cut, daily in cuts(line):
        ratio = line[f"{level}_ratio"]
        due = daily * ratio / 100
        off = call(abs, cut - due)
        wrong = (off > lookup("number", "cut_tolerance_absolute")) & (
            off > due * lookup("number", "cut_tolerance") / 100
        )
        what = "“{at.header}”为 {at}，而日排放量 {daily} × 减排比例 {ratio}% = {due}，"
        yield check(
            cut,
            blank(line.reduction_note) & wrong,
            what + "两者不符。请恢复公式或改正数字；另有算法的，请填写“减排量核算说明”。",
            daily=daily,
            ratio=ratio,
            due=due,
        )
        yield check(
            cut,
            filled(line.reduction_note) & wrong,
            what + "两者不同，已填“减排量核算说明”：{note}。请核对说明是否成立。",
            Severity.INFO,
            daily=daily,
            ratio=ratio,
            due=due,
            note=line.reduction_note,
        )


def _apart(due: Expr, annual: Expr, relative: str = "annual_tolerance") -> Expr:
    """Whether two annual emissions (t) differ by more than the rule set allows."""
    off = call(abs, due - annual)
    return (off > lookup("number", "annual_tolerance_absolute")) & (off > annual * lookup("number", relative) / 100)


@row_rule("JP03", "年日排放量不符", Severity.ERROR, "workbook", "算术", "enterprises")
def jp03(enterprise: Row) -> Iterator[Check]:
    """检查什么：各生产线日排放量×年运行天数÷1000 之和，与企业年排放量是否相差超过规则集允许的误差。

    企业有生产线填了减排量核算说明的，只列出备查；没有生产线的由 CS11 提示，这里不再重复。

    为什么：日排放量是减排量的基数，与年排放量对不上，减排比例就没有可靠的底数。
    怎么改：核对企业年排放量、各生产线日排放量和年运行天数，改正有误的一项，注意吨与千克。
    """
    lines = count("lines", list_id=enterprise.list_id)
    noted = count("lines", ("reduction_note", "!=", ""), list_id=enterprise.list_id)
    for pollutant in POLLUTANTS:
        annual = enterprise[f"{pollutant}_annual"]
        due = summed("lines", f"{pollutant}_daily", "run_days", list_id=enterprise.list_id) / 1000
        wrong = _apart(due, annual) & (lines > 0)
        what = "“{at.header}”为 {at}，而各生产线日排放量×年运行天数之和为 {due} 吨，"
        yield check(
            annual,
            wrong & (noted == 0),
            what + "两者不符。请核对年排放量、日排放量和运行天数，改正有误的一项。",
            due=due,
        )
        yield check(
            annual,
            wrong & (noted > 0),
            what + "两者不同，有生产线填了“减排量核算说明”。请核对说明是否成立。",
            Severity.INFO,
            due=due,
        )


@book_rule(
    "JP04",
    "疑似单位错误",
    Severity.WARNING,
    "workbook",
    "业内惯例",
    lines=("industry", *(f"{pollutant}_daily" for pollutant in POLLUTANTS)),
    enterprises=("industry_code",),
)
def jp04(book: Book) -> Iterator[Found]:
    """检查什么：生产线的日排放量，是否为本表同行业中位数的规则集规定倍数（1000倍）以上，或不到其千分之一。

    非重点行业按企业的行业代码归类；日排放量为 0 的既不检查，也不计入中位数。

    为什么：相差千倍，多半是把吨当成了千克，或把千克当成了克。
    怎么改：核对单位，日排放量应为千克/天；数字确实无误的可以保留。
    """
    factor = book.ruleset.number("unit_error_factor")
    industries: dict[str, list[Record]] = {}
    for line in book.tables["lines"]:
        industry = line.industry
        if industry == NOT_KEY:
            owner = book.enterprise(line.list_id)
            industry = owner.industry_code if owner else None
        if industry is not None:
            industries.setdefault(industry, []).append(line)
    for lines in industries.values():
        for pollutant in POLLUTANTS:
            field = f"{pollutant}_daily"
            emitting = [(line, value) for line in lines if (value := getattr(line, field))]
            if not emitting:
                continue
            middle = median(value for _, value in emitting)
            for line, value in emitting:
                if value > middle * factor or value * factor < middle:
                    size = f"{factor:g} 倍以上" if value > middle else f"{factor:g} 分之一以下"
                    yield Found(
                        f"日排放量为 {value_text(value)} 千克/天，"
                        f"是本表同行业中位数 {value_text(middle)} 的{size}，"
                        "可能填错了单位。请核对是否为千克/天；数字确实无误的可以保留。",
                        "lines",
                        line,
                        field,
                    )


@city_rule("JP05", "减排比例不达标", Severity.ERROR, "规则集的减排比例目标（出处见全市汇总《总览》）")
def jp05(city: City) -> Iterator[CityFound]:
    """检查什么：全市各级预警的减排量占全社会排放量的比例，是否达到规则集的目标（10%、20%、30%）。颗粒物含扬尘；SO2 与 NOx 可以调剂，按比例之和判断。
    没有录入全社会排放量的不判断；目标未经核实的只作提醒。

    为什么：黄色、橙色、红色预警期间，各项污染物减排比例应分别达到全社会排放量的 10%、20%、30% 以上。
    怎么改：核对全社会排放量；比例不够的，在减排潜力大的行业加强措施，或核实漏报的减排量。
    """
    for one in measured_against_targets(city) if city.imports.emissions else ():
        if not one.held_by_sum and one.ratio is not None and one.ratio < one.target - EVEN:
            short = one.target - one.ratio
            what = f"{one.level}预警{one.name}的减排比例{'之和' if one.traded else ''}"
            tons = "" if one.traded else f"（{one.emission * short / 100:.3f} t/d）"
            source = "网上公布的文件，地址见全市汇总《总览》的注" if "://" in one.source else one.source
            yield CityFound(
                f"{what}为 {one.ratio:.2f}%，低于目标 {one.target:g}%，差 {short:.2f} 个百分点{tons}。"
                f"请核对全社会排放量，或加强措施。目标出处：{source}。",
                severity=None if one.verified else Severity.WARNING,
            )


@row_rule(
    "JP06",
    "运行天数口径不一",
    Severity.WARNING,
    "workbook",
    "业内惯例（河北2022年按330天折算，转引）",
    "enterprises",
    "lines",
)
def jp06(row: Row) -> Iterator[Check]:
    """检查什么：生产线的年运行天数是否多于企业的（提醒），是否没有一条生产线与企业的相同（告知）；年、日排放量对不上（JP03）的，按规则集的惯用天数（330天）折算是否正好相符（告知）。

    为什么：年排放量、日排放量和运行天数要用同一个口径；有的地方按330天折算日排放量，运行天数却填实际天数，减排基数就不准。
    怎么改：统一用实际运行天数：改正填错的天数，或按实际天数重算日排放量；企业天数是几条线错开运行的合计的，可以不改。
    """
    if row.key == "lines":
        whole = ref("enterprises", "run_days", list_id=row.list_id)
        yield check(
            row.run_days,
            row.run_days > whole,
            "生产线年运行 {at} 天，多于企业的 {whole} 天。请核对，改正填错的一处。",
            whole=whole,
        )
        return
    lines = count("lines", list_id=row.list_id)
    unknown = count("lines", ("run_days", "unknown", None), list_id=row.list_id)
    same = count("lines", ("run_days", "==", row.run_days), list_id=row.list_id)
    yield check(
        row.run_days,
        (lines > 0) & (unknown == 0) & (same == 0),
        "企业年运行 {at} 天，没有一条生产线是这个天数：{others}。请核对年、日排放量用的是不是同一个天数。",
        Severity.INFO,
        others=(lines, "run_days"),
    )
    days = lookup("number", "convention_days")
    for pollutant in POLLUTANTS:
        annual = row[f"{pollutant}_annual"]
        due = summed("lines", f"{pollutant}_daily", "run_days", list_id=row.list_id) / 1000
        flat = summed("lines", f"{pollutant}_daily", list_id=row.list_id) * days / 1000
        yield check(
            annual,
            (lines > 0) & _apart(due, annual) & ~_apart(flat, annual, "cut_tolerance"),
            "“{at.header}”为 {at}，按各生产线的运行天数是 {due} 吨，按 {days} 天却是 {flat} 吨："
            "日排放量多半是按 {days} 天折算的。请改按实际运行天数重算。",
            Severity.INFO,
            due=due,
            days=days,
            flat=flat,
        )
