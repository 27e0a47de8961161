import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { buildPrograms } from '../processes/build-programs';
import { shownAfter, TerminalDriver } from './terminal-driver';

let folder: string;
let remove: () => void;
let terminal: TerminalDriver;

beforeAll(async () => {
  ({ folder, remove } = await buildPrograms({
    'terminal-main': 'test/person/terminal-main.ts',
    'trial-worker': 'test/processes/trial-worker.ts',
    person: 'cli/person/process.ts',
  }));
});
afterAll(() => {
  remove();
});
afterEach(() => {
  terminal.kill();
});

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const pin = {
  kind: 'pin',
  of: 'unit-a',
  role: 'user',
  part: 1,
  parts: 1,
  holder: 'ada',
  make: false,
  minimum: 4,
  maximum: 12,
  warning: null,
};
const make = { ...pin, make: true, part: 1, parts: 2, role: 'security-officer' };
const show = { kind: 'share-show', custodian: 'carol', set: 'ab'.repeat(16), index: 1, of: 3, form: 'rows' };
const enter = { ...show, kind: 'share-enter', refused: null };

function ask(...questions: readonly { dialogue: object; body?: string }[]): void {
  writeFileSync(
    join(folder, 'questions'),
    JSON.stringify(questions.map(({ dialogue, body }) => ({ dialogue, body: body ?? '' }))),
  );
  rmSync(join(folder, 'outcomes'), { force: true });
  const program = [
    process.execPath,
    ...['terminal-main.cjs', '', 'questions', 'outcomes'].map((name) => join(folder, name)),
  ];
  terminal = new TerminalDriver(
    `stty -a | grep -o -e '-\\?echo ' ; ${program.join(' ')}; stty -a | grep -o -e '-\\?echo '`,
  );
}

async function outcomes(): Promise<string[]> {
  await terminal.ended;
  return JSON.parse(readFileSync(join(folder, 'outcomes'), 'utf8')) as string[];
}

async function comes(name: string): Promise<void> {
  await terminal.expect(`${name} comes to the keyboard`);
  await terminal.expect('Press Enter when you are alone');
  terminal.type('\r');
}

test('a PIN is asked of its holder by name, never shown, and the terminal is as before', async () => {
  ask({ dialogue: pin });
  await comes('Ada Lovelace (ada)');
  await terminal.expect('Enter the user PIN of unit-a');
  await terminal.expect('PIN: ');
  terminal.type('739x\x7f4\x1b[A\x1b[3~6\r');
  expect(await outcomes()).toEqual([sha256('73946')]);
  expect(terminal.output).not.toContain('739');
  expect(terminal.output.match(/-?echo /g)).toEqual(['echo ', 'echo ']);
  expect(shownAfter(terminal.output).other).toBe('');
});

test('what was typed before the prompt is not taken for a PIN', async () => {
  ask({ dialogue: pin }, { dialogue: { ...pin, of: 'unit-b' } });
  terminal.type('0000\r0000\r');
  await comes('Ada Lovelace (ada)');
  await terminal.expect('PIN: ');
  terminal.type('1111\r');
  await terminal.expect('PIN of unit-b');
  await terminal.expect('PIN: ');
  terminal.type('2222\r');
  expect(await outcomes()).toEqual([sha256('1111'), sha256('2222')]);
});

test('a PIN is made twice alike, within the limits of the token', async () => {
  ask({ dialogue: make });
  await comes('Ada Lovelace (ada)');
  await terminal.expect('Make part 1 of 2 of the security officer PIN of unit-a');
  await terminal.expect('New PIN: ');
  terminal.type('123\r');
  await terminal.expect('It is not taken, and was not given to the token: 4 to 12 bytes');
  await terminal.expect('New PIN: ');
  terminal.type('1234567890123\r');
  await terminal.expect('It is not taken');
  await terminal.expect('New PIN: ');
  terminal.type('11112222\r');
  await terminal.expect('The same again: ');
  terminal.type('11112223\r');
  await terminal.expect('The two differ, so neither is taken');
  await terminal.expect('New PIN: ');
  terminal.type('wrong\x1583651177\r');
  await terminal.expect('The same again: ');
  terminal.type('83651177\r');
  expect(await outcomes()).toEqual([sha256('83651177')]);
  expect(terminal.output).not.toMatch(/1111|8365|wrong/);
});

