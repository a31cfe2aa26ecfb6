"""The script that a good engineer writes in an afternoon, to measure ours against: pandas, openpyxl, pydantic.

`python -m bench.naive FOLDER OUT` reads every county workbook of a folder, checks cells and rows with a pydantic
model per row, checks across rows with pandas, writes all counties into one workbook with provenance and findings,
and, when nothing is wrong, the submission. It is meant to be readable and fair: no trick to slow it down, none to
speed it up. It trusts the cached values of formulas, knows about half of our rules, and keeps no cell addresses.
"""

import datetime as dt
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pandas as pd
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from stdnum.cn import uscc

RULESET = Path(__file__).parents[1] / "validators" / "rulesets" / "2020"
HEADER = 3  # the headers stand in the fourth row
CODES = dict.fromkeys(["行业代码", "联系电话", "监管责任人电话", "工序责任人电话", "责任人电话"], str)
"""Columns of digits that pandas would make numbers of."""
NOT_KEY, UNGRADED, PROVINCE = "非重点行业", "未评级", "省生态环境厅"
HIGH = ("A", "B", "B-", "引领性")
POLLUTANTS = ("so2", "nox", "pm", "vocs")
LEVELS = ("yellow", "orange", "red")
LEVEL_PAIRS = (("yellow", "orange"), ("orange", "red"))
COUNTED = ("用电量", "天然气量", "投料量", "出焦时间", "在线监测")
PHONE = re.compile(r"1[3-9]\d{9}|(0[1-9]\d{1,2}-?)?[2-9]\d{6,7}(-\d{1,6})?|400-?\d{3}-?\d{4}")

industries = pd.read_csv(RULESET / "industries.csv", dtype=str, keep_default_na=False)
KEY_INDUSTRIES = set(industries["industry"])
SUBTYPES = {name: set(rows["subtype"]) - {""} for name, rows in industries.groupby("industry")}
SUBTYPED = {name for name, rows in industries.groupby("industry") if "" not in set(rows["subtype"])}
GRADES = set(pd.read_csv(RULESET / "grades.csv")["grade"])
ORDER = pd.read_csv(RULESET / "grades.csv").dropna(subset="order").set_index("grade")["order"].to_dict()
GUARANTEES = set(pd.read_csv(RULESET / "guarantee.csv")["category"])
divisions = pd.read_csv(RULESET / "divisions.csv")
COUNTIES = divisions[divisions["submits"] == "yes"].set_index("name")["code"].to_dict()


def one_of(allowed: set[str]) -> Callable[[str], str]:
    def check(value: str) -> str:
        if value not in allowed:
            raise ValueError(f"“{value}”不在可选值之内")
        return value

    return check


def check_uscc(value: str) -> str:
    if not uscc.is_valid(value):
        raise ValueError(f"统一社会信用代码“{value}”有误")
    return value


def check_phone(value: str) -> str:
    if not PHONE.fullmatch(value):
        raise ValueError(f"“{value}”不是有效的电话")
    return value


YesNo = Literal["是", "否"]
Industry = Annotated[str, AfterValidator(one_of(KEY_INDUSTRIES | {NOT_KEY}))]
Subtype = Annotated[str, AfterValidator(one_of(set().union(*SUBTYPES.values())))]
Grade = Annotated[str, AfterValidator(one_of(GRADES))]
Guarantee = Annotated[str, AfterValidator(one_of(GUARANTEES))]
County = Annotated[str, AfterValidator(one_of(set(COUNTIES)))]
Uscc = Annotated[str, AfterValidator(check_uscc)]
Phone = Annotated[str, AfterValidator(check_phone)]
EnterpriseId = Annotated[str, Field(pattern=r"^[0-9A-Z-]{5,6}-G-\d{4}$")]
DustId = Annotated[str, Field(pattern=r"^[0-9A-Z-]{5,6}-Y-\d{4}$")]
MobileId = Annotated[str, Field(pattern=r"^[0-9A-Z-]{5,6}-D-\d{4}$")]
LineId = Annotated[str, Field(pattern=r"^[0-9A-Z-]{5,6}-G-\d{4}-L\d{2}$")]
Amount = Annotated[float, Field(ge=0)]
Whole = Annotated[int, Field(ge=0)]
Days = Annotated[int, Field(ge=0, le=366)]
Percent = Annotated[float, Field(ge=0, le=100)]
Longitude = Annotated[float, Field(ge=115.2667, le=116.5333)]
Latitude = Annotated[float, Field(ge=35.7833, le=37.0333)]
Measure = Literal[
    "自主减排", "停产", "停产部分生产线", "限产", "延长出焦时间", "仅运输管控", "以热定产", "以处置定产", "以量定产", "不停产",
]  # fmt: skip
TRANSPORT = (
    "无", "禁国三及以下重型柴油（燃气）", "禁国四及以下重型柴油（燃气）", "禁国四及以下重型柴油与国五及以下燃气", "停止公路运输",
)  # fmt: skip
Transported = Annotated[str, AfterValidator(one_of(set(TRANSPORT)))]


