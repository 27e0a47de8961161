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
import type { LineWith } from '../transcript/line';
import { MerkleTree } from '../transcript/merkle';
import { quorumShortfalls } from '../transcript/quorum';
import type { GoodLine } from '../transcript/read';
import type { RosterSoFar } from '../transcript/roster-so-far';
import type { Contents } from './contents';
import type { Findings } from './findings';
import { SUMS, TRANSCRIPT } from './layout';
import type { LineCheck } from './line-check';
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

/** What a line said of a checkpoint, as far as the end of the transcript needs it. */
interface Announced {
  readonly seq: number;
  readonly step: string | null;
}

/** What a line said of a signature on a checkpoint. */
interface Told {
  readonly seq: number;
  readonly participant: string;
  /** Whether the line names the signature's file. */
  readonly named: boolean;
}

/**
 * Checks every checkpoint. The tree grows with the lines; its root is kept at the sizes that checkpoints name, and what
 * people signed is looked at when all lines are through.
 */
export class CheckpointCheck implements LineCheck {
  private readonly opening: LineWith<'ceremony.opened'>;
  private readonly roster: RosterSoFar;
  private readonly contents: Contents;
  private readonly findings: Findings;
  private readonly bodies: readonly Body[];
  private readonly bySize: ReadonlyMap<number, Body>;
  private readonly tree = new MerkleTree();
  /** Roots at the sizes that checkpoints name. */
  private readonly roots = new Map<number, string | null>();
  private readonly made = new Map<number, Announced>();
  private readonly told = new Map<number, Told[]>();
  private good: readonly SignedCheckpoint[] = [];

  constructor(opening: LineWith<'ceremony.opened'>, roster: RosterSoFar, contents: Contents, findings: Findings) {
    this.opening = opening;
    this.roster = roster;
    this.contents = contents;
    this.findings = findings;
    this.bodies = readBodies(contents, findings);
    this.bySize = new Map(this.bodies.map((body) => [body.checkpoint.size, body]));
    for (const size of this.bySize.keys()) this.roots.set(size, null);
  }

  /** Checkpoints that hold, in order; empty before the end. */
  get checkpoints(): readonly SignedCheckpoint[] {
    return this.good;
  }

  /** Tree hash over all lines so far, 32 bytes. */
  get root(): Uint8Array {
    return this.tree.root();
  }

  take({ line, bytes }: GoodLine): void {
    if (line.type === 'checkpoint.made') this.announce(line);
    if (line.type === 'checkpoint.signed') this.tell(line);
    this.tree.append(bytes);
    if (this.roots.has(this.tree.size)) this.roots.set(this.tree.size, hex(this.tree.root()));
  }

  end(closing: LineWith<'ceremony.closed'> | null): void {
    const isClosed = closing !== null;
    const isSealed = this.contents.has(SUMS);
    const keys = this.roster.keys();
    const stored = storedSignatures(this.contents);
    let before = 0;
    this.good = this.bodies.map(({ number, checkpoint, content }) => {
      const { size, root } = checkpoint;
      const wrong = (reason: string): void => {
        this.findings.add(checkpointFiles(number).body, null, reason);
      };
      if (checkpoint.mode !== this.opening.body.mode || checkpoint.id !== this.opening.body.ceremony) {
        wrong('is of another ceremony or mode');
      }
      if (size <= before) wrong('covers no more lines than the one before');
      before = size;
      if (this.roots.get(size) !== root) wrong(`its root is not that of the first ${String(size)} lines`);
      const announced = this.made.get(size) ?? null;
      if (announced === null) this.checkUnannounced(number, size, isClosed);
      const underWay = number === this.bodies.length && (!isClosed || !isSealed);
      const signatures = stored.get(number) ?? new Map<string, Uint8Array>();
      checkEnvelope(number, content, signatures, this.contents, underWay, this.findings);
      const signers = checkSignatures(number, content, signatures, keys, this.findings);
      this.checkTold(number, announced, signers, underWay && !isClosed);
      const final = isClosed && size === this.tree.size;
      return { number, size, root, step: announced?.step ?? null, signers, final };
    });
    if (isClosed) this.checkFinal(isSealed);
  }

  private announce(line: LineWith<'checkpoint.made'>): void {
    const { number, size, root, files } = line.body;
    const body = this.bySize.get(line.seq);
    if (body?.number !== number) this.wrong(line, 'announces a checkpoint that is not there');
    if (body === undefined) return;
    const names = files.some(({ name }) => name === checkpointFiles(body.number).body);
    if (body.number !== number || body.checkpoint.size !== size || body.checkpoint.root !== root || !names) {
      this.wrong(line, `does not announce checkpoint ${String(body.number)} as it is`);
    }
    // A line with this number comes twice only where the numbers are wrong.
    if (!this.made.has(line.seq)) this.made.set(line.seq, { seq: line.seq, step: line.step });
  }

