/** Reading the public key of somebody who is enrolled on the day: nobody bound it beforehand. */
import { createPublicKey } from 'node:crypto';
import { DeviceError } from '../../ceremony/command/device-error';
import type { SignatureAlgorithm } from '../../ceremony/command/dsse';
import type { CardTarget, PersonLink } from '../contract';
import { CLASS } from '../pkcs11/attributes';
import { attempt } from '../pkcs11/device-trouble';
import { spkiOf } from '../pkcs11/spki';
import { reading, type Tokens } from '../unit/tokens';

/**
 * The one public key with the label, after its holder has logged in. Whether its private half is there shows when the
 * holder signs with it.
 *
 * @returns `spki` in base64 of DER; RSA keys sign by PSS
 * @throws DeviceError; `CARD_CHANGED` when there is not exactly one, or it is of a kind that no participant has
 */
export async function readCardKey(
  tokens: Tokens,
  card: Pick<CardTarget, 'participant' | 'address' | 'keyLabel'>,
  link: PersonLink,
): Promise<{ algorithm: SignatureAlgorithm; spki: string }> {
  const { session, of } = await tokens.openCard(card, link);
  const spki = attempt(reading(of, 'reading the public key'), () => {
    const found = session.find({ CKA_CLASS: CLASS['public-key'], CKA_LABEL: card.keyLabel });
    const [key] = found;
    return key === undefined || found.length > 1 ? null : spkiOf(session, key);
  });
  const algorithm = spki === null ? null : algorithmOf(spki);
  if (spki !== null && algorithm !== null) return { algorithm, spki };
  throw new DeviceError({
    code: 'CARD_CHANGED',
    message: `${of}: it shows not exactly one public key labelled "${card.keyLabel}" that a participant can have.`,
    changed: 'Nobody was enrolled.',
    next: 'Check that this is the right token, and that the binding names its key.',
    uncertain: false,
  });
}

function algorithmOf(spki: string): SignatureAlgorithm | null {
  const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
  const kind = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType ?? '';
  return ALGORITHMS[kind] ?? null;
}

const ALGORITHMS: Readonly<Record<string, SignatureAlgorithm>> = {
  prime256v1: 'ecdsa-p256-sha256',
  secp384r1: 'ecdsa-p384-sha384',
  secp521r1: 'ecdsa-p521-sha512',
  rsa: 'rsa-pss-sha256',
  ed25519: 'ed25519',
};
