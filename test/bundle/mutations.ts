/**
 * Changes to a bundle that every verifier must find. Works on any bundle; the same seed gives the same changes. Each is
 * made twice: with the sums left, and with the sums made right again, so that the sums alone are never the only guard.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { canonicalJson, type Json } from '../../ceremony/canonical-json';
import { formatSums } from '../../ceremony/bundle/sums';
import { OUTSIDE_RECORD, SUMS, type BundleReader } from '../../ceremony/bundle/layout';

/** The files of a bundle by name. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** A changed bundle, and what was changed. */
export interface Mutation {
  readonly name: string;
  readonly files: Files;
}

/** Reads a bundle into memory. */
export async function readFiles(directory: string): Promise<Files> {
  const files = new Map<string, Uint8Array>();
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(directory.length + 1), await readFile(path));
  }
  return new Map([...files].sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** Writes a bundle into an empty directory. */
export async function writeFiles(directory: string, files: Files): Promise<void> {
  for (const [name, content] of files) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), content);
  }
}

/** Reads a bundle that is in memory. */
export function readerOf(files: Files): BundleReader {
  return {
    list: () => Promise.resolve([...files.keys()].sort()),
    read: (name) => {
      const content = files.get(name);
      return content === undefined ? Promise.reject(new Error('no such file')) : Promise.resolve(content);
    },
  };
}

/** The sums of `files` made right again, where there are any. */
export function withSums(files: Files): Files {
  if (!files.has(SUMS)) return files;
  const sums = new Map([...files].map(([name, content]) => [name, sha256(content)]));
  return new Map([...files, [SUMS, Buffer.from(formatSums(sums))]]);
}

/** Every change, in an order that depends on nothing but the bundle and the seed. */
export function* mutations(original: Files, seed: string): Generator<Mutation> {
  const random = seededRandom(seed);
  for (const change of changes(original, random)) {
    if (sameFiles(change.files, original)) continue;
    yield change;
    const redone = withSums(change.files);
    const inRecord = [...new Set([...original.keys(), ...change.files.keys()])].some(
      (name) => !OUTSIDE_RECORD.includes(name) && !sameContent(change.files.get(name), original.get(name)),
    );
    // Outside the signed record only the sums guard: there sums made right again are what they should be.
    if (inRecord && change.files.has(SUMS)) yield { name: `${change.name}, sums made right`, files: redone };
  }
}

function* changes(files: Files, random: Random): Generator<Mutation> {
  for (const name of files.keys()) yield* bytewise(files, name, random);
  yield* wholeFiles(files);
  yield* sumsChanges(files);
  yield* lineChanges(files, random);
  yield* canonicalChanges(files, random);
  yield* checkpointChanges(files);
  yield* signedChanges(files);
}

function* bytewise(files: Files, name: string, random: Random): Generator<Mutation> {
  const content = Buffer.from(files.get(name) ?? []);
  const put = (what: string, bytes: Uint8Array): Mutation => ({
    name: `${name}: ${what}`,
    files: replaced(files, name, bytes),
  });
  for (let round = 0; round < 3 && content.length > 0; round += 1) {
    const at = random(content.length);
    const flipped = Buffer.from(content);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << random(8));
    yield put(`a bit flipped at ${String(at)}`, flipped);
  }
  const at = random(content.length + 1);
  yield put(
    `a byte added at ${String(at)}`,
    Buffer.concat([content.subarray(0, at), Buffer.from([random(256)]), content.subarray(at)]),
  );
  yield put('an LF added at the end', Buffer.concat([content, Buffer.from('\n')]));
  yield put('the last byte dropped', content.subarray(0, -1));
  const gone = random(Math.max(content.length, 1));
  yield put(
    `the byte at ${String(gone)} dropped`,
    Buffer.concat([content.subarray(0, gone), content.subarray(gone + 1)]),
  );
  yield put('emptied', Buffer.alloc(0));
}

