"""Exceptions, raised by anybody and signed by two, and what they answer."""

from __future__ import annotations

from collections import Counter
from typing import Any, Dict, Tuple

from .case import Case, refuse
from .record import Line

MEMBERS = ("step", "kind", "expected", "happened", "decided")
# These are signed at once, and need not have been raised before.
UNRAISED = {"step-skipped", "clock"}


class Exceptions:
    def __init__(self, case: Case) -> None:
        self._case = case
        self._waiting: "Counter[Tuple[str, ...]]" = Counter()

    def raised(self, line: Line) -> None:
        if line.step is not None:
            refuse(line, "a raised exception has no step")
        self._waiting[_five(line.body["value"])] += 1

    def recorded(self, line: Line) -> None:
        case, body = self._case, line.body
        record = case.open(line, body["record"], "exception")
        if record.payload["kind"] != body["kind"] or record.payload["step"] != line.step:
            refuse(line, "the exception that was signed is another")
        if not case.people.crypto_administrator_and_watcher(record.signers):
            refuse(line, "not signed by a crypto administrator and a witness or auditor")
        five = _five(record.payload)
        if self._waiting[five] > 0:
            self._waiting[five] -= 1
        elif body["kind"] not in UNRAISED:
            refuse(line, "nobody raised this exception")
        case.exceptions.append((body["kind"], str(line.step), line.seq))

    def finish(self) -> None:
        if sum(self._waiting.values()) == 0:
            return
        if self._case.closed:
            refuse(self._case.lines[-1], "an exception that was raised is not answered")
        self._case.missing.add("transcript.jsonl", None, "an exception that was raised is not answered yet")


def _five(value: Dict[str, Any]) -> Tuple[str, ...]:
    return tuple(value[member] for member in MEMBERS)
