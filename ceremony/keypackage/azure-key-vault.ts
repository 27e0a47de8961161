/**
 * Azure: the .byok file (Microsoft, "Bring your own key specification"), which the import call takes in `key_hsm`. AES keys
 * go into a Managed HSM only; Key Vault Premium has none. The key exchange key has no end unless one was set.
 */
import * as v from 'valibot';
import { EndsOrNot, PACKAGE_ENTRIES, PARAMETERS_ENTRIES } from './file-entries';
import type { TargetProfile } from './target-profile';

/** The only way of wrapping: OAEP with SHA-1 there, which Azure does not let be chosen. */
export const AZURE_ALGORITHM = 'CKM_RSA_AES_KEY_WRAP';

/** A key identifier with its version: without one, a key that was made anew would be taken for the old one. */
const KeyIdentifier = v.pipe(
  v.string(),
  v.regex(
    /^https:\/\/[a-z0-9-]{3,63}[.]managedhsm[.]azure[.]net\/keys\/[0-9A-Za-z-]{1,127}\/[0-9a-f]{32}$/,
    'expected the identifier, with its version, of a key of a Managed HSM: a Key Vault takes no AES keys',
  ),
);

const place = {
  target: v.literal('azure-key-vault'),
  service: v.strictObject({
    kid: KeyIdentifier,
    /** A key exchange key is good for nothing else. */
    keyOps: v.pipe(v.array(v.literal('import')), v.length(1, 'expected ["import"]')),
  }),
  /** An import onto a name that is there already makes a new version of that key, which is the rotation. */
  purpose: v.strictObject({
    do: v.picklist(['create', 'rotate']),
    name: v.pipe(v.string(), v.regex(/^[0-9A-Za-z-]{1,127}$/, 'expected a key name of letters, digits and hyphens')),
  }),
  algorithm: v.literal(AZURE_ALGORITHM),
  expires: EndsOrNot,
};

/** `wrapping-parameters.json` for Azure. */
export const AzureParameters = v.strictObject({ ...PARAMETERS_ENTRIES, ...place });

/** `*.keypackage.json` for Azure: `fields` is the .byok file. */
export const AzurePackage = v.strictObject({
  ...PACKAGE_ENTRIES,
  ...place,
  fields: v.strictObject({
    schema_version: v.literal('1.0.0'),
    header: v.strictObject({ kid: KeyIdentifier, alg: v.literal('dir'), enc: v.literal(AZURE_ALGORITHM) }),
    /** base64url without padding of 296, 424 or 552 bytes. */
    ciphertext: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{395,736}$/, 'expected base64url without padding')),
    generator: v.literal('Keyrite'),
  }),
});

type AzureFields = v.InferOutput<typeof AzurePackage>['fields'];

/** See {@link TargetProfile}. */
export const AZURE: TargetProfile<v.InferOutput<typeof AzureParameters>, AzureFields> = {
  bits: [3072, 4096],
  problem: () => null,
  wrapping: () => ({ form: 'oaep-kwp', oaep: 'sha1', nonce: null }),
  fields: ({ service }, { wrapped }) => ({
    schema_version: '1.0.0',
    header: { kid: service.kid, alg: 'dir', enc: AZURE_ALGORITHM },
    ciphertext: Buffer.from(wrapped, 'base64').toString('base64url'),
    generator: 'Keyrite',
  }),
  wrappedIn: ({ ciphertext }) => Buffer.from(ciphertext, 'base64url').toString('base64'),
  notice:
    'Azure takes keys wrapped by OAEP with SHA-1 only; that is sound for OAEP, and a rule against SHA-1 needs an exception.',
};
