/**
 * Zeroising a unit: everything on its token is destroyed, which an empty inventory proves. What proves which unit it was
 * goes last, the identity key and then the state, so that a crash at any point leaves a token that can be told from others
 * or one with nothing on it, and the same signed command finishes the work.
 */
import { canonicalJson } from '../../ceremony/canonical-json';
import { applyCommand } from '../../ceremony/command/apply';
import { DeviceError } from '../../ceremony/command/device-error';
import type { Envelope } from '../../ceremony/command/dsse';
import type { UnitState } from '../../ceremony/command/unit-state';
import type { InventoryEntry } from '../../ceremony/engine/ports';
import type { PersonLink, UnitTarget } from '../contract';
import { CLASS } from '../pkcs11/attributes';
import { attempt, unitChanged } from '../pkcs11/device-trouble';
import type { ObjectHandle } from '../pkcs11/handles';
import { findIdentity, requireIdentity, type Identity } from './identity';
import { sessionKeys, takeInventory } from './inventory';
import { LABEL } from './objects';
import { keepsState, orRefused } from './perform';
import { readState } from './state-object';
import { reading, type OpenToken, type Tokens } from './tokens';

/** A unit that is about to be zeroised, or was. */
export interface ToZeroise {
  readonly token: OpenToken;
  /** Null where the identity key is gone already. */
  readonly identity: Identity | null;
  /** What the token keeps; null where it keeps none, or none any more. */
  readonly state: UnitState | null;
  readonly objects: readonly InventoryEntry[];
}

/**
 * Opens the unit. A token without the identity key is taken for it where it keeps the very state that is given, or holds
 * nothing at all; serial and label are then all that tells it from others.
 *
 * @throws DeviceError `UNIT_CHANGED` when it is another, or in another state
 */
export async function openToZeroise(
  tokens: Tokens,
  target: UnitTarget,
  given: UnitState,
  link: PersonLink,
): Promise<ToZeroise> {
  const token = await openWithOrWithoutIdentity(tokens, target, link);
  const found = findIdentity(token);
  const identity = found === null ? null : requireIdentity(token, target.identitySpki);
  if (identity !== null && identity.id !== given.unit) {
    throw unitChanged(token.of, 'the state belongs to a unit of another identity');
  }
  const state = keepsState(token) ? readState(token) : null;
  if (state !== null && canonicalJson(state) !== canonicalJson(given)) {
    throw unitChanged(
      token.of,
      `the token keeps a state of counter ${String(state.counter)} that is not the recorded one`,
    );
  }
  const objects = takeInventory(token);
  if (identity === null && state === null && objects.length > 0) {
    throw unitChanged(token.of, 'it has neither identity nor state, and other objects are on it');
  }
  return { token, identity, state, objects };
}

async function openWithOrWithoutIdentity(tokens: Tokens, target: UnitTarget, link: PersonLink): Promise<OpenToken> {
  const isOurs = attemptFind(tokens, target);
  return tokens.openUnit(isOurs ? target : { ...target, identitySpki: null }, link);
}

/** Whether a token shows the unit's identity key. */
function attemptFind(tokens: Tokens, target: UnitTarget): boolean {
  try {
    return tokens.find(`unit ${target.unit}`, target.address, target.identitySpki) !== null;
  } catch (error) {
    if (error instanceof DeviceError && error.code === 'UNIT_CHANGED') return false;
    throw error;
  }
}

/**
 * Verifies the command and destroys everything, then looks that nothing is there.
 *
 * @returns the state after it, which is on no token
 * @throws DeviceError `COMMAND_REFUSED` when a rule is not met; `NOT_EMPTY`, uncertain, naming what is left
 */
export function zeroise({ token }: ToZeroise, given: UnitState, command: Envelope): UnitState {
  // SECURITY(K-15): signatures, counter, unit and state, in the process that acts.
  const next = orRefused(token.of, () => applyCommand(given, command, new Map()));
  const { session } = token;
  const circumstance = {
    of: token.of,
    doing: 'destroying what is on the token',
    changed: 'Some of it is destroyed; the rest is still there.',
    changes: true,
  };
  const destroyAll = (objects: readonly ObjectHandle[]): void => {
    attempt(circumstance, () => {
      for (const object of objects) session.destroy(object);
    });
  };
  const all = attempt(reading(token.of, 'listing what is on the token'), () => {
    const isOf = (object: ObjectHandle, label: string): boolean => session.get(object, 'CKA_LABEL') === label;
    const objects = [...session.find({ CKA_TOKEN: true }), ...sessionKeys(token)];
    const state = objects.filter(
      (object) => isOf(object, LABEL.state) && session.get(object, 'CKA_CLASS') === CLASS.data,
    );
    const identity = objects.filter((object) => isOf(object, LABEL.identity));
    return { state, identity, rest: objects.filter((one) => !state.includes(one) && !identity.includes(one)) };
  });
  destroyAll(all.rest);
  destroyAll(all.identity);
  destroyAll(all.state);
  const left = takeInventory(token);
  if (left.length === 0) return next;
  throw new DeviceError({
    code: 'NOT_EMPTY',
    message: `${token.of}: everything was to be destroyed, and the token still shows ${left.map((one) => `${one.class} “${one.label}”`).join(', ')}.`,
    changed: 'The rest is destroyed.',
    next: 'Have the vendor’s tool erase the token, before two people, and put that on record.',
    uncertain: true,
  });
}
