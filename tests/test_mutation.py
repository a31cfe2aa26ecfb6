"""A part of the mutants of a submission, the whole of which `python -m bench.mutation` runs: each one is caught."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from addin.office.exporting import export
from tests.addin.conftest import fill
from tests.mutants import CHANGES, mutants, seen
from validators.audit import Report, audit
from workbook_templates.submission.submission_workbook import heads, manifest_path

COUNT, SEED = 280, 7
VALUES = {
    "一格的值",
    "一条文字",
    "一格的类型",
    "数字格式",
    "行与格的次序",
    "工作表清单",
    "部件的一个字节",
    "改一个属性",
    "XML 的写法",
}
"""Kinds that may put a plausible value or look in the place of another: only the manifest knows better."""


@pytest.fixture(scope="module")
def submission(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mutants")
    target = folder / "报省.xlsx"
    export(fill(folder / "东昌府区.xlsx", enterprises=5), target, profile_name="default")
    return target


@pytest.fixture(scope="module")
def judged(submission: Path) -> Callable[..., Report]:
    known, manifest = heads(), manifest_path(submission).read_bytes()

    def judged(data: bytes, *, with_manifest: bool) -> Report:
        own = manifest if with_manifest else None
        return audit(io.BytesIO(data), submission.name, heads=known, manifest=own)

    return judged


def test_every_mutant_is_caught_with_the_manifest_and_nothing_that_computes_or_links_without(
    submission: Path, judged: Callable[..., Report]
) -> None:
    good = submission.read_bytes()
    assert judged(good, with_manifest=True).verdict == "通过"
    usual, met = seen(good), set[str]()
    for kind, said, mutant in mutants(good, COUNT, SEED):
        met.add(kind)
        assert judged(mutant, with_manifest=True).verdict == "不通过", said
        if judged(mutant, with_manifest=False).verdict == "通过" and kind not in VALUES:
            assert seen(mutant) == usual, said
    assert met == set(CHANGES)


def test_the_same_seed_gives_the_same_mutants(submission: Path) -> None:
    good = submission.read_bytes()
    one, other = (list(mutants(good, 40, 3)) for _ in range(2))
    assert one == other and len(one) >= len(CHANGES)
    assert all(mutant != good for _, _, mutant in one)
