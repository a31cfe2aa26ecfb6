"""The manifest beside a submission: reading it without trusting it, and holding the file against it (AU08)."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from validators.audit.report import Findings
from validators.audit.sheets import SheetFacts
from validators.audit.signature import SignatureError, Signing, read_key, verify

FORMAT = "qingdan-manifest/1"
MAX_MANIFEST = 8 << 20  # bytes; 140 inputs and 20 sheets need some 50 KB
_FIELDS: dict[str, type] = {
    "file": str,
    "sha256": str,
    "size": int,
    "profile": str,
    "year": int,
    "round": str,
    "ruleset": str,
    "tool": str,
    "sheets": list,
    "inputs": list,
    "exclusions": list,
    "waivers": list,
}
_TYPES = {str: "文字", int: "整数", list: "列表", dict: "对象"}


class ManifestError(ValueError):
    """The manifest cannot be used; the text is a Chinese sentence."""


@dataclass(frozen=True, slots=True)
class ExpectedSheet:
    """What the manifest says about one sheet; `rows` without the header row."""

    name: str
    rows: int
    heads: list[str]
    sums: dict[str, float]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What of a manifest can be held against the file alone; `size` in bytes."""

    sha256: str
    size: int
    sheets: list[ExpectedSheet]
    signer: str | None = None
    """Fingerprint of the key that it says it is signed with."""

    @property
    def heads(self) -> set[str]:
        """Every header text of every sheet."""
        return {head for sheet in self.sheets for head in sheet.heads}


def read_manifest(data: bytes) -> Manifest:
    """Read manifest bytes (UTF-8 JSON); raises ManifestError for whatever is not as it should be."""
    if len(data) > MAX_MANIFEST:
        raise ManifestError(f"清单文件有 {len(data)} 字节，超过上限 {MAX_MANIFEST} 字节")
    try:
        found = json.loads(data.decode(), parse_constant=_refuse, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:  # bad UTF-8, bad JSON, numbers too long, nesting too deep
        reason = error if isinstance(error, ManifestError) else "编码、括号或数字有误，或嵌套过深"
        raise ManifestError(f"清单文件不是合格的 JSON：{reason}") from error
    if _get(found, "format", str) != FORMAT:
        raise ManifestError(f"清单格式是「{found['format']}」，应为 {FORMAT}")
    for name, kind in _FIELDS.items():
        _get(found, name, kind)
    lists = ("inputs", "exclusions", "waivers", *(name for name in ("decisions",) if name in found))
    for name in lists:
        if not isinstance(found[name], list) or not all(isinstance(item, dict) for item in found[name]):
            raise ManifestError(f"清单的 {name} 里应当都是对象")
    signer = _get(found, "signer", str) if "signer" in found else None
    return Manifest(found["sha256"], found["size"], [_sheet(item) for item in found["sheets"]], signer)


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


def _sheet(item: object) -> ExpectedSheet:
    """Read one item of "sheets"."""
    heads = _get(item, "heads", list)
    sums = _get(item, "sums", dict)
    if not all(isinstance(head, str) for head in heads):
        raise ManifestError("清单的 heads 里应当都是文字")
    for head, value in sums.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ManifestError(f"清单里「{head}」的合计不是数字")
        if heads.count(head) != 1:
            raise ManifestError(f"清单里「{head}」有合计，但它不是唯一的表头")
    return ExpectedSheet(_get(item, "name", str), _get(item, "rows", int), heads, sums)


def _get(item: object, name: str, kind: type) -> Any:  # noqa: ANN401 - the caller names the type
    """Return a field of a JSON object after checking its type."""
    if not isinstance(item, dict) or name not in item:
        raise ManifestError(f"清单里缺少 {name}")
    value = item[name]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ManifestError(f"清单的 {name} 应为{_TYPES[kind]}")
    return value


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
