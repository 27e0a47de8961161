/** Checkpoints: numbers, sizes, roots, announcements, signatures and quorum. */
import { hex } from '../check-value';
import type { SigningKey } from '../command/dsse';
import { PAYLOAD_TYPES } from '../command/dsse';
import {
  MAX_CHECKPOINTS,
  checkpointEnvelope,
  checkpointEnvelopeFile,
  checkpointFiles,
  parseCheckpoint,
  parseCheckpointName,
  type Checkpoint,
} from '../transcript/checkpoint';
import type { Line, LineWith } from '../transcript/line';
import { MerkleTree } from '../transcript/merkle';
import { quorumShortfalls } from '../transcript/quorum';
import type { GoodLine } from '../transcript/read';
import type { Contents } from './contents';
import type { Findings } from './findings';
import { SUMS, TRANSCRIPT } from './layout';
import { keysOf } from './roster';
import { signatureFault } from './sealed';

/** A checkpoint whose signatures hold. */
export interface SignedCheckpoint {
  readonly number: number;
  readonly size: number;
  readonly root: string;
  /** Step of the plan that announced it; null for the last one. */
  readonly step: string | null;
  readonly signers: readonly string[];
  readonly final: boolean;
}

/** Checks every checkpoint; returns those that hold, in order. */
export function checkCheckpoints(
  opening: LineWith<'ceremony.opened'>,
  lines: readonly GoodLine[],
  contents: Contents,
  findings: Findings,
): readonly SignedCheckpoint[] {
  const closed = lines.at(-1)?.line.type === 'ceremony.closed';
  const keys = keysOf(opening.body.roster);
  const bodies = readBodies(contents, findings);
  const roots = rootsAt(lines, new Set(bodies.map(({ checkpoint }) => checkpoint.size)));
  const made = linesOf(lines, 'checkpoint.made');
  const signed = linesOf(lines, 'checkpoint.signed');
  const good: SignedCheckpoint[] = [];
  let before = 0;
  for (const { number, checkpoint, content } of bodies) {
    const files = checkpointFiles(number);
    const wrong = (reason: string): void => {
      findings.add(files.body, null, reason);
    };
    const { size } = checkpoint;
    if (checkpoint.mode !== opening.body.mode || checkpoint.id !== opening.body.ceremony)
      wrong('is of another ceremony or mode');
    if (size <= before) wrong('covers no more lines than the one before');
    before = size;
    if (roots.get(size) !== checkpoint.root) wrong(`its root is not that of the first ${String(size)} lines`);
    const announcement = made.find((line) => line.seq === size) ?? null;
    checkAnnouncement(number, checkpoint, announcement, lines.length, closed, findings);
    const underWay = number === bodies.length && (!closed || !contents.has(SUMS));
    const signers = checkSignatures(number, content, keys, contents, underWay, findings);
    if (announcement === null) {
      for (const line of signed.filter((one) => one.body.number === number)) {
        findings.add(TRANSCRIPT, line.seq, 'tells of a signature on a checkpoint that no line announces');
      }
    } else {
      checkSignedLines(number, announcement, signers, signed, underWay && !closed, findings);
    }
    const final = closed && size === lines.length;
    good.push({ number, size, root: checkpoint.root, step: announcement?.step ?? null, signers, final });
  }
  for (const line of made) {
    if (!bodies.some(({ number, checkpoint }) => number === line.body.number && checkpoint.size === line.seq)) {
      findings.add(TRANSCRIPT, line.seq, 'announces a checkpoint that is not there');
    }
  }
  for (const line of signed) {
    if (!bodies.some(({ number }) => number === line.body.number)) {
      findings.add(TRANSCRIPT, line.seq, 'tells of a signature on a checkpoint that is not there');
    }
  }
  checkFinal(opening, good, closed, contents, findings);
  return good;
}

interface Body {
  readonly number: number;
  readonly checkpoint: Checkpoint;
  readonly content: Uint8Array;
}

/** The checkpoint bodies, numbered from 1 without a gap. */
function readBodies(contents: Contents, findings: Findings): readonly Body[] {
  const numbers = new Set<number>();
  for (const name of contents.keys()) {
    if (!name.startsWith('checkpoints/')) continue;
    const parsed = parseCheckpointName(name);
    if (parsed === null) findings.add(name, null, 'no file of a checkpoint has such a name');
    else numbers.add(parsed.number);
  }
  const bodies: Body[] = [];
  for (let number = 1; number <= Math.min(Math.max(0, ...numbers), MAX_CHECKPOINTS); number += 1) {
    const name = checkpointFiles(number).body;
    const content = contents.get(name)?.content ?? null;
    const checkpoint = content === null ? null : parseCheckpoint(content);
    if (content === null || checkpoint === null) {
      findings.add(name, null, content === null ? 'is not there' : 'is not a checkpoint in its exact form');
      return bodies;
    }
    bodies.push({ number, checkpoint, content });
  }
  return bodies;
}

