/** Copies of components: of components that there are, each held by a person who holds nothing else of the set. */
import { counted, repeated, type Findings } from './finding';
import type { SharedKey } from './master-key-scheme';
import type { Plan } from './schema';

/** Adds a finding for every entry of `masterKey.copies` that cannot be handed out as it says. */
export function checkCopies(plan: Plan, { shares, custodians, copiesOf }: SharedKey, findings: Findings): void {
  const wrong = (message: string, remedy: string): void => {
    findings.error(null, 'share-copies', message, remedy);
  };
  for (const id of repeated([custodians, ...copiesOf.map(({ position }) => position)])) {
    wrong(
      `Position ${id} is to hold two kinds of components or copies; nobody holds two of one set.`,
      'Name a position of its own for each entry of `copies`, and another than `custodians`.',
    );
  }
  for (const { position, of } of copiesOf) {
    const missing = of.filter((index) => index > shares);
    if (missing.length > 0) {
      wrong(
        `There are ${String(shares)} components, and position ${position} is to hold copies of ${missing.join(', ')}.`,
        `Name components from 1 to ${String(shares)} in \`of\`.`,
      );
    }
    for (const index of repeated(of.map(String)))
      wrong(
        `Position ${position} is to hold two copies of component ${index}.`,
        'Name each component once in an entry; for a second copy, add an entry with a position of its own.',
      );
    const found = plan.positions.find(({ id }) => id === position);
    if (found === undefined) continue;
    if (found.role !== 'custodian')
      wrong(
        `Position ${position} is to hold copies, and its role is ${found.role}.`,
        'Name a position whose role is custodian.',
      );
    if (found.count !== of.length) {
      wrong(
        `Position ${position} has ${counted(found.count, 'person', 'people')} for ${counted(of.length, 'copy', 'copies')}; each holds one.`,
        `Set the count of ${position} to ${String(of.length)}.`,
      );
    }
  }
}
