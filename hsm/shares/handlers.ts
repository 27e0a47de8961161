/** What the share process does for each operation of its contract. One process serves one set, or one re-wrapping. */
import type { AskingLink, Handlers, SHARE_OPERATIONS } from '../contract';
import { SetInHand } from './set-in-hand';
import { shareTrouble } from './share-trouble';
import { OneTimeKey } from './transport';

/**
 * Handlers of a share process.
 *
 * @param options.transport true for a process that will re-wrap: its one-time key is made in the background from now on
 */
export function shareHandlers(options: { readonly transport: boolean }): Handlers<typeof SHARE_OPERATIONS, AskingLink> {
  let set: SetInHand | null = null;
  let oneTimeKey: OneTimeKey | null = options.transport ? new OneTimeKey() : null;

  const requireNoSet = (): void => {
    if (set === null && oneTimeKey === null) return;
    throw shareTrouble(
      'SET_IN_HAND',
      'This share process is in use already',
      'A share process of its own is started for each set',
    );
  };
  const theSet = (): SetInHand => {
    if (set !== null) return set;
    throw shareTrouble(
      'SET_MISSING',
      'This share process holds no set',
      'Open the set again and let the custodians enter their shares',
    );
  };

  return {
    'set.generate': ({ count }) => {
      requireNoSet();
      set = SetInHand.generate(count);
      return set.known;
    },
    'set.reopen': (known) => {
      requireNoSet();
      set = SetInHand.reopen(known);
      return null;
    },
    'share.show': async ({ index, custodian }, link) => {
      await theSet().show(index, custodian, link);
      return null;
    },
    'share.enter': async ({ index, custodian }, link) => {
      await theSet().enter(index, custodian, link);
      return null;
    },
    'set.wrap': (request) => theSet().wrap(request),
    'transport.make-key': () => {
      if (set !== null) requireNoSet();
      oneTimeKey ??= new OneTimeKey();
      return oneTimeKey.publicKey();
    },
    'transport.rewrap': async (request) => {
      if (oneTimeKey !== null) return oneTimeKey.rewrap(request);
      throw shareTrouble('TRANSPORT_KEY_MISSING', 'No one-time key was made', 'Make a one-time key, and wrap to it');
    },
  };
}
