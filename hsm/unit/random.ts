/**
 * Random bytes of a token for the share process. Nobody logs in for them, and the token is found as it always is, by its
 * public identity key: whatever it gives is mixed with the workstation's own, so that a token that lies makes nothing worse.
 */
import type { SealedRandom, UnitTarget } from '../contract';
import { attempt, refused } from '../pkcs11/device-trouble';
import type { Session } from '../pkcs11/session';
import { makeExchangeKeys } from '../sealed-exchange';
import { secretBytes } from '../secret-bytes';
import { reading, type Tokens } from './tokens';

/** How many random bytes a token gives, in two halves. */
export const TOKEN_RANDOM_BYTES = 64;

/**
 * Asks the token for random bytes and seals them to a key of the share process, so that main carries ciphertext.
 *
 * @param to public half of that key, base64
 * @throws DeviceError; `RANDOM_CONSTANT` when the token gives the same bytes twice, or one byte over and over
 */
export async function sealedRandom(
  tokens: Tokens,
  target: UnitTarget,
  exchange: string,
  to: string,
): Promise<SealedRandom> {
  const of = `unit ${target.unit}`;
  const found = tokens.require(of, target.address, target.identitySpki);
  const bytes = attempt(reading(of, 'asking for random bytes'), () =>
    tokens.withoutLogin(found, (session) => drawTwice(session, of)),
  );
  try {
    const keys = await makeExchangeKeys('asker', exchange);
    const seal = await keys.agree(Buffer.from(to, 'base64'));
    // SECURITY(K-362): only the share process can open it.
    const sealed = await seal.close('question', bytes);
    return {
      publicKey: Buffer.from(keys.publicKey).toString('base64'),
      sealed: Buffer.from(sealed).toString('base64'),
    };
  } finally {
    bytes.fill(0);
  }
}

function drawTwice(session: Session, of: string): Buffer {
  const half = TOKEN_RANDOM_BYTES / 2;
  const [first, second] = [session.random(half), session.random(half)];
  try {
    const isFull = first.length === half && second.length === half;
    if (!isFull || first.equals(second) || first.every((byte) => byte === first[0])) {
      throw refused(
        'RANDOM_CONSTANT',
        of,
        'its random generator gives the same bytes again, or too few',
        'Qualify the token before it makes keys: its generator is broken.',
      );
    }
    const both = secretBytes(TOKEN_RANDOM_BYTES);
    both.set(first);
    both.set(second, half);
    return both;
  } finally {
    first.fill(0);
    second.fill(0);
  }
}
