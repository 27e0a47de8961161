/** What a rehearsal leaves for one that continues it: people, units, and keys uploaded to the connected side. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stateSha256 } from '../../ceremony/command/unit-state';
import { objectsOf, type Balance } from '../../ceremony/custody/ledger';
import type { ShareBalance } from '../../ceremony/custody/share-sets';
import type { Ceremony } from '../../ceremony/engine/ceremony';
import type { BoundUnit, Person } from '../../ceremony/plan/binding-schema';
import type { Plan, StepOf } from '../../ceremony/plan/schema';
import type { ConnectedSide } from './connected-side';

/** What one that continues it needs of a rehearsal. */
export interface EarlierRehearsal {
  readonly people: readonly Person[];
  readonly units: readonly BoundUnit[];
  /** Ids of uploaded keys by their names in the plan. */
  readonly uploaded: Readonly<Record<string, string>>;
  /** The custody ledger at its end; null where it has none. */
  readonly custody: Balance | null;
  /** The sets of shares at its end; null where there are none. */
  readonly shareSets: ShareBalance | null;
}

/** A step that makes a key package. */
export type PackageStep = StepOf<'key.package'>;

/** Steps of a plan that make key packages, in order. */
export function packageSteps(plan: Plan): PackageStep[] {
  return plan.steps.filter((step) => step.action === 'key.package');
}

/** The custody ledger at the end of a finished ceremony; null where nothing ever was in custody. */
export function balanceAfter(ceremony: Ceremony): Balance | null {
  const objects = objectsOf(ceremony.ledger);
  return objects.length === 0 ? null : { from: { ceremony: ceremony.name.id, root: ceremony.root }, objects };
}

/** The sets of shares at the end of a finished ceremony; null where none was ever made. */
export function shareSetsAfter(ceremony: Ceremony): ShareBalance | null {
  const sets = [...ceremony.shareBalance];
  return sets.length === 0 ? null : { from: { ceremony: ceremony.name.id, root: ceremony.root }, sets };
}

/** How the units of a finished ceremony are bound in the next one. */
export function unitsAfter(ceremony: Ceremony): BoundUnit[] {
  return ceremony.plan.units.flatMap(({ id, label, begins }) => {
    const known = ceremony.record.unit(id);
    const bound = ceremony.binding.units.find((one) => one.id === id);
    // A token of others that stayed one is none of ours to bind.
    if (known === null && (begins === 'foreign' || begins === 'absent')) return [];
    if (known === null || bound === undefined) throw new Error(`unit ${id} has no known state`);
    const { identity, identitySpki, state } = known;
    return {
      id,
      module: bound.module,
      address: { blank: false, label, serial: state.serial },
      lastKnown: { identity, identitySpki, stateSha256: stateSha256(state), counter: state.counter, state },
    };
  });
}

/**
 * Takes each package of a finished ceremony over to the connected side, with the hash that the signed record names.
 *
 * @param bundle its folder
 * @param receipts folder for the receipts
 * @param onUploaded is given each key's name in the plan and its id there
 * @returns the ids by the names; empty where nothing can be uploaded to
 */
export async function uploadPackages(
  connected: ConnectedSide,
  ceremony: Ceremony,
  bundle: string,
  receipts: string,
  onUploaded: (name: string, keyId: string) => void,
): Promise<Record<string, string>> {
  const uploaded: Record<string, string> = {};
  for (const { key, target = 'ibm-key-protect' } of packageSteps(ceremony.plan)) {
    if (target !== 'ibm-key-protect') continue;
    const name = `packages/${key.name}.keypackage.json`;
    const sha256 = ceremony.record.fileSha256(name);
    const file = join(bundle, name);
    if (sha256 === null || !existsSync(file)) continue;
    const receipt = join(receipts, `${ceremony.name.id}.${key.name}.receipt.json`);
    const result = await connected.upload(file, sha256, receipt);
    if (result === null) continue;
    uploaded[key.name] = result.keyId;
    onUploaded(key.name, result.keyId);
  }
  return uploaded;
}