  private tell(line: LineWith<'checkpoint.signed'>): void {
    const { number, participant, files } = line.body;
    const body = this.bodies[number - 1];
    if (body === undefined) {
      this.wrong(line, 'tells of a signature on a checkpoint that is not there');
      return;
    }
    const signature = checkpointFiles(number).signature(participant);
    const told = this.told.get(number) ?? [];
    const isFirst = !told.some((one) => one.participant === participant);
    // What cannot be the line of a signature is said at once, and is not kept: so no more is kept than there are files.
    if (isFirst && this.contents.has(signature)) {
      const named = files.some(({ name }) => name === signature);
      this.told.set(number, [...told, { seq: line.seq, participant, named }]);
    } else this.wrong(line, notTheOne(participant, number));
  }

  private checkUnannounced(number: number, size: number, isClosed: boolean): void {
    const { body } = checkpointFiles(number);
    if (size !== this.tree.size) this.findings.add(body, null, `line ${String(size)} does not announce it`);
    else if (!isClosed) this.findings.lacks(body, null, 'is not announced yet');
    for (const { seq } of this.told.get(number) ?? []) {
      this.findings.add(TRANSCRIPT, seq, 'tells of a signature on a checkpoint that no line announces');
    }
  }

  /** Each signature on an announced checkpoint has one line, later than the announcement. */
  private checkTold(number: number, announced: Announced | null, signers: readonly string[], underWay: boolean): void {
    if (announced === null) return;
    const files = checkpointFiles(number);
    const told = this.told.get(number) ?? [];
    for (const { seq, participant, named } of told) {
      if (seq < announced.seq || !named || !signers.includes(participant)) {
        this.findings.add(TRANSCRIPT, seq, notTheOne(participant, number));
      }
    }
    for (const id of signers.filter((one) => !told.some(({ participant }) => participant === one))) {
      if (underWay) this.findings.lacks(files.signature(id), null, 'no line tells of it yet');
      else this.findings.add(files.signature(id), null, 'no line tells of it');
    }
  }

  private checkFinal(isSealed: boolean): void {
    const last = this.good.at(-1);
    if (last?.final !== true) {
      this.findings.lacks('checkpoints', null, 'no checkpoint covers every line');
      return;
    }
    const { quorum } = this.opening.body;
    for (const { role, needed, signed } of quorumShortfalls(quorum, last.signers, this.roster.entries())) {
      const reason = `${String(needed)} × ${role} must sign the last checkpoint, ${String(signed)} did`;
      const where = checkpointFiles(last.number).body;
      if (isSealed) this.findings.add(where, null, reason);
      else this.findings.lacks(where, null, reason);
    }
  }

  private wrong(line: { readonly seq: number }, reason: string): void {
    this.findings.add(TRANSCRIPT, line.seq, reason);
  }
}

function notTheOne(participant: string, number: number): string {
  return `is not the one line of a signature of ${participant} on checkpoint ${String(number)}`;
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

/** The `.sig` files by checkpoint and participant. */
function storedSignatures(contents: Contents): ReadonlyMap<number, ReadonlyMap<string, Uint8Array>> {
  const stored = new Map<number, Map<string, Uint8Array>>();
  for (const [name, file] of contents) {
    const parsed = parseCheckpointName(name);
    if (parsed === null || typeof parsed.part === 'string') continue;
    const ofNumber = stored.get(parsed.number) ?? new Map<string, Uint8Array>();
    stored.set(parsed.number, ofNumber.set(parsed.part.signature, file.content ?? new Uint8Array()));
  }
  return stored;
}

/** Checks that the envelope is the one that follows from the checkpoint and the `.sig` files. */
function checkEnvelope(
  number: number,
  content: Uint8Array,
  signatures: ReadonlyMap<string, Uint8Array>,
  contents: Contents,
  underWay: boolean,
  findings: Findings,
): void {
  const { envelope } = checkpointFiles(number);
  const stored = contents.get(envelope)?.content ?? null;
  if (stored === null) {
    if (underWay) findings.lacks(envelope, null, 'is not there yet');
    else findings.add(envelope, null, 'is not there');
  } else if (!Buffer.from(checkpointEnvelopeFile(content, signatures)).equals(stored)) {
    findings.add(envelope, null, 'does not hold exactly the checkpoint and the signatures in the .sig files');
  }
}

/** Checks `.sig` files against the roster's keys; returns the people who validly signed, sorted. */
function checkSignatures(
  number: number,
  content: Uint8Array,
  signatures: ReadonlyMap<string, Uint8Array>,
  keys: ReadonlyMap<string, SigningKey>,
  findings: Findings,
): readonly string[] {
  const signers: string[] = [];
  for (const [id, signature] of signatures) {
    const one = checkpointEnvelope(content, new Map([[id, signature]]));
    const fault = keys.has(id) ? signatureFault(one, PAYLOAD_TYPES.checkpoint, keys) : `${id} is not on the roster`;
    if (fault === null) signers.push(id);
    else findings.add(checkpointFiles(number).signature(id), null, fault);
  }
  return signers.sort();
}
