/** A ceremony that is under way: plan, binding, record, writer and ports in one place, and the few ways to add a line. */
import { createHash } from 'node:crypto';
import type { JsonObject } from '../canonical-json';
import { DeviceError } from '../command/device-error';
import { entered, ledgerFrom, type Ledger } from '../custody/ledger';
import { ShareBook } from '../custody/share-book';
import type { KeptSet } from '../custody/share-sets';
import type { Binding } from '../plan/binding-schema';
import type { Plan, RoleCount } from '../plan/schema';
import type { Draft, FileRef, Line, RosterEntry } from '../transcript/line';
import { CUSTODY, SHARE } from '../transcript/fact-names';
import { ClockWentBack, type TranscriptWriter } from '../transcript/writer';
import { nobodyPresent } from './nobody-present';
import type { EnginePorts } from './ports';
import type { CeremonyRecord } from './record';
import { Turns } from './turns';
import type { AtWork } from './units-at-work';

/** The ceremony cannot go on now. The bundle is whole as far as it goes and can be resumed. */
export class CeremonyStopped extends Error {
  override readonly name: string = 'CeremonyStopped';
}

/**
 * The ceremony is paused under seal, as the plan says: the run ended well. The message says what to write down; a new
 * session goes on.
 */
export class CeremonyPaused extends CeremonyStopped {
  override readonly name: string = 'CeremonyPaused';
  /** Root of the checkpoint that was signed, lower-case hex. */
  readonly root: string;

  constructor(message: string, root: string) {
    super(message);
    this.root = root;
  }
}

/** A ceremony with its open transcript. */
export class Ceremony {
  readonly plan: Plan;
  readonly binding: Binding;
  readonly ports: EnginePorts;
  readonly record: CeremonyRecord;
  /** The signing of raised exceptions that is under way; null when none is. `signRaised` alone sets it. */
  signingRaised: Promise<void> | null = null;
  /** Where each unit stands while several are worked on; empty otherwise. `onEachUnit` alone sets it. */
  atWork: ReadonlyMap<string, AtWork> = new Map();
  /** What is asked of everybody in the room, one question after the other; and shares that are entered, likewise. */
  readonly turns = { questions: new Turns(), shares: new Turns() };
  /** Which custodian proved last, and in which step, that they are where shares show; null before. `takeTurn` alone sets it. */
  atScreen: { readonly step: string; readonly custodian: string } | null = null;
  /** Names of attachments that were written and are named in no line yet. */
  readonly claimed = new Set<string>();
  /** Has people settle that the clock went back: `again` once it was set right or is on record as an exception. */
  onClockBack: ((error: ClockWentBack, draft: Draft) => Promise<ClockDecision>) | null = null;
  private readonly writer: TranscriptWriter;
  private stopAsked = false;
  /** Settled once the last line is written, or could not be. */
  private lastAppend: Promise<unknown> = Promise.resolve();

  constructor(parts: {
    plan: Plan;
    binding: Binding;
    ports: EnginePorts;
    record: CeremonyRecord;
    writer: TranscriptWriter;
  }) {
    this.plan = parts.plan;
    this.binding = parts.binding;
    this.ports = parts.ports;
    this.record = parts.record;
    this.writer = parts.writer;
  }

  /** `{mode, id}` of the ceremony, as signed payloads name it. */
  get name(): { readonly mode: 'rehearsal' | 'production'; readonly id: string } {
    return { mode: this.binding.mode, id: this.binding.ceremony };
  }

  /** SHA-256 of the last line, lower-case hex: the `prev` of the next one. */
  get head(): string {
    return this.writer.head;
  }

  /** Number of lines so far. */
  get size(): number {
    return this.writer.size;
  }

  /** Merkle tree hash over all lines so far, lower-case hex. */
  get root(): string {
    return this.writer.root;
  }

  /** Has the ceremony stop where nothing is under way: before the next step or act. */
  askToStop(): void {
    this.stopAsked = true;
  }

  /**
   * Called where nothing is under way.
   *
   * @param before what would come next, such as `step “Roll call”`
   * @throws CeremonyStopped when it was asked to stop
   */
  stopIfAsked(before: string): void {
    if (this.stopAsked) throw new CeremonyStopped(`Stopped as asked, before ${before}. Nothing is under way.`);
  }

  /** Writes one line, fsynced, and takes it into the record; after the one that is being written, if there is one. */
  append(draft: Draft): Promise<Line> {
    const appended = this.lastAppend.then(() => this.write(draft));
    // Whoever asked for the line learns that it failed; the next one does not fail for that.
    this.lastAppend = appended.catch(() => undefined);
    return appended;
  }

  /**
   * Appends a line that says where in the record it stands.
   *
   * @param head the `prev` that it says
   * @returns null when another line came first, and nothing was written
   */
  appendAt(head: string, draft: Draft): Promise<Line | null> {
    const appended = this.lastAppend.then(() => (this.head === head ? this.write(draft) : null));
    this.lastAppend = appended.catch(() => undefined);
    return appended;
  }

  /** Until the clock is right, or people decide to go on with it as it is. */
  private async write(draft: Draft): Promise<Line> {
    for (;;) {
      try {
        return this.take(await this.writer.append(draft));
      } catch (error) {
        if (!(error instanceof ClockWentBack) || this.onClockBack === null) throw error;
        const decision = await this.onClockBack(error, draft);
        if (decision === 'stop') throw error;
        // SECURITY(K-103): the only line that may be earlier than the one before, and two people signed it.
        if (decision === 'again') continue;
        this.take(await this.writer.append(decision));
        if (isOfItsPlace(draft)) throw placeTaken();
      }
    }
  }

