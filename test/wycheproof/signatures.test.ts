/**
 * Signatures and keys that are nearly right, judged by the two verifiers: by `isValidSignature`, and by verify.sh in its
 * own words with openssl. Both take the same ones and no other.
 */
import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SIGNATURE_ALGORITHMS, isValidSignature } from '../../ceremony/command/dsse';
import { isProperKey } from '../../ceremony/transcript/roster-key';
import { opensslAccepts, verifyShAccepts } from './openssl';
import { signatureCases } from './signature-cases';

const cases = signatureCases();

describe.each(SIGNATURE_ALGORITHMS)('%s', (algorithm) => {
  const own = cases.filter(({ name }) => name.startsWith(`${algorithm}: `));

  it.each(own.map((one) => [one.name, one] as const))('%s', (_name, { key, message, signature, valid }) => {
    expect(isValidSignature(key, message, signature), 'keyrite').toBe(valid);
    expect(verifyShAccepts(key, message, signature), 'verify.sh').toBe(valid);
    if (valid) expect(isProperKey(key)).toBe(true);
  });
});

describe('the cases', () => {
  it('are some for each algorithm, valid and not, and each is named once', () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    for (const algorithm of SIGNATURE_ALGORITHMS) {
      const own = cases.filter(({ name }) => name.startsWith(`${algorithm}: `));
      expect(own.filter(({ valid }) => valid).length, algorithm).toBeGreaterThan(2);
      expect(own.filter(({ valid }) => !valid).length, algorithm).toBeGreaterThan(14);
    }
  });

  it('of keys in other forms would be taken by openssl alone: it is the form that is refused', () => {
    const forms = cases.filter(({ name }) => /compressed|hybrid|spelt out|1024 bits/.test(name));
    expect(forms).toHaveLength(10);
    for (const { name, key, message, signature } of forms) {
      const der = Buffer.from(key.spki, 'base64');
      expect(() => createPublicKey({ key: der, format: 'der', type: 'spki' }), name).not.toThrow();
      expect(opensslAccepts(key, message, signature), name).toBe(true);
    }
  });
});
