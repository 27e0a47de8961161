/**
 * One set of shares in the share process. What was generated and what custodians entered are kept apart: units load only
 * what was read back. Secrets stay in buffers that are zeroed as soon as they are not needed; the end of the process
 * clears what JavaScript copied besides.
 */
import { randomBytes } from 'node:crypto';
import type { ArgsOf, AskingLink, SHARE_OPERATIONS } from '../contract';
import { keepFromSwap } from '../native/keep-from-swap';
import { commitToShare, SALT_BYTES, SET_ID_BYTES } from './commitment';
import { CustodianDesk, type Bring, type Deliver, type SeenShare } from './custodian-desk';
import { freshSecret, type DrawSecret, type EntropySource } from './entropy';
import { keyBytesOf } from './key-bytes';
import { verificationPattern } from './key-check';
import {
  firstOf,
  malformed,
  requireEachCounts,
  requirePattern,
  requireProvenImportKey,
  requireShape,
} from './set-checks';
import { schemeOf } from './set-scheme';
import type { PublicSet, SetShape } from './set-shape';
import { shareTrouble, withWhatChanged } from './share-trouble';
import { shortSetId } from './sheet-headings';
import { wrapToImportKey } from './wrap-to-import-key';

/** What is entered: a copy of a share that was read back already; one of which a copy is yet to be shown. */
export type HowEntered = Pick<ArgsOf<typeof SHARE_OPERATIONS, 'share.enter'>, 'copy' | 'more'>;

/** The shares of one set, between generation or first entry and the last load. */
export class SetInHand {
  readonly known: PublicSet;
  /** What is yet to be handed over: made here, or brought by who passes it on. */
  readonly #toHandOver: Map<number, Buffer>;
  readonly #entered = new Map<number, Buffer>();
  readonly #desk: CustodianDesk;

  private constructor(known: PublicSet, generated: Map<number, Buffer>) {
    this.known = known;
    this.#toHandOver = generated;
    this.#desk = new CustodianDesk(known);
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
    try {
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
    } catch (error) {
      for (const share of made) share.fill(0);
      throw error;
    }
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

  /** What people are called by their ids, wherever somebody reads of them. */
  call(names: ReadonlyMap<string, string>): void {
    this.#desk.names = names;
  }

  /**
   * Shows a share that is to be handed over to its custodian, until they say that they have it.
   *
   * @throws DeviceError as {@link handOver}; what the person link throws
   */
  async show(index: number, custodian: string, link: AskingLink): Promise<void> {
    await this.handOver(index, custodian, this.#desk.shownBy(custodian, link));
  }

  /**
   * Lets a custodian type a share, up to five times, until it is the one committed to.
   *
   * @throws DeviceError as {@link takeBack}; what the person link throws
   */
  async enter(index: number, custodian: string, link: AskingLink, how: HowEntered = {}): Promise<void> {
    await this.takeBack(index, custodian, this.#desk.typedBy(custodian, link), how);
  }

  /**
   * Gives a share out of hand, in whatever form.
   *
   * @param deliver is given the worksheet (UTF-8), which is zeroed when it returns
   * @returns what `deliver` returns
   * @throws DeviceError SHARE_NOT_HERE when only its commitment is known or it was read back already; SHARE_SECOND when
   *   the custodian has another share of the set; what `deliver` throws
   */
  async handOver<T>(index: number, custodian: string, deliver: Deliver<T>): Promise<T> {
    this.#desk.name(index);
    const share = this.#toHandOver.get(index);
    if (share === undefined) {
      const why = this.#entered.has(index) ? 'was read back already' : 'was not made by this process';
      const next = 'Go on with what the custodian has, or make a new set';
      throw shareTrouble('SHARE_NOT_HERE', `${this.#desk.title(index)} cannot be handed over: it ${why}`, next);
    }
    return this.#desk.give(index, custodian, share, deliver);
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
    this.#desk.name(index);
    if (this.#entered.has(index) && how.copy !== true) throw this.#desk.alreadyEntered(index);
    const share = await this.#desk.ask(index, custodian, bring);
    // SECURITY(K-364): kept until the load, and nowhere else; a copy that was right is not kept at all.
    keepFromSwap(share);
    if (this.#entered.has(index)) share.fill(0);
    else this.#entered.set(index, share);
    if (how.more !== true) this.#forget(index);
  }

  /**
   * Lets a custodian prove a share without keeping it: compared with its commitment, it is zeroed.
   *
   * @param seen shares of the set that were proven before, by whom and when
   * @throws DeviceError as {@link enter}
   */
  async prove(index: number, custodian: string, seen: readonly SeenShare[], link: AskingLink): Promise<void> {
    this.#desk.recall(seen);
    // SECURITY(K-330): what a drill is given is never combined, nor there when the next custodian comes.
    (await this.#desk.ask(index, custodian, this.#desk.typedBy(custodian, link))).fill(0);
  }

  /**
   * Takes a share from who passes it on, for a successor: until {@link passOn} it is here, and is not combined.
   *
   * @throws DeviceError as {@link enter}
   */
  async takeOver(index: number, from: string, link: AskingLink): Promise<void> {
    const share = await this.#desk.ask(index, from, this.#desk.typedBy(from, link));
    keepFromSwap(share);
    this.#forget(index);
    this.#toHandOver.set(index, share);
  }

  /**
   * Shows a share that was taken over to the successor, and lets them read it back; afterwards it is not here any more.
   *
   * @throws DeviceError SHARE_NOT_HERE when it was not taken over; SHARE_SECOND when the successor is who passes it on, or
   *   has another share; otherwise as {@link enter}, saying that the successor knows the share
   */
  async passOn(index: number, to: string, link: AskingLink): Promise<void> {
    const [seen, name] = [this.#desk.whoKnows(to, index, 'has seen'), this.#desk.nameOf(to)];
    try {
      if (this.#desk.has(to, index)) {
        const message = `${name} has ${this.#desk.title(index)} already`;
        throw shareTrouble('SHARE_SECOND', message, 'Name another successor');
      }
      await this.show(index, to, link);
      // SECURITY(K-331): what the successor has is what was committed to, or the transfer did not happen.
      (await this.#desk.ask(index, to, this.#desk.typedBy(to, link)).catch(notPassedOn)).fill(0);
    } finally {
      this.#forget(index);
    }

    function notPassedOn(error: unknown): never {
      const changed = `${seen}. It was not passed on, and no unit was touched`;
      throw withWhatChanged(
        error,
        changed,
        `Let ${name} destroy what they copied, and begin again with who passes it on`,
      );
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

  /** Zeroes a share that needs not be handed over any more. */
  #forget(index: number): void {
    this.#toHandOver.get(index)?.fill(0);
    this.#toHandOver.delete(index);
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
}
