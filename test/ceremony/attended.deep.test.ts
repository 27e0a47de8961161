/**
 * Real people at a terminal: tokens prepared by hand as docs/run.md says, with stock tools; then `keyrite run` under a
 * pseudo-terminal, every prompt read and answered as people do, slips included.
 */
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CHECKOUT, FIRST_CEREMONY, PROGRAM, keyrite, scratch, tool, transcript } from './program';
import { writeUnitPlan } from './small-plans';

const PEOPLE = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi', 'ivan'];
const CONNECT = join(CHECKOUT, 'connected', 'build', 'keyrite-connect.cjs');

let room = scratch();
let audience: Audience | null = null;
let day: string;
let pins: Map<string, string>;
beforeEach(() => {
  room = scratch();
  day = join(room.folder, 'day');
  pins = new Map(PEOPLE.map((id) => [`card of ${id}`, digits()]));
});
afterEach(() => {
  audience?.leave();
  room.leave();
});

const digits = (): string => Array.from({ length: 8 }, () => String(randomInt(10))).join('');

/** Runs the shell blocks of docs/run.md as they stand there. The tools ask for PINs where PIN is unset; here it is set. */
function prepare(plan: string, units: string): void {
  const page = readFileSync(join(CHECKOUT, 'docs', 'run.md'), 'utf8');
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block ?? '');
  expect(blocks).toHaveLength(4);
  const [stores = '', person = '', parameters = '', binding = ''] = blocks;
  const cards = PEOPLE.map((id) => `PIN=${pins.get(`card of ${id}`) ?? ''} person ${id}`).join('\n');
  const bin = join(room.folder, 'bin');
  mkdirSync(bin, { recursive: true });
  const npx = `#!/bin/sh\ncase $1 in keyrite) shift; exec "$NODE" "$PROGRAM" "$@";; *) shift; exec "$NODE" "$CONNECT" "$@";; esac\n`;
  writeFileSync(join(bin, 'npx'), npx, { mode: 0o755 });
  const end = 'kill $!';
  const script = ['set -eu', stores, person, cards, parameters, end, binding].join('\n');
  const environment = { DAY: day, PLAN: plan, UNITS: units, NODE: process.execPath, PROGRAM, CONNECT };
  const done = spawnSync('bash', ['-c', script], {
    cwd: CHECKOUT,
    env: { ...process.env, ...environment, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect(done.status, done.stdout + done.stderr).toBe(0);
  expect(done.stdout).toContain('this plan can be carried out');
}

/** What a prompt looks like, and what whoever is meant does about it. Returns what is typed. */
type Reaction = readonly [prompt: RegExp, react: (found: RegExpExecArray) => string];

/** How long the screen may stand still: then nobody knew the prompt on it. */
const STALLED_MS = 20_000;

/** Everybody in the room: reads the screen, and answers the prompt that is on it. */
class Audience {
  readonly ended: Promise<string>;
  /** Everything that was printed, escape sequences and all. */
  output = '';
  /** Lines that people typed on purpose wrongly, by what they are. */
  readonly slips: string[] = [];
  /** Everything that was answered, in order. */
  readonly answered: string[] = [];
  #seen = 0;
  readonly #script: ChildProcessWithoutNullStreams;
  readonly #reactions: readonly Reaction[];

  constructor(args: readonly string[], reactions: readonly Reaction[], redirection = '') {
    this.#reactions = reactions;
    const command = [process.execPath, PROGRAM, ...args].map((one) => `'${one}'`).join(' ') + redirection;
    this.#script = spawn('script', ['-qfec', `stty cols 200; ${command}; echo "exit: $?"`, '/dev/null']);
    const stalled = setTimeout(() => {
      this.output += '\n[nobody answered this]';
      this.leave();
    }, STALLED_MS);
    this.#script.stdout.on('data', (bytes: Buffer) => {
      this.output += bytes.toString('utf8');
      stalled.refresh();
      this.#answer();
    });
    // What is typed when the program has ended goes nowhere.
    this.#script.stdin.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      this.#script.on('close', () => {
        clearTimeout(stalled);
        resolve(this.output);
      });
    });
  }

  /** What is on the screen since the last answer, as a reader sees it. */
  get #screen(): string {
    // eslint-disable-next-line no-control-regex -- that is what terminals are told with
    return this.output.slice(this.#seen).replace(/\x1b\[[?0-9;]*[A-Za-z]|\r/g, '');
  }

  #answer(): void {
    const screen = this.#screen;
    for (const [prompt, react] of this.#reactions) {
      const found = prompt.exec(screen);
      if (found === null) continue;
      this.#seen = this.output.length;
      this.answered.push(found[0].trim().split('\n').at(-1)?.trim() ?? '');
      this.#script.stdin.write(`${react(found)}\r`);
      return;
    }
  }

  leave(): void {
    this.#script.kill('SIGKILL');
  }
}

