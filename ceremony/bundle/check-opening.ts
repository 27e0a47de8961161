/** Line 0 against plan, binding, keys and approvals. */
import * as v from 'valibot';
import { parseCanonical } from '../canonical-json';
import { PAYLOAD_TYPES, spkiSha256, type SigningKey } from '../command/dsse';
import { Binding } from '../plan/binding-schema';
import { readBinding, readPlan } from '../plan/read';
import { Plan } from '../plan/schema';
import { ApprovalPayload, type LineWith, type RosterEntry } from '../transcript/line';
import { checkClearComponents } from './check-clear-components';
import { checkIds } from './check-ids';
import type { Contents } from './contents';
import type { Findings } from './findings';
import { BINDING, PLAN, approvalFile, keyFile, pemOf } from './layout';
import { dutyFaults, keysOf, rosterFaults, rosterFrom } from './roster';
import { openSealed, readEnvelopeFile, sameJson } from './sealed';

/** Plan and binding as line 0 names them by hash. */
export interface Documents {
  readonly plan: Plan;
  readonly binding: Binding;
}

/** Reads plan and binding and checks their hashes and texts; null when one of them cannot be used. */
export function readDocuments(
  opening: LineWith<'ceremony.opened'>,
  contents: Contents,
  findings: Findings,
): Documents | null {
  const plan = readDocument(PLAN.canonical, Plan, opening.body.plan.sha256, contents, findings);
  const binding = readDocument(BINDING.canonical, Binding, opening.body.binding.sha256, contents, findings);
  checkText(PLAN.text, opening.body.plan.sha256, (text) => readPlan(text).sha256, opening, contents, findings);
  checkText(BINDING.text, opening.body.binding.sha256, (text) => readBinding(text).sha256, opening, contents, findings);
  if (plan !== null) checkIds(PLAN.canonical, plan, findings);
  if (binding !== null) checkIds(BINDING.canonical, binding, findings);
  if (plan !== null) checkClearComponents(PLAN.canonical, plan, findings);
  return plan === null || binding === null ? null : { plan, binding };
}

/** Checks line 0 and the key files. */
export function checkOpening(
  opening: LineWith<'ceremony.opened'>,
  documents: Documents | null,
  contents: Contents,
  findings: Findings,
): void {
  const { body } = opening;
  const wrong = (reason: string): void => {
    findings.add('transcript.jsonl', 0, reason);
  };
  for (const fault of rosterFaults(body.roster, body.quorum)) wrong(fault);
  for (const entry of body.roster) checkKeyFile(entry, contents, findings);
  if (body.keysFrom !== (body.mode === 'production' ? 'plan' : 'binding')) wrong('keysFrom does not fit the mode');
  if (documents === null) return;
  const { plan, binding } = documents;
  if (binding.ceremony !== body.ceremony) wrong('the ceremony is not the one of the binding');
  if (binding.mode !== body.mode) wrong('the mode is not the one of the binding');
  if (binding.plan !== body.plan.sha256) wrong('the binding is for another plan');
  if (plan.id !== body.plan.id || plan.title !== body.title) wrong("plan id or title are not the plan's");
  if (!sameJson(rosterFrom(plan, binding), body.roster)) wrong('the roster is not the one that plan and binding make');
  for (const fault of dutyFaults(plan, body.roster)) wrong(fault);
  if (!sameJson(plan.signOff.quorum, body.quorum)) wrong("the quorum is not the plan's");
  if (body.mode === 'production') checkPinnedKeys(documents, wrong);
}

/** Checks that the file of a participant's key is there and is the roster's. */
export function checkKeyFile({ id, key }: RosterEntry, contents: Contents, findings: Findings): void {
  const file = contents.get(keyFile(id));
  if (file === undefined) findings.add(keyFile(id), null, 'is not there');
  else if (!Buffer.from(file.content ?? []).equals(Buffer.from(pemOf(key.spki), 'utf8'))) {
    findings.add(keyFile(id), null, "is not the roster's key");
  }
}

/** An approval that holds. */
export interface HeldApproval {
  readonly approver: string;
  /** The approver's key, base64 SPKI. */
  readonly spki: string;
}

/** Checks the approvals of the first binding; returns those that hold. */
export function checkApprovals(
  opening: LineWith<'ceremony.opened'>,
  { plan, binding }: Documents,
  contents: Contents,
  findings: Findings,
): readonly HeldApproval[] {
  const { body } = opening;
  const keys = keysOf(body.roster);
  const about = { folder: 'approvals/', fileOf: approvalFile, binding, sha256: body.binding.sha256, keys };
  return checkApprovalFiles(about, opening, plan, contents, findings);
}

