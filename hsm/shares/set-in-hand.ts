/**
 * One set of shares in the share process. What was generated and what custodians entered are kept apart: units load only
 * what was read back. Secrets stay in buffers that are zeroed as soon as they are not needed; the end of the process
 * clears what JavaScript copied besides.
 */
import { randomBytes } from 'node:crypto';
import { samePattern } from '../../ceremony/check-value';
import { isValidSignature, SIGNATURE_ALGORITHMS } from '../../ceremony/command/dsse';
import { agreementKeyStatement, importKeyStatement } from '../../ceremony/command/statements';
import type { ArgsOf, AskingLink, SHARE_OPERATIONS } from '../contract';
import { keepFromSwap } from '../native/keep-from-swap';
import { commitToShare, matchesCommitment, SALT_BYTES, SET_ID_BYTES, type ShareName } from './commitment';
import { freshSecret, type DrawSecret, type EntropySource } from './entropy';
import { keyBytesOf } from './key-bytes';
import { verificationPattern } from './key-check';
import { shareTrouble } from './share-trouble';
import { schemeOf, type SetScheme } from './set-scheme';
import { shortSetId } from './sheet-headings';
import { WorksheetRefused } from './sheet-refused';
import { wrapToImportKey } from './wrap-to-import-key';

/** A set as the transcript knows it: id, commitments, pattern. */
export type PublicSet = ArgsOf<typeof SHARE_OPERATIONS, 'set.reopen'>;

/** What set is made. */
export type SetShape = Omit<ArgsOf<typeof SHARE_OPERATIONS, 'set.generate'>, 'random'>;

/** What is entered: a copy of a share that was read back already; one of which a copy is yet to be shown. */
export type HowEntered = Pick<ArgsOf<typeof SHARE_OPERATIONS, 'share.enter'>, 'copy' | 'more'>;

/** A share that was proven before: by whom (a name), and when (a time of day). */
export type SeenShare = ArgsOf<typeof SHARE_OPERATIONS, 'share.prove'>['seen'][number];

/** Brings what a custodian has, as a worksheet (UTF-8), which is zeroed afterwards; told why the one before was refused. */
type Bring = (name: ShareName, refused: string | null) => Promise<Uint8Array>;

/** How often a custodian may type a share in one go. */
export const MAX_ENTRIES = 5;

/** The shares of one set, between generation or first entry and the last load. */
export class SetInHand {
  readonly known: PublicSet;
  readonly #generated: Map<number, Buffer>;
  readonly #entered = new Map<number, Buffer>();
  readonly #custodians = new Map<string, number>();
  /** By whom and when each share was entered or proven, in words. */
  readonly #seen = new Map<number, string>();

  private constructor(known: PublicSet, generated: Map<number, Buffer>) {
    this.known = known;
    this.#generated = generated;
    for (const component of generated.values()) keepFromSwap(component);
  }

  /**
   * Makes a master key and its shares; the key itself is zeroed before this returns.
   *
   * @param others what is mixed with the workstation's randomness, such as a token's; the caller zeroes it
   * @throws DeviceError SET_MALFORMED for numbers that the scheme does not have
   */
  static generate(shape: SetShape, others: readonly EntropySource[] = []): SetInHand {
    requireShape(shape);
    // SECURITY(K-362): every draw mixes all sources; what one of them gives away is not enough for any share.
    const draw: DrawSecret = (purpose, length) => freshSecret(purpose, length, others);
    const masterKey = draw('keyrite/master-key', keyBytesOf(shape));
    try {
      return SetInHand.#of(masterKey, shape, draw);
    } finally {
      masterKey.fill(0);
    }
  }