/** People who know their PINs and keep their worksheets, and who slip as told. */
class Cast {
  /** Who sits at the keyboard. */
  private seated = '';
  private readonly worksheets = new Map<string, string[]>();
  private rows: string[] = [];
  private newPin = '';
  private readonly slips: Set<string>;

  /** @param slips which slips are made, once each: `pin of ID`, `row of ID`, `confirmation`, `decision` */
  constructor(...slips: readonly string[]) {
    this.slips = new Set(slips);
  }

  /** Prompts end the screen: a pattern that ends in `$` waits until all of it is there. */
  readonly reactions: readonly Reaction[] = [
    [
      /\((\w+)\) comes to the keyboard\. Everybody else looks away.*Press Enter when you are alone at the screen, Ctrl-C to decline $/s,
      ([, id = '']) => {
        this.seated = id;
        return '';
      },
    ],
    [
      /Make (part \d of \d of )?the (user|security officer) PIN of (unit-\w).*New PIN: $/s,
      ([, part = '', role = '', unit = '']) => {
        this.newPin = digits();
        pins.set(`${part}${role} of ${unit}`, this.newPin);
        return this.newPin;
      },
    ],
    [/The same again: $/, () => this.newPin],
    [
      /Enter (part \d of \d of )?the (user|security officer) PIN of (unit-\w).*PIN: $/s,
      ([, part = '', role = '', unit = '']) => pins.get(`${part}${role} of ${unit}`) ?? 'unknown',
    ],
    [
      /Enter the PIN of your own token.*PIN: $/s,
      () => (this.slipsNow(`pin of ${this.seated}`) ? '00000000' : (pins.get(`card of ${this.seated}`) ?? 'unknown')),
    ],
    [
      /\((\w+)\): your share, number \d of \d\n.*?((?:\n\d {3}\w{4} \w{4} {3}\w\w)+)\n.*copied and compared all of it, Ctrl-C to decline $/s,
      ([, id = '', rows = '']) => {
        this.worksheets.set(id, rows.trim().split('\n'));
        return '';
      },
    ],
    [
      /\((\w+)\): type your share, number \d of \d, from the worksheet.*finishes, Ctrl-C declines\n\n> $/s,
      ([, id = '']) => {
        this.rows = [...(this.worksheets.get(id) ?? [])];
        if (this.slipsNow(`row of ${id}`)) this.rows[4] = misread(this.rows[4] ?? '');
        return this.rows.shift() ?? '';
      },
    ],
    [
      /Not taken: row (\d).*before: ([^\n]+)\n> $/s,
      ([, row = '']) => {
        const right = this.worksheets.get(this.seated) ?? [];
        this.rows = right.map((text, index) => (String(index + 1) === row ? text : ''));
        return this.rows.shift() ?? '';
      },
    ],
    [/> $/, () => this.rows.shift() ?? ''],
    [/(\w+) \w+, do you confirm this\? Type yes or no: $/, () => (this.slipsNow('confirmation') ? 'y' : 'yes')],
    [
      /, by UTC, as 2026-11-23 10:15:00 wrist watch: $/,
      () => {
        const now = new Date().toISOString();
        if (this.slipsNow('time')) return 'ten past ten';
        return `${now.slice(0, 10)} ${now.slice(11, 19)} wrist watch`;
      },
    ],
    [
      /says, the operator types, and Enter ends it: $/,
      () => (this.slipsNow('command') ? ':left grace' : 'A1 to A8, in the safes'),
    ],
    [/again(?:, exception)? or stop: $/, () => (this.slipsNow('decision') ? 'agian' : 'again')],
  ];

