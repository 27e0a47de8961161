/** Anything else that opens a CMS message (RFC 5652): EnvelopedData for one RSA key, such as `openssl cms -decrypt` reads. */
import * as v from 'valibot';
import { Base64, Name } from '../text-forms';
import { EndsOrNot, PACKAGE_ENTRIES, PARAMETERS_ENTRIES } from './file-entries';
import type { TargetProfile } from './target-profile';

const place = {
  target: v.literal('cms'),
  service: v.strictObject({ recipient: Name }),
  purpose: v.strictObject({ do: v.picklist(['create', 'rotate']), name: Name }),
  algorithm: v.literal('RSAES_OAEP_SHA_256_AES_256_CBC'),
  expires: EndsOrNot,
};

/** `wrapping-parameters.json` for a recipient of CMS messages. */
export const CmsParameters = v.strictObject({ ...PARAMETERS_ENTRIES, ...place });

/** `*.keypackage.json` for a recipient of CMS messages. */
export const CmsPackage = v.strictObject({
  ...PACKAGE_ENTRIES,
  ...place,
  fields: v.strictObject({
    contentType: v.literal('application/cms'),
    /** DER of a ContentInfo. */
    enveloped: v.pipe(Base64, v.minLength(700), v.maxLength(1200)),
  }),
});

/** See {@link TargetProfile}. */
export const CMS: TargetProfile<v.InferOutput<typeof CmsParameters>, v.InferOutput<typeof CmsPackage>['fields']> = {
  bits: [3072, 4096],
  problem: () => null,
  wrapping: () => ({ form: 'cms', oaep: 'sha256', nonce: null }),
  fields: (_parameters, { wrapped }) => ({ contentType: 'application/cms', enveloped: wrapped }),
  wrappedIn: ({ enveloped }) => enveloped,
  notice: null,
};
