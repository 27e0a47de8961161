/** Adding to a closed bundle, cosigning one, and proving lines of one: the functions, and the commands around them. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, vi } from 'vitest';
import { AddendumRefused, addAddendum, type AddendumPorts, type NewFact } from '../../ceremony/bundle/addendum';
import { CosignatureRefused } from '../../ceremony/bundle/cosignature';
import { timestampRequest } from '../../ceremony/bundle/timestamp-request';
import { verifyBundle } from '../../ceremony/bundle/verify';
import { checkpointFiles } from '../../ceremony/transcript/checkpoint';
import { addendum } from '../../cli/commands/addendum';
import { cosign } from '../../cli/commands/cosign';
import { checkProof, prove } from '../../cli/commands/prove';
import { verify } from '../../cli/commands/verify';
import { EXIT } from '../../cli/exit';
import { readSigner, withSigners, type Signing } from '../../cli/signers';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { UsageError } from '../../workstation/explain';
import { documentPrinter } from '../../workstation/report-pdf/document-printer';
import { textOf } from '../report/poppler';
import { lastCheckpoint, sha256, sumAnew } from './addendum-maker';
import { makeBundle, seededBytes, signWith, type Made } from './software-ceremony';
import { removeDirectory, temporaryDirectory } from './temp-folder';
import { TimeStampingAuthority } from './time-stamping';
import { sampled } from '../sampled';

const it = sampled(3);

const SCRIPT = fileURLToPath(new URL('../../ceremony/bundle/verify.sh', import.meta.url));
const PAGE = fileURLToPath(new URL('../../docs/evidence-format.md', import.meta.url));

let home = '';
let made: Made;
let folder: FileBundleFolder;
let copies = 0;
let said: string[] = [];

beforeAll(async () => {
  home = await temporaryDirectory();
  made = await makeBundle(new FileBundleFolder(join(home, 'closed')));
}, 240_000);
afterAll(async () => {
  await removeDirectory(home);
});
beforeEach(async () => {
  folder = new FileBundleFolder(join(home, `copy-${String((copies += 1))}`));
  await cp(join(home, 'closed'), folder.path, { recursive: true });
  said = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
});

const sign = (id: string, message: Uint8Array): Promise<Uint8Array> => {
  const person = made.people.get(id);
  if (person === undefined) throw new Error(`nobody is called ${id}`);
  return Promise.resolve(signWith(person, message));
};
/** People who sign with the keys of the software ceremony. */
const signing: Signing = (_, __, work) => work(sign);

const ports = (change: Partial<AddendumPorts> = {}): AddendumPorts => ({
  folder,
  clock: { now: () => '2026-11-25T09:00:00.000Z' },
  random: seededBytes('addendum'),
  printer: documentPrinter,
  app: { name: 'keyrite', version: '0.0.0', sha256: '0'.repeat(64), runtime: 'test' },
  sign,
  ...change,
});
const destroyed: NewFact = { fact: 'destruction', value: { text: 'A card was cut up.' }, files: new Map() };
const wanted = { reason: 'After the ceremony.', facts: [destroyed], signers: ['wanda', 'ada'] };

/** A folder on a machine that loses its power at a given write: that one, and whatever comes after it, is not done. */
class DyingFolder extends FileBundleFolder {
  private left: number;

  constructor(path: string, left: number) {
    super(path);
    this.left = left;
  }

  override create(name: string, content: Uint8Array): Promise<void> {
    return this.alive() ? super.create(name, content) : dead();
  }

  override remove(name: string): Promise<void> {
    return this.alive() ? super.remove(name) : dead();
  }

  override rename(name: string, to: string): Promise<void> {
    return this.alive() ? super.rename(name, to) : dead();
  }

  private alive(): boolean {
    this.left -= 1;
    return this.left >= 0;
  }
}

function dead(): Promise<never> {
  return Promise.reject(new Error('the power is gone'));
}

/** Every file of a folder, with its content. */
function contents(path: string): Readonly<Record<string, string>> {
  const names = readdirSync(path, { recursive: true, encoding: 'utf8', withFileTypes: true });
  return Object.fromEntries(
    names.map((one) => {
      const name = join(one.parentPath, one.name);
      return [name, one.isFile() ? sha256(readFileSync(name)) : 'folder'];
    }),
  );
}