class Row(BaseModel):
    """A row of a sheet; `problems` says what is wrong between its cells."""

    model_config = ConfigDict(populate_by_name=True)

    def problems(self) -> Iterator[str]:
        yield from ()

    @model_validator(mode="after")
    def check_row(self) -> Self:
        found = list(self.problems())
        if found:
            raise ValueError("；".join(found))
        return self


class Enterprise(Row):
    list_id: EnterpriseId = Field(alias="清单编号")
    district: County = Field(alias="区县")
    township: str = Field(alias="乡镇（街道）")
    park: str | None = Field(None, alias="所属工业园区")
    name: str = Field(alias="企业名称", max_length=100)
    site: str | None = Field(None, alias="厂区名称")
    uscc: Uscc = Field(alias="统一社会信用代码")
    permit_class: Literal["重点管理", "简化管理", "登记管理", "无"] = Field(alias="排污许可管理类别")
    permit_no: str | None = Field(None, alias="排污许可证编号")
    longitude: Longitude = Field(alias="经度（°）")
    latitude: Latitude = Field(alias="纬度（°）")
    datum: Literal["CGCS2000", "WGS84", "GCJ02"] = Field(alias="坐标系")
    address: str = Field(alias="详细地址")
    industry_code: str = Field(alias="行业代码", pattern=r"^\d{4}$")
    industry_name: str | None = Field(None, alias="行业名称")
    industry: Industry = Field(alias="重点行业")
    subtype: Subtype | None = Field(None, alias="重点行业子类")
    filing: Literal["申请报告", "申请表", "未申报", "不适用"] = Field(alias="申报方式")
    applied_grade: Grade | None = Field(None, alias="申报等级")
    grade: Grade = Field(alias="绩效等级")
    fixed_by: Literal["省生态环境厅", "市指挥部", "县指挥部", "待核定"] | None = Field(None, alias="核定机关")
    fixed_on: dt.date | None = Field(None, alias="核定日期")
    bar: Literal["无", "未批先建", "超许可排放浓度", "超许可排放量", "未安装使用自动监测", "构成犯罪", "其他"] = Field(
        alias="近一年限制申报情形"
    )
    offence_on: dt.date | None = Field(None, alias="违法行为日期")
    fraud: YesNo = Field(alias="弄虚作假或行贿")
    guaranteed: YesNo = Field(alias="是否保障类")
    long_idle: YesNo = Field(alias="是否长期停产")
    small: YesNo = Field(alias="是否小微涉气企业")
    run_days: Days = Field(alias="年运行天数（d）")
    so2_annual: Amount = Field(alias="SO2年排放量（t/a）")
    nox_annual: Amount = Field(alias="NOx年排放量（t/a）")
    pm_annual: Amount = Field(alias="颗粒物年排放量（t/a）")
    vocs_annual: Amount = Field(alias="VOCs年排放量（t/a）")
    emission_source: Literal["在线监测", "排污许可执行报告", "环境统计", "污染源普查", "产排污系数", "监督性监测"] = (
        Field(alias="排放量来源")
    )
    plan: Literal["操作方案", "公示牌", "无"] = Field(alias="一厂一策")
    plan_filed_on: dt.date | None = Field(None, alias="一厂一策备案日期")
    legal_person: str | None = Field(None, alias="法定代表人")
    contact: str = Field(alias="联系人")
    phone: Phone = Field(alias="联系电话")
    supervisor: str = Field(alias="监管责任人")
    supervisor_phone: Phone = Field(alias="监管责任人电话")
    remark: str | None = Field(None, alias="备注")

    def problems(self) -> Iterator[str]:
        if self.industry in SUBTYPED and self.subtype is None:
            yield "该行业有几套分级办法，请填重点行业子类"
        if self.filing in ("申请报告", "申请表") and self.applied_grade is None:
            yield "请填申报等级"
        if self.grade != UNGRADED and self.fixed_by is None:
            yield "请填核定机关"
        if self.permit_class != "无" and self.permit_no is None:
            yield "应有排污许可证编号"
        if self.permit_no and (len(self.permit_no) != 22 or self.permit_no[:18] != self.uscc):
            yield "许可证编号与信用代码不符"
        if not 1 <= int(self.industry_code[:2]) <= 97:
            yield "行业代码有误"
        if self.industry != NOT_KEY and self.filing == "未申报" and self.grade in HIGH:
            yield "未申报应为最低等级"
        if self.grade in HIGH and self.fixed_by != PROVINCE:
            yield "应由省生态环境厅核定"
        if self.bar != "无" and self.offence_on is None:
            yield "请填违法行为日期"
        if (
            self.bar != "无"
            and self.offence_on
            and dt.date(2019, 8, 19) <= self.offence_on <= dt.date(2020, 8, 18)
            and self.applied_grade in HIGH
        ):
            yield "限制申报"
        if self.fraud == "是" and self.grade in HIGH:
            yield "弄虚作假应为最低等级"
        if self.filing == "申请报告" and self.applied_grade in ("D", "非引领性"):
            yield "申报最低等级应填申请表"
        if self.plan == "无":
            yield "缺少一厂一策"
        if self.plan_filed_on and self.fixed_on and self.plan_filed_on < self.fixed_on:
            yield "一厂一策未修订"


