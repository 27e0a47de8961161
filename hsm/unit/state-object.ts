/**
 * The state of a unit as a data object on its token. A new state is written and read back before the old one goes, so
 * that a crash leaves two at worst, of which the one with the highest counter counts.
 */
import * as v from 'valibot';
import { canonicalBytes, canonicalJson, parseCanonical } from '../../ceremony/canonical-json';
import { DeviceError } from '../../ceremony/command/device-error';
import { UnitState } from '../../ceremony/command/unit-state';
import { CLASS } from '../pkcs11/attributes';
import { attempt, unitChanged } from '../pkcs11/device-trouble';
import type { ObjectHandle } from '../pkcs11/handles';
import { LABEL } from './objects';
import { reading, type OpenToken } from './tokens';

interface Kept {
  readonly object: ObjectHandle;
  readonly state: UnitState;
}

/** Most state objects that are read: one, and one more after a crash. */
const MOST = 8;

/**
 * The state kept on a token; null when there is none.
 *
 * @throws DeviceError `UNIT_CHANGED` when a state object is not a state, or two of one counter differ
 */
export function readState(token: OpenToken): UnitState | null {
  const kept = keptStates(token);
  const latest = kept[0];
  if (latest === undefined) return null;
  const rivals = kept.filter(({ state }) => state.counter === latest.state.counter);
  if (rivals.some(({ state }) => canonicalJson(state) !== canonicalJson(latest.state))) {
    throw unitChanged(token.of, `the token keeps two different states of counter ${String(latest.state.counter)}`);
  }
  return latest.state;
}

/** State objects, the one with the highest counter first. */
function keptStates(token: OpenToken): Kept[] {
  const { session, of } = token;
  const found = attempt(reading(of, 'reading the state of the unit'), () =>
    session
      .find({ CKA_CLASS: CLASS.data, CKA_LABEL: LABEL.state })
      .map((object) => ({ object, value: session.get(object, 'CKA_VALUE') })),
  );
  if (found.length > MOST) throw unitChanged(of, `the token keeps ${String(found.length)} states`);
  return found
    .map(({ object, value }) => ({ object, state: parseState(of, value) }))
    .sort((left, right) => right.state.counter - left.state.counter);
}

function parseState(of: string, value: Uint8Array | null): UnitState {
  try {
    if (value === null) throw new RangeError('no value');
    return v.parse(UnitState, parseCanonical(value));
  } catch {
    throw unitChanged(of, 'the state object on the token is not a state that Keyrite wrote');
  }
}

/**
 * Writes a state, reads it back, and removes every other one. Whatever fails here comes after the act that the state is
 * of, so that the unit must be read again, however certain the token was of its refusal.
 *
 * @throws DeviceError, always uncertain; `UNIT_CHANGED` when what is read back is not what was written
 */
export function writeState(token: OpenToken, state: UnitState): void {
  try {
    write(token, state);
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    const { code, message, changed, next } = error;
    throw new DeviceError({ code, message, changed, next, uncertain: true });
  }
}

function write(token: OpenToken, state: UnitState): void {
  const { session, of } = token;
  const doing = 'writing the state of the unit';
  if (!keptStates(token).some((kept) => canonicalJson(kept.state) === canonicalJson(state))) {
    attempt({ of, doing, changed: 'The state before is still on the token.', changes: true }, () =>
      session.create({
        CKA_CLASS: CLASS.data,
        CKA_TOKEN: true,
        CKA_PRIVATE: true,
        CKA_APPLICATION: 'keyrite',
        CKA_LABEL: LABEL.state,
        CKA_VALUE: canonicalBytes(state),
      }),
    );
  }
  const kept = keptStates(token);
  const written = kept.find((one) => canonicalJson(one.state) === canonicalJson(state));
  if (written === undefined) throw unitChanged(of, 'the state that was written cannot be read back');
  attempt({ of, doing: 'removing the old state', changed: 'The new state is on the token.', changes: true }, () => {
    for (const { object } of kept) if (object !== written.object) session.destroy(object);
  });
}
