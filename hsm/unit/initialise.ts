/**
 * Making a token ready: C_InitToken with a security officer PIN, then the user PIN. Modules differ: opencryptoki wants
 * its factory PIN first and is bricked by a second C_InitToken; NSS has no labels and no security officer of its own.
 */
import { DeviceError } from '../../ceremony/command/device-error';
import type { PersonLink, UnitTarget } from '../contract';
import { attempt, refused } from '../pkcs11/device-trouble';
import type { SlotHandle } from '../pkcs11/handles';
import { samePinAgain, type Pin } from '../pkcs11/pin-bytes';
import type { LibraryInfo, TokenSlot } from '../pkcs11/module';
import type { Session } from '../pkcs11/session';
import { hasProtectedPath, hasUserPin, isInitialised, pinFlags, type TokenInfo } from '../pkcs11/token-info';
import { withPin, type PinQuestion } from './pin';
import { reading, type Tokens } from './tokens';

/** How a module makes tokens. */
type Making = 'standard' | 'opencryptoki' | 'nss';

/** Security officer PIN of every new opencryptoki token, printed in its manual. */
const OPENCRYPTOKI_FACTORY_PIN = '87654321';

/** No secret; new bytes each time, since a call zeroes what it is given. */
function factoryPin(): Uint8Array {
  return Buffer.from(OPENCRYPTOKI_FACTORY_PIN);
}

/** Which way a module goes, from what it says of itself. */
export function makingOf(library: LibraryInfo): Making {
  if (library.manufacturer === 'IBM' && library.description === 'Meta PKCS11 LIBRARY') return 'opencryptoki';
  if (library.description.startsWith('NSS ')) return 'nss';
  return 'standard';
}

/**
 * C_InitToken with the security officer PIN that the people make.
 *
 * @param again the token may be one that this step labelled before a crash
 * @returns what the token says of itself afterwards
 * @throws DeviceError; `TOKEN_INITIALISED` for one that is initialised: it is never wiped
 */
export async function initialiseToken(
  tokens: Tokens,
  target: UnitTarget,
  label: string,
  again: boolean,
  link: PersonLink,
): Promise<TokenInfo> {
  const of = `unit ${target.unit}`;
  const making = makingOf(attempt(reading(of, 'describing the module'), () => tokens.module.info()));
  const found = tokenToMake(tokens, of, target, label, again, making);
  if (making === 'nss') return found.info;
  const remake = isInitialised(found.info);
  tokens.release(found.slot);
  const { parts, holders } = target.securityOfficer;
  const question: PinQuestion = { of: target.unit, role: 'security-officer', parts, holders, make: !remake };
  await withPin(question, found.info, link, (pin) => {
    makeToken(tokens, of, found, label, pin, making);
  });
  return labelledAsAsked(tokens, of, found, label);
}

function tokenToMake(
  tokens: Tokens,
  of: string,
  target: UnitTarget,
  label: string,
  again: boolean,
  making: Making,
): TokenSlot {
  const ours = again ? tokens.find(of, { blank: false, label, serial: target.address.serial }, null) : null;
  const found = ours ?? tokens.require(of, target.address, null);
  if (making === 'nss') return nssToken(of, found, label);
  if (making === 'opencryptoki' && hasProtectedPath(found.info)) {
    throw refused(
      'PROTECTED_PATH',
      of,
      'its first security officer PIN is the one in the manual, which has to be typed on its own pad and changed there',
      "Initialise it with the vendor's tool, and adopt it.",
    );
  }
  if (!isInitialised(found.info)) return found;
  // SECURITY(K-21): initialising wipes: there is no override.
  if (!again || found.info.label !== label) {
    throw refused(
      'TOKEN_INITIALISED',
      of,
      `the token "${found.info.label}", serial ${found.info.serial}, is initialised already, and initialising would wipe it`,
      'Use a blank token. If this one really may be wiped, do that with its own tool first.',
    );
  }
  if (hasUserPin(found.info) || making === 'opencryptoki') {
    throw refused(
      'TOKEN_INITIALISED',
      of,
      `the token "${label}" is initialised and cannot be initialised again`,
      'Go on with setting its user PIN, or use a blank token.',
    );
  }
  return found;
}

/** NSS makes its token itself, labelled by the library parameters; it is blank as long as it has no user PIN. */
function nssToken(of: string, found: TokenSlot, label: string): TokenSlot {
  if (hasUserPin(found.info)) {
    throw refused(
      'TOKEN_INITIALISED',
      of,
      `the NSS database "${found.info.label}" has a PIN already`,
      'Use an empty folder for the database.',
    );
  }
  if (found.info.label === label) return found;
  throw refused(
    'TOKEN_LABEL',
    of,
    `NSS labels its token by its library parameters: it is "${found.info.label}", the plan says "${label}"`,
    `Put dbTokenDescription='${label}', or tokenDescription='${label}' with several databases, into the library parameters of the binding.`,
  );
}