  private slipsNow(slip: string): boolean {
    return this.slips.delete(slip);
  }

  /** Slips that nobody had the occasion to make. */
  get unmade(): string[] {
    return [...this.slips];
  }
}

/** A row with its fourth digit read wrongly. */
function misread(row: string): string {
  const number = row.slice(0, 4);
  const digitsAndCheck = row.slice(4);
  const wrong = digitsAndCheck[3] === '0' ? 'D' : '0';
  return `${number}${digitsAndCheck.slice(0, 3)}${wrong}${digitsAndCheck.slice(4)}`;
}

const bundle = (): string => join(room.folder, 'evidence');
const run = (plan: string): string[] => ['run', plan, '--binding', join(day, 'today.binding.yaml'), '--out', bundle()];

async function expectBundle(): Promise<void> {
  const verdict = await keyrite(['verify', bundle(), '--json']);
  expect(JSON.parse(verdict.stdout)).toMatchObject({ verdict: 'consistent', findings: [] });
  expect(tool('sh', [join(bundle(), 'verify.sh')]).toString()).toContain('consistent');
}

it('the first ceremony, from cards made by hand to the bundle on the medium', async () => {
  prepare(FIRST_CEREMONY, 'unit-a unit-b');
  const cast = new Cast('pin of heidi', 'pin of bob', 'row of dave', 'confirmation', 'decision', 'time', 'command');
  audience = new Audience(run(FIRST_CEREMONY), cast.reactions);
  const output = await audience.ended;
  expect(output).toMatch(/exit: 0\s*$/);
  expect(cast.unmade).toEqual([]);
  await expectBundle();
  const [copy = ''] = readdirSync(join(day, 'media'));
  expect(readFileSync(join(day, 'media', copy, 'SHA256SUMS'))).toEqual(readFileSync(join(bundle(), 'SHA256SUMS')));

  // Nothing that opens a token was ever on the screen.
  expect(pins.size).toBe(PEOPLE.length + 8);
  for (const [whose, pin] of pins) expect(output.includes(pin), `the PIN of ${whose} was shown`).toBe(false);
  expect(output).not.toContain('A fault in Keyrite');

  // What the instructions call shown is shown here as in the window.
  for (const shown of [
    /Plan hash: (?:[0-9a-f]{4} ){16}\(/,
    /cannot be brought back: no serial yet, no label yet, not initialised\. It gets the label payments-unit-a/,
    /Identity: (?:[0-9a-f]{4} ?){16}/,
    /Set id: (?:[0-9a-f]{4} ?){8}/,
    /Verification pattern: (?:[0-9a-f]{4} ){16}\(/,
    /keyrite:mk:current \| secret key, aes \| private, sensitive, not extractable/,
    /Check value: [0-9a-f]{4} [0-9a-f]{4} [0-9a-f]{2}\s/,
    /this is the root that is signed: (?:[0-9a-f]{4} ){16}\(/,
  ])
    expect(output).toMatch(shown);

  // Three people read clocks of their own; a command without its reason is explained, and the question asked again.
  const read = transcript(bundle()).find(({ body }) => body['fact'] === 'clock.readings');
  expect(read?.by).toHaveLength(3);
  expect(output).toContain('Date, time with seconds, and which clock it is');
  expect(output).toContain(':left ID REASON');

  // The slips: an approver's before there is a record, a custodian's within the entry, an administrator's on record.
  const codes = transcript(bundle())
    .filter(({ type }) => type === 'step.failed')
    .map(({ body }) => (body['error'] as { code: string }).code);
  expect(codes).toEqual(['CKR_PIN_INCORRECT']);
  const answer = transcript(bundle()).find(({ type, body }) => type === 'fact.recorded' && body['fact'] === 'answer');
  expect(answer?.body['value']).toMatchObject({ answer: 'A1 to A8, in the safes' });
}, 240_000);

it('without a terminal nothing begins; with one, whoever gives a PIN reads what for', async () => {
  const plan = writeUnitPlan(join(room.folder, 'unit.ceremony.yaml'));
  prepare(plan, 'unit-a');
  const { code, stderr } = await keyrite(run(plan));
  expect(code).toBe(2);
  expect(stderr).toMatch(/people are asked at a terminal, and standard input is not one/);
  expect(stderr).toMatch(/Start it by hand/);
  audience = new Audience(run(plan), [], ` 2>'${join(room.folder, 'log')}'`);
  expect(await audience.ended).toMatch(/exit: 2\s*$/);
  expect(existsSync(bundle())).toBe(false);

  // An approver who will not come: a no writes nothing, a yes and their PIN a file, and nobody asks them on the day.
  const approval = join(room.folder, 'heidi.dsse.json');
  const approve = ['approve', plan, '--binding', join(day, 'today.binding.yaml'), '--as', 'heidi', '-o', approval];
  for (const answer of ['no', 'yes']) {
    expect(existsSync(approval)).toBe(false);
    const asked: Reaction = [/Heidi Huang, are they the same, and do you approve\? Type yes or no: $/, () => answer];
    audience = new Audience(approve, [asked, ...new Cast().reactions]);
    expect(await audience.ended).toMatch(answer === 'no' ? /not approved\r?\n.*exit: 2\s*$/s : /exit: 0\s*$/);
  }

  audience = new Audience([...run(plan), '--approval', approval], new Cast().reactions);
  const output = await audience.ended;
  expect(output).toMatch(/exit: 0\s*$/);
  // eslint-disable-next-line no-control-regex -- that is what terminals are told with
  const read = output.replace(/\x1b\[[?0-9;]*[A-Za-z]|\r/g, '');
  expect(read).toMatch(/Ivan Ito approves plan and binding\n\nIvan Ito \(ivan\)\n\nEnter the PIN of your own token/);
  expect(read).not.toMatch(/Heidi Huang approves/);
  expect(read).toMatch(
    /Step 2 of 6: Everybody .*\nCarol Castro proves presence\n\nCarol Castro \(carol\)\n\nEnter the PIN/,
  );
  expect(read).toMatch(/Step 4 of 6: .*\nAlice Adler signs: add alice as an administrator of unit-a\n/);
  await expectBundle();
}, 240_000);

it('a no ends it, resumable; resume needs people too, and goes on with them', async () => {
  const plan = writeUnitPlan(join(room.folder, 'unit.ceremony.yaml'));
  prepare(plan, 'unit-a');
  const refusing: readonly Reaction[] = [
    [/Bob Brandt, do you confirm this\? Type yes or no: $/, () => 'no'],
    [/or stop: $/, () => 'stop'],
    ...new Cast().reactions,
  ];
  audience = new Audience(run(plan), refusing);
  const stopped = await audience.ended;
  expect(stopped).toMatch(/X Bob Brandt did not confirm: The workstation’s clock/);
  expect(stopped).toMatch(/keyrite: stopped in step preflight: Bob Brandt did not confirm/);
  expect(stopped).toMatch(/To go on.*keyrite resume/);
  expect(stopped).toMatch(/exit: 1\s*$/);

  const unattended = await keyrite(['resume', bundle()]);
  expect(unattended.code).toBe(2);
  expect(unattended.stderr).toMatch(/people are asked at a terminal.*Nothing was begun/);

  audience = new Audience(['resume', bundle()], new Cast().reactions);
  expect(await audience.ended).toMatch(/exit: 0\s*$/);
  await expectBundle();
}, 240_000);
