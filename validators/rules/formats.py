"""GS: 格式. What the reader noticed is put into words here; what records can show is declared."""

from collections.abc import Iterator

from validators.book import Book, Fault
from validators.columns import (
    BOOK_FIELDS,
    COVER_TITLE,
    KIND_OF,
    KINDS,
    KNOWN_TEMPLATE_VERSIONS,
    ROOTS,
    SHEETS,
    TEMPLATE_VERSION,
)
from validators.expr import (
    Cell,
    Check,
    Expr,
    LookedAt,
    Row,
    SourceNames,
    blank,
    call,
    check,
    codes,
    count,
    given,
    listed,
    lookup,
    split_ids,
)
from validators.findings import Severity
from validators.rule import Found, also_over_book, book_rule, row_rule, value_text
from validators.rules.format_messages import ONLY_WARNED, as_written, became, named, read_as, structure
from validators.rules.required_cells import required
from validators.rules.schemes import ungraded
from validators.ruleset import NOT_KEY, versions, years

ALL = tuple(SHEETS)


def _faults(book: Book, rule: str) -> Iterator[Fault]:
    return (fault for fault in book.faults if fault.rule == rule)


@book_rule("GS01", "表结构不符", Severity.BLOCKER, "workbook", "业内惯例")
def gs01(book: Book) -> Iterator[Found]:
    """检查什么：各工作表和表头是否齐全、有没有改名或重复；清单的行有没有落在读不到的地方（表头上面、别的工作表、没有表头的列）。多出来的工作表、列和名称只作说明，写明有多少格没有读取。

    为什么：程序按表名和表头取数，改了名就取不到，整列数据会丢失；落在别处的行不会报上去。
    怎么改：把表名、表头改回模板原样；删掉的用撤销恢复，不要从别的文件复制；落在别处的行移到本表的表头下面；多出的表和列不影响提交，可以删去。
    """
    like = {fault.meant: fault.sheet for fault in _faults(book, "GS01") if fault.what == "list_elsewhere"}
    for fault in _faults(book, "GS01"):
        severity, message = structure(fault, like)
        yield Found(message, severity=severity, fault=fault)


class _LineIndex(Expr):
    """The index of production lines, as a value."""

    def py(self, names: SourceNames) -> str:
        return names.index("lines", "line_id")

    def looks(self) -> Iterator[LookedAt]:
        yield LookedAt("lines")


def count_lines() -> Expr:
    """The production lines of the workbook by their code, as an argument of a function."""
    return _LineIndex()


def unknown_lines(joined: str, lines: dict[str, object]) -> str:
    """Those of the joined codes that are no production line, joined by 、."""
    return "、".join(part for part in split_ids(joined) if part not in lines)


def _inputs(row: Row, field: str) -> tuple[Cell, ...]:
    """The cells that an offered reduction formula is made of."""
    if row.key == "lines" and field.endswith("_cut"):
        level, pollutant, _ = field.split("_")
        return row[f"{pollutant}_daily"], row[f"{level}_ratio"]
    return ()


@row_rule("GS02", "必填项为空", Severity.ERROR, "cell", "数据字典", *ALL)
def gs02(row: Row) -> Iterator[Check]:
    """检查什么：必填的格是否空着，满足条件时才必填的格在条件满足时是否空着。

    为什么：空格会使后面的核对无从做起；与空格有关的其他问题在补填之后才会提示。
    怎么改：按表头上的提示补填；确实不适用的，核对它所依据的那一格是否选错。
    """
    for column in row.columns:
        if column.required == "always":
            when = blank(row[column.field])
            for needed in _inputs(row, column.field):  # else the blank input is found, not what follows from it
                when = when & given(needed)
            yield check(row[column.field], when, f"“{column.header}”必填，现为空。{column.prompt}")
    for cell, condition, words in required(row):
        yield check(cell, condition & blank(cell), f"{words}，“{cell.column.header}”必填，现为空。{cell.column.prompt}")


@also_over_book("GS02", **dict.fromkeys(ALL, ()))
def gs02_placeholders(book: Book) -> Iterator[Found]:
    """Required cells that say that nothing is known yet."""
    for fault in _faults(book, "GS02"):
        yield Found(f"“{fault.header}”必填，填的“{value_text(fault.value)}”等于没有填。请填写实际的内容。", fault=fault)


