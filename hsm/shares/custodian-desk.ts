/**
 * Where custodians get shares of one set and bring them back, one custodian at a time: who has which share, which were seen
 * before, and whether what is brought is the share that was committed to. Keeps no share.
 */
import type { ArgsOf, AskingLink, SHARE_OPERATIONS } from '../contract';
import { matchesCommitment, type ShareName } from './commitment';
import { keyBytesOf } from './key-bytes';
import { schemeOf, type SetScheme } from './set-scheme';
import type { PublicSet } from './set-shape';
import { NOT_TAKEN, shareTrouble, withWhatChanged } from './share-trouble';
import { shortSetId } from './sheet-headings';
import { WorksheetRefused } from './sheet-refused';

/** Brings what a custodian has, as a worksheet (UTF-8), which is zeroed afterwards; told why the one before was refused. */
export type Bring = (name: ShareName, refused: string | null) => Promise<Uint8Array>;

/** Takes the worksheet of a share (UTF-8) to its custodian; it is zeroed when this returns. */
export type Deliver<T> = (name: ShareName, sheet: Buffer) => Promise<T>;

/** A share that was proven before: by whom (a name), and when (a time of day). */
export type SeenShare = ArgsOf<typeof SHARE_OPERATIONS, 'share.prove'>['seen'][number];

/** How often a custodian may type a share in one go. */
const MAX_ENTRIES = 5;

/** See the head of this file. */
export class CustodianDesk {
  readonly #known: PublicSet;
  /** Who has seen which share, or was to. */
  readonly #custodians = new Map<string, number>();
  /** Those of them who brought it. */
  readonly #brought = new Set<string>();
  /** By whom and when each share was entered or proven, in words. */
  readonly #seen = new Map<number, string>();

  /** Names of people by their ids. */
  names: ReadonlyMap<string, string> = new Map();

  constructor(known: PublicSet) {
    this.#known = known;
  }

  /** Takes note of shares that were proven before, by whom and when. */
  recall(seen: readonly SeenShare[]): void {
    for (const one of seen) this.#seen.set(one.index, `already entered by ${one.by} at ${one.at}`);
  }

  /** Whether a custodian brought this very share. */
  has(custodian: string, index: number): boolean {
    return this.#brought.has(custodian) && this.#custodians.get(custodian) === index;
  }

  /**
   * Gives a share to its custodian.
   *
   * @param share it stays the caller's
   * @returns what `deliver` returns
   * @throws DeviceError SHARE_UNKNOWN; SHARE_SECOND when the custodian has another share of the set; what `deliver` throws
   */
  async give<T>(index: number, custodian: string, share: Uint8Array, deliver: Deliver<T>): Promise<T> {
    const name = this.name(index);
    this.#requireOneShare(custodian, index);
    const sheet = this.#scheme.write(name, custodian, share);
    // SECURITY(K-363): before it is shown; whoever declines afterwards has seen it all the same.
    this.#custodians.set(custodian, index);
    try {
      return await deliver(name, sheet);
    } finally {
      sheet.fill(0);
    }
  }

