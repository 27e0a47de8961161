/**
 * Google Cloud KMS: an import job wraps for three days and for any number of keys (google/cloud/kms/v1, resources.proto).
 * Its two direct methods and its post-quantum ones are not used here. Jobs of protection level HSM come with an attestation.
 */
import * as v from 'valibot';
import { Base64 } from '../text-forms';
import { Ends, PACKAGE_ENTRIES, PARAMETERS_ENTRIES } from './file-entries';
import { lifeProblem, type TargetProfile } from './target-profile';

/** CKM_RSA_AES_KEY_WRAP with SHA-256, by the length of the job's key. The SHA-1 methods are refused. */
export const GOOGLE_METHODS = ['RSA_OAEP_3072_SHA256_AES_256', 'RSA_OAEP_4096_SHA256_AES_256'] as const;

const HOURS = 72;

const resource = (kind: string) =>
  v.pipe(
    v.string(),
    v.regex(
      new RegExp(
        `^projects/[a-z0-9:.-]{1,63}/locations/[a-z0-9-]{1,63}/keyRings/[A-Za-z0-9_-]{1,63}/${kind}/[A-Za-z0-9_-]{1,63}$`,
      ),
      `expected a resource name projects/P/locations/L/keyRings/R/${kind}/NAME`,
    ),
  );

const place = {
  target: v.literal('google-cloud-kms'),
  service: v.strictObject({
    importJob: resource('importJobs'),
    /** Of the job, which the key's must equal. */
    protectionLevel: v.picklist(['HSM', 'SOFTWARE']),
  }),
  /** Both are `cryptoKeyVersions:import`; the key itself must be there already. */
  purpose: v.strictObject({ do: v.picklist(['create', 'rotate']), key: resource('cryptoKeys') }),
  algorithm: v.picklist(GOOGLE_METHODS),
  expires: Ends,
};

/** `wrapping-parameters.json` for Google Cloud KMS. */
export const GoogleParameters = v.strictObject({ ...PARAMETERS_ENTRIES, ...place });

/** `*.keypackage.json` for Google Cloud KMS. */
export const GooglePackage = v.strictObject({
  ...PACKAGE_ENTRIES,
  ...place,
  fields: v.strictObject({
    algorithm: v.literal('GOOGLE_SYMMETRIC_ENCRYPTION'),
    importJob: resource('importJobs'),
    /** 424 or 552 bytes, by the method. */
    wrappedKey: v.pipe(Base64, v.minLength(568), v.maxLength(736)),
  }),
});

/** See {@link TargetProfile}. */
export const GOOGLE: TargetProfile<
  v.InferOutput<typeof GoogleParameters>,
  v.InferOutput<typeof GooglePackage>['fields']
> = {
  bits: [3072, 4096],
  problem: (parameters, bits) => {
    if (!parameters.algorithm.includes(`_${String(bits)}_`)) {
      return { path: 'algorithm', problem: `expected the method of the key, which has ${String(bits)} bits` };
    }
    return lifeProblem(parameters, HOURS, 'Google Cloud KMS');
  },
  wrapping: () => ({ form: 'oaep-kwp', oaep: 'sha256', nonce: null }),
  fields: ({ service }, { wrapped }) => ({
    algorithm: 'GOOGLE_SYMMETRIC_ENCRYPTION',
    importJob: service.importJob,
    wrappedKey: wrapped,
  }),
  wrappedIn: ({ wrappedKey }) => wrappedKey,
  notice: null,
};
