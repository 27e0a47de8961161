/** What a set of shares is, without its shares. */
import type { ArgsOf, SHARE_OPERATIONS } from '../contract';

/** A set as the transcript knows it: id, commitments, pattern. */
export type PublicSet = ArgsOf<typeof SHARE_OPERATIONS, 'set.reopen'>;

/** What set is made. */
export type SetShape = Omit<ArgsOf<typeof SHARE_OPERATIONS, 'set.generate'>, 'random'>;
