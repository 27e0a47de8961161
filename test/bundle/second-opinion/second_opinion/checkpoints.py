"""Checkpoints: announced, signed, told of, and the last one that covers every line."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Set

from . import envelope, tree
from .canonical import dump, sha256_hex
from .case import Case, refuse
from .finding import Refused
from .record import Line

FILE = re.compile(r"checkpoints/(\d{4,})\.(checkpoint|dsse\.json|tsq|([a-z0-9][a-z0-9-]{0,62})\.sig)\Z", re.ASCII)
TSQ_BEFORE = bytes.fromhex("30390201013031300d060960864801650304020105000420")
TSQ_AFTER = bytes.fromhex("0101ff")


class Announced:
    def __init__(self, line: Line) -> None:
        self.line = line
        self.told: Set[str] = set()


class Checkpoints:
    def __init__(self, case: Case) -> None:
        self._case = case
        self._leaves = [tree.leaf_hash(line.raw) for line in case.lines]
        self._announced: List[Announced] = []
        self.last: Optional[tree.Checkpoint] = None
        self.last_number = 0

    # --- lines ---

    def made(self, line: Line) -> None:
        body = line.body
        if body["number"] != len(self._announced) + 1 or body["size"] != line.seq:
            refuse(line, "not the number or the size of the next checkpoint")
        if body["root"] != tree.root(self._leaves[: line.seq]).hex():
            refuse(line, "not the root over the lines before")
        if f"checkpoints/{body['number']:04d}.checkpoint" not in {file["name"] for file in body["files"]}:
            refuse(line, "the checkpoint is not named")
        self._announced.append(Announced(line))

    def signed(self, line: Line) -> None:
        number, who = line.body["number"], line.body["participant"]
        if number > len(self._announced):
            refuse(line, "a signature of a checkpoint that was not announced")
        if f"checkpoints/{number:04d}.{who}.sig" not in {file["name"] for file in line.body["files"]}:
            refuse(line, "the signature is not named")
        self._case.people.check_acting([who], "transcript.jsonl", line.seq)
        told = self._announced[number - 1].told
        if who in told:
            refuse(line, "the signature was told of before")
        told.add(who)

    def signed_within(self, step: str, wanted: List[Dict[str, Any]]) -> bool:
        """Whether a checkpoint announced within the step has the signers that the step asks for, who may have left."""
        return any(self._case.people.meets(one.told, wanted) for one in self._announced if one.line.step == step)

    # --- files, once all lines are read ---

    def finish(self) -> None:
        signatures: Dict[int, Set[str]] = {}
        kinds: Dict[int, Set[str]] = {}
        for name in self._case.files.within("checkpoints/"):
            match = FILE.match(name)
            if match is None or len(match[1]) != max(4, len(str(int(match[1])))) or int(match[1]) == 0:
                raise Refused(name, None, "not a file that belongs here")
            self._case.files.account(name)
            number = int(match[1])
            kinds.setdefault(number, set()).add(match[2] if match[3] is None else "sig")
            if match[3] is not None:
                signatures.setdefault(number, set()).add(match[3])
        for number in range(1, len(self._announced) + 1):
            self._check(number, self._announced[number - 1].line.seq, signatures.get(number, set()))
        under_way = len(self._announced) + 1
        for number in kinds:
            if number > under_way or (number == under_way and "checkpoint" not in kinds[number]):
                raise Refused("checkpoints", None, f"nothing tells of checkpoint {number}")
            if "tsq" in kinds[number] and not (self._case.closed and number == under_way):
                raise Refused("checkpoints", None, "a request for a timestamp over another than the last checkpoint")
        if under_way in kinds:
            self._check_last(under_way, signatures.get(under_way, set()))
        else:
            self._case.missing.add("checkpoints", None, "no checkpoint covers every line")

    def _check(self, number: int, size: int, signers: Set[str]) -> None:
        """A checkpoint that a line announced. All of it is there, unless it is the one under way."""
        missing_is_fine = number == len(self._announced) and not self._case.closed
        data = self._check_file(number, size)
        checked = self._check_signatures(number, data, signers)
        untold = signers - self._announced[number - 1].told
        if untold and not missing_is_fine:
            raise Refused("checkpoints", None, f"no line tells of the signature of {sorted(untold)[0]}")
        for who in sorted(untold):
            self._case.people.check_acting([who], f"checkpoints/{number:04d}.{who}.sig", len(self._case.lines))
            self._case.missing.add("checkpoints", None, f"no line tells of the signature of {who} yet")
        self._check_envelope(number, data, checked, missing_is_fine)

    def _check_last(self, number: int, signers: Set[str]) -> None:
        case = self._case
        name = f"checkpoints/{number:04d}.checkpoint"
        data = self._check_file(number, len(case.lines))
        for who in sorted(signers):
            case.people.check_acting([who], f"checkpoints/{number:04d}.{who}.sig", None)
        checked = self._check_signatures(number, data, signers)
        missing_is_fine = not case.closed or not case.exported
        self._check_envelope(number, data, checked, missing_is_fine)
        if not case.closed:
            case.missing.add(name, None, "no line tells of the checkpoint yet")
            return
        self.last, self.last_number = tree.read_checkpoint(data), number
        if not case.people.meets(signers, case.line0["quorum"]):
            if not missing_is_fine:
                raise Refused(name, None, "those who signed do not meet the quorum")
            case.missing.add(name, None, "those who signed do not meet the quorum yet")
        request = f"checkpoints/{number:04d}.tsq"
        if request in case.files:
            check_request(data, case.files.read(request), request)

    def _check_file(self, number: int, size: int) -> bytes:
        name = f"checkpoints/{number:04d}.checkpoint"
        data = self._case.files.read(name)
        origin = f"keyrite/{self._case.mode}/{self._case.ceremony}"
        if data != tree.Checkpoint(origin, size, tree.root(self._leaves[:size])).data():
            raise Refused(name, None, "not the checkpoint over these lines")
        return data

    def _check_signatures(self, number: int, data: bytes, signers: Set[str]) -> Dict[str, bytes]:
        return check_signatures(self._case, f"checkpoints/{number:04d}", data, signers)

    def _check_envelope(self, number: int, data: bytes, signatures: Dict[str, bytes], missing_is_fine: bool) -> None:
        name = f"checkpoints/{number:04d}.dsse.json"
        if name not in self._case.files:
            if not missing_is_fine:
                raise Refused(name, None, "the envelope is missing")
            self._case.missing.add(name, None, "the envelope is not made yet")
            return
        check_envelope(self._case, name, data, signatures)


def check_signatures(case: Case, stem: str, data: bytes, signers: Set[str]) -> Dict[str, bytes]:
    """Every signature beside a checkpoint holds and is of somebody on the roster."""
    signatures: Dict[str, bytes] = {}
    for who in sorted(signers):
        name = f"{stem}.{who}.sig"
        if who not in case.people.keys:
            raise Refused(name, None, f"{who} is not on the roster")
        signatures[who] = case.files.read(name)
        message = envelope.signed_checkpoint(data)
        if not case.envelopes.checker.holds(case.people.keys[who], message, signatures[who]):
            raise Refused(name, None, "the signature does not hold")
    return signatures


def check_envelope(case: Case, name: str, data: bytes, signatures: Dict[str, bytes]) -> None:
    """The envelope is exactly what follows from the checkpoint and the signatures."""
    if case.files.read(name) != dump(envelope.of_checkpoint(data, signatures)) + b"\n":
        raise Refused(name, None, "not the envelope of these signatures")


def check_request(checkpoint: bytes, request: bytes, name: str) -> None:
    """The request for a timestamp has one form, which follows from the checkpoint."""
    if request != TSQ_BEFORE + bytes.fromhex(sha256_hex(checkpoint)) + TSQ_AFTER:
        raise Refused(name, None, "not the request over this checkpoint")
