/** A bundle as a forger with all keys reads it, and the corruptions that such a forger makes of it. */
import type { JsonObject } from '../../../ceremony/canonical-json';
import { PAYLOAD_TYPES, type Envelope } from '../../../ceremony/command/dsse';
import type { Step } from '../../../ceremony/plan/schema';
import type { Files } from './bundle-files';
import { corruption, type Corruption, type Kind } from './corruption';
import { jsonOf, looseLines, type Forgery, type LooseLine, type ToSign } from './forgery';
import { signedAgain } from './insider';
import { everybodyIn, type Entry } from './invented-people';
import { payloadIn } from './seals';

/** See the head of this file. */
export class Told {
  readonly files: Files;
  readonly lines: readonly LooseLine[];
  readonly steps: readonly Step[];

  constructor(files: Files) {
    this.files = files;
    this.lines = looseLines(files);
    this.steps = jsonOf(files, 'plan.json')['steps'] as unknown as readonly Step[];
  }

  /** Everybody who was ever on the roster. */
  get everybody(): readonly Entry[] {
    return everybodyIn(this.lines);
  }

  /** The plan's step that a line belongs to. */
  step(line: LooseLine): Step | undefined {
    return this.steps.find(({ id }) => id === line.step);
  }

  /** Place of the first line that matches, from `from` on; -1 when there is none. */
  place(matches: (line: LooseLine) => boolean, from = 0): number {
    return this.lines.findIndex((line, place) => place >= from && matches(line));
  }

  /** The bundle with a forgery, signed again. */
  forged(kind: Kind, name: string, forgery: Forgery): Corruption {
    return corruption(kind, 'signed again', name, () => signedAgain(this.files, forgery));
  }

  /** The same with the lines changed. */
  withLines(kind: Kind, name: string, lines: Forgery['lines'], more: Forgery = {}): Corruption {
    return this.forged(kind, name, { ...more, ...(lines === undefined ? {} : { lines }) });
  }

  /** The same with one line changed. */
  withLine(
    kind: Kind,
    at: number,
    what: string,
    change: (line: LooseLine) => LooseLine,
    more: Forgery = {},
  ): Corruption {
    const lines = (all: readonly LooseLine[]): readonly LooseLine[] =>
      all.map((line, place) => (place === at ? change(line) : line));
    return this.withLines(kind, `line ${String(at)}: ${what}`, lines, more);
  }

  /** The same with one line's body changed. */
  withBody(
    kind: Kind,
    at: number,
    what: string,
    change: (body: JsonObject) => JsonObject,
    more: Forgery = {},
  ): Corruption {
    return this.withLine(kind, at, what, (line) => ({ ...line, body: change(line.body) }), more);
  }

  /** The same with lines put in before another. */
  withMore(kind: Kind, at: number, what: string, added: readonly LooseLine[], more: Forgery = {}): Corruption {
    return this.withLines(
      kind,
      `before line ${String(at)}: ${what}`,
      (lines) => lines.toSpliced(at, 0, ...added),
      more,
    );
  }

  /** What stands in one line is signed otherwise. */
  signedIn(
    kind: Kind,
    at: number,
    what: string,
    change: (one: ToSign) => Pick<ToSign, 'payload' | 'signers'>,
  ): Corruption {
    return this.forged(kind, `line ${String(at)}: ${what}`, {
      sign: (one) => (one.line === at && one.addendum === 0 ? change(one) : one),
    });
  }

  /** A new proof of somebody's presence. */
  presence(id: string, nonce: string, step: string | null = null): LooseLine {
    const known = this.lines.find(({ type }) => type === 'participant.present');
    const old = known?.body['proof'] as unknown as Envelope;
    const payload = { ...payloadIn(old), participant: id, nonce: nonce.repeat(64).slice(0, 64) };
    const proof = { ...sealedBy(PAYLOAD_TYPES.presence, payload, [id]) };
    return { ...plainLine('participant.present', step, { participant: id, proof }), by: [id] };
  }
}

/** Somebody leaves. */
export function leaving(participant: string): LooseLine {
  return plainLine('participant.left', null, { participant, reason: 'Went home.' });
}

/** Somebody takes another's place. */
export function replacing(participant: string, by: string): LooseLine {
  return plainLine('participant.replaced', null, { participant, by, reason: 'Is ill.' });
}

/** A fact. */
export function factOf(step: string | null, by: readonly string[], fact: string, value: JsonObject): LooseLine {
  return { ...plainLine('fact.recorded', step, { fact, value }), by };
}

/** A line that nobody is named in; its time is made right with those of the others. */
export function plainLine(type: string, step: string | null, body: JsonObject): LooseLine {
  return { at: '2026-11-23T09:00:00.000Z', type, step, by: [], salt: 'a'.repeat(32), body };
}

/** An envelope whose signatures are still to be made. */
export function sealedBy(payloadType: string, payload: JsonObject, signers: readonly string[]): JsonObject {
  return {
    payload: Buffer.from(JSON.stringify(payload)).toString('base64'),
    payloadType,
    signatures: signers.map((keyid) => ({ keyid, sig: '' })),
  };
}
