/**
 * A master key that the token makes inside itself. It is never anywhere else: nothing sets it right afterwards if the token
 * makes it otherwise than asked, since a key that could be taken out for a moment may have been.
 */
import { DeviceError } from '../../ceremony/command/device-error';
import { attempt, unitChanged } from '../pkcs11/device-trouble';
import type { ObjectHandle } from '../pkcs11/handles';
import { plain } from '../pkcs11/mechanisms';
import type { Session } from '../pkcs11/session';
import { faults, keysLabelled, masterKeyAsked } from './master-key';
import { LABEL } from './objects';
import type { OpenToken } from './tokens';

/** Bytes of a master key. */
const LENGTH = 32;

/**
 * Makes an AES-256 key in the new register. One that a crash left there under the same id is kept if it is as asked: nobody
 * has used it; any other is destroyed first.
 *
 * @param key 16 bytes in hex, becomes CKA_ID
 * @throws DeviceError; `KEY_NOT_AS_ASKED`, and the new register is empty
 */
export function generateMasterKey(token: OpenToken, key: string): void {
  if (keysLabelled(token, LABEL.committed).length > 0) {
    throw unitChanged(token.of, 'the new register holds a committed key though the state says that it is empty');
  }
  const { session, of } = token;
  const circumstance = {
    of,
    doing: 'making the master key',
    changed: 'An unfinished key may be in the new register.',
    changes: true,
  };
  const found = keysLabelled(token, LABEL.uncommitted);
  attempt(circumstance, () => {
    const kept = found.length === 1 ? found[0] : undefined;
    if (kept !== undefined && idOf(session, kept) === key && wrongIn(token, kept).length === 0) return;
    for (const one of found) session.destroy(one);
    const made = session.generateKey(plain('CKM_AES_KEY_GEN'), {
      ...masterKeyAsked(token.probed().cmac),
      CKA_VALUE_LEN: LENGTH,
      CKA_LABEL: LABEL.uncommitted,
      CKA_ID: Buffer.from(key, 'hex'),
    });
    // SECURITY(K-242): a key that was extractable for a moment is no key that never left.
    const wrong = wrongIn(token, made);
    if (wrong.length === 0) return;
    session.destroy(made);
    throw notAsAsked(of, wrong);
  });
}

/** What of the key is otherwise than asked; its history too, as the token tells it. */
function wrongIn(token: OpenToken, key: ObjectHandle): readonly string[] {
  const { session } = token;
  const wrong: string[] = faults(session, key, masterKeyAsked(token.probed().cmac));
  for (const name of ['CKA_NEVER_EXTRACTABLE', 'CKA_ALWAYS_SENSITIVE'] as const) {
    if (session.get(key, name) !== true) wrong.push(name);
  }
  return session.get(key, 'CKA_VALUE_LEN') === LENGTH ? wrong : [...wrong, 'CKA_VALUE_LEN'];
}

function idOf(session: Session, key: ObjectHandle): string {
  return Buffer.from(session.get(key, 'CKA_ID') ?? []).toString('hex');
}

function notAsAsked(of: string, wrong: readonly string[]): DeviceError {
  return new DeviceError({
    code: 'KEY_NOT_AS_ASKED',
    message: `${of}: the token made the master key otherwise than asked: ${wrong.join(', ')}.`,
    changed: 'The key was destroyed; the new register is empty.',
    next: 'Use another token: this one does not keep a key as it is told to.',
    uncertain: false,
  });
}