@row_rule("GS03", "类型或取值不符", Severity.ERROR, "cell", "数据字典", "enterprises", "lines")
def gs03(row: Row) -> Iterator[Check]:
    """检查什么：该填数字、整数、日期的格里是否填了别的，一格里有没有两个值，选择项是否在可选值之内，数字是否小于0，编号是否合乎格式，单元格格式是否使屏幕上的数与实际存的数不同，应填数值的格里是否留着自己写的公式；文字是不是乱码、“同上”、错误值或公式的文字，名称里有没有文字；一格里有没有划了删除线或看不见颜色的字。
    整格、整行划了删除线的，自动计算的列被改填的，只作提醒。
    表中夹着的表头、合计、标题一类的行，整行只提示一次。

    为什么：填错类型的格不能参与核算，汇总时会漏掉；一格两个值会连成一个大得多的数。
    怎么改：按提示的范围或可选值重填；自己写的公式请核对后改填内容，这一列原有公式的从别的行复制回来；不是清单的行请删去。
    """
    if row.key == "enterprises":
        own = count("lines", ("industry", "!=", NOT_KEY), list_id=row.list_id)
        yield check(
            row.filing,
            (row.filing == "不适用") & ((row.industry != NOT_KEY) | (own > 0)) & ~ungraded(row),
            "申报方式“{at}”只用于非重点行业和不参加分级的子类，本企业属于重点行业。请改填申请报告、申请表或未申报。",
            brief="重点行业不能选“不适用”",
        )
    else:
        idle = ("不停产", "自主减排")
        acts = ~row.yellow_type.isin(idle) | ~row.orange_type.isin(idle) | ~row.red_type.isin(idle)
        yield check(
            row.indicator,
            (row.indicator == "无") & acts,
            "核查指标填的是“{at}”，而措施并非各级都是不停产或自主减排。请选一项能证明措施已落实的指标。",
            brief="有措施就要有核查指标",
        )


@also_over_book("GS03")
def gs03_cells(book: Book) -> Iterator[Found]:
    """What the reader could not read as what is due."""
    for fault in _faults(book, "GS03"):
        if fault.what == "formula":
            message = (
                f"“{fault.header}”里是自己写的公式“{value_text(fault.value)}”，不读取公式的结果。"
                "请先核对：结果对的，复制后选择性粘贴为数值；不对的，直接填写；这一列原有公式的，从别的行把这一格复制过来。"
            )
        elif fault.what == "stray":
            message = f"第 {fault.row} 行是{fault.meant}（“{value_text(fault.value)}”），不是清单的一行。请删去这一行。"
        elif fault.what in ONLY_WARNED:
            yield Found(ONLY_WARNED[fault.what](fault), severity=Severity.WARNING, fault=fault)
            continue
        elif fault.what == "struck_part":
            message = (
                f"“{fault.header}”填的是“{value_text(fault.value)}”，〔〕里的字划了删除线，看不出还算不算。"
                "不要的请删去这几个字，要的请取消删除线。"
            )
        elif fault.what == "painted_part":
            message = (
                f"“{fault.header}”填的是“{value_text(fault.value)}”，〔〕里的字颜色与底色相同，屏幕上看不见。"
                "不要的请删去这几个字，要的请改成看得见的颜色。"
            )
        else:
            hint = str(fault.meant)
            message = (
                f"“{fault.header}”填的是“{as_written(fault.value)}”，{hint}。{'' if '请' in hint else '请重新填写。'}"
            )
        yield Found(message, fault=fault)


@book_rule("GS04", "已自动规范", Severity.INFO, "cell", "业内惯例")
def gs04(book: Book) -> Iterator[Found]:
    """检查什么：全角数字和字母、多余的空格、看不见的字符、形近的字符（如康熙部首）、存成文本的数字、写成文本的日期、以百分数格式显示的比例，已按屏幕上所见和其本意读取；选填的格里“待定”“/”一类的词当作没有填。文字格里存着日期的（“3-1”常被自动变成日期），另作提醒。

    为什么：这些写法看着一样，程序却认作不同的值。
    怎么改：不必改；请核对读成的值是否正确。文字被变成日期的，把格式设为“文本”后重新录入。
    """
    for fault in _faults(book, "GS04"):
        if fault.what == "automatic":
            yield Found(
                f"“{fault.header}”由程序自动编号，填的“{as_written(fault.value)}”不采用，已编为“{as_written(fault.meant)}”。",
                fault=fault,
            )
        elif fault.what == "became":
            said = became(fault, value_text(fault.value), value_text(fault.meant))
            yield Found(said, severity=Severity.WARNING, fault=fault)
        else:
            yield Found(read_as(fault), fault=fault)


