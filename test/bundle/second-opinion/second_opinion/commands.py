"""What a signed command does to a unit's state: the table of the section "Signed commands"."""

from __future__ import annotations

from typing import Any, Dict, NamedTuple, Set, Tuple

from .canonical import dump, sha256_hex

NOTHING = "0" * 64
MOST_ADMINISTRATORS = 8


class Rejected(Exception):
    """The unit would not carry the command out."""


class Command(NamedTuple):
    """A signed command whose signatures all hold."""

    payload: Dict[str, Any]  # the signed payload
    sha256: str  # of its bytes
    signers: Dict[str, Tuple[str, str]]  # id -> (algorithm, spki) of the roster's key
    custodians: Set[str]  # those of the signers who are custodians

    @property
    def order(self) -> Dict[str, Any]:
        order: Dict[str, Any] = self.payload["payload"]
        return order

    @property
    def name(self) -> str:
        return str(self.order["command"])


def state_hash(state: Dict[str, Any]) -> str:
    return sha256_hex(dump(state))


def first_state(identity: str, serial: str) -> Dict[str, Any]:
    return {
        "format": "keyrite-unit-state/1", "unit": identity, "serial": serial, "mode": "imprint", "administrators": [],
        "signatureThreshold": 0, "revocationThreshold": 0, "counter": 0, "loading": None,
        "registers": {"new": "empty", "current": "empty"}, "previous": NOTHING, "command": NOTHING,
    }


def carry_out(state: Dict[str, Any], command: Command) -> Dict[str, Any]:
    """The state after the command, or Rejected. A command that led to the state changes nothing."""
    payload = command.payload
    if command.sha256 == state["command"]:
        return state
    if state["mode"] == "zeroised":
        raise Rejected("the unit is zeroised")
    if (payload["unit"], payload["serial"]) != (state["unit"], state["serial"]):
        raise Rejected("a command for another unit")
    if payload["counter"] != state["counter"] + 1:
        raise Rejected("the counter is not the next one")
    if payload["previous"] != state_hash(state):
        raise Rejected("the command names another state")
    change = _RULES[command.name](state, command)
    chain = {"counter": payload["counter"], "previous": payload["previous"], "command": command.sha256}
    return {**state, **change, **chain}


def _votes(state: Dict[str, Any], command: Command) -> int:
    """How many administrators signed, by distinct keys; a key that differs from the roster's does not count."""
    keys = {
        (one["algorithm"], one["spki"])
        for one in state["administrators"]
        if command.signers.get(one["id"]) == (one["algorithm"], one["spki"])
    }
    return len(keys)


def _need(holds: bool, reason: str) -> None:
    if not holds:
        raise Rejected(reason)


def _add(state: Dict[str, Any], command: Command) -> Dict[str, Any]:
    new, present = command.order["administrator"], state["administrators"]
    _need(command.signers.get(new["id"]) == (new["algorithm"], new["spki"]), "not signed by the new administrator")
    if state["mode"] == "operational":
        _need(_votes(state, command) >= state["signatureThreshold"], "too few administrators signed")
    _need(all(one["id"] != new["id"] and one["spki"] != new["spki"] for one in present), "an administrator already")
    _need(len(present) < MOST_ADMINISTRATORS, "more than 8 administrators")
    return {"administrators": [*present, new]}


def _remove(state: Dict[str, Any], command: Command) -> Dict[str, Any]:
    old, present = command.order["administrator"], state["administrators"]
    _need(state["mode"] == "operational", "the unit is not operational")
    _need(_votes(state, command) >= state["revocationThreshold"], "too few administrators signed")
    _need(old in present, "no administrator")
    left = [one for one in present if one != old]
    _need(len(left) >= max(state["signatureThreshold"], state["revocationThreshold"]), "too few would be left")
    return {"administrators": left}


def _set_thresholds(state: Dict[str, Any], command: Command) -> Dict[str, Any]:
    order, present = command.order, state["administrators"]
    needed = max(order["signatureThreshold"], state["signatureThreshold"])
    _need(order["administrators"] == present, "another list of administrators")
    _need(order["signatureThreshold"] <= len(present), "a threshold above the number of administrators")
    _need(order["revocationThreshold"] <= len(present), "a threshold above the number of administrators")
    _need(_votes(state, command) >= needed, "too few administrators signed")
    return {
        "signatureThreshold": order["signatureThreshold"], "revocationThreshold": order["revocationThreshold"],
        "mode": "operational",
    }


