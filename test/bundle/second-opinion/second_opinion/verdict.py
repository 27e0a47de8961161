"""One bundle from its folder to its verdict: every line in turn, then what only the whole record can tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from .addenda import Addenda, Closed
from .bundle_files import TRANSCRIPT, BundleFiles
from .canonical import sha256_hex
from .case import Case, refuse
from .checkpoints import Checkpoints
from .clocks import Clocks
from .completion import Completion
from .custody import Custody
from .exceptions import Exceptions
from .finding import Missing, Refused
from .kept_shares import KeptShares
from .opening import open_case
from .presence import Presence
from .readings import Readings
from .record import Line, check_body, check_form, read_lines
from .schema import Schemas
from .sessions import Sessions
from .shares import ShareSets
from .signatures import SignatureChecker, pem
from .steps import Act, Steps
from .units import Units
from .wrapped_keys import WrappedKeys

EXIT = {"refused": 1, "incomplete": 1, "consistent": 0, "verified": 0}


class FromOutside(NamedTuple):
    """What the reader of a bundle holds in hand, and all of which must match."""

    plan_hash: Optional[str]
    approver_keys: List[bytes]  # SubjectPublicKeyInfo in DER


class Verdict(NamedTuple):
    verdict: str
    findings: List[Dict[str, Any]]


class Verifier:
    """Judges bundles. One verifier for many of them checks each signature once."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._checker = SignatureChecker()

    def judge(self, folder: Path, outside: FromOutside) -> Verdict:
        missing = Missing()
        try:
            self._check(folder, outside, missing)
        except Refused as refused:
            return Verdict("refused", [refused.as_json()])
        if missing.findings:
            return Verdict("incomplete", missing.findings)
        given = outside.plan_hash is not None or bool(outside.approver_keys)
        return Verdict("verified" if given else "consistent", [])

    def _check(self, folder: Path, outside: FromOutside, missing: Missing) -> None:
        files = BundleFiles(folder, missing)
        lines = read_lines(files.read(TRANSCRIPT), missing)
        files.account(TRANSCRIPT)
        exported = files.check_sums()
        if not lines:
            raise Refused(TRANSCRIPT, None, "there is no line")
        check_form(lines, self._schemas, TRANSCRIPT)
        for line in lines:
            check_body(line, self._schemas, TRANSCRIPT)
        case = Case(files, self._schemas, self._checker, missing, lines)
        case.exported = exported
        open_case(case)
        Walk(case).run()
        check_keys(case)
        files.check_all_accounted()
        check_outside(case, outside)