test('a final try is made after YES only', async () => {
  ask(
    { dialogue: { ...pin, warning: 'final-try' } },
    { dialogue: { ...pin, warning: 'final-try' } },
    { dialogue: { ...pin, warning: 'count-low' } },
  );
  await comes('Ada Lovelace (ada)');
  await terminal.expect('this is the final try');
  await terminal.expect('Type YES');
  terminal.type('yes\r');
  await terminal.expect('this is the final try');
  await terminal.expect('Type YES');
  terminal.type('YES\r');
  await terminal.expect('PIN: ');
  terminal.type('5555\r');
  await terminal.expect('The token allows few more');
  await terminal.expect('PIN: ');
  terminal.type('6666\r');
  expect(await outcomes()).toEqual(['PERSON_REFUSED', sha256('5555'), sha256('6666')]);
});

test('a final try at the token’s own pad is confirmed by YES, and nothing is typed here', async () => {
  const dialogue = { kind: 'final-try', of: 'unit-a', role: 'user', holder: 'ada' };
  ask({ dialogue }, { dialogue });
  await comes('Ada Lovelace (ada)');
  await terminal.expect('The device asks for the user PIN of unit-a on its own pad');
  await terminal.expect('Type YES');
  terminal.type('no\r');
  await terminal.expect('Type YES');
  terminal.type('YES\r');
  expect(await outcomes()).toEqual(['PERSON_REFUSED', sha256('')]);
  expect(terminal.output).not.toContain('PIN: ');
});

test('Ctrl-C declines, and ends nothing else', async () => {
  ask({ dialogue: pin }, { dialogue: pin }, { dialogue: show, body: 'rows' });
  await terminal.expect('Press Enter');
  terminal.type('\x03');
  await comes('Ada Lovelace (ada)');
  await terminal.expect('PIN: ');
  terminal.type('12\x03');
  await comes('Carol Shaw (carol)');
  await terminal.expect('rows');
  await terminal.expect('Press Enter when you have copied');
  terminal.type('\x03');
  expect(await outcomes()).toEqual(['PERSON_REFUSED', 'PERSON_REFUSED', 'PERSON_REFUSED']);
});

test('a share is shown to its custodian alone, and wiped', async () => {
  const rows = 'KEYRITE SHARE\nSet  ABAB ABAB\n\n1   0A1B 2C3D   7E\n2   AAAA BBBB   \x1b[31mCC\x07\n';
  ask({ dialogue: pin }, { dialogue: show, body: rows });
  await comes('Ada Lovelace (ada)');
  await terminal.expect('PIN: ');
  terminal.type('4444\r');
  await terminal.expect('Ada Lovelace (ada) leaves the keyboard');
  await comes('Carol Shaw (carol)');
  await terminal.expect('your share, number 1 of 3');
  await terminal.expect('1   0A1B 2C3D   7E');
  await terminal.expect('Press Enter when you have copied');
  const { main, other } = shownAfter(terminal.output);
  expect(other).toContain('1   0A1B 2C3D   7E\r\n2   AAAA BBBB    [31mCC \r\n');
  expect(main).not.toContain('0A1B');
  terminal.type('\r');
  expect(await outcomes()).toEqual([sha256('4444'), sha256('')]);
  const after = shownAfter(terminal.output);
  expect(after.main + after.other).not.toContain('0A1B');
  // Back on the main screen, what can be scrolled back to is dropped as well.
  expect(terminal.output).toContain('\x1b[2J\x1b[3J\x1b[H\x1b[?1049l\x1b[3J');
});

test('a share is typed in rows, which show; a refused one is corrected row by row', async () => {
  ask({ dialogue: enter }, { dialogue: { ...enter, refused: 'row 2: a digit is wrong\x1b[2J' } });
  await comes('Carol Shaw (carol)');
  await terminal.expect('type your share, number 1 of 3');
  for (const row of ['1 0a1b\x7f\x7f2c', '2 ffff', '3 0000', '']) {
    await terminal.expect('> ');
    terminal.type(`${row}\r`);
  }
  await terminal.expect('Not taken: row 2: a digit is wrong [2J');
  for (const [before, row] of [
    ['1 0a2c', ''],
    ['2 ffff', '2 eeee'],
    ['3 0000', ''],
    ['', ''],
  ] as const) {
    if (before !== '') await terminal.expect(`before: ${before}`);
    await terminal.expect('> ');
    terminal.type(`${row}\r`);
  }
  expect(await outcomes()).toEqual([sha256('1 0a2c\n2 ffff\n3 0000\n'), sha256('1 0a2c\n2 eeee\n3 0000\n')]);
  const after = shownAfter(terminal.output);
  expect(after.main + after.other).not.toContain('ffff');
});

