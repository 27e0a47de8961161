/**
 * A master key is rotated: a real rehearsal fills a key store, replaces the master key, and brings keys back from what was
 * wrapped anew. Both verifiers accept its bundles, and none that tells of the rotation otherwise than it was, with all
 * signatures and hashes in order.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../ceremony/canonical-json';
import { readWrappedKey } from '../../ceremony/keypackage/wrapped-key';
import { isForScript } from '../bundle/for-script';
import { judge, judgeByScript } from '../bundle/mutation/both-verifiers';
import { readFiles, text, type Files } from '../bundle/mutation/bundle-files';
import type { Forgery, LooseLine } from '../bundle/mutation/forgery';
import { signedAgain } from '../bundle/mutation/insider';
import { CHECKOUT, keyrite, scratch, tool, transcript, type Ended } from './program';
import { STORED_KEYS, writeRotationPlans } from './small-plans';

const MANIFEST = 'attachments/rotate.rotation.jsonl';
const SECOND_OPINION = join(CHECKOUT, 'test', 'bundle', 'second-opinion', 'verify.py');
const place = scratch();
afterAll(place.leave);
const bundle = join(place.folder, 'bundle');
const room = join(place.folder, 'room');

let ended: Ended;
let files: Files;
beforeAll(async () => {
  const plan = writeRotationPlans(place.folder);
  ended = await keyrite(['rehearse', plan, '--out', bundle, '--keep', room]);
  if (ended.code === 0) files = await readFiles(bundle);
});

const sha256 = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex');
const opinion = (folder: string): string => tool('python3', [SECOND_OPINION, folder]).toString();

/** What the record tells of an act that was done. */
function resultOf(act: string, step: string, from = bundle): Record<string, unknown> {
  const found = transcript(from).find(
    (line) => line.type === 'step.outcome' && line.step === step && line.body['act'] === `unit-a/${act}`,
  );
  return (found?.body['result'] ?? {}) as Record<string, unknown>;
}

interface ManifestLine {
  readonly name: string;
  readonly old: string;
  readonly new: string;
  readonly checkValue: JsonObject;
}
const manifestLines = (): ManifestLine[] =>
  text(files.get(MANIFEST) ?? new Uint8Array())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ManifestLine);

describe('the rehearsal', () => {
  it('ends well, and all verifiers accept both bundles', async () => {
    expect(ended.stderr).toMatch(/The last checkpoint is over/);
    expect(ended.code).toBe(0);
    for (const folder of [bundle, `${bundle}.small-keys`]) {
      const found = await readFiles(folder);
      expect(await judge(found)).toMatchObject({ verdict: 'consistent', said: '' });
      expect(await judgeByScript(found)).toMatchObject({ verdict: 'consistent' });
      expect(opinion(folder)).toContain('consistent');
    }
  });

  it('leaves two generations side by side, and the manifest names every file of both', () => {
    const { from, to, keys } = resultOf('rotate', 'rotate') as { from: string; to: string; keys: number };
    const store = join(room, 'key-stores', 'backup');
    expect(readdirSync(store).toSorted()).toEqual([from, to].toSorted());
    const names = [...STORED_KEYS, 'late'].toSorted();
    expect(keys).toBe(names.length);
    expect(manifestLines().map(({ name }) => name)).toEqual(names);
    for (const one of manifestLines()) {
      const [old, anew] = [from, to].map((generation) =>
        readFileSync(join(store, generation, `${one.name}.wrappedkey.json`)),
      );
      expect(sha256(old ?? '')).toBe(one.old);
      expect(sha256(anew ?? '')).toBe(one.new);
      const [before, after] = [readWrappedKey(old ?? Buffer.alloc(0)), readWrappedKey(anew ?? Buffer.alloc(0))];
      expect(after).toEqual({ ...before, masterKey: to, wrapped: after.wrapped });
      expect(after.wrapped).not.toBe(before.wrapped);
      expect(one.checkValue).toEqual(before.checkValue);
    }
    expect(readWrappedKey(readFileSync(join(store, to, 'late.wrappedkey.json'))).format).toBe('AES-KW');
    // As somebody with stock tools finds the inventory that was announced.
    const intent = transcript(bundle).find(
      (line) => line.type === 'step.intent' && line.body['act'] === 'unit-a/rotate',
    );
    const listed = tool('sh', ['-c', `cd '${join(store, from)}' && LC_ALL=C sha256sum *.wrappedkey.json | sha256sum`]);
    expect((intent?.body['parameters'] as JsonObject)['inventory']).toBe(listed.toString().slice(0, 64));
  });

  it('is told in the report: where each key was, what was rotated, which master key is gone', () => {
    const { from } = resultOf('rotate', 'rotate') as { from: string };
    const report = text(files.get('report.html') ?? new Uint8Array()).replaceAll(/<[^>]+>/g, '');
    expect(report).toContain('Master keys that were destroyed when another took their place');
    expect(report).toContain((from.match(/.{4}/g) ?? []).slice(0, 2).join(' '));
    expect(report).toContain('it came from the store backup. Read back, it never leaves this unit again.');
    const before = readFileSync(join(`${bundle}.small-keys`, 'report.html'), 'utf8').replaceAll(/<[^>]+>/g, '');
    expect(before).toContain('its copy in the store backup opens under the master key alone.');
    expect(before).toContain('NO. Read back, it never leaves this unit again.');
  });

  it('destroys the old master key by a command that names it, the new one, and what was wrapped anew', () => {
    const { from, to, sha256: manifest } = resultOf('rotate', 'rotate');
    const intent = transcript(bundle).find(
      (line) => line.type === 'step.intent' && line.body['act'] === 'unit-a/activate',
    );
    expect(intent?.body['parameters']).toEqual({
      command: 'master-key.replace',
      pattern: to,
      retires: from,
      stores: [{ store: 'backup', manifest, keys: 4 }],
    });
    expect((intent?.body['command'] as { signatures: unknown[] }).signatures).toHaveLength(2);
    const { registers } = resultOf('activate', 'activate') as { registers: JsonObject };
    expect(registers).toMatchObject({ new: { status: 'empty' }, current: { status: 'valid', pattern: to } });
  });

  it('a key that is not in the store never could leave; those in it never can again', () => {
    const attributesOf = (act: string, step: string) =>
      (resultOf(act, step, `${bundle}.small-keys`)['attributes'] ?? {}) as JsonObject;
    expect(attributesOf('kept', 'make-kept')).toMatchObject({ CKA_EXTRACTABLE: false });
    expect(attributesOf('data', 'make-data')).toMatchObject({ CKA_EXTRACTABLE: true, CKA_SENSITIVE: true });
    for (const name of STORED_KEYS) expect(attributesOf(name, 'wrap')).toMatchObject({ CKA_EXTRACTABLE: false });
    expect(resultOf('data', 'restore')['attributes']).toMatchObject({ CKA_EXTRACTABLE: false });
    expect(resultOf('data', 'restore')['checkValue']).toEqual(
      resultOf('data', 'make-data', `${bundle}.small-keys`)['checkValue'],
    );
  });
});

