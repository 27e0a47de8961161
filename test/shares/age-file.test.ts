/** Shares as age files, by real share processes, opened with Debian's age. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ShareFile, ShareRoom, ShareSet, ShareSetShape } from '../../ceremony/engine/ports';
import { ProcessShareRoom } from '../../hsm/share-room';
import { shareFileName } from '../../hsm/shares/forms/share-medium';
import { Custodians, passphraseOf } from './custodians';
import { openWithAge } from './open-with-age';
import { buildShareProcess, startShareChild, type ShareChild } from './share-child';

const folder = mkdtempSync(join(tmpdir(), 'keyrite-age-'));
const started: ShareChild[] = [];
let script = '';

beforeAll(async () => {
  script = await buildShareProcess();
});
afterAll(async () => {
  await Promise.all(started.map(({ client }) => client.stop()));
  rmSync(dirname(script), { recursive: true });
  rmSync(folder, { recursive: true });
});

function openRoom(people: Custodians): ProcessShareRoom {
  return new ProcessShareRoom(() => {
    const child = startShareChild(script, people);
    started.push(child);
    return child.client;
  });
}

/** A medium, an identity made by age-keygen, and both as the binding would name them. */
function custodian(name: string): { to: ShareFile; identityFile: string; recipient: string; medium: string } {
  const medium = mkdtempSync(join(folder, `${name}-`));
  const identityFile = `${medium}.identity`;
  execFileSync('age-keygen', ['-o', identityFile], { stdio: 'ignore' });
  const recipient = execFileSync('age-keygen', ['-y', identityFile]).toString().trim();
  const lock = { kind: 'recipient', recipient, identityFile } as const;
  return { to: { medium: { path: medium, removable: false }, lock }, identityFile, recipient, medium };
}

function withPassphrase(): ShareFile {
  return { medium: { path: mkdtempSync(join(folder, 'medium-')), removable: false }, lock: { kind: 'passphrase' } };
}

const pathOf = ({ medium }: ShareFile, { set }: ShareSet, index: number): string =>
  join(medium.path, shareFileName({ set, index }, 'age'));

const threeWords = { scheme: 'threshold', threshold: 2, count: 3, bytes: 32 } as const;

/** A set of the workstation's randomness alone. */
const makeSet = (room: ShareRoom, shape: ShareSetShape) => room.generate(shape, [], () => Promise.resolve(null));

it('is opened by the stock program, to a recipient and by a passphrase, and taken back', async () => {
  const people = new Custodians();
  const room = openRoom(people);
  const { set } = await makeSet(room, threeWords);
  const carol = custodian('carol');
  const dave = withPassphrase();
  const wrote = await room.writeFile(1, 'carol', carol.to);
  await room.writeFile(2, 'dave', dave);
  const file = pathOf(carol.to, set, 1);
  expect(execFileSync('sha256sum', [file]).toString()).toContain(wrote.sha256);
  expect(execFileSync('stat', ['-c', '%a', file]).toString().trim()).toBe('600');

  const sheets = [
    execFileSync('age', ['-d', '-i', carol.identityFile, file]).toString(),
    openWithAge(pathOf(dave, set, 2), passphraseOf('dave', 2)),
  ];
  for (const [at, sheet] of sheets.entries()) {
    expect(sheet).toMatch(/^KEYRITE SHARE\nSet {8}/);
    expect(sheet).toContain(`Share      ${String(at + 1)} of 3`);
    expect(sheet.match(/[a-z]{4,}/g)?.length).toBeGreaterThan(33);
  }
  await room.readFile(1, 'carol', carol.to);
  const typed = ['the wrong passphrase', passphraseOf('dave', 2)];
  people.key = () => typed.shift() ?? null;
  await room.readFile(2, 'dave', dave);
  expect(people.refusals).toEqual([
    'this passphrase does not open the file: it is another one, or the file is another person’s',
  ]);
  expect(room.entered()).toEqual([1, 2]);
  await expect(room.readFile(1, 'carol', carol.to)).rejects.toMatchObject({ code: 'SHARE_ENTERED' });
  await expect(room.writeFile(1, 'carol', carol.to)).rejects.toMatchObject({ code: 'SHARE_NOT_HERE' });
  await expect(room.writeFile(3, 'carol', carol.to)).rejects.toMatchObject({ code: 'SHARE_SECOND' });

  // Main heard of it what anybody may know: no word of a sheet beyond chance, and no passphrase. The sheets themselves are the control.
  const heard = JSON.stringify(started.at(-1)?.received);
  const rows = sheets.flatMap((sheet) => sheet.match(/^ *\d+ {2}([a-z]+ +[a-z]+ +[a-z]+)/gm) ?? []);
  expect(rows).toHaveLength(22);
  for (const row of rows) expect(heard).not.toContain(row.trim().split(/\s+/).slice(1).join(' '));
  expect(heard).not.toContain('correct horse');
  expect(heard).toContain(wrote.sha256);
});

it('takes a file that the stock program wrote: the custodian made it anew', async () => {
  const room = openRoom(new Custodians());
  const { set } = await makeSet(room, threeWords);
  const { to, identityFile, recipient } = custodian('carol');
  await room.writeFile(1, 'carol', to);
  const file = pathOf(to, set, 1);
  const sheet = execFileSync('age', ['-d', '-i', identityFile, file]);
  execFileSync('age', ['-r', recipient, '-o', `${file}.new`], { input: sheet });
  copyFileSync(`${file}.new`, file);
  await room.readFile(1, 'carol', to);
  expect(room.entered()).toEqual([1]);
});

