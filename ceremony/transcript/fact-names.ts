/** Names of facts (`fact.recorded`) that the engine folds back and both verifiers look into. */

/** Readings of clocks of their own by three people, and by how much the workstation's differs. */
export const CLOCK_READINGS = 'clock.readings';
/** Number of the seal that was put on a material before a pause. */
export const SEAL = 'seal';
/** What people decided after something failed: `{step, option: again|stop, happened}`. */
export const DECISION = 'decision';
/** Somebody without a token signed paper; it never counts. */
export const PAPER_SIGNATURE = 'paper-signature';
/** An object of the custody ledger was taken in, opened, closed or destroyed; two people signed it. */
export const CUSTODY = 'custody';
/** A share was proven, or not; passed on, destroyed, or not given back. Its holder signed, and one who watched. */
export const SHARE = 'share';
/** A new set of shares of the same master key has the place of an older one: it was read back and proven whole. */
export const SET_REPLACED = 'share-set.replaced';
