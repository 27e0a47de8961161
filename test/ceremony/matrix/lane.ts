/**
 * A place in which one ceremony is recorded act by act, and then run again from any of its acts with a fault: bundles and
 * bindings name their room by its path, so each place has a recording of its own.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { start, transcript, type Ended, type TranscriptLine } from '../program';
import { SHOT_OF, type Moment, type Watching } from './watching-main';

/** Programs that a lane needs: the shim, and the preload of the main process. */
export interface LaneTools {
  readonly shim: string;
  readonly preload: string;
}

/** An act of the recorded ceremony. */
export interface RecordedAct {
  /** The line of its intent. */
  readonly seq: number;
  readonly step: string;
  readonly action: string;
  readonly act: string;
  readonly operation: string;
  /** Whose PIN it is about; empty where it is about none. */
  readonly pin: string;
  /** Calls that it made on the token, as the shim wrote them down. */
  readonly calls: readonly (readonly string[])[];
  readonly before: Moment['reading'];
  readonly after: Moment['reading'];
  readonly atEndOfStep: Moment['reading'];
  /** What the last inventory of the ceremony lists. */
  readonly objectsListed: readonly string[];
}

/** One place. */
export class Lane {
  readonly folder: string;
  readonly #tools: LaneTools;
  readonly #plan: string;
  #acts: readonly RecordedAct[] = [];

  constructor(folder: string, plan: string, tools: LaneTools) {
    this.folder = folder;
    this.#plan = plan;
    this.#tools = tools;
  }

  get bundle(): string {
    return join(this.folder, 'bundle');
  }

  get lines(): TranscriptLine[] {
    return transcript(this.bundle);
  }

  /** Rehearses the plan once without a fault, with a copy before each act. */
  async record(): Promise<RecordedAct[]> {
    mkdirSync(join(this.folder, 'tokens'), { recursive: true });
    const conf = `directories.tokendir = ${join(this.folder, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`;
    writeFileSync(join(this.folder, 'softhsm2.conf'), conf);
    writeFileSync(join(this.folder, 'calls'), '');
    const args = ['rehearse', this.#plan, '--module', this.#tools.shim, '--out', this.bundle];
    const ended = await this.#run([...args, '--keep', join(this.folder, 'room')], null, join(this.folder, 'shots'));
    if (ended.code !== 0) throw new Error(`the recording failed: ${ended.stderr}`);
    const calls = this.#callsByAct();
    rmSync(join(this.folder, 'calls'));
    this.#acts = actsIn(this.lines, this.#moments(), calls);
    return [...this.#acts];
  }

  /** An act of another lane as this one recorded it: people made other PINs here. */
  own({ seq }: RecordedAct): RecordedAct {
    const found = this.#acts.find((one) => one.seq === seq);
    if (found === undefined) throw new Error(`line ${String(seq)} of this recording begins no act`);
    return found;
  }

  /** Puts everything back to where an act was about to begin, and lays a fault in wait. */
  restore(seq: number, fault: string): void {
    for (const part of SHOT_OF) {
      rmSync(join(this.folder, part), { recursive: true, force: true });
      cpSync(join(this.folder, 'shots', String(seq), part), join(this.folder, part), { recursive: true });
    }
    for (const name of ['gone', 'happened.0', 'moments']) rmSync(join(this.folder, name), { force: true });
    writeFileSync(join(this.folder, 'faults'), fault);
  }

  /** Goes on with the ceremony to its end, or to where people stop. */
  async resume(step: string): Promise<Ended> {
    return this.#run(['resume', this.bundle], step, null);
  }

  /** Whether the fault struck. */
  get happened(): boolean {
    return existsSync(join(this.folder, 'happened.0'));
  }

  /** Puts a token back that was taken out. */
  putBack(): void {
    rmSync(join(this.folder, 'gone'), { force: true });
  }

  /** What the stranger saw in the runs since the last {@link restore}. */
  get moments(): Moment[] {
    return this.#moments();
  }

  #moments(): Moment[] {
    const file = join(this.folder, 'moments');
    return existsSync(file) ? readLines(file).map((line) => JSON.parse(line) as Moment) : [];
  }

  /** By the line of the intent that they followed. */
  #callsByAct(): Map<number, string[][]> {
    const calls = new Map<number, string[][]>();
    let of: string[][] = [];
    for (const line of readLines(join(this.folder, 'calls'))) {
      const fields = line.split('\t');
      if (fields[0] === '#') calls.set(Number(fields[1]), (of = []));
      else of.push(fields);
    }
    return calls;
  }

  async #run(args: readonly string[], step: string | null, shots: string | null): Promise<Ended> {
    const watching: Watching = {
      lane: this.folder,
      token: {
        conf: join(this.folder, 'softhsm2.conf'),
        label: 'payments-unit-a',
        unit: 'unit-a',
        player: join(this.folder, 'room', 'player.json'),
      },
      moments: join(this.folder, 'moments'),
      shots,
      step,
    };
    const watch = join(this.folder, 'watch.json');
    writeFileSync(watch, JSON.stringify(watching));
    return start(args, {
      NODE_OPTIONS: `--require=${this.#tools.preload}`,
      MATRIX_WATCH: watch,
      SOFTHSM2_CONF: join(this.folder, 'softhsm2.conf'),
      KEYRITE_FAULT: `@${join(this.folder, 'faults')}`,
      KEYRITE_FAULT_ONCE: join(this.folder, 'happened'),
      KEYRITE_GONE: join(this.folder, 'gone'),
      KEYRITE_CALLS: join(this.folder, 'calls'),
    }).ended;
  }
}

/** What the last inventory of a transcript lists, by class and label. */
export function objectsListed(lines: readonly TranscriptLine[]): string[] {
  const inventory = lines.findLast(({ type, body }) => type === 'fact.recorded' && body['fact'] === 'inventory');
  const { objects } = inventory?.body['value'] as { readonly objects: readonly { class: string; label: string }[] };
  return objects.map((one) => `${one.class} ${one.label}`);
}

function readLines(file: string): string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

function actsIn(
  lines: readonly TranscriptLine[],
  moments: readonly Moment[],
  calls: ReadonlyMap<number, readonly (readonly string[])[]>,
): RecordedAct[] {
  const started = new Map<string | null, string>();
  const acts: RecordedAct[] = [];
  let before: Moment['reading'] = {
    token: 'blank',
    objects: [],
    state: null,
    pins: { user: null, 'security-officer': null },
  };
  for (const { seq, type, step, body } of lines) {
    if (type === 'step.started') started.set(step, String(body['action']));
    if (type !== 'step.intent' || typeof body['unit'] !== 'string' || step === null) continue;
    const act = String(body['act']);
    const seen = (of: string | null): Moment['reading'] => {
      const found = moments.find((one) => one.type === 'step.outcome' && one.step === step && one.act === of);
      if (found === undefined) throw new Error(`act ${act} of ${step} was not seen`);
      return found.reading;
    };
    const after = seen(act);
    acts.push({
      seq,
      step,
      act,
      action: started.get(step) ?? '',
      operation: String(body['operation']),
      pin: (body['parameters'] as { readonly pin?: string } | undefined)?.pin ?? '',
      calls: calls.get(seq) ?? [],
      before,
      after,
      atEndOfStep: seen(null),
      objectsListed: objectsListed(lines),
    });
    before = after;
  }
  return acts;
}
