/**
 * A share on its custodian's own token: a key pair that is made there and never leaves it, and beside it the envelope that it
 * opens, a private data object. The custodian's PIN opens both, and the bound signing key tells their token from others.
 */
import { createPublicKey, randomBytes } from 'node:crypto';
import { DeviceError } from '../../ceremony/command/device-error';
import { shareKeyStatement } from '../../ceremony/command/statements';
import type { ArgsOf, MODULE_OPERATIONS, PersonLink, ResultOf } from '../contract';
import { CLASS, type Template } from '../pkcs11/attributes';
import { CryptokiError } from '../pkcs11/cryptoki-error';
import { attempt } from '../pkcs11/device-trouble';
import type { ObjectHandle } from '../pkcs11/handles';
import { oaep, plain, type OaepHash } from '../pkcs11/mechanisms';
import type { KeyPair, Session } from '../pkcs11/session';
import { signAndVerify } from '../pkcs11/signing';
import { spkiOf } from '../pkcs11/spki';
import { makeExchangeKeys } from '../sealed-exchange';
import { MAX_ENVELOPE_BYTES, readEnvelope, shareLabel, type ShareEnvelope } from '../share-envelope';
import { oaepEncrypt, rsaPublicKey } from '../shares/oaep';
import { KEEPING, USAGES, differences, onlyFor, readBack } from '../unit/objects';
import { reading, type OpenToken, type Tokens } from '../unit/tokens';
import { keyOf } from './card';

/** Sizes of the key pair in bits, the better one first: many cards have no more than the other. */
const SIZES = [3072, 2048] as const;
const ONE_TIME_KEY_BYTES = 32;

const PRIVATE_ASKED: Template = {
  CKA_TOKEN: true,
  CKA_PRIVATE: true,
  CKA_SENSITIVE: true,
  CKA_EXTRACTABLE: false,
  ...onlyFor('private-key', 'CKA_DECRYPT'),
};

type Share = Pick<ShareEnvelope, 'set' | 'index'>;

/**
 * Makes the key pair for a share on its custodian's token, or finds the one made before, and has the custodian's signing
 * key vouch for it.
 *
 * @throws DeviceError; `OAEP_NOT_SUPPORTED`, `KEY_NOT_AS_ASKED`, `CARD_CHANGED`
 */
export async function makeShareKey(
  tokens: Tokens,
  { card, share }: ArgsOf<typeof MODULE_OPERATIONS, 'card.make-share-key'>,
  link: PersonLink,
): Promise<ResultOf<typeof MODULE_OPERATIONS, 'card.make-share-key'>> {
  const token = await tokens.openCard(card, link);
  const { session, of } = token;
  const signing = attempt(reading(of, 'looking for the signing key'), () => keyOf(session, of, card));
  const pair = pairFor(token, share) ?? makePair(token, share);
  const told = attempt(reading(of, 'reading the key for the share back'), () => ({
    spki: spkiOf(session, pair.publicKey),
    wrong: differences(PRIVATE_ASKED, readBack(session, pair.privateKey, [...KEEPING, ...USAGES['private-key']])),
  }));
  const { spki, wrong } = told;
  if (spki === null || wrong.length > 0) throw notAsAsked(of, spki === null ? 'no public half' : wrong.join(', '));
  const bits = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' }).asymmetricKeyDetails
    ?.modulusLength;
  if (bits === undefined) throw notAsAsked(of, 'it is no RSA key');
  const hash = oaepOf(token, pair.privateKey, spki, bits);
  const signature = attempt(reading(of, 'signing'), () =>
    signAndVerify(session, signing, card.algorithm, card.spki, shareKeyStatement({ ...share, spki, oaep: hash })),
  );
  if (signature === null) throw notAsAsked(of, 'the signing key does not vouch for it');
  return { spki, bits, oaep: hash, signature: Buffer.from(signature).toString('base64') };
}

/**
 * Puts an envelope on the token, as a private data object, and reads it back. One of the same share, from an earlier try,
 * goes.
 *
 * @throws DeviceError; `SHARE_NOT_ON_TOKEN` when what is read back is another thing
 */
export async function keepEnvelope(
  tokens: Tokens,
  { card, share, envelope }: ArgsOf<typeof MODULE_OPERATIONS, 'card.keep-share'>,
  link: PersonLink,
): Promise<null> {
  const { session, of } = await tokens.openCard(card, link);
  attempt(reading(of, 'looking for the signing key'), () => keyOf(session, of, card));
  const content = Buffer.from(envelope, 'base64');
  const circumstance = {
    of,
    doing: 'putting the share on the token',
    changed: 'It may be there by half.',
    changes: false,
  };
  attempt(circumstance, () => {
    for (const old of envelopesOf(session, share)) session.destroy(old);
    session.create({
      CKA_CLASS: CLASS.data,
      CKA_TOKEN: true,
      CKA_PRIVATE: true,
      CKA_APPLICATION: 'keyrite',
      CKA_LABEL: shareLabel(share),
      CKA_VALUE: content,
    });
  });
  if (!content.equals(envelopeOn(session, of, share)))
    throw notThere(of, 'it reads back otherwise than it was written');
  return null;
}

/**
 * Opens the one-time key of an envelope with the token's private key, and seals it to the share process.
 *
 * @throws DeviceError; `SHARE_NOT_ON_TOKEN`
 */
