/** Every corruption of a bundle, in an order that depends on nothing but the bundle and the seed. */
import { addendumCorruptions } from './mutation/addendum-corruptions';
import { pick, seededRandom, type Files } from './mutation/bundle-files';
import { KINDS, type Corruption } from './mutation/corruption';
import { fileCorruptions } from './mutation/file-corruptions';
import { insiderCorruptions } from './mutation/insider-corruptions';
import { signedAgain } from './mutation/insider';
import { lineCorruptions } from './mutation/line-corruptions';
import { signatureCorruptions } from './mutation/signature-corruptions';

/** A bundle to corrupt. */
export interface Subject {
  readonly files: Files;
  /** A bundle of another ceremony, to take signed things from. */
  readonly other: Files;
}

/** Every corruption of a subject. */
export function* mutations({ files, other }: Subject, seed: string): Generator<Corruption> {
  const random = seededRandom(seed);
  yield* fileCorruptions(files, random);
  yield* lineCorruptions(files, random);
  yield* signatureCorruptions(files, other, random);
  yield* addendumCorruptions(files, other);
  yield* insiderCorruptions(files, random);
}

/** A bundle whose other ceremony is one of invented people. */
export function subjectOf(files: Files): Subject {
  const other = signedAgain(files, { binding: (binding) => ({ ...binding, ceremony: 'another-ceremony' }) });
  return { files, other };
}

/** Corruptions spread evenly over the kinds: as many of each, and what a kind lacks shared out among the others. */
export function evenly(all: readonly Corruption[], count: number, seed: string): readonly Corruption[] {
  if (all.length <= count) return all;
  const random = seededRandom(seed);
  const kinds = KINDS.map((kind) => all.filter((one) => one.kind === kind)).sort((one, two) => one.length - two.length);
  const chosen: Corruption[] = [];
  for (const [place, ofKind] of kinds.entries()) {
    chosen.push(...pick(ofKind, Math.ceil((count - chosen.length) / (kinds.length - place)), random));
  }
  return chosen;
}
