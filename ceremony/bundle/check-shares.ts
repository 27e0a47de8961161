/**
 * Shares of sets that earlier ceremonies left: the binding brings what the plan asks for; what becomes of each share is
 * signed by whoever has it and by who watches, of this very moment; a set is replaced only by one of the same master key
 * that was read back whole; and old shares that were not given back are counted.
 */
import * as v from 'valibot';
import { PAYLOAD_TYPES } from '../command/dsse';
import { keptFaults } from '../custody/kept-faults';
import { ShareBook } from '../custody/share-book';
import { heldShares, outstanding, setFaults, setOf, type KeptSet } from '../custody/share-sets';
import type { Binding } from '../plan/binding-schema';
import { isAboutShares } from '../plan/check-shares';
import { sharedKeyOf } from '../plan/master-key-scheme';
import type { Plan, StepOf } from '../plan/schema';
import type { Line, LineWith } from '../transcript/line';
import type { GoodLine } from '../transcript/read';
import type { RosterSoFar } from '../transcript/roster-so-far';
import {
  SIGNED_BY_HOLDER,
  SharePayload,
  replacedIn,
  shareIn,
  type ReplacedValue,
  type ShareAct,
  type ShareValue,
} from '../transcript/share-fact';
import type { Documents } from './check-opening';
import { BoundedMap } from './bounded-map';
import type { Findings } from './findings';
import { HandedOut, handedOutFaults } from './handed-out';
import { TRANSCRIPT } from './layout';
import type { LineCheck } from './line-check';
import type { PresentPeople } from './present-people';
import { openSealed, sameJson } from './sealed';

type ShareStep =
  StepOf<'shares.drill'> | StepOf<'shares.transfer'> | StepOf<'shares.reshare'> | StepOf<'shares.destroy'>;

/** What may be told of shares in a step. */
const ACTS: Readonly<Record<ShareStep['action'], readonly ShareAct[]>> = {
  'shares.drill': ['proven', 'wrong', 'missing'],
  'shares.transfer': ['transferred'],
  'shares.reshare': [],
  'shares.destroy': ['destroyed', 'unreturned'],
};

const Entered = v.object({ set: v.string(), index: v.number(), custodian: v.string(), entered: v.literal(true) });
const MadeFrom = v.object({ shareSet: v.object({ set: v.string() }), replaces: v.string() });
/** A share of a kept set that was passed on: who had it, and who has it too. */
const PassedOn = v.object({
  set: v.string(),
  index: v.number(),
  custodian: v.string(),
  holder: v.string(),
  readBack: v.literal(true),
});
const Transferred = v.object({ set: v.string(), shares: v.number() });
const Reshared = v.object({ set: v.string(), replaces: v.string(), shares: v.number(), readBack: v.number() });
const Drilled = v.object({ set: v.string(), good: v.number(), shares: v.number(), threshold: v.number() });
const Destroyed = v.object({
  set: v.string(),
  shares: v.number(),
  unreturned: v.number(),
  threshold: v.number(),
  rotate: v.boolean(),
});

/** More handings-out than any ceremony has. */
const MOST_HANDED = 10_000;

/** A step about kept shares as far as the transcript has come. */
interface Progress {
  readonly step: ShareStep;
  /** Shares of which something was told, as index and holder. */
  readonly told: Map<string, ShareAct>;
  /** Indexes of old shares that were entered. */
  readonly entered: Set<number>;
  /** Of the sets made in the step: how many old shares had been entered by then. */
  readonly made: Map<string, number>;
  /** Shares that were read back by a successor, as index, holder and successor. */
  readonly passedOn: Set<string>;
  /** The set that took the place of the old one; null before. */
  replacedBy: string | null;
}

/** See the head of this file. */
export class ShareCheck implements LineCheck {
  private readonly opening: LineWith<'ceremony.opened'>;
  private readonly plan: Plan;
  private readonly first: Binding;
  private readonly binding: () => Binding;
  private readonly roster: RosterSoFar;
  private readonly there: PresentPeople;
  private readonly findings: Findings;
  private readonly steps: ReadonlyMap<string, Progress>;
  private readonly book: ShareBook;
  /** Shares of sets made in steps about kept shares, by step and act. */
  private readonly handed: BoundedMap<HandedOut>;
  private full = false;

