"""Sets of shares of the master key: which were made, which one counts, and who loads which share."""

from __future__ import annotations

from typing import Any, Dict, Optional, Set, Tuple

from .case import refuse
from .record import Line

MOST_SETS = 1000
MOST_SHARES = 255
LONGEST_TEXT = 64


class ShareSets:
    def __init__(self) -> None:
        self._sets: Dict[str, Dict[str, Any]] = {}
        self.counting: Optional[Dict[str, Any]] = None
        self._voided: Set[str] = set()
        self._index_of: Dict[Tuple[str, str], int] = {}

    def made(self, line: Line, share_set: Dict[str, Any]) -> None:
        # All its other texts have a length of their own in the schema.
        if len(share_set["shares"]) > MOST_SHARES or len(share_set["scheme"]) > LONGEST_TEXT:
            return
        self._sets[share_set["set"]] = share_set
        self.counting = share_set
        if len(self._sets) > MOST_SETS:
            refuse(line, "more than 1,000 sets of shares")

    def made_inside(self, line: Line, made: Dict[str, str], ordered: Optional[str]) -> None:
        """A master key that a unit made inside itself: a set without shares. `ordered`: which key its command names."""
        if made["key"] != ordered:
            refuse(line, "a master key made inside a unit that no command asked for")
        self.made(line, {"set": made["key"], "scheme": "", "pattern": made["pattern"], "shares": []})

    def voided(self, name: str) -> None:
        self._voided.add(name)
        if self.counting is not None and self.counting["set"] == name:
            self.counting = None

    def check_load(self, line: Line, order: Dict[str, Any]) -> None:
        """Index, commitment and numbers of shares are those of a set that was made before."""
        share_set = self._sets.get(order["set"])
        if share_set is None:
            refuse(line, "a share of a set that was not made")
        if order["set"] in self._voided:
            refuse(line, "a share of a set that was voided")
        named = {"index": order["index"], "commitment": order["commitment"]}
        shares = [{"index": share["index"], "commitment": share["commitment"]} for share in share_set["shares"]]
        if named not in shares or order["of"] != share_set["threshold"] or order.get("count", order["of"]) != len(shares):
            refuse(line, "no share of the set")

    def check_loader(self, line: Line, set_name: str, index: int, who: str) -> None:
        """Nobody loads two different shares of one set, on whatever units."""
        if self._index_of.setdefault((set_name, who), index) != index:
            refuse(line, f"{who} loads a second share of the set")

    def pattern(self, set_name: str) -> Optional[str]:
        share_set = self._sets.get(set_name)
        return None if share_set is None else str(share_set["pattern"])