function makeToken(tokens: Tokens, of: string, { slot }: TokenSlot, label: string, pin: Pin, making: Making): void {
  const { module } = tokens;
  const firstPin = making === 'opencryptoki' ? factoryPin() : pin;
  attempt({ of, doing: 'initialising the token', changed: 'The token was not initialised.', changes: true }, () => {
    module.initToken(slot, firstPin, label);
  });
  if (making === 'opencryptoki') replaceFactoryPin(tokens, of, slot, pin);
}

/** Every failure here leaves an initialised token, so that it must be read again: setting the user PIN goes on from it. */
function replaceFactoryPin(tokens: Tokens, of: string, slot: SlotHandle, pin: Pin): void {
  const changed = 'The token is initialised, and its security officer PIN is still the factory one.';
  try {
    const session = tokens.loggedIn(of, slot, 'security-officer', factoryPin());
    try {
      attempt({ of, doing: 'setting the security officer PIN', changed, changes: true }, () => {
        session.setPin(factoryPin(), pin);
        session.logout();
      });
    } finally {
      session.close();
    }
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    throw new DeviceError({ code: error.code, message: error.message, changed, next: error.next, uncertain: true });
  }
}

/** SoftHSM2 keeps slot numbers until C_Finalize, others may not: the slot is looked up again by what it was. */
function labelledAsAsked(tokens: Tokens, of: string, { slot }: TokenSlot, label: string): TokenInfo {
  tokens.list();
  const info = attempt(reading(of, 'reading the token again'), () => tokens.module.tokenInfo(slot));
  if (isInitialised(info) && info.label === label) return info;
  throw new DeviceError({
    code: 'TOKEN_NOT_AS_ASKED',
    message: `${of}: the token was initialised, but says that it is ${isInitialised(info) ? `labelled "${info.label}"` : 'not initialised'}.`,
    changed: 'The token was wiped.',
    next: 'Read the unit again. If the label is wrong, use another token.',
    uncertain: true,
  });
}

/** Sets the user PIN that the people make; the security officer logs in for it. Throws DeviceError. */
export async function setUserPin(tokens: Tokens, target: UnitTarget, link: PersonLink): Promise<TokenInfo> {
  const of = `unit ${target.unit}`;
  const { slot, info } = tokens.require(of, target.address, target.identitySpki);
  const making = makingOf(attempt(reading(of, 'describing the module'), () => tokens.module.info()));
  // An NSS database counts as initialised only once it has a user PIN.
  if (!isInitialised(info) && making !== 'nss') {
    throw refused('TOKEN_NOT_INITIALISED', of, 'the token is not initialised', 'Initialise it first.');
  }
  tokens.release(slot);
  const session = await officerSession(tokens, of, target, { slot, info }, making, link);
  try {
    const { parts, holders } = target.user;
    const question: PinQuestion = { of: target.unit, role: 'user', parts, holders, make: true };
    await withPin(question, info, link, (pin) => {
      attempt(
        { of, doing: 'setting the user PIN', changed: 'The user PIN is as it was before.', changes: true },
        () => {
          session.initPin(pin);
          session.logout();
        },
      );
    });
  } finally {
    session.close();
  }
  return attempt(reading(of, 'reading the token again'), () => tokens.module.tokenInfo(slot));
}

async function officerSession(
  tokens: Tokens,
  of: string,
  target: UnitTarget,
  { slot, info }: TokenSlot,
  making: Making,
  link: PersonLink,
): Promise<Session> {
  // NSS has no security officer before the first user PIN, and none afterwards: its PIN is empty.
  if (making === 'nss') return tokens.loggedIn(of, slot, 'security-officer', Buffer.alloc(0));
  const { parts, holders } = target.securityOfficer;
  const question: PinQuestion = { of: target.unit, role: 'security-officer', parts, holders, make: false };
  return withPin(question, info, link, (pin) => {
    // A crash came between C_InitToken and C_SetPIN: the PIN that the people made has not reached the token yet.
    if (making === 'opencryptoki' && pinFlags(info).includes('security-officer-to-be-changed')) {
      const toSet = samePinAgain(pin);
      try {
        replaceFactoryPin(tokens, of, slot, toSet);
      } finally {
        toSet?.fill(0);
      }
    }
    return tokens.loggedIn(of, slot, 'security-officer', pin);
  });
}
