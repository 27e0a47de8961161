/** Builds and runs `stand-in-worker.ts` as a process of its own, over the fault-injecting module. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { resolve, join } from 'node:path';
import type { ArgsOf, MODULE_OPERATIONS, ResultOf } from '../../hsm/contract';
import { bundleProgram } from './bundle-program';
import { fileSha256, type Store } from './softhsm';

type Operations = typeof MODULE_OPERATIONS;

/** What came back for one request. */
export interface Answer {
  readonly result?: unknown;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly changed: string;
    readonly next: string;
    readonly uncertain: boolean;
  };
}

/** What a process said, and how it ended. */
export interface Ended {
  readonly answers: readonly Answer[];
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  readonly stderr: string;
}

/** A request of the contract. */
export type Errand = {
  [K in keyof Operations]: { readonly operation: K; readonly args: ArgsOf<Operations, K> };
}[keyof Operations];

/** Workers of one store, each a process that loads the shim and goes wrong as told. */
export class StandIns {
  readonly #store: Store;
  readonly #pins: Readonly<Record<string, string>>;
  readonly #script: string;
  readonly shim: string;

  constructor(store: Store, pins: Readonly<Record<string, string>>) {
    this.#store = store;
    this.#pins = pins;
    this.shim = join(store.folder, 'fault-shim.so');
    this.#script = join(store.folder, 'stand-in.mjs');
    execFileSync('cc', ['-std=c11', '-shared', '-fPIC', '-o', this.shim, resolve('test/fault-shim.c'), '-ldl']);
    bundleProgram('test/unit/stand-in-worker.ts', this.#script);
  }

  /** Runs requests in a fresh process; `fault` as `test/fault-shim.c` describes, after `lie,` with its lie about unwrapping, after `lie-generate,` about making, after `lie-random,` about random bytes. */
  run(fault: string | null, ...requests: readonly Errand[]): Ended {
    const input = [this.#load(), ...requests].map((line) => `${JSON.stringify(line)}\n`).join('');
    const env = this.#environment(fault);
    const ended = spawnSync(process.execPath, this.#command(), { env, input, encoding: 'utf8', timeout: 20_000 });
    const lines = ended.stdout.split('\n').filter((line) => line !== '');
    const answers = lines.map((line) => JSON.parse(line) as Answer).slice(1);
    return { answers, signal: ended.signal, code: ended.status, stderr: ended.stderr };
  }

  /** Runs `first` and then what `next` makes of its answer, in one process; resolves with what it said to that, or the signal it died of. */
  async runBoth<K extends keyof Operations>(
    fault: string,
    first: Errand & { readonly operation: K },
    next: (answer: ResultOf<Operations, K>) => Errand,
  ): Promise<{ readonly signal: NodeJS.Signals | null; readonly answer: Answer | null }> {
    const child = spawn(process.execPath, this.#command(), {
      env: this.#environment(fault),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stdin.write(`${JSON.stringify(this.#load())}\n${JSON.stringify(first)}\n`);
    await lines.next();
    const answer = JSON.parse((await lines.next()).value as string) as Answer;
    child.stdin.end(`${JSON.stringify(next(answer.result as ResultOf<Operations, K>))}\n`);
    const [, signal] = await ended;
    const last = await lines.next();
    return { signal, answer: last.done === true ? null : (JSON.parse(last.value) as Answer) };
  }

  #load(): Errand {
    const args = {
      module: 'units',
      path: this.shim,
      sha256: fileSha256(this.shim),
      libraryParameters: null,
      files: [],
    };
    return { operation: 'module.load', args };
  }

  #command(): string[] {
    return [this.#script, JSON.stringify(this.#pins)];
  }

  #environment(fault: string | null): NodeJS.ProcessEnv {
    const [, told, faults] = /^(?:(lie|lie-generate|lie-random),)?(.*)$/.exec(fault ?? '') ?? [];
    const lie = told === 'lie' ? 'unwrap' : told?.replace('lie-', '');
    return {
      ...process.env,
      SOFTHSM2_CONF: this.#store.conf,
      ...(fault === null ? {} : { KEYRITE_FAULT: faults }),
      ...(lie === undefined ? {} : { KEYRITE_LIE: lie }),
    };
  }

  /** Runs one request that must succeed, without a fault. */
  get<K extends keyof Operations>(operation: K, args: ArgsOf<Operations, K>): ResultOf<Operations, K> {
    const ended = this.run(null, { operation, args } as Errand);
    const answer = ended.answers[0];
    if (answer?.result === undefined) {
      throw new Error(`${operation}: ${JSON.stringify(answer?.error)} ${String(ended.signal)} ${ended.stderr}`);
    }
    return answer.result as ResultOf<Operations, K>;
  }
}
