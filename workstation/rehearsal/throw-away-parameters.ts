/** Wrapping parameters as a service of each kind would give them, with a wrapping key whose private half nobody keeps. */
import { generateKeyPair, randomBytes, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { TargetName } from '../../ceremony/keypackage/target-names';
import type { WrappingParameters } from '../../ceremony/keypackage/targets';
import { publicKeySha256 } from '../../ceremony/keypackage/wrapping-key';
import type { Purpose } from './connected-side';

const HOUR = 3_600_000;
const INSTANCE = '00000000-0000-4000-8000-000000000000';

/** Parameters of a target with a new wrapping key. */
export async function throwAwayParameters(target: TargetName, purpose: Purpose): Promise<WrappingParameters> {
  const { publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 4096 });
  return parametersWith(publicKey, target, purpose);
}

/** Parameters of a target with a wrapping key of 4096 bits; good for an hour where its parameters end at all. */
export function parametersWith(publicKey: KeyObject, target: TargetName, purpose: Purpose): WrappingParameters {
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  const now = Date.now();
  const expires = new Date(now + HOUR).toISOString();
  const common = {
    keyrite: 'wrapping-parameters/1' as const,
    publicKey: spki.toString('base64'),
    publicKeySha256: publicKeySha256(spki),
    collected: { at: new Date(now).toISOString(), by: 'rehearsal' },
    signature: null,
  };
  const nonce = randomBytes(12).toString('base64');
  const service = { instance: INSTANCE, region: 'us-south' };
  const name = purpose.do === 'create' ? purpose.name : purpose.key;
  const of = { do: purpose.do, name };
  const ring = 'projects/rehearsal/locations/global/keyRings/rehearsal';
  switch (target) {
    case 'ibm-key-protect':
      return { ...common, target, service, purpose, algorithm: 'RSAES_OAEP_SHA_256', nonce, expires };
    case 'ibm-hpcs':
      return { ...common, target, service, purpose, algorithm: 'RSAES_OAEP_SHA_1', nonce, expires };
    case 'aws-kms': {
      const region = 'eu-central-1';
      const place = { region, importToken: randomBytes(1024).toString('base64') };
      const key = `arn:aws:kms:${region}:000000000000:key/${INSTANCE}`;
      const algorithm = 'RSAES_OAEP_SHA_256';
      return { ...common, target, service: place, purpose: { do: purpose.do, key }, algorithm, expires };
    }
    case 'google-cloud-kms':
      return {
        ...common,
        target,
        service: { importJob: `${ring}/importJobs/rehearsal`, protectionLevel: 'SOFTWARE' },
        purpose: { do: purpose.do, key: `${ring}/cryptoKeys/${name}` },
        algorithm: 'RSA_OAEP_4096_SHA256_AES_256',
        expires,
      };
    case 'azure-key-vault': {
      const kid = `https://rehearsal.managedhsm.azure.net/keys/exchange/${'0'.repeat(32)}`;
      const kek = { kid, keyOps: ['import' as const] };
      return { ...common, target, service: kek, purpose: of, algorithm: 'CKM_RSA_AES_KEY_WRAP', expires: null };
    }
    case 'openbao-transit': {
      const engine = { address: 'https://openbao.example', mount: 'transit' };
      const algorithm = 'RSA_OAEP_4096_SHA256_AES_256_KWP';
      return { ...common, target, service: engine, purpose: of, algorithm, expires: null };
    }
    case 'cms': {
      const algorithm = 'RSAES_OAEP_SHA_256_AES_256_CBC';
      return { ...common, target, service: { recipient: 'Rehearsal' }, purpose: of, algorithm, expires: null };
    }
  }
}
