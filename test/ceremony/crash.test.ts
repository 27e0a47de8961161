/** Kills: the whole program, and each process of it, at any moment. Nothing may be lost, and nothing untrue be written. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { readPlan } from '../../ceremony/plan/read';
import { childrenOf, FIRST_CEREMONY, keyrite, scratch, start, transcript, type Ended } from './program';

const DEEP = process.env['KEYRITE_DEEP'] === '1';
/** Lines that a rehearsal without trouble writes, about. */
const LINES = 135;
const STEPS = readPlan(readFileSync(FIRST_CEREMONY, 'utf8')).plan.steps;

/** A seeded sequence of numbers from 0 to 1 (mulberry32), so that a failure can be repeated. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

let room = scratch();
afterEach(() => {
  room.leave();
  room = scratch();
});

const bundlePath = (): string => join(room.folder, 'bundle');
const rehearsal = (...more: string[]): string[] => [
  'rehearse',
  '--out',
  bundlePath(),
  '--keep',
  join(room.folder, 'room'),
  ...more,
];

/** Lines written whole so far. */
function lineCount(): number {
  const path = join(bundlePath(), 'transcript.jsonl');
  return existsSync(path) ? readFileSync(path).filter((byte) => byte === 0x0a).length : 0;
}

async function untilLine(count: number, running: { readonly ended: Promise<Ended> }): Promise<void> {
  const over = new AbortController();
  void running.ended.then(() => {
    over.abort();
  });
  while (!over.signal.aborted && lineCount() < count) await sleep(1);
}

/** What must hold of a transcript whatever happened: each intent is answered, before the same act is intended again. */
function expectEveryIntentAnswered(): void {
  const open = new Set<string>();
  for (const { type, step, body } of transcript(bundlePath())) {
    const act = `${step ?? ''} ${String(body['act'])}`;
    if (type === 'step.intent') {
      expect(open.has(act), `${act} intended twice without an answer`).toBe(false);
      open.add(act);
    }
    if ((type === 'step.outcome' && body['act'] !== null) || type === 'step.reconciled') open.delete(act);
  }
  expect([...open]).toEqual([]);
}

describe('the whole program killed', () => {
  const random = seeded(20261123);
  const points = Array.from({ length: DEEP ? 6 : 2 }, (_, index) => ({
    line: Math.floor(((index + random()) / (DEEP ? 6 : 2)) * LINES) + 1,
    delay: Math.floor(random() * 12),
  }));

  it.each(points)(
    'at line $line, $delay ms later: resume goes on to a bundle that verifies',
    async ({ line, delay }) => {
      const running = start(rehearsal());
      await untilLine(line, running);
      await sleep(delay);
      running.child.kill('SIGKILL');
      const { signal } = await running.ended;
      expect(signal, 'the kill came too late').toBe('SIGKILL');
      const before = lineCount();

      const resumed = await keyrite(['resume', bundlePath()]);
      expect(resumed.code, resumed.stderr).toBe(0);
      const lines = transcript(bundlePath());
      expect(lines[before]?.type === 'ceremony.resumed' || lines[before - 1]?.type === 'ceremony.closed').toBe(true);
      expectEveryIntentAnswered();
      const verdict = await keyrite(['verify', bundlePath(), '--json']);
      expect(JSON.parse(verdict.stdout)).toMatchObject({ verdict: 'consistent', findings: [] });
    },
  );

  it('killed again and again, it still ends in one bundle that verifies', async () => {
    const first = start(rehearsal());
    await untilLine(10, first);
    first.child.kill('SIGKILL');
    await first.ended;
    let kills = 1;
    for (;;) {
      const again = start(['resume', bundlePath()]);
      await Promise.race([untilLine(lineCount() + 25, again), again.ended]);
      again.child.kill('SIGKILL');
      const { code } = await again.ended;
      if (code === 0) break;
      kills += 1;
      expect(kills).toBeLessThan(40);
    }
    expect(kills).toBeGreaterThan(2);
    expectEveryIntentAnswered();
    expect((await keyrite(['verify', bundlePath()])).code).toBe(0);
  });
});

describe('a process of it killed in the middle of a step', () => {
  const random = seeded(7);
  const acting = STEPS.filter(({ action }) => !['statement', 'fact', 'export'].includes(action));
  const chosen = acting.filter((_, index) => index % (DEEP ? 4 : 12) === 1);
  const cases = chosen.map((step, index) => ({
    title: step.title,
    signal: index % 2 === 0 ? ('SIGSEGV' as const) : ('SIGKILL' as const),
    delay: Math.floor(random() * 40),
    script: (['worker.cjs', 'worker.cjs', 'share-process.cjs'] as const)[index % 3] ?? 'worker.cjs',
  }));

  it.each(cases)('$signal to $script $delay ms into “$title”', async ({ title, signal, delay, script }) => {
    const running = start(rehearsal());
    expect(await running.says(title)).toBe(true);
    await sleep(delay);
    const victims = childrenOf(bundlePath(), script);
    for (const pid of victims) process.kill(pid, signal);
    const { code, stderr } = await running.ended;
    expect(code, stderr).toBe(0);
    expectEveryIntentAnswered();
    const verdict = await keyrite(['verify', bundlePath(), '--json']);
    expect(JSON.parse(verdict.stdout)).toMatchObject({ verdict: 'consistent', findings: [] });
    const failures = transcript(bundlePath()).filter((line) => line.type === 'step.failed');
    for (const { body } of failures) expect(String(body['changed']).length).toBeGreaterThan(0);
  });
});
