/** People's own tokens: signing with the key a participant holds, and, for rehearsals, making such a token. */
import { randomBytes } from 'node:crypto';
import { DeviceError } from '../../ceremony/command/device-error';
import type { SignatureAlgorithm } from '../../ceremony/command/dsse';
import type { ArgsOf, CardTarget, MODULE_OPERATIONS, PersonLink, ResultOf } from '../contract';
import { CLASS, type Template } from '../pkcs11/attributes';
import { isCkr } from '../pkcs11/cryptoki-error';
import { attempt, refused, unitChanged } from '../pkcs11/device-trouble';
import type { ObjectHandle } from '../pkcs11/handles';
import { plain, type Mechanism } from '../pkcs11/mechanisms';
import { samePinAgain } from '../pkcs11/pin-bytes';
import type { Session } from '../pkcs11/session';
import { signAndVerify } from '../pkcs11/signing';
import { CURVE_PARAMS, spkiOf } from '../pkcs11/spki';
import { hasProtectedPath, isInitialised } from '../pkcs11/token-info';
import { makingOf } from '../unit/initialise';
import { KEEPING, USAGES, differences, onlyFor, readBack } from '../unit/objects';
import { withPin } from '../unit/pin';
import { reading, type OpenToken, type Tokens } from '../unit/tokens';

/**
 * Signs a message (DSSE pre-authentication encoding) with a participant's key, and verifies the signature under the bound
 * key before it returns it. A public key that the token shows must be the bound one; many tokens show none.
 *
 * @throws DeviceError; `CARD_CHANGED` when the key is missing, another, or its signature does not hold,
 *   `ALGORITHM_MISSING` when the token cannot sign in the way that the binding says
 */
export async function signWithCard(
  tokens: Tokens,
  card: CardTarget,
  message: Uint8Array,
  link: PersonLink,
): Promise<Uint8Array> {
  const { session, of } = await tokens.openCard(card, link);
  const key = attempt(reading(of, 'looking for the signing key'), () => keyOf(session, of, card));
  const signature = attempt(reading(of, 'signing'), () => {
    try {
      return signAndVerify(session, key, card.algorithm, card.spki, message);
    } catch (error) {
      if (isCkr(error, ...LACKING)) throw algorithmMissing(of, card.algorithm, error.ckr);
      throw error;
    }
  });
  if (signature === null) throw cardChanged(of, 'its signature does not hold under the bound key');
  return signature;
}

/** Answers of a token to C_SignInit for a mechanism that it lacks, or has for other keys and parameters. */
const LACKING = ['CKR_MECHANISM_INVALID', 'CKR_MECHANISM_PARAM_INVALID', 'CKR_FUNCTION_NOT_SUPPORTED'] as const;

/** The one private key with the bound label. Throws CryptokiError, DeviceError. */
export function keyOf(session: Session, of: string, { keyLabel, spki }: CardTarget): ObjectHandle {
  const privates = session.find({ CKA_CLASS: CLASS['private-key'], CKA_LABEL: keyLabel });
  const publics = session.find({ CKA_CLASS: CLASS['public-key'], CKA_LABEL: keyLabel });
  const [key] = privates;
  if (key === undefined || privates.length > 1 || publics.length > 1) {
    throw cardChanged(of, `it holds not exactly one key pair labelled "${keyLabel}"`);
  }
  const [publicKey] = publics;
  if (publicKey !== undefined && spkiOf(session, publicKey) !== spki) {
    throw cardChanged(of, 'its key is not the one in the binding');
  }
  return key;
}

function algorithmMissing(of: string, algorithm: SignatureAlgorithm, ckr: string): DeviceError {
  return new DeviceError({
    code: 'ALGORITHM_MISSING',
    message: `${of}: it holds the key, and cannot sign with it by ${algorithm}: it has no ${MECHANISM_OF[algorithm]} (${ckr}).`,
    changed: 'Nothing was signed.',
    next: 'Give the person a token that has it, or bind a key of another algorithm.',
    uncertain: false,
  });
}

const MECHANISM_OF: Readonly<Record<SignatureAlgorithm, string>> = {
  'ecdsa-p256-sha256': 'CKM_ECDSA',
  'ecdsa-p384-sha384': 'CKM_ECDSA',
  'ecdsa-p521-sha512': 'CKM_ECDSA',
  'rsa-pss-sha256': 'CKM_RSA_PKCS_PSS with SHA-256 and a salt of 32 bytes',
  ed25519: 'CKM_EDDSA',
};

function cardChanged(of: string, found: string): DeviceError {
  return new DeviceError({
    code: 'CARD_CHANGED',
    message: `${of}: ${found}.`,
    changed: 'Nothing was signed that counts.',
    next: 'Check that this is the right token, and that the binding names its key.',
    uncertain: false,
  });
}

const PRIVATE_ASKED: Template = {
  CKA_TOKEN: true,
  CKA_PRIVATE: true,
  CKA_SENSITIVE: true,
  CKA_EXTRACTABLE: false,
  ...onlyFor('private-key', 'CKA_SIGN'),
};

