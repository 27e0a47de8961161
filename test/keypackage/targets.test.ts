/** Packages for every target, opened by other people's programs: OpenSSL, Python's cryptography, Java. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { decryptNonceCbc, encryptNonceCbc } from '../../ceremony/keypackage/hpcs';
import { buildKeyPackage, keyPackageFile, readKeyPackage, wrappedKeyIn } from '../../ceremony/keypackage/key-package';
import { TARGET_NAMES, type TargetName } from '../../ceremony/keypackage/target-names';
import type { KeyPackage, WrappingParameters } from '../../ceremony/keypackage/targets';
import {
  WrappingParametersError,
  collectorDifference,
  expiryProblem,
  readWrappingParameters,
  targetNotice,
  wrappingOf,
  wrappingParametersFile,
} from '../../ceremony/keypackage/wrapping-parameters';
import { sealKey, sealNonce } from '../../hsm/shares/seal-for-target';
import { parametersWith } from '../../workstation/rehearsal/throw-away-parameters';
import { jsonBytes } from './sample';

const place = mkdtempSync(join(tmpdir(), 'keyrite-targets-'));
afterAll(() => {
  rmSync(place, { recursive: true });
});
const PAIRS = [3072, 4096].map((bits) => generateKeyPairSync('rsa', { modulusLength: bits }));
const [SHORT, LONG] = PAIRS as [(typeof PAIRS)[0], (typeof PAIRS)[0]];
const key = randomBytes(32);
const ARN = 'arn:aws:kms:eu-central-1:000000000000:key/mrk-00000000000040008000000000000000';

function fileOf(name: string, content: Uint8Array | string): string {
  const path = join(place, name);
  writeFileSync(path, content);
  return path;
}

const pemOf = (privateKey: KeyObject): string =>
  fileOf('private.pem', privateKey.export({ format: 'pem', type: 'pkcs8' }));

/** Parameters of a target with a key that is known here. */
function parametersFor(target: TargetName, { publicKey } = LONG): WrappingParameters {
  return parametersWith(publicKey, target, { do: 'create', name: 'root-key-1' });
}

/** A package as the share process makes its parts. */
function packageFor(parameters: WrappingParameters): KeyPackage {
  const { form, oaep, bits, nonce } = wrappingOf(parameters);
  const wrapped = sealKey({ spki: parameters.publicKey, bits, oaep }, form, key).toString('base64');
  const made = buildKeyPackage({
    parameters,
    wrapped,
    ...(nonce === null ? {} : sealNonce(key, nonce)),
    checkValue: { algorithm: 'aes-cmac', value: '0102030405' },
    wrappedIn: 'share-process',
    ceremony: 'ceremony-1',
    line: 57,
  });
  expect(wrappedKeyIn(made)).toBe(wrapped);
  expect(readKeyPackage(keyPackageFile(made))).toEqual(made);
  return made;
}

const openssl = (...args: string[]): Buffer => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });

function oaepByOpenssl(blob: Buffer, hash: string, privateKey: KeyObject): Buffer {
  const options = ['rsa_padding_mode:oaep', `rsa_oaep_md:${hash}`, `rsa_mgf1_md:${hash}`];
  const file = fileOf('oaep.bin', blob);
  const keyFile = pemOf(privateKey);
  return openssl('pkeyutl', '-decrypt', '-inkey', keyFile, '-in', file, ...options.flatMap((one) => ['-pkeyopt', one]));
}

/** CKM_RSA_AES_KEY_WRAP by OpenSSL: split at the modulus. */
function unwrapByOpenssl(blob: Buffer, bits: number, hash: string, privateKey: KeyObject): Buffer {
  const oneTime = oaepByOpenssl(blob.subarray(0, bits / 8), hash, privateKey);
  const file = fileOf('kwp.bin', blob.subarray(bits / 8));
  const how = ['-d', '-id-aes256-wrap-pad', '-K', oneTime.toString('hex'), '-iv', 'a65959a6'];
  return openssl('enc', ...how, '-in', file);
}

