/** A new set of shares is handed over in the forms that the plan gives it, and script and dry run say so. */
import { expect, it } from 'vitest';
import { dryRun } from '../../ceremony/plan/dry-run';
import { instructions } from '../../ceremony/plan/instructions';
import { readPlan } from '../../ceremony/plan/read';
import type { Plan, ShareForm } from '../../ceremony/plan/schema';
import { RESHARE } from './examples';

const FORMS: readonly ShareForm[] = [
  { share: 1, form: 'age-file', medium: 'stick', lock: 'passphrase' },
  { share: 2, form: 'own-token' },
  { share: 3, form: 'printed', printer: 'printer' },
  { share: 4, form: 'pdf', medium: 'stick' },
];

function said(forms: readonly ShareForm[]): { script: string; calls: string } {
  const { plan } = readPlan(RESHARE);
  const changed = { ...plan, masterKey: { ...plan.masterKey, ...(forms.length === 0 ? {} : { forms }) } } as Plan;
  const step = changed.steps.find(({ action }) => action === 'shares.reshare');
  if (step === undefined) throw new Error('the example makes no new set');
  return { script: instructions(changed, step).join('\n'), calls: dryRun(changed).join('\n') };
}

it('worksheets alone where the plan says nothing else', () => {
  const { script, calls } = said([]);
  expect(script).toContain('The custodian copies the share onto a worksheet');
  expect(script).not.toMatch(/Share \d:/u);
  expect(calls).toContain('share process and custodian 4: shown, copied, read back');
});

it('no worksheet where every share has another form', () => {
  const { script, calls } = said(FORMS);
  expect(script).toContain('(new-custodians)');
  expect(script).not.toContain('worksheet');
  expect(script).toContain(
    'Share 1: an age file on stick, to the custodian’s own passphrase. The custodian puts the medium in',
  );
  expect(script).toContain('Share 2: ciphertext on the custodian’s own token.');
  expect(script).toContain('Share 3: a sheet printed on printer');
  expect(script).toContain('Share 4: a sheet as a PDF on stick');
  expect(calls).not.toContain('share process and custodian 1: shown, copied');
  expect(calls).toContain("share process: encrypted to the custodian's passphrase, written to stick and fsynced");
  expect(calls).toContain('share process and custodian 4: typed back from the sheet');
});

it('both where some have another form', () => {
  const { script, calls } = said(FORMS.slice(0, 1));
  expect(script).toContain('The custodian copies the share onto a worksheet');
  expect(script).toContain('Share 1: an age file on stick');
  expect(calls).not.toContain('share process and custodian 1: shown, copied');
  expect(calls).toContain('share process and custodian 2: shown, copied');
});
