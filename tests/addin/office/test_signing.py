"""Keys, signatures, the receipt and the report: what is signed cannot be altered, and who signed cannot be swapped."""

import json
import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from addin.office.auditing import audit_each
from addin.office.signing import PASSPHRASE, PRIVATE_KEY, PUBLIC_KEY, open_key
from addin.problems import Stop
from tests.addin.conftest import Run
from validators.audit.signature import SignatureError, read_key

KINDS = {"Ed25519": [], "SM2": ["--sm2"]}
WORDS = "一二三四五六七八"


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSPHRASE, WORDS)


@pytest.fixture(params=KINDS)
def signed(run: Run, tmp_path: Path, county: Path, request: pytest.FixtureRequest) -> Path:
    """A signed submission; its keys lie beside it."""
    assert run("keys", "--out", tmp_path, *KINDS[request.param]).code == 0
    target = tmp_path / "报省.xlsx"
    assert run("export", county, "--out", target, "--sign", tmp_path / PRIVATE_KEY).code == 0
    return target


def beside(path: Path, suffix: str) -> Path:
    return path.with_name(f"{path.name}.manifest.json{suffix}")


def au08(path: Path, key: Path | None = None) -> tuple[str, str]:
    """The result, and what was said of the signature."""
    (report,) = audit_each([path], key=key)
    check = report["checks"][7]
    return check["result"], " ".join(one["what"] for one in check["evidence"])


def test_a_private_key_is_encrypted_and_only_for_its_owner(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("keys", "--out", tmp_path, "--json")
    private, public = tmp_path / PRIVATE_KEY, tmp_path / PUBLIC_KEY
    assert code == 0 and b"ENCRYPTED PRIVATE KEY" in private.read_bytes()
    assert json.loads(out)["fingerprint"] == read_key(public.read_bytes()).fingerprint
    if os.name == "posix":
        assert stat.S_IMODE(private.stat().st_mode) == 0o600
    code, _, err = run("keys", "--out", tmp_path)
    assert code == 2 and "从不覆盖" in err


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_a_wrong_passphrase_opens_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    assert run("keys", "--out", tmp_path, *options).code == 0
    monkeypatch.setenv(PASSPHRASE, WORDS + "九")
    with pytest.raises(Stop, match="口令不对"):
        open_key(tmp_path / PRIVATE_KEY)
    (tmp_path / "坏.pem").write_bytes(b"-----BEGIN")
    with pytest.raises(Stop, match="口令不对，或文件不是"):
        open_key(tmp_path / "坏.pem")


def test_a_passphrase_is_asked_for_and_not_too_short(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PASSPHRASE, "短")
    assert "太短" in run("keys", "--out", tmp_path).err
    monkeypatch.delenv(PASSPHRASE)
    assert PASSPHRASE in run("keys", "--out", tmp_path).err
    assert list(tmp_path.iterdir()) == []


def test_a_signature_holds_and_says_whose_key_it_was(signed: Path) -> None:
    result, said = au08(signed)
    assert result == "通过" and "公钥放在文件旁边" in said
    result, said = au08(signed, signed.with_name(PUBLIC_KEY))
    assert result == "通过" and "公钥由审计方给出" in said
    assert read_key(signed.with_name(PUBLIC_KEY).read_bytes()).fingerprint in said


@pytest.mark.parametrize("suffix", [".sig", ".pub"])
def test_where_it_cannot_be_signed_nothing_of_the_export_stays(
    run: Run, county: Path, tmp_path: Path, suffix: str
) -> None:
    assert run("keys", "--out", tmp_path).code == 0
    target = tmp_path / "报省.xlsx"
    beside(target, suffix).mkdir()
    code, _, err = run("export", county, "--out", target, "--sign", tmp_path / PRIVATE_KEY)
    assert code == 2 and "写不了" in err
    assert list(tmp_path.glob("报省*")) == [beside(target, suffix)]


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def lie(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace("首报".encode(), "再报".encode()))


SPOILT: dict[str, tuple[str, Callable[[Path], Any], str]] = {
    "the manifest altered": ("", lie, "签名无效"),
    "the signature altered": (".sig", spoil, "签名无效"),
    "the signature gone": (".sig", Path.unlink, "清单写明有签名"),
    "the signature empty": (".sig", lambda path: path.write_bytes(b""), "签名无效"),
    "the key gone": (".pub", Path.unlink, "没有公钥"),
    "the key spoilt": (".pub", lambda path: path.write_bytes(b"-----BEGIN PUBLIC KEY-----"), "公钥文件不是"),
}


@pytest.mark.parametrize(("suffix", "change", "says"), SPOILT.values(), ids=SPOILT)
def test_what_is_altered_is_noticed(signed: Path, suffix: str, change: Callable[[Path], Any], says: str) -> None:
    change(beside(signed, suffix))
    result, said = au08(signed)
    assert result == "不通过" and says in said


def test_another_key_may_sign_but_not_pass_for_the_citys(run: Run, signed: Path, county: Path, tmp_path: Path) -> None:
    other = tmp_path / "别人"
    other.mkdir()
    assert run("keys", "--out", other).code == 0
    assert run("export", county, "--out", signed, "--sign", other / PRIVATE_KEY, "--force").code == 0
    assert au08(signed)[0] == "通过"  # in itself it is consistent
    assert au08(signed, tmp_path / PUBLIC_KEY)[0] == "不通过"
    shutil.copy(tmp_path / PUBLIC_KEY, beside(signed, ".pub"))
    assert au08(signed)[0] == "不通过"


def test_an_unsigned_submission_is_none_the_worse_unless_a_signature_is_wanted(
    run: Run, signed: Path, county: Path, tmp_path: Path
) -> None:
    assert run("export", county, "--out", signed, "--force").code == 0
    assert not beside(signed, ".sig").exists() and not beside(signed, ".pub").exists()
    assert au08(signed) == ("通过", "")
    result, said = au08(signed, tmp_path / PUBLIC_KEY)
    assert result == "不通过" and "没有签名文件" in said


def test_openssl_agrees(signed: Path) -> None:
    program = shutil.which("openssl")
    if program is None and not os.environ.get("CI"):
        pytest.skip("没有 OpenSSL：请安装 openssl")
    assert program, "CI must have OpenSSL"
    more = (
        []
        if len(beside(signed, ".sig").read_bytes()) == 64
        else ["-digest", "sm3", "-pkeyopt", "distid:1234567812345678"]
    )
    command = [program, "pkeyutl", "-verify", "-pubin", "-inkey", beside(signed, ".pub"), "-rawin",
               "-in", beside(signed, ""), "-sigfile", beside(signed, ".sig"), *more]  # fmt: skip
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    lie(beside(signed, ""))
    assert subprocess.run(command, check=False, capture_output=True).returncode != 0


def test_a_key_of_another_kind_is_refused() -> None:
    with pytest.raises(SignatureError, match="Ed25519 或 SM2"):
        read_key(b"-----BEGIN PUBLIC KEY-----\nMAAw\n-----END PUBLIC KEY-----\n")


def texts(path: Path) -> str:
    paper = Document(str(path))
    cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in paper.paragraphs), *cells])


