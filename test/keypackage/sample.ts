/** Sound wrapping parameters and a package made with them, for tests to spoil. */
import {
  createPublicKey,
  generateKeyPairSync,
  publicEncrypt,
  randomBytes,
  constants,
  type KeyObject,
} from 'node:crypto';
import { encryptNonce, type KeyProtectPackage, type KeyProtectParameters } from '../../ceremony/keypackage/key-protect';
import { buildKeyPackage } from '../../ceremony/keypackage/key-package';
import { publicKeySha256 } from '../../ceremony/keypackage/wrapping-key';
import { readWrappingParameters } from '../../ceremony/keypackage/wrapping-parameters';

/** An RSA-4096 pair made once per test file. */
export const PAIR: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync('rsa', {
  modulusLength: 4096,
});

/** Parameters for a public key; `nonce` is base64. */
export function sampleParameters(
  publicKey: KeyObject = PAIR.publicKey,
  changes: Partial<KeyProtectParameters> = {},
): KeyProtectParameters {
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  return {
    keyrite: 'wrapping-parameters/1',
    target: 'ibm-key-protect',
    service: { instance: '1d6a2f10-0000-4000-8000-000000000001', region: 'us-south' },
    purpose: { do: 'create', name: 'root-key-1' },
    algorithm: 'RSAES_OAEP_SHA_256',
    publicKey: spki.toString('base64'),
    publicKeySha256: publicKeySha256(spki),
    nonce: '6SB0nQ8ROUCPUiyF',
    expires: '2099-01-01T00:00:00Z',
    collected: { at: '2026-11-23T10:00:00.000Z', by: 'collector-1' },
    signature: null,
    ...changes,
  };
}

/** Wraps a key in software, as token or share process would, and builds the package. */
export function samplePackage(
  parameters: KeyProtectParameters,
  key: Uint8Array,
  options: { oaepHash?: string; nonce?: string; nonceKey?: Uint8Array } = {},
): KeyProtectPackage {
  const iv = randomBytes(12);
  const wrapped = publicEncrypt(
    {
      key: createPublicKey({ key: Buffer.from(parameters.publicKey, 'base64'), format: 'der', type: 'spki' }),
      padding: constants.RSA_PKCS1_OAEP_PADDING,
      oaepHash: options.oaepHash ?? 'sha256',
    },
    key,
  );
  const nonce = Buffer.from(options.nonce ?? parameters.nonce, 'base64');
  const made = buildKeyPackage({
    parameters,
    wrapped: wrapped.toString('base64'),
    iv: iv.toString('base64'),
    encryptedNonce: Buffer.from(encryptNonce(options.nonceKey ?? key, nonce, iv)).toString('base64'),
    checkValue: { algorithm: 'aes-cmac', value: '0102030405' },
    wrappedIn: 'token',
    ceremony: 'ceremony-1',
    line: 57,
  });
  if (made.target !== 'ibm-key-protect') throw new TypeError(`target: ${made.target}`);
  return made;
}

/** What the connected side collected, which is for Key Protect. */
export function keyProtectParameters(file: Uint8Array): KeyProtectParameters {
  const parameters = readWrappingParameters(file);
  if (parameters.target !== 'ibm-key-protect') throw new TypeError(`target: ${parameters.target}`);
  return parameters;
}

/** JSON as bytes. */
export function jsonBytes(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
