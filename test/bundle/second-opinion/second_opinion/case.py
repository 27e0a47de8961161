"""What all rules about one bundle share: its files, its plan and binding, its people, its exceptions."""

from __future__ import annotations

from typing import Any, Dict, List, NoReturn, Optional, Set, Tuple

from .bundle_files import BundleFiles
from .envelope import EnvelopeReader, Opened
from .finding import Missing, Refused
from .people import People
from .record import Line
from .schema import Schemas
from .signatures import SignatureChecker

# White space at the ends of a plan's text (section "Sessions").
_BLANKS = (
    "\u0020\u000a\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)


def trimmed(text: str) -> str:
    return text.strip(_BLANKS)


class Case:
    """One bundle under examination."""

    def __init__(
        self, files: BundleFiles, schemas: Schemas, checker: SignatureChecker, missing: Missing, lines: List[Line]
    ) -> None:
        self.files = files
        self.schemas = schemas
        self.missing = missing
        self.lines = lines
        self.line0 = lines[0].body
        self.ceremony: str = self.line0["ceremony"]
        self.mode: str = self.line0["mode"]
        self.plan: Dict[str, Any] = {}
        self.first_binding: Dict[str, Any] = {}
        self.binding: Dict[str, Any] = {}  # of the session under way
        self.plan_steps: Dict[str, Dict[str, Any]] = {}
        self.envelopes = EnvelopeReader(schemas, checker, self.ceremony, self.mode)
        self.people: People
        self.approvers: List[Set[str]] = []  # of each session, in order
        self.closed = lines[-1].type == "ceremony.closed"
        self.exported = False
        # Exceptions on record, as (kind, step, line).
        self.exceptions: List[Tuple[str, str, int]] = []

    def step_of(self, line: Line) -> Optional[Dict[str, Any]]:
        return self.plan_steps.get(line.step) if line.step is not None else None

    def action_of(self, line: Line) -> Optional[str]:
        step = self.step_of(line)
        return None if step is None else str(step["action"])

    def open(self, line: Line, envelope: Dict[str, Any], kind: str) -> Opened:
        """An envelope of a line. Who left, was replaced, or did not come back after a pause signs nothing."""
        opened = self.envelopes.open(envelope, kind, self.people.keys, "transcript.jsonl", line.seq)
        self.people.check_acting(opened.signers, "transcript.jsonl", line.seq)
        return opened

    def excepted(self, step: str, kinds: Set[str], before: Optional[int] = None) -> bool:
        """Whether an exception of one of the kinds is on record for the step (before a line, where one is given)."""
        return any(
            kind in kinds and where == step and (before is None or number < before)
            for kind, where, number in self.exceptions
        )


def refuse(line: Line, reason: str) -> NoReturn:
    raise Refused("transcript.jsonl", line.seq, reason)