  /**
   * What a custodian brings, up to five times, until it is the share asked for; the caller keeps or zeroes it.
   *
   * @throws DeviceError SHARE_UNKNOWN; SHARE_SECOND; SHARE_WRONG naming the row or what share it is instead; what `bring`
   *   throws, but for a WorksheetRefused, which counts as one that was
   */
  async ask(index: number, custodian: string, bring: Bring): Promise<Buffer> {
    const name = this.name(index);
    this.#requireOneShare(custodian, index);
    let refused: string | null = null;
    for (let entry = 1; entry <= MAX_ENTRIES; entry += 1) {
      let brought: Uint8Array | null = null;
      try {
        brought = await bring(name, refused);
        const share = this.#check(brought, name, custodian);
        this.#custodians.set(custodian, index);
        this.#brought.add(custodian);
        this.#seen.set(index, `already entered by ${this.nameOf(custodian)} at ${timeOfDay()}`);
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
      `${this.title(index)} was entered by ${this.nameOf(custodian)} ${String(MAX_ENTRIES)} times and is wrong each time, last: ${String(refused)}`,
      'Compare what the custodian has with what is entered, and enter the share again. If what the custodian has is itself wrong, make a new set',
    );
  }

  /** Shows a worksheet to whom it is for, until they say that they have it. Who does not say so may have seen it. */
  shownBy(custodian: string, link: AskingLink): Deliver<void> {
    return async (name, sheet) => {
      try {
        (await link.ask({ kind: 'share-show', custodian, ...this.#about(name) }, sheet)).fill(0);
      } catch (error) {
        throw withWhatChanged(error, `${this.whoKnows(custodian, name.index, 'may have seen')}. ${NOT_TAKEN}`);
      }
    };
  }

  /** That somebody knows a share, as a clause: what they were shown cannot be taken back from them. */
  whoKnows(custodian: string, index: number, saw: 'has seen' | 'may have seen'): string {
    const share = `share ${String(index)} of set ${shortSetId(this.#known.set)}`;
    return `${this.nameOf(custodian)} ${saw} ${share}, and is to be counted as knowing it`;
  }

  /** Lets a custodian type what they have. */
  typedBy(custodian: string, link: AskingLink): Bring {
    return (name, refused) => link.ask({ kind: 'share-enter', custodian, ...this.#about(name), refused });
  }

  /** What somebody is called; their id where nobody said it. */
  nameOf(custodian: string): string {
    return this.names.get(custodian) ?? custodian;
  }

  /** Of a share that is entered once more. */
  alreadyEntered(index: number): Error {
    return shareTrouble(
      'SHARE_ENTERED',
      `${this.title(index)} was ${this.#seen.get(index) ?? 'entered and checked already'}`,
      'Go on with the next share',
    );
  }

  /** Throws DeviceError `SHARE_UNKNOWN` where the set has no such share. */
  name(index: number): ShareName {
    if (!this.#known.shares.some((share) => share.index === index)) {
      const message = `Set ${shortSetId(this.#known.set)} has no share ${String(index)}`;
      throw shareTrouble('SHARE_UNKNOWN', message, `Ask for a share from 1 to ${String(this.#known.shares.length)}`);
    }
    const { set, scheme, threshold, shares } = this.#known;
    return { set, scheme, threshold, count: shares.length, index };
  }

  title(index: number): string {
    return `Share ${String(index)} of set ${shortSetId(this.#known.set)}`;
  }

  /** A heading tells of a share that was entered before: by whom, and when. */
  #withWhoEntered(refusal: string): string {
    const [heading, index] = /^by its heading this is share ([0-9]+)/.exec(refusal) ?? [];
    const seen = this.#seen.get(Number(index));
    return heading === undefined || seen === undefined ? refusal : refusal.replace(heading, `${heading}, ${seen}`);
  }

  #check(typed: Uint8Array, name: ShareName, custodian: string): Buffer {
    const share = this.#scheme.read(typed, name, custodian, keyBytesOf(this.#known));
    const found = this.#known.shares.find(({ index, salt, commitment }) =>
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

  #about({ set, index, count }: ShareName) {
    // Of another key than one of 32 bytes, for whoever draws the fields.
    const length = this.#known.bytes === undefined ? {} : { bytes: this.#known.bytes };
    return { set, index, of: count, form: this.#scheme.form, ...length } as const;
  }

  get #scheme(): SetScheme {
    return schemeOf(this.#known.scheme);
  }

  /** Nobody holds two different shares of a set. */
  #requireOneShare(custodian: string, index: number): void {
    // SECURITY(K-363): copies or not.
    const has = this.#custodians.get(custodian);
    if (has === undefined || has === index) return;
    const message = `${this.nameOf(custodian)} has share ${String(has)} of set ${shortSetId(this.#known.set)} and may not have share ${String(index)} too`;
    throw shareTrouble('SHARE_SECOND', message, 'Give this share to another custodian');
  }
}

/** The time of day on the workstation's clock, UTC. */
function timeOfDay(): string {
  return `${new Date().toISOString().slice(11, 16)} UTC`;
}
