/**
 * Sixty-four crypto units in one ceremony: each is initialised, imprinted, loaded, committed and activated, all show one
 * verification pattern, and both verifiers accept the record.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKOUT, keyrite, scratch, tool, transcript, type Ended } from './program';
import { writeManyUnitsPlan } from './small-plans';

const UNITS = 64;
/** Each unit makes an RSA key to have its master key brought in, which takes a third of a second, or four. */
const SLOW = 1_200_000;

const place = scratch();
afterAll(place.leave);
const bundle = join(place.folder, 'bundle');

describe(`${String(UNITS)} units`, () => {
  let ended: Ended;
  beforeAll(async () => {
    const plan = writeManyUnitsPlan(join(place.folder, 'many.ceremony.yaml'), UNITS);
    ended = await keyrite(['rehearse', plan, '--out', bundle]);
  }, SLOW);

  it('end in operation, every one with the same master key', () => {
    expect(ended.stderr).toMatch(/The last checkpoint is over/);
    expect(ended.code).toBe(0);
    const shown = transcript(bundle).filter(
      (line) => line.step === 'verify-current' && line.body['fact'] === 'register',
    );
    const patterns = shown.map((line) => (line.body['value'] as Reading).registers.current.pattern);
    expect(patterns).toHaveLength(UNITS);
    expect(new Set(patterns).size).toBe(1);
    const identities = shown.map((line) => (line.body['value'] as Reading).identity.id);
    expect(new Set(identities).size).toBe(UNITS);
  });

  it('leave a record that both verifiers accept', { timeout: SLOW }, async () => {
    const { stdout } = await keyrite(['verify', bundle, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'consistent', findings: [], exceptions: 0 });
    const said = tool('sh', [join(CHECKOUT, 'ceremony', 'bundle', 'verify.sh'), bundle]).toString();
    expect(said).toMatch(/^verdict: consistent/m);
  });
});

interface Reading {
  readonly identity: { readonly id: string };
  readonly registers: { readonly current: { readonly pattern: string | null } };
}
