/** What the suite makes of a bundle: changed bundles by named kind, made only when they are looked at. */
import type { Outside } from '../../../ceremony/bundle/verify';
import type { Files } from './bundle-files';

/** The kinds of corruption, in the order of the table. Issue 4 names most of them. */
export const KINDS = [
  'bit flipped',
  'byte added or dropped',
  'file cut short',
  'file removed, renamed or added',
  'sums in another form',
  'line edited',
  'line dropped',
  'lines swapped',
  'line doubled',
  'line cut short',
  'not in canonical form',
  'duplicate key',
  'huge number',
  'NUL byte',
  'too long or too deep',
  'checkpoint in another form',
  'checkpoint of another ceremony',
  'rehearsal offered as production',
  'signer twice',
  'wrong role',
  'signer removed',
  'signature over another root',
  'signature in another form',
  'clock set back',
  'what is never waived',
  'presence replayed',
  'command replayed',
  'work left out',
  'reading of another device',
  'record that contradicts itself',
  'session lied about',
  'people lied about',
  'custody or clocks lied about',
  'shares lied about',
  'plan, binding or export lied about',
  'addendum moved or edited',
  'invented people',
] as const;
/** One of {@link KINDS}. */
export type Kind = (typeof KINDS)[number];

/**
 * How far a forger went: `as is` made nothing right again, `hashes right` made right whatever needs no key (sums, chain,
 * named files, roots, envelopes), `signed again` had everybody sign what was changed.
 */
export type Variant = 'as is' | 'hashes right' | 'signed again';

/** A changed bundle that no verifier may accept. */
export interface Corruption {
  readonly kind: Kind;
  readonly variant: Variant;
  /** What was changed, for people. */
  readonly name: string;
  /** The changed bundle; the same bytes each time. */
  readonly make: () => Files;
  /** What a verifier is given from outside. */
  readonly outside?: Outside;
}

/** Makes corruptions of one kind in one variant. */
export function corruption(
  kind: Kind,
  variant: Variant,
  name: string,
  make: () => Files,
  outside?: Outside,
): Corruption {
  return { kind, variant, name: `${name} (${variant})`, make, ...(outside === undefined ? {} : { outside }) };
}
