/**
 * A ceremony whose four components are handed over in four ways, on real tokens: slips, kills, what other people's tools make of
 * what custodians hold, and a search for every component where it must not be.
 */
import { execFileSync } from 'node:child_process';
import { createDecipheriv } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { privateMemory } from '../processes/memory';
import { componentOn } from '../shares/custodians';
import { openWithAge } from '../shares/open-with-age';
import { SOFTHSM } from '../unit/softhsm';
import { NeedleSearch } from './needles';
import { CHECKOUT, childrenOf, keyrite, scratch, start, tool, transcript, type Running } from './program';
import { formsOf, type Needle, type Secret } from './secrets';
import { writeFormsPlan } from './small-plans';

const place = scratch();
const bundle = join(place.folder, 'bundle');
const room = join(place.folder, 'room');
afterAll(place.leave);

interface Custody {
  readonly form: string;
  readonly file?: string;
  readonly sha256?: string;
}

/** What was found while main stood still, the shares being with their custodians. */
let looked: {
  readonly main: readonly string[];
  readonly shareProcess: readonly string[];
  readonly started: readonly string[];
};
let components: readonly Secret[] = [];
/** Sets that were made, in order. */
const sets = (): string[] =>
  transcript(bundle).flatMap(({ body }) => {
    const { shareSet } = (body['result'] ?? {}) as { shareSet?: { set: string } };
    return shareSet === undefined ? [] : [shareSet.set];
  });
const handed = () =>
  transcript(bundle).flatMap(({ body }) => {
    const result = (body['result'] ?? {}) as {
      readBack?: unknown;
      set?: string;
      index?: number;
      custodian?: string;
      custody?: Custody;
    };
    return result.readBack === true ? [result] : [];
  });

async function until(reached: () => boolean, running: Running): Promise<void> {
  const over = new AbortController();
  void running.ended.then(() => {
    over.abort();
  });
  const isThere = () => existsSync(join(bundle, 'transcript.jsonl')) && reached();
  while (!over.signal.aborted && !isThere()) await sleep(2);
}

const record = (): string => readFileSync(join(bundle, 'transcript.jsonl'), 'utf8');

function killShareProcess(): void {
  for (const pid of childrenOf(bundle, 'share-process.cjs')) process.kill(pid, 'SIGKILL');
}

function below(folder: string, name: string): string {
  const found = readdirSync(join(room, folder), { recursive: true, encoding: 'utf8' }).find((one) =>
    one.endsWith(name),
  );
  if (found === undefined) throw new Error(`there is no ${name} in ${folder}`);
  return join(room, folder, found);
}

function pinOf(role: string, of: string): string {
  const { pins } = JSON.parse(readFileSync(join(room, 'player.json'), 'utf8')) as {
    pins: { role: string; of: string; pin: string }[];
  };
  return pins.find((one) => one.role === role && one.of === of)?.pin ?? '';
}

