"""In what state a completed step leaves its units: the second table of the section "Signed commands"."""

from __future__ import annotations

from typing import Any, Callable, Dict

from .people import People

# Whether a state is one that a step of the plan may leave a unit in.
Holds = Callable[[Dict[str, Any], Dict[str, Any], People], bool]


def _somebody(state: Dict[str, Any], step: Dict[str, Any], people: People) -> bool:
    """Whether somebody of the step's position is among the administrators. Those of old may be on no roster."""
    return any(people.position.get(one["id"]) == step["administrators"] for one in state["administrators"])


def _mode(mode: str) -> Holds:
    return lambda state, _step, _people: bool(state["mode"] == mode)


def _registers(**wanted: str) -> Holds:
    return lambda state, _step, _people: all(state["registers"][name] == status for name, status in wanted.items())


def _cleared(state: Dict[str, Any], _step: Dict[str, Any], _people: People) -> bool:
    return state["registers"]["new"] == "empty" and state["loading"] is None


def _thresholds(state: Dict[str, Any], step: Dict[str, Any], _people: People) -> bool:
    return all(state[name] == step[name] for name in ("signatureThreshold", "revocationThreshold"))


LEFT_BY: Dict[str, Holds] = {
    "unit.adopt": _mode("imprint"),
    "unit.imprint": _mode("operational"),
    "unit.administrators.add": _somebody,
    "unit.administrators.remove": lambda state, step, people: not _somebody(state, step, people),
    "unit.thresholds": _thresholds,
    "master-key.generate": _registers(new="full-uncommitted"),
    "master-key.load": _registers(new="full-uncommitted"),
    "master-key.commit": _registers(new="full-committed"),
    "master-key.activate": _registers(current="valid", new="empty"),
    "master-key.adopt": _registers(current="valid"),
    "master-key.clear": _cleared,
    "unit.zeroise": _mode("zeroised"),
}
