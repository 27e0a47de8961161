/** What a plan asks of the ledger before anything begins: objects that must be there, and where, and objects that must not. */
import type { Ledger, LedgerObject, MaterialKind } from './ledger';

/** A material of the plan, as far as the ledger is asked about it. */
export interface AskedObject {
  readonly id: string;
  readonly kind: MaterialKind;
  readonly ledger?: 'new' | 'kept' | undefined;
  readonly at?: string | undefined;
}

/** How the ledger is not as the plan asks; `found` is what it says of the object. */
export interface AskedFault {
  readonly object: AskedObject;
  readonly what: 'missing' | 'destroyed' | 'elsewhere' | 'another-kind' | 'known';
  readonly found: LedgerObject | undefined;
}

/** Every object about which a plan asks for something else than the ledger says. */
export function askedFaults(asked: readonly AskedObject[], ledger: Ledger): AskedFault[] {
  return asked.flatMap((object) => {
    const found = ledger.get(object.id);
    const what = faultOf(object, found);
    return what === null ? [] : [{ object, what, found }];
  });
}

// SECURITY(K-152): what is elsewhere or destroyed by the record is not there, whatever lies on the table.
function faultOf({ kind, ledger, at }: AskedObject, found: LedgerObject | undefined): AskedFault['what'] | null {
  if (ledger === undefined) return null;
  if (ledger === 'new') return found === undefined ? null : 'known';
  if (found === undefined) return 'missing';
  if (found.state === 'destroyed') return 'destroyed';
  if (found.kind !== kind) return 'another-kind';
  return found.state === 'sealed' && found.place === at ? null : 'elsewhere';
}
