/** What each mechanism that may mean AES key wrap gives for the published key; the answers tell what a module means by it. */
import { createCipheriv } from 'node:crypto';
import type { MechanismName } from './mechanisms';
import { KEY_WRAP } from './probe-vectors';

/** Name of the question, the mechanism, and the answer that says yes. */
export const KEY_WRAPS: readonly (readonly [string, MechanismName, Uint8Array])[] = [
  ['CKM_AES_KEY_WRAP', 'CKM_AES_KEY_WRAP', KEY_WRAP.answer],
  ['CKM_AES_KEY_WRAP_PAD as RFC 5649', 'CKM_AES_KEY_WRAP_PAD', wrapRfc5649()],
  ['CKM_AES_KEY_WRAP_PAD as RFC 3394 with PKCS #7', 'CKM_AES_KEY_WRAP_PAD', wrapPkcs7()],
  ['CKM_AES_KEY_WRAP_KWP', 'CKM_AES_KEY_WRAP_KWP', wrapRfc5649()],
];

function wrapRfc5649(): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(KEY_WRAP.wrapped.length);
  return rfc3394(Buffer.concat([Buffer.from('a65959a6', 'hex'), length]), KEY_WRAP.wrapped);
}

function wrapPkcs7(): Buffer {
  return rfc3394(Buffer.alloc(8, 0xa6), Buffer.concat([KEY_WRAP.wrapped, Buffer.alloc(8, 8)]));
}

/** The wrapping of RFC 3394 section 2.2.1 under the published key, with any initial value. For answers only: no secrets. */
function rfc3394(initial: Uint8Array, plaintext: Uint8Array): Buffer {
  const blocks = plaintext.length / 8;
  let register = Buffer.from(initial);
  const rest = Buffer.from(plaintext);
  for (let round = 0; round < 6; round += 1) {
    for (let block = 0; block < blocks; block += 1) {
      const cipher = createCipheriv('aes-256-ecb', KEY_WRAP.wrapping, null).setAutoPadding(false);
      const out = cipher.update(Buffer.concat([register, rest.subarray(block * 8, block * 8 + 8)]));
      register = out.subarray(0, 8);
      const counter = blocks * round + block + 1;
      register.writeUInt32BE((register.readUInt32BE(4) ^ counter) >>> 0, 4);
      out.copy(rest, block * 8, 8, 16);
    }
  }
  return Buffer.concat([register, rest]);
}