const PYTHON = `
import sys
from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import padding
key = serialization.load_pem_private_key(open(sys.argv[1], "rb").read(), None)
blob = open(sys.argv[2], "rb").read()
h = getattr(hashes, sys.argv[3])()
one = key.decrypt(blob[:key.key_size // 8], padding.OAEP(padding.MGF1(h), h, None))
sys.stdout.write(keywrap.aes_key_unwrap_with_padding(one, blob[key.key_size // 8:]).hex())
`;

const JAVA = `
import java.nio.file.*; import java.security.*; import java.security.spec.*; import java.util.*;
import javax.crypto.*; import javax.crypto.spec.*;
class Unwrap {
  public static void main(String[] a) throws Exception {
    PrivateKey key = KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(Files.readAllBytes(Path.of(a[0]))));
    byte[] blob = Files.readAllBytes(Path.of(a[1]));
    int n = Integer.parseInt(a[3]) / 8;
    Cipher oaep = Cipher.getInstance("RSA/ECB/OAEPPadding");
    oaep.init(Cipher.DECRYPT_MODE, key, new OAEPParameterSpec(a[2], "MGF1", new MGF1ParameterSpec(a[2]), PSource.PSpecified.DEFAULT));
    SecretKey one = new SecretKeySpec(oaep.doFinal(Arrays.copyOf(blob, n)), "AES");
    Cipher kwp = Cipher.getInstance("AES/KWP/NoPadding");
    kwp.init(Cipher.UNWRAP_MODE, one);
    Key got = kwp.unwrap(Arrays.copyOfRange(blob, n, blob.length), "AES", Cipher.SECRET_KEY);
    System.out.print(HexFormat.of().formatHex(got.getEncoded()));
  }
}
`;

describe.each([
  ['google-cloud-kms', 'sha256'],
  ['azure-key-vault', 'sha1'],
  ['openbao-transit', 'sha256'],
] as const)('a package for %s', (target, hash) => {
  it('is opened by OpenSSL, by Python and by Java', { timeout: 60_000 }, () => {
    const blob = Buffer.from(wrappedKeyIn(packageFor(parametersFor(target))), 'base64');
    expect(blob).toHaveLength(552);
    expect(unwrapByOpenssl(blob, 4096, hash, LONG.privateKey)).toEqual(key);
    const file = fileOf('blob.bin', blob);
    const python = fileOf('unwrap.py', PYTHON);
    const byPython = execFileSync('python3', [python, pemOf(LONG.privateKey), file, hash.toUpperCase()]);
    expect(byPython.toString()).toBe(key.toString('hex'));
    if (!existsSync('/usr/bin/java')) return;
    const der = fileOf('private.der', LONG.privateKey.export({ format: 'der', type: 'pkcs8' }));
    const java = fileOf('Unwrap.java', JAVA);
    const name = hash === 'sha1' ? 'SHA-1' : 'SHA-256';
    expect(execFileSync('/usr/bin/java', [java, der, file, name, '4096']).toString()).toBe(key.toString('hex'));
  });

  it('has another one-time key each time', () => {
    const parameters = parametersFor(target);
    const [one, other] = [packageFor(parameters), packageFor(parameters)].map((made) =>
      unwrapOneTime(Buffer.from(wrappedKeyIn(made), 'base64'), hash),
    );
    expect(one).toHaveLength(32);
    expect(one).not.toEqual(other);
  });
});

function unwrapOneTime(blob: Buffer, hash: string): Buffer {
  return oaepByOpenssl(blob.subarray(0, 512), hash, LONG.privateKey);
}

