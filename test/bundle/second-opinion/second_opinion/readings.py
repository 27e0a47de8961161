"""Readings of units: everything that shows a device is held against what the commands on record led to."""

from __future__ import annotations

from typing import Any, Dict, Optional, Set

from .canonical import NotCanonical, from_base64, sha256_hex
from .case import Case, refuse
from .commands import state_hash
from .record import Line
from .schema import Misfit
from .signatures import BadKey, read_key
from .units import Units

CHALLENGE = b"keyrite/identity-challenge/1\x00"


def is_reading(value: Dict[str, Any]) -> bool:
    members = "identity" in value and "challenge" in value
    return members and not (value["identity"] is None and value["challenge"] is None)


class Readings:
    def __init__(self, case: Case, units: Units) -> None:
        self._case = case
        self._units = units
        self._nonces: Set[str] = set()
        self._state_kept: Dict[str, bool] = {}

    def fact(self, line: Line) -> None:
        value = line.body["value"]
        if isinstance(value, dict) and is_reading(value):
            self._check(line, value, value.get("unit"), judge_state=True)
            self._check_registers(line, value)

    def observed(self, line: Line, unit_name: Optional[str]) -> None:
        """The reading of a reconciliation, after its verdict was taken over in the model."""
        value = line.body["observed"]
        if is_reading(value):
            self._check_shape(line, value, unit_name)
            self._check(line, value, unit_name, judge_state=line.body["verdict"] != "undetermined")

    def _check_shape(self, line: Line, value: Dict[str, Any], unit_name: Optional[str]) -> None:
        # The dictionary of acts leaves identity and challenge open; facts have them in their schemas.
        try:
            self._case.schemas.check("fact.unit.compared", {**value, "unit": unit_name})
        except Misfit as error:
            refuse(line, f"the reading: {error}")

    def _check(self, line: Line, value: Dict[str, Any], unit_name: Optional[str], judge_state: bool) -> None:
        identity, challenge = value["identity"], value["challenge"]
        if identity is None or challenge is None or "state" not in value or "registers" not in value:
            refuse(line, "a reading lacks a part")
        unit = self._units.units.get(str(unit_name))
        if unit is None:
            refuse(line, "a reading of a unit whose identity is not told before")
        if identity["id"] != unit.identity:
            refuse(line, "a reading of another unit")
        self._check_challenge(line, identity, challenge)
        kept = value["state"] is not None
        if self._state_kept.setdefault(str(unit_name), kept) != kept:
            refuse(line, "the unit keeps a state in some readings and none in others")
        if kept and judge_state and state_hash(value["state"]) not in self._units.possible_states(unit):
            refuse(line, "the unit is in a state that nothing on record led to")

    def _check_challenge(self, line: Line, identity: Dict[str, Any], challenge: Dict[str, Any]) -> None:
        try:
            key = read_key(identity["algorithm"], identity["spki"])
            signature = from_base64(challenge["signature"])
        except (BadKey, NotCanonical) as error:
            refuse(line, f"the identity: {error}")
        if sha256_hex(key.spki) != identity["id"]:
            refuse(line, "the identity is not the SHA-256 of its key")
        nonce = challenge["nonce"]
        if nonce in self._nonces:
            refuse(line, "the nonce stands in another reading")
        self._nonces.add(nonce)
        if not self._case.envelopes.checker.holds(key, CHALLENGE + nonce.encode("ascii"), signature):
            refuse(line, "the identity key did not sign the challenge")

    def _check_registers(self, line: Line, value: Dict[str, Any]) -> None:
        unit = self._units.units[value["unit"]]
        if value["registers"] is None or self._units.key_may_be_on_its_way(unit):
            return
        (state,) = unit.states.values()
        for register in ("new", "current"):
            if value["registers"][register]["status"] != state["registers"][register]:
                refuse(line, f"the register {register} is not as the commands left it")
