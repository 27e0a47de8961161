/** PINs as the calls of a token take them: bytes that are wiped, or none where the token has a pad of its own. */
import { isUtf8 } from 'node:buffer';
import { secretBytes } from '../secret-bytes';

/**
 * A PIN, UTF-8, good for one call: the bytes are zero when it returns. Null: people type it on the token's own pad
 * (protected authentication path), and the call waits for them.
 */
export type Pin = Uint8Array | null;

/**
 * Checks a PIN before a call gets it. It never becomes a string, of which copies would stay.
 *
 * @throws TypeError for anything but bytes or null, RangeError for bytes that are not UTF-8 (PKCS#11 PINs are UTF-8), or
 *   that hold a NUL, at which modules end what they read
 */
export function checkPin(pin: Pin): void {
  if (pin === null) return;
  if (!(pin instanceof Uint8Array)) throw new TypeError('PIN: expected bytes');
  if (!isUtf8(pin)) throw new RangeError('PIN: expected UTF-8');
  if (pin.includes(0)) throw new RangeError('PIN: expected no NUL');
}

/** A PIN for one more call. The caller zeroes it, should that call not be made. */
export function samePinAgain(pin: Pin): Pin {
  if (pin === null) return null;
  const copy = secretBytes(pin.length);
  copy.set(pin);
  return copy;
}
