"""Who takes part: the roster as it grows, keys, and who is there, gone, or still to come."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Set

from .canonical import sha256_hex
from .finding import Refused
from .signatures import BadKey, PublicKey, read_key

WATCHERS = {"witness", "auditor"}
MOST_PEOPLE = 10_000


class People:
    """The roster of a moment. Entries are never taken off it, whoever leaves."""

    def __init__(self, plan: Dict[str, Any], mode: str, quorum: List[Dict[str, Any]]) -> None:
        self._positions = {position["id"]: position for position in plan["positions"]}
        self._mode = mode
        self._quorum_roles = {part["role"] for part in quorum}
        self._apart = [set(rule["apart"]) for rule in plan["separationOfDuties"]] + [self._quorum_roles]
        self.entries: Dict[str, Dict[str, Any]] = {}
        self.position: Dict[str, str] = {}
        self.keys: Dict[str, PublicKey] = {}
        self._owner_of_key: Dict[bytes, str] = {}
        self._roles_of_name: Dict[str, Set[str]] = {}
        # Who proved presence in this session, or was enrolled in it, and has not left since.
        self.there: Set[str] = set()
        # Who left or was replaced, and whoever stood on the roster when a session began, until they prove presence.
        self.gone: Set[str] = set()
        self.awaited: Set[str] = set()
        # Nobody's place in a session depends on its binding who was enrolled, in whatever session.
        self.enrolled: Set[str] = set()

    def add(self, entry: Dict[str, Any], position_id: str, where: str, line: int) -> None:
        """Puts somebody on the roster, who has no id and no key that somebody had before."""
        who = entry["id"]
        if who in self.entries:
            raise Refused(where, line, f"the id {who} stands twice")
        try:
            key = read_key(entry["key"]["algorithm"], entry["key"]["spki"])
        except BadKey as error:
            raise Refused(where, line, f"the key of {who}: {error}") from error
        if key.spki in self._owner_of_key:
            raise Refused(where, line, f"{who} has the key of {self._owner_of_key[key.spki]}")
        if len(self.entries) >= MOST_PEOPLE:
            raise Refused(where, line, "more than 10,000 people")
        self._check_position(entry, position_id, key, where, line)
        self._check_duties(entry, where, line)
        self.entries[who] = entry
        self.position[who] = position_id
        self.keys[who] = key
        self._owner_of_key[key.spki] = who

    def _check_position(
        self, entry: Dict[str, Any], position_id: str, key: PublicKey, where: str, line: int
    ) -> None:
        position = self._positions.get(position_id)
        if position is None:
            raise Refused(where, line, f"{position_id} is no position of the plan")
        if entry["roles"] != [position["role"]]:
            raise Refused(where, line, f"{entry['id']} has not the role of the position")
        pinned = position["pinnedKeys"]
        if self._mode == "production" and pinned and sha256_hex(key.spki) not in pinned:
            raise Refused(where, line, f"the key of {entry['id']} is not pinned in the plan")

    def _check_duties(self, entry: Dict[str, Any], where: str, line: int) -> None:
        name = _plain_name(entry["name"])
        roles = self._roles_of_name.setdefault(name, set())
        roles.update(entry["roles"])
        if any(len(roles & apart) > 1 for apart in self._apart):
            raise Refused(where, line, f"{entry['name']} holds duties that are to be kept apart")

    def role(self, who: str) -> str:
        """Everybody has exactly one role: that of the position."""
        return str(self.entries[who]["roles"][0])

    def acts(self, who: str) -> bool:
        """Whether somebody may stand in `by`, sign, vouch and count."""
        return who in self.entries and who not in self.gone and who not in self.awaited

    def check_acting(self, people: List[str], where: str, line: Optional[int]) -> None:
        for who in people:
            if not self.acts(who):
                raise Refused(where, line, f"{who} is not on the roster, left, or did not prove presence")

    def arrive(self, who: str) -> None:
        self.there.add(who)
        self.gone.discard(who)
        self.awaited.discard(who)

    def leave(self, who: str) -> None:
        self.there.discard(who)
        self.gone.add(who)

    def begin_session(self) -> None:
        """From here on everybody is awaited. In the first session, only the rules of today ask for it."""
        self.there.clear()
        self.awaited = set(self.entries)

    def count(self, position_id: str) -> int:
        position = self._positions.get(position_id)
        return int(position["count"]) if position else 0

    def attends(self, who: str) -> bool:
        return bool(self._positions[self.position[who]]["attends"])

    def role_of_position(self, position_id: str) -> str:
        return str(self._positions[position_id]["role"])

    def meets(self, signers: Set[str], wanted: List[Dict[str, Any]]) -> bool:
        """Whether there are enough people of each role among the signers."""
        return all(
            sum(1 for who in signers if self.role(who) == part["role"]) >= part["count"] for part in wanted
        )

    def crypto_administrator_and_watcher(self, signers: List[str]) -> bool:
        roles = [self.role(who) for who in signers]
        return "crypto-administrator" in roles and any(role in WATCHERS for role in roles)


def _plain_name(name: str) -> str:
    """Upper-case A to Z as lower case, runs of spaces as one, none at the ends. Other letters stay as they are."""
    lowered = "".join(chr(ord(letter) + 32) if "A" <= letter <= "Z" else letter for letter in name)
    return " ".join(part for part in lowered.split(" ") if part)
