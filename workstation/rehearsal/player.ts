/**
 * Stands in for absent people in a rehearsal: makes up PINs, remembers them and the worksheets it was shown, and answers
 * from memory, which it keeps in its file so that a resumed rehearsal finds it again.
 */
import { randomInt } from 'node:crypto';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dialogue } from '../../hsm/contract';
import type { Person } from './person';
import { printedSheet } from './printed-sheet';
import { readPlayerFile, writePlayerFile, type PlayerFault, type PlayerMemory } from './player-file';

type PinDialogue = Extract<Dialogue, { kind: 'pin' }>;
type PassphraseDialogue = Extract<Dialogue, { kind: 'passphrase' }>;
type ShowDialogue = Extract<Dialogue, { kind: 'share-show' }>;
type EnterDialogue = Extract<Dialogue, { kind: 'share-enter' }>;
type ShareKeyDialogue = Extract<Dialogue, { kind: 'share-key' }>;

/**
 * Length of a PIN, or of a part of one, that the player makes up, where the token's limits allow it: so long that no
 * other number is it by chance, when a test looks for it everywhere.
 */
const PIN_DIGITS = 12;

/** What the player needs to know of a PIN, or of a passphrase. */
type PinAsked = Pick<PinDialogue, 'of' | 'part' | 'make' | 'change' | 'minimum' | 'maximum'> & {
  readonly role: PlayerMemory['pins'][number]['role'];
};

/**
 * The player whose memory is in a file; a missing file is begun.
 *
 * @throws RangeError when the file is not a player's
 */
export function openPlayer(path: string): Person {
  return new Player(path, readPlayerFile(path));
}

class Player implements Person {
  readonly #path: string;
  readonly #memory: PlayerMemory;

  constructor(path: string, memory: PlayerMemory) {
    this.#path = path;
    this.#memory = memory;
  }

  introduce(): void {
    // The player needs no screen.
  }

  beginStep(): void {
    // Nor a heading on it.
  }

  doing(): void {
    // Nor what goes on.
  }

  async answer(dialogue: Dialogue, body: Uint8Array, signal: AbortSignal): Promise<Buffer | null> {
    const fault = this.#takeFault(dialogue);
    if (fault?.do === 'die') process.kill(process.pid, 'SIGKILL');
    if (fault?.do === 'refuse') return null;
    if (fault?.do === 'delay') await sleep(fault.milliseconds, undefined, { signal }).catch(() => undefined);
    const answer = this.#answer(dialogue, body);
    if (answer === null) return null;
    if (
      fault?.do === 'wrong-pin' &&
      (dialogue.kind === 'pin' || dialogue.kind === 'passphrase' || dialogue.kind === 'share-key')
    )
      misprint(answer);
    if (fault?.do === 'wrong-character' && dialogue.kind === 'share-enter') {
      if (dialogue.form === 'words') misspell(answer);
      else misprint(answer);
    }
    return answer;
  }

  #answer(dialogue: Dialogue, body: Uint8Array): Buffer | null {
    switch (dialogue.kind) {
      case 'pin':
        return this.#pin(dialogue);
      case 'final-try':
        return Buffer.alloc(0);
      case 'passphrase':
        return this.#passphrase(dialogue);
      case 'share-show':
        return this.#keepWorksheet(dialogue, body);
      case 'share-enter':
        return this.#worksheet(dialogue);
      case 'share-key':
        return this.#shareKey(dialogue);
    }
  }

  /** A PIN once made is given again when it is made again: after a crash the token may have it already. */
  #pin(dialogue: PinAsked): Buffer | null {
    const { of, role, part, change, make } = dialogue;
    const known = this.#memory.pins.find((one) => one.of === of && one.role === role && one.part === part);
    if (known === undefined) {
      if (!make) return null;
      const pin = madeUp(dialogue);
      this.#memory.pins.push({ of, role, part, pin });
      this.#save();
      return ownBuffer(pin);
    }
    if (change === undefined) return ownBuffer(known.pin);
    const isMade = known.before?.step === change.step;
    if (change.pin === 'old') return ownBuffer(isMade ? (known.before?.pin ?? known.pin) : known.pin);
    if (!isMade && make) {
      known.before = { step: change.step, pin: known.pin };
      known.pin = madeUp(dialogue);
      this.#save();
    }
    return ownBuffer(known.pin);
  }

  /** Kept like a PIN: of its holder, with the role `key-file`. */
  #passphrase({ holder, make, minimum, maximum }: PassphraseDialogue): Buffer | null {
    return this.#pin({ of: holder, role: 'key-file', part: 1, make, minimum, maximum });
  }

  /** Kept like a PIN, a part for each share. Identities are in files of the room, and nobody is asked for one. */
  #shareKey({ custodian, index, what, make, minimum, maximum }: ShareKeyDialogue): Buffer | null {
    if (what === 'identity') return null;
    return this.#pin({ of: custodian, role: 'share-file', part: index, make, minimum, maximum });
  }

  #keepWorksheet({ custodian, set, index }: ShowDialogue, body: Uint8Array): Buffer {
    const text = Buffer.from(body).toString('utf8');
    const known = this.#findWorksheet(custodian, set, index);
    if (known === undefined) this.#memory.worksheets.push({ custodian, set, index, text });
    else known.text = text;
    this.#save();
    return Buffer.alloc(0);
  }

  #worksheet({ custodian, set, index }: EnterDialogue): Buffer | null {
    const known = this.#findWorksheet(custodian, set, index)?.text ?? printedSheet(dirname(this.#path), set, index);
    return known === null ? null : ownBuffer(known);
  }

  #findWorksheet(custodian: string, set: string, index: number): PlayerMemory['worksheets'][number] | undefined {
    return this.#memory.worksheets.find((one) => one.custodian === custodian && one.set === set && one.index === index);
  }

  /** The first fault due at this question, counted down in the file before it is committed. */
  #takeFault(dialogue: Dialogue): PlayerFault | null {
    const fields: Readonly<Record<string, unknown>> = dialogue;
    const due = this.#memory.faults.find(
      (fault) => fault.times > 0 && Object.entries(fault.match).every(([key, value]) => fields[key] === value),
    );
    if (due === undefined) return null;
    due.times -= 1;
    this.#save();
    return due;
  }

  #save(): void {
    writePlayerFile(this.#path, this.#memory);
  }
}

function madeUp({ minimum, maximum }: Pick<PinAsked, 'minimum' | 'maximum'>): string {
  const length = Math.max(minimum, Math.min(PIN_DIGITS, maximum));
  return Array.from({ length }, () => String(randomInt(10))).join('');
}

/** Bytes outside Node's shared pool, so that zeroing them zeroes the only buffer. */
function ownBuffer(text: string): Buffer {
  const bytes = Buffer.alloc(Buffer.byteLength(text));
  bytes.write(text);
  return bytes;
}

/** Changes the last digit into another one. */
function misprint(text: Buffer): void {
  for (let at = text.length - 1; at >= 0; at -= 1) {
    const byte = text[at] ?? 0;
    if (byte < 0x30 || byte > 0x39) continue;
    text[at] = byte === 0x39 ? 0x30 : byte + 1;
    return;
  }
}

/** Changes the last letter into the next one of the alphabet. */
function misspell(text: Buffer): void {
  for (let at = text.length - 1; at >= 0; at -= 1) {
    const byte = text[at] ?? 0;
    if (byte < 0x61 || byte > 0x7a) continue;
    text[at] = byte === 0x7a ? 0x61 : byte + 1;
    return;
  }
}
