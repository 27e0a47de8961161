/**
 * People at the terminal: who must come to the keyboard, PINs that do not show, shares on a screen that is wiped.
 *
 * Words on screen: say who comes, what is wanted of whom, and which keys end it. The field's words, none of ours
 * (no "worker", "link", "exchange"). No full stop in a label or after a single line. Never repeat what was typed, not
 * even its length. One person at a time: between two, the screen is wiped and the next is called by name.
 */
import { timingSafeEqual } from 'node:crypto';
import { whoIsAsked, type Dialogue } from '../../hsm/contract';
import type { Person } from '../../workstation/rehearsal/person';
import { Declined, Tty } from './tty';

type PinDialogue = Extract<Dialogue, { kind: 'pin' }>;
type FinalTryDialogue = Extract<Dialogue, { kind: 'final-try' }>;
type PassphraseDialogue = Extract<Dialogue, { kind: 'passphrase' }>;
type ShowDialogue = Extract<Dialogue, { kind: 'share-show' }>;
type EnterDialogue = Extract<Dialogue, { kind: 'share-enter' }>;
type ShareKeyDialogue = Extract<Dialogue, { kind: 'share-key' }>;

/** Most bytes of one typed line of a share, and of a whole share. */
const MAX_LINE_BYTES = 200;
const MAX_SHARE_BYTES = 4096;

/** How long a typed share is kept for its correction, in milliseconds: a wrong row is told at once. */
const KEEP_MS = 5_000;

/** How long what is typed may be, in bytes. */
type Lengths = Pick<PinDialogue, 'minimum' | 'maximum'>;

/** Words that differ between what is typed unseen. */
interface SecretWords {
  readonly name: string;
  readonly fresh: string;
  /** What was not done with one that is not taken. */
  readonly notGiven: string;
}

const PIN_WORDS: SecretWords = { name: 'PIN', fresh: 'New PIN: ', notGiven: 'and was not given to the token' };
const PASSPHRASE_WORDS: SecretWords = {
  name: 'passphrase',
  fresh: 'New passphrase: ',
  notGiven: 'and was not tried on the file',
};

const IDENTITY_WORDS: SecretWords = { ...PASSPHRASE_WORDS, name: 'identity' };

/**
 * The people at the controlling terminal.
 *
 * @throws Error when there is none
 */
export function openTerminal(): Person {
  return new TerminalPeople(new Tty());
}

class TerminalPeople implements Person {
  readonly #tty: Tty;
  #names: Readonly<Record<string, string>> = {};
  /** Step that the ceremony is in, and what is done in it; empty before the first. */
  #step = '';
  #doing = '';
  /** Who sat at the keyboard last, by id. */
  #last: string | null = null;
  /** Lines of a share that was refused, so that its custodian types the wrong row only. */
  #kept: { readonly share: string; readonly lines: Buffer[] } | null = null;

  constructor(tty: Tty) {
    this.#tty = tty;
  }

  introduce(names: Readonly<Record<string, string>>): void {
    this.#names = names;
  }

  beginStep(step: string): void {
    this.#step = step;
    this.#doing = '';
  }

  doing(what: string): void {
    this.#doing = what;
  }

