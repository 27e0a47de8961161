/** A ceremony that is under way: plan, binding, record, writer and ports in one place, and the few ways to add a line. */
import { createHash } from 'node:crypto';
import type { JsonObject } from '../canonical-json';
import type { Binding } from '../plan/binding-schema';
import type { Plan, RoleCount } from '../plan/schema';
import type { Draft, FileRef, Line, RosterEntry } from '../transcript/line';
import type { TranscriptWriter } from '../transcript/writer';
import type { EnginePorts } from './ports';
import type { CeremonyRecord } from './record';

/** The ceremony cannot go on now. The bundle is whole as far as it goes and can be resumed. */
export class CeremonyStopped extends Error {
  override readonly name = 'CeremonyStopped';
}

/** A ceremony with its open transcript. */
export class Ceremony {
  readonly plan: Plan;
  readonly binding: Binding;
  readonly ports: EnginePorts;
  readonly record: CeremonyRecord;
  private readonly writer: TranscriptWriter;

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

  /** Writes one line, fsynced, and takes it into the record. */
  async append(draft: Draft): Promise<Line> {
    const line = await this.writer.append(draft);
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

  /** A participant of the roster. Throws for an id that the roster does not have. */
  participant(id: string): RosterEntry {
    const found = this.record.opened.body.roster.find((one) => one.id === id);
    if (found === undefined) throw new Error(`the roster has no ${id}`);
    return found;
  }

  /** Ids of the people bound to a position, in the binding's order. */
  peopleOf(position: string): string[] {
    return this.binding.people.filter((one) => one.position === position).map((one) => one.id);
  }

  /**
   * The present people who will sign for a quorum: the first `count` of each role.
   *
   * @throws CeremonyStopped when too few are present
   */
  signersFor(quorum: readonly RoleCount[]): string[] {
    return quorum.flatMap(({ role, count }) => {
      const present = this.record.presentWith(role).slice(0, count);
      if (present.length < count) {
        throw new CeremonyStopped(
          `${String(count)} × ${role} must sign, but only ${String(present.length)} are present`,
        );
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
