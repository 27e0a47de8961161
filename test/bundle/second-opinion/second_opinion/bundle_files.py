"""The files of a bundle: their names, their sums, and that each of them is accounted for."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from pathlib import Path
from typing import Any, Dict, List, Set

from .canonical import NotCanonical, parse
from .finding import Missing, Refused

MOST_FILES = 10_000
LARGEST_FILE = 64 * 1024 * 1024
LARGEST_ATTACHMENT = 64 * 1024 * 1024 * 1024
CHUNK = 1024 * 1024
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*){0,3}\Z")
SUMS = "SHA256SUMS"
TRANSCRIPT = "transcript.jsonl"
# For people, outside the signed record: the sums are all that speaks of them.
FOR_PEOPLE = {"report.html", "report.pdf", "verify.sh", "README.txt"}
# A crash can leave these empty.
MAY_BE_EMPTY = {"approvals", "keys", "checkpoints", "packages", "attachments"}


class BundleFiles:
    """Every file of a folder by name, each accounted for once a rule has asked about it."""

    def __init__(self, folder: Path, missing: Missing) -> None:
        self.folder = folder
        self._missing = missing
        self._sums: Dict[str, str] = {}
        self.names: Set[str] = set()
        self._accounted: Set[str] = set()
        self._list(folder, "")

    def _list(self, folder: Path, prefix: str) -> None:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        if not entries and prefix:
            name = prefix[:-1]
            if name not in MAY_BE_EMPTY:
                raise Refused(name, None, "an empty folder")
            self._missing.add(name, None, "the folder is empty")
        for entry in entries:
            name = prefix + entry.name
            if len(name) > 255 or NAME.match(name) is None:
                raise Refused(repr(name), None, "not a name that a bundle has")
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                self._list(folder / entry.name, name + "/")
            elif stat.S_ISREG(mode):
                self._note_size(name, entry.stat(follow_symlinks=False).st_size)
                self.names.add(name)
                if len(self.names) > MOST_FILES:
                    raise Refused(name, None, "more than 10,000 files")
            else:
                raise Refused(name, None, "a link or a special file")

    @staticmethod
    def _note_size(name: str, size: int) -> None:
        if name == TRANSCRIPT:
            return
        roomy = name in FOR_PEOPLE or name == SUMS or name.startswith(("attachments/", "addenda/"))
        if size > (LARGEST_ATTACHMENT if roomy else LARGEST_FILE):
            raise Refused(name, None, "too large")

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def within(self, prefix: str) -> List[str]:
        return sorted(name for name in self.names if name.startswith(prefix))

    def read(self, name: str) -> bytes:
        if name not in self.names:
            raise Refused(name, None, "the file is missing")
        return (self.folder / name).read_bytes()

    def sha256(self, name: str) -> str:
        if name not in self.names:
            raise Refused(name, None, "the file is missing")
        if name not in self._sums:
            # Attachments may be larger than memory.
            digest = hashlib.sha256()
            with open(self.folder / name, "rb") as file:
                for piece in iter(lambda: file.read(CHUNK), b""):
                    digest.update(piece)
            self._sums[name] = digest.hexdigest()
        return self._sums[name]

    def document(self, name: str) -> Any:
        """A file that is canonical JSON without an LF."""
        try:
            return parse(self.read(name))
        except NotCanonical as error:
            raise Refused(name, None, str(error)) from error

    def account(self, name: str) -> None:
        self._accounted.add(name)

    def check_named(self, named: Dict[str, str], line: int) -> None:
        """A file that a line names exists and has the sum that the line gives it."""
        name = named["name"]
        if name not in self.names:
            raise Refused(name, line, "the line names a file that is not there")
        if self.sha256(name) != named["sha256"]:
            raise Refused(name, line, "the file is not the one that the line names")
        # Being named accounts for a file in these two folders only; elsewhere other rules do.
        if name.startswith(("packages/", "attachments/")):
            self.account(name)

    def check_all_accounted(self) -> None:
        for name in sorted(self.names - self._accounted - FOR_PEOPLE - {SUMS}):
            raise Refused(name, None, "nothing accounts for this file")

    def check_sums(self) -> bool:
        """Whether there is SHA256SUMS; where there is, it must be what is made anew from the files."""
        if SUMS not in self.names:
            self._missing.add(SUMS, None, "the export did not finish")
            return False
        names = sorted(self.names - {SUMS}, key=lambda name: name.encode("ascii"))
        made = "".join(f"{self.sha256(name)}  {name}\n" for name in names).encode("ascii")
        if self.read(SUMS) != made:
            raise Refused(SUMS, None, "these are not the sums of the files")
        return True
