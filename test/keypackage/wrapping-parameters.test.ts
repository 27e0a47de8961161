import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import {
  WrappingParametersError,
  collectorDifference,
  expiryProblem,
  parametersSignedBy,
  parametersToSign,
  readWrappingParameters,
  wrappingParametersFile,
} from '../../ceremony/keypackage/wrapping-parameters';
import { TARGET_NAMES } from '../../ceremony/keypackage/target-names';
import { publicKeySha256, wrappingKeyProblem } from '../../ceremony/keypackage/wrapping-key';
import { PAIR, jsonBytes, sampleParameters } from './sample';

const good = sampleParameters();

function refusal(value: unknown): string {
  try {
    readWrappingParameters(jsonBytes(value));
  } catch (error) {
    if (error instanceof WrappingParametersError) return error.message;
    throw error;
  }
  return 'accepted';
}

/** SPKI of an RSA key with any modulus. */
function spkiOf(modulus: bigint, exponent = 'AQAB'): Buffer {
  const n = Buffer.from(modulus.toString(16).padStart(1024, '0'), 'hex').toString('base64url');
  return createPublicKey({ key: { kty: 'RSA', n, e: exponent }, format: 'jwk' }).export({
    format: 'der',
    type: 'spki',
  });
}

function withKey(spki: Buffer): unknown {
  return { ...good, publicKey: spki.toString('base64'), publicKeySha256: publicKeySha256(spki) };
}

describe('reading wrapping parameters', () => {
  test('what is written is read', () => {
    const file = wrappingParametersFile(good);
    expect(readWrappingParameters(file)).toEqual(good);
    expect(file[file.length - 1]).toBe(0x0a);
  });

  test('any layout is read', () => {
    expect(readWrappingParameters(Buffer.from(JSON.stringify(good, null, 2)))).toEqual(good);
  });

  test('times as the service writes them', () => {
    for (const expires of ['2099-01-01T00:00:00Z', '2099-01-01T00:00:00.52Z', '2099-01-01T00:00:00.123456789Z']) {
      expect(refusal({ ...good, expires })).toBe('accepted');
    }
    for (const expires of ['2099-02-30T00:00:00Z', '2099-01-01T24:00:00Z', '2099-01-01T00:00:00+01:00', '2099-01-01']) {
      expect(refusal({ ...good, expires })).toMatch(/^wrapping parameters: expires: /);
    }
  });

  test.each([
    [{ ...good, note: 'x' }, 'wrapping parameters: note: not a known member'],
    [{ ...good, service: { ...good.service, url: 'x' } }, 'wrapping parameters: service.url: not a known member'],
    [{ ...good, nonce: undefined }, 'wrapping parameters: nonce: missing'],
    [{ ...good, nonce: 'AAAA' }, 'wrapping parameters: nonce: expected 16 characters (12 bytes) of base64'],
    [
      { ...good, keyrite: 'wrapping-parameters/2' },
      'wrapping parameters: keyrite: expected "wrapping-parameters/1", got "wrapping-parameters/2"',
    ],
    [
      { ...good, algorithm: 'RSAES_OAEP_SHA_1' },
      'wrapping parameters: algorithm: expected "RSAES_OAEP_SHA_256", got "RSAES_OAEP_SHA_1"',
    ],
    [
      { ...good, target: 'oci-vault' },
      `wrapping parameters: target: oci-vault is known, but this version makes packages for ${TARGET_NAMES.join(', ')} only`,
    ],
    [
      { ...good, target: 'ibm-hpcs' },
      'wrapping parameters: algorithm: expected "RSAES_OAEP_SHA_1", got "RSAES_OAEP_SHA_256"',
    ],
    [
      { ...good, target: 'acme' },
      `wrapping parameters: target: expected (${TARGET_NAMES.map((one) => `"${one}"`).join(' | ')}), got "acme"`,
    ],
    [
      { ...good, service: { ...good.service, offering: 'dedicated' } },
      'wrapping parameters: service.offering: Key Protect Dedicated has no secure import: keys cannot be wrapped for it',
    ],
    [
      { ...good, purpose: { do: 'restore', key: 'k-1' } },
      'wrapping parameters: purpose.do: expected create with a name or rotate with a key (restore is not carried out by this version)',
    ],
    [
      { ...good, purpose: { do: 'create', name: 'x' } },
      'wrapping parameters: purpose.name: expected a key name of 2 to 90 characters on one line',
    ],
    [
      { ...good, purpose: { do: 'rotate', key: '../x' } },
      'wrapping parameters: purpose.key: expected the id or alias of a key',
    ],
    [
      { ...good, service: { ...good.service, region: 'evil.example/' } },
      'wrapping parameters: service.region: expected a region such as us-south',
    ],
    [[], 'wrapping parameters: expected a JSON object'],
  ])('%#: names the member at fault', (value, message) => {
    expect(refusal(value)).toBe(message);
  });

  test('the fingerprint must be that of the key', () => {
    expect(refusal({ ...good, publicKeySha256: '0'.repeat(64) })).toBe(
      `wrapping parameters: publicKeySha256: expected the SHA-256 of publicKey, ${good.publicKeySha256}`,
    );
  });

  test('a member that appears twice is refused', () => {
    const text = JSON.stringify(good).replace('{', '{"nonce":"AAAAAAAAAAAAAAAA",');
    expect(() => readWrappingParameters(Buffer.from(text))).toThrow('wrapping parameters: a member appears twice');
  });

  test('members named as those of every object are unknown too', () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const text = JSON.stringify(good);
      for (const place of ['{', '"service":{', '"collected":{']) {
        const changed = text.replace(place, `${place}"${name}":1,`);
        expect(() => readWrappingParameters(Buffer.from(changed))).toThrow(/not a known member/);
      }
    }
  });

  test('too long, not UTF-8, not JSON, too deep', () => {
    const text = (bytes: Uint8Array): string => {
      try {
        readWrappingParameters(bytes);
        return 'accepted';
      } catch (error) {
        return error instanceof WrappingParametersError ? error.message : 'another error';
      }
    };
    expect(text(Buffer.alloc(65_537, 0x20))).toBe('wrapping parameters: expected at most 65536 bytes, got 65537');
    expect(text(Buffer.from([0x22, 0xff, 0x22]))).toBe('wrapping parameters: not UTF-8 JSON');
    expect(text(Buffer.from('{'))).toBe('wrapping parameters: not UTF-8 JSON');
    expect(text(Buffer.from('['.repeat(30_000) + ']'.repeat(30_000)))).toBe(
      'wrapping parameters: canonical JSON: deeper than 32',
    );
  });

  test('a message never carries control characters or endless text from the file', () => {
    const message = refusal({ ...good, keyrite: `\u001b[2J${'x'.repeat(5000)}` });
    expect(message).not.toMatch(/\p{Cc}/u);
    expect(message.length).toBeLessThan(400);
  });
});

