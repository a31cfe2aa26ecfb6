"""`qingdan keys`, and the signature of a manifest: private keys lie on disk encrypted, and only their owner can read them."""

import os
import secrets
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from getpass import getpass
from pathlib import Path

from addin.office.results import Card, Result, made
from addin.problems import Stop, refusal
from validators.audit.signature import ED25519, SM2, SM2_ORDER, PublicKey, SignatureError, sm2_of

PRIVATE_KEY, PUBLIC_KEY = "私钥.pem", "公钥.pem"
PASSPHRASE = "QINGDAN_PASSPHRASE"  # noqa: S105 - the name of the variable that holds it
SHORTEST = 8
_SM2_HEAD, _SM2_TAIL = b"-----BEGIN QINGDAN SM2 PRIVATE KEY-----\n", b"\n-----END QINGDAN SM2 PRIVATE KEY-----\n"
_ROUNDS = 1 << 15  # of scrypt: some 0.1 s and 32 MiB for each passphrase that is tried


@dataclass(frozen=True)
class Signer:
    """A private key that has been opened."""

    public: PublicKey
    sign: Callable[[bytes], bytes]


class Keys(Result):
    """A pair of keys that was made."""

    private: str
    public: str
    algorithm: str
    fingerprint: str

    def lines(self) -> Iterator[str]:
        """Where they are, and who may have which."""
        yield f"已写出 {self.private}（只有本人可读，已用口令加密）和 {self.public}。"
        yield f"公钥指纹：{self.fingerprint}"
        yield "请把公钥和指纹当面或用公文交给审计方；私钥和口令不要交给任何人。"

    def card(self) -> Card:
        """The fingerprint, and who may have which."""
        return made(
            "已生成", words=[f"公钥指纹：{self.fingerprint}", "公钥和指纹当面或用公文交给审计方；私钥和口令自己留着。"]
        )


def keys(folder: Path, kind: str) -> Keys:
    """Make a pair of keys of a kind in a folder, asking for a passphrase. Raises `Stop`."""
    private, public = folder / PRIVATE_KEY, folder / PUBLIC_KEY
    if not folder.is_dir():
        raise Stop(f"文件夹“{folder}”不存在，写不进去。请先建立它，或换一个位置。")
    for path in (private, public):
        if path.exists():
            raise Stop(f"写不了：“{path}”已存在。钥匙从不覆盖，旧钥匙签过的文件还要靠它核对；请换一个文件夹。")
    words = passphrase("为私钥设一个口令（至少 8 个字符）：", again=True)
    try:
        encrypted, key = (_new_sm2 if kind == SM2 else _new_ed25519)(words)
    except SignatureError as error:
        raise Stop(f"{error}。") from error
    try:
        _write(private, encrypted, 0o600)
        _write(public, key.pem(), 0o644)
    except OSError as error:
        raise Stop(f"写不了：{refusal(error, folder)}") from error
    return Keys(private=str(private), public=str(public), algorithm=kind, fingerprint=key.fingerprint)


def passphrase(question: str, *, again: bool = False) -> str:
    """The passphrase from the environment, else as typed; never from the command line. Raises `Stop`."""
    words = os.environ.get(PASSPHRASE)
    if words is None:
        if not sys.stdin.isatty():
            raise Stop(f"没有口令：请在终端里运行以便输入口令，或把它放在环境变量 {PASSPHRASE} 里。")
        words = getpass(question)
        if again and getpass("再输一遍：") != words:
            raise Stop("两次输入的口令不同。请重新运行。")
    if again and len(words) < SHORTEST:
        raise Stop(f"口令太短，至少 {SHORTEST} 个字符。")
    return words


def _write(path: Path, data: bytes, mode: int) -> None:
    """A new file that has had its mode from the first moment."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def open_key(path: Path) -> Signer:
    """A private key, its passphrase asked for. Raises `Stop`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Stop(refusal(error, path)) from error
    words = passphrase(f"“{path.name}”的口令：")
    try:
        return _open_sm2(data, words) if data.startswith(_SM2_HEAD) else _open_ed25519(data, words)
    except SignatureError as error:
        raise Stop(f"{error}。") from error
    except (ValueError, TypeError) as error:
        raise Stop(f"打不开私钥“{path.name}”：口令不对，或文件不是用 qingdan keys 生成的私钥。") from error


def _new_ed25519(words: str) -> tuple[bytes, PublicKey]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    encrypted = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(words.encode()),
    )
    return encrypted, PublicKey(ED25519, key.public_key().public_bytes_raw())


def _open_ed25519(data: bytes, words: str) -> Signer:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(data, words.encode())
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError
    return Signer(PublicKey(ED25519, key.public_key().public_bytes_raw()), key.sign)


def _new_sm2(words: str) -> tuple[bytes, PublicKey]:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    private = f"{secrets.randbelow(SM2_ORDER - 2) + 1:064x}"
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    sealed = AESGCM(_stretched(words, salt)).encrypt(nonce, private.encode(), None)
    return _SM2_HEAD + (salt + nonce + sealed).hex().encode() + _SM2_TAIL, _sm2_public(private)


def _open_sm2(data: bytes, words: str) -> Signer:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    raw = bytes.fromhex(data.removeprefix(_SM2_HEAD).removesuffix(_SM2_TAIL).decode())
    try:
        private = AESGCM(_stretched(words, raw[:16])).decrypt(raw[16:28], raw[28:], None).decode()
    except InvalidTag as error:
        raise ValueError from error
    public = _sm2_public(private)

    def sign(message: bytes) -> bytes:
        nonce = f"{secrets.randbelow(SM2_ORDER - 1) + 1:064x}"  # gmssl's own is not made for secrets
        found = sm2_of(private, public.data.hex()).sign_with_sm3(message, nonce)
        return encode_dss_signature(int(found[:64], 16), int(found[64:], 16))

    return Signer(public, sign)


def _sm2_public(private: str) -> PublicKey:
    crypt = sm2_of(private, "")
    return PublicKey(SM2, bytes.fromhex(crypt._kg(int(private, 16), crypt.ecc_table["g"])))


def _stretched(words: str, salt: bytes) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt, 32, _ROUNDS, 8, 1).derive(words.encode())
