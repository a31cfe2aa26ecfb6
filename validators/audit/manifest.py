"""The manifest beside a submission: reading it without trusting it, and holding the file against it (AU08)."""

import json
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from validators.audit.report import Findings
from validators.audit.sheets import SheetFacts
from validators.audit.signature import SignatureError, Signing, read_key, verify

Format = Literal["qingdan-manifest/1"]
FORMAT: Format = "qingdan-manifest/1"
MAX_MANIFEST = 8 << 20  # bytes; 140 inputs and 20 sheets need some 50 KB


class ManifestError(ValueError):
    """The manifest cannot be used; the text is a Chinese sentence."""


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)  # what a later version says besides is passed over


class ExpectedSheet(_Part):
    """What the manifest says about one sheet; `rows` without the header row."""

    name: str
    rows: int
    heads: list[str]
    sums: dict[str, Annotated[float, Field(allow_inf_nan=False)]]
    """Of each column of numbers, by its head."""

    @model_validator(mode="after")
    def _of_one_column(self) -> "ExpectedSheet":
        for head in self.sums:
            if self.heads.count(head) != 1:
                raise ValueError(f"清单里「{head}」有合计，但它不是唯一的表头")
        return self


class InputFile(_Part):
    """A county workbook that went in."""

    file: str
    sha256: str
    county: str
    """Division code."""
    revision: int


class ExcludedCounty(_Part):
    """A county that was left out, by its division code."""

    county: str
    reason: str


class UsedLayout(_Part):
    """The layout that a blank was filled by, whole."""

    name: str
    sha256: str
    text: str


class FilledBlank(_Part):
    """The blank that was filled."""

    file: str
    sha256: str
    removed: list[str]
    """What was taken out of it."""
    cells: dict[str, dict[str, Any]]
    """What stands in it besides the rows, by sheet and address."""


class FilledRows(_Part):
    """Where a table of the layout stands in a sheet of the blank."""

    table: int
    """Place among those of the layout."""
    first: int
    last: int
    columns: list[int]
    """0-based, of each head."""


class Manifest(_Part):
    """All that stands beside a submission; its fields, in their order, are those of the file. `size` in bytes."""

    format: Format
    file: str
    sha256: str
    size: int
    profile: str
    layout: UsedLayout | None = None
    """With `blank` and `filled`, where the province's own blank was filled."""
    blank: FilledBlank | None = None
    filled: dict[str, FilledRows] = {}
    """By title of the sheet."""
    year: int
    round: str
    ruleset: str
    ruleset_sha256: str | None = None
    tool: str
    sheets: list[ExpectedSheet]
    inputs: list[InputFile]
    exclusions: list[ExcludedCounty]
    waivers: list[dict[str, Any]]
    """`Decision.to_json`, and how many findings each lifts."""
    decisions: list[dict[str, Any]] = []
    """All others."""
    signer: str | None = None
    """Fingerprint of the key that it says it is signed with."""

    def to_json(self) -> dict[str, Any]:
        """What is written: what was given, in order."""
        return self.model_dump(exclude_unset=True)

    @property
    def heads(self) -> set[str]:
        """Every header text of every sheet."""
        return {head for sheet in self.sheets for head in sheet.heads}


_WHAT = {
    "string_type": "文字", "int_type": "整数", "int_from_float": "整数", "list_type": "列表", "dict_type": "对象",
    "model_type": "对象",
}  # fmt: skip
"""What is due, by pydantic's kinds of errors."""


