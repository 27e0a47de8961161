/**
 * Changing the PINs of a unit's token: C_SetPIN by whoever knows the old one, C_InitPIN by the security officer where the
 * user PIN is locked or lost. A token's OK is not believed: one login with the new PIN, by the program that was just given
 * it, proves it. Nothing that reads a token tells which PIN it has.
 */
import { randomBytes } from 'node:crypto';
import { DeviceError } from '../../ceremony/command/device-error';
import type { PersonLink, PinChange, UnitTarget } from '../contract';
import { attempt, refused } from '../pkcs11/device-trouble';
import { samePinAgain, type Pin } from '../pkcs11/pin-bytes';
import type { TokenSlot } from '../pkcs11/module';
import { probe } from '../pkcs11/probes';
import type { Session } from '../pkcs11/session';
import {
  hasProtectedPath,
  hasUserPin,
  isInitialised,
  pinFlags,
  type PinRole,
  type TokenInfo,
} from '../pkcs11/token-info';
import { findIdentity, proveIdentity } from './identity';
import { makingOf } from './initialise';
import { withPin, type PinQuestion } from './pin';
import { reading, type OpenToken, type Tokens } from './tokens';

type PinEntry = UnitTarget['user'];

/** A token whose PIN is about to be changed, and whose PIN that is. */
interface Door {
  readonly tokens: Tokens;
  readonly of: string;
  readonly target: UnitTarget;
  readonly found: TokenSlot;
  readonly role: PinRole;
  readonly link: PersonLink;
}

/**
 * Changes the PIN of a role by C_SetPIN.
 *
 * @param makers who makes the new PIN
 * @param step of the plan that changes it
 * @returns what the token says of itself afterwards
 * @throws DeviceError; `PIN_NOT_PROVEN`, uncertain, when the token said OK and the new PIN does not open it
 */
export async function changePin(
  tokens: Tokens,
  target: UnitTarget,
  { role, makers, step }: { role: PinRole; makers: PinEntry; step: string },
  link: PersonLink,
): Promise<TokenInfo> {
  const door = openDoor(tokens, target, role, link);
  if (role === 'user') requireUserPin(door);
  // The old PIN is needed twice: to log in, which proves it before anybody makes another, and in the call.
  let old: Pin = null;
  try {
    const session = await withPin(ask(door, { step, pin: 'old' }), door.found.info, link, (pin) => {
      old = samePinAgain(pin);
      return tokens.loggedIn(door.of, door.found.slot, role, pin);
    });
    try {
      if (role === 'user') requireIdentityIn(door, session);
      await setAndProve(door, session, { makers, step, doing: 'changing' }, (fresh) => {
        session.setPin(old, fresh);
      });
    } finally {
      session.close();
    }
  } finally {
    // The copy goes whatever happened.
    (old as Uint8Array | null)?.fill(0);
  }
  return infoOf(door);
}

/**
 * Sets a new user PIN by C_InitPIN, with the security officer logged in.
 *
 * @param step of the plan that does it
 * @throws DeviceError; `NO_OFFICER` where the token has none, `SO_PIN_TO_BE_CHANGED` where that PIN is still the
 *   factory's, `PIN_NOT_PROVEN` as {@link changePin}
 */
export async function unlockPin(
  tokens: Tokens,
  target: UnitTarget,
  step: string,
  link: PersonLink,
): Promise<TokenInfo> {
  const officer = openDoor(tokens, target, 'security-officer', link);
  const door: Door = { ...officer, role: 'user' };
  requireUserPin(door);
  if (pinFlags(officer.found.info).includes('security-officer-to-be-changed')) {
    throw refused(
      'SO_PIN_TO_BE_CHANGED',
      door.of,
      'the token wants its security officer PIN changed before anything else',
      'Put a step `unit.pin.change` with `for: security-officer` before this one.',
    );
  }
  const session = await withPin(ask(officer), officer.found.info, link, (pin) =>
    tokens.loggedIn(officer.of, officer.found.slot, 'security-officer', pin),
  );
  try {
    await setAndProve(door, session, { makers: target.user, step, doing: 'setting' }, (fresh) => {
      session.initPin(fresh);
    });
  } finally {
    session.close();
  }
  return infoOf(door);
}

/**
 * One login with a PIN that people chose to try, and out again.
 *
 * @returns whether the PIN opens the token
 * @throws DeviceError; `PIN_LOCKED` before anybody is asked
 */