  async answer(dialogue: Dialogue, body: Uint8Array, signal: AbortSignal): Promise<Buffer | null> {
    try {
      return await this.#tty.hold(async () => {
        this.#sayWhatFor();
        await this.#call(whoIsAsked(dialogue), signal);
        switch (dialogue.kind) {
          case 'pin':
            return await this.#pin(dialogue, signal);
          case 'final-try':
            return await this.#finalTry(dialogue, signal);
          case 'passphrase':
            return await this.#passphrase(dialogue, signal);
          case 'share-show':
            return await this.#show(dialogue, body, signal);
          case 'share-enter':
            return await this.#enter(dialogue, signal);
          case 'share-key':
            return await this.#shareKey(dialogue, signal);
        }
      });
    } catch (error) {
      this.#forget();
      if (error instanceof Declined || signal.aborted) return null;
      throw error;
    }
  }

  /** What the ceremony is doing: who gives a PIN must know what for. */
  #sayWhatFor(): void {
    for (const line of [this.#step, this.#doing]) if (line !== '') this.#say(printable(Buffer.from(line)).toString());
    if (this.#step !== '' || this.#doing !== '') this.#say('');
  }

  /** Calls the next person to the keyboard, unless it is the one who sits there already. */
  async #call(id: string, signal: AbortSignal): Promise<void> {
    if (this.#last === id) return;
    this.#forget();
    this.#say(
      this.#last === null ? '' : `${this.#name(this.#last)} leaves the keyboard`,
      `${this.#name(id)} comes to the keyboard. Everybody else looks away from screen and keyboard`,
      '',
    );
    await this.#confirm('Press Enter when you are alone at the screen, Ctrl-C to decline ', signal);
    this.#last = id;
    this.#tty.wipe();
    this.#sayWhatFor();
  }

  async #pin(dialogue: PinDialogue, signal: AbortSignal): Promise<Buffer> {
    this.#say(
      this.#name(dialogue.holder),
      '',
      `${dialogue.make ? 'Make' : 'Enter'} ${whichPin(dialogue)}`,
      dialogue.make ? `${lengths(dialogue)}. Whoever holds it needs it later: keep it as the plan says` : '',
      'Nothing shows while you type. Backspace takes back a character, Ctrl-U all, Ctrl-C declines',
      '',
    );
    await this.#warn(dialogue, signal);
    return dialogue.make
      ? await this.#makeTwice(PIN_WORDS, dialogue, signal)
      : await this.#read('PIN: ', PIN_WORDS, dialogue, signal);
  }

  /** The PIN itself is typed on the token's own pad. */
  async #finalTry(dialogue: FinalTryDialogue, signal: AbortSignal): Promise<Buffer> {
    this.#say(
      this.#name(dialogue.holder),
      '',
      `The device asks for ${whichPin(dialogue)} on its own pad, once you have gone on here`,
      '',
    );
    await this.#warn({ warning: 'final-try' }, signal);
    return Buffer.alloc(0);
  }

  async #passphrase(dialogue: PassphraseDialogue, signal: AbortSignal): Promise<Buffer> {
    const { holder, make, wrong } = dialogue;
    this.#say(
      this.#name(holder),
      '',
      `${make ? 'Make' : 'Enter'} the passphrase of your key file`,
      wrong ? 'The one typed before does not open the file. Nothing counts the tries' : '',
      make ? `${lengths(dialogue)}. You need it whenever you sign: keep it as the plan says` : '',
      'Nothing shows while you type. Backspace takes back a character, Ctrl-U all, Ctrl-C declines',
      '',
    );
    return make
      ? await this.#makeTwice(PASSPHRASE_WORDS, dialogue, signal)
      : await this.#read('Passphrase: ', PASSPHRASE_WORDS, dialogue, signal);
  }

  async #shareKey(dialogue: ShareKeyDialogue, signal: AbortSignal): Promise<Buffer> {
    const { custodian, index, of, what, make, refused } = dialogue;
    this.#say(
      this.#name(custodian),
      '',
      `${make ? 'Make' : 'Enter'} the ${what === 'identity' ? 'age identity that opens' : 'passphrase of'} the file of your share, number ${String(index)} of ${String(of)}`,
      refused === null ? '' : `Not taken: ${printable(Buffer.from(refused)).toString().trim()}`,
      make ? `${lengths(dialogue)}. Without it nobody opens the file: keep it as the plan says` : '',
      'Nothing shows while you type. Backspace takes back a character, Ctrl-U all, Ctrl-C declines',
      '',
    );
    const words = what === 'identity' ? IDENTITY_WORDS : PASSPHRASE_WORDS;
    return make
      ? await this.#makeTwice(words, dialogue, signal)
      : await this.#read(what === 'identity' ? 'Identity: ' : 'Passphrase: ', words, dialogue, signal);
  }

  async #warn({ warning }: Pick<PinDialogue, 'warning'>, signal: AbortSignal): Promise<void> {
    if (warning === null) return;
    if (warning === 'count-low') {
      this.#say('Warning: a wrong PIN was given before. The token allows few more', '');
      return;
    }
    this.#say(
      warning === 'final-try'
        ? 'Warning: this is the final try. If the PIN is wrong, the token locks it'
        : 'Warning: the token says that this PIN is locked',
    );
    this.#tty.write('Type YES and press Enter to go on, Ctrl-C to decline: ');
    const typed = await this.#tty.readLine({ show: true, limit: 3, signal });
    if (typed.toString('latin1') !== 'YES') throw new Declined();
  }

  async #makeTwice(words: SecretWords, range: Lengths, signal: AbortSignal): Promise<Buffer> {
    for (;;) {
      const first = await this.#read(words.fresh, words, range, signal);
      let again: Buffer | null = null;
      let same = false;
      try {
        again = await this.#read('The same again: ', words, range, signal);
        same = first.length === again.length && timingSafeEqual(first, again);
        if (same) return first;
        this.#say(`The two differ, so neither is taken. Make the ${words.name} again`, '');
      } finally {
        again?.fill(0);
        if (!same) first.fill(0);
      }
    }
  }

  /** Asks until it has a length that can be right: a PIN of another one would be wrong, and cost a try. */
  async #read(prompt: string, words: SecretWords, range: Lengths, signal: AbortSignal): Promise<Buffer> {
    for (;;) {
      this.#tty.write(prompt);
      const typed = await this.#tty.readLine({ show: false, limit: range.maximum, signal });
      if (typed.length >= range.minimum && typed.length <= range.maximum) return typed;
      typed.fill(0);
      this.#say(`It is not taken, ${words.notGiven}: ${lengths(range)}`);
    }
  }

  async #show(dialogue: ShowDialogue, body: Uint8Array, signal: AbortSignal): Promise<Buffer> {
    this.#say(
      `${this.#name(dialogue.custodian)}: your share, number ${String(dialogue.index)} of ${String(dialogue.of)}`,
      'Copy it by hand onto your worksheet. It is shown once and wiped from the screen afterwards',
      '',
    );
    const shown = printable(body);
    try {
      this.#tty.write(shown);
    } finally {
      shown.fill(0);
    }
    await this.#confirm('\nPress Enter when you have copied and compared all of it, Ctrl-C to decline ', signal);
    return Buffer.alloc(0);
  }

  async #enter(dialogue: EnterDialogue, signal: AbortSignal): Promise<Buffer> {
    const share = `${dialogue.set}/${String(dialogue.index)}/${dialogue.custodian}`;
    if (dialogue.refused === null || this.#kept?.share !== share) this.#forget();
    const before = (this.#kept?.lines ?? []).map((line) => Buffer.alloc(line.length, line));
    this.#say(
      `${this.#name(dialogue.custodian)}: type your share, number ${String(dialogue.index)} of ${String(dialogue.of)}, from the worksheet`,
      dialogue.refused === null ? '' : `Not taken: ${printable(Buffer.from(dialogue.refused)).toString().trim()}`,
      before.length === 0
        ? 'One row to a line. An empty line at the end finishes, Ctrl-C declines'
        : 'Type the wrong row again; Enter alone keeps a row as you typed it before',
      '',
    );
    const lines: Buffer[] = [];
    try {
      await this.#readLines(lines, before, signal);
    } catch (error) {
      for (const line of lines) line.fill(0);
      throw error;
    } finally {
      for (const line of before) line.fill(0);
    }
    this.#forget();
    const kept = { share, lines };
    this.#kept = kept;
    setTimeout(() => {
      if (this.#kept === kept) this.#forget();
    }, KEEP_MS).unref();
    return joinLines(lines);
  }

  async #readLines(lines: Buffer[], before: readonly Buffer[], signal: AbortSignal): Promise<void> {
    let total = 0;
    for (;;) {
      const kept = before[lines.length];
      if (kept !== undefined) {
        this.#tty.write('  before: ');
        this.#tty.write(kept);
        this.#tty.write('\n');
      }
      this.#tty.write('> ');
      const typed = await this.#tty.readLine({ show: true, limit: MAX_LINE_BYTES, signal });
      if (typed.length === 0 && kept === undefined) {
        if (lines.length > 0) return;
        continue;
      }
      const line = typed.length === 0 && kept !== undefined ? Buffer.alloc(kept.length, kept) : typed;
      total += line.length + 1;
      if (line.length > MAX_LINE_BYTES || total > MAX_SHARE_BYTES) {
        line.fill(0);
        total -= line.length + 1;
        this.#say('That is far longer than a row of the worksheet, and is not taken');
        continue;
      }
      lines.push(line);
    }
  }

  async #confirm(prompt: string, signal: AbortSignal): Promise<void> {
    this.#tty.write(prompt);
    (await this.#tty.readLine({ show: false, limit: 1, signal })).fill(0);
  }

  #say(...lines: readonly string[]): void {
    this.#tty.write(`${lines.join('\n')}\n`);
  }

  #name(id: string): string {
    const name = this.#names[id];
    return name === undefined ? id : `${name} (${id})`;
  }

  #forget(): void {
    for (const line of this.#kept?.lines ?? []) line.fill(0);
    this.#kept = null;
  }
}

