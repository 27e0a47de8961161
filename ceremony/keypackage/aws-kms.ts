/**
 * AWS KMS: GetParametersForImport gives a wrapping key and an import token, good for 24 hours and for each other only, and
 * others with every request. Symmetric keys are wrapped by RSAES_OAEP_SHA_256; RSA_AES_KEY_WRAP is documented for private keys.
 */
import * as v from 'valibot';
import { Base64 } from '../text-forms';
import { Ends, PACKAGE_ENTRIES, PARAMETERS_ENTRIES } from './file-entries';
import { lifeProblem, type TargetProfile } from './target-profile';

const HOURS = 24;

/** Base64 of at most 6144 bytes, which nobody but AWS reads. */
const ImportToken = v.pipe(Base64, v.minLength(4), v.maxLength(8192));

const KeyArn = v.pipe(
  v.string(),
  v.regex(
    /^arn:aws(?:-[a-z]{2,8}){0,2}:kms:[a-z0-9-]{1,32}:[0-9]{12}:key\/(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/,
    'expected the ARN of a key: arn:aws:kms:REGION:ACCOUNT:key/ID',
  ),
);

const place = {
  target: v.literal('aws-kms'),
  service: v.strictObject({
    region: v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,32}$/, 'expected the name of a region')),
    importToken: ImportToken,
  }),
  /** The key is there already, with the origin EXTERNAL: create gives it its first material, rotate another. */
  purpose: v.strictObject({ do: v.picklist(['create', 'rotate']), key: KeyArn }),
  algorithm: v.literal('RSAES_OAEP_SHA_256'),
  expires: Ends,
};

/** `wrapping-parameters.json` for AWS KMS. */
export const AwsParameters = v.strictObject({ ...PARAMETERS_ENTRIES, ...place });

/** `*.keypackage.json` for AWS KMS: `fields` is the request of ImportKeyMaterial. */
export const AwsPackage = v.strictObject({
  ...PACKAGE_ENTRIES,
  ...place,
  fields: v.strictObject({
    KeyId: KeyArn,
    ImportToken,
    /** 384 or 512 bytes, by the length of the wrapping key. */
    EncryptedKeyMaterial: v.pipe(Base64, v.minLength(512), v.maxLength(684)),
    /** Unless it is said, material ends, and AWS deletes it. */
    ExpirationModel: v.literal('KEY_MATERIAL_DOES_NOT_EXPIRE'),
    /** Of a rotation only. */
    ImportType: v.exactOptional(v.literal('NEW_KEY_MATERIAL')),
  }),
});

/** See {@link TargetProfile}. */
export const AWS: TargetProfile<v.InferOutput<typeof AwsParameters>, v.InferOutput<typeof AwsPackage>['fields']> = {
  bits: [3072, 4096],
  problem: (parameters) => {
    if (parameters.purpose.key.split(':')[3] !== parameters.service.region) {
      return { path: 'purpose.key', problem: `expected a key in the region ${parameters.service.region}` };
    }
    return lifeProblem(parameters, HOURS, 'AWS KMS');
  },
  wrapping: () => ({ form: 'oaep', oaep: 'sha256', nonce: null }),
  fields: ({ service, purpose }, { wrapped }) => ({
    KeyId: purpose.key,
    ImportToken: service.importToken,
    EncryptedKeyMaterial: wrapped,
    ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
    ...(purpose.do === 'rotate' ? { ImportType: 'NEW_KEY_MATERIAL' } : {}),
  }),
  wrappedIn: ({ EncryptedKeyMaterial }) => EncryptedKeyMaterial,
  notice:
    'AWS KMS gives every request a wrapping key of its own and attests none, so that nobody else can fetch this one and ' +
    'compare: that it is AWS’s rests on the machine that collected it. AWS keeps no lasting copy of imported material.',
};