export async function tryPin(
  tokens: Tokens,
  target: UnitTarget,
  role: PinRole,
  change: PinChange,
  link: PersonLink,
): Promise<{ readonly opens: boolean; readonly token: TokenInfo }> {
  const door = openDoor(tokens, target, role, link);
  const opens = await withPin(ask(door, change), door.found.info, link, (pin) => {
    try {
      tokens.loggedIn(door.of, door.found.slot, role, pin).close();
      return true;
    } catch (error) {
      if (error instanceof DeviceError && WRONG.includes(error.code)) return false;
      throw error;
    }
  });
  return { opens, token: infoOf(door) };
}

/** What a token answers to a wrong PIN; locked, when that was the last try. */
const WRONG: readonly string[] = ['CKR_PIN_INCORRECT', 'CKR_PIN_LOCKED'];

/** Finds the token by its public identity key, and closes the session that a login of the other role would keep open. */
function openDoor(tokens: Tokens, target: UnitTarget, role: PinRole, link: PersonLink): Door {
  const of = `unit ${target.unit}`;
  const found = tokens.require(of, target.address, target.identitySpki);
  if (!isInitialised(found.info))
    throw refused('TOKEN_NOT_INITIALISED', of, 'the token is not initialised', 'Initialise it first.');
  const making = makingOf(attempt(reading(of, 'describing the module'), () => tokens.module.info()));
  if (making === 'nss' && role === 'security-officer') {
    throw refused(
      'NO_OFFICER',
      of,
      'an NSS database has no security officer once its user PIN is set',
      'Change the user PIN with `unit.pin.change`, for which its holders need the old one. Nothing unlocks it.',
    );
  }
  tokens.release(found.slot);
  return { tokens, of, target, found, role, link };
}

function ask({ target, role }: Door, change?: PinChange, makers?: PinEntry): PinQuestion {
  const { parts, holders } = makers ?? (role === 'user' ? target.user : target.securityOfficer);
  const make = makers !== undefined;
  return { of: target.unit, role, parts, holders, make, ...(change === undefined ? {} : { change }) };
}

function requireUserPin({ of, found }: Door): void {
  if (hasUserPin(found.info)) return;
  throw refused(
    'CKR_USER_PIN_NOT_INITIALIZED',
    of,
    'no user PIN has been set, so there is none to change',
    'Initialise the unit with `unit.initialise`.',
  );
}

/** Label, serial and a public key that anybody can copy do not make a token the unit: its identity key signs first. */
function requireIdentityIn({ of, target, found }: Door, session: Session): void {
  if (target.identitySpki === null) return;
  const token: OpenToken = {
    of,
    slot: found.slot,
    session,
    probed: () => probe(session),
    beside: (work) => work(session),
  };
  if (findIdentity(token) === null) {
    throw refused('UNIT_CHANGED', of, 'the token holds no identity key', 'Stop, and find out which token this is.');
  }
  proveIdentity(token, target.identitySpki, randomBytes(32).toString('hex'));
}

/** Has the new PIN made, sets it, and logs in once with it. */
async function setAndProve(
  door: Door,
  session: Session,
  { makers, step, doing }: { readonly makers: PinEntry; readonly step: string; readonly doing: string },
  set: (pin: Pin) => void,
): Promise<void> {
  const { of, found, role, link } = door;
  const question = ask(door, { step, pin: 'new' }, makers);
  const circumstance = {
    of,
    doing: `${doing} the ${role} PIN`,
    changed: `The ${role} PIN is as it was before.`,
    changes: true,
  };
  let again: Pin = null;
  try {
    await withPin(question, found.info, link, (pin) => {
      again = samePinAgain(pin);
      attempt(circumstance, () => {
        set(pin);
        session.logout();
      });
    });
    session.close();
    if (!hasProtectedPath(found.info)) prove(door, again);
    else {
      // Whoever made it types it once more, as for any login.
      await withPin({ ...question, make: false }, infoOf(door), link, () => {
        prove(door, null);
      });
    }
  } finally {
    (again as Uint8Array | null)?.fill(0);
  }
}

function prove({ tokens, of, found, role }: Door, pin: Pin): void {
  try {
    // SECURITY(K-240): one login with the PIN that the token has just been given; it is never tried again.
    tokens.loggedIn(of, found.slot, role, pin).close();
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    throw new DeviceError({
      code: 'PIN_NOT_PROVEN',
      message: `${of}: the token took the new ${role} PIN, and then did not open with it. ${error.message}`,
      changed: hasProtectedPath(found.info)
        ? `The ${role} PIN may be the new one: whoever typed it last may have mistyped it.`
        : `It is not known which ${role} PIN the token has now.`,
      next: error.next,
      uncertain: true,
    });
  }
}

function infoOf({ tokens, of, found }: Door): TokenInfo {
  return attempt(reading(of, 'reading the token again'), () => tokens.module.tokenInfo(found.slot));
}
