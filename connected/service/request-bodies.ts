/** What the service takes in, strict as Key Protect is: an unknown member is a BAD_BODY_ERR. */
import * as v from 'valibot';
import { KeyProtectName } from '../../ceremony/keypackage/key-protect';
import { UtcTime } from '../../ceremony/keypackage/utc-time';
import { ServiceFault } from './fault';

const KEY_TYPE = 'application/vnd.ibm.kms.key+json';

const Total = v.pipe(v.number(), v.integer());
const Blob = v.pipe(v.string(), v.maxLength(8192));
const material = {
  payload: v.exactOptional(Blob),
  encryptedNonce: v.exactOptional(Blob),
  iv: v.exactOptional(Blob),
  encryptionAlgorithm: v.exactOptional(v.string()),
};

/** POST /api/v2/import_token: seconds and count. */
export const ImportTokenBody = v.strictObject({
  expiration: v.optional(v.pipe(v.number(), v.integer(), v.minValue(300), v.maxValue(86_400)), 600),
  maxAllowedRetrievals: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(500)), 1),
});

/** The one resource of POST /api/v2/keys. */
export const KeyBody = v.strictObject({
  type: v.literal(KEY_TYPE),
  name: KeyProtectName,
  extractable: v.optional(v.boolean(), true),
  description: v.exactOptional(v.pipe(v.string(), v.minLength(2), v.maxLength(240))),
  aliases: v.exactOptional(v.pipe(v.array(v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{2,90}$/))), v.maxLength(5))),
  expirationDate: v.exactOptional(UtcTime),
  ...material,
});
export type KeyBody = v.InferOutput<typeof KeyBody>;

/** POST /api/v2/keys/{id}/actions/rotate. */
export const RotateBody = v.strictObject(material);
export type RotateBody = v.InferOutput<typeof RotateBody>;

/** The keyCreateImportAccess policy; omitted attributes fall back to these defaults. */
export const ImportAccess = v.strictObject({
  create_root_key: v.optional(v.boolean(), true),
  create_standard_key: v.optional(v.boolean(), true),
  import_root_key: v.optional(v.boolean(), true),
  import_standard_key: v.optional(v.boolean(), true),
  enforce_token: v.optional(v.boolean(), false),
});
export type ImportAccess = v.InferOutput<typeof ImportAccess>;

/** The one resource of PUT /api/v2/instance/policies?policy=keyCreateImportAccess. */
export const PolicyBody = v.strictObject({
  policy_type: v.literal('keyCreateImportAccess'),
  policy_data: v.strictObject({ enabled: v.boolean(), attributes: v.optional(ImportAccess, {}) }),
});
export type PolicyBody = v.InferOutput<typeof PolicyBody>;

/**
 * The one resource of a collection.
 *
 * @throws ServiceFault when there is not exactly one, or the count is wrong
 */
export function onlyResource(
  body: unknown,
  collectionType: typeof KEY_TYPE | 'application/vnd.ibm.kms.policy+json',
): unknown {
  const { metadata, resources } = parseBody(
    v.strictObject({
      metadata: v.strictObject({ collectionType: v.literal(collectionType), collectionTotal: Total }),
      resources: v.array(v.unknown()),
    }),
    body,
  );
  if (metadata.collectionTotal !== resources.length) throw new ServiceFault('COLLECTION_TOTAL_MISMATCH_ERR');
  if (resources.length !== 1) throw new ServiceFault('NUM_COLLECTION_RESOURCE_ERR');
  return resources[0];
}

/**
 * A body that fits its schema.
 *
 * @throws ServiceFault `BAD_BODY_ERR` naming the member, never its value
 */
export function parseBody<S extends v.GenericSchema>(schema: S, body: unknown): v.InferOutput<S> {
  if (Array.isArray(body)) throw new ServiceFault('BAD_BODY_ERR', 'expected an object');
  const result = v.safeParse(schema, body);
  if (result.success) return result.output;
  throw new ServiceFault('BAD_BODY_ERR', v.getDotPath(result.issues[0]) ?? 'not the expected object');
}
