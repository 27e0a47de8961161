/** A ceremony with threshold shares, on real tokens: a share typed wrongly, a kill in the middle of loading, and lies about it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CHECKOUT, childrenOf, keyrite, scratch, start, tool, transcript, type Running } from './program';

const PLAN = join(CHECKOUT, 'examples/threshold-shares.ceremony.yaml');
const room = scratch();
const bundle = join(room.folder, 'bundle');
const kept = join(room.folder, 'room');
afterAll(room.leave);

interface Load {
  readonly unit: string;
  readonly index: number;
  readonly of: number;
  readonly count: number;
}

const loads = (): readonly Load[] =>
  transcript(bundle)
    .filter(({ type, body }) => type === 'step.intent' && body['operation'] === 'master-key.load')
    .map(({ body }) => ({ unit: body['unit'], ...(body['parameters'] as object) }) as unknown as Load);

const record = (): string => {
  const path = join(bundle, 'transcript.jsonl');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

async function untilRecorded(text: string, running: Running): Promise<void> {
  const over = new AbortController();
  void running.ended.then(() => {
    over.abort();
  });
  while (!over.signal.aborted && !record().includes(text)) await sleep(2);
}

beforeAll(async () => {
  const begun = start(['rehearse', PLAN, '--out', bundle, '--keep', kept]);
  await untilRecorded('participant.present', begun);
  begun.child.kill('SIGKILL');
  await begun.ended;
  // Dave misspells a word six times over: five times in one go, and once after the people decided to go on.
  const player = join(kept, 'player.json');
  const memory = JSON.parse(readFileSync(player, 'utf8')) as { faults: object[] };
  memory.faults = [{ match: { kind: 'share-enter', index: 2 }, do: 'wrong-character', times: 6 }];
  writeFileSync(player, JSON.stringify(memory));
  const resumed = start(['resume', bundle]);
  // The share process is killed while units are loaded; the shares are with their custodians.
  await untilRecorded('unit-a/load-3', resumed);
  for (const pid of childrenOf(bundle, 'share-process.cjs')) process.kill(pid, 'SIGKILL');
  const { code, stderr } = await resumed.ended;
  expect(code, stderr).toBe(0);
}, 120_000);

it('all five are read back, three load each unit, and three enter theirs again after the kill', () => {
  const lines = transcript(bundle);
  const handed = lines.filter(
    ({ type, body }) => type === 'step.outcome' && (body['result'] as { readBack?: unknown }).readBack === true,
  );
  expect(handed).toHaveLength(5);
  for (const unit of ['unit-a', 'unit-b']) {
    const own = loads().filter((one) => one.unit === unit);
    expect(new Set(own.map(({ index }) => index)).size).toBe(3);
    expect(own.every(({ of, count }) => of === 3 && count === 5)).toBe(true);
  }
  const entered = lines.filter(
    ({ type, body }) => type === 'step.outcome' && (body['result'] as { entered?: unknown }).entered === true,
  );
  expect(entered.length).toBeGreaterThanOrEqual(3);
});

it('whoever came to the screen had proved presence there, after whoever came before', () => {
  const atScreen = new Map<string | null, readonly string[]>();
  const seen: string[] = [];
  for (const { type, step, by, body } of transcript(bundle)) {
    if (type === 'participant.present') atScreen.set(step, by);
    if (type !== 'step.intent' || !['hand out share', 'enter share'].includes(body['operation'] as string)) continue;
    expect(by, String(step)).toEqual(atScreen.get(step));
    seen.push(`${String(step)} ${by.join()}`);
  }
  // Five were handed out; three were entered again after the kill.
  expect(new Set(seen).size).toBe(8);
});

it('all three verifiers call it consistent', async () => {
  expect((await keyrite(['verify', bundle])).code).toBe(0);
  expect(tool('sh', [join(bundle, 'verify.sh'), bundle]).toString()).toContain('verdict: consistent');
  const python = join(CHECKOUT, 'test/bundle/second-opinion/verify.py');
  expect(tool('python3', [python, bundle]).toString()).toContain('consistent');
});

it('no sheet of a custodian is anywhere in the bundle', () => {
  const memory = readFileSync(join(kept, 'player.json'), 'utf8');
  const { worksheets } = JSON.parse(memory) as { readonly worksheets: readonly { readonly text: string }[] };
  expect(worksheets).toHaveLength(5);
  const told = record();
  for (const { text } of worksheets) {
    for (const row of text.split('\n\n')[1]?.match(/[a-z]+ +[a-z]+ +[a-z]+/gu) ?? []) {
      expect(told).not.toContain(row.replaceAll(/ +/gu, ' '));
    }
  }
});

it('a custodian who misspells a word is told which, and the record holds no word', () => {
  const failed = transcript(bundle).filter(({ type }) => type === 'step.failed');
  expect(JSON.stringify(failed)).toMatch(/share 2 .*word 33 is (?:wrong|not on the list)/iu);
});