  /** @param binding the one in force at the line that was taken last */
  constructor(
    opening: LineWith<'ceremony.opened'>,
    { plan, binding: first }: Documents,
    binding: () => Binding,
    roster: RosterSoFar,
    there: PresentPeople,
    findings: Findings,
  ) {
    this.opening = opening;
    this.plan = plan;
    this.first = first;
    this.binding = binding;
    this.roster = roster;
    this.there = there;
    this.findings = findings;
    const sets = first.shareSets?.sets ?? [];
    this.book = new ShareBook(sets, plan.masterKey?.id ?? '', (id) => nameOf(roster, id));
    this.handed = new BoundedMap('shares of new sets', findings, MOST_HANDED);
    this.steps = new Map(
      plan.steps.filter(isAboutShares).map((step) => [
        step.id,
        {
          step,
          told: new Map(),
          entered: new Set<number>(),
          made: new Map<string, number>(),
          passedOn: new Set<string>(),
          replacedBy: null,
        },
      ]),
    );
    // SECURITY(K-335): commitments of a set that is not what the approved plan says prove nothing about its shares.
    for (const fault of setFaults(sets)) findings.add('binding.json', null, `its sets of shares: ${fault}`);
    for (const { declared } of keptFaults(plan.keptShares ?? [], sets))
      findings.add('binding.json', null, `it does not bring the shares ${declared.id} as the plan says they are`);
  }

  /** The sets at the line that was taken last, as the next ceremony takes them over, in the order in which they were made. */
  get balance(): readonly KeptSet[] {
    return this.book.balance;
  }

  take({ line }: GoodLine): void {
    if (line.type === 'ceremony.resumed' && line.body.session !== undefined) this.compareSets(line);
    const told = shareIn(line);
    if (told === 'malformed') this.wrong(line, 'tells of a share what cannot be read');
    else if (told !== null) this.tell(line, told);
    const replaced = replacedIn(line);
    if (replaced === 'malformed') this.wrong(line, 'tells of a set of shares what cannot be read');
    else if (replaced !== null) this.replace(line, replaced);
    const progress = this.steps.get(line.step ?? '');
    if (progress !== undefined && line.type === 'step.outcome' && line.body.act !== null)
      this.done(line, line.body.act, line.body.result, progress);
    if (progress !== undefined && line.type === 'step.reconciled' && line.body.verdict === 'applied')
      this.done(line, line.body.act, line.body.observed, progress);
    this.book.take(line);
    if (this.book.isFull && !this.full && this.steps.size > 0) {
      this.full = true;
      this.wrong(line, 'more is told of shares than a record may hold');
    }
    if (progress !== undefined && line.type === 'step.outcome' && line.body.act === null)
      this.complete(line, line.body.result, progress);
  }

  end(): void {
    // What is missing was found when its step was complete.
  }

  private compareSets(line: Line): void {
    if (!sameJson(this.binding().shareSets ?? null, this.first.shareSets ?? null)) {
      this.wrong(line, 'the binding of the session carries other sets of shares than the first');
    }
  }

  private done(line: Line, act: string, result: unknown, progress: Progress): void {
    const old = this.kept(progress.step);
    const entered = v.safeParse(Entered, result);
    if (entered.success && entered.output.set === old?.set && this.holds(old, entered.output))
      progress.entered.add(entered.output.index);
    const made = v.safeParse(MadeFrom, result);
    if (made.success && made.output.replaces === old?.set)
      progress.made.set(made.output.shareSet.set, progress.entered.size);
    const passed = v.safeParse(PassedOn, result);
    if (passed.success && passed.output.set === old?.set && this.mayPass(old, passed.output))
      progress.passedOn.add(passingOf(passed.output));
    const handed = v.safeParse(HandedOut, result);
    if (handed.success) this.handed.set(`${line.step ?? ''} ${act}`, handed.output, line.seq);
  }

  /** Whether a passing-on is of people of the record: anything else is not kept in mind. */
  private mayPass(old: KeptSet, { index, holder, custodian }: v.InferOutput<typeof PassedOn>): boolean {
    return this.holds(old, { index, custodian: holder }) && this.roster.keyOf(custodian) !== null;
  }

  private holds(set: KeptSet, { index, custodian }: { readonly index: number; readonly custodian: string }): boolean {
    return heldShares(set).some(({ share, holder }) => share.index === index && holder.id === custodian);
  }

