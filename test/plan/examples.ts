/** The example files of this repository, as the tests read them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Text of a file in `examples/`. */
export function example(name: string): string {
  return readFileSync(join(import.meta.dirname, '../../examples', name), 'utf8');
}

/** The plan of the first ceremony. */
export const FIRST = example('first-ceremony.ceremony.yaml');
/** The plan that rotates its root key. */
export const ROTATE = example('root-key-rotate.ceremony.yaml');
/** The plan that takes over what others made. */
export const ADOPTION = example('taking-over.ceremony.yaml');
/** The plan that gives a master key new custodians. */
export const RESHARE = example('reshare.ceremony.yaml');
/** The plan that has custodians prove their shares. */
export const DRILL = example('share-drill.ceremony.yaml');
/** The example binding of the first ceremony. */
export const BINDING = example('first-ceremony.binding.example.yaml');
/** The plan that makes threshold shares. */
export const THRESHOLD = example('threshold-shares.ceremony.yaml');
