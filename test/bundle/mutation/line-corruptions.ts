/**
 * Corruptions of the transcript by somebody without a key: lines edited, dropped, swapped, doubled, cut short; the same
 * meaning in other bytes; what breaks parsers.
 */
import { canonicalJson, type Json, type JsonObject } from '../../../ceremony/canonical-json';
import { TRANSCRIPT } from '../../../ceremony/bundle/layout';
import { linesOf, replaced, sha256, text, withLines, EMPTY, pick, type Files, type Random } from './bundle-files';
import { corruption, type Corruption, type Kind } from './corruption';
import { both } from './file-corruptions';

/** Lines that are edited in every way, and lines in each of which something is written otherwise. */
const EDITED = 60;
const REWRITTEN = 8;

/** Every corruption of lines. */
export function* lineCorruptions(files: Files, random: Random): Generator<Corruption> {
  const lines = linesOf(files);
  const put = (kind: Kind, name: string, changed: () => readonly string[]): Generator<Corruption> =>
    both(files, kind, name, () => withLines(files, changed()), TRANSCRIPT);
  for (const [at, line] of lines.entries()) {
    const where = `line ${String(at)}`;
    yield* put('line dropped', where, () => lines.toSpliced(at, 1));
    yield* put('line doubled', where, () => lines.toSpliced(at, 0, line));
    const next = lines[at + 1];
    if (next !== undefined)
      yield* put('lines swapped', `${where} and the next`, () => lines.toSpliced(at, 2, next, line));
  }
  for (const at of spread(lines, EDITED, random)) yield* edits(files, lines, at);
  for (const at of spread(lines, 40, random)) {
    const far = random(lines.length);
    if (far === at) continue;
    const [one, two] = [lines[at] ?? '', lines[far] ?? ''];
    yield* put('lines swapped', `lines ${String(at)} and ${String(far)}`, () => lines.with(at, two).with(far, one));
  }
  yield* shortened(files, lines, random);
  for (const at of spread(lines, REWRITTEN, random)) yield* rewritten(files, lines, at);
  yield* wholeTranscript(files);
  yield* documents(files);
}

/** Places of lines: the first two and last two, and others spread evenly. */
function spread(lines: readonly string[], count: number, random: Random): readonly number[] {
  const all = lines.map((_, at) => at);
  return [...new Set([0, 1, all.length - 2, all.length - 1, ...pick(all, count - 4, random)])].sort((a, b) => a - b);
}

function* edits(files: Files, lines: readonly string[], at: number): Generator<Corruption> {
  const line = lines[at] ?? '';
  const parsed = JSON.parse(line) as JsonObject;
  const body = parsed['body'] as JsonObject;
  const edited = (what: JsonObject): readonly string[] => lines.with(at, canonicalJson({ ...parsed, ...what }));
  const [name] = Object.keys(body);
  const variants: readonly (readonly [string, () => readonly string[]])[] = [
    ['salt changed', () => edited({ salt: 'f'.repeat(32) })],
    ['time changed', () => edited({ at: '2031-01-01T00:00:00.000Z' })],
    ['people changed', () => edited({ by: ['mallory'] })],
    ['type changed', () => edited({ type: 'ceremony.celebrated' })],
    ['step changed', () => edited({ step: 'no-such-step' })],
    ['member added', () => edited({ more: 1 })],
    ['member of the body added', () => edited({ body: { ...body, more: 1 } })],
    [
      'member of the body dropped',
      () => edited({ body: Object.fromEntries<Json>(Object.entries(body).filter(([key]) => key !== name)) }),
    ],
    [
      'a fact withheld',
      () => lines.with(at, canonicalJson({ leaf: 'a'.repeat(64), line: 'b'.repeat(64), reason: 'x', withheld: true })),
    ],
  ];
  for (const [what, changed] of variants) {
    yield* both(files, 'line edited', `line ${String(at)}: ${what}`, () => withLines(files, changed()), TRANSCRIPT);
  }
  // Made right, these two are what they were.
  for (const [what, changed] of [
    ['sequence changed', { seq: at + 1 }],
    ['prev changed', { prev: 'a'.repeat(64) }],
  ] as const) {
    yield corruption('line edited', 'as is', `line ${String(at)}: ${what}`, () => withLines(files, edited(changed)));
  }
}