function* wholeFiles(files: Files): Generator<Mutation> {
  const names = [...files.keys()];
  for (const name of names) {
    const rest = new Map(files);
    rest.delete(name);
    yield { name: `${name} removed`, files: rest };
    if (name === SUMS) continue;
    yield { name: `${name} renamed`, files: new Map([...rest, [`${name}.old`, files.get(name) ?? new Uint8Array()]]) };
  }
  for (const extra of ADDED) {
    if (!files.has(extra)) yield { name: `${extra} added`, files: replaced(files, extra, Buffer.from('added\n')) };
  }
  const keys = names.filter((name) => name.startsWith('keys/'));
  const [first, second] = keys;
  if (first !== undefined && second !== undefined) {
    const swapped = new Map([...files, [first, files.get(second) ?? EMPTY], [second, files.get(first) ?? EMPTY]]);
    yield { name: 'two keys swapped', files: swapped };
  }
}

const ADDED = [
  'extra.txt',
  'attachments/extra.txt',
  'packages/extra.keypackage.json',
  'approvals/mallory.dsse.json',
  'keys/mallory.pem',
  'checkpoints/0009.checkpoint',
  'checkpoints/0001.mallory.sig',
  'addenda/0001/transcript.jsonl',
  '.hidden',
  'attachments/with space.txt',
  'a/b/c/d/e.txt',
];

function* sumsChanges(files: Files): Generator<Mutation> {
  const sums = files.get(SUMS);
  if (sums === undefined) return;
  const lines = text(sums).split('\n').slice(0, -1);
  const put = (what: string, changed: readonly string[], end = '\n'): Mutation => ({
    name: `sums: ${what}`,
    files: replaced(files, SUMS, Buffer.from(changed.map((line) => line + end).join(''))),
  });
  yield put('a line dropped', lines.slice(1));
  yield put('two lines swapped', [lines[1] ?? '', lines[0] ?? '', ...lines.slice(2)]);
  yield put('a line doubled', [lines[0] ?? '', ...lines]);
  yield put('upper case', [
    (lines[0] ?? '').slice(0, 64).toUpperCase() + (lines[0] ?? '').slice(64),
    ...lines.slice(1),
  ]);
  yield put('one space', [(lines[0] ?? '').replace('  ', ' '), ...lines.slice(1)]);
  yield put('binary mark', [(lines[0] ?? '').replace('  ', ' *'), ...lines.slice(1)]);
  yield put('CRLF', lines, '\r\n');
  yield put('a missing file named', [...lines, `${'0'.repeat(64)}  zzz.txt`]);
}

/** Lines edited, dropped, swapped, doubled, cut off: as they are, and with the chain made right again. */
function* lineChanges(files: Files, random: Random): Generator<Mutation> {
  const lines = linesOf(files);
  const places = new Set([
    0,
    1,
    lines.length - 2,
    lines.length - 1,
    ...Array.from({ length: 8 }, () => random(lines.length)),
  ]);
  for (const at of places) {
    const line = lines[at];
    if (line === undefined) continue;
    const parsed = JSON.parse(line) as Record<string, Json>;
    const edited = (what: Record<string, Json>): string[] => lines.with(at, canonicalJson({ ...parsed, ...what }));
    const variants: readonly (readonly [string, readonly string[]])[] = [
      ['salt changed', edited({ salt: 'f'.repeat(32) })],
      ['time changed', edited({ at: '2031-01-01T00:00:00.000Z' })],
      ['people changed', edited({ by: ['mallory'] })],
      ['type changed', edited({ type: 'ceremony.celebrated' })],
      ['step changed', edited({ step: 'no-such-step' })],
      ['member added', edited({ more: 1 })],
      ['member of the body added', edited({ body: { ...(parsed['body'] as Record<string, Json>), more: 1 } })],
      ['sequence changed', edited({ seq: at + 1 })],
      ['prev changed', edited({ prev: 'a'.repeat(64) })],
      [
        'withheld',
        lines.with(at, canonicalJson({ leaf: 'a'.repeat(64), line: 'b'.repeat(64), reason: 'x', withheld: true })),
      ],
      ['dropped', lines.toSpliced(at, 1)],
      ['doubled', lines.toSpliced(at, 0, line)],
      ['swapped with the next', at + 1 < lines.length ? lines.toSpliced(at, 2, lines[at + 1] ?? '', line) : lines],
      ['the last one kept', lines.slice(0, at + 1)],
    ];
    for (const [what, changed] of variants) {
      yield { name: `line ${String(at)}: ${what}`, files: withLines(files, changed) };
      if (what !== 'withheld') {
        yield { name: `line ${String(at)}: ${what}, chain made right`, files: withLines(files, rechained(changed)) };
      }
    }
  }
}

