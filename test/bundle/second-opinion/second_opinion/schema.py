"""A checker for the published JSON Schemas, of exactly the keywords that occur in them.

A keyword that is not known here is an error when the schemas are read, so that a schema that asks for more than this
checker looks at is never passed over in silence.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, Dict, List, Optional, Pattern

from . import clocktime

KEYWORDS = {
    "$schema", "$ref", "$defs", "title", "default", "type", "const", "enum", "pattern", "minLength", "maxLength",
    "minimum", "maximum", "properties", "required", "additionalProperties", "propertyNames", "items", "minItems",
    "maxItems", "anyOf", "oneOf",
}
# Of lines, of key packages, and of timestamps: in each the first 14 digits are the time to the second.
TIME_PATTERNS = {
    r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$",
    r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$",
    r"^[0-9]{14}(?:\.[0-9]{1,9})?Z$",
}
# Categories that no version of Unicode changes.
FIXED = {"Cc": r"\x00-\x1f\x7f-\x9f", "Cs": r"\ud800-\udfff"}
CATEGORY = re.compile(r"\\p\{(C[cs]?)\}")


class SchemaError(Exception):
    """A schema that this checker does not understand: a fault of the verifier, not of a bundle."""


class Misfit(Exception):
    """A value that does not fit its schema."""


class Schemas:
    """All schemas of a folder, by name: `line.step.started` for `line.step.started.schema.json`."""

    def __init__(self, folder: Path) -> None:
        self._schemas: Dict[str, Dict[str, Any]] = {}
        self._patterns: Dict[str, Pattern[str]] = {}
        for path in sorted(folder.glob("*.schema.json")):
            schema = json.loads(path.read_text(encoding="utf-8"))
            self._understand(schema, path.name)
            self._schemas[path.name[: -len(".schema.json")]] = schema
        if not self._schemas:
            raise SchemaError(f"no schemas in {folder}")

    def __contains__(self, name: str) -> bool:
        return name in self._schemas

    def check(self, name: str, value: Any) -> None:
        """Raises Misfit when the value does not fit the schema of that name."""
        schema = self._schemas[name]
        self._check(schema, value, schema, "")

    def _understand(self, schema: Any, where: str) -> None:
        if isinstance(schema, bool):
            return
        unknown = set(schema) - KEYWORDS
        if unknown:
            raise SchemaError(f"{where}: unknown keywords {sorted(unknown)}")
        if "pattern" in schema:
            self._patterns.setdefault(schema["pattern"], _pattern(schema["pattern"]))
        if "$ref" in schema and not re.fullmatch(r"#/\$defs/[0-9]+", schema["$ref"]):
            raise SchemaError(f"{where}: a reference of another kind")
        inner: List[Any] = list(schema.get("properties", {}).values()) + list(schema.get("$defs", {}).values())
        inner += [schema[word] for word in ("items", "additionalProperties", "propertyNames") if word in schema]
        inner += schema.get("anyOf", []) + schema.get("oneOf", [])
        for part in inner:
            self._understand(part, where)

    def _check(self, schema: Any, value: Any, root: Dict[str, Any], at: str) -> None:
        if schema is True:
            return
        if schema is False:
            raise Misfit(f"{at}: not allowed")
        if "$ref" in schema:
            self._check(root["$defs"][schema["$ref"].rsplit("/", 1)[1]], value, root, at)
        if "type" in schema and not _is_type(schema["type"], value):
            raise Misfit(f"{at}: is no {schema['type']}")
        if "const" in schema and not _same(schema["const"], value):
            raise Misfit(f"{at}: is not {schema['const']!r}")
        if "enum" in schema and not any(_same(option, value) for option in schema["enum"]):
            raise Misfit(f"{at}: is none of {schema['enum']}")
        if isinstance(value, str):
            self._check_text(schema, value, at)
        elif isinstance(value, int) and not isinstance(value, bool):
            if value < schema.get("minimum", value) or value > schema.get("maximum", value):
                raise Misfit(f"{at}: out of range")
        elif isinstance(value, list):
            self._check_list(schema, value, root, at)
        elif isinstance(value, dict):
            self._check_object(schema, value, root, at)
        self._check_choices(schema, value, root, at)

    def _check_text(self, schema: Dict[str, Any], value: str, at: str) -> None:
        # Lengths are in UTF-16 code units, patterns count Unicode characters (section "Notation").
        units = len(value.encode("utf-16-le", "surrogatepass")) // 2
        if units < schema.get("minLength", 0) or units > schema.get("maxLength", units):
            raise Misfit(f"{at}: too short or too long")
        pattern = schema.get("pattern")
        if pattern is None:
            return
        if self._patterns[pattern].search(value) is None:
            raise Misfit(f"{at}: does not match {pattern}")
        # A pattern cannot say that a time exists in the calendar; the format does.
        if pattern in TIME_PATTERNS and not _in_calendar(value):
            raise Misfit(f"{at}: no such time")

    def _check_list(self, schema: Dict[str, Any], value: List[Any], root: Dict[str, Any], at: str) -> None:
        if len(value) < schema.get("minItems", 0) or len(value) > schema.get("maxItems", len(value)):
            raise Misfit(f"{at}: too few or too many items")
        if "items" in schema:
            for place, item in enumerate(value):
                self._check(schema["items"], item, root, f"{at}/{place}")

    def _check_object(self, schema: Dict[str, Any], value: Dict[str, Any], root: Dict[str, Any], at: str) -> None:
        properties = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                raise Misfit(f"{at}: lacks {name}")
        for name, part in properties.items():
            if name in value:
                self._check(part, value[name], root, f"{at}/{name}")
            elif isinstance(part, dict) and "default" in part:
                # Only plan and binding have defaults, and in a bundle they have them filled in.
                raise Misfit(f"{at}: lacks {name}, which has a default")
        for name, item in value.items():
            if "propertyNames" in schema:
                self._check(schema["propertyNames"], name, root, f"{at}/{name}")
            if name not in properties and "additionalProperties" in schema:
                self._check(schema["additionalProperties"], item, root, f"{at}/{name}")

    def _check_choices(self, schema: Dict[str, Any], value: Any, root: Dict[str, Any], at: str) -> None:
        if "anyOf" in schema and self._fits(schema["anyOf"], value, root, at, enough=1) == 0:
            raise Misfit(f"{at}: fits none of the choices")
        if "oneOf" in schema and self._fits(schema["oneOf"], value, root, at, enough=None) != 1:
            raise Misfit(f"{at}: does not fit exactly one of the choices")

    def _fits(self, choices: List[Any], value: Any, root: Dict[str, Any], at: str, enough: Optional[int]) -> int:
        count = 0
        for choice in choices:
            if _is_of_another_kind(choice, value):
                continue
            try:
                self._check(choice, value, root, at)
            except Misfit:
                continue
            count += 1
            if count == enough:
                break
        return count


def _is_of_another_kind(choice: Any, value: Any) -> bool:
    """Whether a member that tells kinds apart, as the action of a step, is not the choice's: seen without a descent."""
    if not isinstance(choice, dict) or not isinstance(value, dict):
        return False
    return any(
        isinstance(part, dict) and "const" in part and name in value and not _same(part["const"], value[name])
        for name, part in choice.get("properties", {}).items()
    )


