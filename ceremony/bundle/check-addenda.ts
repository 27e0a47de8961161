/**
 * Checks what came after the close: the addenda in `addenda/NNNN/`, each a small transcript of its own, signed by people of
 * the roster, and chained to the closed root and to the addendum before. The rules stand in docs/evidence-format.md.
 */
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { MAX_BYTES, parseCanonical } from '../canonical-json';
import { hex } from '../check-value';
import { PAYLOAD_TYPES } from '../command/dsse';
import { MAX_PACKAGE_BYTES } from '../keypackage/key-package';
import { readReceipt } from '../keypackage/receipt';
import {
  checkpointBody,
  checkpointEnvelope,
  checkpointEnvelopeFile,
  parseCheckpointName,
} from '../transcript/checkpoint';
import { LineFrame, type FileRef, type RosterEntry } from '../transcript/line';
import { MerkleTree } from '../transcript/merkle';
import {
  ADDENDUM_LIMITS,
  AddendumClosed,
  AddendumFact,
  AddendumOpened,
  addendumCheckpoint,
  addendumFiles,
  type AddendumKind,
} from './addendum-line';
import { openCosignature, type ClosedCheckpoint, type Cosigner } from './cosignature';
import type { Findings } from './findings';
import type { BundleReader } from './layout';
import { keysOf } from './roster';
import { signatureFault } from './sealed';
import { timestampRequest } from './timestamp-request';
import { MAX_TIMESTAMP_BYTES, readTimestamp } from './timestamp-token';

/** What the checks of an addendum need to know of the bundle. */
export interface AddendaContext {
  readonly bundle: Pick<BundleReader, 'read' | 'size'>;
  /** SHA-256 (lower-case hex) of every file of the bundle by name. */
  readonly files: ReadonlyMap<string, string>;
  /** Everybody who was ever on the roster. */
  readonly roster: readonly RosterEntry[];
  /** The last checkpoint, and when the ceremony was closed; null when it was not. */
  readonly closed: (ClosedCheckpoint & { readonly at: string }) | null;
}

/** A fact that an addendum tells. */
export interface AddendumFactSummary {
  readonly fact: AddendumKind;
  readonly text: string;
  readonly files: readonly string[];
}

/** An addendum that holds. */
export interface AddendumSummary {
  readonly number: number;
  readonly reason: string;
  readonly at: string;
  /** Tree hash over its lines, lower-case hex. */
  readonly root: string;
  readonly signers: readonly string[];
  readonly facts: readonly AddendumFactSummary[];
}

/** A timestamp over the last checkpoint. Whose signature it carries is for `openssl ts -verify`. */
export interface Timestamp {
  readonly addendum: number;
  /** The authority's answer, in the bundle. */
  readonly file: string;
  /** GeneralizedTime, such as `20261124025237Z`. */
  readonly genTime: string;
}

/** What came after the close. */
export interface AddendaSummary {
  readonly addenda: readonly AddendumSummary[];
  /** Who recomputed the root on a station of their own; everybody else relied on the operator's screen. */
  readonly cosigners: readonly Cosigner[];
  readonly timestamps: readonly Timestamp[];
}

/** Of a bundle without addenda. */
export const NO_ADDENDA: AddendaSummary = { addenda: [], cosigners: [], timestamps: [] };

const NAME =
  /^addenda\/(\d{4})\/(?:transcript\.jsonl|checkpoints\/0001\.(?:checkpoint|dsse\.json|[a-z0-9][a-z0-9-]{0,62}\.sig)|attachments\/[A-Za-z0-9][A-Za-z0-9._-]*)$/;
const LF = 0x0a;
const ZEROS = '0'.repeat(64);

/** Checks every addendum; returns what those that hold tell. Rejects for nothing: what cannot be read is a finding. */
export async function checkAddenda(context: AddendaContext, findings: Findings): Promise<AddendaSummary> {
  const names = [...context.files.keys()].filter((name) => name.startsWith('addenda/')).sort();
  if (names.length === 0) return NO_ADDENDA;
  if (context.closed === null) {
    findings.add('addenda', null, 'the ceremony is not closed: nothing can come after it');
    return NO_ADDENDA;
  }
  const numbers = new Set<number>();
  for (const name of names) {
    const found = NAME.exec(name);
    if (found === null) findings.add(name, null, 'has no place in an addendum');
    else numbers.add(Number(found[1]));
  }
  const checked: Checked[] = [];
  let before: Before = { root: null, at: context.closed.at };
  for (const [place, number] of [...numbers].sort((left, right) => left - right).entries()) {
    if (number !== place + 1) {
      findings.add(addendumFiles(number).folder, null, 'the numbers do not run from 0001 without a gap');
      break;
    }
    const one = await checkOne(number, { ...context, closed: context.closed }, before, findings);
    if (one === null) break;
    checked.push(one);
    before = { root: one.summary.root, at: one.summary.at };
  }
  return {
    addenda: checked.map(({ summary }) => summary),
    cosigners: checked.flatMap(({ cosigners }) => cosigners),
    timestamps: checked.flatMap(({ timestamps }) => timestamps),
  };
}