class Line(Row):
    list_id: EnterpriseId = Field(alias="清单编号")
    line_id: LineId = Field(alias="生产线编码")
    line_name: str = Field(alias="生产线名称")
    process: str = Field(alias="工序")
    industry: Industry = Field(alias="重点行业")
    subtype: Subtype | None = Field(None, alias="重点行业子类")
    grade: Grade = Field(alias="绩效等级")
    equipment: str = Field(alias="主要生产设备")
    product: str = Field(alias="主要产品")
    capacity_unit: str = Field(alias="产能单位")
    eia_capacity: Amount | None = Field(None, alias="环评批复产能")
    permit_capacity: Amount | None = Field(None, alias="排污许可产能")
    last_output: Amount | None = Field(None, alias="前一年实际产量")
    run_days: Days = Field(alias="年运行天数（d）")
    baseline_daily: float | None = Field(None, alias="基准日产量")
    fuel: Literal["煤", "天然气", "生物质", "电", "柴油", "煤气", "其他", "无"] = Field(alias="燃料类型")
    abatement: str = Field(alias="治理设施")
    can_pause: YesNo = Field(alias="可否短时启停")
    so2_daily: Amount = Field(alias="SO2日排放量（kg/d）")
    nox_daily: Amount = Field(alias="NOx日排放量（kg/d）")
    pm_daily: Amount = Field(alias="颗粒物日排放量（kg/d）")
    vocs_daily: Amount = Field(alias="VOCs日排放量（kg/d）")
    yellow_type: Measure = Field(alias="黄色预警_措施类型")
    yellow_measure: str = Field(alias="黄色预警_限停产措施")
    yellow_ratio: Percent = Field(alias="黄色预警_减排比例（%）")
    yellow_so2_cut: Amount = Field(alias="黄色预警_SO2减排量（kg/d）")
    yellow_nox_cut: Amount = Field(alias="黄色预警_NOx减排量（kg/d）")
    yellow_pm_cut: Amount = Field(alias="黄色预警_颗粒物减排量（kg/d）")
    yellow_vocs_cut: Amount = Field(alias="黄色预警_VOCs减排量（kg/d）")
    orange_type: Measure = Field(alias="橙色预警_措施类型")
    orange_measure: str = Field(alias="橙色预警_限停产措施")
    orange_ratio: Percent = Field(alias="橙色预警_减排比例（%）")
    orange_so2_cut: Amount = Field(alias="橙色预警_SO2减排量（kg/d）")
    orange_nox_cut: Amount = Field(alias="橙色预警_NOx减排量（kg/d）")
    orange_pm_cut: Amount = Field(alias="橙色预警_颗粒物减排量（kg/d）")
    orange_vocs_cut: Amount = Field(alias="橙色预警_VOCs减排量（kg/d）")
    red_type: Measure = Field(alias="红色预警_措施类型")
    red_measure: str = Field(alias="红色预警_限停产措施")
    red_ratio: Percent = Field(alias="红色预警_减排比例（%）")
    red_so2_cut: Amount = Field(alias="红色预警_SO2减排量（kg/d）")
    red_nox_cut: Amount = Field(alias="红色预警_NOx减排量（kg/d）")
    red_pm_cut: Amount = Field(alias="红色预警_颗粒物减排量（kg/d）")
    red_vocs_cut: Amount = Field(alias="红色预警_VOCs减排量（kg/d）")
    indicator: Literal["用电量", "天然气量", "投料量", "出焦时间", "在线监测", "开停机记录", "其他", "无"] = Field(
        alias="核查指标"
    )
    indicator_unit: str | None = Field(None, alias="核查指标单位")
    indicator_normal: float | None = Field(None, alias="核查指标_正常值")
    yellow_indicator: float | None = Field(None, alias="核查指标_黄色预警值")
    orange_indicator: float | None = Field(None, alias="核查指标_橙色预警值")
    red_indicator: float | None = Field(None, alias="核查指标_红色预警值")
    keeper: str = Field(alias="工序责任人")
    keeper_phone: Phone = Field(alias="工序责任人电话")
    reduction_note: str | None = Field(None, alias="减排量核算说明")

    def problems(self) -> Iterator[str]:
        if self.industry in SUBTYPED and self.subtype is None:
            yield "该行业有几套分级办法，请填重点行业子类"
        for low, high in LEVEL_PAIRS:
            if getattr(self, f"{low}_ratio") > getattr(self, f"{high}_ratio"):
                yield f"减排比例倒挂：{high}"
        for pollutant in POLLUTANTS:
            daily = getattr(self, f"{pollutant}_daily")
            cuts = {level: getattr(self, f"{level}_{pollutant}_cut") for level in LEVELS}
            for low, high in LEVEL_PAIRS:
                if cuts[low] > cuts[high] + 1e-6:
                    yield f"减排量倒挂：{high} {pollutant}"
            for level, cut in cuts.items():
                due = daily * getattr(self, f"{level}_ratio") / 100
                if cut > daily + 1e-6:
                    yield f"减排量超过排放量：{level} {pollutant}"
                if abs(cut - due) > max(0.01, 0.01 * due) and not self.reduction_note:
                    yield f"减排量与比例不符：{level} {pollutant}"
        for level in LEVELS:
            kind, ratio = getattr(self, f"{level}_type"), getattr(self, f"{level}_ratio")
            if kind == "停产" and ratio < 100:
                yield f"停产而比例不到100：{level}"
            if kind in ("自主减排", "仅运输管控", "不停产") and ratio > 0:
                yield f"不减产而比例大于0：{level}"
            if kind == "限产" and None in (self.eia_capacity, self.permit_capacity, self.last_output):
                yield "限产基准不明"
            if kind == "停产" and self.can_pause == "否":
                yield f"连续工序短时停产：{level}"
            alert = getattr(self, f"{level}_indicator")
            if self.indicator in COUNTED:
                if alert is None or self.indicator_normal is None or self.indicator_unit is None:
                    yield f"缺少核查指标：{level}"
                elif ratio > 0 and (
                    alert <= self.indicator_normal if self.indicator == "出焦时间" else alert >= self.indicator_normal
                ):
                    yield f"核查指标不随措施变化：{level}"
            text = getattr(self, f"{level}_measure")
            if ratio > 0 and not re.search(r"\d|全部|全线|停产", text):
                yield f"措施不可核查：{level}"


