/** Which keys the people of a rehearsal sign with. */
import { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from '../../ceremony/command/dsse';
import type { Position } from '../../ceremony/plan/schema';
import type { Player } from './cast';

/** `p256`: everybody has a token with a P-256 key. `mixed`: every algorithm there is, and key files where they may be. */
export const REHEARSAL_KEYS = ['p256', 'mixed'] as const;
/** One of {@link REHEARSAL_KEYS}. */
export type RehearsalKeys = (typeof REHEARSAL_KEYS)[number];

/** What a person's key is to be. */
export interface KeyWanted {
  readonly algorithm: SignatureAlgorithm;
  readonly holder: 'token' | 'file';
}

/**
 * What key each of the people gets. Mixed, the algorithms go round in the order of the cast, and whoever's position allows
 * key files has one.
 *
 * @param positions those of the plan
 */
export function keysFor(
  cast: readonly Player[],
  positions: readonly Position[],
  keys: RehearsalKeys,
): readonly (readonly [player: Player, key: KeyWanted])[] {
  return cast.map((player, index) => {
    const algorithm = SIGNATURE_ALGORITHMS[index % SIGNATURE_ALGORITHMS.length] ?? 'ecdsa-p256-sha256';
    if (keys === 'p256') return [player, { algorithm: 'ecdsa-p256-sha256', holder: 'token' }];
    const inFile = positions.some(({ id, keyFiles }) => id === player.position && keyFiles === true);
    return [player, { algorithm, holder: inFile ? 'file' : 'token' }];
  });
}