  private tell(line: Line, value: ShareValue): void {
    const progress = this.steps.get(line.step ?? '');
    const set = progress === undefined ? null : this.kept(progress.step);
    if (progress === undefined || set?.set !== value.set || !ACTS[progress.step.action].includes(value.act)) {
      this.wrong(line, 'the plan does not do that with the share in this step');
      return;
    }
    const held = heldShares(set).find(({ share, holder }) => share.index === value.index && holder.id === value.holder);
    if (held === undefined) {
      this.wrong(line, `${value.holder} does not have share ${String(value.index)} of the set by the record`);
      return;
    }
    const key = `${String(value.index)} ${value.holder}`;
    if (progress.told.has(key)) {
      this.wrong(line, `share ${key} was told of before in this step`);
      return;
    }
    const isOwn = SIGNED_BY_HOLDER.includes(value.act);
    if ((value.why === null) !== isOwn || (value.to !== null) !== (value.act === 'transferred')) {
      this.wrong(line, 'tells of a reason or a successor where there is none, or of none where there is one');
      return;
    }
    if (value.act === 'transferred' && !this.mayGet(value, set, progress.step)) {
      this.wrong(line, 'passes a share on to somebody who has another one, or whom the plan does not name');
      return;
    }
    // SECURITY(K-331): a share is with a successor who read it back, and with nobody who only says so.
    if (value.act === 'transferred' && !progress.passedOn.has(passingOf({ ...value, custodian: value.to ?? '' }))) {
      this.wrong(line, 'passes a share on that the successor did not read back');
      return;
    }
    if (value.act === 'destroyed' && set.state === 'current') {
      this.wrong(line, 'destroys a share that nothing has taken the place of');
      return;
    }
    if (this.isSigned(line, value, held.share.commitment, progress.step)) progress.told.set(key, value.act);
  }

  private mayGet({ to, index }: ShareValue, set: KeptSet, step: ShareStep): boolean {
    const other = heldShares(set).some(({ share, holder }) => holder.id === to && share.index !== index);
    const named = step.action === 'shares.transfer' && this.roster.positionOf(to ?? '') === step.to;
    return named && !other;
  }

  /** Whether those signed just this who may, when the record stood just there. */
  private isSigned(line: Line, value: ShareValue, commitment: string, step: ShareStep): boolean {
    const { record, ...said } = value;
    const opened = openSealed(record, PAYLOAD_TYPES.share, SharePayload, this.roster.keys());
    if ('reason' in opened) {
      this.wrong(line, `share: ${opened.reason}`);
      return false;
    }
    const { payload, signers } = opened;
    const { ceremony, mode } = this.opening.body;
    const expected = { format: 'keyrite-share/1', mode, ceremony, step: step.id, ...said, commitment, head: line.prev };
    if (!sameJson(payload, expected)) {
      this.wrong(line, 'what was signed of the share is of another moment, ceremony, step or share');
      return false;
    }
    // SECURITY(K-333): nobody vouches alone for a share, and who has it never counts as the one who watches.
    const own = SIGNED_BY_HOLDER.includes(value.act)
      ? [value.holder, ...(value.to === null ? [] : [value.to])]
      : signers.filter((id) => this.roster.rolesOf(id).includes('crypto-administrator')).slice(0, 1);
    const watchers = signers.filter((id) => !own.includes(id));
    const holds =
      sameJson(line.by, signers) &&
      own.length > 0 &&
      own.every((id) => signers.includes(id)) &&
      signers.every((id) => this.there.has(id)) &&
      watchers.length === 1 &&
      watchers.every((id) => this.mayWatch(id, step));
    if (!holds)
      this.wrong(line, 'not signed by who has the share, or an administrator, and one who watches, all there');
    return holds;
  }

  private mayWatch(id: string, step: ShareStep): boolean {
    const roles = this.roster.rolesOf(id);
    const by = step.action === 'shares.reshare' ? [] : step.by;
    return by.includes(this.roster.positionOf(id) ?? '') && (roles.includes('witness') || roles.includes('auditor'));
  }

