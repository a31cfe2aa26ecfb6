"""The signature over a manifest: Ed25519, or SM2 with SM3 where an office must; verified with the public key alone.

A signature file holds the signature over the bytes of the manifest and nothing else, so that others can check it too
(OpenSSL: raw 64 bytes for Ed25519, DER for SM2). A public key is PEM.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Any

ED25519, SM2 = "Ed25519", "SM2"
# SubjectPublicKeyInfo of each kind up to the key itself.
PREFIXES = {
    ED25519: bytes.fromhex("302a300506032b6570032100"),
    SM2: bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004"),
}
SM2_ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_SIZES = {ED25519: 32, SM2: 64}
_PEM = re.compile(rb"\s*-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]{1,400})-----END PUBLIC KEY-----\s*")


class SignatureError(ValueError):
    """The signature or the key cannot be used, or does not hold; the text is a Chinese sentence."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: its kind, and its bytes (SM2: x and y)."""

    kind: str
    data: bytes

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key as DER, in groups of four hexadecimal digits: what people compare."""
        digest = hashlib.sha256(PREFIXES[self.kind] + self.data).hexdigest()
        return " ".join(digest[place : place + 4] for place in range(0, 64, 4))

    def pem(self) -> bytes:
        """The key as a PEM file."""
        text = base64.encodebytes(PREFIXES[self.kind] + self.data)
        return b"-----BEGIN PUBLIC KEY-----\n" + text + b"-----END PUBLIC KEY-----\n"


@dataclass(frozen=True, slots=True)
class Signing:
    """What stands beside a manifest: signature and public key, None where there is none.

    `trusted` says that the auditor brought the key, so that it does not merely come with what it is to prove.
    """

    signature: bytes | None
    key: bytes | None
    trusted: bool


def read_key(data: bytes) -> PublicKey:
    """Read a PEM public key. Raises SignatureError."""
    match = _PEM.fullmatch(data)
    try:
        found = base64.b64decode(match[1]) if match else b""
    except ValueError:
        found = b""
    for kind, prefix in PREFIXES.items():
        if found.startswith(prefix) and len(found) == len(prefix) + _SIZES[kind]:
            return PublicKey(kind, found[len(prefix) :])
    raise SignatureError("公钥文件不是 Ed25519 或 SM2 的公钥（PEM 格式），请核对是否拿错了文件")


def verify(message: bytes, signature: bytes, key: PublicKey) -> None:
    """Raise SignatureError unless this is the key holder's signature of the message."""
    holds = _ed25519(message, signature, key.data) if key.kind == ED25519 else _sm2(message, signature, key.data)
    if not holds:
        raise SignatureError("签名无效：清单在签名之后被改动，或不是这把钥匙签的")


def _ed25519(message: bytes, signature: bytes, key: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _sm2(message: bytes, signature: bytes, key: bytes) -> bool:
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    try:
        r, s = decode_dss_signature(signature)
    except ValueError:
        return False
    crypt = sm2_of("", key.hex())
    if not (0 < r < SM2_ORDER and 0 < s < SM2_ORDER):
        return False
    try:
        return crypt.verify_with_sm3(f"{r:064x}{s:064x}", message) is True
    except (TypeError, ValueError):  # gmssl's arithmetic ends at infinity, as with a point that is not on the curve
        return False


def sm2_of(private: str, public: str) -> Any:  # noqa: ANN401 - gmssl ships no types
    """The SM2 of gmssl for keys in hexadecimal. Raises SignatureError where gmssl is not installed."""
    try:
        from gmssl.sm2 import CryptSM2
    except ImportError as error:
        raise SignatureError("国密 SM2 需要 gmssl 程序包，这里没有；请安装 qingdan[sm] 后再试") from error
    crypt = CryptSM2(private_key=private, public_key=public)
    crypt.public_key = public  # gmssl cuts off what looks like the mark of an uncompressed point
    return crypt
