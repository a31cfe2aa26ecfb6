"""`qingdan consolidate` and `qingdan export` as seen on the command line; `addin.office.consolidation` does the work."""

import datetime as dt
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from addin.cli.arguments import files, reference
from addin.cli.terminal import document, progress, say, warn
from addin.office.checking import count_words, print_findings, verdict
from addin.office.consolidation import consolidate
from addin.office.exporting import export
from addin.office.signing import open_key
from addin.problems import Stop
from addin.reading.layouts import layout_of
from addin.reading.ruleset_store import round_name, rules_of, submitting
from validators.findings import Finding, counts, stops
from workbook_templates.submission.submission_workbook import DEFAULT


def consolidate_files(
    given: list[str],
    *,
    out: Path,
    year: str | None,
    round_: str | None,
    rules_id: str | None,
    on: dt.date | None,
    excluded: list[str],
    reasons: list[str],
    references: list[str],
    parquet: str | None,
    force: bool,
    as_json: bool,
) -> int:
    """Put all counties into one workbook and say what was found; returns the exit code."""
    rules = rules_of(year, rules_id)
    if len(excluded) != len(reasons):
        raise Stop("每个 --exclude 后面都要有一个 --reason 写明理由，个数要相同。")
    target = out
    with progress("汇总") as step:
        done = consolidate(
            files(given),
            target,
            year=rules.year if year or rules_id else None,
            round_=round_name(rules, round_) if round_ else None,
            rules=rules if rules_id else None,
            on=on,
            exclusions={submitting(rules, code): reason for code, reason in zip(excluded, reasons, strict=True)},
            imports=[reference(text) for text in references],
            parquet=Path(parquet) if parquet else None,
            overwrite=force,
            progress=step,
        )
    found = done.to_json(target)
    if as_json:
        document(found)
    else:
        for county in found["counties"]:
            reason = f"：{county['reason']}" if county["reason"] else ""
            inside = f"，企业 {county['enterprises']} 家，生产线 {county['lines']} 条" if county["enterprises"] else ""
            say(f"{county['code']} {county['name']}  {county['status']}{reason}{inside}")
        _print_by_file(done.findings)
        lifted = sum(bool(finding.waiver) for finding in done.findings)
        waivers = f"（其中 {lifted} 项已豁免）" if lifted else ""
        say(f"{count_words(done.findings)}{waivers} → {verdict(not stops(done.findings))}")
        say(f"已写出 {out}（规则集 {found['ruleset']}），台账第 {done.desk.version} 版。")
        if done.put_aside:
            say(f"原来的 {target.name} 有人改过，另存为 {done.put_aside}；决定以外写在里面的，在那一份里。")
    for message in [*done.remarks, *(message for _, message in done.errors)]:
        warn(message)
    return 2 if done.errors else 1 if stops(done.findings) else 0


def export_file(
    source: str,
    *,
    out: Path,
    profile: str,
    into: Path | None,
    layout: str,
    sign: str | None,
    force: bool,
    as_json: bool,
) -> int:
    """Write the province's submission and its manifest, signed if a private key is given; returns the exit code."""
    if bool(layout) != (into is not None):
        raise Stop("--into 和 --layout 要一起写：哪一份空白表，和它的布局。布局可用 qingdan layout learn 学出来。")
    if into is not None and not into.is_file():
        raise Stop(f"空白表“{into}”不存在。请核对路径。")
    own = layout_of(layout) if layout else None
    signer = open_key(Path(sign)) if sign is not None else None
    with progress("导出"):
        done = export(
            Path(source), out, profile_name=profile or DEFAULT, blank=into, layout=own, signer=signer, overwrite=force
        )
    refused = done.manifest is None
    if as_json:
        document(
            {
                "out": None if refused else str(out),
                "manifest": done.manifest,
                "findings": [finding.to_json() for finding in done.findings],
                "counts": counts(done.findings),
                "verdict": verdict(not refused),
            }
        )
    elif refused:
        _print_by_file(done.findings)
        say(f"{count_words(done.findings)} → 不予导出。请退回改正后重新汇总，或用 --exclude 剔除该区县并写明理由。")
    else:
        say(f"已写出 {out} 和 {out}.manifest.json。")
        for one in (done.manifest or {}).get("blank", {}).get("removed", ()):
            say(f"  空白表里去掉了：{one}")
        if signer is not None:
            say(
                f"清单已签名（.manifest.json.sig），公钥附在旁边（.manifest.json.pub），指纹：{signer.public.fingerprint}"
            )
    return 1 if refused else 0


def _print_by_file(findings: Sequence[Finding]) -> None:
    for file, own in groupby(findings, key=lambda finding: finding.file):
        say(f"{file}：" if file else "全市：")
        print_findings(list(own))