/** The worksheet on a custodian's token, by pkcs11-tool and AES-GCM: docs/shares.md says how. */
function onToken(set: string, index: number, custodian: string): string {
  const conf = readdirSync(room, { recursive: true, encoding: 'utf8' }).find((one) => /cards.*\.conf$/.test(one)) ?? '';
  const login = [
    '--module',
    SOFTHSM,
    '--token-label',
    `card-${custodian}`,
    '--login',
    '--pin',
    pinOf('card', custodian),
  ];
  const label = `keyrite:share:${set}:${String(index)}`;
  const card = (...args: string[]): Buffer =>
    execFileSync('pkcs11-tool', [...login, ...args], {
      env: { ...process.env, SOFTHSM2_CONF: join(room, conf) },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  const envelopeFile = join(place.folder, 'envelope');
  card('--read-object', '--type', 'data', '--label', label, '--output-file', envelopeFile);
  const envelope = JSON.parse(readFileSync(envelopeFile, 'utf8')) as Record<
    'encryptedKey' | 'iv' | 'ciphertext',
    string
  >;
  const encrypted = join(place.folder, 'encrypted');
  writeFileSync(encrypted, Buffer.from(envelope.encryptedKey, 'base64'));
  const id = /ID: +([0-9a-f]+)/.exec(
    card('--list-objects', '--type', 'privkey')
      .toString()
      .split(/(?=Private Key)/)
      .find((one) => one.includes(label)) ?? '',
  )?.[1];
  const opening = ['--decrypt', '--id', id ?? '', '--mechanism', 'RSA-PKCS-OAEP', '--hash-algorithm', 'SHA-1'];
  card(...opening, '--input-file', encrypted, '--output-file', `${encrypted}.key`);
  const ciphertext = Buffer.from(envelope.ciphertext, 'base64');
  const key = readFileSync(`${encrypted}.key`).subarray(-32);
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(envelope.iv, 'base64'));
  decipher.setAAD(Buffer.from(`keyrite/share-envelope/1\0${set}\0${String(index)}`));
  decipher.setAuthTag(ciphertext.subarray(-16));
  return Buffer.concat([decipher.update(ciphertext.subarray(0, -16)), decipher.final()]).toString();
}

/** What custodians hold, opened without code of ours. */
function held(): Secret[] {
  return handed()
    .filter(({ set }) => set === sets().at(-1))
    .map(({ set = '', index = 0, custodian = '', custody }) => {
      const name = `component of ${custodian}, ${String(custody?.form)}`;
      return { name, key: componentOn(sheetOf(set, index, custodian)) };
    });
}

function sheetOf(set: string, index: number, custodian: string): string {
  const name = `keyrite-share-${set.slice(0, 8)}-${String(index)}`;
  switch (index) {
    case 1:
      return execFileSync('age', [
        '-d',
        '-i',
        join(room, 'identities', `${custodian}.age-identity`),
        below('media', `${name}.age`),
      ]).toString();
    case 2:
      return openWithAge(below('media', `${name}.age`), pinOf('share-file', custodian));
    case 3:
      return onToken(set, index, custodian);
    default: {
      const picture = join(place.folder, 'sheet');
      execFileSync('pdftoppm', ['-r', '150', '-png', '-singlefile', below('printers', `${name}.pdf`), picture]);
      const text = execFileSync('zbarimg', ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', `${picture}.png`], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      return text.toString();
    }
  }
}

function inMemory(pids: readonly number[], search: NeedleSearch): string[] {
  const found: string[] = [];
  // One piece at a time: they share their memory.
  for (const pid of pids) for (const piece of privateMemory(pid, search.longest)) found.push(...search.in(piece));
  return [...new Set(found)];
}

function lookAround(main: number): typeof looked {
  const ceremony = /^ceremony: (.+)$/m.exec(readFileSync(join(bundle, 'binding.yaml'), 'utf8'))?.[1] ?? '';
  const control: Needle = { what: 'control', bytes: Buffer.from(ceremony) };
  const search = new NeedleSearch([control, ...components.flatMap(formsOf)]);
  const children = ['worker.cjs', 'share-process.cjs', 'person.cjs'].flatMap((script) => childrenOf(bundle, script));
  return {
    main: inMemory([main], search),
    shareProcess: inMemory(childrenOf(bundle, 'share-process.cjs'), search),
    started: [main, ...children].flatMap((pid) =>
      ['cmdline', 'environ'].flatMap((what) => search.in(readFileSync(`/proc/${String(pid)}/${what}`))),
    ),
  };
}

beforeAll(async () => {
  const plan = writeFormsPlan(join(place.folder, 'forms.ceremony.yaml'));
  const begun = start(['rehearse', plan, '--out', bundle, '--keep', room]);
  await until(() => record().includes('participant.present'), begun);
  begun.child.kill('SIGKILL');
  await begun.ended;
  const player = join(room, 'player.json');
  const memory = JSON.parse(readFileSync(player, 'utf8')) as { faults: object[] };
  memory.faults = [
    { match: { kind: 'share-key', index: 2, make: false }, do: 'wrong-pin', times: 1 },
    { match: { kind: 'share-key', index: 2, make: true }, do: 'refuse', times: 1 },
    { match: { kind: 'share-enter', index: 4 }, do: 'wrong-character', times: 1 },
  ];
  writeFileSync(player, JSON.stringify(memory));
  const resumed = start(['resume', bundle]);
  // Before the third share is out: the set is void, and what two custodians hold of it is worthless.
  await until(() => handed().length === 2, resumed);
  killShareProcess();
  await until(() => record().includes('"readBack":4'), resumed);
  if (resumed.child.exitCode !== null) throw new Error((await resumed.ended).stderr);
  const main = resumed.child.pid ?? 0;
  process.kill(main, 'SIGSTOP');
  try {
    components = held();
    looked = lookAround(main);
  } finally {
    process.kill(main, 'SIGCONT');
  }
  // In the midst of loading: each custodian brings the share again, in its form.
  await until(() => record().includes('load-2'), resumed);
  killShareProcess();
  const { code, stderr } = await resumed.ended;
  expect(code, stderr).toBe(0);
}, 300_000);

it('hands each over in its form, after slips, and again for a new set when the process died', () => {
  expect(sets()).toHaveLength(2);
  const forms = handed().map(({ index, custody }) => `${String(index)} ${String(custody?.form)}`);
  expect(forms).toEqual(['1 age-file', '2 age-file', '1 age-file', '2 age-file', '3 own-token', '4 printed']);
  expect(record()).toContain('share-set.voided');
  const failed = transcript(bundle).filter(({ type }) => type === 'step.failed');
  expect(JSON.stringify(failed)).toMatch(/asked about share 2, declined/);
  for (const { set = '', index, custody } of handed().slice(0, 3)) {
    const file = below('media', `keyrite-share-${set.slice(0, 8)}-${String(index)}.age`);
    expect(tool('sha256sum', [file]).toString()).toContain(custody?.sha256);
  }
});

it('lets other people’s tools put the master key together, as the unit has it', () => {
  expect(components).toHaveLength(4);
  for (const secret of components) expect('key' in secret && secret.key.length, secret.name).toBe(32);
  const entered = transcript(bundle).filter(
    ({ body }) => (body['result'] as { entered?: unknown } | undefined)?.entered === true,
  );
  expect(entered.length).toBeGreaterThanOrEqual(4);
});

it('has them nowhere but with the share process', () => {
  expect(looked.main).toEqual(['control']);
  expect(new Set(looked.started)).toEqual(new Set(['control']));
  for (const { name } of components) expect(looked.shareProcess, name).toContain(`${name}, raw`);
  const search = new NeedleSearch(components.flatMap(formsOf));
  for (const file of readdirSync(bundle, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())) {
    expect(search.in(readFileSync(join(file.parentPath, file.name))), file.name).toEqual([]);
  }
  // The sheet in the room, which stands for paper, is where the same search finds one.
  expect(search.in(readFileSync(below('printers', '-4.pdf')))).not.toEqual([]);
});

it('all three verifiers call it consistent, and the report tells of the forms', async () => {
  expect((await keyrite(['verify', bundle])).code).toBe(0);
  expect(tool('sh', [join(bundle, 'verify.sh'), bundle]).toString()).toContain('verdict: consistent');
  const python = join(CHECKOUT, 'test/bundle/second-opinion/verify.py');
  expect(tool('python3', [python, bundle]).toString()).toContain('consistent');
  const report = readFileSync(join(bundle, 'report.html'), 'utf8');
  for (const words of ['age file on usb-1', 'own token', 'printed sheet on laser']) expect(report).toContain(words);
});
