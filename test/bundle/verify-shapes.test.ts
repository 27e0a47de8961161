/** The shapes in verify.sh: made from the schemas in the code, and jq says of every value what the schemas say. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { canonicalJson, type Json, type JsonObject } from '../../ceremony/canonical-json';
import { FACT_VALUES } from '../../ceremony/transcript/fact-schemas';
import { pick, readFiles, seededRandom, text, EMPTY } from './mutation/bundle-files';
import { SCRIPT } from './mutation/both-verifiers';
import { looseLines } from './mutation/forgery';
import { temporaryDirectory, removeDirectory } from './temp-folder';
import { SCHEMAS, shapesText } from './verify-shapes';

const RELEASED = fileURLToPath(new URL('../fixtures/bundles/0.1.0/bundle', import.meta.url));
const SECTION = /(?<=# Made from the schemas in the code: see docs\/schemas\.\nshapes='\n).*?(?='\n)/su;
const RUNS = process.env['KEYRITE_DEEP'] === '1' ? 20_000 : 2_000;

it('the shapes in verify.sh are what the code says', () => {
  // `UPDATE_SCHEMAS=1 npx vitest run test/bundle/verify-shapes.test.ts` writes them anew.
  if (process.env['UPDATE_SCHEMAS'] === '1') {
    writeFileSync(
      SCRIPT,
      readFileSync(SCRIPT, 'utf8').replace(SECTION, () => `${shapesText()}\n`),
    );
  }
  expect(SECTION.exec(readFileSync(SCRIPT, 'utf8'))?.[0]).toBe(`${shapesText()}\n`);
});

/** A value and the shape it is held against. */
interface Case {
  readonly name: string;
  readonly value: Json;
}

/** What the record of a real ceremony holds, and more: an example of every shape. */
async function examples(): Promise<readonly Case[]> {
  const files = await readFiles(RELEASED);
  const json = (name: string): Json => JSON.parse(text(files.get(name) ?? EMPTY)) as Json;
  const lines = looseLines(files);
  const payload = (envelope: Json | undefined): Json =>
    JSON.parse(Buffer.from((envelope as { readonly payload: string }).payload, 'base64').toString('utf8')) as Json;
  const first = <T>(all: readonly T[], is: (one: T) => boolean): readonly T[] => all.filter(is).slice(0, 2);
  const of = (type: string) => first(lines, (line) => line.type === type);
  const envelope = payloadEnvelope(lines);
  return [
    ...first(lines, () => true).map((line) => ({ name: 'line', value: line as unknown as Json })),
    ...[...new Set(lines.map(({ type }) => type))].flatMap((type) =>
      of(type).map(({ body }) => ({ name: `body ${type}`, value: body })),
    ),
    ...Object.keys(FACT_VALUES).flatMap((fact) =>
      first(lines, ({ type, body }) => type === 'fact.recorded' && body['fact'] === fact).map(({ body }) => ({
        name: `fact ${fact}`,
        value: body['value'] ?? null,
      })),
    ),
    ...['step.intent', 'step.outcome'].flatMap((type) =>
      ['parameters', 'expected', 'result'].flatMap((member) =>
        first(lines, (line) => line.type === type && line.body[member] !== undefined).map(({ body }) => ({
          name: `act ${member}`,
          value: body[member] ?? null,
        })),
      ),
    ),
    { name: 'fact custody', value: { act: 'opened', object: 'case', seal: 'A-1', place: null, record: envelope } },
    ...of('participant.present').map(({ body }) => ({ name: 'payload presence', value: payload(body['proof']) })),
    ...first(lines, ({ body }) => typeof body['command'] === 'object' && body['command'] !== null).map(({ body }) => ({
      name: 'payload command',
      value: payload(body['command']),
    })),
    ...[...files.keys()]
      .filter((name) => name.startsWith('approvals/'))
      .map((name) => ({ name: 'payload approval', value: payload(json(name)) })),
    { name: 'plan', value: json('plan.json') },
    { name: 'binding', value: json('binding.json') },
    { name: 'binding', value: { ...(json('binding.json') as JsonObject), custody: LEDGER } },
    ...[...files.keys()]
      .filter((name) => name.endsWith('.keypackage.json'))
      .map((name) => ({ name: 'package', value: json(name) })),
    ...WRITTEN.map(([name, value]) => ({ name, value })),
    { name: 'body participant.enrolled', value: { ...ENROLLED, record: envelope } },
    {
      name: 'fact custody',
      value: { act: 'in', object: 'case', seal: 'A-1', place: 'The safe', record: envelope },
    },
    { name: 'body exception.recorded', value: { kind: 'other', record: envelope } },
    { name: 'fact custody', value: { ...ENTRY, record: envelope } },
    { name: 'fact share', value: { ...SHARE, record: envelope } },
    { name: 'fact share', value: { ...SHARE, act: 'transferred', to: 'bela', why: null, record: envelope } },
    { name: 'binding', value: { ...(json('binding.json') as JsonObject), shareSets: SETS } },
    { name: 'plan', value: { ...(json('plan.json') as JsonObject), keptShares: KEPT } },
    {
      name: 'addendum fact',
      value: { fact: 'cosignature', files: [], value: { envelope, participant: 'ada', text: 'x' } },
    },
  ];
}

