/** What an error says was changed when a share was already out: on a medium, on paper, or before somebody's eyes. */
import type * as FileSystem from 'node:fs';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { DeviceError } from '../../ceremony/command/device-error';
import type { AskingLink } from '../../hsm/contract';
import { PersonRefused } from '../../hsm/person-errors';
import { shareHandlers } from '../../hsm/shares/handlers';
import { SetInHand } from '../../hsm/shares/set-in-hand';
import { ShareMedia } from '../../hsm/shares/forms/share-medium';
import { sendToPrinter } from '../../hsm/shares/forms/printer-device';
import { componentSet, Custodians } from './custodians';

/** What the next calls of the file system do otherwise; no medium and no printer breaks on demand. */
const broken = vi.hoisted(() => ({
  /** Bytes that are taken before a write fails; null where none fails. */
  takes: null as number | null,
  misread: false,
  unlink: false,
  /** A path that stands for a USB printer. */
  printer: '',
}));

vi.mock('node:fs', async (original) => {
  const real = await original<typeof FileSystem>();
  const failed = (code: string) => Object.assign(new Error(`${code}: broken`), { code });
  const usbPrinter = { isFile: no, isDirectory: no, isFIFO: no, isSocket: no, isBlockDevice: no, rdev: 180 * 256 };
  const asPrinter = { ...usbPrinter, isCharacterDevice: () => true };
  function no() {
    return false;
  }
  return {
    ...real,
    writeSync: (file: number, content: Uint8Array, from = 0) => {
      if (broken.takes === null) return real.writeSync(file, content, from);
      if (broken.takes === 0) throw failed('EIO');
      const taken = real.writeSync(file, content, from, Math.min(broken.takes, content.length - from));
      broken.takes -= taken;
      return taken;
    },
    readFileSync: (path: string) => {
      const content = real.readFileSync(path);
      return broken.misread ? Buffer.concat([content, Buffer.of(0)]) : content;
    },
    unlinkSync: (path: string) => {
      if (broken.unlink) throw failed('EROFS');
      real.unlinkSync(path);
    },
    statSync: (path: string, options: object) => (path === broken.printer ? asPrinter : real.statSync(path, options)),
    fstatSync: (file: number) => (broken.printer === '' ? real.fstatSync(file) : asPrinter),
  };
});

const NOTHING = 'Nothing was changed: no share was taken, and no unit was touched';
const folder = mkdtempSync(join(tmpdir(), 'keyrite-left-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  Object.assign(broken, { takes: null, misread: false, unlink: false, printer: '' });
});

