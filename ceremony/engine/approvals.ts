/**
 * Approvals of plan and binding: given beforehand as files (`keyrite approve`), or signed when the ceremony is opened. A
 * file is an envelope in RFC 8785 form and one LF, as it stands in the bundle's `approvals/`.
 */
import { readEnvelopeFile, openSealed } from '../bundle/sealed';
import { canonicalBytes, type JsonObject } from '../canonical-json';
import { PAYLOAD_TYPES, envelope, spkiSha256 } from '../command/dsse';
import { ApprovalPayload, type FileRef, type RosterEntry } from '../transcript/line';
import { CeremonyStopped } from './ceremony';
import type { Documents } from './open';
import type { EnginePorts } from './ports';
import { settle } from './settle';
import { signTogether } from './signatures';
import { untilItWorks } from './until-it-works';

/** Longest approval file that is read, in bytes. */
export const MAX_APPROVAL_BYTES = 64 * 1024;

/** A file that is no approval of these documents. The message says why, as a clause. */
export class ApprovalRefused extends Error {
  override readonly name = 'ApprovalRefused';
}

/**
 * Where an approver stands before anything begins: they gave a file, they sign when the ceremony is opened, nobody needs
 * them any more, or they can sign nothing here.
 */
export type ApproverStanding = 'approved' | 'signs' | 'not-needed' | 'cannot-sign';

/** The people of the binding in the plan's position of approvers, of those on the roster. */
export function approversOf({ plan, binding }: Documents, roster: readonly RosterEntry[]): RosterEntry[] {
  const ids = binding.binding.people.filter((one) => one.position === plan.plan.approval.position).map(({ id }) => id);
  return roster.filter(({ id }) => ids.includes(id));
}

/** What an approver signs: the hashes of plan and binding, for one ceremony. */
export function approvalPayload({ plan, binding }: Pick<Documents, 'plan' | 'binding'>, approver: string): JsonObject {
  return {
    format: 'keyrite-approval/1',
    mode: binding.binding.mode,
    ceremony: binding.binding.ceremony,
    approver,
    plan: plan.sha256,
    binding: binding.sha256,
  };
}

/** The file of an approval. */
export function approvalBytes(payload: JsonObject, approver: string, signature: Uint8Array): Uint8Array {
  const sealed = envelope(PAYLOAD_TYPES.approval, payload, new Map([[approver, signature]]));
  return Buffer.concat([canonicalBytes(sealed), Buffer.from('\n')]);
}

/**
 * Whose approval of these documents a file is.
 *
 * @param approvers those who may approve
 * @throws ApprovalRefused for anything but a signed approval of this plan and binding by one of them
 */
export function readApproval(
  content: Uint8Array,
  documents: Pick<Documents, 'plan' | 'binding'>,
  approvers: readonly RosterEntry[],
): string {
  const sealed = readEnvelopeFile(content);
  if (sealed === null) throw new ApprovalRefused('it is no file that keyrite approve wrote, byte for byte');
  const keys = new Map(approvers.map(({ id, key }) => [id, key]));
  const opened = openSealed(sealed, PAYLOAD_TYPES.approval, ApprovalPayload, keys);
  if ('reason' in opened) {
    const stranger = sealed.signatures.find(({ keyid }) => !keys.has(keyid))?.keyid;
    throw new ApprovalRefused(
      stranger === undefined ? opened.reason : `${stranger}, who signed it, is no approver of this binding`,
    );
  }
  const { approver, mode, ceremony, plan, binding } = opened.payload;
  const wanted = documents.binding.binding;
  if (opened.signers.length !== 1 || opened.signers[0] !== approver) {
    throw new ApprovalRefused(`it is to be signed by ${approver} alone`);
  }
  if (plan !== documents.plan.sha256) {
    throw new ApprovalRefused(`it approves the plan ${plan}, and this one is ${documents.plan.sha256}`);
  }
  if (binding !== documents.binding.sha256) {
    throw new ApprovalRefused(`it approves the binding ${binding}, and this one is ${documents.binding.sha256}`);
  }
  if (ceremony !== wanted.ceremony || mode !== wanted.mode) {
    throw new ApprovalRefused(`it is for the ${mode} ${ceremony}, and this is the ${wanted.mode} ${wanted.ceremony}`);
  }
  return approver;
}