  /** The set of a master key, which the caller zeroes. */
  static #of(masterKey: Uint8Array, shape: SetShape, draw: DrawSecret): SetInHand {
    const { scheme, threshold, count } = shape;
    const made = schemeOf(scheme).split(masterKey, threshold, count, draw);
    const set = randomBytes(SET_ID_BYTES).toString('hex');
    const shares = made.map((share, i) => {
      const salt = randomBytes(SALT_BYTES).toString('hex');
      const name = { set, scheme, threshold, count, index: i + 1 };
      return { index: i + 1, salt, commitment: commitToShare(name, share, salt) };
    });
    const length = shape.bytes === undefined || shape.bytes === 32 ? {} : { bytes: shape.bytes };
    const known: PublicSet = { set, scheme, threshold, ...length, shares, pattern: verificationPattern(masterKey) };
    const all = new Map(made.map((share, i) => [i + 1, share]));
    requireEachCounts(all, known);
    return new SetInHand(known, all);
  }

  /**
   * Takes up a set whose shares exist already and will be entered.
   *
   * @throws DeviceError SET_MALFORMED when numbers, indexes or commitments do not fit together
   */
  static reopen(known: PublicSet): SetInHand {
    const { scheme, threshold, shares } = known;
    const why = schemeOf(scheme).wrongShape(threshold, shares.length);
    if (why !== null) throw malformed(why);
    if (shares.some((share, i) => share.index !== i + 1))
      throw malformed('its shares are not numbered from 1 without a gap');
    if (new Set(shares.map((share) => share.commitment)).size !== shares.length)
      throw malformed('a commitment occurs twice');
    return new SetInHand(known, new Map());
  }

  /**
   * Shows a generated share to its custodian until they say that they have it.
   *
   * @throws DeviceError as {@link handOver}; what the person link throws
   */
  async show(index: number, custodian: string, link: AskingLink): Promise<void> {
    await this.handOver(index, custodian, (name, sheet) => this.#display(name, custodian, sheet, link));
  }

  /**
   * Lets a custodian type a share, up to five times, until it is the one committed to.
   *
   * @throws DeviceError as {@link takeBack}; what the person link throws
   */
  async enter(index: number, custodian: string, link: AskingLink, how: HowEntered = {}): Promise<void> {
    await this.takeBack(index, custodian, this.#typedBy(custodian, link), how);
  }

  /**
   * Gives a generated share out of hand, in whatever form.
   *
   * @param deliver is given the worksheet (UTF-8), which is zeroed when it returns
   * @returns what `deliver` returns
   * @throws DeviceError SHARE_NOT_HERE when only its commitment is known or it was read back already; SHARE_SECOND when
   *   the custodian has another share of the set; what `deliver` throws
   */
  async handOver<T>(
    index: number,
    custodian: string,
    deliver: (name: ShareName, sheet: Buffer) => Promise<T>,
  ): Promise<T> {
    this.#name(index);
    const share = this.#generated.get(index);
    if (share === undefined) {
      const why = this.#entered.has(index) ? 'was read back already' : 'was not made by this process';
      const next = 'Go on with what the custodian has, or make a new set';
      throw shareTrouble('SHARE_NOT_HERE', `${this.#title(index)} cannot be handed over: it ${why}`, next);
    }
    return this.#give(index, custodian, share, deliver);
  }

  /**
   * Takes a share back that somebody brings, in whatever form, up to five times, until it is the one committed to. A
   * component may have copies: each is read back by whoever holds it, and only the first counts.
   *
   * @param bring brings the worksheet (UTF-8), as written or as typed, which is zeroed afterwards; it is told why the one
   *   before was refused. A WorksheetRefused of its own counts as one that was
   * @throws DeviceError SHARE_WRONG naming the row or what share it is instead; SHARE_ENTERED; SHARE_SECOND; what
   *   `bring` throws
   */
  async takeBack(index: number, custodian: string, bring: Bring, how: HowEntered = {}): Promise<void> {
    const share = await this.#ask(index, custodian, bring, how.copy === true);
    // SECURITY(K-364): kept until the load, and nowhere else; a copy that was right is not kept at all.
    keepFromSwap(share);
    if (this.#entered.has(index)) share.fill(0);
    else this.#entered.set(index, share);
    if (how.more === true) return;
    this.#generated.get(index)?.fill(0);
    this.#generated.delete(index);
  }

  /**
   * Lets a custodian prove a share without keeping it: compared with its commitment, it is zeroed.
   *
   * @param seen shares of the set that were proven before, by whom and when
   * @throws DeviceError as {@link enter}
   */
  async prove(index: number, custodian: string, seen: readonly SeenShare[], link: AskingLink): Promise<void> {
    for (const one of seen) this.#seen.set(one.index, `already entered by ${one.by} at ${one.at}`);
    // SECURITY(K-330): what a drill is given is never combined, nor there when the next custodian comes.
    (await this.#ask(index, custodian, this.#typedBy(custodian, link))).fill(0);
  }

  /**
   * Lets who has a share pass it on: entered by the one, shown to the other, read back by the other. Nothing is combined.
   *
   * @throws DeviceError as {@link enter}; SHARE_SECOND when both are one
   */
  async transfer(index: number, from: string, to: string, link: AskingLink): Promise<void> {
    if (from === to) {
      throw shareTrouble('SHARE_SECOND', `${from} has ${this.#title(index)} already`, 'Name another successor');
    }
    const share = await this.#ask(index, from, this.#typedBy(from, link));
    try {
      await this.#give(index, to, share, (name, sheet) => this.#display(name, to, sheet, link));
      // SECURITY(K-331): what the successor has is what was committed to, or the transfer did not happen.
      (await this.#ask(index, to, this.#typedBy(to, link))).fill(0);
    } finally {
      share.fill(0);
    }
  }

  /**
   * A new set of the same master key, from as many shares as are needed. What was entered is zeroed, and this set with it;
   * the master key exists for the length of this call.
   *
   * @throws DeviceError SHARES_MISSING, SET_PATTERN, SET_MALFORMED
   */
  reshare(shape: SetShape): SetInHand {
    requireShape(shape);
    if (keyBytesOf(shape) !== keyBytesOf(this.known)) throw malformed('the new set is of a key of another length');
    this.#requireEnough();
    // SECURITY(K-332): the very master key, by its pattern, or no new set at all.
    const masterKey = requirePattern(firstOf(this.#entered, this.known.threshold), this.known);
    try {
      requireEachCounts(this.#entered, this.known);
      const fresh = SetInHand.#of(masterKey, shape, (purpose, length) => freshSecret(purpose, length, []));
      for (const share of this.#entered.values()) share.fill(0);
      this.#entered.clear();
      return fresh;
    } finally {
      masterKey.fill(0);
    }
  }

  /**
   * Proves that every share of the set was read back and has its part in a combination that gives the pattern.
   *
   * @throws DeviceError SHARES_MISSING, SET_PATTERN
   */
  proveWhole(): void {
    const missing = this.known.shares.filter(({ index }) => !this.#entered.has(index)).length;
    if (missing > 0) {
      const message = `The set ${shortSetId(this.known.set)} is not proven: ${String(missing)} of its shares were not read back`;
      throw shareTrouble('SHARES_MISSING', message, 'Let the custodians enter what is missing');
    }
    requireEachCounts(this.#entered, this.known);
  }

  /** Shows a worksheet to whom it is for, until they say that they have it. */
  async #display(name: ShareName, custodian: string, sheet: Buffer, link: AskingLink): Promise<void> {
    (await link.ask({ kind: 'share-show', custodian, ...this.#about(name) }, sheet)).fill(0);
  }

  #typedBy(custodian: string, link: AskingLink): Bring {
    return (name, refused) => link.ask({ kind: 'share-enter', custodian, ...this.#about(name), refused });
  }

  #about({ set, index, count }: ShareName) {
    return { set, index, of: count, form: this.#scheme.form, ...this.#length } as const;
  }

  async #give<T>(
    index: number,
    custodian: string,
    share: Uint8Array,
    deliver: (name: ShareName, sheet: Buffer) => Promise<T>,
  ): Promise<T> {
    const name = this.#name(index);
    this.#requireOneShare(custodian, index);
    const sheet = this.#scheme.write(name, custodian, share);
    try {
      const delivered = await deliver(name, sheet);
      this.#custodians.set(custodian, index);
      return delivered;
    } finally {
      sheet.fill(0);
    }
  }

  /** What a custodian brings, once it is the share asked for; the caller keeps or zeroes it. */
  async #ask(index: number, custodian: string, bring: Bring, isCopy = false): Promise<Buffer> {
    const name = this.#name(index);
    if (this.#entered.has(index) && !isCopy) {
      throw shareTrouble(
        'SHARE_ENTERED',
        `${this.#title(index)} was ${this.#seen.get(index) ?? 'entered and checked already'}`,
        'Go on with the next share',
      );
    }
    this.#requireOneShare(custodian, index);
    let refused: string | null = null;
    for (let entry = 1; entry <= MAX_ENTRIES; entry += 1) {
      let brought: Uint8Array | null = null;
      try {
        brought = await bring(name, refused);
        const share = this.#check(brought, name, custodian);
        this.#custodians.set(custodian, index);
        this.#seen.set(index, `already entered by ${custodian} at ${timeOfDay()}`);
        return share;
      } catch (error) {
        if (!(error instanceof WorksheetRefused)) throw error;
        refused = this.#withWhoEntered(error.message);
      } finally {
        brought?.fill(0);
      }
    }
    throw shareTrouble(
      'SHARE_WRONG',
      `${this.#title(index)} was entered by ${custodian} ${String(MAX_ENTRIES)} times and is wrong each time, last: ${String(refused)}`,
      'Compare what the custodian has with what is entered, and enter the share again. If what the custodian has is itself wrong, make a new set',
    );
  }

  /** A heading tells of a share that was entered before: by whom, and when. */
  #withWhoEntered(refusal: string): string {
    const [heading, index] = /^by its heading this is share ([0-9]+)/.exec(refusal) ?? [];
    const seen = this.#seen.get(Number(index));
    return heading === undefined || seen === undefined ? refusal : refusal.replace(heading, `${heading}, ${seen}`);
  }

  /**
   * Combines what was entered, checks the pattern, and encrypts the master key to a unit's import key.
   *
   * @returns base64 ciphertext
   * @throws DeviceError SHARES_MISSING, IMPORT_KEY_UNPROVEN, RSA_KEY_UNFIT, AGREEMENT_KEY_UNFIT, SET_PATTERN
   */
  wrap({ importKey, identity }: ArgsOf<typeof SHARE_OPERATIONS, 'set.wrap'>): string {
    this.#requireEnough();
    // SECURITY(K-16): main hands the key over, and could hand over its own.
    requireProvenImportKey(importKey, identity);
    const masterKey = requirePattern(firstOf(this.#entered, this.known.threshold), this.known);
    try {
      requireEachCounts(this.#entered, this.known);
      return wrapToImportKey(importKey, masterKey).toString('base64');
    } finally {
      masterKey.fill(0);
    }
  }

  #requireEnough(): void {
    const lacking = this.known.threshold - this.#entered.size;
    if (lacking > 0) {
      const missing = this.known.shares.map((share) => share.index).filter((index) => !this.#entered.has(index));
      const which = `${missing.length === 1 ? 'share' : 'shares'} ${missing.join(', ')}`;
      const need = lacking === missing.length ? '' : `, of which ${String(lacking)} more are needed`;
      const message = `The master key of set ${shortSetId(this.known.set)} cannot be combined: ${which} not entered${need}`;
      throw shareTrouble('SHARES_MISSING', message, 'Let the custodians enter what is missing');
    }
  }

  #check(typed: Uint8Array, name: ShareName, custodian: string): Buffer {
    const share = this.#scheme.read(typed, name, custodian, keyBytesOf(this.known));
    const found = this.known.shares.find(({ index, salt, commitment }) =>
      matchesCommitment({ ...name, index }, share, salt, commitment),
    );
    // SECURITY(K-17): before anything is combined.
    if (found?.index === name.index) return share;
    share.fill(0);
    const asked = `share ${String(name.index)} of set ${shortSetId(name.set)} is asked for`;
    if (found === undefined) {
      throw new WorksheetRefused(
        `everything in it is well formed, but this is not the share that was handed out: ${asked}`,
      );
    }
    const seen = this.#seen.get(found.index);
    const already = seen === undefined ? '' : `, which was ${seen}`;
    throw new WorksheetRefused(`this is share ${String(found.index)} of the same set${already}: ${asked}`);
  }

  #name(index: number): ShareName {
    if (!this.known.shares.some((share) => share.index === index)) {
      const message = `Set ${shortSetId(this.known.set)} has no share ${String(index)}`;
      throw shareTrouble('SHARE_UNKNOWN', message, `Ask for a share from 1 to ${String(this.known.shares.length)}`);
    }
    const { set, scheme, threshold, shares } = this.known;
    return { set, scheme, threshold, count: shares.length, index };
  }

  get #scheme(): SetScheme {
    return schemeOf(this.known.scheme);
  }

  /** Of another key than one of 32 bytes, for whoever draws the fields. */
  get #length(): Pick<PublicSet, 'bytes'> {
    return this.known.bytes === undefined ? {} : { bytes: this.known.bytes };
  }

  #title(index: number): string {
    return `Share ${String(index)} of set ${shortSetId(this.known.set)}`;
  }

  /** Nobody holds two different shares of a set. */
  #requireOneShare(custodian: string, index: number): void {
    // SECURITY(K-363): copies or not.
    const has = this.#custodians.get(custodian);
    if (has === undefined || has === index) return;
    const message = `${custodian} has share ${String(has)} of set ${shortSetId(this.known.set)} and may not have share ${String(index)} too`;
    throw shareTrouble('SHARE_SECOND', message, 'Give this share to another custodian');
  }
}

function requireShape({ scheme, threshold, count }: SetShape): void {
  const why = schemeOf(scheme).wrongShape(threshold, count);
  if (why !== null) throw malformed(why);
}

/** The time of day on the workstation's clock, UTC. */
function timeOfDay(): string {
  return `${new Date().toISOString().slice(11, 16)} UTC`;
}

/** The first shares by index, as many as are needed. */
function firstOf(shares: ReadonlyMap<number, Buffer>, needed: number): ReadonlyMap<number, Buffer> {
  return new Map([...shares].sort(([left], [right]) => left - right).slice(0, needed));
}

/** Every share has its part in a combination that gives the set's pattern. */
function requireEachCounts(shares: ReadonlyMap<number, Buffer>, known: PublicSet): void {
  const sorted = [...shares].sort(([left], [right]) => left - right);
  for (let begin = 0; begin < sorted.length; begin += known.threshold) {
    // The last ones go with some that had their part already.
    const from = Math.min(begin, sorted.length - known.threshold);
    requirePattern(new Map(sorted.slice(from, from + known.threshold)), known).fill(0);
  }
}

/** The master key that as many shares as are needed give, if it has the set's pattern; the caller zeroes it. */
function requirePattern(shares: ReadonlyMap<number, Buffer>, known: PublicSet): Buffer {
  const masterKey = schemeOf(known.scheme).combine([...shares.values()]);
  if (masterKey !== null && samePattern(verificationPattern(masterKey), known.pattern)) return masterKey;
  masterKey?.fill(0);
  const message = `The shares of set ${shortSetId(known.set)}, each as committed to, do not give its verification pattern`;
  throw shareTrouble('SET_PATTERN', message, 'Stop: the record of the set is wrong. Make a new set');
}

function requireProvenImportKey(
  importKey: ArgsOf<typeof SHARE_OPERATIONS, 'set.wrap'>['importKey'],
  identity: ArgsOf<typeof SHARE_OPERATIONS, 'set.wrap'>['identity'],
): void {
  const algorithm = SIGNATURE_ALGORITHMS.find((one) => one === identity.algorithm);
  const statement =
    'oaep' in importKey
      ? importKeyStatement(importKey.spki, importKey.oaep)
      : agreementKeyStatement(importKey.spki, importKey.kdf);
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
