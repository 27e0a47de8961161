"""DSSE 1.0.2 envelopes: what is signed, and that every signature in them holds."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple

from .canonical import NotCanonical, from_base64, parse, to_base64
from .finding import Refused
from .schema import Misfit, Schemas
from .signatures import PublicKey, SignatureChecker

TYPE_PREFIX = "application/vnd.keyrite."


class Opened(NamedTuple):
    """An envelope whose signatures all hold."""

    payload: Any
    payload_bytes: bytes
    signers: List[str]


def pre_authentication(payload_type: str, payload: bytes) -> bytes:
    kind = payload_type.encode("ascii")
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def signed_checkpoint(checkpoint: bytes) -> bytes:
    return pre_authentication(TYPE_PREFIX + "checkpoint", checkpoint)


def of_checkpoint(checkpoint: bytes, signatures: Dict[str, bytes]) -> Dict[str, Any]:
    """The envelope that follows from a checkpoint and the signatures beside it."""
    return {
        "payload": to_base64(checkpoint),
        "payloadType": TYPE_PREFIX + "checkpoint",
        "signatures": [{"keyid": who, "sig": to_base64(signatures[who])} for who in sorted(signatures)],
    }


class EnvelopeReader:
    """Opens envelopes of one ceremony: all payloads have its `mode` and `ceremony`."""

    def __init__(self, schemas: Schemas, checker: SignatureChecker, ceremony: str, mode: str) -> None:
        self._schemas = schemas
        self.checker = checker
        self._ceremony = ceremony
        self._mode = mode

    def open(self, envelope: Dict[str, Any], kind: str, keys: Dict[str, PublicKey], where: str, line: Any) -> Opened:
        """The payload, once every signature holds under the key that the roster, `keys`, has for its `keyid`.

        The envelope's own shape was checked before: it stands in a body or a file that has a schema.
        """
        if envelope["payloadType"] != TYPE_PREFIX + kind:
            raise Refused(where, line, f"an envelope of another type than {kind}")
        try:
            payload_bytes = from_base64(envelope["payload"])
            payload = parse(payload_bytes)
            self._schemas.check(f"payload.{kind}", payload)
        except (NotCanonical, Misfit) as error:
            raise Refused(where, line, f"payload of the {kind}: {error}") from error
        if payload["mode"] != self._mode or payload["ceremony"] != self._ceremony:
            raise Refused(where, line, "signed for another ceremony or mode")
        signers = [signature["keyid"] for signature in envelope["signatures"]]
        if any(earlier >= later for earlier, later in zip(signers, signers[1:])):
            raise Refused(where, line, "signatures that are not strictly sorted")
        message = pre_authentication(envelope["payloadType"], payload_bytes)
        for signature in envelope["signatures"]:
            self._check_signature(signature, message, keys, where, line)
        return Opened(payload, payload_bytes, signers)

    def _check_signature(
        self, signature: Dict[str, str], message: bytes, keys: Dict[str, PublicKey], where: str, line: Any
    ) -> None:
        who = signature["keyid"]
        if who not in keys:
            raise Refused(where, line, f"a signature of {who}, who is not on the roster")
        try:
            data = from_base64(signature["sig"])
        except NotCanonical as error:
            raise Refused(where, line, f"the signature of {who}: {error}") from error
        if not self.checker.holds(keys[who], message, data):
            raise Refused(where, line, f"the signature of {who} does not hold")


def check_shape(envelope: Any, where: str) -> None:
    """The shape of an envelope that is a file of its own, and so stands in no body that has a schema."""
    good = (
        isinstance(envelope, dict)
        and set(envelope) == {"payload", "payloadType", "signatures"}
        and isinstance(envelope["signatures"], list)
        and all(isinstance(part, dict) and set(part) == {"keyid", "sig"} for part in envelope["signatures"])
        and all(isinstance(part["keyid"], str) for part in envelope["signatures"])
    )
    if not good:
        raise Refused(where, None, "not an envelope")