/** A request for a timestamp is for the last checkpoint of a closed ceremony, and follows from it; no other may be there. */
export function checkTimestampRequests(
  files: AddendaContext['files'],
  closed: ClosedCheckpoint | null,
  findings: Findings,
): void {
  for (const [name, stated] of files) {
    const parsed = parseCheckpointName(name);
    if (parsed?.part !== 'timestamp-request') continue;
    if (closed?.number !== parsed.number) {
      findings.add(name, null, 'only the last checkpoint of a closed ceremony has one');
    } else if (stated !== sha256(timestampRequest(checkpointBody({ ...closed, id: closed.ceremony })))) {
      findings.add(name, null, 'is not the request for a timestamp over the last checkpoint');
    }
  }
}

/** What an addendum follows: the close, or the addendum before. */
interface Before {
  readonly root: string | null;
  readonly at: string;
}

interface Checked {
  readonly summary: AddendumSummary;
  readonly cosigners: readonly Cosigner[];
  readonly timestamps: readonly Timestamp[];
}

type Context = AddendaContext & { readonly closed: NonNullable<AddendaContext['closed']> };

/** One addendum; null when it does not hold. */
async function checkOne(number: number, context: Context, before: Before, findings: Findings): Promise<Checked | null> {
  const names = addendumFiles(number);
  const faults = findings.wrongInAll;
  const content = await readSmall(context, names.transcript, ADDENDUM_LIMITS.bytes);
  if (content === null) {
    findings.add(names.transcript, null, 'is not there, or cannot be read');
    return null;
  }
  const lines = readLines(content, names.transcript, context.roster, before.at, findings);
  if (lines === null) return null;
  const about = checkOpening(lines[0]?.body, number, context.closed, before, names.transcript, findings);
  const last = lines.at(-1);
  if (last === undefined || !v.safeParse(AddendumClosed, last.body).success)
    findings.add(names.transcript, lines.length - 1, 'does not close the addendum as every addendum is closed');
  const facts = lines.slice(1, -1).flatMap(({ body }, place) => {
    const parsed = v.safeParse(AddendumFact, body);
    if (parsed.success) return [{ seq: place + 1, body: parsed.output }];
    findings.add(names.transcript, place + 1, 'is no fact that an addendum can tell');
    return [];
  });
  const named = checkNamedFiles(facts, number, context, findings);
  for (const name of context.files.keys()) {
    if (name.startsWith(`${names.folder}/attachments/`) && !named.has(name))
      findings.add(name, null, 'no line of its addendum names it');
  }
  const told = await Promise.all(
    facts.map(({ seq, body }) => checkFact(body, { where: names.transcript, seq }, number, context, findings)),
  );
  const root = rootOf(lines);
  const signers = about === null ? [] : await checkSigned(about, number, lines.length, root, context, findings);
  if (about === null || findings.wrongInAll > faults) return null;
  return {
    summary: {
      number,
      reason: about.reason,
      at: last?.at ?? before.at,
      root,
      signers,
      facts: facts.map(({ body }) => ({
        fact: body.fact,
        text: body.value.text,
        files: body.files.map(({ name }) => name),
      })),
    },
    cosigners: told.flatMap((one) => (one !== null && 'participant' in one ? [one] : [])),
    timestamps: told.flatMap((one) => (one !== null && 'genTime' in one ? [one] : [])),
  };
}

interface AddendumLine {
  readonly bytes: Uint8Array;
  readonly at: string;
  readonly body: unknown;
}

