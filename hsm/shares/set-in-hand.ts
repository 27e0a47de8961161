/**
 * One set of shares in the share process. What was generated and what custodians entered are kept apart: units load only
 * what was read back. Secrets stay in buffers that are zeroed as soon as they are not needed; the end of the process
 * clears what JavaScript copied besides.
 */
import { randomBytes } from 'node:crypto';
import { samePattern } from '../../ceremony/check-value';
import { isValidSignature, SIGNATURE_ALGORITHMS } from '../../ceremony/command/dsse';
import { importKeyStatement } from '../../ceremony/command/statements';
import type { ArgsOf, AskingLink, ResultOf, SHARE_OPERATIONS } from '../contract';
import { keepFromSwap } from '../native/keep-from-swap';
import { commitToShare, matchesCommitment, SALT_BYTES, SET_ID_BYTES, type ShareName } from './commitment';
import { combineComponents, COMPONENT_BYTES, isComponentCount, splitIntoComponents } from './components';
import { freshSecret } from './entropy';
import { verificationPattern } from './key-check';
import { encryptToKey } from './encrypt-to-key';
import { shareTrouble } from './share-trouble';
import { readWorksheet, shortSetId, WorksheetRefused, writeWorksheet } from './worksheet';

/** A set as the transcript knows it: id, commitments, pattern. */
export type PublicSet = ResultOf<typeof SHARE_OPERATIONS, 'set.generate'>;

/** How often a custodian may type a share in one go. */
export const MAX_ENTRIES = 5;

/** The shares of one set, between generation or first entry and the last load. */
export class SetInHand {
  readonly known: PublicSet;
  readonly #generated: Map<number, Buffer>;
  readonly #entered = new Map<number, Buffer>();
  readonly #custodians = new Map<string, number>();

  private constructor(known: PublicSet, generated: Map<number, Buffer>) {
    this.known = known;
    this.#generated = generated;
    for (const component of generated.values()) keepFromSwap(component);
  }

  /**
   * Makes a master key as `count` components; the key itself is zeroed before this returns.
   *
   * @throws DeviceError SET_MALFORMED for a count outside 2 to 16
   */
  static generate(count: number): SetInHand {
    if (!isComponentCount(count)) throw malformed('a set has 2 to 16 components');
    const masterKey = freshSecret('keyrite/master-key', COMPONENT_BYTES);
    try {
      const components = splitIntoComponents(masterKey, count);
      const set = randomBytes(SET_ID_BYTES).toString('hex');
      const shares = components.map((component, i) => {
        const salt = randomBytes(SALT_BYTES).toString('hex');
        return { index: i + 1, salt, commitment: commitToShare(nameOf(set, count, i + 1), component, salt) };
      });
      const pattern = verificationPattern(masterKey);
      const known: PublicSet = { set, scheme: 'components', threshold: count, shares, pattern };
      requirePattern(components, known).fill(0);
      return new SetInHand(known, new Map(components.map((component, i) => [i + 1, component])));
    } finally {
      masterKey.fill(0);
    }
  }

  /**
   * Takes up a set whose shares exist already and will be entered.
   *
   * @throws DeviceError SET_MALFORMED when numbers, indexes or commitments do not fit together
   */
  static reopen(known: PublicSet): SetInHand {
    const { threshold, shares } = known;
    if (!isComponentCount(shares.length) || threshold !== shares.length) {
      throw malformed('a set of components has 2 to 16 shares and needs all of them');
    }
    if (shares.some((share, i) => share.index !== i + 1))
      throw malformed('its shares are not numbered from 1 without a gap');
    if (new Set(shares.map((share) => share.commitment)).size !== shares.length)
      throw malformed('a commitment occurs twice');
    return new SetInHand(known, new Map());
  }

  /**
   * Shows a generated share to its custodian until they say that they have it.
   *
   * @throws DeviceError SHARE_NOT_HERE when only its commitment is known or it was read back already; SHARE_SECOND when
   *   the custodian has another share of the set; what the person link throws
   */
  async show(index: number, custodian: string, link: AskingLink): Promise<void> {
    const name = this.#name(index);
    const component = this.#generated.get(index);
    if (component === undefined) {
      const why = this.#entered.has(index) ? 'was read back already' : 'was not made by this process';
      const next = 'Go on with what the custodian wrote down, or make a new set';
      throw shareTrouble('SHARE_NOT_HERE', `${this.#title(index)} cannot be shown: it ${why}`, next);
    }
    this.#requireOneShare(custodian, index);
    const sheet = writeWorksheet(name, custodian, component);
    try {
      const answer = await link.ask({ kind: 'share-show', custodian, set: name.set, index, of: name.count }, sheet);
      answer.fill(0);
      this.#custodians.set(custodian, index);
    } finally {
      sheet.fill(0);
    }
  }

