/**
 * The fault matrix: each call by which a ceremony changes a unit for good goes wrong in each way a device can, in a real
 * ceremony on SoftHSM2 behind the fault shim. Whatever is found afterwards must be what is on the token, as pkcs11-tool sees
 * it; the ceremony goes on to a bundle that both verifiers accept, and leaves nothing on the token that does not belong
 * there. The deep run takes a sample and what was learnt from, KEYRITE_CELLS any or all; KEYRITE_SEED gives another
 * sample. The table is printed at the end.
 */
import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { COLUMNS, rowsOf, sampleOf, faultOf, type Cell, type Row } from './matrix/cells';
import { Lane } from './matrix/lane';
import { runCell, type Became } from './matrix/run-cell';
import { table } from './matrix/table';
import { scratch } from './program';
import { writeEveryActPlan } from './small-plans';

/** All of them take an hour and more on two cores: `KEYRITE_CELLS=. npx vitest run test/ceremony/fault-matrix.deep.test.ts`. */
const SAMPLE = 6;
/** Cells that found something wrong once; the deep run always takes them. */
const LEARNT =
  /initialise C_InitToken:remove-for-2-after|change-user C_SetPIN:remove:|unlock C_InitPIN:remove-after:|remove C_DestroyObject\[keyrite:state\]:0x30:|package C_GenerateKey.*0x30-after/;
const SEED = Number(process.env['KEYRITE_SEED'] ?? '1');
/** Only cells whose step and fault match, such as `KEYRITE_CELLS='zeroise .*hang'`. */
const CELLS = process.env['KEYRITE_CELLS'] === undefined ? null : new RegExp(process.env['KEYRITE_CELLS']);
/** Four hundred cells: two hours, in milliseconds, on a machine that is busy with other things. */
const ALL_OF_IT = 2 * 60 * 60 * 1000;
const A_SAMPLE = 900_000;
/** Cells that hang wait for a deadline, most of the time with the machine idle. */
const LANES = 3;

const place = scratch();
const lanes: Lane[] = [];
const results = new Map<Cell, Became | null>();
let rows: Row[] = [];

beforeAll(async () => {
  const shim = join(place.folder, 'fault-shim.so');
  execFileSync('cc', ['-std=c11', '-shared', '-fPIC', '-o', shim, resolve('test/fault-shim.c'), '-ldl']);
  const preload = join(place.folder, 'watching-main.cjs');
  const source = resolve('test/ceremony/matrix/watching-main.ts');
  buildSync({ entryPoints: [source], outfile: preload, bundle: true, platform: 'node', format: 'cjs' });
  const plan = writeEveryActPlan(join(place.folder, 'every-act.ceremony.yaml'));
  const made = Array.from({ length: LANES }, (_, at) => {
    return new Lane(join(place.folder, `lane-${String(at)}`), plan, { shim, preload });
  });
  const [first] = await Promise.all(made.map((lane) => lane.record()));
  lanes.push(...made);
  rows = rowsOf(first ?? []);
});
afterAll(() => {
  console.log(`${table(rows, results)}\n(seed ${String(SEED)}; a dot: not run)`);
  place.leave();
});

/** What an assertion found wrong, in full. */
function tell(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { actual, expected } = error as { readonly actual?: unknown; readonly expected?: unknown };
  const both = actual === undefined ? [] : [`found ${JSON.stringify(actual)}`, `expected ${JSON.stringify(expected)}`];
  return [error.message, ...both].join('\n');
}

/** Runs cells, each in a lane that is free. Returns what went wrong. */
async function runAll(cells: readonly Cell[]): Promise<string[]> {
  const waiting = [...cells];
  const wrong: string[] = [];
  await Promise.all(
    lanes.map(async (lane) => {
      for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) {
        results.set(cell, null);
        try {
          results.set(cell, await runCell(lane, cell));
        } catch (error) {
          const what = `${cell.row.act.step} ${faultOf(cell)}: ${tell(error)}`;
          // At once: the whole of it takes long.
          console.error(what);
          wrong.push(what);
        }
      }
    }),
  );
  return wrong;
}

it('the recorded ceremony makes every change that a unit knows', () => {
  const operations = new Set(rows.map(({ act }) => act.operation));
  expect([...operations].toSorted()).toEqual([
    'C_DestroyObject',
    'C_GenerateKey',
    'C_GenerateKey, C_WrapKey, C_DestroyObject',
    'C_GenerateKeyPair',
    'C_InitPIN',
    'C_InitToken',
    'C_SetPIN',
    'C_UnwrapKey',
    'C_WrapKey, C_UnwrapKey, C_SetAttributeValue',
    'administrator.add',
    'administrator.remove',
    'master-key.activate',
    'master-key.clear',
    'master-key.commit',
    'master-key.load',
    'thresholds.set',
    'unit.zeroise',
  ]);
});

it(
  'every cell ends in a truthful transcript, a ceremony that went on, and a token with nothing left behind',
  async () => {
    const every = rows.flatMap((row) => COLUMNS.map((column): Cell => ({ row, column })));
    const matching = (wanted: RegExp): Cell[] =>
      every.filter((cell) => wanted.test(`${cell.row.act.step} ${faultOf(cell)}`));
    const some = [...matching(LEARNT), ...sampleOf(rows, SAMPLE, SEED)];
    expect(await runAll(CELLS !== null ? matching(CELLS) : some)).toEqual([]);
  },
  CELLS !== null ? ALL_OF_IT : A_SAMPLE,
);