class Walk:
    """Takes the lines one after the other. Each rule sees a line in the order in which it depends on others."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._steps = Steps(case)
        self._shares = ShareSets()
        self._units = Units(case, self._steps, self._shares)
        self._readings = Readings(case, self._units)
        self._presence = Presence(case)
        self._exceptions = Exceptions(case)
        self._checkpoints = Checkpoints(case)
        self._sessions = Sessions(case, self._steps, self._units)
        self._custody = Custody(case)
        self._kept_shares = KeptShares(case)
        self._clocks = Clocks(case)
        self._wrapped_keys = WrappedKeys(case)
        self._completion = Completion(case, self._shares, self._custody, self._checkpoints)
        self._handlers: Dict[str, Callable[[Line], None]] = {
            "ceremony.paused": self._sessions.pause,
            "ceremony.resumed": self._sessions.resume,
            "ceremony.closed": self._closing,
            "participant.present": self._presence.present,
            "participant.enrolled": self._presence.enrolled,
            "participant.left": self._presence.left,
            "participant.replaced": self._presence.replaced,
            "step.confirmed": self._completion.confirmed,
            "step.intent": self._intent,
            "step.outcome": self._answer,
            "step.reconciled": self._answer,
            "fact.recorded": self._fact,
            "exception.recorded": self._exceptions.recorded,
            "checkpoint.made": self._checkpoints.made,
            "checkpoint.signed": self._checkpoints.signed,
        }
        self._facts: Dict[str, Callable[[Line], None]] = {
            "module": self._module,
            "clock.readings": self._clocks.read,
            "exception.raised": self._exceptions.raised,
            "unit.connected": self._units.connected,
            "share-set.voided": self._voided,
            "share-set.replaced": self._kept_shares.replaced,
            "share": self._kept_shares.entry,
            "custody": self._custody.entry,
        }

    def run(self) -> None:
        case = self._case
        self._check_files(case.lines[0])
        self._presence.check_by(case.lines[0])
        if case.lines[0].step is not None:
            refuse(case.lines[0], "line 0 has no step")
        if case.line0.get("rules") == 2:
            case.people.begin_session()
        for line in case.lines[1:]:
            self._take(line)
        self._exceptions.finish()
        self._steps.finish()
        self._completion.finish()
        self._clocks.finish()
        self._sessions.finish()
        self._checkpoints.finish()
        if not case.closed:
            case.missing.add(TRANSCRIPT, None, "the ceremony is not closed")
        self._check_addenda()

    def _take(self, line: Line) -> None:
        if line.type == "ceremony.opened":
            refuse(line, "the ceremony is opened in line 0 only")
        self._check_files(line)
        self._presence.check_by(line)
        self._presence.check_witness(line)
        self._sessions.check_before(line)
        completed = self._steps.take(line)
        handler = self._handlers.get(line.type)
        if handler is not None:
            handler(line)
        if completed is not None:
            self._completion.check(line, completed)
            self._kept_shares.completed(line, completed)
            self._units.completed(line, completed)
            self._clocks.completed(line, completed)

    def _check_files(self, line: Line) -> None:
        for named in line.body.get("files", []):
            self._case.files.check_named(named, line.seq)

    def _intent(self, line: Line) -> None:
        step, _ = self._steps.act(line)
        self._units.announced(line, step)
        self._wrapped_keys.announced(line, step)

    def _answer(self, line: Line) -> None:
        if line.body["act"] is None:
            return
        step, act = self._steps.act(line)
        self._units.answered(line, step, act)
        if act.done:
            if "madeInside" in act.result:
                self._shares.made_inside(line, act.result["madeInside"], self._ordered_key(act))
            elif "shareSet" in act.result:
                self._shares.made(line, act.result["shareSet"])
            self._units.initialised(line, step, act)
        self._kept_shares.answered(line, act)
        self._wrapped_keys.answered(line, step, act)
        if line.type == "step.reconciled":
            self._readings.observed(line, act.intent.body["unit"])

    def _ordered_key(self, act: Act) -> Optional[str]:
        envelope = act.intent.body["command"]
        if envelope is None:
            return None
        order = self._case.open(act.intent, envelope, "command").payload["payload"]
        return str(order["key"]) if order["command"] == "master-key.generate" else None

    def _voided(self, line: Line) -> None:
        self._shares.voided(line.body["value"]["set"])
        self._kept_shares.voided(line.body["value"]["set"])

    def _fact(self, line: Line) -> None:
        handler = self._facts.get(line.body["fact"])
        if handler is not None:
            handler(line)
        self._readings.fact(line)

    def _module(self, line: Line) -> None:
        value = line.body["value"]
        bound = {(module["id"], module["sha256"]) for module in self._case.binding["modules"]}
        if (value["module"], value["sha256"]) not in bound:
            refuse(line, "not a module of the binding")
        settings = next(module for module in self._case.binding["modules"] if module["id"] == value["module"])
        if any(value[name] != settings[name] for name in ("environment", "files", "links") if name in value):
            refuse(line, "the module is steered otherwise than the binding says")

    def _closing(self, line: Line) -> None:
        case, body = self._case, line.body
        if line.seq != len(case.lines) - 1:
            refuse(line, "lines follow the close")
        recorded = sum(1 for one in case.lines if one.type == "exception.recorded")
        # No line of this version withholds a fact.
        if body["exceptions"] != recorded or body["withheld"] != 0:
            refuse(line, "not the number of exceptions or of withheld facts")
        if body["signOff"] != case.plan["signOff"]["wording"]:
            refuse(line, "not the wording of the plan")
        if body["outcome"] == "abandoned":
            case.missing.add(TRANSCRIPT, line.seq, "the ceremony was abandoned")

    def _check_addenda(self) -> None:
        case = self._case
        if not case.files.within("addenda/"):
            return
        last = self._checkpoints.last
        if last is None:
            raise Refused("addenda", None, "an addendum to a ceremony that is not closed")
        Addenda(case, Closed(last, sha256_hex(last.data()), len(case.lines))).check()


def check_keys(case: Case) -> None:
    """`keys/` holds the roster's keys, and no other."""
    for who, key in case.people.keys.items():
        name = f"keys/{who}.pem"
        if case.files.read(name) != pem(key.spki):
            raise Refused(name, None, "not the key of the roster")
        case.files.account(name)


def check_outside(case: Case, outside: FromOutside) -> None:
    """All that is given from outside must match."""
    if outside.plan_hash is not None and outside.plan_hash.lower() != case.line0["plan"]["sha256"]:
        raise Refused("plan.json", None, "not the plan whose hash was given")
    for spki in outside.approver_keys:
        owner = next((who for who, key in case.people.keys.items() if key.spki == spki), None)
        if owner is None or any(owner not in approved for approved in case.approvers):
            raise Refused("approvals", None, "a key that was given approved not every binding")
