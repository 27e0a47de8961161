"""Canonical JSON: RFC 8785 with the further limits of the section "Notation"; JSON of any form; strict base64."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Any, List, Tuple

LARGEST_INTEGER = 2**53 - 1
LARGEST_RECORD = 1024 * 1024
DEEPEST = 32


class NotCanonical(Exception):
    """The bytes are not the one form that this value has."""


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def dump(value: Any) -> bytes:
    """The canonical bytes of a value. Keys are ASCII, so sorting by code points is sorting as RFC 8785 asks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode("utf-8")


def parse(data: bytes) -> Any:
    """The value of canonical bytes; raises NotCanonical for anything else."""
    if len(data) > LARGEST_RECORD:
        raise NotCanonical("longer than 1 MiB")
    try:
        text = data.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_no_number,
            parse_constant=_no_number,
        )
    except NotCanonical:
        raise
    except (ValueError, RecursionError) as error:
        raise NotCanonical(f"not JSON: {error}") from error
    _check_limits(value)
    if dump(value) != data:
        raise NotCanonical("not in canonical form")
    return value


def parse_with_newline(data: bytes) -> Any:
    """The value of a file that is canonical JSON and one LF."""
    if not data.endswith(b"\n"):
        raise NotCanonical("no LF at the end")
    return parse(data[:-1])


def parse_any_form(data: bytes) -> Any:
    """The value of JSON of any form, as other programs write it; raises NotCanonical where it is no JSON."""
    try:
        # A byte order mark before it is passed over.
        text = data.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_object, parse_float=_number, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise NotCanonical(f"not JSON: {error}") from error


def from_base64(text: Any) -> bytes:
    """Bytes of standard, padded base64 whose spare bits are zero: what encodes back to the same text."""
    if not isinstance(text, str):
        raise NotCanonical("base64 is no text")
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error, UnicodeEncodeError) as error:
        raise NotCanonical("not base64") from error
    if base64.b64encode(data).decode("ascii") != text:
        raise NotCanonical("not the one base64 form")
    return data


def to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _object(pairs: List[Tuple[str, Any]]) -> Any:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise NotCanonical("a key stands twice")
    return value


def _integer(digits: str) -> int:
    # The length is looked at first: Python refuses to convert very long numbers in a way of its own.
    if digits == "-0" or len(digits) > 17 or abs(int(digits)) > LARGEST_INTEGER:
        raise NotCanonical("a number outside the range of integers")
    return int(digits)


def _number(text: str) -> Any:
    # 1.0 and 1e0 are the integer 1, as JSON Schema counts.
    value = float(text)
    return int(value) if value.is_integer() else value


def _no_number(_text: str) -> Any:
    raise NotCanonical("a number that is no integer")


def _check_limits(outermost: Any) -> None:
    waiting: List[Tuple[Any, int]] = [(outermost, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEEPEST:
            raise NotCanonical("nested deeper than 32")
        if isinstance(value, str):
            _check_text(value)
        elif isinstance(value, list):
            waiting.extend((item, depth + 1) for item in value)
        elif isinstance(value, dict):
            for key, item in value.items():
                if not all("\x20" <= character <= "\x7e" for character in key):
                    raise NotCanonical("a key that is not printable ASCII")
                waiting.append((item, depth + 1))


def _check_text(text: str) -> None:
    if "\x7f" in text:
        raise NotCanonical("U+007F in a text")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise NotCanonical("half of a surrogate pair in a text")