class Transport(Row):
    list_id: EnterpriseId = Field(alias="清单编号")
    trucks: Whole = Field(alias="日均进出厂货车（辆次/d）")
    trucks_cn4: Whole = Field(alias="其中国四及以下（辆次/d）")
    trucks_cn5: Whole = Field(alias="其中国五（辆次/d）")
    trucks_cn6: Whole = Field(alias="其中国六（辆次/d）")
    trucks_new_energy: Whole = Field(alias="其中新能源（辆次/d）")
    inner_vehicles: Whole = Field(alias="厂内运输车辆数（辆）")
    machines: Whole = Field(alias="非道路移动机械数（台）")
    machines_cn2: Whole = Field(alias="其中国二及以下机械（台）")
    gates: Whole = Field(alias="载货出入口数（个）")
    barriers: Whole = Field(alias="道闸数（个）")
    gate_video: YesNo = Field(alias="门禁视频是否联网")
    yellow_transport: Transported = Field(alias="黄色预警_运输措施")
    orange_transport: Transported = Field(alias="橙色预警_运输措施")
    red_transport: Transported = Field(alias="红色预警_运输措施")

    def problems(self) -> Iterator[str]:
        if self.trucks_cn4 + self.trucks_cn5 + self.trucks_cn6 + self.trucks_new_energy != self.trucks:
            yield "车辆分项不符"
        if self.machines_cn2 > self.machines:
            yield "机械分项不符"
        if self.trucks > 10 and "无" in (self.orange_transport, self.red_transport):
            yield "缺少运输措施"
        steps = [TRANSPORT.index(getattr(self, f"{level}_transport")) for level in LEVELS]
        if steps != sorted(steps):
            yield "运输措施倒挂"


