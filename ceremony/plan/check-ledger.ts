/** The custody ledger that a binding carries: whether it has what the plan asks for, and is that of the bundle it names. */
import { canonicalJson } from '../canonical-json';
import { askedFaults, type AskedFault } from '../custody/asked-objects';
import { ledgerFrom, objectsOf, whereabouts, type Balance } from '../custody/ledger';
import type { Binding } from './binding-schema';
import { repeated, type Finding, type Findings } from './finding';
import type { Plan } from './schema';

/** Adds a finding for every object of which the plan asks something else than the ledger in the binding says. */
export function checkLedger(plan: Plan, { custody }: Binding, findings: Findings): void {
  for (const id of repeated((custody?.objects ?? []).map(({ object }) => object))) {
    findings.error(
      null,
      'id-twice',
      `\`custody\` of the binding has ${id} twice.`,
      'Take it over as `keyrite ledger` prints it.',
    );
  }
  const from = custody === undefined ? 'the binding carries no ledger' : `by the ledger of ${custody.from.ceremony}`;
  for (const fault of askedFaults(plan.materials, ledgerFrom(custody))) {
    const { rule, message, remedy } = words(fault, from);
    findings.error(null, rule, message, remedy);
  }
}

function words(
  { object: { id, kind, at }, what, found }: AskedFault,
  from: string,
): Omit<Finding, 'severity' | 'step'> {
  switch (what) {
    case 'missing':
      return {
        rule: 'ledger-object-missing',
        message: `The plan asks for ${id}, kept at: ${at ?? ''}, and the custody ledger does not have it (${from}).`,
        remedy: 'Take `custody` over from the last bundle that has the object, as `keyrite ledger BUNDLE` prints it.',
      };
    case 'destroyed':
      return {
        rule: 'ledger-object-destroyed',
        message: `The plan asks for ${id}, which was destroyed (${from}).`,
        remedy: 'Carry out a plan that does without it.',
      };
    case 'elsewhere':
      return {
        rule: 'ledger-object-elsewhere',
        message: `The plan asks for ${id}, under seal and kept at: ${at ?? ''}. It is ${whereabouts(found)} (${from}).`,
        remedy: 'Find out where it is, and have a plan approved that says so.',
      };
    case 'another-kind':
      return {
        rule: 'ledger-object-kind',
        message: `${id} is a ${kind} by the plan, and a ${found?.kind ?? 'thing unknown'} in the custody ledger (${from}).`,
        remedy: 'Use the same id for the same object in every plan, and no id for two.',
      };
    case 'known':
      return {
        rule: 'ledger-object-known',
        message: `${id} comes into custody by the plan, and the ledger has it already: ${whereabouts(found)} (${from}).`,
        remedy: 'Give the new object an id that was never used, or set `ledger: kept` and `at`.',
      };
  }
}

/**
 * How the ledger in a binding is not that of the bundle which it was taken from; null when it is.
 *
 * @param balance what the verified bundle says
 */
export function ledgerDifference(custody: Balance | undefined, balance: Balance): Finding | null {
  const inOrder = (given: Balance): string =>
    canonicalJson({ from: given.from, objects: objectsOf(ledgerFrom(given)) });
  if (custody === undefined) {
    return balance.objects.length === 0 ? null : differs('the binding carries no ledger', balance);
  }
  if (inOrder(custody) === inOrder(balance) && custody.objects.length === balance.objects.length) return null;
  const { from } = custody;
  if (from.ceremony !== balance.from.ceremony || from.root !== balance.from.root) {
    return differs(`the binding names ${from.ceremony} with the root ${from.root}`, balance);
  }
  const [bound, told] = [ledgerFrom(custody), ledgerFrom(balance)];
  const ids = [...new Set([...bound.keys(), ...told.keys()])];
  const different = ids.find((id) => whereabouts(bound.get(id)) !== whereabouts(told.get(id))) ?? ids[0] ?? '';
  return differs(
    `${different} is ${whereabouts(bound.get(different))} in the binding, and ${whereabouts(told.get(different))} in the bundle`,
    balance,
  );
}

// SECURITY(K-153): the approvers sign the ledger of the binding; this tells whether it is the one that was signed then.
function differs(how: string, { from }: Balance): Finding {
  return {
    severity: 'error',
    step: null,
    rule: 'ledger-differs',
    message: `The custody ledger of the binding is not that of the bundle of ${from.ceremony}, root ${from.root}: ${how}.`,
    remedy: 'Take `custody` over as `keyrite ledger BUNDLE` prints it, and have the binding approved anew.',
  };
}
