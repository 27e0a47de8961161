/** What the share process does for each operation of its contract. One process serves one set, or one re-wrapping. */
import type { AskingLink, Handlers, SHARE_OPERATIONS } from '../contract';
import { sourcesOf } from './entropy';
import { prepareIdentity, readAgeFile, writeAgeFile } from './forms/age-form';
import { ShareMedia } from './forms/share-medium';
import { printShare } from './forms/printed-form';
import { sealToToken, TokenExchange } from './forms/token-form';
import { SetInHand } from './set-in-hand';
import type { PublicSet } from './set-shape';
import { shareTrouble } from './share-trouble';
import { TokenRandom } from './token-random';
import { OneTimeKey } from './transport';

/**
 * Handlers of a share process.
 *
 * @param options.transport true for a process that will re-wrap: its one-time key is made in the background from now on
 */
export function shareHandlers(options: { readonly transport: boolean }): Handlers<typeof SHARE_OPERATIONS, AskingLink> {
  let set: SetInHand | null = null;
  const gifts = new TokenRandom();
  const media = new ShareMedia();
  const exchange = new TokenExchange();
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

  /** Names of people by their ids. */
  const names = new Map<string, string>();
  const take = (made: SetInHand): PublicSet => {
    made.call(names);
    set = made;
    return made.known;
  };

  return {
    'people.are': ({ people }) => {
      for (const { id, name } of people) names.set(id, name);
      return null;
    },
    'entropy.make-key': ({ exchange }) => {
      requireNoSet();
      return gifts.keyFor(exchange);
    },
    'set.generate': async ({ random, ...shape }) => {
      requireNoSet();
      const others = await gifts.open(random ?? []);
      try {
        return { ...take(SetInHand.generate(shape, others)), sources: sourcesOf(others) };
      } finally {
        for (const { bytes } of others) bytes.fill(0);
      }
    },
    'set.reopen': (known) => {
      requireNoSet();
      take(SetInHand.reopen(known));
      return null;
    },
    'share.show': async ({ index, custodian }, link) => {
      await theSet().show(index, custodian, link);
      return null;
    },
    'share.enter': async ({ index, custodian, ...how }, link) => {
      await theSet().enter(index, custodian, link, how);
      return null;
    },
    'share.write-file': (request, link) => writeAgeFile(theSet(), media, request, link),
    'share.read-file': async (request, link) => {
      await readAgeFile(theSet(), request, link);
      return null;
    },
    'share.seal': (request) => sealToToken(theSet(), request),
    'share.ask-token': () => exchange.begin(),
    'share.from-token': async (request) => {
      await exchange.takeBack(theSet(), request);
      return null;
    },
    'share.print': (request) => printShare(theSet(), media, request),
    'age.prepare': ({ path }) => prepareIdentity(path),
    'share.prove': async ({ index, custodian, seen }, link) => {
      await theSet().prove(index, custodian, seen, link);
      return null;
    },
    'share.take-over': async ({ index, custodian }, link) => {
      await theSet().takeOver(index, custodian, link);
      return null;
    },
    'share.pass-on': async ({ index, to }, link) => {
      await theSet().passOn(index, to, link);
      return null;
    },
    'set.reshare': (shape) => {
      return take(theSet().reshare(shape));
    },
    'set.prove': () => {
      theSet().proveWhole();
      return null;
    },
    'set.wrap': (request) => theSet().wrap(request),
    'transport.make-key': ({ oaep }) => {
      if (set !== null) requireNoSet();
      oneTimeKey ??= new OneTimeKey();
      return oneTimeKey.publicKey(oaep);
    },
    'transport.rewrap': async (request) => {
      if (oneTimeKey !== null) return oneTimeKey.rewrap(request);
      throw shareTrouble('TRANSPORT_KEY_MISSING', 'No one-time key was made', 'Make a one-time key, and wrap to it');
    },
  };
}
