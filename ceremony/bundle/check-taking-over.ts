/** Steps that take over what others made, or in which a vendor's tool did something: each watched by the rule of its action. */
import type { Binding } from '../plan/binding-schema';
import type { Plan, Step } from '../plan/schema';
import type { GoodLine } from '../transcript/read';
import type { RosterSoFar } from '../transcript/roster-so-far';
import { KeyAdoptionWatch, MasterKeyAdoptionWatch, UnitAdoptionWatch } from './check-adoption';
import { ProcedureWatch } from './check-procedure';
import type { Findings } from './findings';
import { TRANSCRIPT } from './layout';
import type { LineCheck } from './line-check';
import type { StepWatch } from './step-watch';

interface Watched {
  readonly watch: StepWatch;
  complete: boolean;
  deviated: boolean;
}

/** See the head of this file. */
export class TakingOverCheck implements LineCheck {
  private readonly findings: Findings;
  private readonly steps: ReadonlyMap<string, Watched>;

  /** @param binding the one in force at the line that was taken last */
  constructor(plan: Plan, binding: () => Binding, roster: RosterSoFar, findings: Findings) {
    this.findings = findings;
    this.steps = new Map(
      plan.steps.flatMap((step): (readonly [string, Watched])[] => {
        const watch = watchOf(step, plan, binding, roster);
        return watch === null ? [] : [[step.id, { watch, complete: false, deviated: false }]];
      }),
    );
  }

  take({ line }: GoodLine): void {
    const watched = this.steps.get(line.step ?? '');
    if (watched === undefined) return;
    if (line.type === 'step.started') watched.watch.begin();
    else if (line.type === 'exception.recorded') watched.deviated ||= line.body.kind === 'step-deviated';
    else if (line.type === 'step.outcome' && line.body.act === null) watched.complete = true;
    // What comes later is a finding of the steps' own rules.
    else if (!watched.complete) watched.watch.take(line);
  }

  end(): void {
    for (const [id, { watch, complete, deviated }] of this.steps) {
      if (!complete) continue;
      // SECURITY(K-210): what the workstation did not see is told by two people, and held against what the devices show.
      for (const fault of watch.faults(deviated)) this.findings.add(TRANSCRIPT, null, `step ${id}: ${fault}`);
    }
  }
}

function watchOf(step: Step, plan: Plan, binding: () => Binding, roster: RosterSoFar): StepWatch | null {
  switch (step.action) {
    case 'vendor.procedure':
      return new ProcedureWatch(step, plan, binding, roster);
    case 'unit.adopt':
      return new UnitAdoptionWatch(step);
    case 'master-key.adopt':
      return new MasterKeyAdoptionWatch(step);
    case 'key.adopt':
      return new KeyAdoptionWatch(step);
    default:
      return null;
  }
}