class Dust(Row):
    list_id: DustId = Field(alias="清单编号")
    district: County = Field(alias="区县")
    dust_name: str = Field(alias="扬尘源名称")
    dust_type: str = Field(alias="扬尘源类型")
    address: str = Field(alias="详细地址")
    longitude: Longitude = Field(alias="经度（°）")
    latitude: Latitude = Field(alias="纬度（°）")
    area: float = Field(alias="占地面积（m²）", gt=0)
    owner: str = Field(alias="建设单位")
    builder: str = Field(alias="施工单位")
    begun_on: dt.date = Field(alias="开工日期")
    done_on: dt.date = Field(alias="预计完工日期")
    key_project: YesNo = Field(alias="是否重点保障性工程")
    pm_daily: Amount = Field(alias="颗粒物日排放量（kg/d）")
    yellow_measure: str = Field(alias="黄色预警_控制措施")
    yellow_dust_cut: Amount = Field(alias="黄色预警_扬尘减排量（kg/d）")
    orange_measure: str = Field(alias="橙色预警_控制措施")
    orange_dust_cut: Amount = Field(alias="橙色预警_扬尘减排量（kg/d）")
    red_measure: str = Field(alias="红色预警_控制措施")
    red_dust_cut: Amount = Field(alias="红色预警_扬尘减排量（kg/d）")
    department: str = Field(alias="责任部门")
    keeper: str = Field(alias="责任人")
    keeper_phone: Phone = Field(alias="责任人电话")

    def problems(self) -> Iterator[str]:
        if self.done_on < self.begun_on:
            yield "扬尘源日期不符"
        if not self.yellow_dust_cut <= self.orange_dust_cut <= self.red_dust_cut <= self.pm_daily:
            yield "扬尘减排量错误"


class Mobile(Row):
    list_id: MobileId = Field(alias="清单编号")
    district: County = Field(alias="区县")
    category: str = Field(alias="类别")
    fleet: Whole = Field(alias="保有量（辆（台））")
    so2_daily: Amount = Field(alias="SO2日排放量（kg/d）")
    nox_daily: Amount = Field(alias="NOx日排放量（kg/d）")
    pm_daily: Amount = Field(alias="颗粒物日排放量（kg/d）")
    vocs_daily: Amount = Field(alias="VOCs日排放量（kg/d）")
    yellow_measure: str = Field(alias="黄色预警_限行停用措施")
    yellow_so2_cut: Amount = Field(alias="黄色预警_SO2减排量（kg/d）")
    yellow_nox_cut: Amount = Field(alias="黄色预警_NOx减排量（kg/d）")
    yellow_pm_cut: Amount = Field(alias="黄色预警_颗粒物减排量（kg/d）")
    yellow_vocs_cut: Amount = Field(alias="黄色预警_VOCs减排量（kg/d）")
    orange_measure: str = Field(alias="橙色预警_限行停用措施")
    orange_so2_cut: Amount = Field(alias="橙色预警_SO2减排量（kg/d）")
    orange_nox_cut: Amount = Field(alias="橙色预警_NOx减排量（kg/d）")
    orange_pm_cut: Amount = Field(alias="橙色预警_颗粒物减排量（kg/d）")
    orange_vocs_cut: Amount = Field(alias="橙色预警_VOCs减排量（kg/d）")
    red_measure: str = Field(alias="红色预警_限行停用措施")
    red_so2_cut: Amount = Field(alias="红色预警_SO2减排量（kg/d）")
    red_nox_cut: Amount = Field(alias="红色预警_NOx减排量（kg/d）")
    red_pm_cut: Amount = Field(alias="红色预警_颗粒物减排量（kg/d）")
    red_vocs_cut: Amount = Field(alias="红色预警_VOCs减排量（kg/d）")
    department: str = Field(alias="责任部门")
    keeper: str = Field(alias="责任人")
    keeper_phone: Phone = Field(alias="责任人电话")

    def problems(self) -> Iterator[str]:
        for pollutant in POLLUTANTS:
            cuts = [getattr(self, f"{level}_{pollutant}_cut") for level in LEVELS]
            if cuts != sorted(cuts) or cuts[-1] > getattr(self, f"{pollutant}_daily"):
                yield f"移动源减排量错误：{pollutant}"