describe('the wrapping key', () => {
  test('a key with bytes behind it', () => {
    const spki = Buffer.concat([Buffer.from(good.publicKey, 'base64'), Buffer.from([0])]);
    expect(refusal(withKey(spki))).toBe(
      'wrapping parameters: publicKey: expected DER SubjectPublicKeyInfo and no more',
    );
  });

  test('another length, another kind, another exponent', () => {
    const short = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'der', type: 'spki' });
    expect(refusal(withKey(short))).toBe('wrapping parameters: publicKey: expected RSA of 4096 bits, got 2048');
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'der', type: 'spki' });
    expect(refusal(withKey(ec))).toBe('wrapping parameters: publicKey: expected an RSA key, got ec');
    const jwk = PAIR.publicKey.export({ format: 'jwk' });
    const modulus = BigInt(`0x${Buffer.from(jwk.n ?? '', 'base64url').toString('hex')}`);
    expect(wrappingKeyProblem(spkiOf(modulus, 'Aw'), [4096])).toBe('expected exponent 65537, got 3');
  });

  test('a modulus that no generator makes', () => {
    const top = 1n << 4095n;
    expect(wrappingKeyProblem(spkiOf(top + 2n), [4096])).toBe('the modulus has a small factor');
    const odd = (top / 1999n + 1n) * 1999n;
    expect(wrappingKeyProblem(spkiOf(odd % 2n === 0n ? odd + 1999n : odd), [4096])).toBe(
      'the modulus has a small factor',
    );
  });

  test('a modulus of the ROCA form is found', () => {
    // ROCA primes are k * M + (65537^a mod M): their product is a power of 65537 modulo every small prime.
    let product = 1n;
    for (let p = 2n; p <= 701n; p += 1n)
      if ([...Array(Number(p)).keys()].slice(2).every((d) => p % BigInt(d) !== 0n)) product *= p;
    const base = 65537n ** 9n % product;
    let modulus = ((1n << 4095n) / product + 1n) * product + base;
    while (wrappingKeyProblem(spkiOf(modulus), [4096]) === 'the modulus has a small factor') modulus += product;
    expect(wrappingKeyProblem(spkiOf(modulus), [4096])).toMatch(/ROCA/);
  });

  test('a real key passes', () => {
    expect(wrappingKeyProblem(Buffer.from(good.publicKey, 'base64'), [4096])).toBeNull();
  });
});

