"""Made-up inventories and grading workbooks with faults of every kind: valid rows, some of their cells changed, each change with a name."""

import datetime as dt
import random
import re
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from tests.inventory import cases_by_rule, full_rows, kind_of
from validators.columns import LEVELS, POLLUTANTS, SHEETS, TITLES, BookKind, Column
from validators.ruleset import RuleSet
from workbook_templates.county.grading_workbook import make_grading
from workbook_templates.formulas.default_formulas import INHERITED
from workbook_templates.samples.sample_inventory import make_rows

COUNTY = "371502"
ROWS = 300
"""Rows of each sheet of an inventory, at least."""
FEW_ROWS = 60
"""Likewise for engines that take their time."""
GRADING_ROWS = 150
"""Likewise of a grading workbook, about."""
Row = dict[str, Any]
Change = Callable[[random.Random, Any], Any]

ERROR = "#N/A!"
"""Becomes an error value in the file, which the template cannot be asked to write."""
NUMBERS: dict[str, Change] = {
    "错误值": lambda rng, old: ERROR,
    "文本数字": lambda rng, old: f"{rng.randrange(1, 999) / 4}",
    "全角数字": lambda rng, old: "１２．５",
    "前后空格": lambda rng, old: " 12 ",
    "只有空格": lambda rng, old: "  ",
    "全角空格": lambda rng, old: "　",
    "文字": lambda rng, old: "约12",
    "带单位": lambda rng, old: "12吨",
    "负数": lambda rng, old: -rng.randrange(1, 50),
    "零": lambda rng, old: 0,
    "一百": lambda rng, old: 100,
    "过百": lambda rng, old: 100.5,
    "小数": lambda rng, old: 0.5,
    "很大": lambda rng, old: 98_765_432,
    "很小": lambda rng, old: 1e-7,
    "略多": lambda rng, old: old * 1.009 if isinstance(old, int | float) else 1,
    "翻倍": lambda rng, old: old * 2 if isinstance(old, int | float) else 2,
    "百分号": lambda rng, old: "20%",
    "千分位": lambda rng, old: "1,234",
    "千分位不齐": lambda rng, old: rng.choice(["1,23", "0,5", "12,34.5", "1,2345"]),
    "全角逗号": lambda rng, old: rng.choice(["１，２３４", "1，234.5"]),
    "句号": lambda rng, old: "3。5",
    "网页空格": lambda rng, old: rng.choice(["1\u00a0234", "\u00a012\u00a0"]),
    "科学计数": lambda rng, old: rng.choice(["1e2", "1.5E+1", "5e-1"]),
    "空格分千": lambda rng, old: "1 234",
    "两个值": lambda rng, old: rng.choice(["12 13", "12\n13", "1.5\t2", "12.5 6"]),
    "钱": lambda rng, old: "¥5",
    "文本负数": lambda rng, old: "-3",
    "日期样": lambda rng, old: "2020-8-1",
}
DATES: dict[str, Change] = {
    "短横": lambda rng, old: "2020-8-17",
    "斜杠": lambda rng, old: "2020/8/1",
    "点": lambda rng, old: "2020.08.30",
    "年月日": lambda rng, old: "2020年8月21日",
    "八位文字": lambda rng, old: "20200817",
    "八位数字": lambda rng, old: 20200822,
    "全角日期": lambda rng, old: "２０２０－８－１７",
    "没有这天": lambda rng, old: "2020-13-01",
    "两位年": lambda rng, old: "20-8-17",
    "缺日": lambda rng, old: "2020-8",
    "文字": lambda rng, old: "昨天",
    "小数字": lambda rng, old: 4_000,
    "两个值": lambda rng, old: "2020-8-1\n7",
    "序列号": lambda rng, old: rng.randrange(43_600, 44_300),
}
CHOICES: dict[str, Change] = {
    "错误值": lambda rng, old: ERROR,
    "后有空格": lambda rng, old: f"{old} ",
    "中有空格": lambda rng, old: " ".join(str(old)),
    "全角字母": lambda rng, old: "".join(chr(ord(c) + 0xFEE0) if c.isascii() and c.isalpha() else c for c in str(old)),
    "半角括号": lambda rng, old: str(old).replace("（", "(").replace("）", ")"),
    "小写": lambda rng, old: str(old).lower(),
    "不在表里": lambda rng, old: "不知道",
    "通配符": lambda rng, old: rng.choice(["*", "?", "~"]),
    "数字": lambda rng, old: 1,
}
CODES: dict[str, Change] = {
    "少一位": lambda rng, old: str(old)[:-1],
    "多一位": lambda rng, old: f"{old}1",
    "小写": lambda rng, old: str(old).lower(),
    "有空格": lambda rng, old: f"{str(old)[:6]} {str(old)[6:]}",
    "全角数字": lambda rng, old: "".join(chr(ord(c) + 0xFEE0) if c.isdecimal() else c for c in str(old)),
    "改一位": lambda rng, old: str(old)[:-2] + rng.choice("0123456789ABCXYZ") + str(old)[-1:],
    "不该有的字母": lambda rng, old: str(old)[:-1] + "O",
    "数字": lambda rng, old: 913715020000000,
    "科学计数": lambda rng, old: "9.13715E+17",
    "文字": lambda rng, old: "正在办理",
    "两个值": lambda rng, old: f"{old}\n{old}",
    "换行在后": lambda rng, old: f"{old}\n",
}


