/** One run at a time, and nothing left behind: a run that is alive keeps its workers; a throw-away room goes at the end. */
import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { childrenOf, keyrite, scratch, start, transcript } from './program';

let place = scratch();
afterEach(() => {
  place.leave();
  place = scratch();
});

const bundle = (): string => join(place.folder, 'bundle');
const rooms = (temporary: string): string[] =>
  readdirSync(temporary).filter((name) => name.startsWith('keyrite-room-'));

async function untilStep(title: string): Promise<ReturnType<typeof start>> {
  const running = start(['rehearse', '--out', bundle()], { TMPDIR: place.folder });
  expect(await running.says(title)).toBe(true);
  return running;
}

describe('resume while the run is alive', () => {
  it('from a session with another place for its marks: refused, and the run ends well', async () => {
    const running = await untilStep('The custodians load');
    mkdirSync(join(place.folder, 'elsewhere'), { mode: 0o700 });
    const second = await keyrite(['resume', bundle()], { XDG_RUNTIME_DIR: join(place.folder, 'elsewhere') });
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('is being run by process');
    expect((await running.ended).code).toBe(0);
    expect(transcript(bundle()).some(({ type }) => type === 'ceremony.resumed')).toBe(false);
  });

  it('of a copy of its folder: refused, and the run ends well', async () => {
    const running = await untilStep('The custodians load');
    cpSync(bundle(), join(place.folder, 'copy'), { recursive: true });
    const second = await keyrite(['resume', join(place.folder, 'copy')]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('is being run by process');
    expect((await running.ended).code).toBe(0);
  });
});

describe('a room that nobody asked to keep', () => {
  it('goes when the rehearsal ends', async () => {
    const running = await untilStep('Initialise');
    expect(rooms(place.folder)).toHaveLength(1);
    expect((await running.ended).code).toBe(0);
    expect(rooms(place.folder)).toEqual([]);
  });

  it('stays after a kill, and goes when resume has come to the end', async () => {
    const running = await untilStep('Put both units');
    running.child.kill('SIGKILL');
    await running.ended;
    expect(rooms(place.folder)).toHaveLength(1);
    const resumed = await keyrite(['resume', bundle()], { TMPDIR: place.folder });
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(rooms(place.folder)).toEqual([]);
  });

  it('goes on Ctrl-C, which says what that means and ends every process', async () => {
    const running = await untilStep('Put both units');
    running.child.kill('SIGINT');
    const { signal, stderr } = await running.ended;
    expect(signal).toBe('SIGINT');
    expect(stderr).toContain('interrupted');
    expect(stderr).toContain('rehearse again');
    const until = performance.now() + 5_000;
    while (childrenOf(bundle(), '.cjs').length > 0 && performance.now() < until) await sleep(20);
    expect(childrenOf(bundle(), '.cjs')).toEqual([]);
    expect(rooms(place.folder)).toEqual([]);
  });
});

it('a reader of its output that goes away does not end a ceremony', async () => {
  const running = await untilStep('Initialise');
  running.child.stderr?.destroy();
  running.child.stdout?.destroy();
  expect((await running.ended).code).toBe(0);
  expect(existsSync(join(bundle(), 'SHA256SUMS'))).toBe(true);
});