@book_rule("GS05", "代码被存为数字", Severity.ERROR, "cell", "业内惯例")
def gs05(book: Book) -> Iterator[Found]:
    """检查什么：统一社会信用代码、排污许可证编号的格里是否存着数字或科学计数法。

    为什么：表格软件只保留15位数字，第16位起已经变成0，无法还原。
    怎么改：把单元格格式设为“文本”，对照证照重新录入，不要从这个数字改。
    """
    for fault in _faults(book, "GS05"):
        yield Found(
            f"“{fault.header}”被存成了数字“{value_text(fault.value)}”，第16位起的数字已经丢失。"
            "请把单元格格式设为“文本”，对照证照重新录入。",
            fault=fault,
        )


@book_rule("GS06", "模板版本不符", Severity.BLOCKER, "workbook", "业内惯例")
def gs06(book: Book) -> Iterator[Found]:
    """检查什么：工作簿里写明的模板版本本程序是否认得；旧版本照读，但要提醒。写明的规则集本机没有的，也要提醒。

    为什么：不认得的版本可能有不同的表头和含义，读了也不可靠；换一版规则集核对，结果可能不同。
    怎么改：用本程序重新生成模板，把数据粘贴过去；缺规则集的，用 qingdan ruleset load 载入市里的那一版。
    """
    version = value_text(book.facts["template_version"]) if "template_version" in book.facts else ""
    place = _fact(book, "template_version", version or None)
    if version not in KNOWN_TEMPLATE_VERSIONS:
        what = f"模板版本是“{version}”，本程序不认得" if version else "没有写明模板版本，不是用本程序的模板填的"
        yield Found(f"{what}（现用版本 {TEMPLATE_VERSION}）。请用现用模板重新填报，或更新本程序。", fault=place)
    elif version != TEMPLATE_VERSION:
        yield Found(
            f"用的是旧版模板 {version}，现用版本是 {TEMPLATE_VERSION}；已照旧版读取，请核对结果，下次改用新版。",
            severity=Severity.WARNING,
            fault=place,
        )
    year = value_text(book.facts.get("year"))
    if "year" in book.facts and year not in years():
        yield Found(
            f"年度是“{year}”，本程序没有该年的规则集（现有：{'、'.join(years())}）。请核对年度，或更新本程序。",
            fault=_fact(book, "year", year),
        )
    named = value_text(book.facts["ruleset"]) if "ruleset" in book.facts else ""
    if year in years() and named and named not in versions(year):
        yield Found(
            f"表中写明用规则集“{named}”，本机没有 {year} 年的这一版，已按 {book.ruleset.id} 核对。"
            "请向市里要这一版规则集，用 qingdan ruleset load 载入后再核对。",
            severity=Severity.WARNING,
            fault=_fact(book, "ruleset", named),
        )
    if "division" in book.facts and book.county not in book.ruleset.submitting:
        yield Found(
            f"区划代码“{book.county}”不是本市的提交单位。请改回模板原来的代码，或从本区县的模板重新填报。",
            fault=_fact(book, "division", book.county),
        )
    for name in ("division", "year", "round", "revision"):
        if name not in book.facts and version in KNOWN_TEMPLATE_VERSIONS:
            place = _fact(book, name)
            lost = "没有填，或填的不是可读的内容" if place.cell else "不见了"
            yield Found(
                f"填报说明里的“{BOOK_FIELDS[name]}”{lost}，无法认定这份清单。请从模板恢复填报说明。", fault=place
            )


def _fact(book: Book, name: str, value: object = None) -> Fault:
    """The place of something that the workbook says of itself on its cover."""
    cell = book.fact_cells.get(name)
    row = int(cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) if cell else None
    return Fault("GS06", "fact", COVER_TITLE, cell, row, BOOK_FIELDS[name], value=value)


