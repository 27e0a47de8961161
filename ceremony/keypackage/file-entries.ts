/** Members that wrapping parameters and key packages have whatever the target. */
import * as v from 'valibot';
import { Base64, Id, Instant, Name, Sha256Hex } from '../text-forms';
import { FileSignature } from './file-signature';
import { UtcTime } from './utc-time';

/** Who collected: a name in any script, on one line. */
export const CollectorName = Name;

/** Of `wrapping-parameters.json`, for every target. */
export const PARAMETERS_ENTRIES = {
  keyrite: v.literal('wrapping-parameters/1'),
  /** base64 DER SPKI. */
  publicKey: Base64,
  publicKeySha256: Sha256Hex,
  collected: v.strictObject({ at: Instant, by: CollectorName }),
  signature: v.nullable(FileSignature),
};

/** Of `*.keypackage.json`, for every target. */
export const PACKAGE_ENTRIES = {
  keyrite: v.literal('key-package/1'),
  /** The wrapping key: SHA-256 of its SPKI. */
  publicKeySha256: Sha256Hex,
  /** Of the wrapped AES key; never sent. */
  checkValue: v.strictObject({
    algorithm: v.literal('aes-cmac'),
    value: v.pipe(
      v.string(),
      v.regex(/^(?!0{10})[0-9a-f]{10}$/, 'expected 10 lower-case hex digits, not all of them zero'),
    ),
  }),
  /** `share-process`: the token lacked the mechanism, so the key was re-wrapped outside it. */
  wrappedIn: v.picklist(['token', 'share-process']),
  /** Ceremony that made it, and the number of the transcript line that tells of it. */
  ceremony: Id,
  line: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
};

/** When a service's wrapping key ends, where it does. */
export const Ends = UtcTime;

/** The same for services whose wrapping key has no end; null says so. */
export const EndsOrNot = v.nullable(UtcTime);