  /**
   * Lets a custodian enter a share, up to five times, until it is the one committed to.
   *
   * @throws DeviceError SHARE_WRONG naming the row or what share it is instead; SHARE_ENTERED; SHARE_SECOND; what the
   *   person link throws
   */
  async enter(index: number, custodian: string, link: AskingLink): Promise<void> {
    const name = this.#name(index);
    if (this.#entered.has(index)) {
      throw shareTrouble(
        'SHARE_ENTERED',
        `${this.#title(index)} was entered and checked already`,
        'Go on with the next share',
      );
    }
    this.#requireOneShare(custodian, index);
    let refused: string | null = null;
    for (let entry = 1; entry <= MAX_ENTRIES; entry += 1) {
      const typed = await link.ask({ kind: 'share-enter', custodian, set: name.set, index, of: name.count, refused });
      try {
        const component = this.#check(typed, name, custodian);
        keepFromSwap(component);
        this.#entered.set(index, component);
        this.#custodians.set(custodian, index);
        this.#generated.get(index)?.fill(0);
        this.#generated.delete(index);
        return;
      } catch (error) {
        if (!(error instanceof WorksheetRefused)) throw error;
        refused = error.message;
      } finally {
        typed.fill(0);
      }
    }
    throw shareTrouble(
      'SHARE_WRONG',
      `${this.#title(index)} was entered by ${custodian} ${String(MAX_ENTRIES)} times and is wrong each time, last: ${String(refused)}`,
      'Compare the worksheet with what is typed and enter the share again. If the worksheet itself is wrong, make a new set',
    );
  }

  /**
   * Combines what was entered, checks the pattern, and encrypts the master key to a unit's import key.
   *
   * @returns base64 ciphertext
   * @throws DeviceError SHARES_MISSING, IMPORT_KEY_UNPROVEN, RSA_KEY_UNFIT, SET_PATTERN
   */
  wrap({ importKey, identity }: ArgsOf<typeof SHARE_OPERATIONS, 'set.wrap'>): string {
    const missing = this.known.shares.map((share) => share.index).filter((index) => !this.#entered.has(index));
    if (missing.length > 0) {
      const which = `${missing.length === 1 ? 'share' : 'shares'} ${missing.join(', ')}`;
      const message = `The master key of set ${shortSetId(this.known.set)} cannot be combined: ${which} not entered`;
      throw shareTrouble('SHARES_MISSING', message, 'Let the custodians enter what is missing');
    }
    // SECURITY(K-16): main hands the key over, and could hand over its own.
    requireProvenImportKey(importKey, identity);
    const masterKey = requirePattern([...this.#entered.values()], this.known);
    try {
      return encryptToKey(importKey, masterKey).toString('base64');
    } finally {
      masterKey.fill(0);
    }
  }

  #check(typed: Uint8Array, name: ShareName, custodian: string): Buffer {
    const component = readWorksheet(typed, name, custodian);
    const found = this.known.shares.find(({ index, salt, commitment }) =>
      matchesCommitment({ ...name, index }, component, salt, commitment),
    );
    // SECURITY(K-17): before anything is combined.
    if (found?.index === name.index) return component;
    component.fill(0);
    const asked = `share ${String(name.index)} of set ${shortSetId(name.set)} is asked for`;
    if (found === undefined) {
      throw new WorksheetRefused(`every row is well formed, but this is not the share that was handed out: ${asked}`);
    }
    const already = this.#entered.has(found.index) ? ', which was entered already' : '';
    throw new WorksheetRefused(`this is share ${String(found.index)} of the same set${already}: ${asked}`);
  }

  #name(index: number): ShareName {
    if (!this.known.shares.some((share) => share.index === index)) {
      const message = `Set ${shortSetId(this.known.set)} has no share ${String(index)}`;
      throw shareTrouble('SHARE_UNKNOWN', message, `Ask for a share from 1 to ${String(this.known.shares.length)}`);
    }
    return nameOf(this.known.set, this.known.shares.length, index);
  }

  #title(index: number): string {
    return `Share ${String(index)} of set ${shortSetId(this.known.set)}`;
  }

  /** Nobody holds two different shares of a set. */
  #requireOneShare(custodian: string, index: number): void {
    const has = this.#custodians.get(custodian);
    if (has === undefined || has === index) return;
    const message = `${custodian} has share ${String(has)} of set ${shortSetId(this.known.set)} and may not have share ${String(index)} too`;
    throw shareTrouble('SHARE_SECOND', message, 'Give this share to another custodian');
  }
}

function nameOf(set: string, count: number, index: number): ShareName {
  return { set, scheme: 'components', threshold: count, count, index };
}

/** The master key that components give, if it has the set's pattern; the caller zeroes it. */
function requirePattern(components: readonly Uint8Array[], known: PublicSet): Buffer {
  const masterKey = combineComponents(components);
  if (samePattern(verificationPattern(masterKey), known.pattern)) return masterKey;
  masterKey.fill(0);
  const message = `The shares of set ${shortSetId(known.set)}, each as committed to, do not give its verification pattern`;
  throw shareTrouble('SET_PATTERN', message, 'Stop: the record of the set is wrong. Make a new set');
}

function requireProvenImportKey(
  importKey: ArgsOf<typeof SHARE_OPERATIONS, 'set.wrap'>['importKey'],
  identity: ArgsOf<typeof SHARE_OPERATIONS, 'set.wrap'>['identity'],
): void {
  const algorithm = SIGNATURE_ALGORITHMS.find((one) => one === identity.algorithm);
  const statement = importKeyStatement(importKey.spki, importKey.oaep);
  const signature = Buffer.from(importKey.signature, 'base64');
  if (algorithm !== undefined && isValidSignature({ algorithm, spki: identity.spki }, statement, signature)) return;
  throw shareTrouble(
    'IMPORT_KEY_UNPROVEN',
    "The import key is not vouched for by the unit's identity key: the master key was not encrypted to it",
    'Read the unit again. If its identity is proven and this happens again, stop: something stands between unit and Keyrite',
  );
}

function malformed(why: string): Error {
  return shareTrouble(
    'SET_MALFORMED',
    `The set of shares is malformed: ${why}`,
    'Stop: the record or the plan is wrong',
  );
}
