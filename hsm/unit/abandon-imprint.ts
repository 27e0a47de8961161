/**
 * Undoing the making of a unit before anybody is in charge of it: its identity key and its state go, and the token is as
 * empty as before. Once thresholds are set, only the quorum's signed command does that (`zeroise.ts`).
 */
import { attempt, refused, unitChanged } from '../pkcs11/device-trouble';
import { LABEL } from './objects';
import { keepsState } from './perform';
import { readState } from './state-object';
import { reading, type OpenToken } from './tokens';

const OURS: readonly string[] = [LABEL.identity, LABEL.state];

/**
 * Destroys identity and state. What a crash left of either, or of this, is finished.
 *
 * @throws DeviceError `NOT_IN_IMPRINT` when thresholds are set; `NOT_EMPTY` when any other object is on the token, which
 *   a token without a state is judged by
 */
export function abandonImprint(token: OpenToken): void {
  const { session, of } = token;
  const state = keepsState(token) ? readState(token) : null;
  if (state !== null && state.mode !== 'imprint') {
    throw refused(
      'NOT_IN_IMPRINT',
      of,
      'the unit has left imprint mode, and its administrators are in charge of it',
      'Have its quorum sign the command that zeroises it.',
    );
  }
  const objects = attempt(reading(of, 'listing what is on the token'), () =>
    session.find({ CKA_TOKEN: true }).map((object) => ({ object, label: session.get(object, 'CKA_LABEL') ?? '' })),
  );
  const others = objects.filter(({ label }) => !OURS.includes(label));
  if (others.length > 0) {
    throw refused(
      'NOT_EMPTY',
      of,
      `more than identity and state is on the token: ${others.map(({ label }) => `“${label}”`).join(', ')}`,
      'Find out whose it is. Nothing is destroyed here that a ceremony or other software may need.',
    );
  }
  const circumstance = {
    of,
    doing: 'taking identity and state off the token',
    changed: 'Some of it is destroyed; the rest is still there.',
    changes: true,
  };
  attempt(circumstance, () => {
    // The identity first: a state alone shows that this was begun.
    for (const label of OURS) for (const one of objects) if (one.label === label) session.destroy(one.object);
  });
  const left = attempt(circumstance, () => session.find({ CKA_TOKEN: true }));
  if (left.length > 0) throw unitChanged(of, 'identity and state were destroyed, and something is still on the token');
}
