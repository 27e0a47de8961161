/**
 * The sets of shares as a transcript changes them: from the sets in the binding on, through every set that is made, handed
 * out, passed on, replaced and destroyed. Engine, verifier, report and `keyrite inspect` use this same book.
 */
import * as v from 'valibot';
import { Id } from '../text-forms';
import type { Line, LineWith } from '../transcript/line';
import { replacedIn, shareIn } from '../transcript/share-fact';
import { KeptSet, KeptShare, MOST_HOLDERS, MOST_SETS, MOST_SHARES, type ShareHolder } from './share-sets';

/** A set of shares as the act that made it tells of it. */
export const MadeSet = v.looseObject({
  set: KeptSet.entries.set,
  scheme: KeptSet.entries.scheme,
  threshold: KeptSet.entries.threshold,
  bytes: KeptSet.entries.bytes,
  pattern: KeptSet.entries.pattern,
  shares: v.pipe(
    v.array(
      v.looseObject({
        index: KeptShare.entries.index,
        salt: KeptShare.entries.salt,
        commitment: KeptShare.entries.commitment,
      }),
    ),
    v.minLength(1),
    v.maxLength(MOST_SHARES),
  ),
});
const Made = v.object({ shareSet: MadeSet });
const Handed = v.object({
  set: KeptSet.entries.set,
  index: v.number(),
  custodian: Id,
  readBack: v.literal(true),
});
const Shown = v.omit(Handed, ['readBack']);
type Shown = v.InferOutput<typeof Shown>;
/** Most handings-out of shares that are kept in mind. */
const MOST_SHOWN = 10_000;
const Retiring = v.object({ retires: KeptSet.entries.pattern });

/** See the head of this file. */
export class ShareBook {
  private kept: readonly KeptSet[];
  private readonly id: string;
  private readonly nameOf: (person: string) => string;
  /** Shares that somebody was to see, or to enter. */
  private readonly shown = new Map<string, Shown>();
  /** More was told than is kept in mind: what the book says is not all. */
  isFull = false;
  /** Patterns of master keys that others took the place of. */
  private readonly retired = new Set<string>();
  /** Patterns of master keys that acts under way replace, by step and act. */
  private readonly retiring = new Map<string, string>();

  /**
   * @param begins the sets that the binding carries
   * @param id what sets that are made here are called: the id of the plan's master key
   * @param nameOf a person of the roster, by id
   */
  constructor(begins: readonly KeptSet[], id: string, nameOf: (person: string) => string) {
    this.kept = begins;
    this.id = id;
    this.nameOf = nameOf;
  }

  /** The sets at the line that was taken last, in the order in which they were made. */
  get sets(): readonly KeptSet[] {
    return this.kept;
  }

  /** The same, for a ceremony that comes after: sets whose master key another one took the place of are retired. */
  get balance(): readonly KeptSet[] {
    return this.kept.map((one) => (this.retired.has(one.pattern) ? { ...one, state: 'retired' } : one));
  }

  take(line: Line): void {
    switch (line.type) {
      case 'step.intent': {
        const retiring = v.safeParse(Retiring, line.body.parameters);
        const shown = v.safeParse(Shown, line.body.parameters);
        if (shown.success && this.kept.some(({ set }) => set === shown.output.set)) this.show(shown.output);
        if (retiring.success) this.retiring.set(actOf(line.step, line.body.act), retiring.output.retires);
        break;
      }
      case 'step.outcome':
        if (line.body.act !== null) this.done(line.step, line.body.act, line.body.result);
        break;
      case 'step.reconciled':
        if (line.body.verdict === 'applied') this.done(line.step, line.body.act, line.body.observed);
        break;
      case 'fact.recorded':
        this.fact(line);
        break;
      default:
        break;
    }
  }

  private done(step: string | null, act: string, result: unknown): void {
    const made = v.safeParse(Made, result);
    if (made.success) {
      const { set, scheme, threshold, bytes, pattern, shares } = made.output.shareSet;
      const length = bytes === undefined ? {} : { bytes };
      const fresh = shares.map(({ index, salt, commitment }) => ({ index, salt, commitment, holders: [] }));
      if (this.kept.length >= MOST_SETS) {
        this.isFull = true;
        return;
      }
      this.kept = [
        ...this.without(set),
        { id: this.id, set, scheme, threshold, ...length, pattern, state: 'current', shares: fresh },
      ];
    }
    const handed = v.safeParse(Handed, result);
    if (handed.success) this.give(handed.output.set, handed.output.index, handed.output.custodian);
    const retires = this.retiring.get(actOf(step, act));
    if (retires !== undefined) this.retired.add(retires);
  }

  private fact(line: LineWith<'fact.recorded'>): void {
    if (line.body.fact === 'share-set.voided') {
      const voided = v.safeParse(v.object({ set: v.string() }), line.body.value);
      if (voided.success) this.void(voided.output.set);
    }
    const replaced = replacedIn(line);
    if (replaced !== null && replaced !== 'malformed')
      this.change(replaced.set, (set) => (set.state === 'current' ? { ...set, state: 'replaced' } : set));
    const told = shareIn(line);
    if (told === null || told === 'malformed') return;
    if (told.act === 'transferred' && told.to !== null) this.give(told.set, told.index, told.to);
    if (told.act === 'destroyed') {
      this.changeHolders(told.set, told.index, (holders) =>
        holders.map((one) => (one.id === told.holder ? { ...one, returned: true } : one)),
      );
    }
  }

  /**
   * A set that was given up. Where it was made from another, what was shown of it gives a master key that is in use: whoever
   * may have copied a share has it until it is destroyed.
   */
  private void(id: string): void {
    const given = this.kept.find(({ set }) => set === id);
    const others = this.kept.filter(({ set }) => set !== id);
    const handed = [...this.shown.values()].filter(({ set }) => set === id);
    if (given === undefined || handed.length === 0 || !others.some(({ pattern }) => pattern === given.pattern)) {
      this.kept = others;
      return;
    }
    for (const { index, custodian } of handed) this.give(id, index, custodian);
    this.change(id, (set) => ({ ...set, state: 'replaced' }));
  }

  private show(shown: Shown): void {
    // So many are in no ceremony; who had a share of a set that was given up is not asked of more.
    if (this.shown.size < MOST_SHOWN) this.shown.set(`${shown.set} ${String(shown.index)} ${shown.custodian}`, shown);
  }

  /** Somebody who had a share, gave it back and gets it again has it. */
  private give(set: string, index: number, person: string): void {
    this.changeHolders(set, index, (holders) => {
      const others = holders.filter(({ id }) => id !== person);
      if (others.length < MOST_HOLDERS) return [...others, { id: person, name: this.nameOf(person), returned: false }];
      this.isFull = true;
      return others;
    });
  }

  private changeHolders(
    set: string,
    index: number,
    change: (holders: readonly ShareHolder[]) => readonly ShareHolder[],
  ): void {
    this.change(set, (one) => ({
      ...one,
      shares: one.shares.map((share) =>
        share.index === index ? { ...share, holders: [...change(share.holders)] } : share,
      ),
    }));
  }

  private change(set: string, change: (set: KeptSet) => KeptSet): void {
    this.kept = this.kept.map((one) => (one.set === set ? change(one) : one));
  }

  private without(set: string): readonly KeptSet[] {
    return this.kept.filter((one) => one.set !== set);
  }
}

function actOf(step: string | null, act: string): string {
  return `${step ?? ''} ${act}`;
}
