/**
 * SECURITY: no component, PIN or key byte of a whole rehearsal is in its evidence, in what it prints and leaves behind,
 * in what main receives, or in main's memory. The same search does find them where they may be.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPrograms } from '../processes/build-programs';
import { privateMemory } from '../processes/memory';
import { NeedleSearch } from './needles';
import { childrenOf, scratch, start, transcript, type Ended, type Running, type TranscriptLine } from './program';
import { formsOf, knownToPlayer, rootKeyOf, type Needle, type Secret } from './secrets';

const place = scratch();
const bundle = join(place.folder, 'bundle');
const room = join(place.folder, 'room');
const recordFile = join(place.folder, 'record');
const temporary = join(place.folder, 'tmp');
const packageFile = join(bundle, 'packages', 'payments-root.keypackage.json');

/** Where the secrets are kept on purpose. */
const KEPT = [
  join(room, 'player.json'),
  join(room, 'units', 'tokens'),
  join(room, 'cards', 'tokens'),
  join(room, 'connected', 'service'),
];

/** What was in the memory of processes while main stood still. */
interface Moment {
  readonly secrets: readonly Secret[];
  readonly main: readonly string[];
  readonly person: readonly string[];
  readonly shareProcess: readonly string[];
  /** Every process of the ceremony that lives just then. */
  readonly processes: readonly { readonly script: string; readonly core: string; readonly output: readonly string[] }[];
}

const SCRIPTS = ['person.cjs', 'worker.cjs', 'share-process.cjs'];
const moments = new Map<string, Moment>();
let ended: Ended;
let secrets: readonly Secret[];
let removePrograms: () => void = () => undefined;

beforeAll(async () => {
  mkdirSync(temporary);
  const { folder, remove } = await buildPrograms({ recorder: 'test/ceremony/recorder-main.ts' });
  removePrograms = remove;
  const running = start(['rehearse', '--out', bundle, '--keep', room], {
    TMPDIR: temporary,
    NODE_OPTIONS: `--require=${join(folder, 'recorder.cjs')}`,
    KEYRITE_TEST_RECORD: recordFile,
  });
  await lookAt('shares are with their custodians', running, (line) => isEndOf(line, 'distribute'));
  await lookAt('the master key is in both units', running, (line) => isEndOf(line, 'load'));
  await lookAt('the root key is wrapped', running, (line) => isEndOf(line, 'package'));
  await lookAt('the ceremony is closed', running, ({ type }) => type === 'ceremony.closed');
  ended = await running.ended;
  secrets = [...knownToPlayer(room), rootKeyOf(room, packageFile)];
});
afterAll(() => {
  removePrograms();
  place.leave();
});

const isEndOf = ({ type, step, body }: TranscriptLine, id: string): boolean =>
  type === 'step.outcome' && step === id && body['act'] === null;

/** Waits until a line is written, stops main, and looks for every secret that exists by then. */
async function lookAt(name: string, running: Running, reached: (line: TranscriptLine) => boolean): Promise<void> {
  const main = running.child.pid ?? 0;
  while (!(existsSync(join(bundle, 'transcript.jsonl')) && transcript(bundle).some(reached))) {
    if (running.child.exitCode !== null) throw new Error(`it ended before ${name}: ${(await running.ended).stderr}`);
    await sleep(2);
  }
  process.kill(main, 'SIGSTOP');
  try {
    const known = [...knownToPlayer(room), ...(existsSync(packageFile) ? [rootKeyOf(room, packageFile)] : [])];
    const control: Needle = { what: 'control', bytes: Buffer.from(ceremonyId()) };
    const search = new NeedleSearch([control, ...known.flatMap(formsOf)]);
    const memoryOf = (pids: readonly number[]): string[] => [...new Set(pids.flatMap((pid) => inMemory(pid, search)))];
    moments.set(name, {
      secrets: known,
      main: memoryOf([main]),
      person: memoryOf(childrenOf(bundle, 'person.cjs')),
      shareProcess: memoryOf(childrenOf(bundle, 'share-process.cjs')),
      processes: [
        lookOf('keyrite.cjs', main),
        ...SCRIPTS.flatMap((script) => childrenOf(bundle, script).map((pid) => lookOf(script, pid))),
      ],
    });
  } finally {
    process.kill(main, 'SIGCONT');
  }
}