class Guaranteed(Row):
    list_id: str = Field(alias="清单编号")
    name: str = Field(alias="名称")
    guarantee_category: Guarantee = Field(alias="保障类别")
    co_disposal: YesNo = Field(alias="是否协同处置")
    task: str = Field(alias="保障任务")
    line_ids: str | None = Field(None, alias="保障生产线编码")
    max_load: Amount | None = Field(None, alias="核定最大允许生产负荷")
    load_unit: str | None = Field(None, alias="负荷单位")
    decided_by: Literal["省生态环境厅", "省级主管部门会同省生态环境厅", "县指挥部会同相关部门"] = Field(
        alias="确定机关"
    )
    decided_on: dt.date = Field(alias="确定日期")
    ministry_filed: YesNo = Field(alias="是否报部备案")
    proof: str = Field(alias="证明材料")
    valid_until: dt.date | None = Field(None, alias="有效期至")

    def problems(self) -> Iterator[str]:
        if self.max_load is not None and self.load_unit is None:
            yield "请填负荷单位"
        if self.guarantee_category != "重点保障性建设工程" and self.decided_on > dt.date(2020, 8, 21):
            yield "逾期确定"
        if self.decided_by == PROVINCE and self.ministry_filed == "否":
            yield "未报部备案"


class Change(Row):
    list_id: EnterpriseId = Field(alias="清单编号")
    old_grade: Grade = Field(alias="原等级")
    new_grade: Grade = Field(alias="新等级")
    changed_on: dt.date = Field(alias="变更日期")
    reason: str = Field(alias="变更原因")
    approved_by: str = Field(alias="批准机关")
    reported_on: dt.date = Field(alias="上报省厅日期")
    note: str | None = Field(None, alias="说明")


class Removal(Row):
    list_id: EnterpriseId = Field(alias="清单编号")
    name: str = Field(alias="企业名称")
    removal_reason: Literal["关停", "搬迁", "拆除涉气设施", "不涉气", "重复", "合并", "其他"] = Field(alias="移出原因")
    removed_on: dt.date = Field(alias="移出日期")
    note: str | None = Field(None, alias="说明")

    def problems(self) -> Iterator[str]:
        if self.removal_reason == "其他" and self.note is None:
            yield "请填说明"


MODELS: dict[str, type[Row]] = {
    "企业基本信息": Enterprise,
    "生产线减排措施": Line,
    "运输管控": Transport,
    "扬尘源": Dust,
    "移动源": Mobile,
    "保障类": Guaranteed,
    "等级变更": Change,
    "移出说明": Removal,
}
Tables = dict[str, pd.DataFrame]
Problem = dict[str, object]


def read_county(path: Path) -> Tables:
    """The sheets of a workbook, blanks as None, with where each row comes from."""
    sheets = pd.read_excel(path, sheet_name=list(MODELS), header=HEADER, dtype=CODES, engine="openpyxl")
    tables = {}
    for title, frame in sheets.items():
        filled = frame.dropna(subset="清单编号").drop(columns="校验")
        filled = filled.astype(object).where(filled.notna(), None)
        filled["来源文件"], filled["来源表"], filled["来源行"] = path.name, title, filled.index + HEADER + 2
        tables[title] = filled
    return tables


def problem(row: Any, what: str) -> Problem:  # noqa: ANN401 - a row of a DataFrame or a dict
    return {name: row[name] for name in ("来源文件", "来源表", "来源行", "清单编号")} | {"问题": what}


