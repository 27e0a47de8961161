/**
 * SECURITY: what the kernel sees of a whole rehearsal, by strace: which programs are started with which arguments and
 * environment, who opens sockets, and what is fsynced. Nothing secret is in the first; the offline program does not do
 * the second; each line of the transcript is on the medium before anything else happens.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NeedleSearch } from './needles';
import { PROGRAM, scratch, tool, transcript } from './program';
import { formsOf, knownToPlayer, rootKeyOf } from './secrets';

const place = scratch();
const bundle = join(place.folder, 'bundle');
const room = join(place.folder, 'room');
const traceFile = join(place.folder, 'trace');

interface Call {
  readonly process: string;
  /** The script that the process runs, such as `worker.cjs`; else its program; null for one that was started by nobody seen. */
  readonly program: string | null;
  readonly name: string;
  readonly text: string;
}

interface Started {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

const calls: Call[] = [];
const started: Started[] = [];

beforeAll(() => {
  const watched = ['-f', '--seccomp-bpf', '-qq', '-v', '-y', '-s', '65536', '-e', 'signal=none'];
  const rehearsal = [process.execPath, PROGRAM, 'rehearse', '--out', bundle, '--keep', room];
  tool(
    'strace',
    [...watched, '-e', 'trace=execve,socket,connect,bind,listen,fsync', '-o', traceFile, ...rehearsal],
    undefined,
    { TMPDIR: place.folder, KEYRITE_TEST_CANARY: 'of main alone', NODE_OPTIONS: '--no-warnings' },
  );
  const programs = new Map<string, string>();
  for (const { process, name, text } of wholeCalls(readFileSync(traceFile, 'utf8'))) {
    if (name === 'execve' && text.endsWith(' = 0')) {
      const start = startedBy(text);
      programs.set(process, start.program);
      started.push(start);
    }
    calls.push({ process, program: programs.get(process) ?? null, name, text });
  }
});
afterAll(place.leave);

/** The calls of a trace; one that another process's call came between stands on two lines there. */
function* wholeCalls(trace: string): Generator<{ process: string; name: string; text: string }> {
  const begun = new Map<string, string>();
  for (const line of trace.split('\n')) {
    const [, process = '', said = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const rest = /^<\.\.\. \w+ resumed>(.*)$/.exec(said)?.[1];
    const call = rest === undefined ? said : (begun.get(process) ?? '') + rest;
    if (call.endsWith('<unfinished ...>')) {
      begun.set(process, call.slice(0, -'<unfinished ...>'.length));
      continue;
    }
    const [, name, text] = /^(\w+)\((.*)$/.exec(call) ?? [];
    if (name !== undefined && text !== undefined) yield { process, name, text };
  }
}

/** An execve as strace writes it: `"path", ["argument", ...], ["NAME=value", ...]) = 0`. */
function startedBy(text: string): Started {
  const [args = [], environment = []] = [...text.matchAll(/\[((?:"(?:[^"\\]|\\.)*"(?:, )?)*)\]/g)].map(
    ([, list = '']) => [...list.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, value = '']) => value),
  );
  const [path = '', ...given] = args;
  // Options of Node stand before its script.
  const [script = '', ...more] = given.slice(given.findIndex((arg) => !arg.startsWith('--')));
  const isScript = basename(path) === 'node' && script.endsWith('.cjs');
  return {
    program: basename(isScript ? script : path),
    args: isScript ? more : args.slice(1),
    environment: Object.fromEntries(
      environment.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
    ),
  };
}

const runsOf = (program: string): Started[] => started.filter((one) => one.program === program);
const INTERNET = /^AF_INET|sa_family=AF_INET/;

describe('the arguments and environments of every process', () => {
  it('hold no component, PIN or key byte', () => {
    const secrets = [
      ...knownToPlayer(room),
      rootKeyOf(room, join(bundle, 'packages', 'payments-root.keypackage.json')),
    ];
    expect(secrets.length).toBeGreaterThan(20);
    expect(new NeedleSearch(secrets.flatMap(formsOf)).in(readFileSync(traceFile))).toEqual([]);
  });

  it('are for our own processes just what they need, and nothing of main’s', () => {
    const [main] = runsOf('keyrite.cjs');
    expect(main?.environment).toMatchObject({ KEYRITE_TEST_CANARY: 'of main alone', NODE_OPTIONS: '--no-warnings' });
    const always = [
      'PATH',
      'LANG',
      'LC_ALL',
      'LC_CTYPE',
      'TZ',
      'PWD',
      'NODE_CHANNEL_FD',
      'NODE_CHANNEL_SERIALIZATION_MODE',
    ];
    for (const [program, args, environment] of [
      ['worker.cjs', /^--ceremony=[a-z0-9-]+$/, ['SOFTHSM2_CONF']],
      ['share-process.cjs', /^--ceremony=[a-z0-9-]+$/, []],
      ['person.cjs', /^--links=5 --ceremony=[a-z0-9-]+ --player=\S+\/room\/player.json$/, ['TERM']],
    ] as const) {
      const runs = runsOf(program);
      expect(runs.length, program).toBeGreaterThan(0);
      for (const run of runs) {
        expect(run.args.join(' ')).toMatch(args);
        const spare = Object.keys(run.environment).filter((name) => ![...always, ...environment].includes(name));
        expect(spare, program).toEqual([]);
      }
    }
  });
});

describe('sockets', () => {
  it('of the internet are opened by keyrite-connect alone, on loopback', () => {
    const internet = calls.filter(({ text }) => INTERNET.test(text));
    expect([...new Set(internet.map(({ program }) => program))]).toEqual(['keyrite-connect.cjs']);
    for (const { name, text } of internet.filter(({ name }) => name !== 'socket')) {
      expect(text, name).toContain('inet_addr("127.0.0.1")');
    }
  });

  it('are opened by no process of the offline program; a module may look for the system log', () => {
    const offline = calls.filter(
      ({ program, name }) => program !== 'keyrite-connect.cjs' && name !== 'execve' && name !== 'fsync',
    );
    const others = offline.filter(
      ({ program, text }) => program !== 'worker.cjs' || !/^AF_UNIX, SOCK_DGRAM|sun_path="\/dev\/log"/.test(text),
    );
    expect(others).toEqual([]);
  });
});

describe('the record', () => {
  it('is fsynced line by line, and every other file of the bundle once at least', () => {
    const synced = calls
      .filter(({ program, name }) => program === 'keyrite.cjs' && name === 'fsync')
      .flatMap(({ text }) => /^\d+<(.*)> ?\) += 0$/.exec(text)?.[1] ?? []);
    const times = (file: string): number => synced.filter((one) => one === file).length;
    const files = readdirSync(bundle, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    expect(files.length).toBeGreaterThan(30);
    // The sums get their name when they are whole and on the medium.
    const written = (file: string): string => file.replace(/\/SHA256SUMS$/, '/.SHA256SUMS.part');
    for (const file of files) expect(times(written(file)), file).toBeGreaterThan(0);
    expect(times(join(bundle, 'transcript.jsonl'))).toBe(transcript(bundle).length);
    expect(times(bundle)).toBeGreaterThan(0);
  });
});
