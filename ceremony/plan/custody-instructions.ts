/** What custodians do when shares are handed over, for screen and printed script: in the forms that the plan gives them. */
import type { Plan } from './schema';
import { custodyFormInWords, custodyForms, type CustodyForm } from './share-forms';

/** What is done, in order: one way for all shares on worksheets, one line for each of the others. */
export function custodyInstructions(plan: Plan): readonly string[] {
  const forms = custodyForms(plan);
  const others = forms.filter((one) => one.form !== 'worksheet');
  const worksheets = [
    'The custodian copies the share onto a worksheet, then types it back from the worksheet. A wrong row or word is named and typed again.',
    'The custodian seals the worksheet; the witness writes down the number of the seal.',
  ];
  return [
    'Whoever comes to the screen proves presence there, with the key on their own token, before anything shows.',
    ...(others.length === forms.length ? [] : worksheets),
    ...others.map((one) => `Share ${String(one.share)}: ${custodyFormInWords(one)}. ${HANDED_OVER[one.form]}`),
  ];
}

/** What the custodian does, by form. */
const HANDED_OVER: Readonly<Record<Exclude<CustodyForm['form'], 'worksheet'>, string>> = {
  'age-file':
    'The custodian puts the medium in, makes the passphrase if there is one, opens the file again, takes the medium out and seals it.',
  'own-token': 'The custodian puts the token in, enters its PIN, and takes the token away again.',
  printed:
    'Nobody else stands at the printer. The custodian takes the sheet, types the share back from it, and seals it; then the printer is switched off.',
  pdf: 'The custodian puts the medium in, types the share back from a print of it that nobody else sees, takes the medium out and seals it.',
};