def read_manifest(data: bytes) -> Manifest:
    """Read manifest bytes (UTF-8 JSON); raises ManifestError for whatever is not as it should be."""
    if len(data) > MAX_MANIFEST:
        raise ManifestError(f"清单文件有 {len(data)} 字节，超过上限 {MAX_MANIFEST} 字节")
    try:
        found = json.loads(data.decode(), parse_constant=_refuse, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:  # bad UTF-8, bad JSON, numbers too long, nesting too deep
        reason = error if isinstance(error, ManifestError) else "编码、括号或数字有误，或嵌套过深"
        raise ManifestError(f"清单文件不是合格的 JSON：{reason}") from error
    try:
        return Manifest.model_validate(found)
    except ValidationError as error:
        raise ManifestError(_said(error)) from error


def _said(error: ValidationError) -> str:
    """The first fault, in Chinese."""
    first = error.errors()[0]
    names = [part for part in first["loc"] if isinstance(part, str)]
    if not names:
        return "清单里应当是一个对象"
    kind, name = first["type"], names[-1]
    match kind:
        case "missing":
            return f"清单里缺少 {name}"
        case "value_error":
            return str(first["ctx"]["error"])
        case "literal_error":
            return f"清单格式是「{first['input']}」，应为 {FORMAT}"
        case "float_type" | "finite_number":
            return f"清单里「{name}」的合计不是数字"
        case "model_type" | "dict_type" if isinstance(first["loc"][-1], int):
            return f"清单的 {name} 里应当都是对象"
    return f"清单的 {name} 应为{_WHAT.get(kind, '另一种内容')}"


def check_signature(data: bytes, signer: str | None, signing: Signing, findings: Findings) -> str | None:
    """Add to AU08 what is wrong with the signature of manifest bytes; returns what to say of one that holds.

    `signer` is the fingerprint that the manifest itself names. A manifest without any signature is none the worse,
    unless the auditor brought a key to verify it with.
    """
    if signing.signature is None:
        if signing.trusted or signer is not None:
            why = "清单写明有签名" if signer is not None else "给了公钥"
            findings.add("AU08", f"{why}，却没有签名文件（清单文件名加 .sig）")
        return None
    if signing.key is None:
        findings.add("AU08", "清单有签名，却没有公钥，无法核对；请用 --key 给出从签名单位另行取得的公钥")
        return None
    try:
        key = read_key(signing.key)
        verify(data, signing.signature, key)
    except SignatureError as error:
        findings.add("AU08", str(error))
        return None
    if signer != key.fingerprint:
        findings.add("AU08", f"清单写明的签名公钥指纹是「{signer}」，核对所用的是「{key.fingerprint}」")
        return None
    whose = (
        "公钥由审计方给出"
        if signing.trusted
        else "公钥放在文件旁边，只能说明清单未改动；是谁签的，请与签名单位另行公布的指纹核对"
    )
    return f"签名有效（{key.kind}），{whose}；公钥指纹 {key.fingerprint}"


def _refuse(constant: str) -> None:
    raise ManifestError(f"含有 {constant}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ManifestError("同一对象里有重名的项")
    return found


def compare(manifest: Manifest, sha256: str, size: int, sheets: Sequence[SheetFacts], findings: Findings) -> None:
    """Add to AU08 whatever the file does not have as the manifest says."""
    if manifest.sha256 != sha256:
        findings.add("AU08", f"文件的 SHA-256 是 {sha256}，清单记的是「{manifest.sha256}」，文件已不是原来那份")
    if manifest.size != size:
        findings.add("AU08", f"文件长 {size} 字节，清单记的是 {manifest.size} 字节")
    found, expected = [sheet.name for sheet in sheets], [sheet.name for sheet in manifest.sheets]
    if found != expected:
        findings.add("AU08", f"文件的工作表是「{'、'.join(found)}」，清单记的是「{'、'.join(expected)}」")
    facts = {sheet.name: sheet for sheet in sheets}
    for sheet in manifest.sheets:
        fact = facts.get(sheet.name)
        if fact is not None:
            _compare_sheet(sheet, fact, findings)


def _compare_sheet(expected: ExpectedSheet, fact: SheetFacts, findings: Findings) -> None:
    """Compare heads, rows and sums of one sheet."""

    def add(what: str) -> None:
        findings.add("AU08", what, fact.part, fact.name)

    if fact.header_row is None:
        if expected.heads:
            add("前 10 行里找不到清单所记的表头")
        return
    if fact.heads != expected.heads:
        missing = "、".join(head for head in expected.heads if head not in fact.heads)
        add(f"表头与清单所记的不一致，缺少「{missing}」" if missing else "表头的次序与清单所记的不一致，或有多余的表头")
    if fact.rows != expected.rows:
        add(f"表头以下有 {fact.rows} 行数据，清单记的是 {expected.rows} 行")
    for head, value in expected.sums.items():
        total = fact.sums.get(head)
        if total != value:
            shown = "算不出（缺少此列、重名或溢出）" if total is None else repr(total)
            add(f"「{head}」列的合计是 {shown}，清单记的是 {value!r}")