/** Every text in the lines that is `from`, told as `to`. */
function everywhere(from: string, to: string): Forgery {
  const change = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll(from, to)) as T;
  return { lines: (lines) => change(lines), sign: (one) => ({ payload: change(one.payload), signers: one.signers }) };
}

/** The record with another manifest, which every line and command names by its new hash. */
function withManifest(lines: readonly string[], also: (forged: Forgery) => Forgery = (one) => one): Files {
  const content = Buffer.from(lines.map((line) => `${line}\n`).join(''));
  const other = new Map(files).set(MANIFEST, content);
  return signedAgain(other, also(everywhere(sha256(files.get(MANIFEST) ?? ''), sha256(content))));
}

const replacing = (change: (payload: JsonObject) => JsonObject): Forgery => ({
  sign: (one) => {
    const payload = one.payload['payload'] as JsonObject | undefined;
    if (payload?.['command'] !== 'master-key.replace') return one;
    return { payload: { ...one.payload, payload: change(payload) }, signers: one.signers };
  },
});
const linesOf = (): string[] =>
  manifestLines().map((one) =>
    JSON.stringify({ checkValue: one.checkValue, name: one.name, new: one.new, old: one.old }),
  );
const inParameters = (change: (parameters: JsonObject) => JsonObject): Forgery => ({
  lines: (lines) =>
    lines.map((line) =>
      line.type === 'step.intent' && line.body['act'] === 'unit-a/rotate'
        ? { ...line, body: { ...line.body, parameters: change(line.body['parameters'] as JsonObject) } }
        : line,
    ),
});
const both = (one: Forgery, other: Forgery): Forgery => ({
  ...one,
  lines: (lines) => other.lines?.(one.lines?.(lines) ?? lines) ?? lines,
});
const withoutActs = (fits: (act: string) => boolean): Forgery => ({
  lines: (lines) =>
    lines.filter(
      ({ type, body }: LooseLine) =>
        !((type === 'step.intent' || type === 'step.outcome') && typeof body['act'] === 'string' && fits(body['act'])),
    ),
});
/** An intent told without a key is told with the number of keys and the inventory of what is left. */
const announced = (rows: readonly string[]): Forgery => {
  const list = rows.map((row) => JSON.parse(row) as ManifestLine);
  const inventory = sha256(list.map((one) => `${one.old}  ${one.name}.wrappedkey.json\n`).join(''));
  return inParameters((parameters) => ({ ...parameters, keys: rows.length, inventory }));
};

