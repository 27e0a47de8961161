/** What the operating system calls itself, by os-release(5). */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { operatingSystemName, prettyName } from '../../workstation/os-release';

it.each([
  ['NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\n', 'Debian GNU/Linux 13 (trixie)'],
  ["PRETTY_NAME='Ceremony OS 4'\n", 'Ceremony OS 4'],
  ['PRETTY_NAME=Plain\n', 'Plain'],
  ['PRETTY_NAME="A \\"quoted\\" \\$name"\n', 'A "quoted" $name'],
  ['PRETTY_NAME="two\u202elines\u0007"\n', 'two lines'],
  [`PRETTY_NAME="${'x'.repeat(500)}"\n`, 'x'.repeat(200)],
  ['NAME="Debian"\n', null],
  ['PRETTY_NAME=\n', null],
  ['OTHER_PRETTY_NAME=x\n', null],
])('in %j is %j', (text, name) => {
  expect(prettyName(text)).toBe(name);
});

it('is read from the first file that is there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keyrite-os-'));
  try {
    const path = join(folder, 'os-release');
    writeFileSync(path, 'PRETTY_NAME="Second"\n');
    expect(operatingSystemName([join(folder, 'none'), path])).toBe('Second');
    expect(operatingSystemName([folder, join(folder, 'none')])).toBeNull();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