def typed(value: object) -> Change:
    """A change to one value."""
    return lambda rng, old: value


NUMBERS_TO_CALL = (
    "13806350001", "12806350001", "1380635000", "0635-8412345", "06358412345", "（0635）8412345",
    "(0635)8412345", "0635-8412345-801", "0635-8412345转801", "8412345", "1412345", "400-635-0001",
    "4006350001", "400-6350001", "4006-350001", "010-12345678", "010-82345678", "01082345678", "0635转8412345",
    "(0635-8412345", "138 0635 0001", "１３８０６３５０００１", "13806350001、13906350002", "无", "0635--8412345",
    "0635-8412345-", "13806350001\n13906350002", "0635-84123456", "0535-841234", "8412345-1234567", "0035-8412345", "０６３５－８４１２３４５",
)  # fmt: skip
PHONES: dict[str, Change] = {f"电话{place}": typed(text) for place, text in enumerate(NUMBERS_TO_CALL)}
TEXTS: dict[str, Change] = {
    "错误值": lambda rng, old: ERROR,
    "前有空格": lambda rng, old: f" {old}",
    "后有空格": lambda rng, old: f"{old} ",
    "很长": lambda rng, old: "长" * 101,
    "数字": lambda rng, old: 12,
    "文本里的全角数字": lambda rng, old: f"{old}１号",
    "汉字间的空格": lambda rng, old: f"{str(old)[:2]} {str(old)[2:]}",
    "公式样": lambda rng, old: "=1+1",
    "没有的词": lambda rng, old: rng.choice(
        [
            "待定",
            "N/A",
            "nan",
            "ＮＡ",
            "*",
            "?",
            "/",
            "待 定",
            " 无数据",
            "......",
            "……",
            "（空）",
            "待补。",
            "———",
            "？？？",
        ]
    ),
    "不算数的词": lambda rng, old: rng.choice(["略", "见附件", "（略）"]),
    "错误值的文字": lambda rng, old: rng.choice(["#REF!", "#VALUE!", "#div/0!"]),
    "数字的文字": lambda rng, old: rng.choice(["0", "123", "12.5"]),
    "问号": lambda rng, old: f"{old}?",
    "同上": lambda rng, old: rng.choice(["同上", "同上一行", "（同上）", "〃"]),
    "带通配符": lambda rng, old: rng.choice(["待*", "??", "~", "*定", "待定企业"]),
}
MEASURES: dict[str, Change] = {
    "套话": lambda rng, old: "加强管理，提高治污效率",
    "没有对象": lambda rng, old: "减少产量20吨",
    "没有数量": lambda rng, old: "生产线适当减产",
    "百分数": lambda rng, old: f"生产线限产{rng.choice([10, 20, 30, 50])}%",
    "由至": lambda rng, old: "回转窑投料量由2900吨降至2320吨",
    "全部停产": lambda rng, old: "全部停产",
}
KINDS: dict[str, dict[str, Change]] = {
    "int": NUMBERS, "decimal": NUMBERS, "date": DATES, "enum": CHOICES, "id": CODES, "ref": CODES, "refs": CODES,
    "code18": CODES, "code22": CODES, "code4": CODES, "phone": PHONES, "text": TEXTS,
}  # fmt: skip