describe('the fields that are sent', () => {
  it('HPCS: OAEP with SHA-1, the nonce by CBC, lengths as documented', () => {
    const parameters = parametersFor('ibm-hpcs');
    const made = packageFor(parameters);
    if (made.target !== 'ibm-hpcs' || parameters.target !== 'ibm-hpcs') throw new TypeError(made.target);
    const { payload, iv, encryptedNonce, encryptionAlgorithm } = made.fields;
    expect([payload.length, iv.length, encryptedNonce.length]).toEqual([684, 24, 24]);
    expect(encryptionAlgorithm).toBe('RSAES_OAEP_SHA_1');
    expect(oaepByOpenssl(Buffer.from(payload, 'base64'), 'sha1', LONG.privateKey)).toEqual(key);
    const hexIv = Buffer.from(iv, 'base64').toString('hex');
    const file = fileOf('nonce.bin', Buffer.from(encryptedNonce, 'base64'));
    const nonce = openssl('enc', '-d', '-aes-256-cbc', '-K', key.toString('hex'), '-iv', hexIv, '-in', file);
    expect(nonce.toString('base64')).toBe(parameters.nonce);
    expect(targetNotice(parameters)).toContain('2027-03-28');
  });

  it('the nonce by CBC, with the answer that was computed elsewhere', () => {
    const [material, nonce] = ['DL4Avc1yL7DhclfV9Uksvzy8VkYIKWZA9InYQv/iiro=', '6SB0nQ8ROUCPUiyF'].map((one) =>
      Buffer.from(one, 'base64'),
    ) as [Buffer, Buffer];
    const iv = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
    const encrypted = encryptNonceCbc(material, nonce, iv);
    expect(Buffer.from(encrypted).toString('base64')).toBe('AOaU5F4WFyRrQxquiBsHlw==');
    expect(decryptNonceCbc(material, encrypted, iv)).toEqual(nonce);
    expect(() => encryptNonceCbc(material, Buffer.from('6SB0nQ8ROUCPUiyF'), iv)).toThrow(
      new RangeError('nonce: expected 12 bytes, got 16'),
    );
  });

  it('AWS: the request of ImportKeyMaterial, with the token that goes with the key, and kept without an end', () => {
    for (const pair of PAIRS) {
      const parameters = parametersFor('aws-kms', pair);
      const made = packageFor(parameters);
      if (made.target !== 'aws-kms' || parameters.target !== 'aws-kms') throw new TypeError(made.target);
      expect(made.fields).toEqual({
        KeyId: parameters.purpose.key,
        ImportToken: parameters.service.importToken,
        EncryptedKeyMaterial: wrappedKeyIn(made),
        ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
      });
      const blob = Buffer.from(made.fields.EncryptedKeyMaterial, 'base64');
      expect(oaepByOpenssl(blob, 'sha256', pair.privateKey)).toEqual(key);
      expect(() => oaepByOpenssl(blob, 'sha1', pair.privateKey)).toThrow();
    }
    const rotation = { ...parametersFor('aws-kms'), purpose: { do: 'rotate', key: ARN } } as WrappingParameters;
    expect(packageFor(rotation).fields).toMatchObject({ ImportType: 'NEW_KEY_MATERIAL' });
    expect(targetNotice(rotation)).toContain('rests on the machine that collected it');
  });

  it('Google: wrappedKey and importJob, 424 bytes under a key of 3072 bits', () => {
    const parameters = parametersFor('google-cloud-kms', SHORT);
    if (parameters.target !== 'google-cloud-kms') throw new TypeError(parameters.target);
    const made = packageFor({ ...parameters, algorithm: 'RSA_OAEP_3072_SHA256_AES_256' });
    expect(Buffer.from(wrappedKeyIn(made), 'base64')).toHaveLength(424);
    expect(made.fields).toMatchObject({
      algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION',
      importJob: parameters.service.importJob,
    });
  });

  it('Azure: the .byok file, its ciphertext in base64url without padding', () => {
    const parameters = parametersFor('azure-key-vault', SHORT);
    const { fields } = packageFor(parameters);
    if (!('header' in fields)) throw new TypeError('no .byok');
    expect(Object.keys(fields).toSorted()).toEqual(['ciphertext', 'generator', 'header', 'schema_version']);
    expect(fields.header).toEqual({
      kid: (parameters.service as { kid: string }).kid,
      alg: 'dir',
      enc: 'CKM_RSA_AES_KEY_WRAP',
    });
    expect(fields.ciphertext).toMatch(/^[A-Za-z0-9_-]{566}$/);
    expect(unwrapByOpenssl(Buffer.from(fields.ciphertext, 'base64url'), 3072, 'sha1', SHORT.privateKey)).toEqual(key);
  });

  it('CMS: opened by openssl cms, by the key alone', () => {
    for (const pair of PAIRS) {
      const made = packageFor(parametersFor('cms', pair));
      if (made.target !== 'cms') throw new TypeError(made.target);
      const file = fileOf('message.der', Buffer.from(made.fields.enveloped, 'base64'));
      const args = ['-decrypt', '-inform', 'DER', '-binary', '-in', file, '-inkey', pemOf(pair.privateKey)];
      expect(openssl('cms', ...args)).toEqual(key);
    }
  });

  it('no base64 has line breaks', () => {
    for (const target of TARGET_NAMES) {
      expect(JSON.stringify(packageFor(parametersFor(target)))).not.toMatch(/\\[nr]/);
    }
  });
});