/** Limit of core dumps, soft and hard, and where a process's output goes. */
function lookOf(script: string, pid: number): Moment['processes'][number] {
  const limits = readFileSync(`/proc/${String(pid)}/limits`, 'utf8');
  return {
    script,
    core: /^Max core file size +(\S+) +(\S+)/m.exec(limits)?.slice(1).join(' ') ?? 'unknown',
    output: [1, 2].map((descriptor) => readlinkSync(`/proc/${String(pid)}/fd/${String(descriptor)}`)),
  };
}

function ceremonyId(): string {
  return /^ceremony: (.+)$/m.exec(readFileSync(join(bundle, 'binding.yaml'), 'utf8'))?.[1] ?? '';
}

function inMemory(pid: number, search: NeedleSearch): string[] {
  const found: string[] = [];
  for (const piece of privateMemory(pid, search.longest)) found.push(...search.in(piece));
  return found;
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const isKept = (file: string): boolean => KEPT.some((kept) => file === kept || file.startsWith(kept + sep));

const everyForm = (): NeedleSearch => new NeedleSearch(secrets.flatMap(formsOf));

interface Recorded {
  readonly kind: string;
  readonly bytes: Buffer;
}

function record(): Recorded[] {
  const content = readFileSync(recordFile);
  const records: Recorded[] = [];
  const part = (at: number): Buffer => content.subarray(at + 4, at + 4 + content.readUInt32BE(at));
  for (let at = 0; at < content.length;) {
    const kind = part(at);
    const bytes = part(at + 4 + kind.length);
    records.push({ kind: kind.toString(), bytes });
    at += 8 + kind.length + bytes.length;
  }
  return records;
}

describe('the search', () => {
  const key = randomBytes(32);
  const pin = Array.from({ length: 12 }, () => String(randomInt(10))).join('');
  const forms = [...formsOf({ name: 'a key', key }), ...formsOf({ name: 'a PIN', pin })];

  it('knows the forms that are asked for', () => {
    const names = new Set(forms.map(({ what }) => what));
    for (const form of ['raw', 'in hex', 'in hex, capitals', 'in hex in groups', 'in base64', 'in words']) {
      expect(names).toContain(`a key, ${form}`);
      expect(names).toContain(`a PIN, ${form}`);
    }
    expect(names).toContain('a key, a worksheet row');
    expect(names).toContain('a key, a worksheet row, UTF-16');
  });

  it('finds each of them, wherever it stands, and nothing in other bytes', () => {
    const search = new NeedleSearch(forms);
    expect(search.in(randomBytes(1024 * 1024))).toEqual([]);
    for (const { what, bytes } of forms) {
      const hay = Buffer.concat([randomBytes(randomInt(9)), bytes, randomBytes(randomInt(9))]);
      expect(search.in(hay)).toContain(what);
    }
  });

  it('finds a key written out as JavaScript writes it, whatever stands before it', () => {
    const search = new NeedleSearch(forms);
    for (const lead of [0, 1, 2, 3, 4, 5]) {
      const message = Buffer.concat([randomBytes(lead), key, randomBytes(3)]);
      expect(search.in(Buffer.from(message.toString('base64')))).toContain('a key, in base64');
      expect(search.in(Buffer.from(message.toString('base64url'), 'utf16le'))).toContain('a key, in base64url, UTF-16');
      expect(search.in(Buffer.from(message.toString('hex')))).toContain('a key, in hex');
      expect(search.in(Buffer.from(JSON.stringify(message)))).toContain('a key, as numbers');
    }
  });
});

describe('a whole rehearsal', () => {
  it('had the secrets that are looked for', () => {
    expect(ended.code, ended.stderr).toBe(0);
    const names = secrets.map(({ name }) => name);
    expect(names).toContain('user PIN of unit-a');
    expect(names).toContain('user PIN of unit-a, part 2');
    expect(names).toContain('card PIN of alice');
    expect(names.filter((name) => name.startsWith('component of'))).toHaveLength(3);
    expect(names.slice(-2)).toEqual(['master key', 'root key']);
    for (const secret of secrets) {
      if ('pin' in secret) expect(secret.pin, secret.name).toMatch(/^\d{12}(?:\d{12})?$/);
      else expect(secret.key, secret.name).toHaveLength(32);
    }
  });

  it('left none of them in a file: not in the bundle, on the medium, among temporary files or in the room', () => {
    const search = everyForm();
    const files = filesBelow(place.folder).filter((file) => !isKept(file) && file !== recordFile);
    for (const name of [
      'bundle/transcript.jsonl',
      'bundle/report.html',
      'bundle/report.pdf',
      'bundle/SHA256SUMS',
      'room/connected/api-key',
    ]) {
      expect(files).toContain(join(place.folder, name));
    }
    expect(filesBelow(temporary), 'no temporary file is left at all').toEqual([]);
    expect(files.filter((file) => file.includes('/media/')).length).toBeGreaterThan(30);
    for (const file of files) expect(search.in(readFileSync(file)), file).toEqual([]);
    expect(search.in(readFileSync(join(room, 'player.json')))).not.toEqual([]);
  });

  it('printed none of them', () => {
    const search = everyForm();
    expect(ended.stdout).toContain(bundle);
    expect(search.in(Buffer.from(ended.stdout))).toEqual([]);
    expect(search.in(Buffer.from(ended.stderr))).toEqual([]);
  });

  it('sent none of them to main, which read nothing of a person link and did not open the player’s file', () => {
    const records = record();
    const search = everyForm();
    const messages = records.filter(({ kind }) => kind === 'message');
    expect(messages.length).toBeGreaterThan(200);
    expect(messages.some(({ bytes }) => bytes.includes('share-enter'))).toBe(true);
    for (const { kind, bytes } of records) expect(search.in(bytes), kind).toEqual([]);

    const links = records.filter(({ kind }) => kind === 'link').map(({ bytes }) => bytes.toString());
    expect(links).toEqual(['0', '0', '0', '0', '0']);

    const opened = records.filter(({ kind }) => kind === 'opened').map(({ bytes }) => bytes.toString());
    expect(opened).toContain(join(bundle, 'transcript.jsonl'));
    expect(opened.filter(isKept)).toEqual([]);
  });
});

describe('main’s memory, when', () => {
  it.each([
    ['shares are with their custodians', 'master key'],
    ['the master key is in both units', 'master key'],
    ['the root key is wrapped', 'root key'],
    ['the ceremony is closed', 'root key'],
  ])('%s, holds none of them', (name, known) => {
    const moment = moments.get(name);
    expect(moment?.secrets.map((secret) => secret.name)).toContain(known);
    expect(moment?.main).toEqual(['control']);
  });

  it('the same search finds PINs and worksheets with the person process, and components with the share process', () => {
    const { person, shareProcess } = moments.get('shares are with their custodians')!;
    for (const name of [
      'user PIN of unit-a, part 1, raw',
      'card PIN of alice, raw',
      'component of carol, a worksheet row',
    ]) {
      expect(person).toContain(name);
    }
    for (const name of ['carol', 'dave', 'erin']) expect(shareProcess).toContain(`component of ${name}, raw`);
    expect(person).not.toContain('master key, raw');
  });
});

describe('every process', () => {
  it('dumps no core, and what a module prints goes nowhere', () => {
    const seen = [...moments.values()].flatMap(({ processes }) => processes);
    for (const script of ['keyrite.cjs', ...SCRIPTS]) expect(seen.map((one) => one.script)).toContain(script);
    for (const { script, core, output } of seen) {
      expect(core, script).toBe('0 0');
      if (script !== 'keyrite.cjs') expect(output, script).toEqual(['/dev/null', '/dev/null']);
    }
  });
});