/**
 * Turns a blank token into a participant's token with a signing key, and leaves its user logged in. For rehearsals only:
 * the security officer PIN is random and thrown away, so that the token can never be set anew.
 *
 * @throws DeviceError
 */
export async function prepareCard(
  tokens: Tokens,
  { participant, label, keyLabel, algorithm }: ArgsOf<typeof MODULE_OPERATIONS, 'card.prepare'>,
  link: PersonLink,
): Promise<ResultOf<typeof MODULE_OPERATIONS, 'card.prepare'>> {
  const of = `the token of ${participant}`;
  const making = makingOf(attempt(reading(of, 'describing the module'), () => tokens.module.info()));
  if (making !== 'standard') {
    throw refused(
      'CARD_NOT_SUPPORTED',
      of,
      `${making} makes no tokens for people`,
      'Use SoftHSM2 for the tokens of people in a rehearsal.',
    );
  }
  const blank = tokens.require(of, { blank: true, label: null, serial: null }, null);
  if (hasProtectedPath(blank.info)) {
    throw refused(
      'CARD_NOT_SUPPORTED',
      of,
      'the blank token takes its PINs on a pad of its own, and a rehearsal makes up PINs that nobody types',
      'Use SoftHSM2 for the tokens of people in a rehearsal.',
    );
  }
  const question = { of: participant, role: 'card', parts: 1, holders: [participant], make: true } as const;
  const token = await withPin(question, blank.info, link, (pin) => {
    const circumstance = {
      of,
      doing: 'making the token',
      changed: 'The blank token may be initialised by half.',
      changes: true,
    };
    const officerPin = Buffer.from(randomBytes(16).toString('hex'));
    const userPin = samePinAgain(pin);
    try {
      attempt(circumstance, () => {
        tokens.module.initToken(blank.slot, samePinAgain(officerPin), label);
      });
      const session = tokens.loggedIn(of, blank.slot, 'security-officer', officerPin);
      try {
        attempt(circumstance, () => {
          session.initPin(userPin);
          session.logout();
        });
      } finally {
        session.close();
      }
    } finally {
      officerPin.fill(0);
      userPin?.fill(0);
    }
    return tokens.keepLoggedIn(of, blank.slot, pin);
  });
  tokens.list();
  const { serial, ...info } = attempt(reading(of, 'reading the token again'), () =>
    tokens.module.tokenInfo(blank.slot),
  );
  if (!isInitialised({ serial, ...info }) || info.label !== label)
    throw unitChanged(of, 'the token is not as it was made');
  return { serial, algorithm, spki: makeCardKey(token, keyLabel, algorithm) };
}

const RSA_BITS = 3072;

/** How a key pair of an algorithm is asked for: the mechanism, and what the public template says of the key. */
function generation(algorithm: SignatureAlgorithm): { readonly mechanism: Mechanism; readonly publicPart: Template } {
  if (algorithm === 'rsa-pss-sha256') {
    const publicPart = { CKA_MODULUS_BITS: RSA_BITS, CKA_PUBLIC_EXPONENT: Buffer.from([1, 0, 1]) };
    return { mechanism: plain('CKM_RSA_PKCS_KEY_PAIR_GEN'), publicPart };
  }
  const name = algorithm === 'ed25519' ? 'CKM_EC_EDWARDS_KEY_PAIR_GEN' : 'CKM_EC_KEY_PAIR_GEN';
  return { mechanism: plain(name), publicPart: { CKA_EC_PARAMS: CURVE_PARAMS[algorithm] } };
}

/**
 * Makes a signing key on a token whose user is logged in, and reads it back. For rehearsals.
 *
 * @returns base64 DER SubjectPublicKeyInfo
 * @throws DeviceError; `CARD_CHANGED` when the key is not as it was asked for
 */
export function makeCardKey(token: OpenToken, keyLabel: string, algorithm: SignatureAlgorithm): string {
  const { session, of } = token;
  const id = randomBytes(16);
  const { mechanism, publicPart } = generation(algorithm);
  const pair = attempt({ of, doing: 'making the signing key', changed: 'The token has no key.', changes: true }, () =>
    session.generateKeyPair(
      mechanism,
      {
        CKA_TOKEN: true,
        CKA_PRIVATE: false,
        CKA_LABEL: keyLabel,
        CKA_ID: id,
        ...publicPart,
        ...onlyFor('public-key', 'CKA_VERIFY'),
      },
      { ...PRIVATE_ASKED, CKA_LABEL: keyLabel, CKA_ID: id },
    ),
  );
  return attempt(reading(of, 'reading the signing key back'), () => {
    const told = readBack(session, pair.privateKey, [...KEEPING, ...USAGES['private-key']]);
    const spki = spkiOf(session, pair.publicKey);
    const wrong = differences(PRIVATE_ASKED, told);
    if (spki === null || wrong.length > 0)
      throw cardChanged(of, `the key was made otherwise than asked: ${wrong.join(', ')}`);
    return spki;
  });
}
