"""BZ: 保障类."""

from collections.abc import Iterator
from statistics import median

from validators.book import Book
from validators.expr import Check, Expr, Row, call, check, count, lookup, ref
from validators.findings import Severity
from validators.rule import CityFound, Found, book_rule, city_rule, row_rule
from validators.rules.grades import co_disposing, key_lines
from validators.rules.texts import mentions, words
from validators.ruleset import NOT_KEY, PROVINCE
from validators.settlement import City

PROJECT = "省级主管部门会同省生态环境厅"
_COUNTY = "县指挥部会同相关部门"
_CLAUSE = "聊重指办〔2020〕6号 三(三)"
CUTTING = ("停产", "停产部分生产线", "限产")
"""措施类型 that lower what a plant supplies or disposes of."""
WAY_OUT = (
    "按聊重指办〔2020〕6号 三(三)，原则上，重点行业内的保障类企业和承担生活垃圾、危险废物协同处置的企业，应达到B级及以上或引领性。"
    "请核对绩效等级；未达到的，应移出保障类（“是否保障类”改为“否”，并删去《保障类》中的行）；"
    "确有必要的，由市指挥部办公室登记豁免。"
)


def _below_b(e: Row, standing: Expr, say: str) -> Iterator[Check]:
    """Guaranteed enterprises that the clause holds to a grade, and whose grade stands like this towards B."""
    below = (e.guaranteed == "是") & standing
    yield check(
        e.grade,
        below & (e.industry != NOT_KEY),
        f"保障类企业属于重点行业“{{industry}}”，{say}",
        industry=e.industry,
    )
    yield check(
        e.grade,
        below & (e.industry == NOT_KEY) & key_lines(e.list_id),
        f"保障类企业有重点行业的生产线（{{others}}），{say}",
        others=(count("lines", ("industry", "!=", NOT_KEY), list_id=e.list_id), "industry"),
    )
    disposing = count("guarantee", ("co_disposal", "==", "是"), list_id=e.list_id)
    yield check(
        e.grade,
        below & (e.industry == NOT_KEY) & ~key_lines(e.list_id) & co_disposing(e.list_id),
        f"保障类企业承担生活垃圾或危险废物协同处置（《保障类》{{others}}），{say}",
        others=(disposing, "co_disposal"),
    )


@row_rule("BZ01", "保障类企业低于B级", Severity.ERROR, "workbook", _CLAUSE, "enterprises")
def bz01(e: Row) -> Iterator[Check]:
    """检查什么：重点行业内的保障类企业，以及承担协同处置的保障类企业，绩效等级是否为A级、B级或引领性。

    不参加分级的子类（防水卷材的塑料类）没有等级，也算没有达到，要由市指挥部办公室登记豁免。

    B-级由BZ02提示。

    为什么：原则上，这些企业应达到B级及以上绩效分级或引领性指标水平（三(三)）；达不到的不宜免于停限产。
    怎么改：核对绩效等级；未达到的移出保障类；确有必要的，由市指挥部办公室登记豁免。
    """
    standing = lookup("counts_as_b", e.grade) == "no"
    yield from _below_b(e, standing, f"绩效等级为“{{at}}”，未达到B级及以上或引领性。{WAY_OUT}")


@row_rule("BZ02", "B-级不属于B级及以上", Severity.ERROR, "workbook", _CLAUSE, "enterprises")
def bz02(e: Row) -> Iterator[Check]:
    """检查什么：重点行业内的保障类企业，以及承担协同处置的保障类企业，绩效等级是否为B-级。

    规则集认定“B级及以上”含B-的，不提示。两种读法都有：认为不含的，方案各处写“B（含B-）级”，唯独保障类条款写“B级及以上”，
    没有写“含B-”，而且湖北2021年的名单把B级12家、B-级1家分开计数；认为含的，同一份名单的标题就是“B（含B-）级及以上和引领性”，
    审批上也把B（含B-）级当作一类。哪一种对，由市里定（《限值与开关》的“B-级算不算B级及以上”）。

    为什么：保障类条款没有写“含B-”，按不含处理（三(三)）。
    怎么改：核对绩效等级；确为B-级的移出保障类；确有必要的，由市指挥部办公室登记豁免。
    """
    standing = (lookup("counts_as_b", e.grade) == "switch") & ~lookup("switch", "b_minus_counts_as_b")
    yield from _below_b(e, standing, f"绩效等级为“{{at}}”，而条款写的是“B级及以上”，没有写“含B-”。{WAY_OUT}")


