"""Models of the units: which states each can be in, as the commands on record led to them."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from .canonical import NotCanonical, from_base64, sha256_hex
from .case import Case, refuse
from .commands import Command, Rejected, carry_out, first_state, state_hash
from .left_by import LEFT_BY
from .record import Line
from .shares import ShareSets
from .signatures import BadKey, read_key
from .steps import Act, Step, Steps

MOST_STATES = 32
MOST_PENDING = 100
# In steps of which actions a command stands; any other command in steps of the action of its own name.
ACTIONS_OF = {
    "administrator.add": {"unit.imprint", "unit.administrators.add"},
    "administrator.remove": {"unit.administrators.remove"},
    "thresholds.set": {"unit.imprint", "unit.thresholds"},
    "master-key.replace": {"master-key.activate"},
}
THRESHOLDS = ("signatureThreshold", "revocationThreshold")


class Unit:
    """What the record tells of one unit. `loaded` goes with a state: the set of shares that was loaded last."""

    def __init__(self, identity: str) -> None:
        self.identity = identity
        self.states: Dict[str, Dict[str, Any]] = {}
        self.loaded: Dict[str, Optional[str]] = {}
        # Commands that were begun and are not done: (step, act) -> command.
        self.begun: Dict[Tuple[str, str], Command] = {}
        self.unanswered: Dict[Tuple[str, str], Command] = {}

    def put(self, states: List[Tuple[Dict[str, Any], Optional[str]]]) -> None:
        self.states = {state_hash(state): state for state, _ in states}
        self.loaded = {state_hash(state): loaded for state, loaded in states}

    def after(self, command: Command) -> List[Tuple[Dict[str, Any], Optional[str]]]:
        """The states that the command leads to from those that the unit can be in; Rejected when there is none."""
        found: List[Tuple[Dict[str, Any], Optional[str]]] = []
        reason = "the unit is in no known state"
        for name, state in self.states.items():
            try:
                new = carry_out(state, command)
            except Rejected as rejected:
                reason = str(rejected)
                continue
            # A key that the unit makes inside itself is a set without shares.
            named = {"master-key.load": "set", "master-key.generate": "key"}.get(command.name)
            loaded = self.loaded[name] if named is None else command.order[named]
            found.append((new, loaded))
        if not found:
            raise Rejected(reason)
        return found


class Units:
    def __init__(self, case: Case, steps: Steps, shares: ShareSets) -> None:
        self._case = case
        self._steps = steps
        self._shares = shares
        self.units: Dict[str, Unit] = {}

    # --- how a unit becomes known ---

    def _identify(self, line: Line, name: str, algorithm: Optional[str], spki: str, identity: str) -> Unit:
        """A unit under the identity that a line tells for the first time."""
        if all(unit["id"] != name for unit in self._case.plan["units"]):
            refuse(line, f"{name} is no unit of the plan")
        if algorithm is not None:
            try:
                read_key(algorithm, spki)
            except BadKey as error:
                refuse(line, f"the identity key of {name}: {error}")
        try:
            der = from_base64(spki)
        except NotCanonical as error:
            refuse(line, f"the identity key of {name}: {error}")
        if sha256_hex(der) != identity:
            refuse(line, f"the identity of {name} is not the SHA-256 of its key")
        if any(other.identity == identity for known, other in self.units.items() if known != name):
            refuse(line, "two units have one identity")
        return Unit(identity)

    def connected(self, line: Line) -> None:
        value = line.body["value"]
        name, state = value["unit"], value["state"]
        bound = next((unit for unit in self._case.binding["units"] if unit["id"] == name), None)
        last = None if bound is None else bound["lastKnown"]
        if last is None:
            refuse(line, "the binding knows no state of this unit")
        unit = self._identify(line, name, value["algorithm"], value["spki"], value["identity"])
        if {state["unit"], last["identity"]} != {unit.identity}:
            refuse(line, "the unit is not the one that the binding knows")
        if (last["counter"], last["stateSha256"]) != (state["counter"], state_hash(state)):
            refuse(line, "the unit is not in the state that the binding knows")
        known = self.units.setdefault(name, unit)
        if known is unit:
            unit.put([(state, None)])
            return
        # The unit was there in an earlier session: it shows a state that the record led to.
        if known.identity != unit.identity or state_hash(state) not in known.states:
            refuse(line, "the unit is not in the state that the record led to")
        known.put([(state, known.loaded[state_hash(state)])])

    def initialised(self, line: Line, step: Step, act: Act) -> None:
        """A done act that shows a new identity, which only the step that initialises a unit may."""
        result = act.result
        if not all(member in result for member in ("id", "spki", "state")):
            return
        if step.plan["action"] not in ("unit.initialise", "unit.adopt"):
            refuse(line, "a unit is made outside a step that initialises or adopts")
        name, _, rest = str(line.body["act"]).partition("/")
        if rest != "identity":
            return
        unit = self._identify(line, name, result.get("algorithm"), result["spki"], result["id"])
        state = result["state"]
        begins = first_state(unit.identity, "" if state is None else state["serial"])
        if state != begins:
            refuse(line, "a new unit is not in the state that it begins in")
        unit.put([(begins, None)])
        self.units[name] = unit

    # --- commands ---

    def announced(self, line: Line, step: Step) -> None:
        """Holds the command of an intent against the model and the further rules."""
        body = line.body
        if body["command"] is None:
            return
        opened = self._case.open(line, body["command"], "command")
        people = self._case.people
        signers = {who: (people.keys[who].algorithm, people.entries[who]["key"]["spki"]) for who in opened.signers}
        custodians = {who for who in opened.signers if people.role(who) == "custodian"}
        command = Command(opened.payload, sha256_hex(opened.payload_bytes), signers, custodians)
        unit = self.units.get(body["unit"])
        if unit is None:
            refuse(line, "a command on a unit whose state is not known")
        self._check_order(line, step, unit, command)
        try:
            unit.after(command)
        except Rejected as rejected:
            refuse(line, f"the command is not carried out: {rejected}")
        key = (str(line.step), body["act"])
        unit.begun[key] = unit.unanswered[key] = command
        if sum(len(one.begun) for one in self.units.values()) > MOST_PENDING:
            refuse(line, "more than 100 commands begun and not done")

    def _check_order(self, line: Line, step: Step, unit: Unit, command: Command) -> None:
        order = command.order
        if step.plan["action"] not in ACTIONS_OF.get(command.name, {command.name}):
            refuse(line, "the command stands in a step of another action")
        if line.body["unit"] not in self._units_of(step):
            refuse(line, "the step is not about this unit")
        if command.name in ("administrator.add", "administrator.remove"):
            self._check_administrator(line, step, order["administrator"])
        elif command.name == "thresholds.set":
            if any(order[threshold] != step.plan[threshold] for threshold in THRESHOLDS):
                refuse(line, "the thresholds are not those of the step")
            if self._case.mode == "production" and any(order[threshold] < 2 for threshold in THRESHOLDS):
                refuse(line, "a threshold below 2 in production")
        elif command.name == "master-key.load":
            self._shares.check_load(line, order)
            for who in command.custodians:
                self._shares.check_loader(line, order["set"], order["index"], who)
        elif command.name == "master-key.adopt":
            wanted = step.plan["object"]
            if (order["label"], order["id"]) != (wanted["label"], wanted.get("id", order["id"])):
                refuse(line, "another key than the step's is adopted")
            if order["harden"] != step.plan.get("harden", False):
                refuse(line, "usages are taken away otherwise than the step says")
        elif "pattern" in order and order["pattern"] is not None:
            self._check_pattern(line, unit, order["pattern"])

    def _units_of(self, step: Step) -> List[str]:
        if step.plan["action"] != "master-key.generate":
            units: List[str] = step.plan["units"]
            return units
        master_key = self._case.plan.get("masterKey", {})
        return [master_key["unit"]] if master_key.get("scheme") == "in-unit" else []

    def _check_administrator(self, line: Line, step: Step, administrator: Dict[str, str]) -> None:
        people, who = self._case.people, administrator["id"]
        key = people.entries[who]["key"] if who in people.entries else {}
        # Who is taken out may have come in under a key of old.
        adds = step.plan["action"] != "unit.administrators.remove"
        if adds and (administrator["algorithm"], administrator["spki"]) != (key.get("algorithm"), key.get("spki")):
            refuse(line, "the administrator has not the roster's key")
        if step.plan["action"] != "unit.imprint" and people.position.get(who) != step.plan["administrators"]:
            refuse(line, "the administrator is not of the step's position")

    def _check_pattern(self, line: Line, unit: Unit, pattern: str) -> None:
        # What was loaded before the ceremony, nothing in this record can tell.
        patterns = {self._shares.pattern(name) for name in unit.loaded.values() if name is not None}
        if patterns and pattern not in patterns:
            refuse(line, "not the pattern of the set that was loaded")

    def answered(self, line: Line, step: Step, act: Act) -> None:
        key = (str(line.step), line.body["act"])
        unit = next((one for one in self.units.values() if key in one.unanswered), None)
        if unit is None:
            return
        command = unit.unanswered.pop(key)
        verdict = "applied" if line.type == "step.outcome" else line.body["verdict"]
        if verdict == "not-applied":
            return
        try:
            new = unit.after(command)
        except Rejected as rejected:
            refuse(line, f"the command cannot have been carried out: {rejected}")
        if verdict == "undetermined":
            new = [(state, unit.loaded[name]) for name, state in unit.states.items()] + new
        unit.put(new)
        if len(unit.states) > MOST_STATES:
            refuse(line, "the unit can be in more than 32 states")
        if verdict == "applied":
            unit.begun.pop(key, None)
        shown = act.result.get("state") if line.type == "step.outcome" else None
        if shown is not None and state_hash(shown) not in unit.states:
            refuse(line, "the outcome shows another state than the command leads to")

    def completed(self, line: Line, step: Step) -> None:
        """A completed step has left each of its units as its action says."""
        holds = LEFT_BY.get(step.plan["action"])
        if holds is None:
            return
        for name in self._units_of(step):
            unit = self.units.get(name)
            if unit is None:
                refuse(line, f"nothing tells of {name}")
            if not all(holds(state, step.plan, self._case.people) for state in unit.states.values()):
                refuse(line, f"the step did not leave {name} as it should")

    # --- what readings are held against ---

    def possible_states(self, unit: Unit) -> Dict[str, Dict[str, Any]]:
        """Those that its commands led to, and those that a command leads to which is not answered yet."""
        states = dict(unit.states)
        for command in unit.unanswered.values():
            try:
                states.update({state_hash(state): state for state, _ in unit.after(command)})
            except Rejected:
                continue
        return states

    def key_may_be_on_its_way(self, unit: Unit) -> bool:
        if len(unit.states) > 1:
            return True
        return any(not self._steps.by_id[step].over for step, _ in unit.begun)
