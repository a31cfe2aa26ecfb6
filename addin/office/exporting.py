"""`qingdan export`: the submission of a city workbook, or of one county's, with its manifest."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from addin.office import ledger
from addin.office.signing import Signer
from addin.problems import Stop, writing
from addin.reading.inbox import LEDGER
from addin.reading.isolation import LARGE_MEMORY, LARGE_SECONDS, Failure, each
from addin.reading.workbooks import of_another_kind
from validators.decisions import (
    WAIVER,
    Decision,
    standing,
    waived,
)
from validators.findings import Finding, Json, in_order, stops
from validators.rule import judge, judge_city
from validators.settlement import City, Handed, sort_out
from workbook_templates.city.city_workbook import COUNTIES, read_city
from workbook_templates.city.decision_sheets import printed
from workbook_templates.county.reader import UnreadableWorkbook, open_workbook, read_county
from workbook_templates.layouts.declared import Layout, WrongLayout
from workbook_templates.submission.submission_workbook import (
    DEFAULT,
    BlankRefused,
    UnknownProfile,
    fill_submission,
    manifest_path,
    profile,
    signature_paths,
    write_submission,
)
from workbook_templates.xlsx.writer import replacing


@dataclass
class Exported:
    """What an export came to; `manifest` is None where it was refused because of `findings`."""

    manifest: Json | None
    findings: list[Finding]
    """At ERROR or BLOCKER."""


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
        return Exported(None, standing_against)
    lifted = Counter(finding.waiver for finding in findings if finding.waiver)
    with writing(out, force=overwrite):
        if blank is None or layout is None:
            manifest = write_submission(
                out, city, profile_name, signer=fingerprint, overwrite=overwrite, decisions=decisions, lifted=lifted
            )
            return Exported(manifest, [])
        try:
            manifest = fill_submission(
                out, city, layout, blank, signer=fingerprint, overwrite=overwrite, decisions=decisions, lifted=lifted
            )
        except (UnreadableWorkbook, WrongLayout, BlankRefused) as error:
            raise Stop(str(error)) from error
        return Exported(manifest, [])


def source_of(source: Path) -> tuple[City, list[Finding], list[Decision]]:
    """The city to export, what is found in it now, and the decisions that it was made with."""
    opened = open_workbook(source)
    if COUNTIES in opened.sheets:
        city, findings = read_city(opened)
        decisions = _decided(source, printed(opened), city.year)
        del opened
        for book in city.books():
            findings += judge(book)
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