async function troubleOf(act: () => unknown): Promise<DeviceError> {
  try {
    await act();
  } catch (error) {
    if (error instanceof DeviceError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('a file of a share that was not written well', () => {
  const NAME = 'keyrite-share-3f2a91c0-1.pdf';
  const file = join(folder, NAME);
  const write = (media = new ShareMedia()) =>
    troubleOf(() => {
      media.write({ path: folder, removable: false }, NAME, Buffer.from('a share'));
    });
  afterEach(() => {
    rmSync(file, { force: true });
  });

  it.each([
    ['reads back otherwise', () => (broken.misread = true)],
    ['was written half', () => (broken.takes = 3)],
    ['was not written at all', () => (broken.takes = 0)],
  ])('that %s is taken off the medium, and the medium must be destroyed', async (_how, breakIt) => {
    breakIt();
    const error = await write();
    expect(error).toMatchObject({ code: 'SHARE_NOT_WRITTEN', uncertain: false });
    expect(existsSync(file)).toBe(false);
    expect(error.changed).toBe(
      `${NAME} was removed from the medium again, but what was written of it can still be found there. No share was taken, and no unit was touched`,
    );
    expect(error.next).toContain('destroy the medium');
  });

  it('that cannot be removed is said to be there', async () => {
    Object.assign(broken, { misread: true, unlink: true });
    const media = new ShareMedia();
    const error = await write(media);
    expect(existsSync(file)).toBe(true);
    expect(error.changed).toBe(
      `${NAME} is still on the medium, whole or in part, and may be readable. No share was taken, and no unit was touched`,
    );
    expect(error.next).toContain('destroy the medium');
    // It stays this process's own: another try may take its place, or say the same again.
    broken.misread = false;
    const again = await write(media);
    expect(again).toMatchObject({ code: 'SHARE_NOT_WRITTEN', changed: error.changed });
  });

  it('is not said to be there where nothing was opened, and what another made meanwhile stays', async () => {
    const error = await troubleOf(() => {
      new ShareMedia().write({ path: folder, removable: false }, `${'x'.repeat(300)}.pdf`, Buffer.from('a share'));
    });
    expect(error).toMatchObject({ code: 'SHARE_NOT_WRITTEN', changed: NOTHING });
    expect(error.next).not.toContain('destroy');
  });
});

describe('a page of a share that was not printed whole', () => {
  const print = (takes: number) => {
    const device = join(folder, 'printer');
    writeFileSync(device, '');
    Object.assign(broken, { printer: device, takes });
    return troubleOf(() => sendToPrinter(device, Buffer.alloc(100)));
  };

  it('says that a part of it is on paper and in the printer', async () => {
    const error = await print(40);
    expect(error.code).toBe('SHARE_NOT_PRINTED');
    expect(error.changed).toBe(
      'A part of the sheet went to the printer: the share may be readable on what came out, and is in the printer’s memory. No share was taken, and no unit was touched',
    );
    expect(error.next).toMatch(/destroy.*switch/);
  });

  it('says that nothing was changed where the printer took nothing', async () => {
    expect(await print(0)).toMatchObject({ code: 'SHARE_NOT_PRINTED', changed: NOTHING });
  });
});

describe('a share that somebody has seen', () => {
  const short = ({ known }: SetInHand) => `${known.set.slice(0, 4)} ${known.set.slice(4, 8)}`.toUpperCase();
  const inHand = async () => {
    const people = new Custodians();
    const made = SetInHand.generate(componentSet(2));
    for (const [at, custodian] of ['carol', 'dave'].entries()) await made.show(at + 1, custodian, people);
    const set = SetInHand.reopen(made.known);
    await set.takeOver(1, 'carol', people);
    return { people, set };
  };

  it.each([
    ['types it wrongly', 'SHARE_WRONG', () => 'nonsense'],
    ['declines to type it', 'PERSON_REFUSED', () => null],
  ])('a successor who %s is said to know it', async (_what, code, types) => {
    const { people, set } = await inHand();
    const link: AskingLink = {
      ask: (dialogue, body) => people.ask(dialogue, body).catch(() => Promise.reject(new PersonRefused(dialogue))),
    };
    people.types = types;
    const error = await troubleOf(() => set.passOn(1, 'fay', link));
    expect(error.code).toBe(code);
    expect(error.changed).toBe(
      `fay has seen share 1 of set ${short(set)}, and is to be counted as knowing it. It was not passed on, and no unit was touched`,
    );
    // Who has seen it may still get it.
    people.types = ({ custodian }) => people.worksheets.get(custodian) ?? '';
    await set.takeOver(1, 'carol', people);
    await set.passOn(1, 'fay', people);
  });

  it('one who declines while it may be showing may know it', async () => {
    const { people, set } = await inHand();
    people.ask = (dialogue) => Promise.reject(new PersonRefused(dialogue));
    const error = await troubleOf(() => set.passOn(1, 'fay', people));
    expect(error.changed).toBe(
      `fay may have seen share 1 of set ${short(set)}, and is to be counted as knowing it. No share was taken, and no unit was touched`,
    );
    const shares = shareHandlers({ transport: false });
    await shares['set.generate'](componentSet(2), people);
    const shown = await troubleOf(() => shares['share.show']({ index: 1, custodian: 'carol' }, people));
    expect(shown.code).toBe('PERSON_REFUSED');
    expect(shown.changed).toMatch(/^carol may have seen share 1 of set .*No share was taken, and no unit was touched$/);
  });

  it('a successor who is refused before is not said to have seen anything', async () => {
    const { people, set } = await inHand();
    expect(await troubleOf(() => set.passOn(1, 'carol', people))).toMatchObject({
      code: 'SHARE_SECOND',
      changed: NOTHING,
    });
  });
});
