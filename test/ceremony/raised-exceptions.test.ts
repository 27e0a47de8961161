/** What somebody raised and nobody signed cannot be left out of a bundle: both verifiers say so, alike. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Json } from '../../ceremony/canonical-json';
import { verifyBundle } from '../../ceremony/bundle/verify';
import type { Draft } from '../../ceremony/transcript/line';
import { makeBundle, type Variation } from '../bundle/software-ceremony';
import { folderAt } from '../bundle/temp-folder';
import { CHECKOUT, scratch } from './program';

const SCRIPT = join(CHECKOUT, 'ceremony', 'bundle', 'verify.sh');
let place = scratch();
afterEach(() => {
  place.leave();
  place = scratch();
});

const SAID = { step: 'generate', kind: 'other', expected: 'One', happened: 'Another', decided: 'Go on' };

/** The failure that the software ceremony tells of becomes a raised exception. */
const raising = (value: Json): Variation => ({
  draft: (draft: Draft) =>
    draft.type === 'step.failed'
      ? { type: 'fact.recorded', step: null, by: [], body: { fact: 'exception.raised', value } }
      : draft,
});

/** Verdict and words of both verifiers. */
async function verdicts(
  variation: Variation,
): Promise<readonly { readonly verdict: string; readonly words: string }[]> {
  await makeBundle(folderAt(place.folder), variation);
  const report = await verifyBundle(folderAt(place.folder));
  const words = [...report.findings, ...report.missing].map(({ line, reason }) => `${String(line)}: ${reason}`);
  const { stdout } = spawnSync('sh', [SCRIPT, place.folder], { encoding: 'utf8', timeout: 60_000 });
  return [
    { verdict: report.verdict, words: words.join('\n') },
    { verdict: /^verdict: (\w+)/m.exec(stdout)?.[1] ?? '', words: stdout },
  ];
}

describe('a raised exception', () => {
  it('without its signatures: a closed bundle is refused', async () => {
    for (const { verdict, words } of await verdicts(raising(SAID))) {
      expect(verdict).toBe('refused');
      expect(words).toMatch(/the exception raised here was not signed/);
    }
  });

  it('without its signatures: a bundle that is not closed is incomplete, and says why', async () => {
    for (const { verdict, words } of await verdicts({ ...raising(SAID), stopBefore: 'export' })) {
      expect(verdict).toBe('incomplete');
      expect(words).toMatch(/the exception raised here was not signed/);
    }
  });

  it.each(['words', { ...SAID, more: 'than that' }])('that cannot be read is never written', async (value) => {
    await expect(verdicts(raising(value))).rejects.toThrow(/value of exception\.raised/);
  });

  it('is answered by an exception of the same words, and only by a later one', async () => {
    // The software ceremony skips the inventory in these words: after its pre-flight, before the act that fails.
    const said = {
      step: 'inventory',
      kind: 'step-skipped',
      expected: 'The step.',
      happened: 'It was left out.',
      decided: 'To go on.',
    };
    const before: Variation = {
      draft: (draft) =>
        draft.type === 'fact.recorded' && draft.step === 'preflight' && draft.body.fact === 'answer'
          ? { type: 'fact.recorded', step: null, by: [], body: { fact: 'exception.raised', value: said } }
          : draft,
    };
    for (const { verdict, words } of await verdicts(before)) expect(verdict, words).toBe('consistent');
    place.leave();
    place = scratch();
    for (const { verdict, words } of await verdicts(raising(said))) {
      expect(verdict).toBe('refused');
      expect(words).toMatch(/the exception raised here was not signed/);
    }
  });
});
