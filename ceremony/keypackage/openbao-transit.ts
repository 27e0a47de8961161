/** OpenBao, and HashiCorp Vault: import into the transit engine. One wrapping key per mount, RSA-4096, without an end. */
import * as v from 'valibot';
import { Base64 } from '../text-forms';
import { EndsOrNot, PACKAGE_ENTRIES, PARAMETERS_ENTRIES } from './file-entries';
import type { TargetProfile } from './target-profile';

const place = {
  target: v.literal('openbao-transit'),
  service: v.strictObject({
    /** Base URL of the server. */
    address: v.pipe(v.string(), v.regex(/^https:\/\/[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?$/, 'expected https://HOST')),
    /** Path at which the engine is mounted. */
    mount: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,64}(?:\/[A-Za-z0-9_-]{1,64}){0,7}$/, 'expected a mount path')),
  }),
  /** create: `keys/NAME/import`; rotate: `keys/NAME/import_version`, which a rotation inside the server ends for good. */
  purpose: v.strictObject({
    do: v.picklist(['create', 'rotate']),
    name: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/, 'expected the name of a key')),
  }),
  algorithm: v.literal('RSA_OAEP_4096_SHA256_AES_256_KWP'),
  expires: EndsOrNot,
};

/** `wrapping-parameters.json` for a transit engine. */
export const OpenBaoParameters = v.strictObject({ ...PARAMETERS_ENTRIES, ...place });

/** `*.keypackage.json` for a transit engine. */
export const OpenBaoPackage = v.strictObject({
  ...PACKAGE_ENTRIES,
  ...place,
  fields: v.strictObject({
    /** 552 bytes. */
    ciphertext: v.pipe(Base64, v.length(736, 'expected 736 characters (552 bytes) of base64')),
    hash_function: v.literal('SHA256'),
    /** Of a new key only. */
    type: v.exactOptional(v.literal('aes256-gcm96')),
  }),
});

/** See {@link TargetProfile}. */
export const OPENBAO: TargetProfile<
  v.InferOutput<typeof OpenBaoParameters>,
  v.InferOutput<typeof OpenBaoPackage>['fields']
> = {
  bits: [4096],
  problem: () => null,
  wrapping: () => ({ form: 'oaep-kwp', oaep: 'sha256', nonce: null }),
  fields: ({ purpose }, { wrapped }) => ({
    ciphertext: wrapped,
    hash_function: 'SHA256',
    ...(purpose.do === 'create' ? { type: 'aes256-gcm96' } : {}),
  }),
  wrappedIn: ({ ciphertext }) => ciphertext,
  notice: null,
};