/** The lines: canonical, chained, in order, of the type of their place; null when one is none. */
function readLines(
  content: Uint8Array,
  where: string,
  roster: readonly RosterEntry[],
  from: string,
  findings: Findings,
): readonly AddendumLine[] | null {
  const lines: AddendumLine[] = [];
  const ends: number[] = [];
  for (let end = content.indexOf(LF); end >= 0; end = content.indexOf(LF, end + 1)) {
    ends.push(end);
    if (ends.length > ADDENDUM_LIMITS.lines) break;
  }
  if (ends.length < 3 || ends.length > ADDENDUM_LIMITS.lines || ends.at(-1) !== content.length - 1) {
    findings.add(where, null, 'is not 3 to 1000 whole lines: an opening, what it tells, and a close');
    return null;
  }
  let [prev, at, start] = [ZEROS, from, 0];
  for (const [seq, end] of ends.entries()) {
    const bytes = content.subarray(start, end);
    const type = seq === 0 ? 'ceremony.opened' : seq === ends.length - 1 ? 'ceremony.closed' : 'fact.recorded';
    const frame = frameOf(bytes);
    const fault = frame === null ? 'is no line in canonical form' : misplaced(frame, { seq, prev, at, type }, roster);
    if (frame === null || fault !== null) {
      findings.add(where, seq, fault ?? 'is no line');
      return null;
    }
    lines.push({ bytes, at: frame.at, body: frame.body });
    [prev, at, start] = [sha256(bytes), frame.at, end + 1];
  }
  return lines;
}

type Frame = v.InferOutput<typeof LineFrame>;