describe('addAddendum', () => {
  it('adds two, one after the other; the closed record stays what it was', { timeout: 240_000 }, async () => {
    const before = readFileSync(join(folder.path, 'transcript.jsonl'));
    const first = await addAddendum(ports(), wanted);
    const files = new Map([['photo.jpg', Buffer.from('x')]]);
    const second = await addAddendum(ports(), {
      ...wanted,
      facts: [{ fact: 'attachment', value: { text: 'A photograph.' }, files }],
      signers: ['bela', 'otto'],
    });
    expect([first.number, second.number, second.report.verdict]).toEqual([1, 2, 'consistent']);
    expect(second.report.summary?.addenda.map(({ root }) => root)).toEqual([first.root, second.root]);
    expect(readFileSync(join(folder.path, 'transcript.jsonl'))).toEqual(before);
    execFileSync('sha256sum', ['--strict', '--quiet', '-c', 'SHA256SUMS'], { cwd: folder.path });
    expect(execFileSync('sh', [SCRIPT, folder.path], { encoding: 'utf8' })).toContain('addenda: 2');
  });

  it('leaves a ceremony that was abandoned incomplete', { timeout: 240_000 }, async () => {
    const abandoned = new FileBundleFolder(join(home, 'abandoned'));
    await makeBundle(abandoned, { outcome: 'abandoned' });
    expect((await addAddendum(ports({ folder: abandoned }), wanted)).report.verdict).toBe('incomplete');
  });

  it.each([
    ['an operator alone', { ...wanted, signers: ['ada'] }, {}, /and by a witness or auditor/u],
    ['nobody', { ...wanted, signers: [] }, {}, /and by a witness or auditor/u],
    ['a stranger', { ...wanted, signers: ['ada', 'wanda', 'mallory'] }, {}, /signature of mallory|nobody is called/u],
    ['no facts', { ...wanted, facts: [] }, {}, /tells of something/u],
    ['no reason', { ...wanted, reason: '' }, {}, /reason/u],
    [
      'a bad name',
      { ...wanted, facts: [{ ...destroyed, files: new Map([['../x', Buffer.alloc(1)]]) }] },
      {},
      /cannot be the name/u,
    ],
    [
      'a signature that does not fit',
      wanted,
      { sign: (_: string, message: Uint8Array) => sign('otto', message) },
      /does not fit their key/u,
    ],
    [
      'a clock before the close',
      wanted,
      { clock: { now: () => '2026-11-23T00:00:00.000Z' } },
      /clock of this station/u,
    ],
  ] as const)('refuses %s, and changes nothing', { timeout: 240_000 }, async (_, asked, change, words) => {
    const before = contents(folder.path);
    await expect(addAddendum(ports(change), asked)).rejects.toThrow(words);
    expect(contents(folder.path)).toEqual(before);
  });

  it('refuses a bundle that does not hold, or is not closed', { timeout: 240_000 }, async () => {
    writeFileSync(join(folder.path, 'README.txt'), 'x');
    await expect(addAddendum(ports(), wanted)).rejects.toThrow(AddendumRefused);
    const open = new FileBundleFolder(join(home, 'open'));
    await makeBundle(open, { stopBefore: 'commit' });
    await expect(addAddendum(ports({ folder: open }), wanted)).rejects.toThrow(/not closed/u);
  });

  it('takes its files back when what it adds does not hold', { timeout: 240_000 }, async () => {
    const before = contents(folder.path);
    const value = { package: { name: 'packages/none', sha256: '0'.repeat(64) }, text: 'x' };
    const files = new Map([['receipt.json', Buffer.from('{}')]]);
    const facts: NewFact[] = [{ fact: 'receipt', value, files }];
    await expect(addAddendum(ports(), { ...wanted, facts })).rejects.toThrow(/It was removed again/u);
    expect(contents(folder.path)).toEqual(before);
  });

  it('makes the reports anew, so that they tell of it', { timeout: 240_000 }, async () => {
    await addAddendum(ports(), wanted);
    const html = readFileSync(join(folder.path, 'report.html'), 'utf8');
    expect(html).toContain('A card was cut up.');
    expect(html).toContain('by the bundle’s own word');
    const text = await textOf(readFileSync(join(folder.path, 'report.pdf')));
    expect(text).toContain('destruction: A card was cut up.');
  });

  it('interrupted at any write, ends whole with the next run', { timeout: 180_000 }, async () => {
    // A bundle as a ceremony leaves it, with its reports.
    await addAddendum(ports(), wanted);
    const sealed = folder.path;
    const other = { ...wanted, reason: 'Another one.' };
    const numbers: number[] = [];
    for (let at = 0; ; at += 1) {
      const copy = new FileBundleFolder(join(home, `interrupted-${String(at)}`));
      await cp(sealed, copy.path, { recursive: true });
      const dying = new DyingFolder(copy.path, at);
      const isDone = await addAddendum(ports({ folder: dying }), other).then(
        () => true,
        () => false,
      );
      if (isDone) {
        expect(at).toBeGreaterThan(15);
        break;
      }
      // Nothing but the crash, not even what the failing run would have put right.
      const { number, report } = await addAddendum(ports({ folder: copy }), wanted);
      numbers.push(number);
      expect([report.verdict, report.missing], `killed at write ${String(at)}`).toEqual(['consistent', []]);
      execFileSync('sha256sum', ['--strict', '--quiet', '-c', 'SHA256SUMS'], { cwd: copy.path });
      expect(readdirSync(copy.path)).toEqual(readdirSync(sealed));
      const html = readFileSync(join(copy.path, 'report.html'), 'utf8');
      expect(html.includes('Another one.')).toBe(number === 3);
      await removeDirectory(copy.path);
    }
    // What was signed whole stays; what was not is gone.
    expect(new Set(numbers)).toEqual(new Set([2, 3]));
  });

  it('removes what an interrupted run left, and begins anew', { timeout: 240_000 }, async () => {
    await folder.create('addenda/0001/attachments/photo.jpg', Buffer.from('x'));
    await folder.create('addenda/0001/checkpoints/0001.ada.sig', Buffer.from('x'));
    mkdirSync(join(folder.path, 'addenda/0002/attachments'), { recursive: true });
    expect((await addAddendum(ports(), wanted)).number).toBe(1);
    expect(existsSync(join(folder.path, 'addenda/0001/attachments'))).toBe(false);
    expect(existsSync(join(folder.path, 'addenda/0002'))).toBe(false);
    // One that has its transcript is evidence, and is never removed.
    await folder.create('addenda/0002/transcript.jsonl', Buffer.from('x\n'));
    await expect(addAddendum(ports(), wanted)).rejects.toThrow(/does not hold/u);
    expect(existsSync(join(folder.path, 'addenda/0002/transcript.jsonl'))).toBe(true);
  });
});

