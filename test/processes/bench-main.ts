/**
 * A program for `npm run bench`, built and started by scripts/bench/worker.mjs: a worker of ours against a program in C that
 * makes the same calls on the same token, in turns. argv[2] says with what; prints one line of JSON.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { forkChild, nodeTransport } from '../../cli/node-children';
import { ProcessClient } from '../../hsm/client';
import { BENCH_OPERATIONS, WORK, type Work } from './bench-table';

interface Setting {
  readonly worker: string;
  /** A child of Node that sends back what it gets, and does nothing else. */
  readonly echo: string;
  readonly calls: string;
  readonly module: string;
  readonly label: string;
  readonly pin: string;
  readonly conf: string;
}

type Client = ProcessClient<typeof BENCH_OPERATIONS>;

/** How often each is done in a slice: about a fiftieth of a second's work, so that some slice of each is left alone by others. */
const COUNT: Readonly<Record<Work, number>> = { sign: 300, wrap: 600, unwrap: 24, nothing: 600 };
const ROUNDS = 60;
const OPERATIONS = 100_000;

const setting = JSON.parse(process.argv[2] ?? '{}') as Setting;

/** Microseconds for one, of each way to have it done. */
interface Times {
  batchInC: number;
  batch: number;
  askedInC: number;
  asked: number;
}

/** The program in C, which answers a line with nanoseconds. */
class Calls {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor({ calls, module, label, pin, conf }: Setting) {
    const env = { PATH: process.env['PATH'], SOFTHSM2_CONF: conf };
    const child = spawn(calls, [module, label], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.write(`${pin}\n`);
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.#child = child;
  }

  /** Nanoseconds. */
  async do(what: string, count: number): Promise<number> {
    this.#child.stdin?.write(`${what} ${String(count)}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error('the program in C ended');
    return Number(value);
  }

  async end(): Promise<void> {
    this.#child.stdin?.end();
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
  }
}

function startWorker(more: readonly string[] = []): Client {
  const { worker, conf } = setting;
  const environment = { PATH: process.env['PATH'] ?? '', SOFTHSM2_CONF: conf, NODE_OPTIONS: more.join(' ') };
  const child = forkChild({ script: worker, args: ['--ceremony=bench'], environment, more: ['pipe'] });
  return new ProcessClient({ name: 'the worker', table: BENCH_OPERATIONS, transport: nodeTransport(child) });
}

async function asked(client: Client, what: Work, count: number): Promise<number> {
  const begun = process.hrtime.bigint();
  for (let done = 0; done < count; done += 1) await client.call('work', { what, count: 1 });
  return Number(process.hrtime.bigint() - begun);
}

/** Two bare processes of Node, of which one sends back what it gets. */
class Bare {
  readonly #child = fork(setting.echo, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  #answered = (): void => undefined;

  constructor() {
    this.#child.on('message', () => {
      this.#answered();
    });
  }

  /** So many messages there and back, one at a time, in nanoseconds. */
  async exchange(count: number): Promise<number> {
    const message = { id: 1, operation: 'work', args: { what: 'nothing', count: 1 } };
    const begun = process.hrtime.bigint();
    for (let done = 0; done < count; done += 1) {
      await new Promise<void>((resolve) => {
        this.#answered = resolve;
        this.#child.send(message);
      });
    }
    return Number(process.hrtime.bigint() - begun);
  }

  end(): void {
    this.#child.kill();
  }
}

async function throughput(client: Client, calls: Calls): Promise<Record<string, unknown>> {
  const times = new Map<Work, Times[]>(WORK.map((what) => [what, []]));
  const bare: number[] = [];
  const echo = new Bare();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const what of WORK) {
      const count = COUNT[what];
      const each = (nanoseconds: number): number => nanoseconds / count / 1000;
      const one: Times = {
        batchInC: each(await calls.do(what, count)),
        batch: each((await client.call('work', { what, count })).nanoseconds),
        askedInC: each(await calls.do(`ask ${what}`, count)),
        asked: each(await asked(client, what, count)),
      };
      times.get(what)?.push(one);
    }
    bare.push((await echo.exchange(COUNT.nothing)) / COUNT.nothing / 1000);
  }
  echo.end();
  // The best of each: what it takes when nobody else wants the machine.
  const best = (rounds: readonly Times[]): Times => ({
    batchInC: Math.min(...rounds.map((one) => one.batchInC)),
    batch: Math.min(...rounds.map((one) => one.batch)),
    askedInC: Math.min(...rounds.map((one) => one.askedInC)),
    asked: Math.min(...rounds.map((one) => one.asked)),
  });
  return { ...Object.fromEntries([...times].map(([what, rounds]) => [what, best(rounds)])), bare: Math.min(...bare) };
}

/** Growth of a worker over many operations in requests of a hundred and of one, after as many before have warmed it up. */
async function memory(): Promise<{ readonly before: number; readonly after: number }> {
  const client = startWorker(['--expose-gc']);
  const { module, label, pin } = setting;
  await client.call('open', { path: module, label, pin });
  const work = async (operations: number): Promise<void> => {
    for (let done = 0; done < operations; done += 250) {
      await client.call('work', { what: 'sign', count: 100 });
      await client.call('work', { what: 'wrap', count: 100 });
      await client.call('work', { what: 'unwrap', count: 10 });
      for (let one = 0; one < 40; one += 1) await client.call('work', { what: 'wrap', count: 1 });
    }
  };
  await work(OPERATIONS);
  const before = (await client.call('memory', {})).resident;
  await work(OPERATIONS);
  const after = (await client.call('memory', {})).resident;
  await client.stop();
  return { before, after };
}

async function measure(): Promise<void> {
  const client = startWorker();
  const { module, label, pin } = setting;
  await client.call('open', { path: module, label, pin });
  const calls = new Calls(setting);
  const measured = await throughput(client, calls);
  await calls.end();
  await client.stop();
  const result = { ...measured, memory: await memory(), operations: OPERATIONS };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

void measure();