COMBINATIONS: dict[str, list[Row]] = {
    "enterprises": [
        {"filing": "未申报", "grade": "A"},
        {"filing": "未申报", "grade": "C"},
        {"filing": "申请表", "applied_grade": "B"},
        {"bar": "未批先建", "offence_on": dt.date(2020, 3, 1), "applied_grade": "A", "filing": "申请报告"},
        {"bar": "其他", "offence_on": dt.date(2019, 8, 18), "applied_grade": "B", "filing": "申请报告"},
        {"guaranteed": "是", "grade": "B-"},
        {"guaranteed": "是", "grade": "C"},
        {"fraud": "是", "grade": "B"},
        {"fraud": "是", "grade": "C"},
        {"grade": "A", "fixed_by": "县指挥部"},
        {"uscc": 913715020000000000},
        {"permit_no": 9.1371502e21},
        {"permit_class": "登记管理", "permit_no": None},
        {"longitude": 36.45, "latitude": 115.98},
        {"industry": "非重点行业", "subtype": None},
        {"industry": "非重点行业", "subtype": None, "industry_code": "6210"},
        {"industry": "非重点行业", "subtype": None, "name": "聊城样例汽车维修有限公司"},
        {"industry_code": "4412", "guaranteed": "否", "long_idle": "否"},
        {"industry": "防水建筑材料制造", "subtype": "塑料类", "grade": "未评级", "filing": "不适用"},
        {"run_days": 200},
    ],
    "lines": [
        {"equipment": "长期闲置的设备1台"},
        {"run_days": 0, "red_ratio": 100},
        {"so2_daily": 0, "nox_daily": 0, "pm_daily": 0, "vocs_daily": 0, "red_ratio": 50},
        {"industry": "防水建筑材料制造", "subtype": "塑料类", "grade": "未评级", "red_ratio": 0},
        {"red_type": "停产", "red_measure": "该车间全部停产"},
        {"run_days": 365},
    ],
    "guarantee": [
        {"decided_by": "省生态环境厅", "ministry_filed": "否"},
        {"decided_on": dt.date(2020, 8, 22)},
        {"max_load": None, "load_unit": None},
    ],
    "transport": [{"trucks": 60}, {"machines_cn2": 99}, {"orange_transport": "无"}],
    "applications": [
        {"filing": "申请表"},
        {"filing": "申请报告", "applied_grade": "D"},
        {"commitment": "否"},
        {"bar": "构成犯罪", "offence_on": dt.date(2020, 3, 1), "applied_grade": "A", "filing": "申请报告"},
        {"fraud": "主动行贿"},
        {"filing": "未申报"},
        {"applied_grade": "B", "filing": "申请报告"},
        {"received_on": dt.date(2020, 8, 17)},
        {"site": None, "uscc": "91371502MA3C00001F"},
    ],
    "processes": [{"applied_grade": "D"}, {"applied_grade": "A"}, {"fixed_grade": "D"}],
    "aspects": [{"meets": "否"}, {"city_meets": "否", "city_note": "不符"}, {"city_meets": None}],
    "county": [
        {"result": "同意", "grade": "B"},
        {"result": "不同意", "grade": "A", "reason": "不符"},
        {"true_papers": "否"},
        {"result": "退回补正", "grade": None, "reported_on": None},
        {"reported_on": dt.date(2020, 8, 1)},
        {"reported_on": dt.date(2020, 8, 25)},
        {"reported_on": None},
    ],
    "visits": [{"visitor": "市指挥部"}, {"result": "不符合"}, {"visited_on": dt.date(2020, 8, 25)}],
    "city": [
        {"drawn": "抽中"},
        {"result": "退回补正"},
        {"reviewed_on": dt.date(2020, 8, 1)},
        {"reported_on": dt.date(2020, 9, 1)},
        {"reported_on": None},
        {"result": "不同意", "reason": "不符"},
    ],
    "province": [{"grade": "A"}, {"fixed_on": dt.date(2020, 8, 2)}],
    "events": [
        {"what": "公众举报", "finding": None},
        {"finding": "与等级不符"},
        {"what": "等级调整", "old_grade": "C", "new_grade": "B", "approved_by": "县指挥部"},
        {
            "what": "等级调整",
            "old_grade": "C",
            "new_grade": "C",
            "changed_on": dt.date(2020, 12, 20),
            "reported_on": None,
        },
        {"what": "应急措施未落实", "penalty": None, "correct_by": dt.date(2020, 10, 1)},
        {"what": "应急措施未落实", "penalty": "样例罚1号", "published_on": None},
        {"what": "监督检查", "new_grade": "D"},
    ],
}
"""Values that belong together in a fault."""


