"""People come, are enrolled, leave and are replaced; and who stands in a line as acting or as watching."""

from __future__ import annotations

from typing import Set

from .case import Case, refuse
from .people import WATCHERS
from .record import Line

# Before they prove presence in a session, people stand in these lines of a pre-flight only.
BEFORE_ROLL_CALL = {"step.confirmed", "fact.recorded"}


class Presence:
    def __init__(self, case: Case) -> None:
        self._case = case
        self._nonces: Set[str] = set()

    def check_by(self, line: Line) -> None:
        """Everybody in `by` is on the roster; who left or is still awaited does not stand there."""
        people = self._case.people
        for who in line.by:
            if who not in people.entries:
                refuse(line, f"{who} is not on the roster")
            if line.type == "participant.present":
                continue
            if who in people.gone:
                refuse(line, f"{who} left or was replaced")
            early = line.type in BEFORE_ROLL_CALL and self._case.action_of(line) == "preflight"
            if who in people.awaited and not early:
                refuse(line, f"{who} did not prove presence in this session")

    def check_witness(self, line: Line) -> None:
        people = self._case.people
        watched = line.body.get("witness", [])
        if len(set(watched)) != len(watched):
            refuse(line, "a witness is named twice")
        for who in watched:
            if who not in people.there or people.role(who) not in WATCHERS or who in line.by:
                refuse(line, f"{who} cannot have watched")

    def present(self, line: Line) -> None:
        people, who = self._case.people, line.body["participant"]
        if line.by != [who]:
            refuse(line, "somebody else's proof of presence")
        if who not in people.enrolled and all(person["id"] != who for person in self._case.binding["people"]):
            refuse(line, f"the session's binding leaves {who} out")
        # Proving presence is what people do who are gone or awaited, so this is not held against that.
        proof = self._case.envelopes.open(line.body["proof"], "presence", people.keys, "transcript.jsonl", line.seq)
        if proof.signers != [who] or proof.payload["participant"] != who:
            refuse(line, "the proof is not signed by the participant alone")
        if proof.payload["line0"] != self._case.lines[0].sha256 or proof.payload["head"] != line.prev:
            refuse(line, "the proof was made for another place")
        if proof.payload["nonce"] in self._nonces:
            refuse(line, "the nonce stands in another proof")
        self._nonces.add(proof.payload["nonce"])
        people.arrive(who)

    def left(self, line: Line) -> None:
        who = line.body["participant"]
        if who not in self._case.people.entries:
            refuse(line, f"{who} is not on the roster")
        self._case.people.leave(who)

    def replaced(self, line: Line) -> None:
        people, who, alternate = self._case.people, line.body["participant"], line.body["by"]
        if who not in people.entries or alternate not in people.there or alternate == who:
            refuse(line, "replaced by nobody who is there")
        if people.position[who] != people.position[alternate]:
            refuse(line, "the alternate has another position")
        people.leave(who)

    def enrolled(self, line: Line) -> None:
        case, people, body = self._case, self._case.people, line.body
        step = case.step_of(line)
        entry, vouchers = body["participant"], body["vouchers"]
        if step is None or step["action"] != "enrol":
            refuse(line, "an enrolment outside a step of its action")
        if len(vouchers) != 2 or not vouchers[0] < vouchers[1] or line.by != vouchers:
            refuse(line, "the vouchers are not two people, sorted, who stand in by")
        if any(who not in people.there for who in vouchers):
            refuse(line, "a voucher who is not there")
        if any(people.position[who] not in step["vouchers"] for who in vouchers):
            refuse(line, "a voucher of another position")
        people.add(entry, step["position"], "transcript.jsonl", line.seq)
        record = case.open(line, body["record"], "enrolment")
        expected = (entry, step["position"], body["identification"], line.prev)
        payload = record.payload
        if (payload["participant"], payload["position"], payload["identification"], payload["head"]) != expected:
            refuse(line, "the enrolment that was signed is another")
        if record.signers != sorted([entry["id"], *vouchers]):
            refuse(line, "not signed by exactly the participant and the vouchers")
        if f"keys/{entry['id']}.pem" not in {file["name"] for file in body["files"]}:
            refuse(line, "the key is not named")
        people.arrive(entry["id"])
        people.enrolled.add(entry["id"])
