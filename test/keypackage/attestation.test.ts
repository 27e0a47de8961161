/** Attestations by Marvell HSMs: genuine ones of Google's, which lie beside the checkout, and what can be done to them. */
import { X509Certificate, createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { AttestationError } from '../../ceremony/keypackage/attestation/attestation-error';
import { attestedKeyProblem, requireAttestedKey } from '../../ceremony/keypackage/attestation/attested-key';
import { ATTESTED, readMarvellStatement } from '../../ceremony/keypackage/attestation/marvell-statement';
import { GOOGLE_ROOT, MARVELL_ROOT, type PinnedRoot } from '../../ceremony/keypackage/attestation/pinned-roots';

const FILE = join(import.meta.dirname, '../../../shared/vectors/marvell_attestation_samples.json');

interface Samples {
  readonly ecKeyWithChains: { readonly attestation: string; readonly chain: readonly string[] };
  readonly importedRsaKey: { readonly attestation: string };
  readonly roots: readonly string[];
}

/** Public key of a curve from the point that the attestation shows (CKA_MODULUS holds it), as DER SPKI. */
function spkiOfPoint(point: Uint8Array): Buffer {
  const half = (point.length - 1) / 2;
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: Buffer.from(point.subarray(1, 1 + half)).toString('base64url'),
    y: Buffer.from(point.subarray(1 + half)).toString('base64url'),
  };
  return createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'der', type: 'spki' });
}

const MODULUS = 0x120;

