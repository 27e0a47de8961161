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

it('what custodians bring on a token or in a file, who are not asked to type it', () => {
  const { plan } = readPlan(RESHARE);
  const forms = [{ share: 2, form: 'own-token' } as const];
  const kept = plan.keptShares?.map((one) => ({ ...one, forms }));
  if (kept === undefined) throw new Error('the example keeps no shares');
  const changed: Plan = { ...plan, keptShares: kept };
  const step = changed.steps.find(({ action }) => action === 'shares.reshare');
  if (step === undefined) throw new Error('the example makes no new set');
  expect(instructions(changed, step).join('\n')).toContain(
    'Share 2 is not typed: it is ciphertext on the custodian’s own token, which the custodian brings.',
  );
});

it('the successor proves presence once the share was taken over, and before it shows', () => {
  const calls = dryRun(readPlan(RESHARE).plan).join('\n');
  const [taken, proven, shown] = ['kept until the other comes', 'the successor', 'shown to the successor'].map((text) =>
    calls.indexOf(text),
  );
  expect(taken).toBeGreaterThan(0);
  expect(proven).toBeGreaterThan(taken ?? 0);
  expect(shown).toBeGreaterThan(proven ?? 0);
});