/** The binding of a session, and where and by whose keys its approvals are. */
export interface ApprovedBinding {
  /** Folder of the approvals, with `/` at its end. */
  readonly folder: string;
  readonly fileOf: (approver: string) => string;
  readonly binding: Binding;
  /** SHA-256 of its canonical form. */
  readonly sha256: string;
  /** Keys of those who may approve, by participant. */
  readonly keys: ReadonlyMap<string, SigningKey>;
}

/** Checks the approvals of one session's binding; returns those that hold. */
export function checkApprovalFiles(
  { folder, fileOf, binding, sha256, keys }: ApprovedBinding,
  { body }: LineWith<'ceremony.opened'>,
  plan: Plan,
  contents: Contents,
  findings: Findings,
): readonly HeldApproval[] {
  const approved: HeldApproval[] = [];
  for (const [name, file] of contents) {
    if (!name.startsWith(folder)) continue;
    const sealed = readEnvelopeFile(file.content ?? new Uint8Array());
    if (sealed === null) {
      findings.add(name, null, 'is not an envelope in canonical form with an LF at its end');
      continue;
    }
    const opened = openSealed(sealed, PAYLOAD_TYPES.approval, ApprovalPayload, keys);
    if ('reason' in opened) {
      findings.add(name, null, opened.reason);
      continue;
    }
    const { approver, mode, ceremony, plan: planHash, binding: bindingHash } = opened.payload;
    const position = binding.people.find(({ id }) => id === approver)?.position;
    const holds =
      name === fileOf(approver) &&
      position === plan.approval.position &&
      sameJson(opened.signers, [approver]) &&
      mode === body.mode &&
      ceremony === body.ceremony &&
      planHash === body.plan.sha256 &&
      bindingHash === sha256;
    const spki = keys.get(approver)?.spki;
    if (holds && spki !== undefined) approved.push({ approver, spki });
    else findings.add(name, null, "is not this approver's approval of this plan and binding in this ceremony");
  }
  // SECURITY(K-31): each approval is of these very hashes, and one key counts once.
  if (new Set(approved.map(({ spki }) => spki)).size < plan.approval.count) {
    findings.add(
      folder.slice(0, -1),
      null,
      `${String(plan.approval.count)} approvals needed, ${String(approved.length)} hold`,
    );
  }
  return approved;
}

/** Reads a canonical document and checks its hash; null when it cannot be used. */
export function readDocument<S extends v.GenericSchema>(
  name: string,
  schema: S,
  sha256: string,
  contents: Contents,
  findings: Findings,
): v.InferOutput<S> | null {
  const file = contents.get(name);
  if (file === undefined) {
    findings.add(name, null, 'is not there');
    return null;
  }
  if (file.sha256 !== sha256) findings.add(name, null, 'is not the one that line 0 names by hash');
  try {
    const parsed = v.safeParse(schema, parseCanonical(file.content ?? new Uint8Array()));
    if (parsed.success) return parsed.output;
    const [issue] = parsed.issues;
    findings.add(name, null, `${v.getDotPath(issue) ?? ''}: ${issue.message}`);
  } catch (error) {
    findings.add(name, null, error instanceof Error ? error.message : 'not canonical JSON');
  }
  return null;
}

/** The text that people reviewed must mean what the canonical form says, and line 0 must name it. */
function checkText(
  name: string,
  sha256: string,
  meaning: (text: string) => string,
  opening: LineWith<'ceremony.opened'>,
  contents: Contents,
  findings: Findings,
): void {
  if (!opening.body.files.some((one) => one.name === name)) findings.add(name, null, 'is not named in line 0');
  checkMeaning(name, sha256, meaning, contents, findings);
}

/**
 * Checks that a text that people reviewed means what the canonical form of it says.
 *
 * @param meaning SHA-256 of the canonical form that a text has; may throw
 */
export function checkMeaning(
  name: string,
  sha256: string,
  meaning: (text: string) => string,
  contents: Contents,
  findings: Findings,
): void {
  const file = contents.get(name);
  if (file === undefined) {
    findings.add(name, null, 'is not there');
    return;
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file.content ?? new Uint8Array());
    if (meaning(text) !== sha256) findings.add(name, null, 'does not mean what the JSON form of it says');
  } catch (error) {
    findings.add(name, null, error instanceof Error ? error.message : 'cannot be read');
  }
}

function checkPinnedKeys({ plan, binding }: Documents, wrong: (reason: string) => void): void {
  for (const { id, position, key } of binding.people) {
    const pinned = plan.positions.find((one) => one.id === position)?.pinnedKeys ?? [];
    if (pinned.length > 0 && !pinned.includes(spkiSha256(key.spki))) wrong(`the plan does not pin the key of ${id}`);
  }
}