function frameOf(bytes: Uint8Array): Frame | null {
  try {
    if (bytes.length > MAX_BYTES) return null;
    const parsed = v.safeParse(LineFrame, parseCanonical(bytes));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

function misplaced(
  frame: Frame,
  expected: { readonly seq: number; readonly prev: string; readonly at: string; readonly type: string },
  roster: readonly RosterEntry[],
): string | null {
  if (frame.seq !== expected.seq) return `seq is not ${String(expected.seq)}`;
  if (frame.prev !== expected.prev) return 'prev is not the SHA-256 of the line before: the chain is broken';
  if (frame.type !== expected.type) return `is not ${expected.type}, which stands in its place`;
  if (frame.at < expected.at) return 'is earlier than the line before, or than what it comes after';
  if (frame.step !== null) return 'belongs to a step, and the steps are over';
  const stranger = frame.by.find((id) => !roster.some((person) => person.id === id));
  return stranger === undefined ? null : 'names somebody who is not on the roster';
}

function checkOpening(
  body: unknown,
  number: number,
  closed: ClosedCheckpoint,
  before: Before,
  where: string,
  findings: Findings,
): AddendumOpened | null {
  const parsed = v.safeParse(AddendumOpened, body);
  if (!parsed.success) {
    findings.add(where, 0, 'does not open an addendum');
    return null;
  }
  const about = parsed.output;
  const wrong = (reason: string): void => {
    findings.add(where, 0, reason);
  };
  // SECURITY(K-92): an addendum is of one ceremony and one place in its order, and of no other.
  if (about.ceremony !== closed.ceremony || about.mode !== closed.mode) wrong('is of another ceremony or mode');
  if (about.closed.size !== closed.size || about.closed.root !== closed.root) wrong('cites another closed root');
  if (about.number !== number) wrong('has another number than its folder');
  if (about.previous !== before.root) wrong('does not cite the root of the addendum before');
  return about;
}

function checkNamedFiles(
  facts: readonly { readonly seq: number; readonly body: AddendumFact }[],
  number: number,
  { files }: Context,
  findings: Findings,
): ReadonlySet<string> {
  const { folder, transcript } = addendumFiles(number);
  const named = new Set<string>();
  for (const { seq, body } of facts) {
    for (const { name, sha256: stated } of body.files) {
      if (!name.startsWith(`${folder}/attachments/`))
        findings.add(transcript, seq, `names ${name}, which is not its own`);
      else if (files.get(name) !== stated) findings.add(name, seq, 'is not there, or not what this line names by hash');
      named.add(name);
    }
  }
  return named;
}

interface Place {
  readonly where: string;
  readonly seq: number;
}

/** What a fact says of the bundle must be so; returns the cosigner or timestamp that it tells of. */
async function checkFact(
  { fact, value, files: [file] }: AddendumFact,
  { where, seq }: Place,
  number: number,
  context: Context,
  findings: Findings,
): Promise<Cosigner | Timestamp | null> {
  const wrong = (reason: string): null => {
    findings.add(where, seq, reason);
    return null;
  };
  switch (fact) {
    case 'cosignature': {
      const opened = openCosignature(value.envelope, context.closed, context.roster);
      if ('reason' in opened) return wrong(opened.reason);
      return opened.participant === value.participant ? opened : wrong('names another than the one who cosigned');
    }
    case 'timestamp': {
      const token = await contentOf(file, MAX_TIMESTAMP_BYTES, context);
      const stamped = token === null ? null : readTimestamp(token);
      if (file === undefined || stamped === null) return wrong('its file is no granted timestamp over a SHA-256');
      if (stamped.imprint !== context.closed.sha256 || value.checkpoint !== context.closed.sha256)
        return wrong('the timestamp is of another checkpoint than the last one');
      if (stamped.genTime !== value.genTime) return wrong('tells of another time than the timestamp');
      return { addendum: number, file: file.name, genTime: stamped.genTime };
    }
    case 'receipt': {
      const { name, sha256: stated } = value.package;
      if (!name.startsWith('packages/') || context.files.get(name) !== stated)
        return wrong('names no key package of the bundle');
      const receipt = receiptIn(await contentOf(file, MAX_PACKAGE_BYTES, context));
      if (receipt === null) return wrong('its file is no receipt');
      const ours =
        receipt.ceremony === context.closed.ceremony && (receipt.mode ?? context.closed.mode) === context.closed.mode;
      return ours && receipt.package.sha256 === stated ? null : wrong('the receipt is of another package or ceremony');
    }
    case 'correction':
      return value.line === null || value.line < context.closed.size
        ? null
        : wrong('corrects a line that is not there');
    case 'destruction':
    case 'attachment':
      return null;
  }
}

function receiptIn(content: Uint8Array | null): ReturnType<typeof readReceipt> | null {
  try {
    return content === null ? null : readReceipt(content);
  } catch {
    return null;
  }
}

/** The checkpoint, its signatures and their envelope; returns who signed. */
async function checkSigned(
  about: AddendumOpened,
  number: number,
  size: number,
  root: string,
  context: Context,
  findings: Findings,
): Promise<readonly string[]> {
  const names = addendumFiles(number);
  const body = addendumCheckpoint(about, size, root);
  if (context.files.get(names.checkpoint) !== sha256(body)) {
    findings.add(names.checkpoint, null, 'is not the checkpoint over every line of its addendum');
    return [];
  }
  const signatures = new Map<string, Uint8Array>();
  for (const name of [...context.files.keys()].sort()) {
    if (!name.startsWith(`${names.folder}/checkpoints/0001.`) || !name.endsWith('.sig')) continue;
    const id = name.slice(names.signature('').length - '.sig'.length, -'.sig'.length);
    const signature = await readSmall(context, name, MAX_SIGNATURE_BYTES);
    const fault = signatureFaultOf(id, body, signature, context.roster);
    if (fault === null && signature !== null) signatures.set(id, signature);
    else findings.add(name, null, fault ?? 'cannot be read');
  }
  if (context.files.get(names.envelope) !== sha256(checkpointEnvelopeFile(body, signatures)))
    findings.add(names.envelope, null, 'does not hold exactly the checkpoint and the signatures in the .sig files');
  const signers = [...signatures.keys()];
  // SECURITY(K-91): nobody adds to the record alone, and no operators among themselves.
  if (!isSignedByBoth(signers, context.roster))
    findings.add(names.checkpoint, null, 'is not signed by an operator and by a witness or auditor');
  return signers;
}

/** Longest signature file that is read: RSA with 16384 bits. */
const MAX_SIGNATURE_BYTES = 2048;

function signatureFaultOf(
  id: string,
  body: Uint8Array,
  signature: Uint8Array | null,
  roster: readonly RosterEntry[],
): string | null {
  const keys = keysOf(roster);
  if (!keys.has(id)) return `${id} is not on the roster`;
  if (signature === null) return 'cannot be read';
  return signatureFault(checkpointEnvelope(body, new Map([[id, signature]])), PAYLOAD_TYPES.checkpoint, keys);
}

/** Whether a crypto administrator and another person who is witness or auditor are among `signers`. */
export function isSignedByBoth(signers: readonly string[], roster: readonly RosterEntry[]): boolean {
  const people = roster.filter(({ id }) => signers.includes(id));
  return people.some(
    (operator) =>
      operator.roles.includes('crypto-administrator') &&
      people.some(({ id, roles }) => id !== operator.id && (roles.includes('witness') || roles.includes('auditor'))),
  );
}

/** Content of a file that a fact names, as long as it is what the fact names by hash. */
async function contentOf(file: FileRef | undefined, most: number, context: Context): Promise<Uint8Array | null> {
  return file === undefined ? null : readSmall(context, file.name, most);
}

/** A file's bytes; null when it is not there, is longer than `most`, or is not what was hashed before. */
async function readSmall({ bundle, files }: Context, name: string, most: number): Promise<Uint8Array | null> {
  if (!files.has(name)) return null;
  try {
    if (((await bundle.size?.(name)) ?? 0) > most) return null;
    const content = await bundle.read(name);
    return content.length <= most && sha256(content) === files.get(name) ? content : null;
  } catch {
    return null;
  }
}

function rootOf(lines: readonly AddendumLine[]): string {
  const tree = new MerkleTree();
  for (const { bytes } of lines) tree.append(bytes);
  return hex(tree.root());
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