test('when the person process is killed at a prompt, main sets the terminal right', async () => {
  ask({ dialogue: pin });
  await terminal.expect('Press Enter');
  const pid = personPid();
  process.kill(pid, 'SIGKILL');
  expect(await outcomes()).toEqual(['PERSON_GONE']);
  expect(terminal.output.match(/-?echo /g)).toEqual(['echo ', 'echo ']);
  expect(existsSync(`/proc/${String(pid)}`)).toBe(false);
});

function personPid(): number {
  for (const pid of readdirOfProc()) {
    if (commandLine(pid).includes(join(folder, 'person.cjs'))) return Number(pid);
  }
  throw new Error('no person process');
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function readdirOfProc(): string[] {
  return readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
}

const passphrase = { kind: 'passphrase', holder: 'ada', make: false, minimum: 1, maximum: 1024, wrong: false };

test('a passphrase is asked of its holder, never shown, and again when it was wrong', async () => {
  ask({ dialogue: passphrase }, { dialogue: { ...passphrase, wrong: true } });
  await comes('Ada Lovelace (ada)');
  await terminal.expect('Enter the passphrase of your key file');
  await terminal.expect('Passphrase: ');
  terminal.type('\r');
  await terminal.expect('It is not taken, and was not tried on the file: 1 to 1024 bytes');
  await terminal.expect('Passphrase: ');
  terminal.type('a long Ω phrase\r');
  await terminal.expect('The one typed before does not open the file');
  await terminal.expect('Passphrase: ');
  terminal.type('another\r');
  expect(await outcomes()).toEqual([sha256('a long Ω phrase'), sha256('another')]);
  expect(terminal.output).not.toMatch(/phrase\r|Ω|another/);
});

test('a passphrase is made twice alike', async () => {
  ask({ dialogue: { ...passphrase, make: true, minimum: 12 } });
  await comes('Ada Lovelace (ada)');
  await terminal.expect('Make the passphrase of your key file');
  for (const [prompt, typed] of [
    ['New passphrase: ', 'too short'],
    ['New passphrase: ', 'a long phrase'],
    ['The same again: ', 'a long phrasf'],
    ['Make the passphrase again', ''],
    ['New passphrase: ', 'a long phrase'],
    ['The same again: ', 'a long phrase'],
  ] as const) {
    await terminal.expect(prompt);
    if (typed !== '') terminal.type(`${typed}\r`);
  }
  expect(await outcomes()).toEqual([sha256('a long phrase')]);
});

const shareKey = {
  kind: 'share-key',
  custodian: 'ada',
  set: '00112233445566778899aabbccddeeff',
  index: 2,
  of: 3,
  what: 'passphrase',
  make: false,
  minimum: 16,
  maximum: 256,
  refused: null,
};

test('the passphrase of a share’s file is never shown, and a refusal is told', async () => {
  ask(
    { dialogue: shareKey },
    { dialogue: { ...shareKey, what: 'identity', minimum: 4, refused: 'it is another one' } },
  );
  await comes('Ada Lovelace (ada)');
  await terminal.expect('Enter the passphrase of the file of your share, number 2 of 3');
  await terminal.expect('Passphrase: ');
  terminal.type('short\r');
  await terminal.expect('It is not taken, and was not tried on the file: 16 to 256 bytes');
  await terminal.expect('Passphrase: ');
  terminal.type('herons over the reservoir\r');
  await terminal.expect('Enter the age identity that opens the file of your share, number 2 of 3');
  await terminal.expect('Not taken: it is another one');
  await terminal.expect('Identity: ');
  terminal.type('AGE-SECRET\r');
  expect(await outcomes()).toEqual([sha256('herons over the reservoir'), sha256('AGE-SECRET')]);
  expect(terminal.output).not.toMatch(/herons|AGE-SECRET/);
});
