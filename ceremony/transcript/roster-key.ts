/** The one form of public key that a roster may hold for each algorithm: named curve, uncompressed point, plain RSA. */
import type { SigningKey } from '../command/dsse';

/** Leading DER bytes (hex) and whole length of a SubjectPublicKeyInfo. */
const FIXED = {
  'ecdsa-p256-sha256': ['3059301306072a8648ce3d020106082a8648ce3d03010703420004', 91],
  'ecdsa-p384-sha384': ['3076301006072a8648ce3d020106052b8104002203620004', 120],
  'ecdsa-p521-sha512': ['30819b301006072a8648ce3d020106052b8104002303818600' + '04', 158],
  ed25519: ['302a300506032b6570032100', 44],
} as const;

/** AlgorithmIdentifier rsaEncryption with NULL, and the head of the BIT STRING. */
const RSA = '300d06092a864886f70d01010105000382';

/** Shortest RSA SubjectPublicKeyInfo: 2048 bits. */
const RSA_MINIMUM_BYTES = 294;

/** Whether `spki` is DER in the form the algorithm demands. Whether the point is on the curve shows when it verifies. */
export function isProperKey({ algorithm, spki }: SigningKey): boolean {
  const der = Buffer.from(spki, 'base64');
  const hex = der.toString('hex');
  if (algorithm === 'rsa-pss-sha256') {
    const whole = hex.startsWith('3082') && der.readUInt16BE(2) === der.length - 4;
    return der.length >= RSA_MINIMUM_BYTES && whole && hex.startsWith(RSA, 8);
  }
  const [prefix, length] = FIXED[algorithm];
  return der.length === length && hex.startsWith(prefix);
}