describe('keyrite addendum, cosign and verify --tsa-ca', () => {
  const signers = ['--signer', 'ada=ada.pem', '--signer', 'wanda=wanda.pem'];

  it('a cosignature goes out, comes back and is filed', { timeout: 240_000 }, async () => {
    const out = join(home, 'otto.cosignature.json');
    const approver = join(folder.path, 'keys/vera.pem');
    expect(
      await cosign([folder.path, '--as', 'otto', '--key', 'k.pem', '--approver', approver, '-o', out], signing),
    ).toBe(EXIT.good);
    expect(said.join('')).toMatch(/^verified\nroot {2}[0-9a-f]{64}\n/u);
    const reason = ['--reason', 'Otto recomputed the root.'];
    expect(await addendum([folder.path, '--kind', 'cosignature', '--file', out, ...reason, ...signers], signing)).toBe(
      EXIT.good,
    );
    const { summary } = await verifyBundle(folder);
    expect(summary?.cosigners).toMatchObject([{ participant: 'otto', verdict: 'verified' }]);
    // The bundle's own reports say so, by name, to whoever never runs a verifier.
    const text = await textOf(readFileSync(join(folder.path, 'report.pdf')));
    expect(text).toMatch(/Recomputed on a station of their own .*?Otto Müller \d{4}-/u);
    expect(text).not.toContain('everybody who signed relied on the operator’s screen');
    expect(readFileSync(join(folder.path, 'report.html'), 'utf8')).toContain('Otto recomputed the root.');
    said = [];
    expect(await verify([folder.path])).toBe(EXIT.good);
    expect(said.join('')).toContain('recomputed by otto\n');
    expect(said.join('')).toContain('addendum 1  cosignature: Otto recomputed the root.\n');
  });

  it('nobody cosigns a bundle that does not hold, nor an operator, nor a stranger', { timeout: 240_000 }, async () => {
    const as = (id: string) => cosign([folder.path, '--as', id, '--key', 'k.pem', '-o', join(home, 'never')], signing);
    await expect(as('ada')).rejects.toThrow(/was an operator/u);
    await expect(as('mallory')).rejects.toThrow(/not on the roster/u);
    const wrong: Signing = (_, __, work) => work((___, message) => sign('vera', message));
    await expect(
      cosign([folder.path, '--as', 'otto', '--key', 'k.pem', '-o', join(home, 'never')], wrong),
    ).rejects.toThrow(/does not fit the key/u);
    writeFileSync(join(folder.path, 'README.txt'), 'x');
    await expect(as('otto')).rejects.toThrow(CosignatureRefused);
    expect(existsSync(join(home, 'never'))).toBe(false);
  });

  it('a timestamp comes back and holds under its authority alone', { timeout: 240_000 }, async () => {
    const authority = await TimeStampingAuthority.make(home);
    const { number } = await lastCheckpoint(folder);
    const names = checkpointFiles(number);
    await folder.create(names.timestampRequest, timestampRequest(await folder.read(names.body)));
    await sumAnew(folder);
    const token = join(home, 'answer.tsr');
    writeFileSync(token, await authority.answer(await folder.read(names.timestampRequest)));
    await addendum([folder.path, '--timestamp', token, '--reason', 'The answer came.', ...signers], signing);
    expect(await verify([folder.path, '--tsa-ca', authority.ca])).toBe(EXIT.good);
    expect(said.join('')).toMatch(/timestamp {3}\d{14}Z\n/u);
    const elsewhere = await temporaryDirectory();
    const other = await TimeStampingAuthority.make(elsewhere);
    said = [];
    expect(await verify([folder.path, '--tsa-ca', other.ca])).toBe(EXIT.findings);
    expect(said.join('')).toMatch(/openssl ts -verify does not accept it/u);
    await removeDirectory(elsewhere);
    await expect(verify([folder.path, '--tsa-ca', token])).rejects.toThrow(UsageError);
    const bare = join(home, 'closed');
    expect(await verify([bare, '--tsa-ca', authority.ca])).toBe(EXIT.findings);
    writeFileSync(token, Buffer.from(timestampRequest(Buffer.from('x'))));
    await expect(addendum([folder.path, '--timestamp', token, '--reason', 'x', ...signers], signing)).rejects.toThrow(
      /no granted timestamp/u,
    );
  });

  it('a correction, an attachment and a destruction, by their options', { timeout: 240_000 }, async () => {
    const photo = join(home, 'photo.jpg');
    writeFileSync(photo, 'x');
    const reason = ['--reason', 'Later.'];
    await addendum(
      [folder.path, '--kind', 'correction', '--line', '3', '--text', 'An hour late.', ...reason, ...signers],
      signing,
    );
    await addendum([folder.path, '--kind', 'attachment', '--file', photo, ...reason, ...signers], signing);
    await addendum([folder.path, '--kind', 'destruction', ...reason, ...signers], signing);
    const { summary } = await verifyBundle(folder);
    expect(summary?.addenda.flatMap(({ facts }) => facts.map(({ fact, text }) => [fact, text]))).toEqual([
      ['correction', 'An hour late.'],
      ['attachment', 'Later.'],
      ['destruction', 'Later.'],
    ]);
    for (const wrong of [
      ['--kind', 'nonsense'],
      ['--kind', 'attachment'],
      ['--kind', 'receipt', '--file', photo],
      ['--kind', 'cosignature', '--file', photo],
      ['--kind', 'correction', '--line', 'x'],
      ['--kind', 'destruction', '--timestamp', photo],
    ]) {
      await expect(addendum([folder.path, ...wrong, ...reason, ...signers], signing)).rejects.toThrow(UsageError);
    }
  });

  it('says who may sign, and with what', async () => {
    expect(readSigner('ada')).toEqual({ id: 'ada', keyFile: null });
    expect(readSigner('ada=/k.pem')).toEqual({ id: 'ada', keyFile: '/k.pem' });
    expect(() => readSigner('Ada Müller')).toThrow(UsageError);
    const { summary } = await verifyBundle(folder);
    const context = { ceremony: 'software-1', roster: summary?.roster ?? [], folder: folder.path, bound: null };
    const never = () => Promise.reject(new Error('nobody signs'));
    await expect(withSigners([readSigner('mallory=/k.pem')], context, never)).rejects.toThrow(/not on the roster/u);
    await expect(withSigners([readSigner('ada')], context, never)).rejects.toThrow(/what ada signs with/u);
    const twice = [readSigner('ada=/k.pem'), readSigner('ada=/l.pem')];
    await expect(withSigners(twice, context, never)).rejects.toThrow(/named twice/u);
  });
});