  private take(line: Line): Line {
    this.record.apply(line);
    return line;
  }

  /** Records something observed. */
  async recordFact(step: string | null, fact: string, value: JsonObject, files: FileRef[] = []): Promise<void> {
    await this.append({
      type: 'fact.recorded',
      step,
      by: [],
      body: { fact, value, ...(files.length > 0 ? { files } : {}) },
    });
  }

  /** The custody ledger as it stands: the balance in the binding, and what was entered since. */
  get ledger(): Ledger {
    const kinds = new Map(this.plan.materials.map(({ id, kind }) => [id, kind]));
    return this.record.custodyEntries.reduce(
      (ledger, entry) => entered(ledger, { ...entry, kind: kinds.get(entry.object) ?? 'other' }),
      ledgerFrom(this.binding.custody),
    );
  }

  /** The sets of shares as they stand: those in the binding, and what became of them and was made since. */
  get shareSets(): readonly KeptSet[] {
    return this.shareBook.sets;
  }

  /** The same, for a ceremony that comes after. */
  get shareBalance(): readonly KeptSet[] {
    return this.shareBook.balance;
  }

  private get shareBook(): ShareBook {
    const names = new Map(this.record.roster.map(({ id, name }) => [id, name]));
    const begins = this.binding.shareSets?.sets ?? [];
    const book = new ShareBook(begins, this.plan.masterKey?.id ?? '', (id) => names.get(id) ?? id);
    for (const line of this.record.lines) book.take(line);
    return book;
  }

  /** A participant of the roster. Throws for an id that the roster does not have. */
  participant(id: string): RosterEntry {
    const found = this.record.roster.find((one) => one.id === id);
    if (found === undefined) throw new Error(`the roster has no ${id}`);
    return found;
  }

  /** The crypto administrators who are present; those of the roster while nobody is. */
  operators(): string[] {
    const present = this.record.presentWith('crypto-administrator');
    const all = this.record.roster.filter((one) => one.roles.includes('crypto-administrator'));
    return (present.length > 0 ? present : all).map(({ id }) => id);
  }

  /** Who carries out what Keyrite does by the plan: the crypto administrators who are present. */
  acting(): string[] {
    return this.record.presentWith('crypto-administrator').map(({ id }) => id);
  }

  /** Who watches those who act, for the body of a line: witnesses and auditors who are present; no member where none is. */
  watching(by: readonly string[]): { readonly witness?: string[] } {
    const there = [...this.record.presentWith('witness'), ...this.record.presentWith('auditor')].map(({ id }) => id);
    const witness = [...new Set(there)].filter((id) => !by.includes(id));
    return witness.length === 0 ? {} : { witness };
  }

  /**
   * People of positions who are present.
   *
   * @throws DeviceError `NOBODY_PRESENT` when there is none
   */
  presentOf(positions: readonly string[]): string[] {
    const there = positions.flatMap((position) => this.peopleOf(position));
    if (there.length > 0) return there;
    throw nobodyPresent(`nobody of ${positions.join(', ')} is present`);
  }

  /** Ids of the people bound to a position in this session, in the binding's order, and of those enrolled into it. */
  boundTo(position: string): string[] {
    const enrolled = [...this.record.enrolled].filter(([, one]) => one.position === position).map(([id]) => id);
    const bound = this.binding.people.filter((one) => one.position === position).map((one) => one.id);
    return [...new Set([...bound, ...enrolled])];
  }

  /** Those of {@link boundTo} who are present: they proved it in this session, and have not left since. */
  peopleOf(position: string): string[] {
    return this.boundTo(position).filter((id) => this.record.isPresent(id));
  }

  /**
   * The present people who will sign for a quorum: the first `count` of each role.
   *
   * @throws DeviceError `NOBODY_PRESENT` when too few are present
   */
  signersFor(quorum: readonly RoleCount[]): string[] {
    return quorum.flatMap(({ role, count }) => {
      const present = this.record.presentWith(role).slice(0, count);
      if (present.length < count) {
        throw nobodyPresent(`${String(count)} × ${role} must sign, but only ${String(present.length)} are present`);
      }
      return present.map((one) => one.id);
    });
  }

  /**
   * Writes a file that a line is about to name. A file of that name which no line names yet was left by a crash and is
   * replaced; one that a line names is never touched.
   */
  async settleFile(name: string, content: Uint8Array): Promise<FileRef> {
    const sha256 = createHash('sha256').update(content).digest('hex');
    if (await this.ports.folder.exists(name)) {
      if (this.record.fileSha256(name) !== null) throw new Error(`${name} is on record already`);
      await this.ports.folder.remove(name);
    }
    await this.ports.folder.create(name, content);
    return { name, sha256 };
  }
}

/** Lines that say where in the record they stand: another line came before them, so they are made anew. */
const OF_ITS_PLACE: readonly Draft['type'][] = [
  'participant.present',
  'participant.enrolled',
  'checkpoint.made',
  'ceremony.closed',
];

function isOfItsPlace({ type, body }: Draft): boolean {
  return OF_ITS_PLACE.includes(type) || (type === 'fact.recorded' && (body.fact === CUSTODY || body.fact === SHARE));
}

function placeTaken(): DeviceError {
  return new DeviceError({
    code: 'CLOCK_SETTLED',
    message:
      'The exception about the clock is on record; what was to come is signed anew, over the record as it is now.',
    changed: 'Nothing was changed.',
    next: 'Try again.',
    uncertain: false,
  });
}

/** What people decide when the clock went back: try again, stop, or the signed exception that goes on record first. */
export type ClockDecision = 'again' | 'stop' | Draft;