/** The same meaning in other bytes. */
function* canonicalChanges(files: Files, random: Random): Generator<Mutation> {
  const lines = linesOf(files);
  const at = 1 + random(lines.length - 1);
  const line = lines[at] ?? '';
  const variants: readonly (readonly [string, string])[] = [
    ['a space', line.replace('":', '": ')],
    ['a space at the end', `${line} `],
    ['a CR at the end', `${line}\r`],
    ['a key first', line.replace(/^\{("at":"[^"]*"),(.*)\}$/u, '{$2,$1}')],
    ['an escape', line.replace('"salt":"', '"\\u0073alt":"')],
    ['a key doubled', line.replace('"seq":', '"seq":1,"seq":')],
    ['a fraction', line.replace(/"seq":(\d+)/u, '"seq":$1.0')],
    ['an exponent', line.replace(/"seq":(\d+)/u, '"seq":$1e0')],
    ['a minus zero', line.replace(/"seq":\d+/u, '"seq":-0')],
    ['a huge number', line.replace(/"seq":\d+/u, '"seq":9007199254740993')],
    ['a key that is not ASCII', line.replace('"body":{', '"body":{"é":1,')],
    ['U+007F', line.replace('"body":{', '"body":{"A":"\u007f",')],
    ['U+007F escaped', line.replace('"body":{', '"body":{"A":"\\u007f",')],
    ['a lone surrogate', line.replace('"body":{', '"body":{"A":"\\ud800",')],
    ['nested too deep', line.replace('"body":{', `"body":{"A":${'['.repeat(40)}${']'.repeat(40)},`)],
    ['nothing', ''],
    ['no JSON', line.slice(0, -1)],
    ['two values', `${line}${line}`],
  ];
  for (const [what, changed] of variants) {
    yield { name: `line ${String(at)} with ${what}`, files: withLines(files, lines.with(at, changed)) };
    yield {
      name: `line ${String(at)} with ${what}, chain made right`,
      files: withLines(files, rechained(lines.with(at, changed))),
    };
  }
  const content = Buffer.from(files.get('transcript.jsonl') ?? []);
  const put = (what: string, name: string, bytes: Uint8Array): Mutation => ({
    name: `${name} with ${what}`,
    files: replaced(files, name, bytes),
  });
  yield put('CRLF throughout', 'transcript.jsonl', Buffer.from(text(content).replaceAll('\n', '\r\n')));
  yield put('a byte order mark', 'transcript.jsonl', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), content]));
  yield put('an empty line at the end', 'transcript.jsonl', Buffer.concat([content, Buffer.from('\n')]));
  yield put(
    'a NUL',
    'transcript.jsonl',
    Buffer.concat([content.subarray(0, 5), Buffer.from([0]), content.subarray(5)]),
  );
  yield put(
    'bad UTF-8',
    'transcript.jsonl',
    Buffer.concat([content.subarray(0, -2), Buffer.from([0xff]), content.subarray(-2)]),
  );
  for (const name of ['plan.json', 'binding.json']) {
    const bytes = Buffer.from(files.get(name) ?? []);
    yield put('an LF', name, Buffer.concat([bytes, Buffer.from('\n')]));
    yield put('a space', name, Buffer.from(text(bytes).replace('":', '": ')));
  }
}

