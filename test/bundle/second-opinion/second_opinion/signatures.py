"""Public keys and signatures. The arithmetic of a signature is left to `openssl`; forms are checked here."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import tempfile
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

from . import der
from .canonical import NotCanonical, from_base64

RSA_ENCRYPTION = bytes.fromhex("2a864886f70d010101")
EC_PUBLIC_KEY = bytes.fromhex("2a8648ce3d0201")
ED25519 = bytes.fromhex("2b6570")


class Curve(NamedTuple):
    """A curve y² = x³ - 3x + b of NIST, and the digest that goes with it."""

    oid: bytes
    size: int  # of a coordinate, in bytes
    prime: int
    b: int
    digest: str


CURVES = {
    "ecdsa-p256-sha256": Curve(
        bytes.fromhex("2a8648ce3d030107"), 32, 2**256 - 2**224 + 2**192 + 2**96 - 1,
        0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B, "-sha256",
    ),
    "ecdsa-p384-sha384": Curve(
        bytes.fromhex("2b81040022"), 48, 2**384 - 2**128 - 2**96 + 2**32 - 1,
        0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF, "-sha384",
    ),
    "ecdsa-p521-sha512": Curve(
        bytes.fromhex("2b81040023"), 66, 2**521 - 1,
        int(
            "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e1"
            "56193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00", 16
        ),
        "-sha512",
    ),
}


class BadKey(Exception):
    """A public key that is not of the form that its algorithm asks for."""


class PublicKey(NamedTuple):
    algorithm: str
    spki: bytes
    modulus_bytes: int  # 0 but for RSA


def read_key(algorithm: str, spki_base64: str) -> PublicKey:
    """The key of a roster or of a unit's identity."""
    try:
        spki = from_base64(spki_base64)
        identifier, bits = _key_info(spki)
        if algorithm == "ed25519":
            _require(len(identifier) == 1 and identifier[0].content == ED25519 and len(bits) == 32, "no Ed25519 key")
            return PublicKey(algorithm, spki, 0)
        if algorithm == "rsa-pss-sha256":
            return PublicKey(algorithm, spki, _modulus_bytes(identifier, bits))
        _check_point(CURVES[algorithm], identifier, bits)
        return PublicKey(algorithm, spki, 0)
    except (der.NotDer, NotCanonical) as error:
        raise BadKey(str(error)) from error


def pem(spki: bytes) -> bytes:
    """PEM in lines of 64 characters, an LF at each end."""
    text = base64.b64encode(spki).decode("ascii")
    lines = [text[place : place + 64] for place in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""]).encode("ascii")


def _key_info(spki: bytes) -> Tuple[List[der.Element], bytes]:
    parts = der.elements(der.only(spki, der.SEQUENCE))
    _require(len(parts) == 2, "no SubjectPublicKeyInfo")
    identifier = der.elements(der.content(parts[0], der.SEQUENCE))
    _require(len(identifier) >= 1 and identifier[0].tag == der.OBJECT_IDENTIFIER, "no algorithm")
    bits = der.content(parts[1], der.BIT_STRING)
    _require(len(bits) > 1 and bits[0] == 0, "no whole bytes of key")
    return identifier, bits[1:]


def _modulus_bytes(identifier: List[der.Element], bits: bytes) -> int:
    _require(identifier[0].content == RSA_ENCRYPTION, "no rsaEncryption key")
    _require(identifier[1:] == [der.Element(der.NULL, b"")], "parameters that are not NULL")
    numbers = der.elements(der.only(bits, der.SEQUENCE))
    _require(len(numbers) == 2, "no RSA key")
    modulus, exponent = der.positive_integer(numbers[0]), der.positive_integer(numbers[1])
    _require(modulus.bit_length() >= 2048, "an RSA key of less than 2048 bits")
    _require(modulus % 2 == 1 and exponent % 2 == 1 and exponent >= 3, "no RSA key")
    return (modulus.bit_length() + 7) // 8


def _check_point(curve: Curve, identifier: List[der.Element], bits: bytes) -> None:
    named = [der.Element(der.OBJECT_IDENTIFIER, EC_PUBLIC_KEY), der.Element(der.OBJECT_IDENTIFIER, curve.oid)]
    _require(identifier == named, "another curve")
    _require(len(bits) == 1 + 2 * curve.size and bits[0] == 4, "no uncompressed point")
    x = int.from_bytes(bits[1 : 1 + curve.size], "big")
    y = int.from_bytes(bits[1 + curve.size :], "big")
    _require(x < curve.prime and y < curve.prime, "a point out of range")
    _require((y * y - (x * x * x - 3 * x + curve.b)) % curve.prime == 0, "a point that is not on the curve")


def _require(holds: bool, reason: str) -> None:
    if not holds:
        raise BadKey(reason)


class SignatureChecker:
    """Checks signatures with openssl, and remembers what came out: many bundles share most of their signatures."""

    def __init__(self) -> None:
        self._known: Dict[bytes, bool] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="second-opinion-")

    def holds(self, key: PublicKey, message: bytes, signature: bytes) -> bool:
        if not _has_form(key, signature):
            return False
        parts = (key.algorithm.encode("ascii"), key.spki, signature, message)
        name = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()
        if name not in self._known:
            self._known[name] = self._ask_openssl(key, message, signature)
        return self._known[name]

    def _ask_openssl(self, key: PublicKey, message: bytes, signature: bytes) -> bool:
        folder = Path(self._folder.name)
        (folder / "key").write_bytes(pem(key.spki))
        (folder / "message").write_bytes(message)
        (folder / "signature").write_bytes(signature)
        if key.algorithm == "ed25519":
            command = ["pkeyutl", "-verify", "-pubin", "-inkey", "key", "-rawin", "-in", "message"]
            command += ["-sigfile", "signature"]
        else:
            command = ["dgst", *_digest_options(key), "-verify", "key", "-signature", "signature", "message"]
        done = subprocess.run(["openssl", *command], cwd=folder, capture_output=True, check=False)
        return done.returncode == 0


def _digest_options(key: PublicKey) -> List[str]:
    if key.algorithm == "rsa-pss-sha256":
        options = ["rsa_padding_mode:pss", "rsa_pss_saltlen:32", "rsa_mgf1_md:sha256"]
        return ["-sha256"] + [word for option in options for word in ("-sigopt", option)]
    return [CURVES[key.algorithm].digest]


def _has_form(key: PublicKey, signature: bytes) -> bool:
    """Lengths and strict DER: openssl may be more lenient than the format is."""
    if key.algorithm == "ed25519":
        return len(signature) == 64
    if key.algorithm == "rsa-pss-sha256":
        return len(signature) == key.modulus_bytes
    try:
        numbers = der.elements(der.only(signature, der.SEQUENCE))
        return len(numbers) == 2 and all(der.positive_integer(number) > 0 for number in numbers)
    except der.NotDer:
        return False


def key_of_pem(text: bytes) -> Optional[bytes]:
    """The DER of a public key in a PEM file from outside, which may be wrapped in any way; None if there is none."""
    lines = text.decode("ascii", "replace").split()
    joined = " ".join(lines)
    begin, end = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"
    if begin not in joined or end not in joined:
        return None
    body = joined.split(begin, 1)[1].split(end, 1)[0].replace(" ", "")
    try:
        return from_base64(body)
    except NotCanonical:
        return None
