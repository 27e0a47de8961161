"""What a completed step holds: the table of that section, and who came, confirmed and signed."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Set, Tuple

from .canonical import NotCanonical, dump, parse_any_form
from .case import Case, refuse, trimmed
from .checkpoints import Checkpoints
from .custody import Custody
from .readings import is_reading
from .record import Line
from .schema import Misfit
from .shares import ShareSets
from .steps import Step
from .taking_over import TakingOver

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
            "unit.pin.change": self._pin, "unit.pin.unlock": self._pin,
            "unit.inventory": self._inventory, "unit.compare": self._compare,
            "master-key.generate": self._generate, "shares.distribute": self._distribute,
            "master-key.load": self._load, "master-key.commit": self._commit,
            "master-key.activate": self._activate, "master-key.clear": self._clear,
            "master-key.verify": self._verify, "key.package": self._package,
            "master-key.rotate": self._rotate, "key.generate": self._generate_key,
            "key.wrap": self._moved_keys, "key.unwrap": self._moved_keys, "key.destroy": self._destroy_keys,
            "fact": self._fact, "custody": self._entries, "checkpoint": self._signed, "pause": self._pause,
            "export": self._export,
            **TakingOver(case, self._unless_excepted).rules,
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
        modules = {fact.body["value"]["module"] for fact in step.facts("module")}
        if not step.facts("workstation") or not modules.issuperset(one["id"] for one in self._case.binding["modules"]):
            refuse(line, "the pre-flight does not tell of the workstation and of every module")
        if self._case.line0.get("rules") == 2:
            read = bool(step.facts("clock.readings"))
            self._unless_excepted(read, line, step, {"clock", "preflight"}, "nobody read the clocks")

    def _fact(self, line: Line, step: Step) -> None:
        # People answer what was read out to them, which is the plan's text without the white space around it.
        ask = trimmed(step.plan["ask"])
        answers = [fact for fact in step.facts("answer") if fact.body["value"]["asked"] == ask]
        positions = self._case.people.position
        if not any(positions.get(who) in step.plan["by"] for fact in answers for who in fact.by):
            refuse(line, "the question was not answered by those whom the plan asks")
        if self._case.line0.get("rules") == 2 and step.plan.get("attach", False):
            attached = any(fact.body.get("files") for fact in answers)
            self._unless_excepted(attached, line, step, {"step-deviated"}, "nothing is attached to the answer")

    def _export(self, line: Line, step: Step) -> None:
        media, read = line.body["result"].get("media"), line.body["result"].get("readBack")
        if not isinstance(media, list) or not isinstance(read, list):
            refuse(line, "the export names no media and files")
        if [one["id"] for one in media] != step.plan["media"]:
            refuse(line, "the export names other media than the plan")
        for file in read:
            name = file["name"]
            known = name in self._case.files and name != "transcript.jsonl"
            if not known or self._case.files.sha256(name) != file["sha256"]:
                refuse(line, f"the export read back {name} as another file")
        so_far = {
            file["name"] for one in self._case.lines[: line.seq] for file in one.body.get("files", [])
            if file["name"] in self._case.files
        }
        if not so_far.issubset(file["name"] for file in read):
            refuse(line, "the export did not read back every file so far")

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

    def _pin(self, line: Line, step: Step) -> None:
        # Only the user PIN is set anew by the security officer.
        whose = step.plan["for"] if step.plan["action"] == "unit.pin.change" else "user"
        for unit in step.plan["units"]:
            result = self._need_done(line, step, f"{unit}/pin")
            if result.get("pin") != whose or result.get("proven") is not True:
                refuse(line, f"the new PIN of {unit} was not proven")

    def _load(self, line: Line, step: Step) -> None:
        numbers = range(1, self._number_of_shares(line) + 1)
        needed = self._needed(line)
        if needed == len(numbers):
            self._each_unit(line, step, [f"load-{number}" for number in numbers])
            return
        for unit in step.plan["units"]:
            if sum(self._is_loaded(step, unit, number) for number in numbers) < needed:
                refuse(line, f"fewer than {needed} shares were loaded into {unit}")

    def _is_loaded(self, step: Step, unit: str, number: int) -> bool:
        act = step.acts.get(f"{unit}/load-{number}")
        if act is None or not act.done:
            return False
        return act.intent.body["unit"] == unit and act.intent.body["command"] is not None

    def _needed(self, line: Line) -> int:
        return int(self._case.plan["masterKey"].get("threshold", self._number_of_shares(line)))

    def _number_of_shares(self, line: Line) -> int:
        master_key = self._case.plan.get("masterKey")
        if master_key is None or master_key["scheme"] == "in-unit":
            refuse(line, "the plan has no master key in shares")
        return int(master_key["shares"])

    def _generate(self, line: Line, step: Step) -> None:
        master_key = self._case.plan.get("masterKey", {})
        if master_key.get("scheme") == "in-unit":
            if "madeInside" not in self._need_done(line, step, f"{master_key['unit']}/generate", signed=True):
                refuse(line, "the unit does not tell of the key that it made")
            return
        share_set = self._need_done(line, step, "set").get("shareSet")
        if share_set is None or len(share_set["shares"]) != self._number_of_shares(line):
            refuse(line, "not as many shares as the plan asks for")
        if share_set["scheme"] != self._case.plan["masterKey"]["scheme"]:
            refuse(line, "the set is of another scheme than the plan's")
        if share_set["threshold"] != self._needed(line):
            refuse(line, "the set needs another number of shares than the plan says")
        if share_set.get("bytes", 32) * 8 != self._case.plan["masterKey"].get("bits", 256):
            refuse(line, "the master key is longer or shorter than the plan says")

    def _distribute(self, line: Line, step: Step) -> None:
        self._number_of_shares(line)
        counting, people = self._shares.counting, self._case.people
        if counting is None:
            refuse(line, "there is no set of shares to hand out")
        holders: Dict[Tuple[int, Optional[str]], str] = {}
        for act in step.acts.values():
            result = act.result
            if act.done and result.get("set") == counting["set"] and result.get("readBack") is True:
                if "index" in result and "custodian" in result:
                    holders[(result["index"], result.get("copy"))] = result["custodian"]
        for share in counting["shares"]:
            holder = holders.get((share["index"], None))
            if holder is None or people.position.get(holder) != self._case.plan["masterKey"]["custodians"]:
                refuse(line, f"no custodian read back share {share['index']}")
        for copies in self._case.plan["masterKey"].get("copies", []):
            for index in copies["of"]:
                holder = holders.get((index, copies["position"]))
                if holder is None or people.position.get(holder) != copies["position"]:
                    refuse(line, f"nobody of {copies['position']} read back a copy of share {index}")
        if len(set(holders.values())) != len(holders):
            refuse(line, "a custodian has more than one share")

    def _rotate(self, line: Line, step: Step) -> None:
        self._need_done(line, step, f"{step.plan['unit']}/rotate")

    def _key_told(self, line: Line, step: Step, key: str) -> Dict[str, Any]:
        name = f"{step.plan['unit']}/{key}"
        result = self._need_done(line, step, name)
        if step.acts[name].intent.body["unit"] != step.plan["unit"] or result.get("key") != key:
            refuse(line, f"nothing tells what became of {key}")
        return result

    def _generate_key(self, line: Line, step: Step) -> None:
        key = step.plan["key"]
        told = self._key_told(line, step, key["name"])
        if (told.get("keyAlgorithm"), told.get("use")) != (key["algorithm"], key["use"]) or "checkValue" not in told:
            refuse(line, "not the key that the plan asks for")

    def _moved_keys(self, line: Line, step: Step) -> None:
        for key in step.plan["keys"]:
            if "checkValue" not in self._key_told(line, step, key):
                refuse(line, f"{key} has no check value")

    def _destroy_keys(self, line: Line, step: Step) -> None:
        for key in step.plan["keys"]:
            if self._key_told(line, step, key).get("destroyed") is not True:
                refuse(line, f"{key} was not destroyed")

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
        if (package["target"], package["purpose"]["do"]) != (step.plan.get("target", "ibm-key-protect"), step.plan["purpose"]):
            refuse(line, f"{name} is for another service or purpose than the plan's")
        if "target" in step.plan:
            ways = step.plan["authenticate"]
            wanted = [way["by"] for way in (ways["ways"] if ways["by"] == "all" else [ways])]
            parameters = act.intent.body["parameters"]
            if (parameters.get("target"), parameters.get("authenticated")) != (step.plan["target"], wanted):
                refuse(line, "nothing tells how the wrapping key was authenticated")
        told = (package["ceremony"], package["line"], package["checkValue"], _wrapped_key(package))
        if told != (self._case.ceremony, act.answer.seq, made.get("checkValue"), made.get("wrapped")):
            refuse(line, f"{name} is not what was made")


# Under which name each service takes the wrapped key.
WRAPPED = {
    "ibm-key-protect": "payload", "ibm-hpcs": "payload", "aws-kms": "EncryptedKeyMaterial",
    "google-cloud-kms": "wrappedKey", "azure-key-vault": "ciphertext", "openbao-transit": "ciphertext", "cms": "enveloped",
}


def _wrapped_key(package: Dict[str, Any]) -> str:
    """The wrapped key in base64; the one service that takes base64url takes it without padding."""
    text: str = package["fields"][WRAPPED[package["target"]]]
    if package["target"] != "azure-key-vault":
        return text
    return text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
