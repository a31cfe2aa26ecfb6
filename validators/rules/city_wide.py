"""HZ: 汇总. Rules over the workbooks of a city."""

from collections.abc import Iterator

from validators.book import Book
from validators.expr import Record
from validators.findings import Severity
from validators.rule import CityFound, city_rule
from validators.rules.texts import bare
from validators.settlement import City, crossings


@city_rule("HZ01", "县区未报或迟报", Severity.ERROR, "聊重指办〔2020〕6号 三(四)")
def hz01(city: City) -> Iterator[CityFound]:
    """检查什么：应提交的县区是否都交了工作簿，填报日期是否晚于规定的截止日期；已写明原因剔除的不算。

    为什么：各县（市、区）应急减排清单原则上应于8月21日前上报市重污染天气应急指挥部办公室，缺一县则全市清单不全。
    怎么改：催报；确实不能提交的，汇总时剔除该县并写明原因。
    """
    verified = {row["code"]: row["verified"] == "yes" for row in city.ruleset.tables["divisions"]}
    for county in city.counties:
        if county.status in ("未报", "无法读取"):
            severity = Severity.ERROR if verified[county.code] else Severity.WARNING
            message = f"{county.name}（{county.code}）{county.reason}。请催报；确实不能提交的，剔除该县并写明原因。"
            yield CityFound(message, severity=severity)
        elif county.status == "迟报" and county.handed:
            message = f"{county.name}（{county.code}）迟报：{county.reason}。"
            yield CityFound(message, severity=Severity.WARNING, book=county.handed.book)


@city_rule("HZ02", "跨县区重复", Severity.ERROR, "业内惯例")
def hz02(city: City) -> Iterator[CityFound]:
    """检查什么：同一统一社会信用代码、同一厂区名称是否在两个县区都报了。

    为什么：同一厂区报两次，排放量和减排量就算了两遍。
    怎么改：两县核实厂区所在地，只由所在县区填报；确是两个厂区的，分别写明厂区名称。市里也可以在全市汇总的《冲突清单》里选甲或乙裁定，再重新汇总。
    """
    for (book, record), *rest in crossings(city).values():
        elsewhere = [(other, row) for other, row in rest if other is not book]
        where = f"厂区“{record.site}”" if record.site else "未写厂区名称"
        names = "、".join(f"{other.county_name}第{row.row}行" for other, row in elsewhere)
        yield CityFound(
            f"统一社会信用代码“{record.uscc}”（{where}）在{book.county_name}和{names}都有。"
            "请核实厂区所在地，只由所在县区填报；确是两个厂区的，分别写明厂区名称。",
            book=book,
            sheet="enterprises",
            record=record,
            field="uscc",
            related=tuple((other, "enterprises", row, "uscc") for other, row in elsewhere),
        )


@city_rule("HZ03", "同县区多份", Severity.ERROR, "业内惯例")
def hz03(city: City) -> Iterator[CityFound]:
    """检查什么：同一县区、年度、轮次、版次是否有两份内容不同的工作簿；版次较高的取代较低的，内容相同的只算一份，均作说明。

    为什么：同一版次有两份，分不清以哪份为准。
    怎么改：由县区指明哪份有效，另一份从汇总文件夹中移走；需要修改的，把版次加1后重报。市里也可以在全市汇总的《冲突清单》里选甲或乙裁定，再重新汇总。
    """
    for handed, best in city.clashes:
        yield CityFound(
            f"“{handed.file}”与“{best.file}”同为 {best.book.county_name if best.book else ''}版次"
            f" {best.book.revision if best.book else ''}，内容却不同。请由县区指明哪份有效，移走另一份。",
            book=handed.book,
        )
    for handed, best in city.settled:
        yield CityFound(
            f"“{handed.file}”与“{best.file}”版次相同而内容不同，已裁定以后者为准。",
            severity=Severity.INFO,
            book=handed.book,
        )
    for handed, best in city.replaced:
        yield CityFound(f"“{handed.file}”已被版次更高的“{best.file}”取代。", severity=Severity.INFO, book=handed.book)
    for handed, best in city.same:
        yield CityFound(f"“{handed.file}”与“{best.file}”内容相同，只算一份。", severity=Severity.INFO, book=handed.book)