function payloadEnvelope(lines: ReturnType<typeof looseLines>): Json {
  return lines.find(({ type }) => type === 'participant.present')?.body['proof'] ?? null;
}

const HASH = 'a'.repeat(64);
const AT = '2026-11-23T10:15:00.000Z';
const KEY = { algorithm: 'ed25519', spki: 'AAAA', holder: 'file' };
const PARTICIPANT = { id: 'ada', name: 'Ada Müller 𝒜', roles: ['witness'], key: KEY };
const ENROLLED = { participant: PARTICIPANT, vouchers: ['ada', 'bela'], identification: 'A passport.', files: [] };
const WHERE = { mode: 'rehearsal', ceremony: 'example' };
const APP = { name: 'keyrite', version: '1', sha256: HASH, runtime: 'node' };

const ENTRY = { act: 'closed', object: 'card-1', seal: 'A-1 𝒜', place: 'The safe' };
const LEDGER = {
  from: { ceremony: 'example', root: HASH },
  objects: [
    { object: 'card-1', kind: 'card', state: 'sealed', seal: 'A-1', place: 'The safe' },
    { object: 'card-2', kind: 'card', state: 'destroyed', seal: null, place: null },
  ],
};

const SET = 'ab'.repeat(16);
const SHARE = { act: 'wrong', set: SET, index: 1, holder: 'ada', to: null, why: 'Entered five times 𝒜' };
const MADE = {
  set: SET,
  scheme: 'threshold',
  threshold: 2,
  pattern: HASH,
  shares: [{ index: 1, salt: SET, commitment: HASH }],
};
const SETS = {
  from: { ceremony: 'example', root: HASH },
  sets: [
    {
      ...MADE,
      id: 'old-key',
      state: 'retired',
      shares: [{ index: 1, salt: SET, commitment: HASH, holders: [{ id: 'ada', name: 'Ada 𝒜', returned: true }] }],
    },
  ],
};
const KEPT = [
  { id: 'old-key', scheme: 'components', shares: 3, threshold: 3, is: 'replaced', custodians: ['custodians'] },
];

const OBJECT = {
  class: 'secret-key',
  keyType: 'aes',
  label: 'zone-master 𝒜',
  id: '0a',
  attributes: { CKA_SIGN: true, CKA_TRUSTED: null },
  checkValue: { algorithm: 'aes-cmac', value: '0011223344' },
};
const UNREAD = { unit: 'unit-a', identity: null, challenge: null };