describe('keyrite prove and check-proof', () => {
  const file = (name: string) => join(home, `${name}-${String(copies)}.json`);
  const checkpoint = (number: number) => join(folder.path, checkpointFiles(number).body);

  it('a line under the last checkpoint, disclosed or not, with a signature', { timeout: 240_000 }, async () => {
    expect(await prove([folder.path, '--line', '7', '--with-line', '-o', file('line')])).toBe(EXIT.good);
    const key = ['--key', join(folder.path, 'keys/wanda.pem')];
    const signature = (id: string) => ['--signature', join(folder.path, checkpointFiles(2).signature(id))];
    said = [];
    expect(checkProof([file('line'), '--checkpoint', checkpoint(2), ...key, ...signature('wanda')])).toBe(EXIT.good);
    expect(said.join('')).toContain('line 7 is under the checkpoint of 63 lines\n{"at":');
    expect(checkProof([file('line'), '--checkpoint', checkpoint(2), ...key, ...signature('ada')])).toBe(EXIT.findings);
    expect(checkProof([file('line'), '--checkpoint', checkpoint(1)])).toBe(EXIT.findings);
    expect(checkProof([checkpoint(2), '--checkpoint', checkpoint(2)])).toBe(EXIT.findings);
    await prove([folder.path, '--line', '7', '--checkpoint', '1', '-o', file('bare')]);
    expect(readFileSync(file('bare'), 'utf8')).not.toContain('bytes');
    expect(checkProof([file('bare'), '--checkpoint', checkpoint(1), '--json'])).toBe(EXIT.good);
    expect(() => checkProof([file('bare')])).toThrow(UsageError);
    expect(() => checkProof([file('bare'), '--checkpoint', checkpoint(1), ...key])).toThrow(/go together/u);
    await expect(prove([folder.path, '--line', '63', '-o', file('none')])).rejects.toThrow(
      /not under that checkpoint/u,
    );
    await expect(prove([folder.path, '--line', '1', '--checkpoint', '3', '-o', file('none')])).rejects.toThrow(
      /no checkpoint 3/u,
    );
  });

  it('one checkpoint began as the other', { timeout: 240_000 }, async () => {
    await prove([folder.path, '--from', '1', '--to', '2', '-o', file('two')]);
    const both = ['--checkpoint', checkpoint(1), '--checkpoint', checkpoint(2)];
    expect(checkProof([file('two'), ...both])).toBe(EXIT.good);
    expect(checkProof([file('two'), ...both.slice(2), ...both.slice(0, 2)])).toBe(EXIT.findings);
    expect(checkProof([file('two'), '--checkpoint', checkpoint(2)])).toBe(EXIT.findings);
    await expect(prove([folder.path, '--from', '2', '--to', '1', '-o', file('none')])).rejects.toThrow(
      /later checkpoint/u,
    );
    const path = join(folder.path, 'transcript.jsonl');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"seq":5', '"seq":6'));
    await expect(prove([folder.path, '--line', '1', '-o', file('none')])).rejects.toThrow(/does not give the root/u);
  });

  it('the recipe of docs/evidence-format.md comes to the same', { timeout: 240_000 }, async () => {
    const recipe = /<!-- inclusion -->\n```sh\n([\s\S]*?)```/u.exec(readFileSync(PAGE, 'utf8'))?.[1] ?? '';
    const script = join(home, 'check-inclusion.sh');
    writeFileSync(script, recipe);
    const run = (proof: string, number = 2): string => {
      try {
        return execFileSync('sh', [script, proof, checkpoint(number)], { encoding: 'utf8', stdio: 'pipe' }).trim();
      } catch {
        return 'refused';
      }
    };
    for (const number of [1, 2]) {
      const total = Number(readFileSync(checkpoint(number), 'utf8').split('\n')[1]);
      for (const line of [0, 7, total - 1]) {
        const proof = file(`recipe-${String(number)}-${String(line)}`);
        await prove([folder.path, '--line', String(line), '--checkpoint', String(number), '--with-line', '-o', proof]);
        expect(run(proof, number), `${String(line)} of ${String(total)}`).toBe('holds');
        expect(run(proof, 3 - number)).toBe('refused');
        const text = readFileSync(proof, 'utf8');
        const changes = [
          text.replace(/"line":(\d+)/u, (_, at: string) => `"line":${String(Number(at) + 1)}`),
          text.replace(/"path":\["./u, (start) => `${start.slice(0, -1)}${start.endsWith('0') ? '1' : '0'}`),
          text.replace(/"bytes":"./u, (start) => `${start.slice(0, -1)}${start.endsWith('e') ? 'f' : 'e'}`),
          text.replace(/"path":\["[0-9a-f]{64}",/u, '"path":['),
        ];
        // Each change once; every one of them for every line with `npm run test:deep`.
        for (const [place, changed] of changes.entries()) {
          if (process.env['KEYRITE_DEEP'] !== '1' && place % 3 !== line % 3) continue;
          writeFileSync(`${proof}.changed`, changed);
          expect(run(`${proof}.changed`, number), `${String(line)}, change ${String(place)}`).toBe('refused');
        }
      }
    }
  });
});
