/** The verifier reads as it goes: in pieces of any length, nothing beyond what cannot be read, and keeps what is bounded. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MOST_FINDINGS } from '../../ceremony/bundle/findings';
import type { BundleReader } from '../../ceremony/bundle/layout';
import { sumsOf } from '../../ceremony/bundle/sums';
import { verifyBundle, type VerifyProgress } from '../../ceremony/bundle/verify';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { makeBundle } from './software-ceremony';
import { folderAt, removeDirectory, temporaryDirectory } from './temp-folder';

const MIB = 1024 * 1024;
let directory = '';
let files: ReadonlyMap<string, Uint8Array> = new Map();

beforeAll(async () => {
  directory = await temporaryDirectory();
  await makeBundle(folderAt(directory));
  const folder = folderAt(directory);
  files = new Map(
    await Promise.all((await folder.list()).map(async (name) => [name, await folder.read(name)] as const)),
  );
});
afterAll(async () => {
  await removeDirectory(directory);
});

/** A reader whose pieces are `length` bytes long, all in one buffer that is used again; with other content for a file. */
function inPieces(length: number, changed: ReadonlyMap<string, AsyncIterable<Uint8Array>> = new Map()): BundleReader {
  const all = new Set([...files.keys(), ...changed.keys()]);
  return {
    list: () => Promise.resolve([...all].sort()),
    read: () => Promise.reject(new Error('must be read in pieces')),
    open: (name) => changed.get(name) ?? pieces(files.get(name) ?? new Uint8Array(), length),
  };
}

async function* pieces(content: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  const piece = Buffer.alloc(length);
  for (let at = 0; at < content.length; at += length) {
    piece.fill(0);
    const part = content.subarray(at, at + length);
    piece.set(part);
    yield await Promise.resolve(piece.subarray(0, part.length));
  }
}

/** Endless bytes of one value; counts how many were asked for. */
function endless(byte: number): { readonly pieces: AsyncIterable<Uint8Array>; readonly asked: () => number } {
  let asked = 0;
  async function* source(): AsyncGenerator<Uint8Array> {
    const piece = Buffer.alloc(64 * 1024, byte);
    for (;;) {
      asked += piece.length;
      yield await Promise.resolve(piece);
    }
  }
  return { pieces: source(), asked: () => asked };
}

describe('a bundle in pieces', () => {
  it.each([1, 7, 64, 4096, 100_000])('of %i bytes is judged as the whole is', async (length) => {
    const whole = await verifyBundle(new FileBundleFolder(directory));
    expect(whole.verdict).toBe('consistent');
    expect(await verifyBundle(inPieces(length))).toEqual(whole);
    expect(await sumsOf(inPieces(length))).toBe(Buffer.from(files.get('SHA256SUMS') ?? []).toString());
  });

  it('is told of as it is read', async () => {
    const seen: VerifyProgress[] = [];
    await verifyBundle(new FileBundleFolder(directory), {}, (progress) => seen.push(progress));
    const length = files.get('transcript.jsonl')?.length ?? 0;
    expect(seen.at(-1)).toEqual({ lines: 63, bytes: length, total: length });
  });

  it('that cannot be read to its end is refused', async () => {
    const broken = (async function* () {
      yield await Promise.resolve(files.get('transcript.jsonl')?.subarray(0, 5000) ?? new Uint8Array());
      throw new Error('EIO');
    })();
    const report = await verifyBundle(inPieces(64, new Map([['transcript.jsonl', broken]])));
    expect(report.findings[0]).toEqual({ where: 'transcript.jsonl', line: null, reason: 'cannot be read: EIO' });
  });
});

