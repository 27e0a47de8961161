/** The binding of a rehearsal's next session, after a pause: the same people and room, the units as the pause left them. */
import { stringify } from 'yaml';
import { stateSha256 } from '../../ceremony/command/unit-state';
import type { Ceremony } from '../../ceremony/engine/ceremony';
import type { Documents } from '../../ceremony/engine/open';
import type { Binding, BoundUnit } from '../../ceremony/plan/binding-schema';
import { readBinding } from '../../ceremony/plan/read';

/**
 * Plan and binding of the session after the one that a ceremony is paused in. Nobody has approved the binding yet.
 *
 * @param documents plan, and the binding in force until the pause
 */
export function nextSession(documents: Documents, ceremony: Pick<Ceremony, 'plan' | 'record'>): Documents {
  const units = documents.binding.binding.units.map((unit) => unitNow(ceremony, unit));
  const binding: Binding = { ...documents.binding.binding, units };
  const bindingText = stringify(binding, { lineWidth: 120, aliasDuplicateObjects: false });
  return { ...documents, bindingText, binding: readBinding(bindingText) };
}

/** How a unit is bound after what was done to it; one that was not touched stays as it was bound. */
function unitNow({ plan, record }: Pick<Ceremony, 'plan' | 'record'>, bound: BoundUnit): BoundUnit {
  const known = record.unit(bound.id);
  const label = plan.units.find(({ id }) => id === bound.id)?.label;
  if (known === null || label === undefined) return bound;
  const { identity, identitySpki, state } = known;
  return {
    ...bound,
    address: { blank: false, label, serial: state.serial },
    lastKnown: { identity, identitySpki, stateSha256: stateSha256(state), counter: state.counter, state },
  };
}
