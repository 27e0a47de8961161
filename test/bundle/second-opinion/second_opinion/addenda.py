"""Addenda: what came after the close, each a small transcript of its own."""

from __future__ import annotations

import re
from typing import Any, Dict, List, NamedTuple, Set

from . import der, timestamps, tree
from .canonical import NotCanonical, from_base64, parse_any_form
from .case import Case
from .checkpoints import check_envelope, check_signatures
from .finding import Missing, Refused
from .record import Line, check_form, read_lines
from .schema import Misfit

MOST_LINES = 1000
LARGEST_TRANSCRIPT = 4 * 1024 * 1024
LARGEST_RECEIPT = 64 * 1024
FOLDER = re.compile(r"addenda/(\d{4})/", re.ASCII)
SIGNATURE = re.compile(r"checkpoints/0001\.([a-z0-9][a-z0-9-]{0,62})\.sig\Z", re.ASCII)


class Closed(NamedTuple):
    """What addenda are about: the last checkpoint of the ceremony, which stays as it is."""

    checkpoint: tree.Checkpoint
    sha256: str
    lines: int


class Addenda:
    def __init__(self, case: Case, closed: Closed) -> None:
        self._case = case
        self._closed = closed
        self._latest = case.lines[-1].at
        self._previous: Any = None

    def check(self) -> None:
        folders: Set[str] = set()
        for name in self._case.files.within("addenda/"):
            match = FOLDER.match(name)
            if match is None:
                raise Refused(name, None, "not a file that belongs here")
            folders.add(match[1])
        for number, folder in enumerate(sorted(folders), start=1):
            if folder != f"{number:04d}":
                raise Refused(f"addenda/{folder}", None, "addenda are numbered from 0001 without a gap")
            self._check_one(number, f"addenda/{folder}/")

    def _check_one(self, number: int, folder: str) -> None:
        files = self._case.files
        where = folder + "transcript.jsonl"
        data = files.read(where)
        if len(data) > LARGEST_TRANSCRIPT or not data.endswith(b"\n"):
            raise Refused(where, None, "too long, or not of whole lines")
        try:
            lines = read_lines(data, Missing())
        except Refused as refused:
            raise Refused(where, refused.line, refused.reason) from refused
        if not 3 <= len(lines) <= MOST_LINES:
            raise Refused(where, None, "not 3 to 1000 lines")
        check_form(lines, self._case.schemas, where)
        files.account(where)
        named: Set[str] = set()
        for line in lines:
            self._check_line(line, lines, folder, where, number)
            named.update(file["name"] for file in line.body.get("files", []))
        root = tree.root([tree.leaf_hash(line.raw) for line in lines])
        self._check_checkpoint(number, folder, len(lines), root)
        self._account(folder, named)
        self._latest, self._previous = lines[-1].at, root.hex()

    def _check_line(self, line: Line, lines: List[Line], folder: str, where: str, number: int) -> None:
        def need(holds: bool, reason: str) -> None:
            if not holds:
                raise Refused(where, line.seq, reason)

        first, last = line.seq == 0, line.seq == len(lines) - 1
        kind = "ceremony.opened" if first else "ceremony.closed" if last else "fact.recorded"
        need(line.type == kind, f"a line of another type than {kind}")
        need(line.step is None, "a line of an addendum has no step")
        need(all(who in self._case.people.entries for who in line.by), "somebody in by is not on the roster")
        try:
            self._case.schemas.check(f"addendum.{kind}", line.body)
        except Misfit as error:
            need(False, str(error))
        if first:
            need(line.at >= self._latest, "earlier than what it is added to")
            self._check_opening(line, number, need)
        elif not last:
            for file in line.body["files"]:
                need(file["name"].startswith(folder + "attachments/"), "a file that is not this addendum's")
                self._case.files.check_named(file, line.seq)
            self._check_fact(line, need)

    def _check_opening(self, line: Line, number: int, need: Any) -> None:
        body, closed = line.body, self._closed.checkpoint
        need((body["ceremony"], body["mode"]) == (self._case.ceremony, self._case.mode), "of another ceremony")
        need(body["number"] == number, "another number than the folder's")
        need(body["closed"] == {"size": closed.size, "root": closed.root.hex()}, "not about the last checkpoint")
        need(body["previous"] == self._previous, "not what follows the addendum before")

    def _check_fact(self, line: Line, need: Any) -> None:
        fact, value = line.body["fact"], line.body["value"]
        if fact == "receipt":
            self._check_receipt(value, line.body["files"][0]["name"], need)
        elif fact == "timestamp":
            need(value["checkpoint"] == self._closed.sha256, "a timestamp of another checkpoint")
            try:
                timestamp = timestamps.read(self._case.files.read(line.body["files"][0]["name"]))
            except der.NotDer as error:
                need(False, f"the timestamp: {error}")
            need(timestamp.digest.hex() == self._closed.sha256, "a timestamp over something else")
            need(timestamp.time == value["genTime"], "a timestamp of another time")
        elif fact == "correction":
            need(value["line"] is None or value["line"] < self._closed.lines, "it corrects a line that does not exist")
        elif fact == "cosignature":
            self._check_cosignature(line, value, need)

    def _check_receipt(self, value: Dict[str, Any], name: str, need: Any) -> None:
        package, data = value["package"], self._case.files.read(name)
        held = package["name"].startswith("packages/") and package["name"] in self._case.files
        need(held and self._case.files.sha256(package["name"]) == package["sha256"], "a receipt of no package here")
        need(len(data) <= LARGEST_RECEIPT, "the receipt is larger than 64 KiB")
        # A receipt comes from the connected side in JSON of any form; only what is signed here is canonical.
        try:
            file = parse_any_form(data)
            self._case.schemas.check("receipt", file)
            # Whose signature it is and whether it holds is not part of the verdict; its form is.
            if file["signature"] is not None:
                from_base64(file["signature"]["value"])
        except (NotCanonical, Misfit) as error:
            need(False, f"the receipt: {error}")
        about = (file["package"]["sha256"], file["ceremony"], file.get("mode", self._case.mode))
        wanted = (package["sha256"], self._case.ceremony, self._case.mode)
        need(about == wanted, "a receipt of another package, ceremony or mode")

    def _check_cosignature(self, line: Line, value: Dict[str, Any], need: Any) -> None:
        people, closed, who = self._case.people, self._closed, value["participant"]
        opened = self._case.envelopes.open(value["envelope"], "cosignature", people.keys, "addenda", line.seq)
        need(opened.signers == [who] and opened.payload["participant"] == who, f"not signed by {who} alone")
        need(people.role(who) != "crypto-administrator", "a crypto administrator does not cosign")
        told = (opened.payload["size"], opened.payload["root"], opened.payload["checkpoint"])
        wanted = (closed.checkpoint.size, closed.checkpoint.root.hex(), closed.sha256)
        need(told == wanted, "it cosigns another checkpoint")

    def _check_checkpoint(self, number: int, folder: str, size: int, root: bytes) -> None:
        case, stem = self._case, f"{folder}checkpoints/0001"
        origin = f"keyrite/{case.mode}/{case.ceremony}/addendum/{number:04d}"
        data = tree.Checkpoint(origin, size, root).data()
        if case.files.read(stem + ".checkpoint") != data:
            raise Refused(stem + ".checkpoint", None, "not the checkpoint over these lines")
        matches = [SIGNATURE.match(name[len(folder) :]) for name in case.files.within(folder)]
        signers = {match[1] for match in matches if match is not None}
        signatures = check_signatures(case, stem, data, signers)
        if not case.people.crypto_administrator_and_watcher(sorted(signers)):
            raise Refused(stem + ".checkpoint", None, "not signed by a crypto administrator and a witness or auditor")
        check_envelope(case, stem + ".dsse.json", data, signatures)
        for name in [stem + ".checkpoint", stem + ".dsse.json", *(f"{stem}.{who}.sig" for who in signers)]:
            case.files.account(name)

    def _account(self, folder: str, named: Set[str]) -> None:
        for name in self._case.files.within(folder + "attachments/"):
            if name in named and name.count("/") == 3:
                self._case.files.account(name)