@book_rule("GS07", "单元格错误值或合并", Severity.ERROR, "cell", "业内惯例")
def gs07(book: Book) -> Iterator[Found]:
    """检查什么：数据区里是否有 #REF!、#N/A 一类错误值，是否有合并单元格。

    为什么：错误值没有内容可读；合并后只有左上角一格有值，其余各格等于空白。
    怎么改：错误值改填正确的值；合并的单元格取消合并，每格都填。
    """
    for fault in _faults(book, "GS07"):
        if fault.what == "merged":
            yield Found(
                f"《{fault.sheet}》的 {fault.value} 是合并单元格，只有左上角一格能读到。请取消合并，每格都填。",
                fault=fault,
            )
        elif fault.value == "":
            yield Found(f"“{fault.header}”的文字在文件里已经丢失，读不出来。请对照原件重新录入。", fault=fault)
        else:
            yield Found(
                f"“{fault.header}”是错误值 {value_text(fault.value)}，没有内容可读。请改填正确的值。", fault=fault
            )


@row_rule(
    "GS08",
    "清单编号无对应",
    Severity.ERROR,
    "workbook",
    "业内惯例",
    "lines",
    "transport",
    "guarantee",
    "changes",
    *(key for key in KINDS["grading"] if key != ROOTS["grading"]),
)
def gs08(row: Row) -> Iterator[Check]:
    """检查什么：清单编号、保障生产线编码在它所指的表里是否存在。

    为什么：对不上的行在汇总时找不到归属，其措施和减排量会落空。
    怎么改：改成《企业基本信息》（或《扬尘源》《生产线减排措施》；绩效分级申报审核表是《申报》）中已有的编号，或补填那一行。
    """
    # the blank number of an enterprise is a finding of its own, and may be the one that is missing here
    root = SHEETS[ROOTS[KIND_OF[row.key]]]
    nowhere = (count(root.key, list_id=row.list_id) == 0) & ~lookup("own", "unnumbered")
    if row.key == "guarantee":
        yield check(
            row.list_id,
            nowhere & (count("dust", list_id=row.list_id) == 0),
            "清单编号“{at}”在《企业基本信息》和《扬尘源》中都没有。请改成已有的编号，或补填那一行。",
        )
        missing = call(unknown_lines, row.line_ids, count_lines())
        yield check(
            row.line_ids,
            listed(row.line_ids, "lines", "line_id") < codes(row.line_ids),
            "保障生产线编码“{missing}”在《生产线减排措施》中没有。请改成已有的编码，多个之间用“、”隔开。",
            missing=missing,
            brief="《生产线减排措施》里没有这个编码",
        )
    else:
        yield check(
            row.list_id,
            nowhere,
            f"清单编号“{{at}}”在《{root.title}》中没有。请改成已有的编号，或在《{root.title}》补填该企业。",
        )


@row_rule(
    "GS09",
    "编号重复",
    Severity.ERROR,
    "workbook",
    "业内惯例",
    "enterprises",
    "lines",
    "transport",
    "dust",
    "mobile",
    "applications",
    "county",
    "city",
)
def gs09(row: Row) -> Iterator[Check]:
    """检查什么：清单编号（生产线为生产线编码）在本表是否出现两次。

    为什么：编号是各表对应的依据，重复就分不清说的是哪一家。
    怎么改：保留正确的一行，其余改用未用过的编号；重复填报的行请删除。
    """
    cell = row.line_id if row.key == "lines" else row.list_id
    times = count(row.key, **{cell.column.field: cell})
    yield check(
        cell,
        times > 1,
        "{at.header}“{at}”在本表出现了 {times} 次。请保留正确的一行，其余改用未用过的编号或删除。",
        times=times,
    )


