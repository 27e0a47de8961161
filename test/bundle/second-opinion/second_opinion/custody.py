"""The custody ledger: objects under seal, from the binding's balance through every entry on record."""

from __future__ import annotations

from typing import Any, Dict, Optional, Set

from .case import Case, refuse
from .finding import Refused
from .people import WATCHERS
from .record import Line

KEEPERS = {"crypto-administrator", "security-officer", "custodian"}
# From which states an act is possible, None for an object that the ledger lacks.
POSSIBLE: Dict[str, Set[Optional[str]]] = {
    "in": {None}, "closed": {None, "open"}, "opened": {"sealed"}, "destroyed": {"sealed", "open"},
}
LEADS_TO = {"in": "sealed", "closed": "sealed", "opened": "open", "destroyed": "destroyed"}


class Custody:
    def __init__(self, case: Case) -> None:
        self._case = case
        self._materials = {material["id"]: material for material in case.plan["materials"]}
        self._ledger: Dict[str, Dict[str, Any]] = {}
        self._entered: Dict[str, Set[str]] = {}
        for held in case.first_binding.get("custody", {"objects": []})["objects"]:
            if held["object"] in self._ledger:
                raise Refused("binding.json", None, f"{held['object']} stands twice in the custody ledger")
            self._ledger[held["object"]] = held
        self._check_beginning()

    def _check_beginning(self) -> None:
        for name, material in self._materials.items():
            held = self._ledger.get(name)
            if material.get("ledger") == "new" and held is not None:
                raise Refused("binding.json", None, f"{name} is new, and in the custody ledger")
            if material.get("ledger") == "kept":
                found = None if held is None else (held["state"], held["kind"], held["place"])
                if found != ("sealed", material["kind"], material.get("at")):
                    raise Refused("binding.json", None, f"{name} is not kept as the plan says")

    def entered(self, step: str) -> Set[str]:
        return self._entered.get(step, set())

    def entry(self, line: Line) -> None:
        case, value, step = self._case, line.body["value"], self._case.step_of(line)
        name, act = value["object"], value["act"]
        if step is None or step["action"] != "custody" or step["act"] != act or name not in step["objects"]:
            refuse(line, "an entry in the custody ledger that the step does not ask for")
        material = self._materials.get(name)
        if material is None:
            refuse(line, f"{name} is no material of the plan")
        self._check_signers(line, step)
        record = case.open(line, value["record"], "custody")
        # Signers of an envelope are sorted, and so `by` is too.
        if record.signers != line.by:
            refuse(line, "not signed by the two people in by, sorted")
        told = {member: record.payload[member] for member in ("act", "object", "seal", "place", "step", "kind", "head")}
        wanted = {
            "act": act, "object": name, "seal": value["seal"], "place": value["place"], "step": line.step,
            "kind": material["kind"], "head": line.prev,
        }
        if told != wanted:
            refuse(line, "the entry that was signed is another")
        self._move(line, step, value)
        self._entered.setdefault(str(line.step), set()).add(name)

    def _check_signers(self, line: Line, step: Dict[str, Any]) -> None:
        people = self._case.people
        if len(line.by) != 2 or any(who not in people.there for who in line.by):
            refuse(line, "not by two people who are there")
        if any(people.position[who] not in step["by"] for who in line.by):
            refuse(line, "by somebody whose position the step does not name")
        roles = [people.role(who) for who in line.by]
        # Nobody is both, so that among two people one of each is both of them.
        if not (KEEPERS.intersection(roles) and WATCHERS.intersection(roles)):
            refuse(line, "not by one who keeps and one who watches")

    def _move(self, line: Line, step: Dict[str, Any], value: Dict[str, Any]) -> None:
        name, act = value["object"], value["act"]
        held = self._ledger.get(name)
        if (None if held is None else held["state"]) not in POSSIBLE[act]:
            refuse(line, f"{name} cannot be {act}")
        if act in ("in", "closed"):
            if value["seal"] is None or value["place"] != step.get("place"):
                refuse(line, "no seal, or not the place of the step")
        elif value["place"] is not None:
            refuse(line, "a place for an object that is put nowhere")
        elif held is not None and value["seal"] != held["seal"]:
            # An exception lets another number pass, but neither a number for none nor none for a number.
            both = value["seal"] is not None and held["seal"] is not None
            if not both or not self._case.excepted(str(line.step), {"materials"}, before=line.seq):
                refuse(line, "not the number of the seal")
        sealed = LEADS_TO[act] == "sealed"
        self._ledger[name] = {
            "state": LEADS_TO[act],
            "seal": value["seal"] if sealed else None,
            "place": value["place"] if sealed else None,
        }
