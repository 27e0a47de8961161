/**
 * The custody ledger: it begins with the balance in the binding, which has what the plan asks for; then each object goes
 * from state to state by what two people signed who were there, in the steps that the plan has for it.
 */
import { PAYLOAD_TYPES } from '../command/dsse';
import { askedFaults } from '../custody/asked-objects';
import {
  entered,
  entryFault,
  ledgerFrom,
  objectsOf,
  whereabouts,
  type Ledger,
  type LedgerObject,
} from '../custody/ledger';
import { areBothSides } from '../custody/signers';
import type { Binding } from '../plan/binding-schema';
import type { Plan, StepOf } from '../plan/schema';
import { CustodyPayload, custodyIn, type CustodyValue } from '../transcript/custody-fact';
import type { Line, LineWith } from '../transcript/line';
import type { GoodLine } from '../transcript/read';
import type { RosterSoFar } from '../transcript/roster-so-far';
import type { Documents } from './check-opening';
import type { Findings } from './findings';
import { TRANSCRIPT } from './layout';
import type { LineCheck } from './line-check';
import type { PresentPeople } from './present-people';
import { openSealed, sameJson } from './sealed';

/** A custody step as far as the transcript has come. */
interface Progress {
  readonly step: StepOf<'custody'>;
  /** Objects that were entered. */
  readonly done: Set<string>;
  complete: boolean;
}

/** See the head of this file. */
export class CustodyCheck implements LineCheck {
  private readonly opening: LineWith<'ceremony.opened'>;
  private readonly plan: Plan;
  private readonly first: Binding;
  private readonly binding: () => Binding;
  private readonly roster: RosterSoFar;
  private readonly there: PresentPeople;
  private readonly findings: Findings;
  private readonly steps: ReadonlyMap<string, Progress>;
  /** Steps about which an exception of the kind `materials` was signed. */
  private readonly excepted = new Set<string>();
  private ledger: Ledger;

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
    this.ledger = ledgerFrom(first.custody);
    // SECURITY(K-150): of an object that stands there twice, nobody can say how it was kept.
    if (this.ledger.size < (first.custody?.objects.length ?? 0)) {
      findings.add('binding.json', null, 'its custody ledger has one object twice');
    }
    const steps = plan.steps.filter((step) => step.action === 'custody');
    this.steps = new Map(steps.map((step) => [step.id, { step, done: new Set<string>(), complete: false }]));
    for (const { object, found } of askedFaults(plan.materials, this.ledger)) {
      findings.add('binding.json', null, `the plan asks for ${object.id}, which is ${whereabouts(found)}`);
    }
  }

  /** The ledger at the line that was taken last, by the order of ids. */
  get balance(): readonly LedgerObject[] {
    return objectsOf(this.ledger);
  }

  take({ line }: GoodLine): void {
    if (line.type === 'ceremony.resumed' && line.body.session !== undefined) this.compareLedgers(line);
    if (line.type === 'exception.recorded' && line.body.kind === 'materials' && this.steps.has(line.step ?? '')) {
      this.excepted.add(line.step ?? '');
    }
    if (line.type === 'step.outcome' && line.body.act === null) {
      const progress = this.steps.get(line.step ?? '');
      if (progress !== undefined) progress.complete = true;
    }
    const value = custodyIn(line);
    if (value === 'malformed') this.wrong(line, 'tells of something in custody that cannot be read');
    else if (value !== null) this.enter(line, value);
  }

  end(): void {
    for (const [id, { step, done, complete }] of this.steps) {
      for (const object of complete ? step.objects : []) {
        if (done.has(object)) continue;
        this.findings.add(TRANSCRIPT, null, `step ${id}: nothing is on record of ${object} in custody`);
      }
    }
  }

  private compareLedgers(line: Line): void {
    if (!sameJson(this.binding().custody ?? null, this.first.custody ?? null)) {
      this.wrong(line, 'the binding of the session carries another custody ledger than the first');
    }
  }

  private enter(line: Line, value: CustodyValue): void {
    const { object, act, seal, place, record } = value;
    const progress = this.steps.get(line.step ?? '');
    const material = this.plan.materials.find(({ id }) => id === object);
    if (progress?.step.objects.includes(object) !== true || progress.step.act !== act || material === undefined) {
      this.wrong(line, 'the plan does not do that with the object in this step');
      return;
    }
    const entry = { object, kind: material.kind, act, seal, place };
    if (!this.isSigned(line, { ...entry, step: progress.step.id }, record, progress.step)) return;
    if (place !== null && place !== progress.step.place) {
      this.wrong(line, `${object} is put at another place than the plan says`);
    }
    const fault = entryFault(this.ledger, entry);
    // SECURITY(K-151): another seal than was put on takes an exception that was signed before.
    if (fault !== null && !(fault.what === 'seal' && this.excepted.has(progress.step.id))) {
      this.wrong(line, `${object} ${fault.text}`);
      return;
    }
    progress.done.add(object);
    this.ledger = entered(this.ledger, entry);
  }

  /** Whether two people signed just this, each of one side, who were there, when the record stood just there. */
  private isSigned(
    line: Line,
    said: Readonly<Record<string, string | null>>,
    record: CustodyValue['record'],
    step: StepOf<'custody'>,
  ): boolean {
    const opened = openSealed(record, PAYLOAD_TYPES.custody, CustodyPayload, this.roster.keys());
    if ('reason' in opened) {
      this.wrong(line, `custody: ${opened.reason}`);
      return false;
    }
    const { payload, signers } = opened;
    const { ceremony, mode } = this.opening.body;
    const expected = { format: 'keyrite-custody/1', mode, ceremony, ...said, head: line.prev };
    if (!sameJson(payload, expected)) {
      this.wrong(line, 'what was signed of the object is of another moment, ceremony, step or object');
      return false;
    }
    const may = signers.filter((id) => this.there.has(id) && step.by.includes(this.roster.positionOf(id) ?? ''));
    // SECURITY(K-150): who keeps an object never counts as the one who watches.
    const both = areBothSides(signers.map((id) => this.roster.rolesOf(id)));
    if (!both || may.length !== signers.length || !sameJson(line.by, signers)) {
      this.wrong(
        line,
        'not signed by one who keeps the object and by a witness or auditor, both there and named by the plan',
      );
      return false;
    }
    return true;
  }

  private wrong(line: Line, reason: string): void {
    this.findings.add(TRANSCRIPT, line.seq, reason);
  }
}