export async function openEnvelope(
  tokens: Tokens,
  { card, share, exchange, key }: ArgsOf<typeof MODULE_OPERATIONS, 'card.open-share'>,
  link: PersonLink,
): Promise<ResultOf<typeof MODULE_OPERATIONS, 'card.open-share'>> {
  const token = await tokens.openCard(card, link);
  const { session, of } = token;
  attempt(reading(of, 'looking for the signing key'), () => keyOf(session, of, card));
  const bytes = envelopeOn(session, of, share);
  const envelope = readEnvelope(bytes);
  const pair = pairFor(token, share);
  if (envelope === null) throw notThere(of, 'what is there under its name is no envelope of a share');
  if (pair === null) throw notThere(of, 'its envelope is there, and the key that opens it is not');
  const oneTime = attempt(reading(of, 'opening the share'), () =>
    session.decrypt(oaep(envelope.oaep), pair.privateKey, Buffer.from(envelope.encryptedKey, 'base64')),
  );
  try {
    // SECURITY(K-305): main carries it, and has ciphertext only.
    const keys = await makeExchangeKeys('person', exchange);
    const seal = await keys.agree(Buffer.from(key, 'base64'));
    const sealed = await seal.close('answer: given', new Uint8Array(oneTime));
    return {
      envelope: bytes.toString('base64'),
      key: Buffer.from(keys.publicKey).toString('base64'),
      sealed: Buffer.from(sealed).toString('base64'),
    };
  } finally {
    oneTime.fill(0);
  }
}

/** The key pair of a share; null when there is not exactly one. Throws DeviceError. */
function pairFor({ session, of }: OpenToken, share: Share): KeyPair | null {
  const label = shareLabel(share);
  return attempt(reading(of, 'looking for the key of the share'), () => {
    const privates = session.find({ CKA_CLASS: CLASS['private-key'], CKA_LABEL: label });
    const publics = session.find({ CKA_CLASS: CLASS['public-key'], CKA_LABEL: label });
    const [privateKey, publicKey] = [privates[0], publics[0]];
    if (privateKey === undefined || publicKey === undefined) return null;
    return privates.length > 1 || publics.length > 1 ? null : { privateKey, publicKey };
  });
}

function makePair({ session, of }: OpenToken, share: Share): KeyPair {
  const id = randomBytes(16);
  const common = { CKA_LABEL: shareLabel(share), CKA_ID: id };
  const make = (bits: number): KeyPair =>
    session.generateKeyPair(
      plain('CKM_RSA_PKCS_KEY_PAIR_GEN'),
      {
        CKA_TOKEN: true,
        CKA_PRIVATE: false,
        CKA_MODULUS_BITS: bits,
        CKA_PUBLIC_EXPONENT: Buffer.from([1, 0, 1]),
        ...common,
        ...onlyFor('public-key', 'CKA_ENCRYPT'),
      },
      { ...PRIVATE_ASKED, ...common },
    );
  const circumstance = {
    of,
    doing: 'making a key for the share',
    changed: 'The token has no such key.',
    changes: false,
  };
  return attempt(circumstance, () => {
    try {
      return make(SIZES[0]);
    } catch (error) {
      if (!(error instanceof CryptokiError)) throw error;
      return make(SIZES[1]);
    }
  });
}

/** The better hash by which the token opens what was encrypted to the key. Throws DeviceError `OAEP_NOT_SUPPORTED`. */
function oaepOf({ session, of }: OpenToken, privateKey: ObjectHandle, spki: string, bits: number): OaepHash {
  const opens = (one: OaepHash): boolean => {
    const asked = randomBytes(ONE_TIME_KEY_BYTES);
    const encrypted = oaepEncrypt(rsaPublicKey(spki, bits), one, asked);
    try {
      // SECURITY(K-306): only a right answer counts.
      return session.decrypt(oaep(one), privateKey, encrypted).equals(asked);
    } catch (error) {
      if (error instanceof CryptokiError) return false;
      throw error;
    }
  };
  const hash = attempt(reading(of, 'finding out how the share is opened'), () =>
    (['sha256', 'sha1'] as const).find(opens),
  );
  if (hash !== undefined) return hash;
  throw new DeviceError({
    code: 'OAEP_NOT_SUPPORTED',
    message: `${of}: it decrypts nothing by RSA-OAEP, so that no share can be encrypted to it.`,
    changed: 'A key pair for the share was made on the token, and is of no use.',
    next: 'Give the custodian a token that decrypts RSA-OAEP, or another form of custody in the plan.',
    uncertain: false,
  });
}

function envelopesOf(session: Session, share: Share): ObjectHandle[] {
  return session.find({ CKA_CLASS: CLASS.data, CKA_LABEL: shareLabel(share) });
}

function envelopeOn(session: Session, of: string, share: Share): Buffer {
  const values = attempt(reading(of, 'reading the share'), () =>
    envelopesOf(session, share).map((object) => session.get(object, 'CKA_VALUE')),
  );
  const [value] = values;
  if (value === undefined) throw notThere(of, 'there is none under its name');
  if (values.length > 1 || value === null || value.length > MAX_ENVELOPE_BYTES) {
    throw notThere(of, 'what is there under its name is not one envelope');
  }
  return Buffer.from(value);
}

function notThere(of: string, found: string): DeviceError {
  return new DeviceError({
    code: 'SHARE_NOT_ON_TOKEN',
    message: `${of} does not hold the share that is asked for: ${found}.`,
    changed: 'Nothing was changed: no share was taken.',
    next: 'Check that this is the custodian’s token, and that it was not set up anew; then go on.',
    uncertain: false,
  });
}

function notAsAsked(of: string, what: string): DeviceError {
  return new DeviceError({
    code: 'KEY_NOT_AS_ASKED',
    message: `${of}: the key for the share is not as it was asked for: ${what}.`,
    changed: 'A key pair for the share is on the token; nothing was encrypted to it.',
    next: 'Use another token: this one does not keep a key as it is told to.',
    uncertain: false,
  });
}
