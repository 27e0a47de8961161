/** Corruptions of whole files: bits, bytes, ends, names, and the list of sums. */
import { OUTSIDE_RECORD, SUMS } from '../../../ceremony/bundle/layout';
import { EMPTY, replaced, sameFiles, text, withSums, without, type Files, type Random } from './bundle-files';
import { corruption, type Corruption, type Kind } from './corruption';
import { envelopesRight, hashesRight } from './hashes-right';

/** How many bits are flipped in each file. */
const FLIPS = 10;

/** The changed bundle with whatever needs no key made right again, as far as that leaves it changed. */
export function madeRight(original: Files, changed: Files): Files {
  const right = [hashesRight, envelopesRight].map((one) => one(changed)).find((one) => !sameFiles(one, original));
  return right ?? withSums(changed);
}

/**
 * A change as it is, and with the hashes made right; of a file outside the signed record only as it is, since only the sums
 * guard that: made right, they are what they should be.
 */
export function* both(
  original: Files,
  kind: Kind,
  name: string,
  make: () => Files,
  file?: string,
): Generator<Corruption> {
  yield corruption(kind, 'as is', name, make);
  if (file !== undefined && OUTSIDE_RECORD.includes(file)) return;
  yield corruption(kind, 'hashes right', name, () => madeRight(original, make()));
}

/** Every corruption of files. */
export function* fileCorruptions(files: Files, random: Random): Generator<Corruption> {
  for (const name of files.keys()) yield* bytes(files, name, random);
  yield* names(files);
  yield* sums(files);
}

function* bytes(files: Files, name: string, random: Random): Generator<Corruption> {
  const content = Buffer.from(files.get(name) ?? EMPTY);
  const put = (kind: Kind, what: string, changed: () => Uint8Array): Generator<Corruption> =>
    both(files, kind, `${name}: ${what}`, () => replaced(files, name, changed()), name);
  for (let round = 0; round < FLIPS && content.length > 0; round += 1) {
    const at = random(content.length);
    const bit = random(8);
    yield* put('bit flipped', `bit ${String(bit)} of byte ${String(at)} flipped`, () => {
      const flipped = Buffer.from(content);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
      return flipped;
    });
  }
  const at = random(content.length + 1);
  const added = random(256);
  yield* put('byte added or dropped', `byte ${String(added)} added at ${String(at)}`, () =>
    Buffer.concat([content.subarray(0, at), Buffer.from([added]), content.subarray(at)]),
  );
  yield* put('byte added or dropped', 'an LF added at the end', () => Buffer.concat([content, Buffer.from('\n')]));
  yield* put('byte added or dropped', 'the last byte dropped', () => content.subarray(0, -1));
  const gone = random(Math.max(content.length, 1));
  yield* put('byte added or dropped', `the byte at ${String(gone)} dropped`, () =>
    Buffer.concat([content.subarray(0, gone), content.subarray(gone + 1)]),
  );
  const nul = random(content.length + 1);
  yield* put('NUL byte', `a NUL at ${String(nul)}`, () =>
    Buffer.concat([content.subarray(0, nul), Buffer.from([0]), content.subarray(nul)]),
  );
  yield* put('file cut short', 'emptied', () => EMPTY);
  const end = 1 + random(Math.max(content.length - 1, 1));
  yield* put('file cut short', `cut after ${String(end)} bytes`, () => content.subarray(0, end));
}

/** Names that no bundle has, or that nothing accounts for. */
const ADDED = [
  'extra.txt',
  'attachments/extra.txt',
  'packages/extra.keypackage.json',
  'approvals/mallory.dsse.json',
  'keys/mallory.pem',
  'checkpoints/0009.checkpoint',
  'checkpoints/0001.mallory.sig',
  '.hidden',
  'attachments/with space.txt',
  'attachments/-rf',
  'a/b/c/d/e.txt',
  'other/folder.txt',
];

function* names(files: Files): Generator<Corruption> {
  const all = [...files.keys()];
  const kind = 'file removed, renamed or added';
  for (const name of all) {
    // Without its sums a bundle is incomplete, which is no corruption found but the truth.
    yield* both(files, kind, `${name} removed`, () => without(files, (one) => one === name), name);
    if (name === SUMS || OUTSIDE_RECORD.includes(name)) continue;
    const rest = without(files, (one) => one === name);
    yield* both(files, kind, `${name} renamed`, () => replaced(rest, `${name}.old`, files.get(name) ?? EMPTY), name);
  }
  for (const extra of ADDED) {
    if (files.has(extra)) continue;
    yield* both(files, kind, `${extra} added`, () => replaced(files, extra, Buffer.from('added\n')), extra);
  }
  for (const folder of ['keys/', 'approvals/', 'checkpoints/0001.', 'checkpoints/0002.']) {
    const inside = all.filter((name) => name.startsWith(folder) && !/\.(?:checkpoint|dsse\.json)$/.test(name.slice(9)));
    for (const [place, first] of inside.entries()) {
      const second = inside[place + 1];
      if (second === undefined) continue;
      const swapped = (): Files =>
        new Map([...files, [first, files.get(second) ?? EMPTY], [second, files.get(first) ?? EMPTY]]);
      yield* both(files, kind, `${first} and ${second} swapped`, swapped, first);
    }
  }
}

function* sums(files: Files): Generator<Corruption> {
  const stored = files.get(SUMS);
  if (stored === undefined) return;
  const lines = text(stored).split('\n').slice(0, -1);
  const put = (what: string, changed: readonly string[], end = '\n'): Corruption =>
    corruption('sums in another form', 'as is', what, () =>
      replaced(files, SUMS, Buffer.from(changed.map((line) => line + end).join(''))),
    );
  for (const [at, line] of lines.entries()) {
    yield put(`line ${String(at)} dropped`, lines.toSpliced(at, 1));
    yield put(`line ${String(at)} doubled`, lines.toSpliced(at, 0, line));
    if (at > 0)
      yield put(
        `lines ${String(at - 1)} and ${String(at)} swapped`,
        lines.toSpliced(at - 1, 2, line, lines[at - 1] ?? ''),
      );
  }
  for (const at of [0, Math.floor(lines.length / 2), lines.length - 1]) {
    const line = lines[at] ?? '';
    const where = `line ${String(at)}`;
    yield put(`${where} in upper case`, lines.with(at, line.slice(0, 64).toUpperCase() + line.slice(64)));
    yield put(`${where} with one space`, lines.with(at, line.replace('  ', ' ')));
    yield put(`${where} with a binary mark`, lines.with(at, line.replace('  ', ' *')));
    yield put(`${where} with ./ before the name`, lines.with(at, line.replace('  ', '  ./')));
    yield put(`${where} with a space behind`, lines.with(at, `${line} `));
    yield put(`${where} with another sum`, lines.with(at, `${'0'.repeat(64)}${line.slice(64)}`));
  }
  yield put('CRLF', lines, '\r\n');
  yield put('CR', lines, '\r');
  yield put('no LF at the end', [lines.join('\n')], '');
  yield put('a missing file named', [...lines, `${'0'.repeat(64)}  zzz.txt`]);
  yield put(
    'itself named',
    [...lines, `${'0'.repeat(64)}  SHA256SUMS`].sort((one, two) => (one.slice(66) < two.slice(66) ? -1 : 1)),
  );
  yield put('a comment', ['# sums', ...lines]);
}