type Lie = readonly [name: string, forge: () => Files, reason: RegExp];
const LIES: readonly Lie[] = [
  ['nothing', () => signedAgain(files), /^$/],
  [
    'the manifest lacks a key',
    () => withManifest(linesOf().slice(1)),
    /the manifest has 3 keys|is of other keys than were announced/,
  ],
  [
    'a key was left behind, and nobody says so',
    () => {
      const rows = linesOf().filter((row) => !row.includes('"name":"late"'));
      const fewer = (forged: Forgery): Forgery =>
        both(both(forged, announced(rows)), everywhere('"keys":4', '"keys":3'));
      const other = (forged: Forgery): Forgery => {
        const told = fewer(forged);
        return {
          ...told,
          sign: (one) => {
            const signed = forged.sign?.(one) ?? one;
            return {
              ...signed,
              payload: JSON.parse(JSON.stringify(signed.payload).replace('"keys":4', '"keys":3')) as JsonObject,
            };
          },
        };
      };
      return withManifest(rows, other);
    },
    /the manifest lacks late, which was wrapped in this ceremony/,
  ],
  [
    'the manifest names another old file',
    () =>
      withManifest(
        linesOf().map((row, at) =>
          at === 0 ? row.replace(/"old":"."/, '"old":"').replace(/"old":"[0-9a-f]{8}/, '"old":"00000000') : row,
        ),
      ),
    /is of other keys than were announced|no line of a key/,
  ],
  ['the manifest is in another order', () => withManifest(linesOf().toReversed()), /no line of a key after/],
  [
    'a key was not wrapped anew',
    () =>
      withManifest(
        linesOf().map((row) => row.replace(/"new":"[0-9a-f]{64}","old":"([0-9a-f]{64})"/, '"new":"$1","old":"$1"')),
      ),
    /no line of a key after/,
  ],
  [
    'the command counts fewer keys',
    () =>
      signedAgain(
        files,
        replacing((payload) => ({
          ...payload,
          stores: [{ ...((payload['stores'] as JsonObject[])[0] ?? {}), keys: 3 }],
        })),
      ),
    /no such rotation of backup is on record/,
  ],
  [
    'the command names another manifest',
    () =>
      signedAgain(
        files,
        replacing((payload) => ({ ...payload, stores: [{ store: 'backup', manifest: '1'.repeat(64), keys: 4 }] })),
      ),
    /no such rotation of backup is on record/,
  ],
  [
    'the command names no store',
    () =>
      signedAgain(
        files,
        replacing((payload) => ({ ...payload, stores: [] })),
      ),
    /does not name the key stores of the plan/,
  ],
  [
    'the command retires another key',
    () =>
      signedAgain(
        files,
        replacing((payload) => ({ ...payload, retires: '1'.repeat(64) })),
      ),
    /not read with these master keys|no such rotation/,
  ],
  [
    'the command is one that replaces nothing',
    () =>
      signedAgain(
        files,
        replacing(({ pattern }) => ({ command: 'master-key.activate', pattern: pattern ?? null })),
      ),
    /the current register is taken/,
  ],
  [
    'one alone replaces the master key',
    () =>
      signedAgain(files, {
        sign: (one) =>
          (one.payload['payload'] as JsonObject | undefined)?.['command'] === 'master-key.replace'
            ? { payload: one.payload, signers: one.signers.slice(0, 1) }
            : one,
      }),
    /signature threshold: 2 valid signatures needed, 1 given/,
  ],
  [
    'nothing was rotated',
    () =>
      signedAgain(
        files,
        withoutActs((act) => act === 'unit-a/rotate'),
      ),
    /no such rotation of backup/,
  ],
  [
    'the rotation began from another key',
    () =>
      signedAgain(
        files,
        inParameters((parameters) => ({ ...parameters, from: '1'.repeat(64) })),
      ),
    /was not read with these master keys/,
  ],
  [
    'a key was not wrapped',
    () =>
      signedAgain(
        files,
        withoutActs((act) => act === 'unit-a/late'),
      ),
    /the act unit-a\/late does not tell what became of the key/,
  ],
  [
    'a key was not destroyed',
    () =>
      signedAgain(files, {
        lines: (lines) =>
          lines.map((line) =>
            line.type === 'step.outcome' && line.step === 'destroy' && line.body['act'] === 'unit-a/data'
              ? { ...line, body: { ...line.body, result: { key: 'data', destroyed: false } } }
              : line,
          ),
      }),
    /the act unit-a\/data does not tell what became of the key/,
  ],
  [
    'a key is brought back from another store',
    () =>
      signedAgain(files, {
        lines: (lines) =>
          lines.map((line) =>
            line.type === 'step.outcome' && line.step === 'restore' && line.body['act'] === 'unit-a/data'
              ? { ...line, body: { ...line.body, result: { ...(line.body['result'] as JsonObject), store: 'other' } } }
              : line,
          ),
      }),
    /the key store is not that of the step/,
  ],
];

describe('an insider who has all keys', () => {
  it.each(LIES.map((lie, at) => [...lie, at] as const))(
    'is believed in nothing: %s',
    async (name, forge, reason, at) => {
      const forged = forge();
      const ours = await judge(forged);
      expect(ours.said).toMatch(reason);
      expect(ours.verdict).toBe(name === 'nothing' ? 'consistent' : 'refused');
      if (isForScript(at)) expect((await judgeByScript(forged)).verdict).toBe(ours.verdict);
    },
  );
});
