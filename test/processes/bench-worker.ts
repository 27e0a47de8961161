/** A worker for the bench: the loop, the port and the PKCS#11 layer of the real one, and calls that can be counted. */
import { constants, publicEncrypt, createPublicKey, randomBytes } from 'node:crypto';
import { connection } from '../../hsm/connection';
import { CLASS, KEY_TYPE } from '../../hsm/pkcs11/attributes';
import type { ObjectHandle } from '../../hsm/pkcs11/handles';
import { oaep, plain } from '../../hsm/pkcs11/mechanisms';
import { Pkcs11Module } from '../../hsm/pkcs11/module';
import type { Session } from '../../hsm/pkcs11/session';
import { spkiOf } from '../../hsm/pkcs11/spki';
import { serve } from '../../hsm/serve';
import { BENCH_OPERATIONS, type Work } from './bench-table';

const LABEL = {
  ec: 'bench:ec',
  rsa: 'bench:rsa',
  wrapping: 'bench:wrapping',
  wrapped: 'bench:wrapped',
  text: 'bench:oaep',
};
/** OID of P-256, DER. */
const P256 = Buffer.from('06082a8648ce3d030107', 'hex');
const DIGEST = Buffer.alloc(32, 7);

let work: Readonly<Record<Work, () => void>> | null = null;
const { port, makeLink } = connection();

serve(
  BENCH_OPERATIONS,
  {
    open: ({ path, label, pin }) => {
      const module = Pkcs11Module.load(path);
      module.initialise(null);
      const token = module.tokens().find(({ info }) => info.label === label);
      if (token === undefined) throw new RangeError(`token: expected one labelled ${label}`);
      const session = module.openSession(token.slot);
      session.login('user', Buffer.from(pin));
      makeKeys(session);
      work = workOn(session);
      return null;
    },
    work: ({ what, count }) => {
      const one = work?.[what];
      if (one === undefined) throw new RangeError('work: expected an open token');
      const begun = process.hrtime.bigint();
      for (let done = 0; done < count; done += 1) one();
      return { nanoseconds: Number(process.hrtime.bigint() - begun) };
    },
    memory: () => {
      globalThis.gc?.();
      return { resident: process.memoryUsage.rss() };
    },
  },
  port,
  makeLink,
);

/** Keys that the C program finds by their labels; the ciphertext that both unwrap is a data object. */
function makeKeys(session: Session): void {
  if (session.find({ CKA_LABEL: LABEL.text }).length > 0) return;
  const kept = { CKA_TOKEN: true, CKA_PRIVATE: true };
  session.generateKeyPair(
    plain('CKM_EC_KEY_PAIR_GEN'),
    { CKA_TOKEN: true, CKA_PRIVATE: false, CKA_EC_PARAMS: P256, CKA_VERIFY: true },
    { ...kept, CKA_SIGN: true, CKA_SENSITIVE: true, CKA_EXTRACTABLE: false, CKA_LABEL: LABEL.ec },
  );
  const pair = session.generateKeyPair(
    plain('CKM_RSA_PKCS_KEY_PAIR_GEN'),
    { CKA_TOKEN: true, CKA_PRIVATE: false, CKA_MODULUS_BITS: 2048, CKA_PUBLIC_EXPONENT: Buffer.from([1, 0, 1]) },
    { ...kept, CKA_UNWRAP: true, CKA_SENSITIVE: true, CKA_EXTRACTABLE: false, CKA_LABEL: LABEL.rsa },
  );
  const aes = plain('CKM_AES_KEY_GEN');
  session.generateKey(aes, { ...kept, CKA_VALUE_LEN: 32, CKA_WRAP: true, CKA_LABEL: LABEL.wrapping });
  session.generateKey(aes, { ...kept, CKA_VALUE_LEN: 32, CKA_EXTRACTABLE: true, CKA_LABEL: LABEL.wrapped });
  const spki = spkiOf(session, pair.publicKey) ?? '';
  const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
  const options = { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' };
  const CKA_VALUE = publicEncrypt(options, randomBytes(32));
  session.create({ CKA_CLASS: CLASS.data, ...kept, CKA_LABEL: LABEL.text, CKA_VALUE });
}

function workOn(session: Session): Readonly<Record<Work, () => void>> {
  const only = (label: string): ObjectHandle => {
    const [found] = session.find({ CKA_LABEL: label });
    if (found === undefined) throw new RangeError(`object: expected ${label}`);
    return found;
  };
  const [ec, rsa, wrapping, wrapped] = [LABEL.ec, LABEL.rsa, LABEL.wrapping, LABEL.wrapped].map(only) as [
    ObjectHandle,
    ObjectHandle,
    ObjectHandle,
    ObjectHandle,
  ];
  const text = session.get(only(LABEL.text), 'CKA_VALUE') ?? Buffer.alloc(0);
  const arriving = {
    CKA_CLASS: CLASS['secret-key'],
    CKA_KEY_TYPE: KEY_TYPE.aes,
    CKA_TOKEN: false,
    CKA_SENSITIVE: true,
    CKA_EXTRACTABLE: false,
  };
  return {
    sign: () => void session.sign(plain('CKM_ECDSA'), ec, DIGEST),
    wrap: () => void session.wrap(plain('CKM_AES_KEY_WRAP'), wrapping, wrapped),
    unwrap: () => {
      session.destroy(session.unwrap(oaep('sha1'), rsa, text, arriving));
    },
    nothing: () => undefined,
  };
}