  /** A set takes another's place: of the same master key, made from enough old shares, and read back whole. */
  private replace(line: Line, { set, by, pattern }: ReplacedValue): void {
    const progress = this.steps.get(line.step ?? '');
    const old = progress === undefined ? null : this.kept(progress.step);
    if (progress?.step.action !== 'shares.reshare' || old?.set !== set || old.state !== 'current') {
      this.wrong(line, 'the plan does not replace that set of shares in this step');
      return;
    }
    const fresh = this.book.sets.find((one) => one.set === by);
    const wanted = sharedKeyOf(this.plan);
    const from = progress.made.get(by);
    // SECURITY(K-332): the same master key, from a quorum, in the hands of those whom the plan names.
    const faults = [
      ...(fresh?.state === 'current' && fresh.pattern === old.pattern && pattern === old.pattern
        ? []
        : ['is not of the same master key']),
      ...(from !== undefined && from >= old.threshold ? [] : ['was not made from as many old shares as are needed']),
      ...(fresh?.scheme === wanted?.scheme &&
      fresh?.threshold === wanted?.needed &&
      fresh?.shares.length === wanted?.shares
        ? []
        : ['is not the one that the plan asks for']),
      ...(lengthOf(fresh) === lengthOf(old) && lengthOf(fresh) === wanted?.bytes
        ? []
        : ['is of a key of another length']),
      ...(fresh === undefined ? [] : handedOutFaults(fresh, this.handedIn(line.step), this.plan, this.roster)).map(
        (fault) => `was not read back whole, each share by another: ${fault}`,
      ),
    ];
    for (const fault of faults) this.wrong(line, `the new set of shares ${fault}`);
    progress.replacedBy = by;
  }

  /** What was handed out in a step, whatever it is of. */
  private handedIn(step: string | null): readonly HandedOut[] {
    return [...this.handed].flatMap(([key, one]) => (key.startsWith(`${step ?? ''} `) ? [one] : []));
  }

  private complete(line: Line, result: unknown, { step, told, replacedBy }: Progress): void {
    const set = this.kept(step);
    if (set === null) return;
    const isTold = (index: number, holder: string): boolean => told.has(`${String(index)} ${holder}`);
    const untold = heldShares(set).filter(({ share, holder }) => !isTold(share.index, holder.id));
    switch (step.action) {
      case 'shares.drill': {
        for (const { share, holder } of untold)
          this.wrong(line, `nothing is on record of share ${String(share.index)} that ${holder.id} has`);
        const good = new Set([...told].flatMap(([key, act]) => (act === 'proven' ? [key.split(' ')[0]] : []))).size;
        const expected = { set: set.set, good, shares: set.shares.length, threshold: set.threshold };
        if (!v.is(Drilled, result) || !sameJson(v.parse(Drilled, result), expected))
          this.wrong(line, 'the outcome of the drill is not what its lines say');
        break;
      }
      case 'shares.transfer': {
        const moved = [...told.values()].length;
        const needed = this.plan.positions.find(({ id }) => id === step.from)?.count ?? 0;
        if (moved < needed) this.wrong(line, `${String(needed)} shares were to be passed on, ${String(moved)} were`);
        if (!v.is(Transferred, result) || !sameJson(v.parse(Transferred, result), { set: set.set, shares: moved }))
          this.wrong(line, 'the outcome does not count the shares that were passed on as its lines do');
        break;
      }
      case 'shares.reshare': {
        const fresh = this.book.sets.find((one) => one.set === replacedBy);
        if (fresh === undefined) {
          this.wrong(line, 'nothing tells that the set was replaced');
          break;
        }
        const shares = fresh.shares.length;
        const expected = { set: fresh.set, replaces: set.set, shares, readBack: shares };
        if (!v.is(Reshared, result) || !sameJson(v.parse(Reshared, result), expected))
          this.wrong(line, 'the outcome does not tell of the new set as its lines do');
        break;
      }
      case 'shares.destroy': {
        for (const { share, holder } of untold)
          this.wrong(line, `nothing is on record of share ${String(share.index)} that ${holder.id} has`);
        // SECURITY(K-334): the count is the record's, not the workstation's word.
        const unreturned = outstanding(set);
        const { threshold } = set;
        const expected = {
          set: set.set,
          shares: set.shares.length,
          unreturned,
          threshold,
          rotate: unreturned >= threshold,
        };
        if (!v.is(Destroyed, result) || !sameJson(v.parse(Destroyed, result), expected))
          this.wrong(line, 'the outcome does not count the shares that were not given back as its lines do');
        break;
      }
    }
  }

  private kept({ set }: ShareStep): KeptSet | null {
    return setOf(this.book.sets, set);
  }

  private wrong(line: Line, reason: string): void {
    this.findings.add(TRANSCRIPT, line.seq, reason);
  }
}

/** Length in bytes of a set's master key: 32 where the set does not tell another. */
function lengthOf(set: KeptSet | undefined): number {
  return set?.bytes ?? 32;
}

/** A passing-on as a text: index, who had the share, and who has it too. */
function passingOf(one: { readonly index: number; readonly holder: string; readonly custodian: string }): string {
  return `${String(one.index)} ${one.holder} ${one.custodian}`;
}

function nameOf(roster: RosterSoFar, id: string): string {
  return roster.entries().find((one) => one.id === id)?.name ?? id;
}
