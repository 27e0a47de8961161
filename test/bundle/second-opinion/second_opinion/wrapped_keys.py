"""Keys under master keys: what was wrapped, what a rotation wrapped anew, and which master key may go."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Optional, Tuple

from .canonical import sha256_hex
from .case import Case, refuse
from .record import Line
from .steps import Act, Step

HASH = r"[0-9a-f]{64}"
ID = r"[a-z0-9][a-z0-9-]{0,62}"
MANIFEST_LINE = re.compile(
    r'\{"checkValue":\{"algorithm":"(?:aes-cmac","value":"(?!0{10})[0-9a-f]{10}|spki-sha256","value":"' + HASH + r')"\},'
    r'"name":"(' + ID + r')","new":"(' + HASH + r')","old":"(' + HASH + r')"\}\Z'
)
# A manifest is an attachment, which may be as long as a film; one this long is none.
LONGEST_MANIFEST = 64 * 1024 * 1024


class WrappedKeys:
    def __init__(self, case: Case) -> None:
        self._case = case
        # (store, master key, key) -> hash of the file that was last written
        self._written: Dict[Tuple[str, str, str], str] = {}
        # (store, from) -> result of the last rotation that is done
        self._rotated: Dict[Tuple[str, str], Dict[str, Any]] = {}

    @staticmethod
    def _shown(step: Step, unit: Optional[str], register: str, status: str, pattern: str) -> bool:
        facts = [fact.body["value"] for fact in step.facts("register")]
        about = [value for value in facts if value["unit"] == unit and value.get("registers") is not None]
        if not about:
            return False
        held = about[-1]["registers"][register]
        return (held["status"], held["pattern"]) == (status, pattern)

    def announced(self, line: Line, step: Step) -> None:
        if step.plan["action"] == "master-key.rotate" and line.body["act"] == f"{step.plan['unit']}/rotate":
            self._begin(line, step)
        if line.body["command"] is not None:
            order = self._case.open(line, line.body["command"], "command").payload["payload"]
            if order["command"] == "master-key.replace":
                self._replace(line, step, order)

    def _begin(self, line: Line, step: Step) -> None:
        told = line.body["parameters"]
        if any(told.get(member) is None for member in ("store", "from", "to", "keys", "inventory")):
            refuse(line, "the intent does not tell which keys are wrapped anew")
        if told["store"] != step.plan["store"]:
            refuse(line, "not the key store of the step")
        unit = step.plan["unit"]
        if told["from"] == told["to"] or not self._shown(step, unit, "current", "valid", told["from"]):
            refuse(line, "the unit does not show the master key that the keys are wrapped under")
        if not self._shown(step, unit, "new", "full-committed", told["to"]):
            refuse(line, "the unit does not show the master key that the keys are to be wrapped under")

    def _replace(self, line: Line, step: Step, order: Dict[str, Any]) -> None:
        unit = line.body["unit"]
        if not self._shown(step, unit, "current", "valid", order["retires"]):
            refuse(line, "the unit does not show the master key that goes")
        if not self._shown(step, unit, "new", "full-committed", order["pattern"]):
            refuse(line, "the unit does not show the master key that comes")
        planned = self._case.plan.get("keyStores")
        if planned is None or [one["store"] for one in order["stores"]] != [one["id"] for one in planned]:
            refuse(line, "the command does not name the key stores of the plan")
        for one in order["stores"]:
            done = self._rotated.get((one["store"], order["retires"]))
            if done is None or (done["to"], done["sha256"], done["keys"]) != (
                order["pattern"], one["manifest"], one["keys"],
            ):
                refuse(line, f"no such rotation of {one['store']}")

    def answered(self, line: Line, step: Step, act: Act) -> None:
        if not act.done:
            return
        if step.plan["action"] in ("key.wrap", "key.unwrap"):
            self._wrapped(line, step, act.result)
        elif step.plan["action"] == "master-key.rotate" and line.body["act"] == f"{step.plan['unit']}/rotate":
            self._finish(line, step, act)

    def _wrapped(self, line: Line, step: Step, told: Dict[str, Any]) -> None:
        if any(told.get(member) is None for member in ("key", "store", "masterKey", "sha256")):
            refuse(line, "the result does not tell what was wrapped")
        if re.fullmatch(ID, told["key"]) is None:
            refuse(line, "the key has no id")
        if told["store"] != step.plan["store"]:
            refuse(line, "not the key store of the step")
        if not self._shown(step, step.plan["unit"], "current", "valid", told["masterKey"]):
            refuse(line, "the unit does not show the master key")
        place = (told["store"], told["masterKey"], told["key"])
        if step.plan["action"] == "key.unwrap":
            if self._written.get(place, told["sha256"]) != told["sha256"]:
                refuse(line, "not what was wrapped")
            return
        if place[:2] in self._rotated:
            refuse(line, "wrapped under a master key from which the store was rotated")
        self._written[place] = told["sha256"]

    def _finish(self, line: Line, step: Step, act: Act) -> None:
        told, began = act.result, act.intent.body["parameters"]
        if any(told.get(member) is None for member in ("store", "from", "to", "keys", "name", "sha256")):
            refuse(line, "the result does not tell what was wrapped anew")
        if any(told[member] != began[member] for member in ("store", "from", "to", "keys")):
            refuse(line, "not the rotation that was announced")
        name = f"attachments/{step.plan['id']}.rotation.jsonl"
        files = self._case.files
        if told["name"] != name or name not in files or files.sha256(name) != told["sha256"]:
            refuse(line, "the manifest is not there")
        old = self._read(line, files.read(name))
        if len(old) != told["keys"] or not old:
            refuse(line, "the manifest has another number of keys")
        listed = "".join(f"{sha256}  {key}.wrappedkey.json\n" for key, sha256 in old.items())
        if sha256_hex(listed.encode("ascii")) != began["inventory"]:
            refuse(line, "the manifest is of other keys")
        for (store, master_key, key), sha256 in self._written.items():
            if (store, master_key) == (told["store"], told["from"]) and old.get(key) != sha256:
                refuse(line, f"the manifest lacks {key}")
        self._rotated[(told["store"], told["from"])] = told

    @staticmethod
    def _read(line: Line, content: bytes) -> Dict[str, str]:
        """The hash of each key's old file, by name."""
        if len(content) > LONGEST_MANIFEST or not content.endswith(b"\n") or not content.isascii():
            refuse(line, "the manifest is none")
        rows: List[str] = content.decode("ascii")[:-1].split("\n")
        old: Dict[str, str] = {}
        last = ""
        for row in rows:
            found = MANIFEST_LINE.match(row)
            if found is None:
                refuse(line, "a line of the manifest has another form")
            name, new, before = found.groups()
            if name <= last or new == before:
                refuse(line, "the manifest is not in order, or a key was not wrapped anew")
            old[name], last = before, name
        return old