describe('parameters that would go wrong at the service', () => {
  const refusal = (value: unknown): string => {
    try {
      readWrappingParameters(jsonBytes(value));
      return 'accepted';
    } catch (error) {
      if (error instanceof WrappingParametersError) return error.message.replace('wrapping parameters: ', '');
      throw error;
    }
  };

  it('are refused by name', () => {
    for (const target of TARGET_NAMES) expect(refusal(parametersFor(target))).toBe('accepted');
    const azure = parametersFor('azure-key-vault');
    const kid = (azure.service as { kid: string }).kid;
    const google = parametersFor('google-cloud-kms');
    const aws = parametersFor('aws-kms');
    const service = (changes: object, of: WrappingParameters): unknown => ({
      ...of,
      service: { ...of.service, ...changes },
    });
    const cases: [unknown, string][] = [
      [
        service({ kid: kid.slice(0, -33) }, azure),
        'service.kid: expected the identifier, with its version, of a key of a Managed HSM: a Key Vault takes no AES keys',
      ],
      [
        service({ kid: kid.replace('managedhsm', 'vault') }, azure),
        'service.kid: expected the identifier, with its version, of a key of a Managed HSM: a Key Vault takes no AES keys',
      ],
      [service({ keyOps: ['import', 'wrapKey'] }, azure), 'service.keyOps.1: expected "import", got "wrapKey"'],
      [
        { ...google, algorithm: 'RSA_OAEP_3072_SHA256_AES_256' },
        'algorithm: expected the method of the key, which has 4096 bits',
      ],
      [
        { ...google, expires: new Date(Date.now() + 80 * 3_600_000).toISOString() },
        'expires: expected at most 72 hours after collected.at, as Google Cloud KMS has it',
      ],
      [service({ region: 'us-east-1' }, aws), 'purpose.key: expected a key in the region us-east-1'],
      [
        { ...aws, expires: new Date(Date.now() + 25 * 3_600_000).toISOString() },
        'expires: expected at most 24 hours after collected.at, as AWS KMS has it',
      ],
      [
        { ...aws, purpose: { do: 'create', key: 'alias/root' } },
        'purpose.key: expected the ARN of a key: arn:aws:kms:REGION:ACCOUNT:key/ID',
      ],
      [service({ offering: 'dedicated' }, parametersFor('ibm-hpcs')), 'service.offering: not a known member'],
    ];
    for (const [value, message] of cases) expect(refusal(value)).toBe(message);
    for (const weak of ['RSAES_OAEP_SHA_1', 'RSAES_PKCS1_V1_5'])
      expect(refusal({ ...aws, algorithm: weak })).toMatch(/^algorithm: expected/);
    expect(refusal({ ...google, algorithm: 'RSA_OAEP_4096_SHA1_AES_256' })).toMatch(/^algorithm: expected/);
  });

  it('without an end never expire, and are compared member by member', () => {
    const azure = parametersFor('azure-key-vault');
    expect(expiryProblem(azure, '2099-01-01T00:00:00.000Z')).toBeNull();
    expect(collectorDifference(azure, readWrappingParameters(wrappingParametersFile(azure)))).toBeNull();
    const kid = (azure.service as { kid: string }).kid.replace(/.$/, '1');
    expect(collectorDifference(azure, { ...azure, service: { ...azure.service, kid } } as WrappingParameters)).toBe(
      'service.kid',
    );
    expect(collectorDifference(azure, { ...azure, expires: '2099-01-01T00:00:00Z' })).toBe('expires');
  });
});