class Maker:
    """Rows of all sheets; `named` says which changes were made to a row."""

    def __init__(self, seed: int, ruleset: RuleSet, many: int = ROWS) -> None:
        self.rng, self.ruleset, self.many = random.Random(seed), ruleset, many  # noqa: S311 - made-up rows
        self.rows: dict[str, list[Row]] = {
            key: [dict(row) for row in own] for key, own in make_rows(COUNTY, many, seed % 1000, ruleset).items()
        }
        lost = {row["list_id"] for row in self.rng.sample(self.rows["enterprises"], 5)}
        self.rows["lines"] = [line for line in self.rows["lines"] if line["list_id"] not in lost]
        for row in self.rng.sample(self.rows["enterprises"], 6):
            row["phone"] = "0635-8412345"
        for line in self.rows["lines"][::2]:  # these show what stands at their enterprise
            for field in INHERITED:
                line.pop(field, None)
        self._more()
        self._spoil()
        # nothing but what other lines take from their enterprise
        alone: list[Row] = [
            {"industry": "包装印刷"},
            {"grade": "B"},
            {"subtype": "没有这一种"},
            {"industry": "没有这一种"},
        ]
        self.rows["lines"] += alone

    def _spoil(self) -> None:
        """Change cells of about half of the rows."""
        self.named: dict[tuple[str, int], set[str]] = {}
        for sheet, rows in self.rows.items():
            for number, row in enumerate(rows):
                for _ in range(self.rng.choice([0, 0, 0, 1, 1, 2, 3])):
                    self.named.setdefault((sheet, number), set()).update(self._change(sheet, row, number))

    def _more(self) -> None:
        """As many rows of the small sheets too."""
        rng, rows = self.rng, self.rows
        for sheet, letter in (("dust", "Y"), ("mobile", "D"), ("removals", "G")):
            first = list(rows[sheet])
            while len(rows[sheet]) < self.many:
                number = len(rows[sheet]) + (1 if sheet != "removals" else 5001)
                rows[sheet].append({**rng.choice(first), "list_id": f"{COUNTY}-{letter}-{number:04d}"})
        enterprises = [row["list_id"] for row in rows["enterprises"]]
        lines: dict[str, list[str]] = {}
        for line in rows["lines"]:
            lines.setdefault(line["list_id"], []).append(line["line_id"])
        enterprises = [own for own in enterprises if own in lines]
        for sheet in ("guarantee", "changes"):
            first = list(rows[sheet])
            while len(rows[sheet]) < self.many:
                row = {**rng.choice(first), "list_id": rng.choice(enterprises)}
                if sheet == "guarantee":
                    own = lines[row["list_id"]]
                    row["line_ids"] = rng.choice(["、", "，", ";"]).join(own[: rng.randrange(1, len(own) + 1)])
                rows[sheet].append(row)

    def _change(self, sheet: str, row: Row, number: int) -> set[str]:
        """Change a cell, or a few that belong together; what was done."""
        rng = self.rng
        columns = [column for column in SHEETS[sheet].columns if column.required != "auto"]
        column = rng.choice(columns)
        old = row.get(column.field)
        kind = rng.randrange(7)
        if kind == 0:
            row[column.field] = None
            return {"空白"}
        if kind == 1:
            return self._copy(sheet, row, column)
        if kind == 2:
            return self._enums(sheet, row)
        if kind == 3 and sheet in ("lines", "dust", "mobile"):
            return self._numbers(sheet, row)
        if kind == 6 and sheet in COMBINATIONS:
            row.update(rng.choice(COMBINATIONS[sheet]))
            return {"凑成的"}
        if column.field.endswith("_measure") and rng.random() < 0.7:
            name, change = rng.choice(list(MEASURES.items()))
        else:
            name, change = rng.choice(list(KINDS[column.kind].items()))
        row[column.field] = change(rng, "" if old is None else old)
        return {name, column.kind, f"{column.kind}：{name}"}

    def _copy(self, sheet: str, row: Row, column: Column) -> set[str]:
        """The same value as another row has."""
        other = self.rng.randrange(len(self.rows[sheet]))
        row[column.field] = self.rows[sheet][other].get(column.field)
        if sheet == "enterprises" and self.rng.random() < 0.3:
            row.update({name: self.rows[sheet][other].get(name) for name in ("name", "uscc", "site")})
        return {"别行的值", *self.named.get((sheet, other), ())}

    def _enums(self, sheet: str, row: Row) -> set[str]:
        """Other allowed values."""
        columns = [column for column in SHEETS[sheet].columns if column.kind == "enum"]
        for column in self.rng.sample(columns, min(len(columns), self.rng.randrange(1, 4))):
            row[column.field] = self.rng.choice(self.ruleset.allowed(column.values))
        return {"别的选项"}

    def _numbers(self, sheet: str, row: Row) -> set[str]:
        """Numbers of a level that no longer fit together."""
        level = self.rng.choice(LEVELS)
        if sheet == "lines":
            row[f"{level}_ratio"] = self.rng.choice([0, 10, 20, 33.3, 50, 100])
            if self.rng.random() < 0.5:
                for pollutant in POLLUTANTS:
                    row.pop(f"{level}_{pollutant}_cut", None)
        else:
            for column in SHEETS[sheet].columns:
                if column.field.startswith(level) and column.field.endswith("cut"):
                    row[column.field] = self.rng.choice([0, 1, 5, 1000])
        return {"别的数"}


