"""What others made, and a vendor's tool: the section of that name. Lines of all attempts of a step count."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Set

from .canonical import NotCanonical, dump, from_base64, parse
from .case import Case, refuse, trimmed
from .record import Line
from .steps import Step

IDENTITY_LABELS = {"keyrite:identity", "keyrite:state"}
ZERO_PATTERN = "0" * 64
Value = Dict[str, Any]


def _is_ours(label: str) -> bool:
    return label.startswith("keyrite:")


def _is_strange(value: Value) -> bool:
    return all(member in value and value[member] is None for member in ("identity", "challenge", "state"))


def _is_reading(value: Value) -> bool:
    return value.get("identity") is not None and value.get("challenge") is not None


def _as_bag(objects: List[Any]) -> List[bytes]:
    return sorted(dump(one) for one in objects)


def _fits(found: Value, wanted: Value) -> bool:
    return bool(found["label"] == wanted["label"] and found["id"] == wanted.get("id", found["id"]))


class StepLines:
    """The lines of a step that is complete, by what they tell."""

    def __init__(self, step: Step) -> None:
        self._lines = step.lines
        starts = [line.seq for line in step.lines if line.type == "step.started"]
        self.last_attempt = starts[-1]

    def facts(self, name: str, unit: Optional[str] = None, after: int = -1, before: Optional[int] = None) -> List[Line]:
        return [
            line
            for line in self._lines
            if line.type == "fact.recorded"
            and line.body["fact"] == name
            and (unit is None or line.body["value"].get("unit") == unit)
            and line.seq > after
            and (before is None or line.seq < before)
        ]

    def values(self, name: str, unit: str, after: int = -1, before: Optional[int] = None) -> List[Value]:
        return [line.body["value"] for line in self.facts(name, unit, after, before)]

    def intents(self, act: str) -> List[Line]:
        return [line for line in self._lines if line.type == "step.intent" and line.body["act"] == act]

    def last_denied(self, act: str) -> int:
        denied = [
            line.seq
            for line in self._lines
            if line.type == "step.reconciled" and line.body["act"] == act and line.body["verdict"] == "not-applied"
        ]
        return max(denied, default=-1)

    def confirmations(self, after: int, before: int) -> List[Line]:
        return [line for line in self._lines if line.type == "step.confirmed" and after < line.seq < before]


class TakingOver:
    """Each rule refuses the line that completes the step. A lack that an exception waives goes to `unless_excepted`."""

    def __init__(self, case: Case, unless_excepted: Callable[[bool, Line, Step, Set[str], str], None]) -> None:
        self._case = case
        self._unless_excepted = unless_excepted
        self.rules: Dict[str, Callable[[Line, Step], None]] = {
            "unit.adopt": self._units,
            "master-key.adopt": self._master_keys,
            "key.adopt": self._keys,
            "vendor.procedure": self._procedure,
        }

    def _units(self, line: Line, step: Step) -> None:
        lines, origin = StepLines(step), trimmed(step.plan["origin"])
        for unit in step.plan["units"]:
            intents = lines.intents(f"{unit}/identity")
            if not intents:
                refuse(line, f"{unit} got no identity")
            found = [
                value
                for value in lines.values("unit.found", unit, before=intents[0].seq)
                if value["origin"] == origin
                and _is_strange(value)
                and not any(_is_ours(one["label"]) for one in value["objects"])
            ]
            if not found:
                refuse(line, f"{unit} was not told of before it was adopted")
            act = step.done(f"{unit}/identity")
            if act is None or act.answer is None or any(name not in act.result for name in ("id", "spki", "state")):
                refuse(line, f"{unit} got no identity")
            since = max(lines.last_attempt, act.answer.seq)
            adopted = [value for value in lines.values("unit.adopted", unit, after=since) if _is_reading(value)]
            if not adopted or adopted[-1]["origin"] != origin:
                refuse(line, f"{unit} was not read after it was adopted")
            rest = [one for one in adopted[-1]["objects"] if one["label"] not in IDENTITY_LABELS]
            if _as_bag(rest) != _as_bag(found[-1]["objects"]):
                refuse(line, f"what others left on {unit} is not there as it was")

    def _master_keys(self, line: Line, step: Step) -> None:
        lines, origin = StepLines(step), trimmed(step.plan["origin"])
        patterns: Set[str] = set()
        for unit in step.plan["units"]:
            intents = lines.intents(f"{unit}/adopt")
            if not intents:
                refuse(line, f"the key on {unit} was not adopted")
            found = [
                value
                for value in lines.values("master-key.found", unit, before=intents[0].seq)
                if value["origin"] == origin
                and value["object"]["class"] == "secret-key"
                and _fits(value["object"], step.plan["object"])
            ]
            if not found:
                refuse(line, f"the key on {unit} was not told of before it was adopted")
            key = found[-1]
            patterns.add(key["pattern"])
            act = step.done(f"{unit}/adopt")
            if act is None or act.intent.body["command"] is None:
                refuse(line, f"the key on {unit} was not adopted by a signed command")
            order = self._order(line, act.intent.body["command"])
            told = (order.get("pattern"), order.get("label"), order.get("id"))
            if told != (key["pattern"], key["object"]["label"], key["object"]["id"]):
                refuse(line, f"another key on {unit} was adopted than was found")
            current = [
                value
                for value in lines.values("register", unit, after=lines.last_attempt)
                if value["register"] == "current" and _is_reading(value) and value.get("registers") is not None
            ]
            if not current or current[-1]["registers"]["current"]["pattern"] != key["pattern"]:
                refuse(line, f"the current register of {unit} does not show the key")
        if len(patterns) != 1 or ZERO_PATTERN in patterns:
            refuse(line, "the units do not show one pattern")

    def _order(self, line: Line, envelope: Value) -> Value:
        # That it is a command, and who signed it, was seen at its intent.
        try:
            payload = parse(from_base64(envelope["payload"]))
        except NotCanonical as error:
            refuse(line, f"the command: {error}")
        order: Value = payload["payload"]
        return order

    def _keys(self, line: Line, step: Step) -> None:
        lines = StepLines(step)
        facts = lines.facts("keys.adopted", after=lines.last_attempt)
        if not facts:
            refuse(line, "the keys were not told of")
        value = facts[-1].body["value"]
        if not _is_reading(value) or value["unit"] != step.plan["unit"]:
            refuse(line, "the keys are on another unit, or none was read")
        if value["origin"] != trimmed(step.plan["origin"]):
            refuse(line, "the origin is not the plan's")
        wanted, keys = step.plan["objects"], value["keys"]
        if [one["name"] for one in wanted] != [one["name"] for one in keys]:
            refuse(line, "not the names of the plan")
        for one, key in zip(wanted, keys):
            if key["object"]["class"] != one["class"] or not _fits(key["object"], one):
                refuse(line, f"{one['name']} is another object than the plan's")

    def _procedure(self, line: Line, step: Step) -> None:
        lines, plan = StepLines(step), step.plan
        intents, act = lines.intents("procedure"), step.done("procedure")
        if act is None or act.answer is None:
            refuse(line, "the procedure was not done")
        parameters = intents[-1].body["parameters"]
        if (parameters.get("tool"), parameters.get("commands")) != (plan["tool"], plan["commands"]):
            refuse(line, "another procedure than the plan's was announced")
        released = self._released(lines, intents[0].seq, plan["units"])
        if released is None:
            refuse(line, "nothing tells that the devices were released")
        since = max(released, lines.last_denied("procedure"))
        self._check_confirmed(line, plan, lines.confirmations(since, act.answer.seq))
        if plan.get("attach") == "required":
            brought = any(one.body.get("files") for one in lines.facts("procedure.output"))
            self._unless_excepted(brought, line, step, {"step-deviated"}, "nothing of what the tool put out is attached")
        for unit in plan["units"]:
            declared = [one for one in plan["after"] if one["unit"] == unit]
            after = lines.values("procedure.after", unit, after=max(lines.last_attempt, act.answer.seq))
            if not declared or not after or after[-1]["is"] != declared[0]["is"]:
                refuse(line, f"{unit} was not read after the procedure, as the plan declares it")
            if declared[0]["is"] == "as-before":
                before = lines.facts("procedure.before", unit)
                if not before or before[0].seq > intents[0].seq:
                    refuse(line, f"{unit} was not read before the procedure")
                self._check_as_before(line, declared[0], before[0].body["value"], after[-1])
            else:
                self._check_strange(line, declared[0]["is"], after[-1])

    def _released(self, lines: StepLines, since: int, units: List[str]) -> Optional[int]:
        modules = {unit["module"] for unit in self._case.binding["units"] if unit["id"] in units}
        for fact in lines.facts("procedure.released", after=since):
            value = fact.body["value"]
            if set(units) <= set(value["units"]) and modules <= set(value["modules"]):
                return fact.seq
        return None

    def _check_confirmed(self, line: Line, plan: Value, lines: List[Line]) -> None:
        people = self._case.people
        statement = (
            f"Carried out with {plan['tool']} as the plan lists it, and nothing else; "
            f"commands: {len(plan['commands'])}; units: {', '.join(plan['units'])}."
        )
        roles = {
            people.role(who)
            for one in lines
            if one.body["statement"] == statement
            for who in one.by
            if people.position.get(who) in plan["by"]
        }
        if len(roles) < 2:
            refuse(line, "not two people of different roles confirmed the procedure")

    def _check_as_before(self, line: Line, declared: Value, before: Value, after: Value) -> None:
        unit = declared["unit"]
        for value in (before, after):
            if not _is_reading(value) or value.get("registers") is None or "objects" not in value:
                refuse(line, f"{unit} was not read")
        for register in ("new", "current"):
            for member in ("status", "pattern"):
                if before["registers"][register][member] != after["registers"][register][member]:
                    refuse(line, f"the registers of {unit} are not as before")
        if declared["objects"] == "unchanged" and _as_bag(before["objects"]) != _as_bag(after["objects"]):
            refuse(line, f"the objects of {unit} are not as before")

    def _check_strange(self, line: Line, expected: str, value: Value) -> None:
        token = value.get("token")
        if not _is_strange(value) or token is None:
            refuse(line, f"{value['unit']} is not {expected}")
        if expected == "blank":
            holds = token.get("initialised") is False
        else:
            objects = value.get("objects")
            initialised = token.get("initialised") is True and token.get("userPinSet") is True
            holds = initialised and objects is not None and not any(_is_ours(one["label"]) for one in objects)
        if not holds:
            refuse(line, f"{value['unit']} is not {expected}")
