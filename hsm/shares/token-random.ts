/** Random bytes of tokens, as they come to the share process: sealed to a key made here, one for each unit, used once. */
import type { ArgsOf, SHARE_OPERATIONS } from '../contract';
import { makeExchangeKeys, type ExchangeKeys } from '../sealed-exchange';
import { MIN_SOURCE_BYTES, type EntropySource } from './entropy';
import { shareTrouble } from './share-trouble';

type Sealed = NonNullable<ArgsOf<typeof SHARE_OPERATIONS, 'set.generate'>['random']>;

/** Most keys that wait at once: one for each unit of a plan, and some for units that were asked again. */
const MOST_KEYS = 128;

/** Keys for units that were not heard of yet. */
export class TokenRandom {
  readonly #keys = new Map<string, ExchangeKeys>();

  /**
   * A key for one unit. @returns its public half, base64
   *
   * @throws DeviceError RANDOM_UNREADABLE when far too many are asked for
   */
  async keyFor(exchange: string): Promise<string> {
    if (this.#keys.size >= MOST_KEYS) throw unreadable('too many keys were asked for');
    const keys = await makeExchangeKeys('person', exchange);
    this.#keys.set(exchange, keys);
    return Buffer.from(keys.publicKey).toString('base64');
  }

  /**
   * Opens what units sealed. All keys are gone afterwards.
   *
   * @returns a source for each unit, named `token:<unit>`; the caller zeroes their bytes
   * @throws DeviceError RANDOM_UNREADABLE when one was not sealed to its key, or is too short to count
   */
  async open(sealed: Sealed): Promise<EntropySource[]> {
    const opened: EntropySource[] = [];
    try {
      for (const { unit, exchange, publicKey, sealed: box } of sealed) {
        const keys = this.#keys.get(exchange);
        this.#keys.delete(exchange);
        if (keys === undefined) throw unreadable(`no key was made for those of unit ${unit}`);
        const bytes = await unseal(keys, publicKey, box);
        if (bytes === null) throw unreadable(`those of unit ${unit} were not sealed to this process, or were changed`);
        opened.push({ name: `token:${unit}`, bytes });
        if (bytes.length < MIN_SOURCE_BYTES) throw unreadable(`those of unit ${unit} are too few`);
      }
      if (new Set(opened.map(({ name }) => name)).size !== opened.length)
        throw unreadable('a unit gave some more than once');
      return opened;
    } catch (error) {
      for (const { bytes } of opened) bytes.fill(0);
      throw error;
    } finally {
      this.#keys.clear();
    }
  }
}

async function unseal(keys: ExchangeKeys, publicKey: string, box: string): Promise<Uint8Array | null> {
  try {
    const seal = await keys.agree(Buffer.from(publicKey, 'base64'));
    return await seal.open('question', Buffer.from(box, 'base64'));
  } catch {
    return null;
  }
}

function unreadable(why: string): Error {
  return shareTrouble(
    'RANDOM_UNREADABLE',
    `Random bytes of a unit cannot be taken: ${why}`,
    'Make the set again. If it happens again, stop: something stands between unit and share process',
  );
}
