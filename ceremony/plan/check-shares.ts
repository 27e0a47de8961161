/**
 * Sets of shares that earlier ceremonies left: proven, passed on, replaced by a new set, destroyed. A plan says what it
 * expects of them; the binding brings the commitments.
 */
import type { StepRules } from './check-administrators';
import { repeated, type Findings } from './finding';
import type { CeremonyModel } from './model';
import type { KeptShares, Plan, StepOf } from './schema';

/** What the rules of a step about kept shares need beside those of every step. */
export interface ShareRules extends StepRules {
  /** The regime lets people type shares here; says so where it does not. */
  operators(duty: string): void;
}

type ShareStep =
  StepOf<'shares.drill'> | StepOf<'shares.transfer'> | StepOf<'shares.reshare'> | StepOf<'shares.destroy'>;

/** Adds a finding for what is wrong with the sets that a plan declares, whatever its steps do. */
export function checkKeptShares(plan: Plan, findings: Findings): void {
  const kept = plan.keptShares ?? [];
  const ids = [...kept.map(({ id }) => id), ...(plan.masterKey === undefined ? [] : [plan.masterKey.id])];
  for (const id of repeated(ids)) {
    findings.error(
      null,
      'id-twice',
      `The id ${id} is that of two sets of shares.`,
      'Give the new master key an id of its own: the shares of each set are known by it for years.',
    );
  }
  for (const { id, scheme, shares, threshold } of kept) {
    if (threshold <= shares && (scheme === 'threshold' || threshold === shares)) continue;
    findings.error(
      null,
      'share-threshold',
      `Of the kept set ${id} ${String(threshold)} of ${String(shares)} shares are needed, which no set of the scheme ${scheme} has.`,
      scheme === 'components'
        ? `Set \`threshold\` of ${id} to ${String(shares)}: all components are needed.`
        : `Set \`threshold\` of ${id} to ${String(shares)} at most.`,
    );
  }
  const used = new Set(plan.steps.flatMap((step) => (isAboutShares(step) ? [step.set] : [])));
  for (const { id } of kept.filter((one) => !used.has(one.id))) {
    findings.warn(null, 'kept-shares-unused', `The kept set ${id} has no step.`, 'Take it out of `keptShares`.');
  }
}

/** What is so of each kept set when the plan begins. */
export function sharesBeginning(plan: Plan): ReadonlyMap<string, KeptShares['is']> {
  return new Map((plan.keptShares ?? []).map(({ id, is }) => [id, is]));
}

/** The model after people proved their shares. */
export function sharesDrilled(
  plan: Plan,
  model: CeremonyModel,
  step: StepOf<'shares.drill'>,
  rules: ShareRules,
): CeremonyModel {
  const kept = begin(plan, step, step.by, rules);
  rules.present(kept?.custodians ?? [], 'prove their shares');
  return model;
}

/** The model after a share was passed on. */
export function shareTransferred(
  plan: Plan,
  model: CeremonyModel,
  step: StepOf<'shares.transfer'>,
  rules: ShareRules,
): CeremonyModel {
  const kept = begin(plan, step, step.by, rules);
  rules.present([step.from, step.to], 'pass a share on');
  if (kept !== undefined && !kept.custodians.includes(step.from)) {
    rules.error(
      'share-not-held',
      `The people of ${step.from} have no share of ${step.set} by the plan.`,
      `Add ${step.from} to \`custodians\` of ${step.set}, or name in \`from\` who has one.`,
    );
  }
  const [from, to] = [step.from, step.to].map((id) => plan.positions.find((one) => one.id === id));
  if (to !== undefined && to.role !== 'custodian') {
    rules.error(
      'wrong-role',
      `Position ${to.id} gets a share, and its role is ${to.role}.`,
      'Name a position whose role is custodian.',
    );
  }
  if (from !== undefined && to !== undefined && (from.id === to.id || from.count !== to.count)) {
    rules.error(
      'too-few-people',
      `Each of the ${String(from.count)} people of ${from.id} passes a share on to somebody else, and ${to.id} has ${from.id === to.id ? 'the same people' : String(to.count)}.`,
      'Name in `to` another position, with as many people.',
    );
  }
  return model;
}

