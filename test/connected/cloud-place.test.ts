import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { cloudPlace } from '../../connected/cloud-place';
import { ConnectFailure } from '../../connected/failure';
import { typedSha256 } from '../../connected/hex-groups';
import { tokenPublicKey } from '../../connected/token-key';

const place = (endpoint?: string, iam?: string, region?: string): ReturnType<typeof cloudPlace> =>
  cloudPlace({ endpoint, iam, region });

describe('where an API key may go', () => {
  test('a region is enough', () => {
    expect(place(undefined, undefined, 'us-south')).toEqual({
      endpoint: 'https://us-south.kms.cloud.ibm.com',
      iam: 'https://iam.cloud.ibm.com',
      region: 'us-south',
    });
  });

  test('private endpoints and loopback', () => {
    expect(place('https://private.eu-de.kms.cloud.ibm.com', 'https://private.iam.cloud.ibm.com').region).toBe('eu-de');
    expect(place('http://127.0.0.1:8080')).toEqual({
      endpoint: 'http://127.0.0.1:8080',
      iam: 'http://127.0.0.1:8080',
      region: 'local-test',
    });
    expect(place('http://[::1]:8080').iam).toBe('http://[::1]:8080');
  });

  test.each([
    [
      'https://00000000-0000-4000-8000-000000000000.api.us-south.kms.appdomain.cloud',
      undefined,
      /Dedicated, which has no secure import/,
    ],
    ['https://api.us-south.hs-crypto.cloud.ibm.com', undefined, /Hyper Protect Crypto Services/],
    ['http://us-south.kms.cloud.ibm.com', undefined, /not protected by TLS/],
    ['https://us-south.kms.cloud.ibm.com.evil.example', undefined, /not a Key Protect host/],
    ['https://evil.example/us-south.kms.cloud.ibm.com', undefined, /scheme, host and port only/],
    ['https://user:x@us-south.kms.cloud.ibm.com', undefined, /scheme, host and port only/],
    ['https://us-south.kms.cloud.ibm.com:8443', undefined, /expected no port/],
    ['http://localhost:8080', undefined, /not protected by TLS/],
    ['http://127.0.0.1.evil.example', undefined, /not protected by TLS/],
    ['https://us-south.kms.cloud.ibm.com', 'https://evil.example', /not IBM's IAM/],
    ['https://us-south.kms.cloud.ibm.com', 'http://127.0.0.1:1', /one is loopback and the other is not/],
    ['http://127.0.0.1:1', 'https://iam.cloud.ibm.com', /one is loopback and the other is not/],
    ['not a url', undefined, /is not a URL/],
  ])('%s with IAM %s is refused', (endpoint, iam, message) => {
    expect(() => place(endpoint, iam)).toThrow(message);
    expect(() => place(endpoint, iam)).toThrow(ConnectFailure);
  });

  test('whatever is given, the host is on the list or it is refused', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.webUrl(),
          fc.string(),
          fc.domain().map((host) => `https://${host}`),
        ),
        (endpoint) => {
          try {
            expect(new URL(place(endpoint).endpoint).hostname).toMatch(
              /^(?:(?:private\.)?[a-z0-9-]+\.kms\.cloud\.ibm\.com|127\.0\.0\.1|\[::1\])$/,
            );
          } catch (error) {
            expect(error).toBeInstanceOf(ConnectFailure);
          }
        },
      ),
    );
  });
});

describe("a token's public key", () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const der = publicKey.export({ format: 'der', type: 'spki' });
  const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();

  test('as PEM, base64 of PEM, base64 of DER', () => {
    for (const payload of [pem, Buffer.from(pem).toString('base64'), der.toString('base64')]) {
      expect(Buffer.from(tokenPublicKey(payload) ?? []).equals(der)).toBe(true);
    }
  });

  test('a private key is not taken, nor anything else', () => {
    expect(tokenPublicKey(privateKey.export({ format: 'pem', type: 'pkcs8' }).toString())).toBeNull();
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(tokenPublicKey(text)).toBeNull();
      }),
    );
  });
});

test('a hash as people type it', () => {
  expect(typedSha256(` ${'AB '.repeat(32)}\n`)).toBe('ab'.repeat(32));
  expect(typedSha256('ab'.repeat(31))).toBeNull();
  expect(typedSha256(`${'ab'.repeat(31)}zz`)).toBeNull();
});