@book_rule("GS10", "隐藏的数据", Severity.WARNING, "workbook", "业内惯例")
def gs10(book: Book) -> Iterator[Found]:
    """检查什么：隐藏的行、列、工作表里是否有数据（模板自己隐藏的除外）；字的颜色是否与底色相同（如白底白字）。

    为什么：隐藏的数据照样会被读取和提交，填报人却看不见。
    怎么改：取消隐藏或清除筛选、改成看得见的颜色后核对；不要的数据请删除。
    """
    for fault in _faults(book, "GS10"):
        if fault.what in ("painted", "painted_row"):
            what = (
                f"“{fault.header}”里的“{value_text(fault.value)}”"
                if fault.header
                else f"第 {fault.row} 行{named(fault)}"
            )
            yield Found(
                f"{what}字的颜色与底色相同，屏幕上看不见，仍会被读取。不要的请删去，要的请改成看得见的颜色。",
                fault=fault,
            )
            continue
        if fault.what == "rows":
            text = f"《{fault.sheet}》有 {fault.meant} 行数据被隐藏或筛选掉（第 {fault.value} 行等），仍会被读取。"
        elif fault.what == "columns":
            text = f"《{fault.sheet}》的 {fault.value} 列被隐藏，其中的数据仍会被读取。"
        else:
            filled = f"，其中 {fault.meant} 格有内容，没有读取" if fault.meant else ""
            text = f"工作表“{value_text(fault.value)}”是隐藏的{filled}。"
        yield Found(f"{text}请取消隐藏后核对，不要的数据请删除。", fault=fault)


def division_of(list_id: str) -> str:
    """The division part of a 清单编号: 371502 of 371502-G-0001, LC-JK of LC-JK-G-0001."""
    return list_id.rsplit("-", 2)[0]


@row_rule("GS11", "区县与填报单位不符", Severity.ERROR, "cell", "业内惯例", "enterprises", "dust", "mobile")
def gs11(row: Row) -> Iterator[Check]:
    """检查什么：区县一栏，以及清单编号开头的区划代码，是否就是填报单位自己的。

    为什么：别的区县的企业混进来，汇总时会重复或漏掉。
    怎么改：改成本区县；确属其他区县的，删去这一行，由所在区县填报。
    """
    own = lookup("own", "name")
    yield check(
        row.district,
        row.district != own,
        "区县填的是“{at}”，本工作簿由“{own}”填报。请改成本区县，或删去这一行。",
        own=own,
    )
    code = call(division_of, row.list_id)
    own_code = lookup("own", "code")
    yield check(
        row.list_id,
        lookup("division_codes", code, default="") != own_code,
        "清单编号“{at}”开头的区划代码不是“{own}”的 {code}。请改用以 {code} 开头的编号。",
        own=own,
        code=own_code,
        brief="不是以本区县的代码开头",
    )


@row_rule("GS12", "空表", Severity.ERROR, "workbook", "业内惯例", "enterprises")
def gs12(row: Row) -> Iterator[Check]:
    """检查什么：工作簿里有没有企业，每个企业在《运输管控》里有没有一行。

    为什么：没有企业的工作簿等于没有报；缺运输管控就没有运输措施。
    怎么改：在《运输管控》用该企业的清单编号补填一行。
    """
    yield check(
        row.list_id,
        count("transport", list_id=row.list_id) == 0,
        "企业“{at}”在《运输管控》中没有一行。请用该清单编号补填；没有货车的填 0。",
        brief="尚未在《运输管控》填写",
        later=True,
    )


@also_over_book("GS12", enterprises=(), applications=())
def gs12_no_enterprise(book: Book) -> Iterator[Found]:
    """No enterprise at all."""
    root = SHEETS[ROOTS[book.kind]]
    if not book.tables[root.key] and root.key not in book.damaged:
        without = "涉气企业" if book.kind == "inventory" else "重点行业企业"
        yield Found(
            f"《{root.title}》里没有一家企业。请填报后再提交；确无{without}的，请与市指挥部办公室联系。",
            sheet=root.key,
        )


def line_head(line_id: str) -> str:
    """The 清单编号 that a 生产线编码 begins with: 371502-G-0001 of 371502-G-0001-L01."""
    return line_id.rpartition("-")[0]


@row_rule("GS13", "编码与清单编号不符", Severity.ERROR, "row", "数据字典", "lines")
def gs13(line: Row) -> Iterator[Check]:
    """检查什么：生产线编码是否以本行的清单编号开头。

    为什么：编码写明生产线是哪家企业的；与清单编号对不上的，其措施和减排量会算到别家头上，保障生产线也会指错。
    怎么改：核对这条生产线是哪家企业的，把填错的那一个改正：生产线编码是清单编号加“-L”和两位序号。
    """
    yield check(
        line.line_id,
        call(line_head, line.line_id) != line.list_id,
        "生产线编码“{at}”不是以本行的清单编号“{own}”开头。请把填错的一个改正：生产线编码写成 {own}-L01 的样子。",
        own=line.list_id,
    )