describe('a genuine attestation of Google’s', () => {
  if (!existsSync(FILE)) {
    it('not run: the samples are not beside the checkout', () => {
      expect(existsSync(FILE)).toBe(false);
    });
    return;
  }
  const samples = JSON.parse(readFileSync(FILE, 'utf8')) as Samples;
  const certificates = samples.ecKeyWithChains.chain;
  const statement = unpacked(samples.ecKeyWithChains.attestation);
  const { objects } = readMarvellStatement(statement);
  const spki = spkiOfPoint(objects[1]?.get(MODULUS) ?? new Uint8Array());
  const judge = (changed: {
    statement?: Uint8Array;
    certificates?: readonly string[];
    spki?: Uint8Array;
    owner?: PinnedRoot;
  }): string => {
    const of = { statement, certificates, spki, owner: GOOGLE_ROOT, ...changed };
    try {
      return requireAttestedKey(of, of.spki, of.owner).subject;
    } catch (error) {
      if (error instanceof AttestationError) return error.message;
      throw error;
    }
  };

  it('is accepted, and says which HSM it is', () => {
    expect(judge({})).toBe('HSM:5.3G1953-ICM001225:PARTN:1, for FIPS mode');
    expect(judge({ certificates: certificates.toReversed() })).toBe('HSM:5.3G1953-ICM001225:PARTN:1, for FIPS mode');
  });

  it('the roots that are pinned are those that were published with it', () => {
    const published = samples.roots.map((pem) =>
      new X509Certificate(pem).publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    );
    expect([GOOGLE_ROOT.spki, MARVELL_ROOT.spki]).toEqual(published);
  });

  it('with any single byte of it changed is refused', () => {
    const accepted: number[] = [];
    for (let place = 0; place < statement.length; place += 1) {
      const changed = Buffer.from(statement);
      changed[place] = (changed[place] ?? 0) ^ (1 << (place % 8));
      if (judge({ statement: changed }).startsWith('HSM:')) accepted.push(place);
    }
    expect(accepted).toEqual([]);
    expect(statement.length).toBe(2112);
  });

  it('cut off or with something behind it is refused', () => {
    for (const length of [0, 15, 256, 1000, statement.length - 1]) {
      expect(judge({ statement: statement.subarray(0, length) })).not.toMatch(/^HSM:/);
    }
    expect(judge({ statement: Buffer.concat([statement, Buffer.alloc(1)]) })).not.toMatch(/^HSM:/);
  });

  // Every byte in the deep run; `npm test` takes every fifth.
  it('with any single byte of a certificate changed is refused', () => {
    const accepted: string[] = [];
    for (const [which, pem] of certificates.entries()) {
      const der = new X509Certificate(pem).raw;
      for (let place = 0; place < der.length; place += process.env['KEYRITE_DEEP'] === '1' ? 1 : 5) {
        const changed = Buffer.from(der);
        changed[place] = (changed[place] ?? 0) ^ (1 << (place % 8));
        const chain = certificates.with(which, pemOf(changed));
        if (judge({ certificates: chain }).startsWith('HSM:')) accepted.push(`${String(which)}:${String(place)}`);
      }
    }
    expect(accepted).toEqual([]);
  }, 120_000);

  it('without the maker’s or the owner’s certificates, or with those of the other in their place, is refused', () => {
    const [partition = '', card = '', byOwner = '', cardByOwner = ''] = certificates;
    expect(judge({ certificates: [] })).toBe('no certificate is of the key that signed the attestation');
    expect(judge({ certificates: [partition, card] })).toBe(
      'Google (Hawksbill Root v1 prod) does not vouch for the HSM that signed it',
    );
    expect(judge({ certificates: [partition, card, byOwner] })).toMatch(/^Google .* does not vouch/);
    expect(judge({ certificates: [partition, card, cardByOwner] })).toMatch(/^Google .* does not vouch/);
    expect(judge({ certificates: [byOwner] })).toMatch(/Marvell, does not vouch/);
    expect(judge({ certificates: [partition, byOwner] })).toMatch(/Marvell, does not vouch/);
    expect(judge({ certificates: [card] })).toBe('no certificate is of the key that signed the attestation');
  });

  it('of an owner with another root is refused, also where the root itself is among the certificates', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const foreign = {
      name: 'A foreign root',
      spki: publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    };
    expect(judge({ owner: foreign })).toBe('A foreign root does not vouch for the HSM that signed it');
    expect(judge({ owner: foreign, certificates: [...certificates, ...samples.roots] })).toMatch(/A foreign root/);
  });

  it('signed anew by somebody else is refused', () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const signed = statement.subarray(0, -256);
    const forged = Buffer.concat([signed, sign('sha256', signed, privateKey)]);
    expect(judge({ statement: forged })).toBe('no certificate is of the key that signed the attestation');
  });

  it('of another key is refused', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(judge({ spki: publicKey.export({ format: 'der', type: 'spki' }) })).toBe(
      'it is the attestation of another key',
    );
  });

  it('a key that was brought into the HSM is refused, though the attestation is in order', () => {
    const imported = readMarvellStatement(unpacked(samples.importedRsaKey.attestation));
    const [key] = imported.objects;
    const modulus = Buffer.from(key?.get(MODULUS) ?? []);
    const jwk = { kty: 'RSA', n: modulus.toString('base64url'), e: 'AQAB' };
    const own = createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'der', type: 'spki' });
    expect(createHash('sha256').update(own).digest()).toEqual(Buffer.from(key?.get(ATTESTED.spkiSha256) ?? []));
    expect(attestedKeyProblem(imported.objects, own)).toBe('the key was not made inside the HSM');
  });

  it('with any attribute that matters otherwise would be refused, had the HSM signed it', () => {
    const [publicObject, key] = objects;
    const told = (attribute: number, value: number): string | null =>
      attestedKeyProblem(
        [publicObject ?? new Map(), new Map([...(key ?? [])]).set(attribute, Uint8Array.of(value))],
        spki,
      );
    expect(attestedKeyProblem(objects, spki)).toBeNull();
    expect(told(ATTESTED.local, 0)).toBe('the key was not made inside the HSM');
    expect(told(ATTESTED.sensitive, 0)).toBe('the key can be read outside the HSM');
    expect(told(ATTESTED.extractable, 1)).toBe('the key can leave the HSM, or could once');
    expect(told(ATTESTED.neverExtractable, 0)).toBe('the key can leave the HSM, or could once');
    expect(told(ATTESTED.class, 4)).toBe('it attests not one private key');
    expect(attestedKeyProblem([], spki)).toBe('it attests not one private key');
  });
});

/** Google gives base64 of a gzip file. */
function unpacked(content: string): Buffer {
  return gunzipSync(Buffer.from(content, 'base64'));
}

function pemOf(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
