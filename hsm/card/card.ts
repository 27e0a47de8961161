/** People's own tokens: signing with the key a participant holds, and, for rehearsals, making such a token. */
import { randomBytes } from 'node:crypto';
import { DeviceError } from '../../ceremony/command/device-error';
import type { CardTarget, MODULE_OPERATIONS, PersonLink, ResultOf } from '../contract';
import { CLASS, type Template } from '../pkcs11/attributes';
import { attempt, refused, unitChanged } from '../pkcs11/device-trouble';
import { plain } from '../pkcs11/mechanisms';
import { signAndVerify } from '../pkcs11/signing';
import { P256_PARAMS, spkiOf } from '../pkcs11/spki';
import { isInitialised } from '../pkcs11/token-info';
import { makingOf } from '../unit/initialise';
import { KEEPING, USAGES, differences, onlyFor, readBack } from '../unit/objects';
import { withPin } from '../unit/pin';
import { reading, type OpenToken, type Tokens } from '../unit/tokens';

/**
 * Signs a message (DSSE pre-authentication encoding) with a participant's key, after checking that the public key on
 * the token is the bound one; verifies the signature before it returns it.
 *
 * @throws DeviceError; `CARD_CHANGED` when the key is missing, another, or its signature does not hold
 */
export async function signWithCard(
  tokens: Tokens,
  card: CardTarget,
  message: Uint8Array,
  link: PersonLink,
): Promise<Uint8Array> {
  const token = await tokens.openCard(card, link);
  const { session, of } = token;
  const signature = attempt(reading(of, 'signing'), () => {
    const publics = session.find({ CKA_CLASS: CLASS['public-key'], CKA_LABEL: card.keyLabel });
    const privates = session.find({ CKA_CLASS: CLASS['private-key'], CKA_LABEL: card.keyLabel });
    const [publicKey, key] = [publics[0], privates[0]];
    if (publicKey === undefined || key === undefined || publics.length > 1 || privates.length > 1) {
      throw cardChanged(of, `it holds not exactly one key pair labelled "${card.keyLabel}"`);
    }
    if (spkiOf(session, publicKey) !== card.spki) throw cardChanged(of, 'its key is not the one in the binding');
    return signAndVerify(session, key, card.algorithm, card.spki, message);
  });
  if (signature === null) throw cardChanged(of, 'its signature does not hold under the bound key');
  return signature;
}

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
 * Turns a blank token into a participant's token with a P-256 key, and leaves its user logged in. For rehearsals only:
 * the security officer PIN is random and thrown away, so that the token can never be set anew.
 *
 * @throws DeviceError
 */
export async function prepareCard(
  tokens: Tokens,
  { participant, label, keyLabel }: { readonly participant: string; readonly label: string; readonly keyLabel: string },
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
  const question = { of: participant, role: 'card', parts: 1, holders: [participant], make: true } as const;
  const token = await withPin(question, blank.info, link, (pin) => {
    const circumstance = {
      of,
      doing: 'making the token',
      changed: 'The blank token may be initialised by half.',
      changes: true,
    };
    const officerPin = Buffer.from(randomBytes(16).toString('hex'));
    try {
      attempt(circumstance, () => {
        tokens.module.initToken(blank.slot, officerPin, label);
      });
      const session = tokens.loggedIn(of, blank.slot, 'security-officer', officerPin);
      try {
        attempt(circumstance, () => {
          session.initPin(pin);
          session.logout();
        });
      } finally {
        session.close();
      }
    } finally {
      officerPin.fill(0);
    }
    return tokens.keepLoggedIn(of, blank.slot, pin);
  });
  tokens.list();
  const { serial, ...info } = attempt(reading(of, 'reading the token again'), () =>
    tokens.module.tokenInfo(blank.slot),
  );
  if (!isInitialised({ serial, ...info }) || info.label !== label)
    throw unitChanged(of, 'the token is not as it was made');
  return { serial, algorithm: 'ecdsa-p256-sha256', spki: makeKey(token, keyLabel) };
}

function makeKey(token: OpenToken, keyLabel: string): string {
  const { session, of } = token;
  const id = randomBytes(16);
  const pair = attempt({ of, doing: 'making the signing key', changed: 'The token has no key.', changes: true }, () =>
    session.generateKeyPair(
      plain('CKM_EC_KEY_PAIR_GEN'),
      {
        CKA_TOKEN: true,
        CKA_PRIVATE: false,
        CKA_LABEL: keyLabel,
        CKA_ID: id,
        CKA_EC_PARAMS: P256_PARAMS,
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
