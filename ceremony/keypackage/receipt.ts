/** `receipt.json`: what the service answered to an upload; it returns to the evidence as an addendum (DESIGN.md section 9). */
import * as v from 'valibot';
import { canonicalBytes } from '../canonical-json';
import { PAYLOAD_TYPES, type SigningKey } from '../command/dsse';
import { Id, Instant, Name, Sha256Hex } from '../text-forms';
import { FileSignature, bytesToSign, isSignedBy } from './file-signature';
import { KeyProtectKeyId, KeyProtectPurpose, KeyProtectService } from './key-protect';
import { RecordError, readRecord } from './read-record';

/** Schema of `receipt.json`. Unknown members are refused. */
export const Receipt = v.strictObject({
  format: v.literal('keyrite-receipt/1'),
  ceremony: Id,
  /** A signed receipt says it; a package does not know it. */
  mode: v.exactOptional(v.picklist(['rehearsal', 'production'])),
  /** SHA-256 of the key package's file. */
  package: v.strictObject({ sha256: Sha256Hex }),
  /** `upload` knows Key Protect only, in this version. */
  target: v.picklist(['ibm-key-protect']),
  service: KeyProtectService,
  purpose: KeyProtectPurpose,
  publicKeySha256: Sha256Hex,
  /** The key at the service; `version` null where the service names none. */
  key: v.strictObject({ id: KeyProtectKeyId, version: v.nullable(KeyProtectKeyId) }),
  /**
   * `accepted`: the service answered the request with success. `found`: no answer came, or it came to an earlier run,
   * and the service was read: for a new key its description names the package, for a rotation its version is another.
   */
  outcome: v.picklist(['accepted', 'found']),
  at: Instant,
  /** The answer that this rests on: HTTP status and SHA-256 of the body's bytes. */
  response: v.strictObject({
    status: v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(299)),
    sha256: Sha256Hex,
    correlation: Name,
  }),
  signature: v.nullable(FileSignature),
});

/** A receipt. */
export type Receipt = v.InferOutput<typeof Receipt>;

/** The file is not usable as a receipt; the message names the member by its dotted path. */
export class ReceiptError extends RecordError {
  override readonly name = 'ReceiptError';

  constructor(path: string, problem: string) {
    super('receipt', path, problem);
  }
}

/**
 * Reads `receipt.json`.
 *
 * @param bytes the whole file, at most 64 KiB
 * @throws ReceiptError and nothing else
 */
export function readReceipt(bytes: Uint8Array): Receipt {
  return readRecord(bytes, Receipt, (path, problem) => new ReceiptError(path, problem));
}

/** The file's bytes: RFC 8785 form and one line feed. */
export function receiptFile(receipt: Receipt): Uint8Array {
  return Buffer.concat([canonicalBytes(receipt), Buffer.from('\n')]);
}

/** The bytes a collector signs. */
export function receiptToSign(receipt: Receipt): Uint8Array {
  return bytesToSign(PAYLOAD_TYPES.receipt, receipt);
}

/** Whether the receipt carries a valid signature by this key; false when it carries none. */
export function receiptSignedBy(receipt: Receipt, key: SigningKey): boolean {
  return isSignedBy(PAYLOAD_TYPES.receipt, receipt, key);
}
