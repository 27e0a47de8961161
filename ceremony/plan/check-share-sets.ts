/** The sets of shares that a binding carries: whether they are what the plan asks for, and those of the bundle they name. */
import { canonicalJson } from '../canonical-json';
import { keptFaults, setInWords } from '../custody/kept-faults';
import { demandsRotation, heldShares, outstanding, setFaults, setOf, type ShareBalance } from '../custody/share-sets';
import type { Binding } from './binding-schema';
import { isAboutShares } from './check-shares';
import { sameName } from './duties';
import type { Finding, Findings } from './finding';
import { sharedKeyOf } from './master-key-scheme';
import type { Plan } from './schema';

const TAKE_OVER = 'Take `shareSets` over from the last bundle that has them, as `keyrite ledger BUNDLE` prints it.';

/** Adds a finding for every kept set of the plan that the binding does not bring so, and for people and thresholds that do not fit. */
export function checkShareSets(plan: Plan, binding: Binding, findings: Findings): void {
  const sets = binding.shareSets?.sets ?? [];
  for (const fault of setFaults(sets))
    findings.error(null, 'shares-malformed', `\`shareSets\` of the binding: ${fault}.`, TAKE_OVER);
  for (const { declared, found } of keptFaults(plan.keptShares ?? [], sets)) {
    const { id, threshold, shares, scheme, is } = declared;
    findings.error(
      null,
      'shares-not-bound',
      `The plan is about the shares ${id}: ${String(threshold)} of ${String(shares)}, ${scheme}, ${is}. By the binding the set is ${setInWords(found)}.`,
      found === null ? TAKE_OVER : 'Find out which of the two is right, and have a plan approved that says so.',
    );
  }
  checkLength(plan, binding, findings);
  checkHolders(plan, binding, findings);
  checkExposed(plan, binding, findings);
}

/** Shares are made anew of the very same master key, which is as long as it was. */
function checkLength(plan: Plan, binding: Binding, findings: Findings): void {
  const wanted = sharedKeyOf(plan)?.bytes;
  for (const step of plan.steps) {
    const set = step.action === 'shares.reshare' ? setOf(binding.shareSets?.sets ?? [], step.set) : null;
    if (set === null || wanted === undefined || (set.bytes ?? 32) === wanted) continue;
    findings.error(
      step.id,
      'shares-other-length',
      `By the record the master key of ${set.id} has ${String((set.bytes ?? 32) * 8)} bits, and the plan makes shares of a key of ${String(wanted * 8)}.`,
      `Give \`masterKey\` \`bits: ${String((set.bytes ?? 32) * 8)}\`, and have the plan approved anew.`,
    );
  }
}

/** Who has a share by the record comes under the same id and name, or it is missing from the start. */
function checkHolders(plan: Plan, binding: Binding, findings: Findings): void {
  for (const { id } of plan.keptShares ?? []) {
    const set = setOf(binding.shareSets?.sets ?? [], id);
    for (const { share, holder } of set === null ? [] : heldShares(set)) {
      const person = binding.people.find((one) => one.id === holder.id);
      const of = `share ${String(share.index)} of ${id}`;
      if (person !== undefined && sameName(person.name) !== sameName(holder.name)) {
        findings.error(
          null,
          'share-holder-unknown',
          `By the record ${holder.name} (${holder.id}) has ${of}, and the binding gives the id ${holder.id} to ${person.name}.`,
          `Give ${person.name} another id; ids of people stay theirs from ceremony to ceremony.`,
        );
      } else if (person === undefined) {
        findings.warn(
          null,
          'share-holder-unknown',
          `${holder.name} (${holder.id}), who has ${of} by the record, is not bound: the share will be missing.`,
          `Bind ${holder.id}, if they come.`,
        );
      }
    }
  }
}

/** A master key that people who should not have it any more could bring back is not shared anew, but rotated. */
function checkExposed(plan: Plan, binding: Binding, findings: Findings): void {
  const sets = binding.shareSets?.sets ?? [];
  for (const set of sets.filter(demandsRotation)) {
    const name = `${set.id} (${set.set.slice(0, 8)})`;
    // SECURITY(K-334): said before anybody comes, and for as long as it is so.
    const message = `${String(outstanding(set))} shares of the old set ${name} were not destroyed, and ${String(set.threshold)} bring its master key back: whoever has them needs no new share.`;
    const later = plan.steps.find((step) => {
      if (!isAboutShares(step)) return false;
      const about = setOf(sets, step.set);
      return step.action !== 'shares.destroy' && step.action !== 'shares.drill' && about?.pattern === set.pattern;
    });
    const rotates = plan.steps.some(({ action }) => action === 'master-key.generate');
    if (later !== undefined) {
      findings.error(later.id, 'rotation-demanded', message, 'Rotate the master key with a plan that makes a new one.');
    } else if (!rotates) {
      findings.warn(
        null,
        'rotation-demanded',
        message,
        'Rotate the master key; or have the old shares destroyed first.',
      );
    }
  }
}

/**
 * How the sets in a binding are not those of the bundle which they were taken from; null when they are.
 *
 * @param balance what the verified bundle says
 */
export function shareSetsDifference(bound: ShareBalance | undefined, balance: ShareBalance): Finding | null {
  if (bound === undefined && balance.sets.length === 0) return null;
  // SECURITY(K-335): the approvers sign the sets of the binding; this tells whether they are those that were signed then.
  if (bound !== undefined && canonicalJson(bound) === canonicalJson(balance)) return null;
  const { ceremony, root } = balance.from;
  const other = bound?.sets.find((set, place) => canonicalJson(set) !== canonicalJson(balance.sets[place] ?? null));
  const how =
    bound === undefined
      ? 'the binding carries none'
      : bound.from.ceremony !== ceremony || bound.from.root !== root
        ? `the binding names ${bound.from.ceremony} with the root ${bound.from.root}`
        : `the set ${(other ?? balance.sets.at(bound.sets.length))?.set.slice(0, 8) ?? ''} is another`;
  return {
    severity: 'error',
    step: null,
    rule: 'share-sets-differ',
    message: `The sets of shares of the binding are not those of the bundle of ${ceremony}, root ${root}: ${how}.`,
    remedy: 'Take `shareSets` over as `keyrite ledger BUNDLE` prints it, and have the binding approved anew.',
  };
}
