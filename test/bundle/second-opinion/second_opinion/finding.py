"""What a verifier has to say about a bundle: a refusal, which ends the work, or things that are not there yet."""

from __future__ import annotations

from typing import Any, Dict, List, Optional


class Refused(Exception):
    """Something in the bundle does not hold. The first refusal ends the verification."""

    def __init__(self, where: str, line: Optional[int], reason: str) -> None:
        super().__init__(reason)
        self.where = where
        self.line = line
        self.reason = reason

    def as_json(self) -> Dict[str, Any]:
        return {"where": self.where, "line": self.line, "reason": self.reason}


class Missing:
    """Things that are not there yet: none of them is wrong, any of them makes the bundle incomplete."""

    def __init__(self) -> None:
        self.findings: List[Dict[str, Any]] = []

    def add(self, where: str, line: Optional[int], reason: str) -> None:
        self.findings.append({"where": where, "line": line, "reason": reason})