@row_rule("BZ03", "保障类信息不全", Severity.ERROR, "workbook", _CLAUSE, "enterprises", "dust")
def bz03(row: Row) -> Iterator[Check]:
    """检查什么：标明保障类的企业、重点保障性工程在《保障类》中有没有一行；《保障类》中有行的，有没有标明。

    为什么：保障类要写明任务、生产线、确定机关和依据，两处不一致就无法认定（三(三)）。
    怎么改：属于保障类的，两处都填；不属于的，标“否”并删去《保障类》中的行。
    """
    mark, what = (row.guaranteed, "企业") if row.key == "enterprises" else (row.key_project, "扬尘源")
    rows = count("guarantee", list_id=row.list_id)
    yield check(
        mark,
        (mark == "是") & (rows == 0),
        f"{{at.header}}填“是”，但《保障类》中没有该{what}（{{list_id}}）。请在《保障类》补填一行；不属于的，改为“否”。",
        list_id=row.list_id,
        brief="尚未在《保障类》填写",
        later=True,
    )
    yield check(
        mark,
        (mark == "否") & (rows > 0),
        f"{{at.header}}填“否”，但《保障类》中有该{what}：{{others}}。属于的，改为“是”；不属于的，删去《保障类》中的行。",
        others=(rows, "name"),
        brief="《保障类》里有，这里却填“否”",
    )


def _is_project(g: Row) -> Expr:
    """Whether a guaranteed row is a key project: by its category, or because it refers to a dust source."""
    by_category = lookup("guarantee_by", g.guarantee_category, default="") == PROJECT
    return by_category | (count("dust", list_id=g.list_id) > 0)


def deciders(g: Row) -> tuple[tuple[str, Expr, str], ...]:
    """Who is to decide about a row of 保障类, when, and what such a row is called (三(三))."""
    project, own = _is_project(g), lookup("guarantee_by", g.guarantee_category)
    industry = ref("enterprises", "industry", list_id=g.list_id)
    disposing = (g.co_disposal == "是") | (own == PROVINCE)
    neither = ~project & (g.co_disposal == "否") & (own == _COUNTY)
    key = (industry != NOT_KEY) | key_lines(g.list_id)
    return (
        (PROJECT, project, "重点保障性建设工程"),
        (PROVINCE, ~project & disposing, "协同处置生活垃圾或危险废物的保障类企业"),
        (PROVINCE, neither & key, "重点行业内的保障类企业"),
        (_COUNTY, neither & ~key, "重点行业和协同处置之外的保障类企业"),
    )


@row_rule("BZ04", "确定机关不符", Severity.ERROR, "workbook", _CLAUSE, "guarantee")
def bz04(g: Row) -> Iterator[Check]:
    """检查什么：保障类的确定机关是否符合权限。

    重点行业企业和协同处置企业由省生态环境厅确定；重点保障性建设工程由省级主管部门会同省生态环境厅确定；其余由县指挥部会同相关部门确定。

    为什么：越权确定的保障类不作数（三(三)）。
    怎么改：由有权的机关确定后改填；行业、类别、是否协同处置填错的，改正那一格。
    """
    say = "{why}应由{due}确定，确定机关填的是“{at}”。请由有权的机关确定后改填，或核对保障类别、是否协同处置和行业。"
    for due, when, why in deciders(g):
        yield check(g.decided_by, when & (g.decided_by != due), say, due=due, why=why)