class GradingMaker(Maker):
    """The same for a grading workbook."""

    def __init__(self, seed: int, ruleset: RuleSet, many: int = 120) -> None:
        self.rng, self.ruleset = random.Random(seed), ruleset  # noqa: S311 - made-up rows
        self.rows = {key: [dict(row) for row in own] for key, own in make_grading(COUNTY, many, seed, ruleset).items()}
        for row in self.rng.sample(self.rows["applications"], 3):  # rows that nothing was found about
            for sheet in ("county", "city", "province"):
                self.rows[sheet] = [other for other in self.rows[sheet] if other["list_id"] != row["list_id"]]
        self.rows["aspects"] = self.rows["aspects"][:GRADING_ROWS]
        for sheet in ("processes", "city", "province", "events"):
            first = [*self.rows[sheet]]
            sites = [row["list_id"] for row in self.rows["applications"]]
            while len(self.rows[sheet]) < GRADING_ROWS // 2:
                self.rows[sheet].append({**self.rng.choice(first), "list_id": self.rng.choice(sites)})
        self._spoil()


ODD = re.compile(r"\\[ux]|[⽆�]|23:59|'remark': '[^']*[?Á]")
GAP = re.compile("[一-鿿] [一-鿿]|[０-９]")
NAMED = re.compile(COUNTY + r"-[GYD]-\d{4}")


class CaseMaker:
    """The cases of all rules in one workbook, each with numbers of its own: those that are found, or those that are not.

    Without those about characters that nobody sees or that another font shows, and about garbled prose, which are left
    to the program (`PARTLY`).
    """

    def __init__(self, kind: BookKind, found: bool) -> None:
        self.rows: dict[str, list[Row]] = {key: [] for key in TITLES[kind]}
        self.named: dict[tuple[str, int], set[str]] = {}
        numbers = count(1)
        for cases in cases_by_rule().values():
            for case in cases:
                plain = (
                    not ODD.search(repr(case.get("rows")))
                    and case.keys() == {"name", "rows", "finds"}
                    and kind_of(case["rows"]) == kind
                )
                if plain and bool(case["finds"]) is found:
                    self._add(full_rows(case["rows"]), numbers)

    def _add(self, rows: dict[str, list[Row]], numbers: Iterator[int]) -> None:
        own: dict[str, str] = {}

        def again(name: re.Match[str]) -> str:
            return own.setdefault(name[0], f"{name[0][:-4]}{next(numbers):04d}")

        for sheet, given in rows.items():
            for row in given:
                texts = [str(row.get(one.field)) for one in SHEETS[sheet].columns if one.kind == "text"]
                if any(map(GAP.search, texts)):
                    self.named[sheet, len(self.rows[sheet])] = {"text：汉字间的空格"}
                self.rows[sheet].append({k: NAMED.sub(again, v) if isinstance(v, str) else v for k, v in row.items()})