@city_rule("HZ04", "年度或规则集不符", Severity.WARNING, "业内惯例")
def hz04(city: City) -> Iterator[CityFound]:
    """检查什么：工作簿的年度、轮次、区划是否就是本次汇总的；不是的不予采用，其中的问题也不计。采用的工作簿，核对所依据的规则集是否就是本次汇总的。

    为什么：别的年度的清单混进来，会盖掉今年的数据；规则集不同，各县就不是按同一套规定核对的。
    怎么改：从汇总文件夹中移走；如果拿错了年度，请县区用今年的模板重报。规则集不同的，可用 --ruleset 统一按一版核对。
    """
    taken_otherwise = {
        id(handed) for pairs in (city.clashes, city.settled, city.replaced, city.same) for handed, _ in pairs
    }
    for handed in city.files:
        if (
            handed.book
            and handed.status == "未采用"
            and id(handed) not in taken_otherwise
            and handed.book.county not in city.exclusions
        ):
            yield CityFound(f"“{handed.file}”未采用：{handed.reason}。请移走，或换成本次的清单。", book=handed.book)
    for book in city.books():
        if book.ruleset.id != city.ruleset.id:
            yield CityFound(
                f"“{book.file}”是按规则集 {book.ruleset.id} 核对的，本次汇总用的是 {city.ruleset.id}。"
                f"请换用现行的填报表，或加 --ruleset {city.ruleset.id} 统一按这一版核对。",
                book=book,
            )


@city_rule("HZ05", "文件读不了", Severity.ERROR, "业内惯例")
def hz05(city: City) -> Iterator[CityFound]:
    """检查什么：收来的文件是否都读得成清单；参考资料读不了的只作提醒。已剔除区县的不算。

    为什么：读不了的那一份可能正是最新的一版，略过它，汇总的就是旧的，或者缺了一县。
    怎么改：请报来的单位另存为 .xlsx 重报，换下读不了的那一份；与清单无关的文件，从收件文件夹里移走。
    """
    for handed in city.files:
        if handed.book is None and handed.guessed not in city.exclusions:
            why = handed.reason.rstrip("。") or "内容无法认读"
            yield CityFound(f"{why}。请重报后换下这一份；与清单无关的，从收件文件夹里移走。", file=handed.file)
    for file, why in city.imports.unread:
        yield CityFound(f"{why.rstrip('。')}。没有用它比对。", severity=Severity.WARNING, file=file)


@city_rule("HZ06", "一家企业分在两县", Severity.WARNING, "业内惯例")
def hz06(city: City) -> Iterator[CityFound]:
    """检查什么：两个县区的企业，名称相同或只差括号、全角半角、空格，统一社会信用代码却不同。

    代码和厂区都相同的由 HZ02 指出；同一县区里的由 JB15 提醒。

    为什么：代码抄错一位，同一家企业就成了两家，跨县区的重复查不出来。
    怎么改：对照营业执照核对名称和代码；是同一厂区的，只由所在县区填报；确是两家的可以不改。
    """
    firms: dict[str, list[tuple[Book, Record]]] = {}
    for book in city.books():
        for record in book.tables["enterprises"]:
            if record.name is not None and record.uscc is not None:
                firms.setdefault(bare(record.name), []).append((book, record))
    for rows in firms.values():
        for book, record in rows if len(rows) > 1 else ():
            elsewhere = [(other, one) for other, one in rows if other is not book and one.uscc != record.uscc]
            if elsewhere:
                names = "、".join(f"{other.county_name}第{one.row}行“{one.name}”" for other, one in elsewhere[:3])
                yield CityFound(
                    f"企业“{record.name}”与{names}名称相同或只差写法，统一社会信用代码却不同。"
                    "请对照营业执照核对；是同一家的改正代码，确是两家的可以不改。",
                    book=book,
                    sheet="enterprises",
                    record=record,
                    field="name",
                    related=tuple((other, "enterprises", one, "name") for other, one in elsewhere[:10]),
                )
