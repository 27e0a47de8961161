/** The one place where a PIN becomes a string. */

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The text of a PIN, for the very call that needs it: pkcs11js takes PINs as strings only, and a string cannot be
 * zeroed. It, and the copies pkcs11js makes, go when the worker ends, which is why a worker that took a PIN does not
 * outlive its step or phase.
 *
 * @throws TypeError for anything but bytes, RangeError for bytes that are not UTF-8 (PKCS#11 PINs are UTF-8)
 */
export function encodePin(pin: Uint8Array): string {
  if (!(pin instanceof Uint8Array)) throw new TypeError('PIN: expected bytes');
  try {
    return decoder.decode(pin);
  } catch {
    throw new RangeError('PIN: expected UTF-8');
  }
}
