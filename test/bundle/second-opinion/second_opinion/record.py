"""The transcript: its lines, their form, their chain, and the bodies that their types have."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional

from .bundle_files import TRANSCRIPT
from .canonical import LARGEST_RECORD, NotCanonical, parse, sha256_hex
from .finding import Missing, Refused
from .schema import Misfit, Schemas

NOTHING_BEFORE = "0" * 64


class Line(NamedTuple):
    seq: int
    raw: bytes
    value: Dict[str, Any]
    sha256: str

    @property
    def type(self) -> str:
        return str(self.value["type"])

    @property
    def step(self) -> Optional[str]:
        step: Optional[str] = self.value["step"]
        return step

    @property
    def by(self) -> List[str]:
        by: List[str] = self.value["by"]
        return by

    @property
    def body(self) -> Dict[str, Any]:
        body: Dict[str, Any] = self.value["body"]
        return body

    @property
    def prev(self) -> str:
        return str(self.value["prev"])

    @property
    def at(self) -> str:
        return str(self.value["at"])


def read_lines(data: bytes, missing: Missing) -> List[Line]:
    """The whole lines of a transcript. What follows the last LF is a line that was not written to its end."""
    *whole, torn = data.split(b"\n")
    if len(torn) > LARGEST_RECORD:
        raise Refused(TRANSCRIPT, len(whole), "the line is too long")
    if torn:
        missing.add(TRANSCRIPT, len(whole), "the last line was not written to its end")
    return [_read_line(seq, raw) for seq, raw in enumerate(whole)]


def _read_line(seq: int, raw: bytes) -> Line:
    try:
        value = parse(raw)
    except NotCanonical as error:
        raise Refused(TRANSCRIPT, seq, str(error)) from error
    return Line(seq, raw, value, sha256_hex(raw))


def check_form(lines: List[Line], schemas: Schemas, where: str) -> None:
    """Members, numbers and chain of the lines, and their order in time. (Schemas see to it that times exist.)"""
    prev, at = NOTHING_BEFORE, ""
    for line in lines:
        try:
            schemas.check("line", line.value)
        except Misfit as error:
            raise Refused(where, line.seq, str(error)) from error
        if line.value["seq"] != line.seq:
            raise Refused(where, line.seq, "another number stands in the line")
        if line.prev != prev:
            raise Refused(where, line.seq, "the chain is broken")
        # Times have one form, so that their text sorts as they do.
        if line.at < at and not (line.type == "exception.recorded" and line.body.get("kind") == "clock"):
            raise Refused(where, line.seq, "the time is before that of the line before")
        prev, at = line.sha256, line.at


def check_body(line: Line, schemas: Schemas, where: str) -> None:
    """The body as the schema of its type says, and what a fact or an act says in it as theirs do."""
    body = line.body
    try:
        schemas.check(f"line.{line.type}", body)
        if line.type == "fact.recorded":
            if f"fact.{body['fact']}" not in schemas:
                raise Misfit(f"{body['fact']} is no fact")
            schemas.check(f"fact.{body['fact']}", body["value"])
        for member in ("parameters", "expected", "result", "observed"):
            if line.type.startswith("step.") and member in body:
                schemas.check(f"act.{member}", body[member])
    except Misfit as error:
        raise Refused(where, line.seq, str(error)) from error
