/** A kernel that hands core dumps to a program, whatever the limit on them: a finding before every ceremony. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { roomFinding } from '../../src-main/app/room-findings';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { whoGetsCoreDumps } from '../../workstation/core-dumps';
import { LinuxWorkstation } from '../../workstation/linux-workstation';
import { THIS_RUNTIME } from '../../cli/this-app';
import { scratch } from '../ceremony/program';

let place = scratch();
afterEach(() => {
  place.leave();
  place = scratch();
});

test.each([
  ['core', null],
  ['', null],
  ['/var/crash/core.%p', null],
  ['core|not a pipe', null],
  ['|/usr/lib/systemd/systemd-coredump %P %u %g %s %t %c %h', '/usr/lib/systemd/systemd-coredump'],
  ['|/usr/share/apport/apport -p%p -s%s', '/usr/share/apport/apport'],
  ['@/run/systemd/coredump', '/run/systemd/coredump'],
  ['| /bin/\u0007odd', '/bin/?odd'],
  ['|', ''],
  [`|${'x'.repeat(300)}`, 'x'.repeat(200)],
])('%s', (pattern, who) => {
  expect(whoGetsCoreDumps(pattern)).toBe(who);
});

describe('the pre-flight', () => {
  const observed = async (pattern: string | null) => {
    const file = join(place.folder, 'core_pattern');
    if (pattern !== null) writeFileSync(file, `${pattern}\n`);
    const workstation = new LinuxWorkstation(new FileBundleFolder(join(place.folder, 'none')), THIS_RUNTIME, file);
    const all = await workstation.observe([], []);
    return all.find(({ check }) => check === 'core dump program');
  };

  test('finds a program, and the screen says what to do about it', async () => {
    const found = await observed('|/usr/lib/systemd/systemd-coredump %P');
    expect(found).toEqual({
      check: 'core dump program',
      ok: false,
      found: 'dumps are handed to /usr/lib/systemd/systemd-coredump, whatever the limit',
    });
    expect(roomFinding(found!).remedy).toContain('sysctl -w kernel.core_pattern=core');
  });

  test('finds nothing where dumps go to files, and does not take silence for that', async () => {
    expect(await observed(null)).toMatchObject({ ok: false });
    expect(await observed('core')).toEqual({ check: 'core dump program', ok: true, found: 'none' });
  });
});
