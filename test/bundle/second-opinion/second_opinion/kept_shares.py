"""Sets of shares that earlier ceremonies left: proven, passed on, replaced, destroyed; from the binding's sets on."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Set, Tuple

from .canonical import NotCanonical, from_base64
from .case import Case, refuse
from .finding import Refused
from .people import WATCHERS
from .record import Line
from .steps import Act, Step

ACTS: Dict[str, Set[str]] = {
    "shares.drill": {"proven", "wrong", "missing"},
    "shares.transfer": {"transferred"},
    "shares.reshare": set(),
    "shares.destroy": {"destroyed", "unreturned"},
}
# What the holder signs; the rest is told by an administrator.
OWN = {"proven", "transferred", "destroyed"}
MOST_SETS = 100
MOST_HOLDERS = 64

Share = Tuple[int, str]


class KeptSet:
    """A set as it stands. `holders` has, of each share, who has it and whether they gave it back, in order."""

    def __init__(self, name: str, told: Dict[str, Any], state: str) -> None:
        self.name = name
        self.set: str = told["set"]
        self.scheme: str = told["scheme"]
        self.threshold: int = told["threshold"]
        self.pattern: str = told["pattern"]
        self.bytes: int = told.get("bytes", 32)
        self.state = state
        self.commitments: Dict[int, str] = {share["index"]: share["commitment"] for share in told["shares"]}
        self.holders: Dict[int, Dict[str, bool]] = {
            share["index"]: {holder["id"]: holder["returned"] for holder in share.get("holders", [])}
            for share in told["shares"]
        }

    def held(self) -> Set[Share]:
        return {
            (index, who) for index, holders in self.holders.items() for who, back in holders.items() if not back
        }

    def outstanding(self) -> int:
        return len({index for index, _ in self.held()})

    def give(self, index: int, who: str) -> None:
        holders = self.holders.get(index)
        if holders is not None:
            # Whoever has it last stands last.
            holders.pop(who, None)
            holders[who] = False


# What the plan, and for a recipient the binding, decides of how a share is handed over.
FORM = ("form", "printer", "medium", "lock", "recipient")


class Work:
    """What a step about a kept set has on record so far."""

    def __init__(self) -> None:
        self.told: Dict[Share, str] = {}
        self.entered: Set[int] = set()
        self.made_of: Dict[str, int] = {}
        # Who read back a share or a copy of a set, and which shares were passed on: index, who had it, who has it too.
        self.handed: Dict[Tuple[str, int, str], str] = {}
        self.passed: Set[Tuple[int, str, str]] = set()
        self.replaced: Optional[str] = None


class KeptShares:
    def __init__(self, case: Case) -> None:
        self._case = case
        self._about = any(step["action"] in ACTS for step in case.plan["steps"])
        self._work: Dict[str, Work] = {}
        told = case.first_binding.get("shareSets", {"sets": []})["sets"]
        self._sets = [KeptSet(one["id"], one, one["state"]) for one in told]
        _check_sets(told)
        for declared in case.plan.get("keptShares", []):
            found = self._named(declared["id"])
            wanted = (declared["scheme"], declared["shares"], declared["threshold"], declared["is"] == "current")
            if found is None or wanted != (
                found.scheme, len(found.holders), found.threshold, found.state == "current"
            ):
                raise Refused("binding.json", None, f"the shares {declared['id']} are not as the plan says")

    def _named(self, name: str) -> Optional[KeptSet]:
        return next((one for one in reversed(self._sets) if one.name == name), None)

    def _by_id(self, name: Any) -> Optional[KeptSet]:
        return next((one for one in self._sets if one.set == name), None)

    def _step_of(self, line: Line) -> Tuple[Optional[Dict[str, Any]], Optional[KeptSet], Work]:
        step = self._case.step_of(line)
        if step is None or step["action"] not in ACTS:
            return None, None, Work()
        return step, self._named(step["set"]), self._work.setdefault(str(line.step), Work())

    def answered(self, line: Line, act: Act) -> None:
        """What an act that was done tells of shares: one entered, a set made, one handed out."""
        if not act.done:
            return
        result = act.result
        step, kept, work = self._step_of(line)
        if step is not None and kept is not None:
            entered = (result.get("index"), result.get("custodian"))
            if result.get("entered") is True and result.get("set") == kept.set and entered in kept.held():
                work.entered.add(result["index"])
            if result.get("replaces") == kept.set and "shareSet" in result:
                work.made_of[result["shareSet"]["set"]] = len(work.entered)
            if result.get("readBack") is True and all(name in result for name in ("set", "index", "custodian")):
                index, who = result["index"], result["custodian"]
                work.handed[result["set"], index, result.get("copy", "")] = who
                if result["set"] == kept.set:
                    work.passed.add((index, result.get("holder", ""), who))
        if "shareSet" in result and _is_sensible(result["shareSet"]):
            made = result["shareSet"]
            self._sets = [one for one in self._sets if one.set != made["set"]]
            name = self._case.plan.get("masterKey", {}).get("id", "")
            self._sets.append(KeptSet(name, made, "current"))
        if result.get("readBack") is True and "custodian" in result and "index" in result:
            self._check_form(line, result)
        if result.get("readBack") is True and "custodian" in result:
            given = self._by_id(result.get("set"))
            if given is not None:
                given.give(result.get("index", 0), result["custodian"])
        self._check_size(line)

    def _check_form(self, line: Line, result: Dict[str, Any]) -> None:
        """A share is handed over as `masterKey.forms` says of it; a copy, and what is not named there, on a worksheet."""
        forms = self._case.plan.get("masterKey", {}).get("forms", [])
        planned = next((one for one in forms if one["share"] == result["index"]), None)
        expected: Dict[str, Any] = {"form": "worksheet"}
        step = self._case.step_of(line)
        passed_on = step is not None and step["action"] == "shares.transfer"
        if planned is not None and "copy" not in result and not passed_on:
            expected = {name: value for name, value in planned.items() if name != "share"}
            if planned.get("lock") == "recipient":
                person = next((one for one in self._case.binding["people"] if one["id"] == result["custodian"]), {})
                if "age" in person:
                    expected["recipient"] = person["age"]["recipient"]
        told = result.get("custody", {"form": "worksheet"})
        if {name: told[name] for name in FORM if name in told} != expected:
            refuse(line, "a share was handed over in another form than the plan gives it")
        if told["form"] == "own-token" and not self._is_vouched_for(result, told):
            refuse(line, "no custodian vouches for the key pair to which a share was encrypted")

    def _is_vouched_for(self, result: Dict[str, Any], told: Dict[str, Any]) -> bool:
        """The custodian's signing key signed which key pair it is, for which share of which set."""
        key = self._case.people.keys.get(result["custodian"])
        if key is None or "set" not in result:
            return False
        parts = ["keyrite/share-key/1", result["set"], str(result["index"]), told["oaep"], told["spki"]]
        try:
            signature = from_base64(told["signature"])
        except NotCanonical:
            return False
        return self._case.envelopes.checker.holds(key, "\0".join(parts).encode("utf-8"), signature)

    def voided(self, name: str) -> None:
        self._sets = [one for one in self._sets if one.set != name]

    def replaced(self, line: Line) -> None:
        case, value = self._case, line.body["value"]
        step, old, work = self._step_of(line)
        if step is None or old is None or step["action"] != "shares.reshare" or old.set != value["set"]:
            refuse(line, "a set of shares is replaced where the plan does not say so")
        if old.state != "current":
            refuse(line, "the set of shares was replaced before")
        new, wanted = self._by_id(value["by"]), case.plan.get("masterKey", {})
        if new is None or {new.pattern, value["pattern"]} != {old.pattern}:
            refuse(line, "the new set is not of the same master key")
        if work.made_of.get(new.set, 0) < old.threshold:
            refuse(line, "the new set was not made of enough old shares")
        shape = (wanted.get("scheme"), wanted.get("shares"), wanted.get("threshold", wanted.get("shares")))
        if shape != (new.scheme, len(new.holders), new.threshold):
            refuse(line, "the new set is not the one that the plan asks for")
        if new.bytes != old.bytes or new.bytes * 8 != wanted.get("bits", 256):
            refuse(line, "the new set is of a key of another length")
        handed = {(index, copy): who for (name, index, copy), who in work.handed.items() if name == new.set}
        places = {(index, ""): wanted["custodians"] for index in new.holders}
        for copies in wanted.get("copies", []):
            places.update({(index, copies["position"]): copies["position"] for index in copies["of"]})
        if any(case.people.position.get(handed.get(place, "")) != position for place, position in places.items()):
            refuse(line, "a share or copy of the new set was not read back by whom the plan names")
        if len(set(handed.values())) != len(handed):
            refuse(line, "somebody has more than one share of the new set")
        work.replaced = new.set
        old.state = "replaced"

    def entry(self, line: Line) -> None:
        value = line.body["value"]
        step, kept, work = self._step_of(line)
        act, share = value["act"], (value["index"], value["holder"])
        if step is None or kept is None or kept.set != value["set"] or act not in ACTS[step["action"]]:
            refuse(line, "something is told of a share that the step is not about")
        if share not in kept.held():
            refuse(line, f"{value['holder']} does not have share {value['index']}")
        if share in work.told:
            refuse(line, "the share was told of before")
        if (value["why"] is None) != (act in OWN) or (value["to"] is None) == (act == "transferred"):
            refuse(line, "a reason or a successor too many, or none")
        if act == "transferred":
            self._check_successor(line, step, kept)
        if act == "destroyed" and kept.state == "current":
            refuse(line, "a share is destroyed that nothing has taken the place of")
        self._check_signed(line, step, kept.commitments[value["index"]])
        work.told[share] = act
        if act == "transferred":
            kept.give(value["index"], value["to"])
        if act == "destroyed":
            kept.holders[value["index"]][value["holder"]] = True
        self._check_size(line)

    def _check_successor(self, line: Line, step: Dict[str, Any], kept: KeptSet) -> None:
        to, index = line.body["value"]["to"], line.body["value"]["index"]
        if self._case.people.position.get(to) != step["to"]:
            refuse(line, "the successor is not whom the plan names")
        if any(who == to and other != index for other, who in kept.held()):
            refuse(line, "the successor has another share")
        if (index, line.body["value"]["holder"], to) not in self._work[str(line.step)].passed:
            refuse(line, "the successor did not read the share back")

    def _check_signed(self, line: Line, step: Dict[str, Any], commitment: str) -> None:
        case, value, people = self._case, line.body["value"], self._case.people
        record = case.open(line, value["record"], "share")
        told = {name: member for name, member in value.items() if name != "record"}
        wanted = {
            **told, "format": "keyrite-share/1", "mode": case.mode, "ceremony": case.ceremony, "step": line.step,
            "commitment": commitment, "head": line.prev,
        }
        if record.payload != wanted:
            refuse(line, "what was signed of the share is something else")
        if record.signers != line.by or any(who not in people.there for who in line.by):
            refuse(line, "not signed by the people in by, all of them there")
        if value["act"] in OWN:
            others = {value["holder"]} | ({value["to"]} if value["to"] is not None else set())
        else:
            others = set([who for who in line.by if people.role(who) == "crypto-administrator"][:1])
        watchers = [who for who in line.by if who not in others]
        if not others or not others.issubset(line.by) or len(watchers) != 1:
            refuse(line, "not signed by just who has the share, or an administrator, and one more")
        if people.role(watchers[0]) not in WATCHERS or people.position[watchers[0]] not in step["by"]:
            refuse(line, "who should watch does not, or is not named by the step")

    def completed(self, line: Line, step: Step) -> None:
        if step.plan["action"] not in ACTS:
            return
        plan, kept, work = self._step_of(line)
        if plan is None or kept is None:
            return
        action, result, count = plan["action"], line.body["result"], len(kept.holders)
        if action in ("shares.drill", "shares.destroy") and not kept.held().issubset(work.told):
            refuse(line, "nothing is told of a share that somebody has")
        if action == "shares.drill":
            good = len({index for (index, _), act in work.told.items() if act == "proven"})
            wanted = {"set": kept.set, "good": good, "shares": count, "threshold": kept.threshold}
            if any(result.get(name) != number for name, number in wanted.items()):
                refuse(line, "the drill came to something else")
        if action == "shares.destroy":
            left = kept.outstanding()
            wanted = {
                "set": kept.set, "shares": count, "unreturned": left, "threshold": kept.threshold,
                "rotate": left >= kept.threshold,
            }
            if any(name not in result or result[name] != number for name, number in wanted.items()):
                refuse(line, "other shares are counted as not given back")
        if action == "shares.transfer" and len(work.told) < self._case.people.count(plan["from"]):
            refuse(line, "fewer shares were passed on than the plan says")
        if action == "shares.transfer":
            if any(result.get(name) != value for name, value in {"set": kept.set, "shares": len(work.told)}.items()):
                refuse(line, "other shares are counted as passed on")
        if action == "shares.reshare":
            new = self._by_id(work.replaced)
            if new is None:
                refuse(line, "the set was not replaced")
            wanted = {"set": new.set, "replaces": kept.set, "shares": len(new.holders), "readBack": len(new.holders)}
            if any(result.get(name) != value for name, value in wanted.items()):
                refuse(line, "the reshare came to something else")

    def _check_size(self, line: Line) -> None:
        if not self._about:
            return
        many = any(len(holders) > MOST_HOLDERS for one in self._sets for holders in one.holders.values())
        if len(self._sets) > MOST_SETS or many:
            refuse(line, "more sets or holders of shares than a record may have")


def _check_sets(sets: List[Dict[str, Any]]) -> None:
    def wrong(why: str) -> None:
        raise Refused("binding.json", None, f"the sets of shares: {why}")

    if len({one["set"] for one in sets}) < len(sets):
        wrong("one stands twice")
    for one in sets:
        shares, threshold = one["shares"], one["threshold"]
        if [share["index"] for share in shares] != list(range(1, len(shares) + 1)):
            wrong("not numbered from 1")
        if threshold > len(shares) or (one["scheme"] == "components" and threshold != len(shares)):
            wrong("a threshold that the set cannot have")
        if len({share["commitment"] for share in shares}) < len(shares):
            wrong("a commitment stands twice")
        if any(len({holder["id"] for holder in share["holders"]}) < len(share["holders"]) for share in shares):
            wrong("a holder stands twice")


def _is_sensible(made: Dict[str, Any]) -> bool:
    """What a binding could carry; nothing else is a set whose shares people keep."""
    numbers = [made["threshold"], len(made["shares"]), *(share["index"] for share in made["shares"])]
    return made["scheme"] in ("components", "threshold") and all(1 <= number <= 16 for number in numbers)