/**
 * Where each approver stands, by the files that `documents` brings.
 *
 * @throws ApprovalRefused for a file that is no approval
 */
export function approverStandings(
  documents: Documents,
  approvers: readonly RosterEntry[],
): ReadonlyMap<string, ApproverStanding> {
  const given = (documents.approvals ?? []).map((content) => readApproval(content, documents, approvers));
  const enough = countKeys(approvers.filter(({ id }) => given.includes(id))) >= documents.plan.plan.approval.count;
  const { people } = documents.binding.binding;
  return new Map(
    approvers.map(({ id }) => {
      if (given.includes(id)) return [id, 'approved'];
      if (enough) return [id, 'not-needed'];
      const person = people.find((one) => one.id === id);
      return [id, person?.token === undefined && person?.keyFile === undefined ? 'cannot-sign' : 'signs'];
    }),
  );
}

/**
 * Refuses a start whose approvals cannot come together: asked before anything is written or anybody is called.
 *
 * @throws ApprovalRefused for a file that is no approval; CeremonyStopped when too few have approved or can sign here,
 *   naming those who cannot
 */
export function refuseMissingApprovals(documents: Documents, approvers: readonly RosterEntry[]): void {
  const { count } = documents.plan.plan.approval;
  const standings = approverStandings(documents, approvers);
  const usable = approvers.filter(({ id }) => standings.get(id) !== 'cannot-sign');
  if (countKeys(usable) >= count) return;
  const cannot = approvers.filter(({ id }) => standings.get(id) === 'cannot-sign').map(({ name }) => name);
  const without =
    cannot.length === 0 ? '' : `; the binding names neither token nor key file of ${cannot.join(' and ')}`;
  throw new CeremonyStopped(
    `plan and binding need ${String(count)} approvals, and ${String(countKeys(usable))} can be had${without}.\n` +
      'Nothing was begun. Have those who are missing approve beforehand (keyrite approve), and bring their files.',
  );
}

function countKeys(people: readonly RosterEntry[]): number {
  return new Set(people.map((one) => spkiSha256(one.key.spki))).size;
}

/**
 * Puts the approvals into the bundle: those that were brought, those that a start before left there, and, where they are
 * too few, those that the others sign now.
 *
 * @param fileOf name of an approver's file
 * @throws CeremonyStopped when they are fewer, counted by key, than the plan asks for; ApprovalRefused for a file that
 *   was brought and is none
 */
export async function collectApprovals(
  documents: Documents,
  approvers: readonly RosterEntry[],
  fileOf: (approver: string) => string,
  ports: EnginePorts,
): Promise<FileRef[]> {
  const approvals = [...(documents.approvals ?? []), ...(await approvalsThere(documents, approvers, fileOf, ports))];
  const known = { ...documents, approvals };
  refuseMissingApprovals(known, approvers);
  const standings = approverStandings(known, approvers);
  const files: FileRef[] = [];
  // Those that were brought are in the folder before anybody is asked: a start that is cut short keeps them.
  for (const content of approvals) {
    const name = fileOf(readApproval(content, documents, approvers));
    if (!files.some((one) => one.name === name)) files.push(await settle(ports, name, content));
  }
  for (const person of approvers.filter(({ id }) => standings.get(id) === 'signs')) {
    ports.people.tell({ kind: 'progress', text: `${person.name} approves plan and binding` });
    const payload = approvalPayload(documents, person.id);
    const sealed = await untilItWorks(ports.people, `${person.name} approves plan and binding`, () =>
      signTogether(ports.devices, [person], PAYLOAD_TYPES.approval, payload),
    );
    files.push(await settle(ports, fileOf(person.id), Buffer.concat([canonicalBytes(sealed), Buffer.from('\n')])));
  }
  await ports.devices.endStep();
  return files;
}

/** Approvals in the folder from a start that was cut short before its first line; what is none goes. */
async function approvalsThere(
  documents: Documents,
  approvers: readonly RosterEntry[],
  fileOf: (approver: string) => string,
  { folder }: EnginePorts,
): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for (const name of approvers.map(({ id }) => fileOf(id))) {
    if (!(await folder.exists(name))) continue;
    const content = await folder.read(name);
    try {
      readApproval(content, documents, approvers);
      found.push(content);
    } catch (error) {
      if (!(error instanceof ApprovalRefused)) throw error;
      await folder.remove(name);
    }
  }
  return found;
}