it('asks for the identity where its file is not there, and takes what is typed', async () => {
  const people = new Custodians();
  const room = openRoom(people);
  await makeSet(room, threeWords);
  const { to, identityFile, recipient } = custodian('carol');
  await room.writeFile(1, 'carol', to);
  const lock = { kind: 'recipient', recipient, identityFile: '/nowhere/identity' } as const;
  const identity =
    readFileSync(identityFile, 'utf8')
      .split('\n')
      .find((line) => line.startsWith('AGE')) ?? '';
  const typed = ['A'.repeat(74), identity];
  people.key = ({ what }) => (what === 'identity' ? (typed.shift() ?? null) : null);
  await room.readFile(1, 'carol', { ...to, lock });
  expect(people.refusals).toEqual(['what was given is no age identity: AGE-SECRET-KEY-1, and 58 characters more']);
});

it('refuses what is not that share, says what it is, and goes on with the right file', async () => {
  const room = openRoom(new Custodians());
  const { set } = await makeSet(room, threeWords);
  const [carol, dave] = [custodian('carol'), custodian('dave')];
  await room.writeFile(1, 'carol', carol.to);
  await room.writeFile(2, 'dave', dave.to);
  const file = pathOf(carol.to, set, 1);
  const right = readFileSync(file);
  const wrong = async (content: Uint8Array): Promise<unknown> => {
    writeFileSync(file, content);
    return room.readFile(1, 'carol', carol.to).then(
      () => 'taken',
      (error: unknown) => (error as Error).message,
    );
  };
  const other = execFileSync('age', ['-d', '-i', dave.identityFile, pathOf(dave.to, set, 2)]);
  const toCarol = (sheet: Uint8Array | string) => execFileSync('age', ['-r', carol.recipient], { input: sheet });
  const sheet = execFileSync('age', ['-d', '-i', carol.identityFile, file]).toString();

  expect(await wrong(readFileSync(pathOf(dave.to, set, 2)))).toContain('does not open the file');
  expect(await wrong(toCarol(other))).toContain('by its heading this is share 2');
  expect(await wrong(toCarol(sheet.replace(/^Set .*$/m, 'Set        0000 0001')))).toContain('share of another set');
  expect(await wrong(toCarol(other.toString().split('\n\n')[1] ?? ''))).toContain('this is share 2 of the same set');
  expect(await wrong(toCarol(sheet.replace(/^( 1 .*) [a-z]+ *$/m, '$1 zzzz')))).toMatch(
    /word 3 is (?:wrong|not on the list)/,
  );
  expect(await wrong(Buffer.from('no file of age'))).toContain('the file is not one of age');
  const damaged = Buffer.from(right);
  damaged.writeUInt8(damaged.readUInt8(damaged.length - 5) ^ 1, damaged.length - 5);
  expect(await wrong(damaged)).toContain('the file is damaged');
  expect(await wrong(right.subarray(0, right.length - 40))).toContain('the file is damaged');
  expect(await wrong(Buffer.alloc(20_000))).toContain('at most 16384 are read');
  rmSync(file);
  await expect(room.readFile(1, 'carol', carol.to)).rejects.toMatchObject({ code: 'SHARE_FILE_MISSING' });
  expect(room.entered()).toEqual([]);
  expect(await wrong(right)).toBe('taken');
});

it('writes again what it wrote itself, and nothing that another wrote', async () => {
  const people = new Custodians();
  const room = openRoom(people);
  const { set } = await makeSet(room, threeWords);
  const to = withPassphrase();
  people.key = () => null;
  await expect(room.writeFile(1, 'carol', to)).rejects.toMatchObject({ code: 'PERSON_REFUSED' });
  const carol = custodian('carol');
  const first = await room.writeFile(1, 'carol', carol.to);
  const again = await room.writeFile(1, 'carol', carol.to);
  expect(again.sha256).not.toBe(first.sha256);
  const others = withPassphrase();
  writeFileSync(pathOf(others, set, 2), 'a letter');
  await expect(room.writeFile(2, 'dave', others)).rejects.toMatchObject({ code: 'SHARE_FILE_EXISTS' });
  expect(readFileSync(pathOf(others, set, 2), 'utf8')).toBe('a letter');
});

it('refuses a medium that is not there, and in production one that is not removable', async () => {
  const room = openRoom(new Custodians());
  await makeSet(room, threeWords);
  const { to } = custodian('carol');
  await expect(
    room.writeFile(1, 'carol', { ...to, medium: { path: join(folder, 'gone'), removable: false } }),
  ).rejects.toMatchObject({ code: 'MEDIUM_REFUSED' });
  mkdirSync(join(folder, 'fixed'));
  await expect(
    room.writeFile(1, 'carol', { ...to, medium: { path: join(folder, 'fixed'), removable: true } }),
  ).rejects.toMatchObject({
    code: 'MEDIUM_REFUSED',
    message: expect.stringContaining('no removable medium') as string,
  });
});

it('is brought back to a process that never held it', async () => {
  const first = openRoom(new Custodians());
  const { set } = await makeSet(first, { ...threeWords, count: 2 });
  const files = [custodian('carol').to, custodian('dave').to];
  for (const [at, to] of files.entries()) {
    await first.writeFile(at + 1, ['carol', 'dave'][at] ?? '', to);
    await first.readFile(at + 1, ['carol', 'dave'][at] ?? '', to);
  }
  await started.at(-1)?.client.kill();
  const second = openRoom(new Custodians());
  await second.reopen(set);
  for (const [at, to] of files.entries()) await second.readFile(at + 1, ['carol', 'dave'][at] ?? '', to);
  expect(second.entered()).toEqual([1, 2]);
});
