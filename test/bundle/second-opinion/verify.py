#!/usr/bin/env python3
"""Judges Keyrite evidence bundles: python3 verify.py [--plan-hash HEX] [--approver FILE.pem]... [--json] FOLDER

A proof is held against checkpoints in hand (of a consistency proof the older first), whose signatures are the caller's
to check: python3 verify.py --proof FILE --checkpoint FILE [--checkpoint FILE]

Exit code 0 for the verdicts consistent and verified, 1 for refused and incomplete, 2 when it could not be started.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional

from second_opinion.proofs import ProofFails, check_proof
from second_opinion.schema import Schemas
from second_opinion.signatures import key_of_pem
from second_opinion.verdict import EXIT, FromOutside, Verdict, Verifier

HERE = Path(__file__).resolve().parent
# Beside this file, or where the repository keeps them.
SCHEMAS = next(
    (folder for folder in (HERE / "schemas", HERE.parent.parent.parent / "docs" / "schemas") if folder.is_dir()),
    HERE / "schemas",
)


class CannotStart(Exception):
    """What was asked for cannot be begun; this says nothing about a bundle."""


def read_outside(plan_hash: Optional[str], approvers: List[str]) -> FromOutside:
    if plan_hash is not None and re.fullmatch(r"[0-9a-fA-F]{64}", plan_hash) is None:
        raise CannotStart("a plan hash is 64 hex digits")
    keys: List[bytes] = []
    for name in approvers:
        key = key_of_pem(Path(name).read_bytes())
        if key is None:
            raise CannotStart(f"{name}: no public key")
        keys.append(key)
    return FromOutside(plan_hash, keys)


def judge(verifier: Verifier, bundle: str, plan_hash: Optional[str], approvers: List[str]) -> Verdict:
    outside = read_outside(plan_hash, approvers)
    folder = Path(bundle)
    if not folder.is_dir():
        raise CannotStart(f"{bundle}: no such folder")
    return verifier.judge(folder, outside)


def as_json(bundle: str, verdict: Verdict) -> str:
    return json.dumps({"bundle": bundle, "verdict": verdict.verdict, "findings": verdict.findings}, ensure_ascii=False)


def run_batch(verifier: Verifier, file: str) -> int:
    """Each line of the file names a bundle and what is given from outside; each line printed is its verdict."""
    with open(0 if file == "-" else file, encoding="utf-8") as lines:
        for text in lines:
            asked: Dict[str, Any] = json.loads(text)
            verdict = judge(verifier, asked["bundle"], asked.get("planHash") or None, asked.get("approvers", []))
            print(as_json(asked["bundle"], verdict), flush=True)
    return 0


def run_one(verifier: Verifier, options: argparse.Namespace) -> int:
    verdict = judge(verifier, options.bundle, options.plan_hash, options.approver)
    if options.json:
        print(as_json(options.bundle, verdict))
    else:
        print(verdict.verdict)
        for finding in verdict.findings:
            line = "" if finding["line"] is None else f", line {finding['line']}"
            print(f"  {finding['where']}{line}: {finding['reason']}")
    return EXIT[verdict.verdict]


def run_proof(schemas: Schemas, proof: str, checkpoints: List[str]) -> int:
    try:
        check_proof(Path(proof).read_bytes(), [Path(name).read_bytes() for name in checkpoints], schemas)
    except ProofFails as fails:
        print(f"does not hold: {fails}")
        return 1
    print("holds")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Judges Keyrite evidence bundles.")
    parser.add_argument("--plan-hash", help="hash of the plan that was approved")
    parser.add_argument("--approver", action="append", default=[], help="key of an approver, PEM")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--schemas", default=str(SCHEMAS), help="folder of the published JSON Schemas")
    parser.add_argument("--batch", help="file with one JSON object a line, for many bundles; - is standard input")
    parser.add_argument("--proof", help="a proof file")
    parser.add_argument("--checkpoint", action="append", default=[], help="a checkpoint that the proof is about")
    parser.add_argument("bundle", nargs="?", help="the folder of the bundle")
    options = parser.parse_args()
    if [options.batch, options.bundle, options.proof].count(None) != 2:
        parser.error("name a bundle, a batch, or a proof")
    try:
        schemas = Schemas(Path(options.schemas))
        if options.proof:
            return run_proof(schemas, options.proof, options.checkpoint)
        verifier = Verifier(schemas)
        return run_batch(verifier, options.batch) if options.batch else run_one(verifier, options)
    except (CannotStart, OSError) as error:
        print(f"verify.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