function* checkpointChanges(files: Files): Generator<Mutation> {
  const bodies = [...files.keys()].filter((name) => name.endsWith('.checkpoint'));
  for (const name of bodies) {
    const [origin = '', size = '', root = ''] = text(files.get(name) ?? EMPTY).split('\n');
    const variants: readonly (readonly [string, string])[] = [
      ['another ceremony', `${origin}-2\n${size}\n${root}\n`],
      [
        'the other mode',
        `${origin.includes('rehearsal') ? origin.replace('rehearsal', 'production') : origin.replace('production', 'rehearsal')}\n${size}\n${root}\n`,
      ],
      ['another size', `${origin}\n${String(Number(size) - 1)}\n${root}\n`],
      ['a padded size', `${origin}\n0${size}\n${root}\n`],
      ['another root', `${origin}\n${size}\n${Buffer.alloc(32, 7).toString('base64')}\n`],
      [
        'spare bits set',
        `${origin}\n${size}\n${root.replace(/.=$/u, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}=`)}\n`,
      ],
      ['a line more', `${origin}\n${size}\n${root}\nmore\n`],
      ['CRLF', `${origin}\r\n${size}\r\n${root}\r\n`],
    ];
    for (const [what, body] of variants) {
      const changed = replaced(files, name, Buffer.from(body));
      yield { name: `${name}: of ${what}`, files: changed };
      yield { name: `${name}: of ${what}, envelope made right`, files: withEnvelope(changed, name) };
    }
    yield* signatureChanges(files, name);
  }
  const last = bodies.at(-1);
  if (last !== undefined) {
    const stem = last.replace('.checkpoint', '');
    yield {
      name: 'the last checkpoint removed',
      files: new Map([...files].filter(([name]) => !name.startsWith(stem))),
    };
    const copies = [...files]
      .filter(([name]) => name.startsWith(stem))
      .map(([name, content]) => [name.replace(stem, next(stem)), content] as const);
    yield { name: 'the last checkpoint doubled', files: new Map([...files, ...copies]) };
  }
}

function* signatureChanges(files: Files, body: string): Generator<Mutation> {
  const stem = body.replace('checkpoint', '').slice(0, -1).replace(/\.$/u, '');
  const stemOf = body.replace(/\.checkpoint$/u, '');
  const signatures = [...files.keys()].filter((name) => name.startsWith(`${stemOf}.`) && name.endsWith('.sig'));
  const envelope = `${stemOf}.dsse.json`;
  const stored = files.get(envelope);
  for (const name of signatures) {
    const rest = new Map(files);
    rest.delete(name);
    yield { name: `${name} taken away, envelope made right`, files: withEnvelope(rest, body) };
    const other = signatures.find((one) => one !== name);
    if (other !== undefined) {
      const copied = replaced(files, name, files.get(other) ?? EMPTY);
      yield { name: `${name} replaced by ${other}, envelope made right`, files: withEnvelope(copied, body) };
      yield { name: `${name} replaced by ${other}`, files: copied };
    }
    const earlier = [...files.keys()].find(
      (one) => one.endsWith(name.slice(stemOf.length)) && one !== name && one.endsWith('.sig'),
    );
    if (earlier !== undefined) {
      const replayed = replaced(files, name, files.get(earlier) ?? EMPTY);
      yield { name: `${name} over another root, envelope made right`, files: withEnvelope(replayed, body) };
    }
    const renamed = new Map([...rest, [`${stemOf}.mallory.sig`, files.get(name) ?? EMPTY]]);
    yield { name: `${name} by somebody else, envelope made right`, files: withEnvelope(renamed, body) };
    for (const key of [...files.keys()].filter((one) => /^keys\/[^.]+\.pem$/u.test(one))) {
      const target = `${stemOf}.${key.slice('keys/'.length, -'.pem'.length)}.sig`;
      if (files.has(target)) continue;
      yield {
        name: `${name} copied as ${target}, envelope made right`,
        files: withEnvelope(replaced(files, target, files.get(name) ?? EMPTY), body),
      };
      break;
    }
    const loose = Buffer.from(files.get(name) ?? EMPTY);
    if (loose[0] === 0x30) {
      yield {
        name: `${name} with a byte behind, envelope made right`,
        files: withEnvelope(replaced(files, name, Buffer.concat([loose, Buffer.from([0])])), body),
      };
    }
  }
  if (stored === undefined) return;
  const parsed = JSON.parse(text(stored)) as {
    payload: string;
    payloadType: string;
    signatures: { keyid: string; sig: string }[];
  };
  const [first] = parsed.signatures;
  const put = (what: string, value: Json): Mutation => ({
    name: `${envelope}: ${what}`,
    files: replaced(files, envelope, Buffer.from(`${canonicalJson(value)}\n`)),
  });
  if (first !== undefined) {
    yield put('a signer twice', { ...parsed, signatures: [first, ...parsed.signatures] });
    yield put('a signature dropped', { ...parsed, signatures: parsed.signatures.slice(1) });
    yield put('signatures reversed', { ...parsed, signatures: parsed.signatures.toReversed() });
  }
  yield put('another payload type', { ...parsed, payloadType: 'application/vnd.keyrite.presence' });
  yield put('another payload', { ...parsed, payload: Buffer.from(`${stem}\n`).toString('base64') });
  yield {
    name: `${envelope}: spaces`,
    files: replaced(files, envelope, Buffer.from(`${JSON.stringify(parsed, null, 1)}\n`)),
  };
}

/** Signed things offered again in other places, with the chain made right. */
function* signedChanges(files: Files): Generator<Mutation> {
  const lines = linesOf(files);
  const places = (type: string): number[] =>
    lines.flatMap((line, at) => (line.includes(`"type":"${type}"`) ? [at] : []));
  const bodyAt = (at: number): Record<string, Json> =>
    (JSON.parse(lines[at] ?? '{}') as { body: Record<string, Json> }).body;
  const withBody = (at: number, body: Record<string, Json>): string[] =>
    lines.with(at, canonicalJson({ ...(JSON.parse(lines[at] ?? '{}') as Record<string, Json>), body }));
  const put = (name: string, changed: readonly string[]): Mutation => ({
    name: `${name}, chain made right`,
    files: withLines(files, rechained(changed)),
  });
  const [first, second] = places('participant.present');
  if (first !== undefined && second !== undefined) {
    yield put(
      'a proof of presence replayed',
      withBody(second, { ...bodyAt(second), proof: bodyAt(first)['proof'] ?? null }),
    );
    yield put('a presence repeated later', lines.toSpliced(second + 1, 0, lines[first] ?? ''));
    yield put(
      'a presence given to another',
      withBody(second, { ...bodyAt(second), participant: bodyAt(first)['participant'] ?? null }),
    );
  }
  const commands = places('step.intent').filter((at) => bodyAt(at)['command'] !== null);
  for (const at of commands.slice(0, 4)) {
    const command = bodyAt(at)['command'] as { signatures: Json[]; payload: string };
    yield put(`line ${String(at)}: a signed command taken away`, withBody(at, { ...bodyAt(at), command: null }));
    yield put(
      `line ${String(at)}: signatures of a command taken away`,
      withBody(at, { ...bodyAt(at), command: { ...command, signatures: [] } }),
    );
    yield put(
      `line ${String(at)}: a signer of a command twice`,
      withBody(at, {
        ...bodyAt(at),
        command: { ...command, signatures: [command.signatures[0] ?? null, ...command.signatures] },
      }),
    );
    const other = commands.find(
      (one) => one !== at && (bodyAt(one)['command'] as { payload: string }).payload !== command.payload,
    );
    if (other !== undefined) {
      yield put(
        `line ${String(at)}: another command in its place`,
        withBody(at, { ...bodyAt(at), command: bodyAt(other)['command'] ?? null }),
      );
    }
  }
  for (const at of places('exception.recorded')) {
    yield put(`line ${String(at)}: an exception of another kind`, withBody(at, { ...bodyAt(at), kind: 'other' }));
    yield put(`line ${String(at)}: an exception taken away`, lines.toSpliced(at, 1));
  }
  for (const name of [...files.keys()].filter((one) => one.startsWith('approvals/'))) {
    const rest = new Map(files);
    rest.delete(name);
    const ref = new RegExp(`\\{"name":"${name.replaceAll('.', '\\.')}","sha256":"[0-9a-f]{64}"\\},?`, 'u');
    yield {
      name: `${name} removed and not named, chain made right`,
      files: withLines(rest, rechained(lines.with(0, (lines[0] ?? '').replace(ref, '')))),
    };
  }
  const [from, to] = (lines[0] ?? '').includes('"mode":"rehearsal"')
    ? ['rehearsal', 'production']
    : ['production', 'rehearsal'];
  const offered = new Map(
    [...files].map(
      ([name, content]) => [name, isText(name) ? Buffer.from(text(content).replaceAll(from, to)) : content] as const,
    ),
  );
  yield { name: `${from} offered as ${to}`, files: offered };
  yield { name: `${from} offered as ${to}, chain made right`, files: withLines(offered, rechained(linesOf(offered))) };
}

function isText(name: string): boolean {
  return /\.(?:jsonl|json|yaml|checkpoint)$/u.test(name) && !name.startsWith('packages/');
}

/** The envelope of a checkpoint made anew from its body and `.sig` files. */
function withEnvelope(files: Files, body: string): Files {
  const stem = body.replace(/\.checkpoint$/u, '');
  const signatures = [...files]
    .filter(([name]) => name.startsWith(`${stem}.`) && name.endsWith('.sig'))
    .map(([name, content]) => ({
      keyid: name.slice(stem.length + 1, -4),
      sig: Buffer.from(content).toString('base64'),
    }))
    .sort((left, right) => (left.keyid < right.keyid ? -1 : 1));
  const payload = Buffer.from(files.get(body) ?? EMPTY).toString('base64');
  const envelope = { payload, payloadType: 'application/vnd.keyrite.checkpoint', signatures };
  return replaced(files, `${stem}.dsse.json`, Buffer.from(`${canonicalJson(envelope)}\n`));
}

/** `prev` and `seq` of every line made right again, where the line is JSON at all. */
function rechained(lines: readonly string[]): string[] {
  let prev = '0'.repeat(64);
  return lines.map((line, seq) => {
    const fixed = line
      .replace(/"prev":"[0-9a-f]{64}"/u, `"prev":"${prev}"`)
      .replace(/"seq":\d+,"step"/u, `"seq":${String(seq)},"step"`);
    prev = sha256(Buffer.from(fixed));
    return fixed;
  });
}

function linesOf(files: Files): string[] {
  return text(files.get('transcript.jsonl') ?? EMPTY)
    .split('\n')
    .slice(0, -1);
}

function withLines(files: Files, lines: readonly string[]): Files {
  return replaced(files, 'transcript.jsonl', Buffer.from(lines.map((line) => `${line}\n`).join('')));
}

function replaced(files: Files, name: string, content: Uint8Array): Files {
  return new Map([...files, [name, content]]);
}

function next(stem: string): string {
  return stem.replace(/\d{4}$/u, (digits) => String(Number(digits) + 1).padStart(4, '0'));
}

function sameFiles(left: Files, right: Files): boolean {
  return left.size === right.size && [...left].every(([name, content]) => sameContent(content, right.get(name)));
}

function sameContent(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  return left !== undefined && right !== undefined ? Buffer.from(left).equals(right) : left === right;
}

function text(content: Uint8Array): string {
  return Buffer.from(content).toString('utf8');
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

const EMPTY = new Uint8Array();

type Random = (below: number) => number;

/** Numbers below a bound, the same for a seed each time. */
export function seededRandom(seed: string): Random {
  let counter = 0;
  return (below) => {
    counter += 1;
    return (
      createHash('sha256')
        .update(`${seed} ${String(counter)}`)
        .digest()
        .readUInt32BE(0) % below
    );
  };
}