/** Examples of what that ceremony did not need. */
const WRITTEN: readonly (readonly [string, Json])[] = [
  ['fact unit.found', { ...UNREAD, state: null, registers: null, origin: 'Bought.', objects: [OBJECT] }],
  ['fact unit.adopted', { ...UNREAD, origin: 'Bought.', objects: [], weaknesses: [] }],
  ['fact master-key.found', { unit: 'unit-a', origin: 'Bought.', object: OBJECT, pattern: HASH, weaknesses: [] }],
  ['fact keys.adopted', { ...UNREAD, origin: 'Bought.', keys: [{ name: 'zone', object: OBJECT }] }],
  ['fact procedure.before', { ...UNREAD, objects: [OBJECT] }],
  ['fact procedure.released', { units: ['unit-a'], modules: ['luna'] }],
  ['fact procedure.output', { tool: 'lunacm' }],
  ['fact procedure.after', { ...UNREAD, is: 'blank' }],
  ['body ceremony.paused', { reason: 'Overnight.', seals: [{ material: 'case', number: 'A-1' }] }],
  [
    'body ceremony.resumed',
    {
      reason: 'pause',
      torn: { bytes: 3, sha256: HASH },
      note: '',
      session: { number: 2, binding: { sha256: HASH }, app: APP, roster: [PARTICIPANT] },
      files: [{ name: 'sessions/0002/binding.yaml', sha256: HASH }],
    },
  ],
  ['body participant.left', { participant: 'ada', reason: '' }],
  ['body participant.replaced', { participant: 'ada', by: 'bela', reason: '' }],
  ['body step.reconciled', { attempt: 1, act: 'unit-a/token', verdict: 'applied', observed: { any: [1] } }],
  [
    'body step.failed',
    { attempt: 1, act: null, error: { code: 'X', message: '𝒜'.repeat(2000) }, changed: '', next: '' },
  ],
  [
    'fact clock.readings',
    {
      readings: [{ by: 'ada', source: 'watch', at: AT, workstation: '2024-02-29T23:59:59.999Z' }],
      skewMs: { median: -3, largest: 5 },
    },
  ],
  ['fact seal', { material: 'case', number: 'A-1' }],
  ['fact paper-signature', { name: 'Paula Paper', role: 'guest' }],
  ['fact decision', { step: 'load', option: 'again', happened: 'The token was not there.' }],
  [
    'fact exception.raised',
    { step: 'load', kind: 'other', expected: 'This.', happened: 'That.', decided: 'To go on.' },
  ],
  [
    'fact unit.connected',
    {
      unit: 'unit-a',
      identity: HASH,
      spki: 'AAAA',
      algorithm: 'ed25519',
      state: {
        format: 'keyrite-unit-state/1',
        unit: HASH,
        serial: '0001',
        mode: 'operational',
        administrators: [{ id: 'ada', algorithm: 'ed25519', spki: 'AAAA' }],
        signatureThreshold: 2,
        revocationThreshold: 2,
        counter: 3,
        loading: null,
        registers: { new: 'empty', current: 'valid' },
        previous: HASH,
        command: HASH,
      },
    },
  ],
  ['fact share-set.voided', { set: HASH.slice(0, 32), reason: 'its share process ended' }],
  ['fact wrapping-key.compared', { with: 'second', publicKeySha256: HASH }],
  ['act observed', { note: 'not read back', refused: 'CKR_PIN_INCORRECT', written: false, state: null }],
  [
    'payload enrolment',
    {
      format: 'keyrite-enrolment/1',
      ...WHERE,
      participant: PARTICIPANT,
      position: 'witnesses',
      identification: '',
      head: HASH,
    },
  ],
  ['fact share-set.replaced', { set: SET, by: SET, pattern: HASH }],
  ['payload share', { format: 'keyrite-share/1', ...WHERE, step: 'drill', ...SHARE, commitment: HASH, head: HASH }],
  ['share set', MADE],
  ['payload custody', { format: 'keyrite-custody/1', ...WHERE, step: 'load', ...ENTRY, kind: 'card', head: HASH }],
  [
    'payload exception',
    { format: 'keyrite-exception/1', ...WHERE, step: 'load', kind: 'other', expected: '', happened: '', decided: '' },
  ],
  [
    'payload custody',
    {
      format: 'keyrite-custody/1',
      ...WHERE,
      step: 'load',
      act: 'opened',
      object: 'case',
      seal: 'A-1',
      place: null,
      kind: 'card',
      head: HASH,
    },
  ],
  [
    'payload cosignature',
    {
      format: 'keyrite-cosignature/1',
      ...WHERE,
      participant: 'ada',
      size: 3,
      root: HASH,
      checkpoint: HASH,
      verdict: 'consistent',
      app: { name: 'keyrite', version: '1', sha256: HASH },
      at: AT,
    },
  ],
  [
    'receipt',
    {
      format: 'keyrite-receipt/1',
      ceremony: 'example',
      package: { sha256: HASH },
      target: 'ibm-key-protect',
      service: { instance: 'a-b', region: 'us-south' },
      purpose: { do: 'create', name: 'root key' },
      publicKeySha256: HASH,
      key: { id: 'abc', version: null },
      outcome: 'accepted',
      at: AT,
      response: { status: 201, sha256: HASH, correlation: 'x' },
      signature: { by: 'ada', algorithm: 'ed25519', value: 'AAAA' },
    },
  ],
  [
    'addendum opened',
    {
      format: 'keyrite-addendum/1',
      ...WHERE,
      number: 1,
      closed: { size: 3, root: HASH },
      previous: null,
      reason: 'x',
      app: APP,
    },
  ],
  ['addendum fact', { fact: 'correction', files: [], value: { line: 3, text: 'x' } }],
  [
    'addendum fact',
    {
      fact: 'receipt',
      files: [{ name: 'a', sha256: HASH }],
      value: { package: { name: 'packages/a', sha256: HASH }, text: 'x' },
    },
  ],
];

