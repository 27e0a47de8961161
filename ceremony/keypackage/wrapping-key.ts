/** Judges a public key before anything is wrapped to it: what can be said of it without knowing whose it is. */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

/** Public exponent that every cloud KMS uses. */
const EXPONENT = 65537n;

/** Primes up to 2000: a modulus with such a factor was not made by an RSA key generator. */
const SMALL_PRIMES = primesUpTo(2000);

/** Primes by which a modulus of Infineon's broken generator (ROCA, CVE-2017-15361) gives itself away. */
const ROCA_PRIMES = SMALL_PRIMES.filter((prime) => prime > 2 && prime <= 167);

/**
 * What is wrong with an RSA public key for wrapping, or null. Checked: DER SPKI with nothing behind it, RSA, exactly
 * as long as one of `bits`, exponent 65537, odd, no small factor, not from a ROCA generator. This does not say whose key it is.
 *
 * @param spki DER SubjectPublicKeyInfo
 * @param bits lengths of the modulus that the target has
 */
export function wrappingKeyProblem(spki: Uint8Array, bits: readonly number[]): string | null {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    if (!key.export({ format: 'der', type: 'spki' }).equals(spki))
      return 'expected DER SubjectPublicKeyInfo and no more';
  } catch {
    return 'expected DER SubjectPublicKeyInfo of a public key';
  }
  if (key.asymmetricKeyType !== 'rsa') return `expected an RSA key, got ${String(key.asymmetricKeyType)}`;
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  if (modulusLength === undefined || !bits.includes(modulusLength)) {
    return `expected RSA of ${bits.join(' or ')} bits, got ${String(modulusLength)}`;
  }
  if (publicExponent !== EXPONENT) return `expected exponent 65537, got ${String(publicExponent)}`;
  const modulus = modulusOf(key);
  if (SMALL_PRIMES.some((prime) => modulus % BigInt(prime) === 0n)) return 'the modulus has a small factor';
  if (ROCA_PRIMES.every((prime) => isPowerOfExponent(modulus, prime))) {
    return 'the modulus comes from a generator with a known flaw (ROCA, CVE-2017-15361)';
  }
  return null;
}

/**
 * Length of an RSA key's modulus.
 *
 * @param spki DER SubjectPublicKeyInfo
 * @throws RangeError when it is no RSA key
 */
export function rsaBits(spki: Uint8Array): number {
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (bits === undefined) throw new RangeError(`public key: expected rsa, got ${String(key.asymmetricKeyType)}`);
  return bits;
}

/** The name of a public key: lower-case hex SHA-256 of its DER SPKI. */
export function publicKeySha256(spki: Uint8Array): string {
  return createHash('sha256').update(spki).digest('hex');
}

function modulusOf(key: KeyObject): bigint {
  return BigInt(`0x${Buffer.from(key.export({ format: 'jwk' }).n ?? '', 'base64url').toString('hex')}`);
}

/** Whether the modulus lies in the subgroup that 65537 generates modulo a small prime. */
function isPowerOfExponent(modulus: bigint, prime: number): boolean {
  const residue = Number(modulus % BigInt(prime));
  const step = Number(EXPONENT % BigInt(prime));
  let power = 1;
  do {
    if (power === residue) return true;
    power = (power * step) % prime;
  } while (power !== 1);
  return false;
}

function primesUpTo(limit: number): number[] {
  const primes: number[] = [];
  for (let candidate = 2; candidate <= limit; candidate += 1) {
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  }
  return primes;
}