def check_rows(tables: Tables) -> Iterator[Problem]:
    """Cells and rows, by the models."""
    for title, model in MODELS.items():
        for row in tables[title].to_dict("records"):
            try:
                model.model_validate(row)
            except ValidationError as error:
                for fault in error.errors():
                    yield problem(row, f"{'.'.join(map(str, fault['loc']))}：{fault['msg']}")


def check_county(tables: Tables, county: str) -> Iterator[Problem]:
    """What only several rows of a county show."""
    enterprises, lines, guarantees = tables["企业基本信息"], tables["生产线减排措施"], tables["保障类"]
    known = set(enterprises["清单编号"])

    def found(rows: pd.DataFrame, what: str) -> Iterator[Problem]:
        for row in rows.to_dict("records"):
            yield problem(row, what)

    for title in ("企业基本信息", "运输管控", "扬尘源", "移动源"):
        yield from found(tables[title][tables[title].duplicated("清单编号", keep=False)], "清单编号重复")
    yield from found(lines[lines.duplicated("生产线编码", keep=False)], "生产线编码重复")
    for title in ("生产线减排措施", "运输管控", "等级变更"):
        yield from found(tables[title][~tables[title]["清单编号"].isin(known)], "清单编号无对应")
    yield from found(
        guarantees[~guarantees["清单编号"].isin(known | set(tables["扬尘源"]["清单编号"]))], "清单编号无对应"
    )
    yield from found(enterprises[~enterprises["清单编号"].isin(set(lines["清单编号"]))], "企业无生产线")
    yield from found(enterprises[~enterprises["清单编号"].isin(set(tables["运输管控"]["清单编号"]))], "缺运输管控")
    yield from found(enterprises[enterprises["区县"] != county], "区县与填报单位不符")
    same = enterprises.duplicated(["统一社会信用代码", "厂区名称"], keep=False)
    yield from found(enterprises[same], "同一厂区重复填报")
    codes = enterprises.groupby("企业名称")["统一社会信用代码"].transform("nunique")
    names = enterprises.groupby("统一社会信用代码")["企业名称"].transform("nunique")
    yield from found(enterprises[(codes > 1) | (names > 1)], "名称与代码不一致")
    phones = enterprises.groupby("联系电话")["清单编号"].transform("nunique")
    yield from found(enterprises[phones > 3], "联系电话相同")
    degrees = enterprises[["经度（°）", "纬度（°）"]].astype(float)
    offset = (degrees - degrees.median()) * [90.0, 111.2]
    yield from found(enterprises[(offset**2).sum(axis=1) > 40**2], "位置离群")

    worst = lines.assign(order=lines["绩效等级"].map(ORDER)).groupby("清单编号")["order"].max()
    own = enterprises["绩效等级"].map(ORDER)
    yield from found(enterprises[own < enterprises["清单编号"].map(worst)], "企业等级优于最差工序")
    line_key = lines["重点行业"].ne(NOT_KEY).groupby(lines["清单编号"]).any()
    key = enterprises["重点行业"].ne(NOT_KEY) | enterprises["清单编号"].map(line_key).eq(True)
    yield from found(enterprises[~key & enterprises["绩效等级"].ne(UNGRADED)], "非重点行业不评级")
    yield from found(enterprises[key & enterprises["绩效等级"].eq(UNGRADED)], "重点行业未评级")
    guarantee = enterprises["是否保障类"].eq("是")
    co_disposing = set(guarantees[guarantees["是否协同处置"] == "是"]["清单编号"])
    bound = key | enterprises["清单编号"].isin(co_disposing)
    high = enterprises["绩效等级"].isin(["A", "B", "引领性"])
    yield from found(enterprises[guarantee & bound & ~high], "保障类企业低于B级")
    listed = enterprises["清单编号"].isin(set(guarantees["清单编号"]))
    yield from found(enterprises[guarantee != listed], "保障类信息不全")
    last = tables["等级变更"].sort_values("变更日期").groupby("清单编号")["新等级"].last()
    changed = enterprises["清单编号"].map(last)
    yield from found(enterprises[changed.notna() & (changed != enterprises["绩效等级"])], "与等级变更不一致")
    idle = set(enterprises[enterprises["是否长期停产"] == "是"]["清单编号"])
    cuts = [column for column in lines if str(column).endswith("减排量（kg/d）")]
    yield from found(
        lines[lines["清单编号"].isin(idle) & (lines[cuts].astype(float) > 0).any(axis=1)], "长期停产计减排"
    )
    noted = set(lines[lines["减排量核算说明"].notna()]["清单编号"])
    for name in ("SO2", "NOx", "颗粒物", "VOCs"):
        daily, annual = f"{name}日排放量（kg/d）", f"{name}年排放量（t/a）"
        tonnes = (lines[daily] * lines["年运行天数（d）"] / 1000).astype(float).groupby(lines["清单编号"]).sum()
        stated = enterprises[annual].astype(float)
        off = (enterprises["清单编号"].map(tonnes) - stated).abs()
        wrong = (off > 0.05 * stated) & (off > 0.01) & ~enterprises["清单编号"].isin(noted)
        yield from found(enterprises[wrong], f"年日排放量不符：{name}")
        usual = lines.groupby("重点行业")[daily].transform(lambda values: values.astype(float).median())
        values = lines[daily].astype(float)
        odd = (usual > 0) & (values > 0) & ((values > 1000 * usual) | (values < usual / 1000))
        yield from found(lines[odd], f"疑似单位错误：{name}")
    owner = lines["清单编号"].map(enterprises.drop_duplicates("清单编号").set_index("清单编号")["重点行业"])
    for level in ("黄色", "橙色", "红色"):
        text = lines[f"{level}预警_限停产措施"]
        firms = lines.groupby(text)["清单编号"].transform("nunique")
        kinds = owner.groupby(text).transform("nunique")
        yield from found(lines[(text.str.len() >= 12) & (firms > 5) & (kinds > 1)], "措施文字雷同")


