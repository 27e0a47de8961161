"""Line 0, plan and binding, the roster that they make, and the approvals of a binding."""

from __future__ import annotations

from typing import Any, Dict, List, Set

from . import envelope
from .canonical import NotCanonical, parse_with_newline
from .case import Case, refuse
from .finding import Refused
from .people import People
from .record import Line
from .schema import Misfit

APPROVAL_END = ".dsse.json"


def open_case(case: Case) -> None:
    """Checks line 0 against plan and binding, and fills in what the other rules work with."""
    line, body = case.lines[0], case.line0
    if line.type != "ceremony.opened":
        refuse(line, "line 0 does not open the ceremony")
    case.plan = read_document(case, "plan.json", "plan")
    case.binding = case.first_binding = read_document(case, "binding.json", "binding")
    if case.files.sha256("plan.json") != body["plan"]["sha256"] or case.plan["id"] != body["plan"]["id"]:
        raise Refused("plan.json", 0, "not the plan that line 0 names")
    if case.plan["title"] != body["title"]:
        refuse(line, "the title is not the plan's")
    if case.files.sha256("binding.json") != body["binding"]["sha256"]:
        raise Refused("binding.json", 0, "not the binding that line 0 names")
    check_binding_is_of_ceremony(case, case.binding, "binding.json", 0)
    case.plan_steps = {step["id"]: step for step in case.plan["steps"]}
    if body["quorum"] != case.plan["signOff"]["quorum"]:
        refuse(line, "the quorum is not the plan's")
    if body["keysFrom"] != ("plan" if case.mode == "production" else "binding"):
        refuse(line, "keysFrom does not go with the mode")
    case.people = People(case.plan, case.mode, body["quorum"])
    if body["roster"] != roster_of(case, case.binding, "binding.json"):
        refuse(line, "the roster is not the binding's")
    for entry, person in zip(body["roster"], case.binding["people"]):
        case.people.add(entry, person["position"], "transcript.jsonl", 0)
    check_clear_components(case)
    check_opening_files(case, line)
    approvals = case.files.within("approvals/")
    entitled = set(case.people.entries)
    case.approvers.append(
        check_approvals(case, "approvals/", approvals, case.files.sha256("binding.json"), entitled, line)
    )


def read_document(case: Case, name: str, schema: str) -> Dict[str, Any]:
    document = case.files.document(name)
    case.files.account(name)
    try:
        case.schemas.check(schema, document)
    except Misfit as error:
        raise Refused(name, None, str(error)) from error
    for member, entries in document.items():
        if isinstance(entries, list):
            ids = [entry["id"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str)]
            if len(set(ids)) != len(ids):
                raise Refused(name, None, f"an id stands twice in {member}")
    result: Dict[str, Any] = document
    return result


def check_clear_components(case: Case) -> None:
    """Under regime pci-pin no step makes, shows, takes or combines components or shares on the workstation."""
    plan = case.plan
    if plan.get("regime") != "pci-pin":
        return
    forbidden = {"shares.distribute", "shares.drill", "shares.transfer", "shares.reshare"}
    if plan.get("masterKey", {}).get("scheme") != "in-unit":
        forbidden |= {"master-key.generate", "master-key.load"}
    for step in plan["steps"]:
        if step["action"] in forbidden:
            raise Refused("plan.json", None, f"step {step['id']} has clear components on the workstation")


def check_binding_is_of_ceremony(case: Case, binding: Dict[str, Any], name: str, line: int) -> None:
    if (binding["plan"], binding["ceremony"], binding["mode"]) != (
        case.line0["plan"]["sha256"], case.ceremony, case.mode,
    ):
        raise Refused(name, line, "the binding is of another plan, ceremony or mode")


def roster_of(case: Case, binding: Dict[str, Any], name: str) -> List[Dict[str, Any]]:
    """The roster that plan and binding make: in order, each with the role of the position."""
    roles = {position["id"]: position["role"] for position in case.plan["positions"]}
    for person in binding["people"]:
        if person["position"] not in roles:
            raise Refused(name, None, f"{person['position']} is no position of the plan")
    return [
        {"id": person["id"], "name": person["name"], "roles": [roles[person["position"]]], "key": person["key"]}
        for person in binding["people"]
    ]


def check_opening_files(case: Case, line: Line) -> None:
    """Line 0 names what people reviewed, and every approval."""
    named = {file["name"] for file in line.body["files"]}
    for name in ["plan.yaml", "binding.yaml", *case.files.within("approvals/")]:
        if name not in named:
            raise Refused(name, line.seq, "line 0 does not name this file")
        case.files.account(name)


def check_approvals(
    case: Case, folder: str, names: List[str], binding_sha256: str, entitled: Set[str], line: Line
) -> Set[str]:
    """Who approved a binding. Every file must hold; only people in the position for approval count."""
    approved: Set[str] = set()
    for name in names:
        approver = name[len(folder) : -len(APPROVAL_END)]
        if not name.endswith(APPROVAL_END) or approver not in entitled:
            raise Refused(name, line.seq, "not named for somebody who may approve")
        _check_approval(case, name, approver, binding_sha256, line)
        if case.people.position[approver] == case.plan["approval"]["position"]:
            approved.add(approver)
    if len(approved) < case.plan["approval"]["count"]:
        refuse(line, "too few approvals")
    return approved


def _check_approval(case: Case, name: str, approver: str, binding_sha256: str, line: Line) -> None:
    try:
        file = parse_with_newline(case.files.read(name))
    except NotCanonical as error:
        raise Refused(name, line.seq, str(error)) from error
    envelope.check_shape(file, name)
    opened = case.envelopes.open(file, "approval", case.people.keys, name, line.seq)
    # An approver need not attend: neither a pause nor having left keeps anybody from approving.
    if opened.signers != [approver]:
        raise Refused(name, line.seq, "not signed by the approver alone")
    if opened.payload["approver"] != approver:
        raise Refused(name, line.seq, "the approval of somebody else")
    if (opened.payload["plan"], opened.payload["binding"]) != (case.line0["plan"]["sha256"], binding_sha256):
        raise Refused(name, line.seq, "it approves another plan or binding")