describe('a line without an end', () => {
  it('is a finding after 1 MiB, and nothing further is read', async () => {
    const first = Buffer.from(files.get('transcript.jsonl') ?? []);
    for (const byte of [0x61, 0x00]) {
      const rest = endless(byte);
      const content = (async function* () {
        yield await Promise.resolve(first);
        yield* rest.pieces;
      })();
      const { verdict, findings } = await verifyBundle(inPieces(4096, new Map([['transcript.jsonl', content]])));
      expect(verdict).toBe('refused');
      expect(findings[0]).toEqual({ where: 'transcript.jsonl', line: 63, reason: 'longer than 1048576 bytes' });
      expect(rest.asked()).toBeLessThan(2 * MIB);
    }
  });

  it('of less is one that was not written to its end', async () => {
    const content = Buffer.concat([files.get('transcript.jsonl') ?? new Uint8Array(), Buffer.alloc(MIB, 0x61)]);
    const { findings, missing } = await verifyBundle(
      inPieces(4096, new Map([['transcript.jsonl', pieces(content, MIB)]])),
    );
    expect(findings.map(({ where }) => where)).toEqual(['SHA256SUMS']);
    expect(missing).toContainEqual(expect.objectContaining({ line: 63 }));
  });
});

describe('files', () => {
  it('that only have a hash are not kept, however long; others have a limit, and are read no further', async () => {
    const megabytes = 100;
    const film = (async function* () {
      for (let at = 0; at < megabytes; at += 1) yield await Promise.resolve(Buffer.alloc(MIB, at));
    })();
    const { findings } = await verifyBundle(inPieces(4096, new Map([['attachments/film', film]])));
    expect(findings.map(({ where }) => where).sort()).toEqual(['SHA256SUMS', 'attachments/film']);
    const plan = endless(0x20);
    const report = await verifyBundle(inPieces(4096, new Map([['plan.yaml', plan.pieces]])));
    expect(report.findings[0]).toEqual({ where: 'plan.yaml', line: null, reason: 'longer than 67108864 bytes' });
    expect(plan.asked()).toBeLessThan(66 * MIB);
  });

  it('that rules look at are bounded together', async () => {
    const large = new Map(
      Array.from({ length: 5 }, (_, at) => [`keys/p${String(at)}.pem`, pieces(new Uint8Array(15 * MIB), MIB)] as const),
    );
    const { findings } = await verifyBundle(inPieces(4096, large));
    expect(findings).toContainEqual({
      where: 'keys/p4.pem',
      line: null,
      reason: 'the files to be read are longer than 67108864 bytes together',
    });
  });
});

describe('findings', () => {
  it('are counted beyond those that are kept, and long words are cut', async () => {
    const [opening = ''] = Buffer.from(files.get('transcript.jsonl') ?? [])
      .toString()
      .split('\n');
    const lines = [opening];
    const long = 'x'.repeat(10_000);
    for (let seq = 1; seq <= MOST_FINDINGS + 5; seq += 1) {
      const prev = createHash('sha256')
        .update(lines.at(-1) ?? '')
        .digest('hex');
      const value =
        seq === 1
          ? `{"answer":"","asked":"","challenge":{"nonce":"${'0'.repeat(64)}","signature":""},"identity":{"algorithm":"ed25519","id":"${'0'.repeat(64)}","spki":""},"registers":null,"state":null,"unit":"${long}"}`
          : '{"answer":"","asked":""}';
      lines.push(
        `{"at":"2026-11-24T00:00:00.000Z","body":{"fact":"answer","value":${value}},"by":["nobody"],"prev":"${prev}",` +
          `"salt":"${'0'.repeat(32)}","seq":${String(seq)},"step":null,"type":"fact.recorded"}`,
      );
    }
    const content = pieces(Buffer.from(`${lines.join('\n')}\n`), MIB);
    const report = await verifyBundle(inPieces(4096, new Map([['transcript.jsonl', content]])));
    expect(report.findings).toHaveLength(MOST_FINDINGS);
    expect(report.findingsInAll).toBeGreaterThan(MOST_FINDINGS + 5);
    expect(report.findings[0]).toEqual({ where: 'transcript.jsonl', line: 1, reason: 'nobody is not on the roster' });
    expect(report.findings.find(({ reason }) => reason.startsWith('x'))?.reason).toHaveLength(2001);
  });
});
