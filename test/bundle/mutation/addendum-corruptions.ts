/** Corruptions of addenda by somebody without a key: moved, doubled, left out, of another ceremony, their lines edited. */
import { MerkleTree } from '../../../ceremony/transcript/merkle';
import { EMPTY, replaced, sha256, text, withSums, without, type Files } from './bundle-files';
import { corruption, type Corruption } from './corruption';
import { envelopeOf } from './hashes-right';

const KIND = 'addendum moved or edited';

/** Every such corruption; none of a bundle without two addenda. `other` may have addenda of another ceremony. */
export function* addendumCorruptions(files: Files, other: Files): Generator<Corruption> {
  const [first, second] = [folder(1), folder(2)];
  if (!has(files, first) || !has(files, second)) return;
  const put = (what: string, make: () => Files): Corruption =>
    corruption(KIND, 'hashes right', what, () => withSums(make()));
  yield put('the first left out', () => without(files, (name) => name.startsWith(first)));
  yield put('the second in the place of the first', () =>
    moved(
      without(files, (n) => n.startsWith(first)),
      second,
      first,
    ),
  );
  yield put('the second twice', () => new Map([...files, ...moved(only(files, second), second, folder(3))]));
  yield put('the second as number 3', () => moved(files, second, folder(3)));
  yield put('both swapped', () => {
    const rest = without(files, (name) => name.startsWith('addenda/'));
    return new Map([
      ...rest,
      ...moved(only(files, first), first, second),
      ...moved(only(files, second), second, first),
    ]);
  });
  yield put('signatures of the first under the second', () => {
    const signatures = [...only(files, first)].filter(([name]) => name.endsWith('.sig'));
    const changed = new Map([
      ...files,
      ...signatures.map(([name, content]) => [name.replace(first, second), content] as const),
    ]);
    return withEnvelope(changed, second);
  });
  for (const at of [first, second]) {
    if (has(other, at)) {
      yield put(`${at} of another ceremony`, () => {
        return new Map([...without(files, (name) => name.startsWith(at)), ...only(other, at)]);
      });
    }
    yield* edited(files, at, put);
  }
}

function* edited(
  files: Files,
  at: string,
  put: (what: string, make: () => Files) => Corruption,
): Generator<Corruption> {
  const lines = text(files.get(`${at}transcript.jsonl`) ?? EMPTY)
    .split('\n')
    .slice(0, -1);
  const written = (changed: readonly string[]): Files => withLines(files, at, changed);
  for (const [seq, line] of lines.entries()) {
    yield put(`${at} line ${String(seq)} dropped`, () => written(lines.toSpliced(seq, 1)));
    yield put(`${at} line ${String(seq)} doubled`, () => written(lines.toSpliced(seq, 0, line)));
    yield put(`${at} line ${String(seq)} at another time`, () =>
      written(lines.with(seq, line.replace(/"at":"\d{4}/u, '"at":"2031'))),
    );
    yield put(`${at} line ${String(seq)} by a stranger`, () =>
      written(lines.with(seq, line.replace(/"by":\[[^\]]*\]/u, '"by":["mallory"]'))),
    );
    yield put(`${at} line ${String(seq)} with other words`, () =>
      written(lines.with(seq, line.replace(/"(text|reason|signOff)":"/u, '"$1":"Not: '))),
    );
  }
}

/** The lines of an addendum with chain, checkpoint and envelope made right. */
function withLines(files: Files, at: string, lines: readonly string[]): Files {
  const tree = new MerkleTree();
  let prev = '0'.repeat(64);
  const made = lines.map((line, seq) => {
    const right = line
      .replace(/"prev":"[0-9a-f]{64}"/u, `"prev":"${prev}"`)
      .replace(/"seq":\d+,"step"/u, `"seq":${String(seq)},"step"`);
    prev = sha256(right);
    tree.append(Buffer.from(right));
    return `${right}\n`;
  });
  const checkpoint = `${at}checkpoints/0001.checkpoint`;
  const [origin = ''] = text(files.get(checkpoint) ?? EMPTY).split('\n');
  const root = Buffer.from(tree.root()).toString('base64');
  const changed = replaced(files, `${at}transcript.jsonl`, Buffer.from(made.join('')));
  return withEnvelope(replaced(changed, checkpoint, Buffer.from(`${origin}\n${String(tree.size)}\n${root}\n`)), at);
}

function withEnvelope(files: Files, at: string): Files {
  const stem = `${at}checkpoints/0001`;
  return replaced(files, `${stem}.dsse.json`, envelopeOf(files, stem));
}

function folder(number: number): string {
  return `addenda/${String(number).padStart(4, '0')}/`;
}

function has(files: Files, at: string): boolean {
  return files.has(`${at}transcript.jsonl`);
}

function only(files: Files, at: string): Files {
  return without(files, (name) => !name.startsWith(at));
}

function moved(files: Files, from: string, to: string): Files {
  return new Map(
    [...files].map(([name, content]) => [name.startsWith(from) ? to + name.slice(from.length) : name, content]),
  );
}
