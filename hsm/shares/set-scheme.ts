/**
 * The two schemes of a set, each with its form on paper. Between their making and their end, shares are bytes: a component
 * as long as the key, or the words of SLIP-39 in ASCII.
 */
import { makeSecrets } from '../secret-bytes';
import type { ShareName } from './commitment';
import { COMPONENT_COUNT, combineComponents, isComponentCount, splitIntoComponents } from './components';
import type { DrawSecret } from './entropy';
import type { KeyBytes } from './key-bytes';
import { Slip39Refused } from './slip39/refused';
import { SLIP39_MOST_SHARES, combineSlip39, splitSlip39 } from './slip39/scheme';
import { readSlip39, writeSlip39, type Slip39Share } from './slip39/share';
import { readWordSheet, writeWordSheet } from './word-sheet';
import { readWorksheet, writeWorksheet } from './worksheet';

/** What a scheme does. Who gets bytes from it zeroes them. */
export interface SetScheme {
  /** How a share looks on paper: rows of digits, or words. */
  readonly form: 'rows' | 'words';
  /** Why a set cannot have these numbers; null when it can. */
  wrongShape(threshold: number, count: number): string | null;
  /** The shares of a master key of 16, 24 or 32 bytes, in order of their index. */
  split(masterKey: Uint8Array, threshold: number, count: number, draw: DrawSecret): Buffer[];
  /** The master key that shares give, exactly as many as are needed; null when they do not fit together. */
  combine(shares: readonly Uint8Array[]): Buffer | null;
  /** What the custodian copies, UTF-8. */
  write(name: ShareName, custodian: string, share: Uint8Array): Buffer;
  /** What the custodian typed, of a key of so many bytes. Throws WorksheetRefused. */
  read(typed: Uint8Array, name: ShareName, custodian: string, bytes: KeyBytes): Buffer;
}

const COMPONENTS: SetScheme = {
  form: 'rows',
  wrongShape: (threshold, count) =>
    isComponentCount(count) && threshold === count
      ? null
      : `a set of components has ${String(COMPONENT_COUNT.least)} to ${String(COMPONENT_COUNT.most)} shares and needs all of them`,
  split: (masterKey, _, count, draw) => splitIntoComponents(masterKey, count, draw),
  combine: combineComponents,
  write: writeWorksheet,
  read: readWorksheet,
};

/** Without a passphrase: what a custodian forgets is lost to all. */
const NO_PASSPHRASE = Buffer.alloc(0);

const THRESHOLD: SetScheme = {
  form: 'words',
  wrongShape: (threshold, count) => {
    const fits = [threshold, count].every(Number.isInteger) && threshold >= 2 && threshold <= count;
    return fits && count <= SLIP39_MOST_SHARES
      ? null
      : `a threshold set has 2 to ${String(SLIP39_MOST_SHARES)} shares and needs 2 or more of them`;
  },
  split: (masterKey, threshold, count, draw) => {
    const shares = splitSlip39(masterKey, { threshold, count, passphrase: NO_PASSPHRASE, iterationExponent: 0 }, draw);
    try {
      return makeSecrets(shares, writeSlip39);
    } finally {
      forget(shares);
    }
  },
  combine: (texts) => {
    const shares: Slip39Share[] = [];
    try {
      for (const text of texts) shares.push(readSlip39(text));
      return combineSlip39(shares, NO_PASSPHRASE);
    } catch (error) {
      if (error instanceof Slip39Refused) return null;
      throw error;
    } finally {
      forget(shares);
    }
  },
  write: writeWordSheet,
  read: readWordSheet,
};

/** The scheme of a set by its name. */
export function schemeOf(name: ShareName['scheme']): SetScheme {
  return { components: COMPONENTS, threshold: THRESHOLD }[name];
}

function forget(shares: readonly Slip39Share[]): void {
  for (const { value } of shares) value.fill(0);
}