function whichPin(dialogue: PinDialogue | FinalTryDialogue): string {
  const { of, role, holder, change } = dialogue;
  const the = change === undefined ? 'the' : `the ${change.pin}`;
  const whose = {
    user: `${the} user PIN of ${of}`,
    'security-officer': `${the} security officer PIN of ${of}`,
    card: of === holder ? 'the PIN of your own token' : `the PIN of the token of ${of}`,
  }[role];
  if (dialogue.kind === 'final-try' || dialogue.parts === 1) return whose;
  return `part ${String(dialogue.part)} of ${String(dialogue.parts)} of ${whose}`;
}

function lengths({ minimum, maximum }: Lengths): string {
  return `${String(minimum)} to ${String(maximum)} bytes`;
}

function joinLines(lines: readonly Buffer[]): Buffer {
  const all = Buffer.alloc(lines.reduce((length, line) => length + line.length + 1, 0));
  let at = 0;
  for (const line of lines) {
    at += line.copy(all, at);
    at += all.write('\n', at);
  }
  return all;
}

/** A copy for the terminal, in which control characters other than line feed (C1 in UTF-8 too) are blanks. */
function printable(text: Uint8Array): Buffer {
  const shown = Buffer.alloc(text.length);
  text.forEach((byte, i) => {
    const isC0 = (byte < 0x20 && byte !== 0x0a) || byte === 0x7f;
    const isC1 = byte >= 0x80 && byte < 0xa0 && text[i - 1] === 0xc2;
    shown[i] = isC0 ? 0x20 : isC1 ? 0xa0 : byte;
  });
  return shown;
}
