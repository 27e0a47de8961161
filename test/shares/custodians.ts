/** A person link for tests: custodians who keep what they are shown and type what a test tells them. */
import type { Dialogue, AskingLink } from '../../hsm/contract';
import type { SetShape } from '../../hsm/shares/set-shape';

type Enter = Extract<Dialogue, { kind: 'share-enter' }>;

type ShareKey = Extract<Dialogue, { kind: 'share-key' }>;

/** The passphrase that a custodian makes for a share, if a test says nothing else. */
export const passphraseOf = (custodian: string, index: number): string =>
  `correct horse of ${custodian}, number ${String(index)}`;

/** Custodians in this process. */
export class Custodians implements AskingLink {
  /** Worksheets as shown, by custodian. */
  readonly worksheets = new Map<string, string>();
  /** Every refusal a custodian was told. */
  readonly refusals: string[] = [];
  /** The very buffers that were given to custodians: zeroed afterwards, if all is well. */
  readonly shown: Uint8Array[] = [];
  /** The very buffers that custodians gave. */
  readonly typed: Buffer[] = [];
  /** What a custodian types; null declines. */
  types: (dialogue: Enter) => string | null = ({ custodian }) => this.worksheets.get(custodian) ?? '';

  /** What a custodian gives for the file of a share; null declines. */
  key: (dialogue: ShareKey) => string | null = ({ custodian, index }) => passphraseOf(custodian, index);

  ask(dialogue: Dialogue, body?: Uint8Array): Promise<Uint8Array> {
    if (dialogue.kind === 'share-show') {
      if (body === undefined) throw new Error('a share is shown without its worksheet');
      this.worksheets.set(dialogue.custodian, Buffer.from(body).toString());
      this.shown.push(body);
      return Promise.resolve(Buffer.alloc(0));
    }
    if (dialogue.kind === 'share-key') {
      if (dialogue.refused !== null) this.refusals.push(dialogue.refused);
      const key = this.key(dialogue);
      return key === null ? Promise.reject(new Error('declined')) : Promise.resolve(Buffer.from(key));
    }
    if (dialogue.kind !== 'share-enter') throw new Error(`nobody asks custodians for ${dialogue.kind}`);
    if (dialogue.refused !== null) this.refusals.push(dialogue.refused);
    const typed = this.types(dialogue);
    if (typed === null) return Promise.reject(new Error('declined'));
    const bytes = Buffer.from(typed);
    this.typed.push(bytes);
    return Promise.resolve(bytes);
  }
}

/** The component on a worksheet, read without code of ours. */
export function componentOn(worksheet: string): Buffer {
  const rows = worksheet.trimEnd().split('\n').slice(-8);
  return Buffer.from(rows.map((row) => row.split(/\s+/).slice(1, 3).join('')).join(''), 'hex');
}

/** Bitwise sum of buffers of 32 bytes. */
export function xor(parts: readonly Buffer[]): Buffer {
  return Buffer.from(Array.from({ length: 32 }, (_, i) => parts.reduce((sum, part) => sum ^ part.readUInt8(i), 0)));
}

/** A set of components of a master key. */
export function componentSet(count: number): SetShape {
  return { scheme: 'components', threshold: count, count };
}
