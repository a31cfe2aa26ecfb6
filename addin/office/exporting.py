"""`qingdan export`: the submission of a city workbook, or of one county's, with its manifest."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import Field

from addin.office import ledger
from addin.office.results import (
    Card,
    FindingRow,
    JsonFinding,
    Result,
    by_file,
    count_words,
    how_to_rule,
    standing_errors,
    verdict,
)
from addin.office.signing import Signer
from addin.problems import Stop, writing
from addin.reading import cities
from addin.reading.inbox import LEDGER
from addin.reading.isolation import LARGE_MEMORY, LARGE_SECONDS, Failure, each
from addin.reading.workbooks import of_another_kind
from validators.decisions import (
    WAIVER,
    Decision,
    standing,
    waived,
)
from validators.findings import Finding, Json, counts, in_order, stops
from validators.rule import judge, judge_city
from validators.settlement import City, Handed, sort_out
from workbook_templates.city.city_workbook import COUNTIES
from workbook_templates.city.decision_sheets import printed
from workbook_templates.county.reader import read_county
from workbook_templates.layouts.declared import Layout, WrongLayout
from workbook_templates.submission.filled import BlankRefused, fill_submission
from workbook_templates.submission.submission_workbook import (
    DEFAULT,
    UnknownProfile,
    manifest_path,
    profile,
    signature_paths,
    write_submission,
)
from workbook_templates.xlsx.opened import UnreadableWorkbook, open_workbook
from workbook_templates.xlsx.writer import replacing


class Exported(Result):
    """What an export came to; `out` and `manifest` are None where it was refused because of `findings`."""

    out: str | None
    manifest: Json | None
    findings: list[JsonFinding]
    """At ERROR or BLOCKER."""
    counts: dict[str, int]
    verdict: str
    fingerprint: str | None = Field(default=None, exclude=True)
    """Of the key that the manifest was signed with."""

    @property
    def code(self) -> int:
        """1 where it was refused."""
        return 1 if self.out is None else 0

    def lines(self) -> Iterator[str | FindingRow]:
        """What was written, or what stands against it."""
        if self.out is None:
            yield from by_file(self.findings)
            yield f"{count_words(self.findings)} → 不予导出。请退回改正后重新汇总，或用 --exclude 剔除该区县并写明理由。"
            yield from how_to_rule(self.findings)
            return
        yield f"已写出 {self.out} 和 {self.out}.manifest.json。"
        for one in (self.manifest or {}).get("blank", {}).get("removed", ()):
            yield f"  空白表里去掉了：{one}"
        if self.fingerprint:
            yield f"清单已签名（.manifest.json.sig），公钥附在旁边（.manifest.json.pub），指纹：{self.fingerprint}"

    def card(self) -> Card:
        """What was written, or how much stands against it."""
        listed = [one.to_json() for one in self.findings]
        if self.manifest is None:
            words = ["有错误，不予导出。请退回改正或豁免，再汇总、导出。", *how_to_rule(self.findings)]
            result = f"没有导出，还有 {standing_errors(self.findings)} 处错误"
            return Card(result=result, tone="bad", words=words, verdict=self.verdict, listed=listed, written=False)
        rows = "，".join(f"{sheet['name']} {sheet['rows']} 行" for sheet in self.manifest["sheets"])
        words = [f"{rows}；{'核对清单已签名' if 'signer' in self.manifest else '核对清单没有签名'}"]
        waivers, exclusions = len(self.manifest["waivers"]), len(self.manifest["exclusions"])
        if waivers or exclusions:
            words.append(f"豁免 {waivers} 项，剔除 {exclusions} 个区县，都写在核对清单里")
        return Card(result="已导出", words=words, verdict=self.verdict, listed=listed)


def _exported(
    out: Path, manifest: Json | None, findings: Sequence[Finding] = (), fingerprint: str | None = None
) -> Exported:
    return Exported(
        out=None if manifest is None else str(out),
        manifest=manifest,
        findings=list(findings),
        counts=counts(findings),
        verdict=verdict(manifest is not None),
        fingerprint=fingerprint,
    )


def export(
    source: Path,
    out: Path,
    *,
    profile_name: str = DEFAULT,
    blank: Path | None = None,
    layout: Layout | None = None,
    signer: Signer | None = None,
    overwrite: bool = False,
) -> Exported:
    """The province's submission of a city workbook, or of one county's, at `out`, with its manifest. Raises `Stop`.

    With a `blank`, the province's own workbook, that is filled in its `layout`. With a `signer` the manifest is signed, and
    signature and public key lie beside it; where that fails, nothing of the export stays.

    What was found is found anew: the lists may have been changed since they were consolidated. All of it happens in
    a child process, because the workbook comes from outside.
    """
    with writing(out, force=overwrite, inputs=[source, *([blank] if blank else [])]):
        fingerprint = signer and signer.public.fingerprint
        [done] = each(
            _export,
            [(source, out, profile_name, blank, layout, fingerprint, overwrite)],
            memory=LARGE_MEMORY,
            seconds=LARGE_SECONDS,
        )
        if isinstance(done, Failure):
            raise Stop(done.message)
        assert isinstance(done, Exported)  # noqa: S101 - for the type checker
        if done.manifest is not None:
            own = manifest_path(out)
            try:
                _sign(own, signer)
            except BaseException:
                for path in (out, own, *signature_paths(own)):
                    with suppress(OSError):
                        path.unlink()
                raise
    return done


def _sign(manifest: Path, signer: Signer | None) -> None:
    """Signature and public key beside the manifest; without a signer none of an earlier export stay there."""
    for path, content in zip(
        signature_paths(manifest),
        (signer.sign(manifest.read_bytes()), signer.public.pem()) if signer else (None, None),
        strict=True,
    ):
        if content is None:
            path.unlink(missing_ok=True)
        else:
            with replacing(path, overwrite=True) as file:
                file.write(content)


def _export(
    source: Path,
    out: Path,
    profile_name: str,
    blank: Path | None,
    layout: Layout | None,
    fingerprint: str | None,
    overwrite: bool,
) -> Exported:
    try:
        profile(profile_name)
        city, findings, decisions = source_of(source)
    except (UnreadableWorkbook, UnknownProfile) as error:
        raise Stop(str(error)) from error
    return submit(
        city,
        findings,
        out,
        profile_name=profile_name,
        blank=blank,
        layout=layout,
        fingerprint=fingerprint,
        overwrite=overwrite,
        decisions=decisions,
    )


def submit(
    city: City,
    findings: Sequence[Finding],
    out: Path,
    *,
    profile_name: str = DEFAULT,
    blank: Path | None = None,
    layout: Layout | None = None,
    fingerprint: str | None = None,
    overwrite: bool = False,
    decisions: Sequence[Decision] = (),
) -> Exported:
    """The submission of a city that is at hand, unless something found stands against it. Raises `Stop`.

    `decisions` are those that the city and its findings were made with; the manifest lists them.
    """
    standing_against = [finding for finding in in_order(findings) if stops([finding])]
    if standing_against:
        return _exported(out, None, standing_against)
    lifted = Counter(finding.waiver for finding in findings if finding.waiver)
    with writing(out, force=overwrite):
        if blank is None or layout is None:
            manifest = write_submission(
                out, city, profile_name, signer=fingerprint, overwrite=overwrite, decisions=decisions, lifted=lifted
            )
            return _exported(out, manifest, fingerprint=fingerprint)
        try:
            manifest = fill_submission(
                out, city, layout, blank, signer=fingerprint, overwrite=overwrite, decisions=decisions, lifted=lifted
            )
        except (UnreadableWorkbook, WrongLayout, BlankRefused) as error:
            raise Stop(str(error)) from error
        return _exported(out, manifest, fingerprint=fingerprint)


def source_of(source: Path) -> tuple[City, list[Finding], list[Decision]]:
    """The city to export, what is found in it now, and the decisions that it was made with."""
    opened = open_workbook(source)
    if COUNTIES in opened.sheets:
        city, findings = cities.read_and_judge(opened)
        decisions = _decided(source, printed(opened), city.year)
        return city, waived(city, findings + judge_city(city), decisions), decisions
    book = read_county(source)
    if book.kind != "inventory":
        raise Stop(of_another_kind(book, "inventory"))
    handed = Handed(source.name, book, judge(book))
    city = sort_out([handed])
    if not city.adopted:
        raise Stop(f"“{source.name}”不能导出：{handed.reason}。")
    return city, handed.findings, []


def _decided(source: Path, at_hand: set[int], year: int) -> list[Decision]:
    """Waivers that hold now, and the other decisions that the city workbook was made with (their numbers `at_hand`)."""
    with ledger.opened(source) as record:
        if record is None and at_hand:
            raise Stop(f"找不到“{source.name}”旁边的台账“{LEDGER}”，其中的决定无从核对。请把台账放回同一文件夹。")
        records = record.decisions(year) if record else []
    return [one for one in standing(records) if one.kind == WAIVER or one.id in at_hand]
