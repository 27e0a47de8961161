"""The Merkle tree of RFC 6962, checkpoints over it, and the proofs of RFC 9162."""

from __future__ import annotations

import hashlib
from typing import List, NamedTuple, Sequence

from .canonical import NotCanonical, from_base64, to_base64


def leaf_hash(line: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes. Level by level, an odd last node moving up, is the split of RFC 6962."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    level = list(leaves)
    while len(level) > 1:
        paired = [node_hash(level[place], level[place + 1]) for place in range(0, len(level) - 1, 2)]
        level = paired + level[len(paired) * 2 :]
    return level[0]


class Checkpoint(NamedTuple):
    origin: str
    size: int
    root: bytes

    def data(self) -> bytes:
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n".encode("utf-8")


def read_checkpoint(data: bytes) -> Checkpoint:
    """A checkpoint's three lines; ValueError when it is not exactly the form that its content has."""
    try:
        origin, size, root_text, rest = data.decode("ascii").split("\n")
        # int() takes more forms than one, of which the comparison below leaves only the plain one.
        checkpoint = Checkpoint(origin, int(size[:16]), from_base64(root_text))
    except (UnicodeDecodeError, NotCanonical) as error:
        raise ValueError("no checkpoint") from error
    if rest != "" or len(checkpoint.root) != 32 or checkpoint.data() != data:
        raise ValueError("no checkpoint")
    return checkpoint


def included(leaf: bytes, place: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root to which an inclusion proof leads (RFC 9162, section 2.1.3.2); ValueError when it has another length."""
    if place >= size:
        raise ValueError("no such line")
    last, found = size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ValueError("too many hashes")
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise ValueError("too few hashes")
    return found


def consistent(older: Checkpoint, newer: Checkpoint, path: Sequence[bytes]) -> bool:
    """Whether the newer tree began as the older one (RFC 9162, section 2.1.4.2)."""
    if not 0 < older.size <= newer.size:
        return False
    if older.size == newer.size:
        return not path and older.root == newer.root
    steps: List[bytes] = list(path)
    if older.size & (older.size - 1) == 0:
        steps.insert(0, older.root)
    if not steps:
        return False
    first, last = older.size - 1, newer.size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            new = node_hash(new, step)
        first, last = first >> 1, last >> 1
    return last == 0 and old == older.root and new == newer.root
