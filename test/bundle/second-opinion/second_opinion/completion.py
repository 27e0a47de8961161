"""What a completed step holds: the table of that section, and who came, confirmed and signed."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Set, Tuple

from .canonical import NotCanonical, dump, parse_any_form
from .case import Case, refuse, trimmed
from .checkpoints import Checkpoints
from .custody import Custody
from .readings import is_reading
from .record import Line
from .schema import Misfit
from .shares import ShareSets
from .steps import Step

# These exceptions waive what people should have done, but nothing that devices show.
WAIVERS = {"people", "step-deviated"}
ZERO_PATTERN = "0" * 64
REGISTERS = ("new", "current")


class Completion:
    def __init__(self, case: Case, shares: ShareSets, custody: Custody, checkpoints: Checkpoints) -> None:
        self._case = case
        self._shares = shares
        self._custody = custody
        self._checkpoints = checkpoints
        # What only an exception for the step can waive, judged when all exceptions are known.
        self._lacking: List[Tuple[Line, str, Set[str], str]] = []
        self._rules: Dict[str, Callable[[Line, Step], None]] = {
            "preflight": self._preflight, "roll-call": self._roll_call, "statement": self._statement,
            "enrol": self._enrol, "unit.initialise": self._initialise, "unit.imprint": self._thresholds,
            "unit.thresholds": self._thresholds, "unit.zeroise": self._zeroise,
            "unit.inventory": self._inventory, "unit.compare": self._compare,
            "master-key.generate": self._generate, "shares.distribute": self._distribute,
            "master-key.load": self._load, "master-key.commit": self._commit,
            "master-key.activate": self._activate, "master-key.clear": self._clear,
            "master-key.verify": self._verify, "key.package": self._package,
            "fact": self._fact, "custody": self._entries, "checkpoint": self._signed, "pause": self._pause,
        }

    def confirmed(self, line: Line) -> None:
        """What people confirm in a statement is what the plan has them say."""
        step = self._case.step_of(line)
        if step is not None and step["action"] == "statement" and line.body["statement"] != trimmed(step["text"]):
            refuse(line, "a confirmation in other words than the plan's")

    def check(self, line: Line, step: Step) -> None:
        rule = self._rules.get(step.plan["action"])
        if rule is not None:
            rule(line, step)

    def finish(self) -> None:
        for line, step, kinds, reason in self._lacking:
            if not self._case.excepted(step, kinds):
                refuse(line, reason)

    def _unless_excepted(self, holds: bool, line: Line, step: Step, kinds: Set[str], reason: str) -> None:
        if not holds:
            self._lacking.append((line, step.plan["id"], kinds, reason))

    # --- people ---

    def _enough_of(self, who: Set[str], positions: List[str]) -> bool:
        people = self._case.people
        return all(
            sum(1 for one in who if people.position[one] == position) >= people.count(position)
            for position in positions
        )

    def _roll_call(self, line: Line, step: Step) -> None:
        came = {one.body["participant"] for one in step.lines if one.type == "participant.present"}
        # Who came and left is no longer there when the roll is called to its end.
        enough = self._enough_of(came & self._case.people.there, step.plan["positions"])
        self._unless_excepted(enough, line, step, WAIVERS, "too few people proved presence")

    def _statement(self, line: Line, step: Step) -> None:
        # That the words are the plan's was seen when each was taken. What was confirmed stays so, whoever left since.
        confirmed = {who for one in step.lines if one.type == "step.confirmed" for who in one.by}
        enough = self._enough_of(confirmed, step.plan["by"])
        self._unless_excepted(enough, line, step, WAIVERS, "too few people confirmed the statement")

    def _enrol(self, line: Line, step: Step) -> None:
        enrolled = any(one.type == "participant.enrolled" for one in step.lines)
        self._unless_excepted(enrolled, line, step, WAIVERS, "nobody was enrolled")

    def _signed(self, line: Line, step: Step) -> None:
        signed = self._checkpoints.signed_within(step.plan["id"], step.plan["signers"])
        self._unless_excepted(signed, line, step, WAIVERS, "no checkpoint was signed by those who should")

    def _pause(self, line: Line, step: Step) -> None:
        sealed = {fact.body["value"]["material"] for fact in step.facts("seal")}
        if not sealed.issuperset(step.plan["seals"]):
            refuse(line, "a seal is missing")
        self._signed(line, step)

    # --- facts ---

    def _preflight(self, line: Line, step: Step) -> None:
        if self._case.line0.get("rules") == 2:
            read = bool(step.facts("clock.readings"))
            self._unless_excepted(read, line, step, {"clock", "preflight"}, "nobody read the clocks")

    def _fact(self, line: Line, step: Step) -> None:
        # People answer what was read out to them, which is the plan's text without the white space around it.
        ask = trimmed(step.plan["ask"])
        answers = [fact for fact in step.facts("answer") if fact.body["value"]["asked"] == ask]
        if not answers:
            refuse(line, "the question was not answered")
        if self._case.line0.get("rules") == 2 and step.plan.get("attach", False):
            attached = any(fact.body.get("files") for fact in answers)
            self._unless_excepted(attached, line, step, {"step-deviated"}, "nothing is attached to the answer")

    def _entries(self, line: Line, step: Step) -> None:
        if not self._custody.entered(step.plan["id"]).issuperset(step.plan["objects"]):
            refuse(line, "an object has no entry in the custody ledger")

    def _readings(self, line: Line, step: Step, fact: str) -> List[Dict[str, Any]]:
        """The readings with registers in facts of that name; there is one of each unit of the step."""
        values: List[Dict[str, Any]] = [one.body["value"] for one in step.facts(fact)]
        readings = [value for value in values if is_reading(value) and value.get("registers") is not None]
        if fact == "register":
            readings = [value for value in readings if value["register"] == step.plan["register"]]
        readings = [value for value in readings if value["unit"] in step.plan["units"]]
        for unit in step.plan["units"]:
            if all(value["unit"] != unit for value in readings):
                refuse(line, f"there is no reading of {unit}")
        return readings

    def _inventory(self, line: Line, step: Step) -> None:
        self._readings(line, step, "inventory")

    def _compare(self, line: Line, step: Step) -> None:
        readings = self._readings(line, step, "unit.compared")
        registers = {
            dump([[value["registers"][name]["status"], value["registers"][name]["pattern"]] for name in REGISTERS])
            for value in readings
        }
        members = ("mode", "administrators", "signatureThreshold", "revocationThreshold")
        states = {
            dump([value["state"][member] for member in members]) for value in readings if value["state"] is not None
        }
        if len(registers) != 1 or len(states) > 1:
            refuse(line, "the units differ")

    def _verify(self, line: Line, step: Step) -> None:
        register = step.plan["register"]
        patterns = {value["registers"][register]["pattern"] for value in self._readings(line, step, "register")}
        if len(patterns) != 1 or patterns & {None, ZERO_PATTERN}:
            refuse(line, "the units do not show one verification pattern")
        counting = self._shares.counting
        if counting is not None and patterns != {counting["pattern"]}:
            refuse(line, "the pattern is not that of the set of shares that counts")

    # --- acts ---

    def _need_done(self, line: Line, step: Step, name: str, signed: bool = False) -> Dict[str, Any]:
        act = step.done(name)
        if act is None:
            refuse(line, f"the act {name} is not done")
        if signed and act.intent.body["command"] is None:
            refuse(line, f"the act {name} was not done by a signed command")
        return act.result

    def _initialise(self, line: Line, step: Step) -> None:
        for unit in step.plan["units"]:
            for name in ("token", "user-pin", "identity"):
                result = self._need_done(line, step, f"{unit}/{name}")
                if name == "identity" and not all(member in result for member in ("id", "spki", "state")):
                    refuse(line, f"{unit}/identity does not tell the identity")

    def _each_unit(self, line: Line, step: Step, names: List[str]) -> None:
        for unit in step.plan["units"]:
            for name in names:
                self._need_done(line, step, f"{unit}/{name}", signed=True)

    def _thresholds(self, line: Line, step: Step) -> None:
        self._each_unit(line, step, ["thresholds"])

    def _commit(self, line: Line, step: Step) -> None:
        self._each_unit(line, step, ["commit"])

    def _activate(self, line: Line, step: Step) -> None:
        self._each_unit(line, step, ["activate"])

    def _clear(self, line: Line, step: Step) -> None:
        self._each_unit(line, step, ["clear"])

    def _zeroise(self, line: Line, step: Step) -> None:
        for unit in step.plan["units"]:
            # The objects are those of an inventory after it.
            if self._need_done(line, step, f"{unit}/zeroise", signed=True).get("objects") != []:
                refuse(line, f"{unit} was not seen to be empty")

    def _load(self, line: Line, step: Step) -> None:
        self._each_unit(line, step, [f"load-{number}" for number in range(1, self._number_of_shares(line) + 1)])

    def _number_of_shares(self, line: Line) -> int:
        master_key = self._case.plan.get("masterKey")
        if master_key is None:
            refuse(line, "the plan has no master key")
        return int(master_key["shares"])

    def _generate(self, line: Line, step: Step) -> None:
        share_set = self._need_done(line, step, "set").get("shareSet")
        if share_set is None or len(share_set["shares"]) != self._number_of_shares(line):
            refuse(line, "not as many shares as the plan asks for")

    def _distribute(self, line: Line, step: Step) -> None:
        self._number_of_shares(line)
        counting, people = self._shares.counting, self._case.people
        if counting is None:
            refuse(line, "there is no set of shares to hand out")
        holders: Dict[int, str] = {}
        for act in step.acts.values():
            result = act.result
            if act.done and result.get("set") == counting["set"] and result.get("readBack") is True:
                if "index" in result and "custodian" in result:
                    holders[result["index"]] = result["custodian"]
        for share in counting["shares"]:
            holder = holders.get(share["index"])
            if holder is None or people.position.get(holder) != self._case.plan["masterKey"]["custodians"]:
                refuse(line, f"no custodian read back share {share['index']}")
        if len(set(holders.values())) != len(holders):
            refuse(line, "a custodian has more than one share")

    def _package(self, line: Line, step: Step) -> None:
        made = self._need_done(line, step, "make")
        written = self._need_done(line, step, "write")
        name = f"packages/{step.plan['key']['name']}.keypackage.json"
        act = step.acts["make"]
        if act.intent.body["unit"] != step.plan["unit"]:
            refuse(line, "the key was made on another unit")
        if written.get("name") != name or name not in self._case.files:
            refuse(line, "the key package was not written")
        if written.get("sha256") != self._case.files.sha256(name):
            refuse(line, "the key package is not the one that was written")
        try:
            package = parse_any_form(self._case.files.read(name))
            self._case.schemas.check("key-package", package)
        except (NotCanonical, Misfit) as error:
            refuse(line, f"{name}: {error}")
        if act.answer is None:
            refuse(line, "the key was not made")
        if package["publicKeySha256"] != act.intent.body["parameters"].get("publicKeySha256"):
            refuse(line, f"{name} is wrapped under another key")
        told = (package["ceremony"], package["line"], package["checkValue"], package["fields"]["payload"])
        if told != (self._case.ceremony, act.answer.seq, made.get("checkValue"), made.get("wrapped")):
            refuse(line, f"{name} is not what was made")
