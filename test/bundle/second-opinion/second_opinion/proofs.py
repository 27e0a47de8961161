"""Proof files: one line under a checkpoint, or a later checkpoint that began as an earlier one."""

from __future__ import annotations

from typing import Any, List

from .canonical import NotCanonical, from_base64, parse_with_newline
from .schema import Misfit, Schemas
from .tree import Checkpoint, consistent, included, leaf_hash, read_checkpoint


class ProofFails(Exception):
    """The proof does not show what it should about the checkpoints in hand."""


def check_proof(proof_file: bytes, checkpoints: List[bytes], schemas: Schemas) -> None:
    """Holds a proof against the checkpoint in hand; a consistency proof against the older and the newer one.

    The signatures of the checkpoints are the caller's to check. A proof says nothing of itself.
    """
    try:
        proof = parse_with_newline(proof_file)
        schemas.check("proof", proof)
        held = [read_checkpoint(data) for data in checkpoints]
        path = [bytes.fromhex(text) for text in proof["path"]]
        if proof["kind"] == "inclusion":
            _check_inclusion(proof, held, path)
        else:
            _check_consistency(proof, held, path)
    except (NotCanonical, Misfit, ValueError) as error:
        raise ProofFails(str(error)) from error


def _check_inclusion(proof: Any, held: List[Checkpoint], path: List[bytes]) -> None:
    if held != [Checkpoint(proof["origin"], proof["size"], bytes.fromhex(proof["root"]))]:
        raise ProofFails("about another checkpoint")
    leaf = bytes.fromhex(proof["leaf"])
    if "bytes" in proof and leaf_hash(from_base64(proof["bytes"])) != leaf:
        raise ProofFails("another line")
    if included(leaf, proof["line"], proof["size"], path) != held[0].root:
        raise ProofFails("it does not lead to the root")


def _check_consistency(proof: Any, held: List[Checkpoint], path: List[bytes]) -> None:
    ends = (proof["from"], proof["to"])
    told = [Checkpoint(proof["origin"], end["size"], bytes.fromhex(end["root"])) for end in ends]
    if held != told:
        raise ProofFails("about other checkpoints")
    if not consistent(told[0], told[1], path):
        raise ProofFails("it does not lead from one root to the other")
