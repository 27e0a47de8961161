/**
 * The whole bundle under `docs/worked-example`, and every hash on the way to its verdict. It was made once, since most of
 * its signatures are different each time; `UPDATE_EXAMPLE=1` makes another.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { judge, judgeByScript } from './mutation/both-verifiers';
import { readFiles, writeFiles, type Files } from './mutation/bundle-files';
import { addendaBundle } from './mutation/truthful';
import { hashesOf } from './worked-hashes';

const PLACE = join(import.meta.dirname, '../../docs/worked-example');
const BUNDLE = join(PLACE, 'bundle');
const HASHES = join(PLACE, 'hashes.txt');

let files: Files;
beforeAll(async () => {
  if (process.env['UPDATE_EXAMPLE'] === '1') {
    const made = await addendaBundle({ realLife: true, custody: (entry) => entry, inventory: (reading) => reading });
    rmSync(BUNDLE, { recursive: true, force: true });
    await writeFiles(BUNDLE, made);
    writeFileSync(HASHES, hashesOf(made));
  }
  files = await readFiles(BUNDLE);
});

it('all three verifiers call it consistent', async () => {
  expect((await judge(files)).said).toBe('');
  expect((await judge(files)).verdict).toBe('consistent');
  expect((await judgeByScript(files)).verdict).toBe('consistent');
  const python = spawnSync('python3', [join(import.meta.dirname, 'second-opinion/verify.py'), BUNDLE], {
    encoding: 'utf8',
  });
  expect(python.stdout).toContain('consistent');
  expect(python.status).toBe(0);
});

it('its hashes are those of hashes.txt, and its roots are among them', () => {
  const hashes = hashesOf(files);
  expect(readFileSync(HASHES, 'utf8')).toBe(hashes);
  const checkpoints = [...files].filter(([name]) => /\d{4}\.checkpoint$/u.test(name));
  expect(checkpoints.length).toBeGreaterThanOrEqual(4);
  for (const [, body] of checkpoints) {
    const [, size, root] = Buffer.from(body).toString('utf8').split('\n');
    expect(hashes).toContain(
      `node 0..${String(Number(size) - 1)} ${Buffer.from(root ?? '', 'base64').toString('hex')}\n`,
    );
  }
});

it('it shows what the short example cannot: every algorithm, enrolment, custody, sessions, addenda', () => {
  const transcript = Buffer.from(files.get('transcript.jsonl') ?? []).toString('utf8');
  for (const algorithm of ['ecdsa-p256-sha256', 'ecdsa-p384-sha384', 'ecdsa-p521-sha512', 'rsa-pss-sha256', 'ed25519'])
    expect(transcript).toContain(algorithm);
  for (const type of ['enrolment', 'custody', 'presence', 'command', 'exception'])
    expect(readFileSync(HASHES, 'utf8')).toContain(`application/vnd.keyrite.${type} `);
  expect(transcript).toContain('"type":"ceremony.resumed"');
  expect([...files.keys()].filter((name) => /^addenda\/\d{4}\/transcript\.jsonl$/u.test(name))).toHaveLength(2);
});