function rootsAt(lines: readonly GoodLine[], sizes: ReadonlySet<number>): ReadonlyMap<number, string> {
  const tree = new MerkleTree();
  const roots = new Map<number, string>();
  for (const { bytes } of lines) {
    tree.append(bytes);
    if (sizes.has(tree.size)) roots.set(tree.size, hex(tree.root()));
  }
  return roots;
}

function checkAnnouncement(
  number: number,
  checkpoint: Checkpoint,
  line: LineWith<'checkpoint.made'> | null,
  size: number,
  closed: boolean,
  findings: Findings,
): void {
  const { body: name } = checkpointFiles(number);
  if (line === null) {
    if (checkpoint.size !== size) findings.add(name, null, `line ${String(checkpoint.size)} does not announce it`);
    else if (!closed) findings.lacks(name, null, 'is not announced yet');
    return;
  }
  const { body } = line;
  const names = body.files.map((file) => file.name);
  if (
    body.number !== number ||
    body.size !== checkpoint.size ||
    body.root !== checkpoint.root ||
    !names.includes(name)
  ) {
    findings.add(TRANSCRIPT, line.seq, `does not announce checkpoint ${String(number)} as it is`);
  }
}

/** Checks `.sig` files and envelope against each other and the roster's keys; returns the people who validly signed. */
function checkSignatures(
  number: number,
  content: Uint8Array,
  keys: ReadonlyMap<string, SigningKey>,
  contents: Contents,
  underWay: boolean,
  findings: Findings,
): readonly string[] {
  const files = checkpointFiles(number);
  const signatures = new Map<string, Uint8Array>();
  for (const [name, file] of contents) {
    const part = parseCheckpointName(name);
    if (part?.number === number && typeof part.part === 'object') {
      signatures.set(part.part.signature, file.content ?? new Uint8Array());
    }
  }
  const stored = contents.get(files.envelope)?.content ?? null;
  if (stored === null) {
    if (underWay) findings.lacks(files.envelope, null, 'is not there yet');
    else findings.add(files.envelope, null, 'is not there');
  } else if (!Buffer.from(checkpointEnvelopeFile(content, signatures)).equals(stored)) {
    findings.add(files.envelope, null, 'does not hold exactly the checkpoint and the signatures in the .sig files');
  }
  for (const [id, signature] of signatures) {
    const one = checkpointEnvelope(content, new Map([[id, signature]]));
    const fault = keys.has(id) ? signatureFault(one, PAYLOAD_TYPES.checkpoint, keys) : `${id} is not on the roster`;
    if (fault === null) continue;
    findings.add(files.signature(id), null, fault);
    signatures.delete(id);
  }
  return [...signatures.keys()].sort();
}

function checkSignedLines(
  number: number,
  announcement: LineWith<'checkpoint.made'>,
  signers: readonly string[],
  signed: readonly LineWith<'checkpoint.signed'>[],
  underWay: boolean,
  findings: Findings,
): void {
  const files = checkpointFiles(number);
  const told = new Set<string>();
  for (const line of signed.filter((one) => one.body.number === number)) {
    const { participant } = line.body;
    const named = line.body.files.some((file) => file.name === files.signature(participant));
    if (line.seq < announcement.seq || told.has(participant) || !named || !signers.includes(participant)) {
      findings.add(
        TRANSCRIPT,
        line.seq,
        `is not the one line of a signature of ${participant} on checkpoint ${String(number)}`,
      );
    }
    told.add(participant);
  }
  for (const id of signers.filter((one) => !told.has(one))) {
    if (underWay) findings.lacks(files.signature(id), null, 'no line tells of it yet');
    else findings.add(files.signature(id), null, 'no line tells of it');
  }
}

function checkFinal(
  opening: LineWith<'ceremony.opened'>,
  good: readonly SignedCheckpoint[],
  closed: boolean,
  contents: Contents,
  findings: Findings,
): void {
  if (!closed) return;
  const last = good.at(-1);
  if (last?.final !== true) {
    findings.lacks('checkpoints', null, 'no checkpoint covers every line');
    return;
  }
  for (const { role, needed, signed } of quorumShortfalls(opening.body.quorum, last.signers, opening.body.roster)) {
    const reason = `${String(needed)} × ${role} must sign the last checkpoint, ${String(signed)} did`;
    const where = checkpointFiles(last.number).body;
    if (contents.has(SUMS)) findings.add(where, null, reason);
    else findings.lacks(where, null, reason);
  }
}

/** The lines of one type. */
export function linesOf<T extends Line['type']>(lines: readonly GoodLine[], type: T): readonly LineWith<T>[] {
  return lines.map(({ line }) => line).filter((line): line is LineWith<T> => line.type === type);
}
