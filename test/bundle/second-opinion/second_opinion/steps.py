"""The order of the lines: steps one after the other, attempts, acts and their answers."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from .case import Case, refuse
from .record import Line

SKIPPABLE = {"preflight", "unit.inventory", "fact", "statement"}


class Act:
    """An act of a step: what was announced last, and what was answered last."""

    def __init__(self, intent: Line) -> None:
        self.intent = intent
        self.open = True
        self.done = False
        self.answer: Optional[Line] = None
        self.result: Dict[str, Any] = {}


class Step:
    def __init__(self, place: int, plan: Dict[str, Any]) -> None:
        self.place = place
        self.plan = plan
        self.state = "waiting"  # then "under way", then "complete"
        # An exception stands in for the outcome, whatever else becomes of the step.
        self.skipped = False
        self.attempt = 0
        self.lines: List[Line] = []
        self._attempt_begins = 0
        self.acts: Dict[str, Act] = {}

    def begin(self, line: Line) -> None:
        self.state = "under way"
        self.attempt += 1
        self._attempt_begins = len(self.lines)

    def last_attempt(self) -> List[Line]:
        return self.lines[self._attempt_begins :]

    def facts(self, *names: str) -> List[Line]:
        """The facts of these names in the last attempt."""
        return [line for line in self.last_attempt() if line.type == "fact.recorded" and line.body["fact"] in names]

    def done(self, act: str) -> Optional[Act]:
        found = self.acts.get(act)
        return found if found is not None and found.done else None

    @property
    def over(self) -> bool:
        return self.state == "complete" or self.skipped


class Steps:
    def __init__(self, case: Case) -> None:
        self._case = case
        self.steps = [Step(place, plan) for place, plan in enumerate(case.plan["steps"])]
        self.by_id = {step.plan["id"]: step for step in self.steps}
        self.pauses = 0
        self._unit_ids = {unit["id"] for unit in case.plan["units"]}

    def take(self, line: Line) -> Optional[Step]:
        """Puts a line in its step. Returns the step that it completes, if it completes one."""
        if line.step is None:
            if line.type.startswith("step.") or line.type == "exception.recorded":
                refuse(line, "the line has no step")
            return None
        step = self.by_id.get(line.step)
        if step is None:
            refuse(line, f"{line.step} is no step of the plan")
        if line.type == "exception.recorded":
            if line.body["kind"] == "step-skipped":
                self._skip(line, step)
        elif line.type == "step.started":
            self._start(line, step)
        else:
            if step.state != "under way" or self._is_behind(step):
                refuse(line, "the step is not under way")
            if line.body.get("attempt", step.attempt) != step.attempt:
                refuse(line, "the number of another attempt")
        step.lines.append(line)
        if line.type == "step.intent":
            self._announce(line, step)
        elif line.type in ("step.outcome", "step.reconciled") and line.body["act"] is not None:
            self._answer(line, step)
        elif line.type == "step.outcome":
            step.state = "complete"
            return step
        return None

    def _start(self, line: Line, step: Step) -> None:
        self._check_can_begin(line, step)
        if sum(1 for earlier in self.steps[: step.place] if earlier.plan["action"] == "pause") != self.pauses:
            refuse(line, "the ceremony did not pause before the step")
        step.begin(line)
        if line.body["attempt"] != step.attempt:
            refuse(line, "attempts count from 1")
        if line.body["action"] != step.plan["action"]:
            refuse(line, "the action is not the plan's")

    def _skip(self, line: Line, step: Step) -> None:
        # An exception may skip a step between the end of a pause step and the pause itself.
        if step.attempt == 0:
            self._check_can_begin(line, step)
        elif self._is_behind(step):
            refuse(line, "a later step has begun")
        if step.plan["action"] not in SKIPPABLE:
            refuse(line, "a step of this action is never skipped")
        step.skipped = True

    def _check_can_begin(self, line: Line, step: Step) -> None:
        # What was skipped may still be carried out.
        if step.state == "complete":
            refuse(line, "the step is complete")
        if not all(earlier.over for earlier in self.steps[: step.place]):
            refuse(line, "a step before it is not over")
        if self._is_behind(step):
            refuse(line, "a later step has begun")

    def _is_behind(self, step: Step) -> bool:
        """Whether the ceremony is past the step: a later one began, or was skipped, which counts as beginning here."""
        return any(later.state != "waiting" or later.skipped for later in self.steps[step.place + 1 :])

    def _announce(self, line: Line, step: Step) -> None:
        act, unit = line.body["act"], line.body["unit"]
        known = step.acts.get(act)
        if known is not None and known.open:
            refuse(line, "the act was announced before, and is not answered")
        prefix = act.split("/", 1)[0]
        if "/" in act and prefix in self._unit_ids and unit != prefix:
            refuse(line, "the act is on another unit")
        if unit is not None and unit not in self._unit_ids:
            refuse(line, "no unit of the plan")
        if known is None:
            step.acts[act] = Act(line)
        else:
            known.intent, known.open = line, True

    def _answer(self, line: Line, step: Step) -> None:
        act = step.acts.get(line.body["act"])
        if act is None or not act.open:
            refuse(line, "the answer to an act that was not announced")
        act.open = False
        act.answer = line
        act.done = line.type == "step.outcome" or line.body["verdict"] == "applied"
        act.result = line.body["result"] if line.type == "step.outcome" else line.body["observed"]

    def act(self, line: Line) -> Tuple[Step, Act]:
        """The act of an intent or of an answer, which was taken before."""
        step = self.by_id[str(line.step)]
        return step, step.acts[line.body["act"]]

    def last_begun(self) -> Optional[Step]:
        begun = [step for step in self.steps if step.state != "waiting"]
        return begun[-1] if begun else None

    def finish(self) -> None:
        case, last = self._case, self._case.lines[-1]
        unanswered = [name for step in self.steps for name, act in step.acts.items() if act.open]
        undone = [step.plan["id"] for step in self.steps if not step.over]
        if not case.closed:
            for name in unanswered:
                case.missing.add("transcript.jsonl", None, f"the act {name} is not answered yet")
            return
        if unanswered:
            refuse(last, f"the act {unanswered[0]} is not answered")
        if undone and last.body["outcome"] == "completed":
            refuse(last, f"the step {undone[0]} is not over")
        for name in undone:
            case.missing.add("transcript.jsonl", None, f"nobody carried out the step {name}")