def test_the_receipt_is_one_page_with_hash_counts_sums_and_verdicts(
    run: Run, signed: Path, soffice: Callable[[Path, Path, str], Path], tmp_path: Path
) -> None:
    receipt = tmp_path / "回执.docx"
    code, out, _ = run("audit", signed, "--key", tmp_path / PUBLIC_KEY, "--receipt", receipt, "--json")
    assert code == 0
    said = texts(receipt)
    assert json.loads(out)["sha256"] in said.replace(" ", "")
    manifest = json.loads(beside(signed, "").read_text(encoding="utf-8"))
    first = manifest["sheets"][0]
    assert f"{first['name']} {first['rows']} 行" in said
    assert f"{first['sums']['红色预警_估算减排量（千克/天）_SO2']:,.10g}" in said
    assert "审计结论：通过" in said and "AU08 清单相符：通过" in said and "公钥指纹" in said
    paper = Document(str(receipt))
    assert len(paper.inline_shapes) == 1 and not paper.core_properties.author
    pages = subprocess.run(["pdfinfo", soffice(receipt, tmp_path, "pdf")], check=True, capture_output=True, text=True)
    assert "Pages:           1\n" in pages.stdout
    assert "--force" in run("audit", signed, "--receipt", receipt).err


def test_without_a_manifest_the_verdict_stands_and_the_receipt_says_why_it_is_not_received(
    run: Run, signed: Path, county: Path, tmp_path: Path
) -> None:
    code, out, _ = run("audit", county, "--receipt", tmp_path / "回执.docx", "--report", tmp_path / "报告.docx")
    assert code == 1 and "东昌府区.xlsx：不通过" in out
    said = texts(tmp_path / "回执.docx")
    assert (
        "不予接收" in said and "审计结论：不通过" in said and "没有核对清单" in said and "无公式（AU01）不通过" in said
    )
    alone = Path(shutil.copy(signed, tmp_path / "单独.xlsx"))
    code, out, _ = run("audit", alone, "--receipt", tmp_path / "单独.docx", "--report", tmp_path / "单独报告.docx")
    assert code == 0 and "单独.xlsx：通过" in out
    said = texts(tmp_path / "单独.docx")
    assert "审计结论：通过" in said and "不予接收" in said and "没有核对清单" in said
    assert "没有核对清单，没有核对。" in texts(tmp_path / "单独报告.docx")
    beside(alone, "").write_text("{}")
    code, out, _ = run("audit", alone, "--receipt", tmp_path / "坏清单.docx", "--json")
    assert code == 1 and json.loads(out)["verdict"] == "不通过"
    assert "核对清单用不了" in texts(tmp_path / "坏清单.docx")
    code, out, err = run("audit", signed, "--receipt", tmp_path / "没有" / "回执.docx")
    assert code == 2 and "报省.xlsx：通过" in out and "回执没有写出" in err
    assert "一个文件" in run("audit", county, county, "--receipt", tmp_path / "回执.docx").err


def test_the_report_says_the_verdict_first_and_then_where(run: Run, county: Path, tmp_path: Path) -> None:
    odd = shutil.copy(county, tmp_path / "带\u202e反写.xlsx")
    report = tmp_path / "报告.docx"
    code, out, _ = run("audit", county, odd, "--report", report)
    assert code == 1
    assert "共 2 个文件：不通过 2。" in out
    said = texts(report)
    assert said.index("审计报告") < said.index("不通过：东昌府区.xlsx") < said.index("AU01 无公式：不通过")
    assert "<f>" not in said and "审计人（签字）" in said and "qingdan" in said
    assert "\u202e" not in said
    assert "后缀应为 .docx" in run("audit", county, "--report", tmp_path / "报告.pdf").err
