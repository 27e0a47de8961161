/** The form "own token" of a share: encrypted to a key pair on its custodian's token, and opened with it. */
import { createDecipheriv, createCipheriv, createHash, randomBytes, randomFillSync } from 'node:crypto';
import { isValidSignature, spkiSha256 } from '../../../ceremony/command/dsse';
import { shareKeyStatement } from '../../../ceremony/command/statements';
import type { ArgsOf, ResultOf, SHARE_OPERATIONS } from '../../contract';
import { makeExchangeKeys, type ExchangeKeys } from '../../sealed-exchange';
import { secretBytes } from '../../secret-bytes';
import { readEnvelope, shareOf, writeEnvelope } from '../../share-envelope';
import { GCM_IV_BYTES } from '../aes-gcm';
import { shortSetId } from '../sheet-headings';
import { encryptToKey } from '../encrypt-to-key';
import type { SetInHand } from '../set-in-hand';
import { shareTrouble } from '../share-trouble';
import { WorksheetRefused } from '../sheet-refused';

const KEY_BYTES = 32;
const TAG_BYTES = 16;

/**
 * Encrypts a share to a key that the custodian's signing key vouches for.
 *
 * @returns the envelope, which the token keeps
 * @throws DeviceError as `SetInHand.handOver`; SHARE_KEY_UNPROVEN, RSA_KEY_UNFIT
 */
export async function sealToToken(
  set: SetInHand,
  { index, custodian, key, holder }: ArgsOf<typeof SHARE_OPERATIONS, 'share.seal'>,
): Promise<ResultOf<typeof SHARE_OPERATIONS, 'share.seal'>> {
  return set.handOver(index, custodian, (name, sheet) => {
    const { spki, bits, oaep, signature } = key;
    const about = { set: name.set, index };
    // SECURITY(K-304): main hands the key over, and could hand over its own.
    if (!isValidSignature(holder, shareKeyStatement({ ...about, spki, oaep }), Buffer.from(signature, 'base64'))) {
      throw shareTrouble(
        'SHARE_KEY_UNPROVEN',
        `The key that share ${String(index)} is to be encrypted to is not vouched for by the signing key of ${custodian}`,
        'Try again with the custodian’s token. If it happens again, stop: something stands between token and Keyrite',
      );
    }
    const oneTime = secretBytes(KEY_BYTES);
    try {
      randomFillSync(oneTime);
      const iv = randomBytes(GCM_IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', oneTime, iv).setAAD(shareOf(about));
      const ciphertext = Buffer.concat([cipher.update(sheet), cipher.final(), cipher.getAuthTag()]);
      const envelope = writeEnvelope({
        keyrite: 'share-envelope/1',
        ...about,
        publicKeySha256: spkiSha256(spki),
        oaep,
        encryptedKey: encryptToKey({ spki, bits, oaep }, oneTime).toString('base64'),
        iv: iv.toString('base64'),
        ciphertext: ciphertext.toString('base64'),
      });
      const sha256 = createHash('sha256').update(envelope).digest('hex');
      return Promise.resolve({ envelope: envelope.toString('base64'), sha256 });
    } finally {
      oneTime.fill(0);
    }
  });
}

/** Keys of one exchange with a token's worker: asked for, then used once. */
export class TokenExchange {
  #open: { readonly exchange: string; readonly keys: ExchangeKeys } | null = null;

  /** Begins an exchange; one begun before is dropped. */
  async begin(): Promise<ResultOf<typeof SHARE_OPERATIONS, 'share.ask-token'>> {
    const exchange = randomBytes(16).toString('hex');
    const keys = await makeExchangeKeys('asker', exchange);
    this.#open = { exchange, keys };
    return { exchange, key: Buffer.from(keys.publicKey).toString('base64') };
  }

  /**
   * Takes a share back from its envelope, whose one-time key the token's worker sealed to this process.
   *
   * @throws DeviceError as `SetInHand.takeBack`; SHARE_WRONG when this is another share, or none
   */
  async takeBack(
    set: SetInHand,
    { index, custodian, envelope, key, sealed }: ArgsOf<typeof SHARE_OPERATIONS, 'share.from-token'>,
  ): Promise<void> {
    const open = this.#open;
    this.#open = null;
    await set.takeBack(index, custodian, async (name, refused) => {
      const what = `What is on the token of ${custodian} was not taken as share ${String(index)} of set ${shortSetId(name.set)}`;
      const next = 'Let the custodian bring the token with the right share, and go on';
      // The same envelope once more would be the same refusal.
      if (refused !== null) throw shareTrouble('SHARE_WRONG', `${what}: ${refused}`, next);
      const found = readEnvelope(Buffer.from(envelope, 'base64'));
      if (open === null || found === null) throw new WorksheetRefused('it is no envelope of a share');
      if (found.set !== name.set) throw new WorksheetRefused('it is a share of another set');
      let oneTime: Uint8Array;
      try {
        const seal = await open.keys.agree(Buffer.from(key, 'base64'));
        oneTime = await seal.open('answer: given', Buffer.from(sealed, 'base64'));
      } catch {
        throw new WorksheetRefused('what opens it was not sealed for this exchange');
      }
      try {
        return opened(oneTime, found);
      } finally {
        oneTime.fill(0);
      }
    });
  }
}

function opened(oneTime: Uint8Array, envelope: NonNullable<ReturnType<typeof readEnvelope>>): Buffer {
  const ciphertext = Buffer.from(envelope.ciphertext, 'base64');
  const body = ciphertext.subarray(0, -TAG_BYTES);
  const sheet = secretBytes(body.length);
  try {
    const decipher = createDecipheriv('aes-256-gcm', oneTime, Buffer.from(envelope.iv, 'base64'));
    decipher.setAAD(shareOf(envelope)).setAuthTag(ciphertext.subarray(-TAG_BYTES));
    const part = decipher.update(body);
    part.copy(sheet);
    part.fill(0);
    decipher.final();
    return sheet;
  } catch {
    sheet.fill(0);
    throw new WorksheetRefused('it was changed, or its key was');
  }
}