/** What is put in the place of a member. */
const ODD: readonly Json[] = [
  null,
  true,
  0,
  -1,
  9,
  10_000,
  '',
  'a',
  'A',
  'ada',
  'x'.repeat(64),
  '0'.repeat(64),
  '0'.repeat(32),
  'x'.repeat(201),
  'x'.repeat(4001),
  '𝒜'.repeat(2001),
  '𝒜'.repeat(101),
  'a\nb',
  'a\u0000b',
  'AAA',
  'AAAA',
  'AAB=',
  'AAA=',
  '/etc/x',
  `/${'é'.repeat(4001)}`,
  '2026-11-23T10:15:00.000Z',
  '2026-02-30T10:15:00.000Z',
  '2100-02-29T10:15:00.000Z',
  '2026-11-23T24:00:00.000Z',
  '2026-13-01T10:15:60.000Z',
  '0000-02-29T00:00:00.000Z',
  [],
  {},
  ['ada'],
  [{}],
  { a: 1 },
];

/** The places of a value, itself left out. */
function places(value: Json, before: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[...before, key], ...places(inner, [...before, key])]);
}

/** The value with what stands at a place put, dropped (undefined), or given a further member. */
function changed(value: Json, [key = '', ...rest]: readonly string[], put: Json | undefined): Json {
  if (Array.isArray(value)) {
    const list = [...(value as readonly Json[])];
    const inner = rest.length === 0 ? put : changed(list[Number(key)] ?? null, rest, put);
    list.splice(Number(key), 1, ...(inner === undefined ? [] : [inner]));
    return list;
  }
  const members = value as Readonly<Record<string, Json>>;
  const inner = rest.length === 0 ? put : changed(members[key] ?? null, rest, put);
  const others = Object.entries(members).filter(([name]) => name !== key);
  return Object.fromEntries(inner === undefined ? others : [...others, [key, inner]]);
}

/** Changes of the examples, drawn by a seed. */
function changesOf(all: readonly Case[]): readonly Case[] {
  const random = seededRandom('shapes');
  return Array.from({ length: RUNS }, (_, run) => {
    const { name, value } = all[run % all.length] ?? { name: '', value: null };
    const at = pick(places(value), 1, random)[0] ?? [];
    const how = random(10);
    if (how === 0) return { name, value: changed(value, at, undefined) };
    if (how === 1) return { name, value: changed(value, [...at.slice(0, -1), 'unheard'], 1) };
    return { name, value: changed(value, at, ODD[random(ODD.length)] ?? null) };
  });
}

/** Whether a value fits by the code: plan and binding with their defaults filled in; lists are no objects. */
function fitsByCode({ name, value }: Case): boolean {
  const schema = SCHEMAS[name];
  if (schema === undefined) throw new Error(`no schema ${name}`);
  const parsed = v.safeParse(schema, value);
  if (!parsed.success) return false;
  if (name.startsWith('act ') && Array.isArray(value)) return false;
  if (['parameters', 'expected', 'result', 'observed', 'body'].some((one) => Array.isArray((value as never)[one])))
    return false;
  return !['plan', 'binding'].includes(name) || canonicalJson(parsed.output as Json) === canonicalJson(value);
}

/** The same by the functions of verify.sh. */
async function fitsByScript(cases: readonly Case[]): Promise<readonly boolean[]> {
  const script = readFileSync(SCRIPT, 'utf8');
  const part = (name: string): string => new RegExp(`^${name}='\\n(.*?)^'$`, 'msu').exec(script)?.[1] ?? '';
  const folder = await temporaryDirectory();
  try {
    writeFileSync(join(folder, 'shapes'), part('shapes'));
    writeFileSync(join(folder, 'cases'), cases.map((one) => `${canonicalJson({ ...one })}\n`).join(''));
    const program = `${part('bytes_in_jq')}${part('shapes_in_jq')}$C[] | .name as $name | .value | fits($S[0]; $name)`;
    const args = [
      '-rn',
      '--slurpfile',
      'S',
      join(folder, 'shapes'),
      '--slurpfile',
      'C',
      join(folder, 'cases'),
      program,
    ];
    const said = execFileSync('jq', args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
    return said
      .trim()
      .split('\n')
      .map((one) => one === 'true');
  } finally {
    await removeDirectory(folder);
  }
}

describe('jq and the schemas', () => {
  it('agree on every example and its changes', { timeout: 300_000 }, async () => {
    const all = await examples();
    expect(all.filter((one) => !fitsByCode(one)).map(({ name }) => name)).toEqual([]);
    expect(Object.keys(SCHEMAS).filter((name) => !all.some((one) => one.name === name))).toEqual([]);
    const cases = [...all, ...changesOf(all)];
    const byScript = await fitsByScript(cases);
    expect(byScript).toHaveLength(cases.length);
    const differ = cases.filter((one, place) => fitsByCode(one) !== byScript[place]);
    expect(differ.map(({ name, value }) => `${name}: ${canonicalJson(value).slice(0, 2000)}`)).toEqual([]);
    const fitting = byScript.filter(Boolean).length;
    expect(fitting).toBeGreaterThan(cases.length / 20);
    expect(fitting).toBeLessThan(cases.length / 2);
  });
});
