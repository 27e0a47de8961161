/**
 * Approvals that are given before the day, and cosignatures by token: on real tokens and with a key file, brought to a
 * ceremony whose binding says nothing about where the approvers' keys are.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { prepareRoom, withoutApproversKeys } from './prepared-room';
import { CHECKOUT, keyrite, scratch, tool, transcript } from './program';
import { writeUnitPlan } from './small-plans';

const place = scratch();
afterAll(place.leave);
const at = (...names: string[]): string => join(place.folder, ...names);

async function expectConsistent(bundle: string): Promise<void> {
  const ours = await keyrite(['verify', bundle, '--json']);
  expect(JSON.parse(ours.stdout)).toMatchObject({ verdict: 'consistent', findings: [] });
  expect(tool('sh', [join(CHECKOUT, 'ceremony', 'bundle', 'verify.sh'), bundle]).toString()).toMatch(
    /^verdict: consistent/m,
  );
}

describe('approvers with tokens, who are not there on the day', () => {
  const plan = writeUnitPlan(at('tokens.yaml'));
  const bundle = at('tokens');
  const [heidi, ivan] = [at('heidi.dsse.json'), at('ivan.dsse.json')];
  let tokens: string;
  let binding: string;
  let room: string;

  const approve = (id: string, out: string, more: readonly string[] = ['--tokens', tokens]) =>
    keyrite(['approve', plan, '--binding', binding, '--as', id, ...more, '-o', out]);
  const run = (...approvals: readonly string[]) =>
    keyrite(['run', plan, '--binding', binding, '--out', bundle, ...approvals.flatMap((one) => ['--approval', one])]);

  beforeAll(async () => {
    const made = await prepareRoom(at('there'), plan, 'p256');
    tokens = made.file;
    room = made.bound.room ?? '';
    binding = withoutApproversKeys(made.bound, at('day.binding.yaml'));
  }, 120_000);

  it('the check says that they must approve beforehand, and no ceremony begins without', async () => {
    const checked = await keyrite(['check', plan, '--binding', binding]);
    expect(checked.code, checked.stdout).toBe(0);
    expect(checked.stdout).toMatch(/approved-beforehand\): Heidi Huang and Ivan Ito cannot approve at the workstation/);
    const begun = await run();
    expect([begun.code, begun.stderr]).toEqual([
      1,
      expect.stringMatching(
        /need 2 approvals, and 0 can be had; the binding names neither token nor key file of Heidi Huang and Ivan Ito/,
      ),
    ]);
    expect(existsSync(bundle)).toBe(false);
  });

  it('refuses whom nobody asked, what cannot sign, and a plan with errors', { timeout: 240_000 }, async () => {
    const out = at('never.json');
    const stranger = await approve('alice', out);
    expect([stranger.code, stranger.stderr]).toEqual([
      2,
      expect.stringMatching(/alice is no approver of this binding/),
    ]);
    const nowhere = await approve('heidi', out, []);
    expect([nowhere.code, nowhere.stderr]).toEqual([
      2,
      expect.stringMatching(/does not say where the key of Heidi Huang is/),
    ]);
    const inFile = await approve('heidi', out, ['--key', tokens]);
    expect([inFile.code, inFile.stderr]).toEqual([2, expect.stringMatching(/is on a token, as the binding says/)]);
    const broken = at('broken.binding.yaml');
    writeFileSync(broken, readFileSync(binding, 'utf8').replace('position: witness', 'position: auditor'));
    const refused = await keyrite([
      'approve',
      plan,
      '--binding',
      broken,
      '--as',
      'heidi',
      '--tokens',
      tokens,
      '-o',
      out,
    ]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/Position witness needs 1 person/)]);
    expect(existsSync(out)).toBe(false);
  });

  it('each signs with their token, having been shown both hashes', { timeout: 240_000 }, async () => {
    const first = await approve('heidi', heidi);
    expect([first.code, first.stdout], first.stderr).toEqual([0, `${heidi}\n`]);
    const { planSha256 } = JSON.parse((await keyrite(['check', plan, '--json'])).stdout) as { planSha256: string };
    expect(first.stderr.replace(/\s/g, '')).toContain(planSha256);
    expect(first.stderr).toContain('Heidi Huang (heidi) approves, for the rehearsal');
    const again = await approve('heidi', heidi);
    expect([again.code, again.stderr]).toEqual([2, expect.stringMatching(/exists already/)]);
    const second = await approve('ivan', ivan);
    expect(second.code, second.stderr).toBe(0);
  });

  it(
    'a file that approves something else, or lies, ends the start before anything begins',
    { timeout: 60_000 },
    async () => {
      const other = at('other.binding.yaml');
      writeFileSync(other, readFileSync(binding, 'utf8').replace('Alice Adler', 'Alice Other'));
      const elsewhere = at('elsewhere.dsse.json');
      const made = await keyrite([
        'approve',
        plan,
        '--binding',
        other,
        '--as',
        'heidi',
        '--tokens',
        tokens,
        '-o',
        elsewhere,
      ]);
      expect(made.code, made.stderr).toBe(0);
      const sealed = JSON.parse(readFileSync(ivan, 'utf8')) as {
        payload: string;
        signatures: { keyid: string; sig: string }[];
      };
      const forged = at('forged.dsse.json');
      const signed = (JSON.parse(readFileSync(heidi, 'utf8')) as typeof sealed).signatures[0]?.sig ?? '';
      writeFileSync(forged, readFileSync(ivan, 'utf8').replace(sealed.signatures[0]?.sig ?? '', signed));
      const cut = at('cut.dsse.json');
      writeFileSync(cut, readFileSync(ivan).subarray(0, -1));
      for (const [file, words] of [
        [elsewhere, /does not count: it approves the binding [0-9a-f]{64}, and this one is/],
        [forged, /does not count: the signature of ivan does not hold/],
        [cut, /does not count: it is no file that keyrite approve wrote/],
      ] as const) {
        const begun = await run(heidi, file);
        expect([begun.code, begun.stderr]).toEqual([2, expect.stringMatching(words)]);
      }
      const twice = await run(heidi, heidi);
      expect([twice.code, twice.stderr]).toEqual([1, expect.stringMatching(/1 can be had.*Ivan Ito/)]);
      expect(existsSync(bundle)).toBe(false);
    },
  );

  it('with both files the ceremony is carried out, and neither is asked', { timeout: 180_000 }, async () => {
    const ended = await run(heidi, ivan);
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr).not.toContain('approves plan and binding');
    for (const [id, file] of [
      ['heidi', heidi],
      ['ivan', ivan],
    ] as const) {
      expect(readFileSync(join(bundle, 'approvals', `${id}.dsse.json`))).toEqual(readFileSync(file));
    }
    expect(transcript(bundle).at(-1)?.type).toBe('ceremony.closed');
    await expectConsistent(bundle);
    const late = await keyrite(['resume', bundle, '--approval', heidi]);
    expect(late.code).toBe(2);
  });

  it('a witness cosigns with the token that the binding names', { timeout: 240_000 }, async () => {
    expect(room).not.toBe('');
    const out = at('frank.cosignature.json');
    const neither = await keyrite(['cosign', bundle, '--as', 'frank', '-o', out]);
    expect([neither.code, neither.stderr]).toEqual([2, expect.stringMatching(/nothing says what frank signs with/)]);
    const signed = await keyrite(['cosign', bundle, '--as', 'frank', '--binding', tokens, '-o', out]);
    expect(signed.code, signed.stderr).toBe(0);
    const reason = ['--reason', 'Recomputed by the witness.'];
    const filed = await keyrite([
      ...['addendum', bundle, '--kind', 'cosignature', '--file', out, ...reason],
      ...['--signer', 'alice', '--signer', 'frank', '--binding', tokens],
    ]);
    expect(filed.code, filed.stderr).toBe(0);
    await expectConsistent(bundle);
  });
});

describe('approvers with key files', () => {
  const plan = at('files.yaml');
  const bundle = at('files');

  it('one approves with the file beforehand, the other at the opening', { timeout: 240_000 }, async () => {
    const changed = parse(readFileSync(writeUnitPlan(at('unit.yaml')), 'utf8')) as {
      positions: { id: string; keyFiles?: boolean }[];
    };
    for (const position of changed.positions) if (position.id === 'approvers') position.keyFiles = true;
    writeFileSync(plan, stringify(changed));
    const { file, bound } = await prepareRoom(at('files-made'), plan, 'mixed');
    const heidi = bound.people.find(({ id }) => id === 'heidi');
    expect(heidi?.key.holder).toBe('file');
    // Heidi keeps her file elsewhere.
    const binding = at('files-day.binding.yaml');
    const people = bound.people.map(({ keyFile, ...person }) =>
      person.id === 'heidi' || keyFile === undefined ? person : { ...person, keyFile },
    );
    writeFileSync(binding, stringify({ ...bound, people }, { lineWidth: 120 }));
    const out = at('heidi-file.dsse.json');
    const begun = ['approve', plan, '--binding', binding, '--as', 'heidi', '-o', out];
    const without = await keyrite(begun);
    expect([without.code, without.stderr]).toEqual([2, expect.stringMatching(/Name the file: --key FILE/)]);
    const approved = await keyrite([...begun, '--key', heidi?.keyFile ?? '']);
    expect(approved.code, approved.stderr).toBe(0);
    expect(file).not.toBe(binding);
    const ended = await keyrite(['run', plan, '--binding', binding, '--out', bundle, '--approval', out]);
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr).toContain('Ivan Ito approves plan and binding');
    expect(ended.stderr).not.toContain('Heidi Huang approves plan and binding');
    expect(readFileSync(join(bundle, 'approvals', 'heidi.dsse.json'))).toEqual(readFileSync(out));
    await expectConsistent(bundle);
  });
});
