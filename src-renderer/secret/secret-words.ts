/**
 * Words of the secret windows: the same as at the terminal (cli/person/terminal.ts). They say who is asked, for what, and
 * what ends it; never what was typed, nor how long it is. No full stop in a label or after a single line.
 */
import type { Dialogue } from '../../hsm/dialogue';
import type { SecretContext } from '../../ipc/contract';

/** A question for a PIN. */
export type PinDialogue = Extract<Dialogue, { kind: 'pin' }>;
/** Whether the final try of a PIN is used, on the token's own pad. */
export type FinalTryDialogue = Extract<Dialogue, { kind: 'final-try' }>;
/** A question for the passphrase of a key file. */
export type PassphraseDialogue = Extract<Dialogue, { kind: 'passphrase' }>;
/** A share that is shown once. */
export type ShowDialogue = Extract<Dialogue, { kind: 'share-show' }>;
/** A share that is typed. */
export type EnterDialogue = Extract<Dialogue, { kind: 'share-enter' }>;
/** What locks or opens the file of a share. */
export type ShareKeyDialogue = Extract<Dialogue, { kind: 'share-key' }>;

/** Which PIN is asked for, to follow "Make" or "Enter". */
export function whichPin(dialogue: PinDialogue | FinalTryDialogue, { names, units }: SecretContext): string {
  const { of, role, holder, change } = dialogue;
  const unit = units[of] ?? of;
  const the = change === undefined ? 'the' : `the ${change.pin}`;
  const whose = {
    user: `${the} user PIN of ${unit}`,
    'security-officer': `${the} security officer PIN of ${unit}`,
    card: of === holder ? 'the PIN of your own token' : `the PIN of the token of ${names[of] ?? of}`,
  }[role];
  if (dialogue.kind === 'final-try' || dialogue.parts === 1) return whose;
  return `part ${String(dialogue.part)} of ${String(dialogue.parts)} of ${whose}`;
}

/** What lengths are taken: bytes, because that is what a token counts. */
export function lengths({ minimum, maximum }: Pick<PinDialogue, 'minimum' | 'maximum'>): string {
  return `${String(minimum)} to ${String(maximum)} bytes`;
}

/** Which share, to follow "your share". */
export function whichShare({ index, of }: ShowDialogue | EnterDialogue | ShareKeyDialogue): string {
  return `number ${String(index)} of ${String(of)}`;
}

/** What of the file of a share is asked for, to follow "Make" or "Enter". */
export function whichShareKey(dialogue: ShareKeyDialogue): string {
  const what = dialogue.what === 'identity' ? 'the age identity that opens' : 'the passphrase of';
  return `${what} the file of your share, ${whichShare(dialogue)}`;
}

/** A character as it may be shown: one line, no control characters. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').trim();
}
