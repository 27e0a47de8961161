/**
 * SECURITY: no threshold share of a whole rehearsal, as words, as their numbers or as bytes, nor the master key, is in main's
 * memory or in a worker's after any phase, or in what is left behind; the same search does find them where they may be.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { privateMemory } from '../processes/memory';
import { NeedleSearch } from './needles';
import { childrenOf, scratch, start, transcript, type Running, type TranscriptLine } from './program';
import { formsOf, type Needle } from './secrets';
import { writeKeySizePlan } from './small-plans';
import { formsOfWords, masterKeyOf, wordSharesOf, type WordShare } from './word-secrets';

const place = scratch();
afterAll(place.leave);
const bundle = join(place.folder, 'bundle');
const room = join(place.folder, 'room');

/** What was found in the memory of each kind of process while main stood still; the ceremony's id is the control. */
interface Moment {
  readonly main: readonly string[];
  readonly workers: readonly string[];
  readonly person: readonly string[];
  readonly shareProcess: readonly string[];
  readonly shareProcesses: number;
}

const PHASES = [
  ['handed out', 'distribute'],
  ['loaded', 'load'],
  ['activated', 'activate'],
] as const;
const moments = new Map<string, Moment>();
let shares: readonly WordShare[] = [];

beforeAll(async () => {
  const plan = writeKeySizePlan(join(place.folder, 'words.ceremony.yaml'), 256, 2);
  const running = start(['rehearse', plan, '--out', bundle, '--keep', room]);
  for (const [name, step] of PHASES) await lookAt(name, running, step);
  const ended = await running.ended;
  expect(ended.code, ended.stderr).toBe(0);
  shares = wordSharesOf(room);
}, 240_000);

const isEndOf = ({ type, step, body }: TranscriptLine, id: string): boolean =>
  type === 'step.outcome' && step === id && body['act'] === null;

const needlesOf = (all: readonly WordShare[]): Needle[] => [
  ...all.flatMap(formsOfWords),
  ...formsOf({ name: 'master key', key: masterKeyOf(all.slice(0, 2)) }),
];

async function lookAt(name: string, running: Running, step: string): Promise<void> {
  const main = running.child.pid ?? 0;
  while (!(existsSync(join(bundle, 'transcript.jsonl')) && transcript(bundle).some((line) => isEndOf(line, step)))) {
    if (running.child.exitCode !== null) throw new Error(`it ended before ${name}: ${(await running.ended).stderr}`);
    await sleep(2);
  }
  process.kill(main, 'SIGSTOP');
  try {
    const id = /^ceremony: (.+)$/mu.exec(readFileSync(join(bundle, 'binding.yaml'), 'utf8'))?.[1] ?? '';
    const search = new NeedleSearch([{ what: 'control', bytes: Buffer.from(id) }, ...needlesOf(wordSharesOf(room))]);
    const memoryOf = (pids: readonly number[]): string[] => {
      const found = new Set<string>();
      for (const pid of pids)
        for (const piece of privateMemory(pid, search.longest)) for (const one of search.in(piece)) found.add(one);
      return [...found];
    };
    const shareProcesses = childrenOf(bundle, 'share-process.cjs');
    moments.set(name, {
      main: memoryOf([main]),
      workers: memoryOf(childrenOf(bundle, 'worker.cjs')),
      person: memoryOf(childrenOf(bundle, 'person.cjs')),
      shareProcess: memoryOf(shareProcesses),
      shareProcesses: shareProcesses.length,
    });
  } finally {
    process.kill(main, 'SIGCONT');
  }
}

describe('the search', () => {
  it('finds a share in each form, wherever it stands', () => {
    const forms = needlesOf(shares);
    const search = new NeedleSearch(forms);
    expect(search.in(Buffer.alloc(1024 * 1024, 'no share of anybody '))).toEqual([]);
    for (const { what, bytes } of forms.filter((_, at) => at % 7 === 0))
      expect(search.in(Buffer.concat([Buffer.alloc(3, 0x41), bytes, Buffer.alloc(2, 0x42)]))).toContain(what);
    const names = new Set(forms.map(({ what }) => what));
    for (const form of [
      'words',
      'numbers of 16 bits',
      'numbers as V8 keeps them',
      'its bytes, raw',
      'a row of the sheet',
    ])
      expect(names).toContain(`${shares[0]?.name ?? ''}, ${form}`);
  });
});

describe.each(PHASES.map(([name]) => name))('when the shares were %s', (name) => {
  it('main and the workers hold none of them in any form', () => {
    const moment = moments.get(name);
    expect(moment?.main).toEqual(['control']);
    // SoftHSM2 is a module in the worker's own memory: of all that is secret, the master key alone may be there.
    const found = moment?.workers.filter((one) => one !== 'control' && !one.startsWith('master key, '));
    expect(found).toEqual([]);
  });

  it('the person process, which plays the custodians, holds them, so that the search is one', () => {
    const found = moments.get(name)?.person ?? [];
    for (const share of shares) expect(found).toContain(`${share.name}, a row of the sheet`);
    expect(found.filter((one) => one.startsWith('master key'))).toEqual([]);
  });
});

describe('the share process', () => {
  it('holds the shares as words until they are loaded, and the master key no more', () => {
    const { shareProcess } = moments.get('handed out')!;
    for (const { name } of shares) expect(shareProcess).toContain(`${name}, words`);
    expect(shareProcess.filter((one) => one.startsWith('master key'))).toEqual([]);
  });

  it('is gone with the load', () => {
    expect([...moments.values()].map(({ shareProcesses }) => shareProcesses)).toEqual([1, 0, 0]);
  });
});

it('no file of the ceremony has any of it but the player’s own', () => {
  const search = new NeedleSearch(needlesOf(shares));
  const files = readdirSync(place.folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => file !== join(room, 'player.json') && !file.startsWith(join(room, 'units', 'tokens')));
  expect(files.length).toBeGreaterThan(20);
  for (const file of files) expect(search.in(readFileSync(file)), file).toEqual([]);
  expect(search.in(readFileSync(join(room, 'player.json')))).not.toEqual([]);
});