/** The model after a set was replaced by a new one of the same master key. */
export function sharesReshared(
  plan: Plan,
  model: CeremonyModel,
  step: StepOf<'shares.reshare'>,
  rules: ShareRules,
): CeremonyModel {
  rules.operators('have a new set made');
  const kept = begin(plan, step, null, rules);
  const { masterKey } = plan;
  if (masterKey === undefined || masterKey.scheme === 'in-unit') {
    rules.error(
      'no-master-key',
      'The plan does not declare the new set: how many shares there are, and whose.',
      'Declare `masterKey` with the scheme, the number of shares and the custodians of the new set.',
    );
  }
  rules.present(kept?.custodians ?? [], 'enter their shares');
  if (masterKey !== undefined && masterKey.scheme !== 'in-unit') {
    rules.present([masterKey.custodians], 'receive and read back their shares');
  }
  if (model.shares.get(step.set) === 'replaced') {
    rules.error(
      'shares-replaced',
      `The set ${step.set} was replaced by then: its shares are for nothing but being destroyed.`,
      'Name the set that has its place.',
    );
  }
  if (model.set !== 'none') {
    rules.error(
      'set-generated-twice',
      'A set of shares was made before; custodians would hold shares of two.',
      'Make one set in a plan, and a second plan for a second set.',
    );
  }
  return { ...model, set: 'distributed', shares: new Map([...model.shares, [step.set, 'replaced']]) };
}

/** The model after old shares were destroyed. */
export function sharesDestroyed(
  plan: Plan,
  model: CeremonyModel,
  step: StepOf<'shares.destroy'>,
  rules: ShareRules,
): CeremonyModel {
  const kept = begin(plan, step, step.by, rules);
  rules.present(kept?.custodians ?? [], 'give their shares back');
  if (model.shares.get(step.set) === 'current') {
    rules.error(
      'shares-still-needed',
      `The shares of ${step.set} are the only ones of their master key by then: destroyed, nothing would bring it back.`,
      `Put a \`shares.reshare\` of ${step.set} before this step; or say \`is: replaced\`, if another set or another master key has its place already.`,
    );
  }
  return model;
}

/** Adds a warning for every set that is replaced here and whose shares stay where they are. */
export function checkOldShares(plan: Plan, findings: Findings): void {
  const destroyed = new Set(plan.steps.flatMap((step) => (step.action === 'shares.destroy' ? [step.set] : [])));
  for (const step of plan.steps) {
    if (step.action !== 'shares.reshare' || destroyed.has(step.set)) continue;
    const threshold = plan.keptShares?.find(({ id }) => id === step.set)?.threshold ?? 0;
    // SECURITY(K-334): a new set takes no access away.
    findings.warn(
      step.id,
      'old-shares-left',
      `The old shares of ${step.set} stay with those who have them, and any ${String(threshold)} of them bring back the master key as before: only a rotation of the master key would change that.`,
      `Add a \`shares.destroy\` of ${step.set} after this step.`,
    );
  }
}

/** Whether a step is about a kept set. */
export function isAboutShares(step: Plan['steps'][number]): step is ShareStep {
  return (
    step.action === 'shares.drill' ||
    step.action === 'shares.transfer' ||
    step.action === 'shares.reshare' ||
    step.action === 'shares.destroy'
  );
}

/** Rules of every step about a kept set; `by`: who watches it. */
function begin(plan: Plan, step: ShareStep, by: readonly string[] | null, rules: ShareRules): KeptShares | undefined {
  const kept = plan.keptShares?.find(({ id }) => id === step.set);
  if (kept === undefined) {
    rules.error(
      'unknown-shares',
      `\`set\` names the shares ${step.set}, which the plan does not declare.`,
      'Declare them in `keptShares`: their scheme, how many there are and are needed, and who has them.',
    );
  }
  if (by === null) return kept;
  rules.operators('tell of shares that nobody shows');
  rules.present(by, 'watch and sign');
  const watches = plan.positions.some(({ id, role }) => by.includes(id) && (role === 'witness' || role === 'auditor'));
  if (!watches) {
    rules.error(
      'share-witness',
      'Nobody who watches signs for what becomes of the shares.',
      'Name in `by` a position whose role is witness or auditor.',
    );
  }
  return kept;
}