def _is_type(name: str, value: Any) -> bool:
    if name in ("integer", "number"):
        # Canonical JSON has integers only, and in JSON of any form 1.0 was read as 1, so the two are one.
        return isinstance(value, int) and not isinstance(value, bool)
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
    if name not in kinds:
        raise SchemaError(f"unknown type {name}")
    return isinstance(value, kinds[name])


def _same(expected: Any, value: Any) -> bool:
    # Python takes True for 1; JSON does not.
    return type(expected) is type(value) and expected == value


def _in_calendar(time: str) -> bool:
    digits = re.sub(r"[^0-9]", "", time)
    parts = (digits[:4], digits[4:6], digits[6:8], digits[8:10], digits[10:12], digits[12:14])
    return clocktime.exists(*(int(part) for part in parts))


@lru_cache(maxsize=None)
def _characters(category: str) -> str:
    """What stands between [ and ] for all characters of a category of Unicode: `C` is all that begin with it."""
    if category in FIXED:
        return FIXED[category]
    ranges: List[str] = []
    codes = range(sys.maxunicode + 1)
    for within, run in groupby(codes, key=lambda code: unicodedata.category(chr(code))[0] == category):
        if within:
            found = list(run)
            ranges.append(f"\\U{found[0]:08x}-\\U{found[-1]:08x}")
    return "".join(ranges)


def _pattern(source: str) -> Pattern[str]:
    """The pattern as Python understands it. Patterns are ECMAScript's with the flag u."""
    if not source.startswith("^") or not source.endswith("$"):
        raise SchemaError(f"a pattern that is not anchored: {source}")
    # Python's $ also matches before a last LF.
    text = source[:-1] + r"\Z"
    text = CATEGORY.sub(lambda match: _characters(match[1]), text)
    if re.search(r"\\(?![/.dnxuU0Z])", text):
        raise SchemaError(f"an escape that is not known: {source}")
    return re.compile(text, re.ASCII)