function* shortened(files: Files, lines: readonly string[], random: Random): Generator<Corruption> {
  for (const at of spread(lines, 40, random)) {
    const line = lines[at] ?? '';
    const end = 1 + random(line.length - 1);
    const where = `line ${String(at)} cut after ${String(end)} characters`;
    yield* both(files, 'line cut short', where, () => withLines(files, lines.with(at, line.slice(0, end))), TRANSCRIPT);
    // The end of the transcript gone: with every hash right this is the record of a ceremony under way, were it not signed.
    if (at === lines.length - 1) continue;
    const kept = `transcript cut after line ${String(at)}`;
    yield* both(files, 'line cut short', kept, () => withLines(files, lines.slice(0, at + 1)), TRANSCRIPT);
    const torn = `transcript cut within line ${String(at)}`;
    yield corruption('line cut short', 'as is', torn, () =>
      replaced(files, TRANSCRIPT, Buffer.from(`${lines.slice(0, at).join('\n')}\n${line.slice(0, end)}`)),
    );
  }
}

/** A way to write a line otherwise. */
interface Rewriting {
  readonly kind: Kind;
  readonly what: string;
  readonly change: (line: string) => string;
}

const inBody = (line: string, member: string): string => line.replace('"body":{', `"body":{${member},`);

/** The same meaning in other bytes, and bytes that have none. */
export const rewritings: readonly Rewriting[] = [
  { kind: 'not in canonical form', what: 'a space', change: (line) => line.replace('":', '": ') },
  { kind: 'not in canonical form', what: 'a space at the end', change: (line) => `${line} ` },
  { kind: 'not in canonical form', what: 'a tab in front', change: (line) => `\t${line}` },
  { kind: 'not in canonical form', what: 'a CR at the end', change: (line) => `${line}\r` },
  {
    kind: 'not in canonical form',
    what: 'a key first',
    change: (line) => line.replace(/^\{("at":"[^"]*"),(.*)\}$/u, '{$2,$1}'),
  },
  {
    kind: 'not in canonical form',
    what: 'a key escaped',
    change: (line) => line.replace('"salt":"', '"\\u0073alt":"'),
  },
  { kind: 'not in canonical form', what: 'a solidus escaped', change: (line) => inBody(line, '"A":"\\/"') },
  {
    kind: 'not in canonical form',
    what: 'a digit escaped',
    change: (line) =>
      line.replace(/"salt":"(.)/u, (_, digit: string) => `"salt":"\\u00${digit.charCodeAt(0).toString(16)}`),
  },
  { kind: 'not in canonical form', what: 'an escape in upper case', change: (line) => inBody(line, '"A":"\\u001F"') },
  { kind: 'not in canonical form', what: 'a fraction', change: (line) => line.replace(/"seq":(\d+)/u, '"seq":$1.0') },
  { kind: 'not in canonical form', what: 'an exponent', change: (line) => line.replace(/"seq":(\d+)/u, '"seq":$1e0') },
  {
    kind: 'not in canonical form',
    what: 'a leading zero',
    change: (line) => line.replace(/"seq":(\d+)/u, '"seq":0$1'),
  },
  { kind: 'not in canonical form', what: 'a minus zero', change: (line) => line.replace(/"seq":\d+/u, '"seq":-0') },
  { kind: 'not in canonical form', what: 'a key that is not ASCII', change: (line) => inBody(line, '"é":1') },
  { kind: 'not in canonical form', what: 'U+007F', change: (line) => inBody(line, '"A":"\u007f"') },
  { kind: 'not in canonical form', what: 'U+007F escaped', change: (line) => inBody(line, '"A":"\\u007f"') },
  { kind: 'not in canonical form', what: 'a lone surrogate', change: (line) => inBody(line, '"A":"\\ud800"') },
  { kind: 'not in canonical form', what: 'NaN', change: (line) => line.replace(/"seq":\d+/u, '"seq":NaN') },
  { kind: 'not in canonical form', what: 'a comment', change: (line) => line.replace('{', '{/**/') },
  { kind: 'not in canonical form', what: 'a comma at the end', change: (line) => line.replace(/\}$/u, ',}') },
  { kind: 'not in canonical form', what: 'nothing', change: () => '' },
  { kind: 'not in canonical form', what: 'no end', change: (line) => line.slice(0, -1) },
  { kind: 'not in canonical form', what: 'a bare text', change: () => '"line"' },
  { kind: 'not in canonical form', what: 'two values', change: (line) => `${line}${line}` },
  { kind: 'not in canonical form', what: 'a list around it', change: (line) => `[${line}]` },
  {
    kind: 'duplicate key',
    what: 'seq twice, the last right',
    change: (line) => line.replace('"seq":', '"seq":1,"seq":'),
  },
  {
    kind: 'duplicate key',
    what: 'seq twice, the first right',
    change: (line) => line.replace(/"seq":(\d+)/u, '"seq":$1,"seq":9'),
  },
  { kind: 'duplicate key', what: 'body twice', change: (line) => line.replace('"body":{', '"body":{},"body":{') },
  { kind: 'duplicate key', what: 'type twice, alike', change: (line) => line.replace(/("type":"[^"]*")/u, '$1,$1') },
  {
    kind: 'duplicate key',
    what: 'a member of the body twice',
    change: (line) => line.replace(/"body":\{("[^"]*":)/u, '"body":{$1null,$1'),
  },
  { kind: 'duplicate key', what: 'by twice', change: (line) => line.replace('"by":', '"by":["mallory"],"by":') },
  { kind: 'huge number', what: '2^53 + 1', change: (line) => line.replace(/"seq":\d+/u, '"seq":9007199254740993') },
  { kind: 'huge number', what: '2^53', change: (line) => inBody(line, '"A":9007199254740992') },
  { kind: 'huge number', what: '2^64', change: (line) => inBody(line, '"A":18446744073709551616') },
  { kind: 'huge number', what: '1e400', change: (line) => inBody(line, '"A":1e400') },
  { kind: 'huge number', what: '-1e400', change: (line) => inBody(line, '"A":-1e400') },
  { kind: 'huge number', what: 'a thousand digits', change: (line) => inBody(line, `"A":${'9'.repeat(1000)}`) },
  { kind: 'huge number', what: 'half a million digits', change: (line) => inBody(line, `"A":1${'0'.repeat(500_000)}`) },
  { kind: 'huge number', what: '1e-400', change: (line) => inBody(line, '"A":1e-400') },
  { kind: 'NUL byte', what: 'a NUL in a text', change: (line) => inBody(line, '"A":"\0"') },
  { kind: 'NUL byte', what: 'a NUL at the end', change: (line) => `${line}\0` },
  { kind: 'NUL byte', what: 'a NUL in front', change: (line) => `\0${line}` },
  { kind: 'NUL byte', what: 'a NUL within a key', change: (line) => line.replace('"seq"', '"s\0eq"') },
  { kind: 'NUL byte', what: 'an escaped NUL in a key', change: (line) => inBody(line, '"\\u0000":1') },
  { kind: 'NUL byte', what: 'a NUL in front of a text', change: (line) => line.replace('":"', '":"\0') },
  {
    kind: 'too long or too deep',
    what: '33 lists',
    change: (line) => inBody(line, `"A":${'['.repeat(33)}${']'.repeat(33)}`),
  },
  {
    kind: 'too long or too deep',
    what: '5,000 lists',
    change: (line) => inBody(line, `"A":${'['.repeat(5000)}${']'.repeat(5000)}`),
  },
  {
    kind: 'too long or too deep',
    what: '100,000 open lists',
    change: (line) => inBody(line, `"A":${'['.repeat(100_000)}`),
  },
  {
    kind: 'too long or too deep',
    what: 'a text of 1 MiB',
    change: (line) => inBody(line, `"A":"${'a'.repeat(1024 * 1024)}"`),
  },
  {
    kind: 'too long or too deep',
    what: 'a key of 200,000 letters',
    change: (line) => inBody(line, `"${'A'.repeat(200_000)}":1`),
  },
  {
    kind: 'too long or too deep',
    what: '50,000 members',
    change: (line) => inBody(line, Array.from({ length: 50_000 }, (_, n) => `"A${String(n)}":0`).join()),
  },
];

function* rewritten(files: Files, lines: readonly string[], at: number): Generator<Corruption> {
  const line = lines[at] ?? '';
  for (const { kind, what, change } of rewritings) {
    if (change(line) === line) continue;
    const make = (): Files => withLines(files, lines.with(at, change(line)));
    yield* both(files, kind, `line ${String(at)} with ${what}`, make, TRANSCRIPT);
  }
}

function* wholeTranscript(files: Files): Generator<Corruption> {
  const content = Buffer.from(files.get(TRANSCRIPT) ?? EMPTY);
  const put = (kind: Kind, what: string, bytes: () => Uint8Array): Generator<Corruption> =>
    both(files, kind, `transcript with ${what}`, () => replaced(files, TRANSCRIPT, bytes()), TRANSCRIPT);
  yield* put('not in canonical form', 'CRLF', () => Buffer.from(text(content).replaceAll('\n', '\r\n')));
  yield* put('not in canonical form', 'CR', () => Buffer.from(text(content).replaceAll('\n', '\r')));
  yield* put('not in canonical form', 'a byte order mark', () =>
    Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), content]),
  );
  yield* put('not in canonical form', 'an empty line at the end', () => Buffer.concat([content, Buffer.from('\n')]));
  yield* put('not in canonical form', 'an empty line in front', () => Buffer.concat([Buffer.from('\n'), content]));
  yield* put('not in canonical form', 'UTF-16', () => Buffer.from(text(content), 'utf16le'));
  for (const bad of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x80]]) {
    yield* put('not in canonical form', `bytes ${Buffer.from(bad).toString('hex')} that are no UTF-8`, () =>
      Buffer.concat([content.subarray(0, -2), Buffer.from(bad), content.subarray(-2)]),
    );
  }
  yield* put('NUL byte', 'NULs at the end', () => Buffer.concat([content, Buffer.alloc(4096)]));
  yield* put('NUL byte', 'NULs instead of the end', () =>
    Buffer.concat([content.subarray(0, -500), Buffer.alloc(500)]),
  );
  yield* put('NUL byte', 'nothing but NULs', () => Buffer.alloc(content.length));
  yield* put('too long or too deep', 'a line of 3 MB at the end', () =>
    Buffer.concat([content, Buffer.from(`${'a'.repeat(3_000_000)}\n`)]),
  );
  yield* put('too long or too deep', 'a line of 3 MB, torn', () =>
    Buffer.concat([content, Buffer.from('a'.repeat(3_000_000))]),
  );
}

/** Plan and binding in other forms; their hash in line 0 made right, and the chain after it. */
function* documents(files: Files): Generator<Corruption> {
  for (const name of ['plan.json', 'binding.json']) {
    const content = text(files.get(name) ?? EMPTY);
    const put = (kind: Kind, what: string, changed: string): Generator<Corruption> =>
      both(files, kind, `${name} with ${what}`, () => withHash(files, name, changed), name);
    yield* put('not in canonical form', 'an LF', `${content}\n`);
    yield* put('not in canonical form', 'a space', content.replace('":', '": '));
    yield* put('not in canonical form', 'another order', reversed(content));
    yield* put('not in canonical form', 'a second document', `${content}{}`);
    yield* put('duplicate key', 'a key twice', content.replace('{', '{"A":1,"A":2,'));
    yield* put('duplicate key', 'another id first', content.replace(/("ceremony"|"id"):"/u, '$1:"other",$1:"'));
    yield* put('huge number', 'a huge number', content.replace('{', '{"A":1e400,'));
    yield* put('huge number', '2^53', content.replace('{', '{"A":9007199254740992,'));
    yield* put('NUL byte', 'a NUL', content.replace(':"', ':"\0'));
    yield* put('too long or too deep', 'much depth', content.replace('{', `{"A":${'['.repeat(60)}${']'.repeat(60)},`));
  }
}

function reversed(content: string): string {
  const value = JSON.parse(content) as Record<string, Json>;
  return JSON.stringify(Object.fromEntries(Object.entries(value).reverse()));
}

/** The document replaced, and line 0 told its new hash. */
function withHash(files: Files, name: string, content: string): Files {
  const [first = '', ...rest] = linesOf(files);
  const told = first.replaceAll(sha256(files.get(name) ?? EMPTY), sha256(content));
  return withLines(replaced(files, name, Buffer.from(content)), [told, ...rest]);
}