def _load(state: Dict[str, Any], command: Command) -> Dict[str, Any]:
    order = command.order
    loading = state["loading"] or {"set": order["set"], "of": order["of"], "parts": []}
    _need(bool(command.custodians), "no custodian signed")
    _need(state["mode"] == "operational", "the unit is not operational")
    _need(state["registers"]["new"] == "empty", "the register is not empty")
    _need((loading["set"], loading["of"]) == (order["set"], order["of"]), "another set was begun")
    _need(order["index"] <= order["of"], "no such share")
    for part in loading["parts"]:
        _need(part["index"] != order["index"] and part["commitment"] != order["commitment"], "the share is loaded")
    parts = [*loading["parts"], {"index": order["index"], "commitment": order["commitment"]}]
    if len(parts) < order["of"]:
        return {"loading": {**loading, "parts": parts}}
    return {"loading": None, "registers": {**state["registers"], "new": "full-uncommitted"}}


def _generate(state: Dict[str, Any], command: Command) -> Dict[str, Any]:
    _need(state["mode"] == "operational", "the unit is not operational")
    _need(_votes(state, command) >= 1, "no administrator signed")
    _need(state["registers"]["new"] == "empty" and state["loading"] is None, "the register is not empty")
    return {"registers": {**state["registers"], "new": "full-uncommitted"}}


def _commit(state: Dict[str, Any], command: Command) -> Dict[str, Any]:
    _need(_votes(state, command) >= state["signatureThreshold"], "too few administrators signed")
    _need(state["registers"]["new"] == "full-uncommitted", "nothing to commit")
    return {"registers": {**state["registers"], "new": "full-committed"}}


def _activate(state: Dict[str, Any], command: Command) -> Dict[str, Any]:
    _need(_votes(state, command) >= 1, "no administrator signed")
    _need(state["registers"] == {"new": "full-committed", "current": "empty"}, "nothing to activate")
    return {"registers": {"new": "empty", "current": "valid"}}


def _adopt(state: Dict[str, Any], command: Command) -> Dict[str, Any]:
    _need(state["mode"] == "operational", "the unit is not operational")
    _need(_votes(state, command) >= state["signatureThreshold"], "too few administrators signed")
    _need(state["registers"]["current"] == "empty", "the current register is not empty")
    return {"registers": {**state["registers"], "current": "valid"}}


def _replace(state: Dict[str, Any], command: Command) -> Dict[str, Any]:
    _need(state["mode"] == "operational", "the unit is not operational")
    _need(_votes(state, command) >= state["signatureThreshold"], "too few administrators signed")
    _need(state["registers"] == {"new": "full-committed", "current": "valid"}, "nothing to replace")
    _need(command.order["retires"] != command.order["pattern"], "a key in the place of itself")
    return {"registers": {"new": "empty", "current": "valid"}}


def _clear(state: Dict[str, Any], command: Command) -> Dict[str, Any]:
    new, loading = state["registers"]["new"], state["loading"]
    needed = state["signatureThreshold"] if new == "full-committed" else 1
    _need(state["mode"] == "operational", "the unit is not operational")
    _need(_votes(state, command) >= needed, "too few administrators signed")
    _need(new != "empty" or loading is not None, "nothing to clear")
    # A key that is not whole has no pattern yet.
    _need((command.order["pattern"] is None) == (loading is not None), "a pattern where there is none, or none")
    return {"loading": None, "registers": {**state["registers"], "new": "empty"}}


def _zeroise(state: Dict[str, Any], command: Command) -> Dict[str, Any]:
    _need(state["mode"] == "operational", "the unit is not operational")
    _need(_votes(state, command) >= state["signatureThreshold"], "too few administrators signed")
    return {
        "mode": "zeroised", "administrators": [], "signatureThreshold": 0, "revocationThreshold": 0, "loading": None,
        "registers": {"new": "empty", "current": "empty"},
    }


_RULES = {
    "administrator.add": _add,
    "administrator.remove": _remove,
    "thresholds.set": _set_thresholds,
    "master-key.load": _load,
    "master-key.generate": _generate,
    "master-key.commit": _commit,
    "master-key.activate": _activate,
    "master-key.adopt": _adopt,
    "master-key.replace": _replace,
    "master-key.clear": _clear,
    "unit.zeroise": _zeroise,
}