@row_rule("BZ05", "逾期确定", Severity.ERROR, "row", _CLAUSE, "guarantee")
def bz05(g: Row) -> Iterator[Check]:
    """检查什么：保障类企业的确定日期是否晚于规定的期限；重点保障性建设工程除外。

    为什么：保障类企业清单逾期未确定的，不再纳入保障类企业（三(三)）。
    怎么改：日期填错的改正；确属逾期的，删去这一行，并把“是否保障类”改为“否”。
    """
    deadline = lookup("day", "guarantee_deadline")
    yield check(
        g.decided_on,
        (g.decided_on > deadline) & ~_is_project(g),
        "确定日期 {at} 晚于期限 {deadline}，逾期未确定的不再纳入保障类企业。"
        "日期有误的请改正；确属逾期的，请删去这一行，并把“是否保障类”改为“否”。",
        deadline=deadline,
    )


@book_rule("BZ06", "保障范围过大", Severity.WARNING, "workbook", _CLAUSE, guarantee=("line_ids",), lines=())
def bz06(book: Book) -> Iterator[Found]:
    """检查什么：有几条生产线的企业，是否把全部生产线都列为保障生产线。

    为什么：预警期间仅准许从事特定保障任务的生产经营，与任务无关的生产线应当照常减排（三(三)）。
    怎么改：只填承担保障任务的生产线；确实全部承担的可以不改，在“保障任务”中写明。
    """
    for list_id, rows in book.index("guarantee", "list_id").items():
        named = [g for g in rows if g.line_ids is not None]
        joined = "、".join(g.line_ids for g in named)
        lines = {line.line_id for line in book.index("lines", "list_id").get(list_id, ())}
        if len(lines) > 1 and None not in lines and all(line in joined for line in lines):
            yield Found(
                f"该企业的 {len(lines)} 条生产线全部列为保障生产线。预警期间仅准许从事特定保障任务，"
                "请只填承担该任务的生产线；确实全部承担的，请在“保障任务”中写明。",
                "guarantee",
                named[0],
                "line_ids",
                related=tuple(("guarantee", g, "line_ids") for g in named[1:]),
            )


@row_rule("BZ07", "未报部备案", Severity.WARNING, "row", _CLAUSE, "guarantee")
def bz07(g: Row) -> Iterator[Check]:
    """检查什么：由省生态环境厅确定的保障类企业是否已报生态环境部备案。

    为什么：由省生态环境厅确定的保障类企业，要报生态环境部备案（三(三)）。
    怎么改：已备案的改为“是”；未备案的，向市指挥部办公室核实备案进展。
    """
    yield check(
        g.ministry_filed,
        (g.decided_by == PROVINCE) & (g.ministry_filed == "否"),
        f"由{PROVINCE}确定的保障类企业应报生态环境部备案，“{{at.header}}”填的是“{{at}}”。已备案的请改为“是”；未备案的，请向市指挥部办公室核实。",
    )


@row_rule("BZ08", "已过有效期", Severity.WARNING, "row", "业内惯例", "guarantee")
def bz08(g: Row) -> Iterator[Check]:
    """检查什么：保障类的有效期是否在清单的日期之前就已届满。

    为什么：过期的保障类不再有效，预警时应照常减排。
    怎么改：已续期的改填新的有效期和证明材料；没有续期的，移出保障类。
    """
    today = lookup("own", "on")
    yield check(
        g.valid_until,
        g.valid_until < today,
        "有效期至 {at}，在清单日期 {today} 之前已经届满。"
        "已续期的，请改填新的有效期和证明材料；没有续期的，请移出保障类。",
        today=today,
    )


