import type crypto from 'node:crypto';
import { createHash, webcrypto } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { selfTest } from '../../hsm/self-test';

describe('self-test', () => {
  it('holds for every algorithm on this runtime', () => {
    const failed = selfTest().filter((result) => !result.ok);
    expect(failed).toEqual([]);
    expect(selfTest().length).toBeGreaterThanOrEqual(20);
  });

  it('names each answer once, with its source', () => {
    const results = selfTest();
    expect(new Set(results.map((result) => result.name)).size).toBe(results.length);
    expect(results.every((result) => result.source.length > 5)).toBe(true);
  });

  it('takes at most 100 ms', () => {
    selfTest();
    const times = Array.from({ length: 5 }, () => {
      const start = performance.now();
      selfTest();
      return performance.now() - start;
    });
    // The fastest run: the machine is shared, and only what the self-test itself costs is judged.
    expect(Math.min(...times)).toBeLessThan(100);
  });

  it('agrees with WebCrypto, which shares no code of ours', async () => {
    const digest = Buffer.from(await webcrypto.subtle.digest('SHA-256', Buffer.from('abc')));
    expect(digest.equals(createHash('sha256').update('abc').digest())).toBe(true);
  });
});

describe('self-test on a runtime that is wrong', () => {
  it.each([
    ['gives a wrong hash', 'createHash', ['SHA-256', 'Merkle tree hashes', 'share commitment']],
    ['lacks GCM', 'createCipheriv', ['AES-256-GCM encryption']],
    ['gives a wrong OAEP', 'privateDecrypt', ['RSA-OAEP SHA-256', 'RSA-OAEP SHA-1']],
    [
      'accepts every signature',
      'verify',
      [
        'RSA-PSS SHA-256 verification',
        'ECDSA P-256 verification',
        'ECDSA P-384 verification',
        'ECDSA P-521 verification',
        'Ed25519 verification',
      ],
    ],
  ] as const)('says so when it %s', async (_what, broken, expected) => {
    vi.resetModules();
    vi.doMock('node:crypto', async (original) => {
      const real = await original<typeof crypto>();
      const wrong = {
        createHash: () => real.createHash('sha1'),
        createCipheriv: () => {
          throw new Error('no such cipher');
        },
        privateDecrypt: () => Buffer.from('something else'),
        verify: () => true,
      };
      return { ...real, [broken]: wrong[broken] };
    });
    try {
      const fresh = await import('../../hsm/self-test');
      const failed = fresh.selfTest().filter((result) => !result.ok);
      expect(failed.map((result) => result.name)).toEqual(expected);
    } finally {
      vi.doUnmock('node:crypto');
      vi.resetModules();
    }
  });
});
