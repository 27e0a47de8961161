"""The answer of a time-stamping authority, read as far as the format document reads it."""

from __future__ import annotations

import re
from typing import List, NamedTuple

from . import clocktime, der

LARGEST = 64 * 1024
SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
TST_INFO = bytes.fromhex("2a864886f70d0109100104")
SHA_256 = bytes.fromhex("608648016503040201")
TIME = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:\.\d{1,9})?Z\Z", re.ASCII)


class Timestamp(NamedTuple):
    digest: bytes
    time: str


def read(data: bytes) -> Timestamp:
    """What a TimeStampResp says was there when; NotDer when it is not of the shape."""
    if len(data) > LARGEST:
        raise der.NotDer("larger than 64 KiB")
    status, token = _parts(der.only(data, der.SEQUENCE), 2)
    granted = der.elements(der.content(status, der.SEQUENCE))
    _need(bool(granted) and granted[0] in (der.Element(der.INTEGER, b"\0"), der.Element(der.INTEGER, b"\1")))
    kind, wrapped = _parts(der.content(token, der.SEQUENCE), 2)
    _need(kind == der.Element(der.OBJECT_IDENTIFIER, SIGNED_DATA))
    (signed,) = _parts(der.content(wrapped, der.CONTEXT_0), 1)
    info = _encapsulated(der.content(signed, der.SEQUENCE))
    return _info(der.elements(der.only(info, der.SEQUENCE)))


def _encapsulated(signed: bytes) -> bytes:
    parts = der.elements(signed)
    _need(len(parts) >= 3 and parts[0].tag == der.INTEGER and parts[1].tag == der.SET)
    kind, wrapped = _parts(der.content(parts[2], der.SEQUENCE), 2)
    _need(kind == der.Element(der.OBJECT_IDENTIFIER, TST_INFO))
    (octets,) = _parts(der.content(wrapped, der.CONTEXT_0), 1)
    return der.content(octets, der.OCTET_STRING)


def _info(parts: List[der.Element]) -> Timestamp:
    tags = [der.INTEGER, der.OBJECT_IDENTIFIER, der.SEQUENCE, der.INTEGER, der.GENERALIZED_TIME]
    _need([part.tag for part in parts[:5]] == tags and parts[0].content == b"\1")
    algorithm, digest = _parts(parts[2].content, 2)
    named = der.elements(der.content(algorithm, der.SEQUENCE))
    _need(bool(named) and named[0] == der.Element(der.OBJECT_IDENTIFIER, SHA_256))
    octets = der.content(digest, der.OCTET_STRING)
    time = parts[4].content.decode("ascii", "replace")
    match = TIME.match(time)
    _need(len(octets) == 32 and match is not None and clocktime.exists(*(int(part) for part in match.groups())))
    return Timestamp(octets, time)


def _parts(content: bytes, count: int) -> List[der.Element]:
    parts = der.elements(content)
    _need(len(parts) == count)
    return parts


def _need(holds: bool) -> None:
    if not holds:
        raise der.NotDer("not a timestamp")