@city_rule("BZ09", "保障类数量偏多", Severity.WARNING, _CLAUSE)
def bz09(city: City) -> Iterator[CityFound]:
    """检查什么：一个县区保障类企业占企业数的比例，是否超过各县区中位数的两倍（倍数由规则集规定）；并列出各县区的排名。

    为什么：各县区应严格控制保障类企业数量，比别处多出一倍以上的，多半放宽了范围。
    怎么改：逐家核对保障任务和证明材料，不符合的移出保障类；确有必要的说明理由。
    """
    shares: list[tuple[float, Book]] = []
    for book in city.books():
        own = book.tables["enterprises"]
        if own:
            shares.append((sum(record.guaranteed == "是" for record in own) / len(own), book))
    if not shares:
        return
    middle = median(share for share, _ in shares)
    limit = city.ruleset.number("guarantee_share_factor") * middle
    ranked = sorted(shares, key=lambda one: -one[0])
    ranking = "、".join(f"{book.county_name} {share:.1%}" for share, book in ranked)
    for place, (share, book) in enumerate(ranked, 1):
        if share > limit:
            yield CityFound(
                f"{book.county_name}的保障类企业占 {share:.1%}，超过各县区中位数 {middle:.1%} 的"
                f" {city.ruleset.number('guarantee_share_factor'):g} 倍，排第 {place}（{ranking}）。"
                "请逐家核对保障任务和证明材料，不符合的移出保障类。",
                book=book,
            )


@row_rule("BZ10", "非保障生产线未管控", Severity.WARNING, "workbook", _CLAUSE, "lines")
def bz10(line: Row) -> Iterator[Check]:
    """检查什么：保障类企业中不承担保障任务的生产线，红色预警的减排比例是否为0；A级和引领性的生产线除外。

    为什么：预警期间仅准许从事特定保障任务的生产经营，其余生产线应按等级采取减排措施（三(三)）。
    怎么改：为这条生产线填写红色预警的减排措施和比例；承担保障任务的，加入《保障类》的保障生产线编码。
    """
    rows = count("guarantee", list_id=line.list_id)
    unknown = count("guarantee", ("line_ids", "unknown", None), list_id=line.list_id)
    naming = count("guarantee", ("line_ids", "contains", line.line_id), list_id=line.list_id)
    yield check(
        line.red_ratio,
        (ref("enterprises", "guaranteed", list_id=line.list_id) == "是")
        & (rows > 0)
        & (unknown == 0)
        & (naming == 0)
        & (line.red_ratio == 0)
        & (lookup("exempt", line.grade) != "yes"),
        "该企业是保障类，但这条生产线（{line}）不在保障生产线之列，绩效等级为“{grade}”，"
        "红色预警的减排比例却是 0。"
        "请填写减排措施和比例；承担保障任务的，请加入《保障类》的“保障生产线编码”。",
        line=line.line_id,
        grade=line.grade,
    )


@row_rule("BZ11", "民生单位未列保障类", Severity.WARNING, "workbook", _CLAUSE, "enterprises")
def bz11(e: Row) -> Iterator[Check]:
    """检查什么：行业代码属于供电、供暖、生活垃圾或危险废物集中处置（规则集词表“民生行业代码”）的企业，是否没有列保障类，而有生产线在红色预警时停产或限产。

    为什么：承担居民供电、供暖、生活垃圾或危险废物集中处置的，应当纳入保障类清单（三(三)）；不列保障类而停限产，预警时会停了民生。
    怎么改：承担民生任务的，“是否保障类”改为“是”，在《保障类》补填一行，改用以热定产、以处置定产等措施；不承担的（例如只供本厂）可以不改。
    """
    cutting = count("lines", ("red_type", "in", CUTTING), list_id=e.list_id)
    yield check(
        e.guaranteed,
        (e.guaranteed == "否")
        & (e.long_idle == "否")
        & call(mentions, e.industry_code, words("public_code"))
        & (cutting > 0),
        "行业代码 {code} 一般承担供电、供暖或集中处置的民生任务，这里没有列保障类，红色预警却停限产：{others}。"
        "承担民生任务的，应当纳入保障类，请改为“是”并补填《保障类》；不承担的可以不改。",
        others=(cutting, "red_type"),
        code=e.industry_code,
    )
