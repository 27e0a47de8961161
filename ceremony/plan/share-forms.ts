/** How each share of a plan is handed over and read back. */
import { sharedKeyOf } from './master-key-scheme';
import type { Plan, ShareForm } from './schema';

/** A form of custody. `worksheet`: shown once, copied by hand, typed back. */
export type CustodyForm = ShareForm | { readonly share: number; readonly form: 'worksheet' };

/** How a share is handed over, and read back ever after. Nothing else decides it. */
export function custodyFormOf(plan: Pick<Plan, 'masterKey'>, share: number): CustodyForm {
  const forms = sharedKeyOf(plan)?.forms ?? [];
  return forms.find((one) => one.share === share) ?? { share, form: 'worksheet' };
}

/** How a share of a kept set is brought: as it was handed over, by what the plan says of the set. */
export function keptFormOf(plan: Pick<Plan, 'keptShares'>, set: string, share: number): CustodyForm {
  const forms = plan.keptShares?.find(({ id }) => id === set)?.forms ?? [];
  return forms.find((one) => one.share === share) ?? { share, form: 'worksheet' };
}

function keptMedia(plan: Pick<Plan, 'keptShares'>, set: string): readonly string[] {
  const forms = plan.keptShares?.find(({ id }) => id === set)?.forms ?? [];
  return forms.flatMap((one) => (one.form === 'age-file' ? [one.medium] : []));
}

/** Media that shares are brought on in a step. */
export function broughtOn(plan: Pick<Plan, 'keptShares'>, step: Plan['steps'][number]): readonly string[] {
  return step.action === 'shares.drill' || step.action === 'shares.reshare' ? keptMedia(plan, step.set) : [];
}

/** Whether shares of the plan's own master key are handed out in a step. */
export function handsOut({ action }: Plan['steps'][number]): boolean {
  return action === 'shares.distribute' || action === 'shares.reshare';
}

/** The forms of all shares, in order of their number. */
export function custodyForms(plan: Pick<Plan, 'masterKey'>): readonly CustodyForm[] {
  const count = sharedKeyOf(plan)?.shares ?? 0;
  return Array.from({ length: count }, (_, index) => custodyFormOf(plan, index + 1));
}

/** Media of custodians that shares are written to. */
export function custodyMedia(plan: Pick<Plan, 'masterKey'>): readonly string[] {
  return custodyForms(plan).flatMap((one) => ('medium' in one ? [one.medium] : []));
}

/** Printers that shares are printed on. */
export function custodyPrinters(plan: Pick<Plan, 'masterKey'>): readonly string[] {
  return [...new Set(custodyForms(plan).flatMap((one) => (one.form === 'printed' ? [one.printer] : [])))];
}

/** A form in words, to follow "share 2: ". */
export function custodyFormInWords(form: CustodyForm): string {
  switch (form.form) {
    case 'worksheet':
      return 'by hand on a worksheet';
    case 'printed':
      return `a sheet printed on ${form.printer}, in words or rows and as a QR code`;
    case 'pdf':
      return `a sheet as a PDF on ${form.medium}, in words or rows and as a QR code`;
    case 'own-token':
      return 'ciphertext on the custodian’s own token';
    case 'age-file':
      return `an age file on ${form.medium}, to the custodian’s ${form.lock === 'recipient' ? 'recipient' : 'own passphrase'}`;
  }
}