def check_city(city: Tables) -> Iterator[Problem]:
    """What only several counties show."""
    enterprises = city["企业基本信息"]
    counties = enterprises.groupby(["统一社会信用代码", "厂区名称"], dropna=False)["来源文件"].transform("nunique")
    for row in enterprises[counties > 1].to_dict("records"):
        yield problem(row, "跨县区重复")


ENTERPRISE_ONLY = ["申报方式", "申报等级", "近一年限制申报情形", "违法行为日期", "弄虚作假或行贿", "备注"]
PROVENANCE = ["来源文件", "来源表", "来源行"]


def submission(city: Tables) -> Tables:
    """Enterprise × line, one row per line, red before orange before yellow; the other lists as they are."""
    enterprises = city["企业基本信息"].drop(columns=["序号", *ENTERPRISE_ONLY, *PROVENANCE])
    lines = city["生产线减排措施"].drop(columns=PROVENANCE)
    names = list(lines.columns)
    alerts = {level: [name for name in names if level in name] for level in ("红色", "橙色", "黄色")}
    first = names.index("黄色预警_措施类型")
    plain = [name for name in names if not any(name in own for own in alerts.values())]
    ordered = [n for n in plain if names.index(n) < first] + [n for own in alerts.values() for n in own]
    ordered += [n for n in plain if names.index(n) > first]
    joined = enterprises.merge(lines[ordered], how="left", on="清单编号", suffixes=("（企业）", "（生产线）"))
    others = [title for title in MODELS if title not in ("企业基本信息", "生产线减排措施", "移出说明")]
    return {"工业源": joined} | {title: city[title].drop(columns=PROVENANCE) for title in others}


def write(target: Path, tables: Tables) -> None:
    with pd.ExcelWriter(target, engine="xlsxwriter") as workbook:
        for title, frame in tables.items():
            frame.to_excel(workbook, sheet_name=title, index=False)


def run(folder: Path, out: Path) -> int:
    """Check, consolidate, export; returns the number of problems."""
    problems: list[Problem] = []
    counties = []
    for path in sorted(folder.glob("*.xlsx")):
        tables = read_county(path)
        problems += check_rows(tables)
        problems += check_county(tables, path.stem)
        counties.append(tables)
    city = {title: pd.concat([county[title] for county in counties], ignore_index=True) for title in MODELS}
    problems += check_city(city)
    write(out / "全市汇总.xlsx", {"问题清单": pd.DataFrame(problems)} | city)
    if not problems:
        write(out / "报省.xlsx", submission(city))
    return len(problems)


if __name__ == "__main__":
    print(run(Path(sys.argv[1]), Path(sys.argv[2])), "problems")
