/**
 * The request for a timestamp over the last checkpoint, to be carried to a time-stamping authority: DER of a TimeStampReq
 * (RFC 3161 section 2.4.1), version 1, SHA-256, certReq TRUE, no policy and no nonce. So it follows from the checkpoint,
 * and verifiers make it anew and compare bytes.
 */
import { createHash } from 'node:crypto';

/** AlgorithmIdentifier of SHA-256, parameters NULL, as `openssl ts -query` writes it. */
const SHA256 = Buffer.from('300d06096086480165030402010500', 'hex');

const TAG = { boolean: 0x01, integer: 0x02, octetString: 0x04, sequence: 0x30 } as const;

/** The 59 bytes of a request over a checkpoint file's bytes. The same as `openssl ts -query -sha256 -cert -no_nonce`. */
export function timestampRequest(checkpoint: Uint8Array): Uint8Array {
  const imprint = createHash('sha256').update(checkpoint).digest();
  return element(
    TAG.sequence,
    element(TAG.integer, Buffer.from([1])),
    element(TAG.sequence, SHA256, element(TAG.octetString, imprint)),
    element(TAG.boolean, Buffer.from([0xff])),
  );
}

/** One DER element of fewer than 128 bytes. */
function element(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const whole = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag, whole.length]), whole]);
}