describe('expiry', () => {
  test('good before, refused at and after the moment', () => {
    const dated = { expires: '2026-11-24T10:00:00Z' };
    expect(expiryProblem(dated, '2026-11-24T09:59:59.999Z')).toBeNull();
    expect(expiryProblem(dated, '2026-11-24T10:00:00.000Z')).toBe(
      "the service's wrapping key expired at 2026-11-24T10:00:00Z and it is now 2026-11-24T10:00:00.000Z: collect new wrapping parameters",
    );
    expect(() => expiryProblem(dated, 'soon')).toThrow(RangeError);
  });
});

describe('two collectors', () => {
  test('who and when may differ, the key and the nonce may not', () => {
    const second = { ...good, collected: { at: '2026-11-23T11:00:00.000Z', by: 'collector-2' } };
    expect(collectorDifference(good, second)).toBeNull();
    expect(collectorDifference(good, { ...second, nonce: 'AAAAAAAAAAAAAAAA' })).toBe('nonce');
    expect(collectorDifference(good, { ...second, expires: '2099-01-02T00:00:00Z' })).toBe('expires');
    expect(collectorDifference(good, { ...second, service: { ...good.service, region: 'eu-de' } })).toBe(
      'service.region',
    );
  });
});

describe("a collector's signature", () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = {
    algorithm: 'ecdsa-p256-sha256' as const,
    spki: pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
  };
  const value = sign('sha256', parametersToSign(good), pair.privateKey).toString('base64');
  const signed = { ...good, signature: { by: 'collector-1', algorithm: key.algorithm, value } };

  test('holds over the whole file but itself', () => {
    expect(parametersSignedBy(readWrappingParameters(wrappingParametersFile(signed)), key)).toBe(true);
    expect(parametersSignedBy({ ...signed, nonce: 'AAAAAAAAAAAAAAAA' }, key)).toBe(false);
    expect(parametersSignedBy(good, key)).toBe(false);
    expect(parametersSignedBy({ ...signed, signature: { ...signed.signature, algorithm: 'ed25519' } }, key)).toBe(
      false,
    );
  });

  test('is over DSSE, as a stranger would compute it', () => {
    const { signature: _none, ...rest } = good;
    const body = JSON.stringify(sorted(rest));
    const type = 'application/vnd.keyrite.wrapping-parameters';
    expect(Buffer.from(parametersToSign(signed)).toString()).toBe(
      `DSSEv1 ${String(type.length)} ${type} ${String(body.length)} ${body}`,
    );
  });
});

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort()
      .map(([key, member]) => [key, sorted(member)]),
  );
}

describe('fuzzing', () => {
  const only = (bytes: Uint8Array): void => {
    try {
      readWrappingParameters(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(WrappingParametersError);
    }
  };

  test('any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 2000 }), only));
  });

  test('any JSON', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        only(Buffer.from(text));
      }),
    );
  });

  test('any member replaced by any JSON', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(good)), fc.jsonValue(), (member, value) => {
        only(jsonBytes({ ...good, [member]: value }));
      }),
    );
  });

  test('any byte of a good file changed: refused, or still a file of this form', () => {
    const file = wrappingParametersFile(good);
    fc.assert(
      fc.property(fc.nat({ max: file.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(file);
        changed[at] = (changed[at] ?? 0) ^ flip;
        only(changed);
      }),
      { numRuns: 300 },
    );
  });

  test('the worst file of full length is judged within a second', () => {
    const begun = Date.now();
    for (const filler of ['"\\', '"a":', '[', '{"a":', ':', '\\"'])
      only(Buffer.from(filler.repeat(65_536 / filler.length)));
    only(jsonBytes({ ...good, nonce: 'A'.repeat(60_000) }));
    only(jsonBytes({ ...good, publicKey: 'A'.repeat(60_000) }));
    expect(Date.now() - begun).toBeLessThan(1000);
  });
});
