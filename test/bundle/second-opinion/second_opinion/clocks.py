"""Readings of clocks: who read them, how far the workstation's was off, and when that needs an exception."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from .case import Case, refuse, trimmed
from .clocktime import milliseconds
from .record import Line
from .steps import Step

MOST_SKEW = 60_000
FEWEST_READERS = 3
A_DAY = 86_400_000


class Clocks:
    def __init__(self, case: Case) -> None:
        self._case = case
        self._median: Dict[str, int] = {}
        self._off: List[Tuple[Line, str]] = []

    def read(self, line: Line) -> None:
        if self._case.action_of(line) != "preflight":
            refuse(line, "clocks are read in a pre-flight")
        value = line.body["value"]
        readers = sorted({reading["by"] for reading in value["readings"]})
        if line.by != readers:
            refuse(line, "by are not the readers, sorted, each once")
        people = self._case.people
        could = [
            person["id"] for person in self._case.binding["people"]
            if people.attends(person["id"]) and person["id"] not in people.gone
        ]
        if len(readers) < FEWEST_READERS and not set(readers).issuperset(could):
            refuse(line, "too few people read the clocks")
        now = milliseconds(line.at)
        if any(abs(milliseconds(one["workstation"]) - now) > A_DAY for one in value["readings"]):
            refuse(line, "the clocks were read on another day")
        if any(trimmed(one["source"]) == "" for one in value["readings"]):
            refuse(line, "a clock has no name")
        median, largest = _skew(value["readings"])
        if value["skewMs"] != {"median": median, "largest": largest}:
            refuse(line, "the skew is not that of the readings")
        self._median[str(line.step)] = median

    def completed(self, line: Line, step: Step) -> None:
        name = step.plan["id"]
        if abs(self._median.get(name, 0)) > MOST_SKEW:
            self._off.append((line, name))

    def finish(self) -> None:
        for line, step in self._off:
            if not self._case.excepted(step, {"clock", "preflight"}):
                refuse(line, "the clock is off by more than a minute")


def _skew(readings: List[Dict[str, Any]]) -> Tuple[int, int]:
    """Median and largest skew, in milliseconds."""
    skews = sorted(milliseconds(one["at"]) - milliseconds(one["workstation"]) for one in readings)
    if not skews:
        return 0, 0
    # Of two in the middle the lower; of two equally far from 0 the positive.
    return skews[(len(skews) - 1) // 2], max(skews, key=lambda skew: (abs(skew), skew))
