"""Pauses under seal, and the sessions that go on after them."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Set

from .case import Case, refuse, trimmed
from .finding import Refused
from .opening import check_approvals, check_binding_is_of_ceremony, read_document, roster_of
from .record import Line
from .steps import Step, Steps
from .units import Units

ROW = re.compile(
    r"sessions/\d{4}/(?:binding\.yaml|binding\.json|approvals/[a-z0-9][a-z0-9-]{0,62}\.dsse\.json)\Z", re.ASCII
)


class Sessions:
    def __init__(self, case: Case, steps: Steps, units: Units) -> None:
        self._case = case
        self._steps = steps
        self._units = units
        self._number = 1
        self.paused = False

    def check_before(self, line: Line) -> None:
        """A resumption with the reason `pause`, and nothing else, follows a pause."""
        resumes = line.type == "ceremony.resumed" and line.body["reason"] == "pause"
        if self.paused != resumes:
            refuse(line, "a pause and what resumes it do not follow each other")

    def pause(self, line: Line) -> None:
        if line.step is not None:
            refuse(line, "a pause has no step")
        pauses = [step for step in self._steps.steps if step.plan["action"] == "pause"]
        last = self._steps.last_begun()
        if self._steps.pauses >= len(pauses) or last is not pauses[self._steps.pauses] or last.state != "complete":
            refuse(line, "the ceremony does not pause here")
        if line.body["reason"] != trimmed(last.plan["reason"]):
            refuse(line, "the reason is not the plan's")
        if line.body["seals"] != _seals(last):
            refuse(line, "the seals are not those of the step")
        self._steps.pauses += 1
        self.paused = True

    def resume(self, line: Line) -> None:
        body = line.body
        if body["reason"] == "crash":
            if "session" in body:
                refuse(line, "a session stands after a pause only")
            return
        if "session" not in body or "files" not in body:
            refuse(line, "a resumption after a pause tells of its session")
        self.paused = False
        self._number += 1
        if body["session"]["number"] != self._number:
            refuse(line, "not the number of the next session")
        self._check_files(line, f"sessions/{self._number:04d}/")
        self._begin(line, body["session"], f"sessions/{self._number:04d}/")

    def _check_files(self, line: Line, folder: str) -> None:
        named = {file["name"] for file in line.body["files"]}
        for name in self._case.files.within(folder):
            if ROW.match(name) is None or name not in named:
                raise Refused(name, line.seq, "the line does not name this file")
            self._case.files.account(name)
        if folder + "binding.yaml" not in self._case.files:
            raise Refused(folder + "binding.yaml", line.seq, "the file is missing")

    def _begin(self, line: Line, session: Dict[str, Any], folder: str) -> None:
        case, people = self._case, self._case.people
        name = folder + "binding.json"
        binding = read_document(case, name, "binding")
        if case.files.sha256(name) != session["binding"]["sha256"]:
            raise Refused(name, line.seq, "not the binding that the line names")
        check_binding_is_of_ceremony(case, binding, name, line.seq)
        if session["roster"] != roster_of(case, binding, name):
            refuse(line, "the roster is not the binding's")
        # Who comes with a binding does not approve it.
        before = set(people.entries)
        approvals = case.files.within(folder + "approvals/")
        case.approvers.append(
            check_approvals(case, folder + "approvals/", approvals, session["binding"]["sha256"], before, line)
        )
        self._check_people(line, session["roster"], binding, before)
        self._check_units(name, binding)
        if binding.get("custody") != case.first_binding.get("custody"):
            raise Refused(name, line.seq, "the binding has another custody ledger")
        if binding.get("shareSets") != case.first_binding.get("shareSets"):
            raise Refused(name, line.seq, "the binding has other sets of shares")
        case.binding = binding
        people.begin_session()

    def _check_people(
        self, line: Line, roster: List[Dict[str, Any]], binding: Dict[str, Any], before: Set[str]
    ) -> None:
        """Who stood on the roster before, if the binding has them, stands there unchanged; others join it here."""
        people = self._case.people
        stands: Set[str] = set()
        for entry, person in zip(roster, binding["people"]):
            who = entry["id"]
            if who in stands:
                refuse(line, f"the id {who} stands twice")
            stands.add(who)
            if who not in before:
                people.add(entry, person["position"], "transcript.jsonl", line.seq)
            elif entry != people.entries[who] or person["position"] != people.position[who]:
                refuse(line, f"{who} does not stand on the roster as before")

    def _check_units(self, name: str, binding: Dict[str, Any]) -> None:
        first = {unit["id"]: unit for unit in self._case.first_binding["units"]}
        if [unit["id"] for unit in binding["units"]] != list(first):
            raise Refused(name, None, "the units are not those of the first binding")
        for unit in binding["units"]:
            known, last = self._units.units.get(unit["id"]), unit["lastKnown"]
            if known is None:
                if last != first[unit["id"]]["lastKnown"]:
                    raise Refused(name, None, f"what is last known of {unit['id']} is not that of the first binding")
                continue
            if last is None or last["identity"] != known.identity:
                raise Refused(name, None, f"{unit['id']} is not known by its identity")
            state = self._units.possible_states(known).get(last["stateSha256"])
            if state is None or state["counter"] != last["counter"]:
                raise Refused(name, None, f"{unit['id']} is not known in a state that it can be in")

    def finish(self) -> None:
        """No folder of a session that is not on record, but for the next one while the ceremony is paused."""
        for name in self._case.files.within("sessions/"):
            folder = name.split("/")[1]
            if folder in {f"{number:04d}" for number in range(2, self._number + 1)}:
                continue
            if not self.paused or folder != f"{self._number + 1:04d}" or ROW.match(name) is None:
                raise Refused(name, None, "a session that is not on record")
            self._case.files.account(name)
            self._case.missing.add(name, None, "the session has not begun")


def _seals(step: Step) -> List[Dict[str, str]]:
    numbers = {
        fact.body["value"]["material"]: fact.body["value"]["number"]
        for fact in step.lines
        if fact.type == "fact.recorded" and fact.body["fact"] == "seal"
    }
    return [{"material": material, "number": numbers.get(material, "")} for material in step.plan["seals"]]
