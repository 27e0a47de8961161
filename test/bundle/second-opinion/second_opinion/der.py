"""Strict DER, as far as keys, signatures and timestamps need it: one-byte tags, definite lengths, shortest form."""

from __future__ import annotations

from typing import List, NamedTuple, Tuple

INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
NULL = 0x05
OBJECT_IDENTIFIER = 0x06
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30
SET = 0x31
CONTEXT_0 = 0xA0


class NotDer(Exception):
    """The bytes are not DER, or not of the shape that is asked for."""


class Element(NamedTuple):
    tag: int
    content: bytes


def read(data: bytes) -> Tuple[Element, bytes]:
    """The first element and what follows it."""
    if len(data) < 2:
        raise NotDer("too short")
    tag, first = data[0], data[1]
    if tag & 0x1F == 0x1F:
        raise NotDer("a tag of more than one byte")
    if first < 0x80:
        length, start = first, 2
    else:
        count = first & 0x7F
        if count == 0 or count > 4 or len(data) < 2 + count:
            raise NotDer("an indefinite or too long length")
        length, start = int.from_bytes(data[2 : 2 + count], "big"), 2 + count
        if length < 0x80 or data[2] == 0:
            raise NotDer("a length that is not in its shortest form")
    if len(data) < start + length:
        raise NotDer("cut short")
    return Element(tag, data[start : start + length]), data[start + length :]


def only(data: bytes, tag: int) -> bytes:
    """The content of the one element that the bytes are."""
    element, rest = read(data)
    if rest or element.tag != tag:
        raise NotDer("another element, or more than one")
    return element.content


def elements(data: bytes) -> List[Element]:
    found: List[Element] = []
    while data:
        element, data = read(data)
        found.append(element)
    return found


def content(element: Element, tag: int) -> bytes:
    if element.tag != tag:
        raise NotDer(f"tag {element.tag:#x} in place of {tag:#x}")
    return element.content


def positive_integer(element: Element) -> int:
    """An INTEGER above zero in its shortest form."""
    digits = content(element, INTEGER)
    if not digits or digits[0] & 0x80:
        raise NotDer("an integer that is not positive")
    if len(digits) > 1 and digits[0] == 0 and not digits[1] & 0x80:
        raise NotDer("an integer that is not in its shortest form")
    value = int.from_bytes(digits, "big")
    if value == 0:
        raise NotDer("an integer that is zero")
    return value
