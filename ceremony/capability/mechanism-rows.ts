/** Rows on mechanisms: which of them a token has, and what is done where it lacks one. */
import type { Answers } from './answers';
import type { Judgement, RowRule } from './rows';

const OAEP = ['sha1', 'sha256', 'sha384', 'sha512'] as const;
const HASH_NAMES = { sha1: 'SHA-1', sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' } as const;

function oaepHashes(answers: Answers, way: 'wrap' | 'unwrap'): string {
  return answers.list(OAEP.map((hash) => [HASH_NAMES[hash], `CKM_RSA_PKCS_OAEP ${hash} ${way}`]));
}

/** A mechanism that no step of this version needs. */
const unused = (question: string, why: string, yes?: string): RowRule['judge'] => {
  return (answers) => ({ does: answers.say(question, yes), by: 'unused', keyrite: why });
};

const NO_WRAPPING = 'keys are not wrapped under the master key by it';

/** A mechanism by which keys of a store are wrapped, or not: then a plan that says so is refused (NO_KEY_WRAP). */
const keyWrap = (question: string, format: string, yes: string): RowRule['judge'] => {
  return (answers) => ({
    does: answers.say(question, yes),
    by: answers.work(question) ? 'hsm' : 'refused',
    keyrite: answers.work(question)
      ? `keys of a store by ${format}`
      : 'keys of a store are not wrapped by it (NO_KEY_WRAP where no other does)',
  });
};

/** In the order of the table. */
export const MECHANISM_ROWS: readonly RowRule[] = [
  { feature: 'verification pattern (AES-CMAC)', judge: pattern },
  { feature: 'AES-CMAC, verifying', judge: unused('CKM_AES_CMAC verify', 'Keyrite compares patterns by itself') },
  { feature: 'master key in: RSA-OAEP, unwrapping', judge: oaepUnwrap },
  { feature: 'root key out: RSA-OAEP, wrapping', judge: oaepWrap },
  { feature: 'nonce of a key package (AES-GCM)', judge: gcm },
  {
    feature: 'AES key wrap, 0x2109',
    judge: keyWrap('CKM_AES_KEY_WRAP', 'AES-KW', 'RFC 3394'),
  },
  {
    feature: 'AES key wrap, 0x2109, unwrapping',
    judge: (answers) => ({
      does: answers.work('CKM_AES_KEY_WRAP unwrap')
        ? answers.say(
            'CKM_AES_KEY_WRAP refuses a changed key',
            'yes, refuses a changed key',
            'yes, and takes a changed key',
          )
        : answers.say('CKM_AES_KEY_WRAP unwrap'),
      by: answers.work('CKM_AES_KEY_WRAP unwrap') ? 'hsm' : 'refused',
      keyrite: answers.work('CKM_AES_KEY_WRAP unwrap')
        ? 'each key that comes back is compared with its check value'
        : 'keys of a store do not come back by it',
    }),
  },
  {
    feature: 'AES key wrap with padding, 0x210a',
    judge: (answers) => {
      const isRfc5649 = answers.work('CKM_AES_KEY_WRAP_PAD as RFC 5649');
      const keyrite = isRfc5649 ? 'keys of a store by AES-KWP, where 0x210b is not there' : NO_WRAPPING;
      return { does: paddedKeyWrap(answers), by: isRfc5649 ? 'hsm' : 'unused', keyrite };
    },
  },
  {
    feature: 'AES key wrap with padding, 0x210b',
    judge: (answers) =>
      !answers.work('CKM_AES_KEY_WRAP_KWP') && answers.work('CKM_AES_KEY_WRAP_PAD as RFC 5649')
        ? { does: answers.say('CKM_AES_KEY_WRAP_KWP'), by: 'unused', keyrite: 'AES-KWP goes by 0x210a here' }
        : keyWrap('CKM_AES_KEY_WRAP_KWP', 'AES-KWP', 'RFC 5649')(answers),
  },
  { feature: 'identity key and signatures (ECDSA)', judge: ecdsa },
  {
    feature: 'people’s keys: RSA-PSS',
    judge: forPeople('CKM_RSA_PKCS_PSS'),
  },
  { feature: 'people’s keys: Ed25519', judge: forPeople('CKM_EDDSA Ed25519') },
  {
    feature: 'HMAC-SHA-256',
    judge: (answers) => ({
      does: answers.say('CKM_SHA256_HMAC'),
      by: answers.work('CKM_SHA256_HMAC') ? 'hsm' : 'refused',
      keyrite: 'check values of generic secrets in the inventory; none is told where it is missing',
    }),
  },
  { feature: 'state of the unit (data object)', judge: dataObject },
  { feature: 'master key in: ECDH on P-256, AES key wrap', judge: agreement },
  {
    feature: 'XOR in the token (CKM_XOR_BASE_AND_DATA)',
    judge: (answers) => ({
      does: answers.say('CKM_XOR_BASE_AND_DATA'),
      by: 'keyrite',
      keyrite: 'components are combined in the share process, which then ends',
    }),
  },
  {
    feature: 'random bytes (C_GenerateRandom)',
    judge: (answers) => ({
      does: answers.say('C_GenerateRandom', '32 bytes at a time', 'gives constant bytes'),
      by: answers.work('C_GenerateRandom') ? 'hsm' : 'refused',
      keyrite: 'the IV of an encrypted nonce',
    }),
  },
];

function pattern(answers: Answers): Judgement {
  if (answers.work('CKM_AES_CMAC')) {
    return { does: 'yes', by: 'hsm', keyrite: 'patterns and check values are computed by CKM_AES_CMAC' };
  }
  const does = answers.say('CKM_AES_CMAC');
  if (answers.work('CKM_AES_ECB')) {
    return { does: `${does}; AES-ECB works`, by: 'hsm', keyrite: 'the same pattern by two ECB calls for each block' };
  }
  return { does: `${does}; AES-ECB: ${answers.say('CKM_AES_ECB')}`, by: 'refused', keyrite: 'no master key is loaded' };
}

function oaepUnwrap(answers: Answers): Judgement {
  const does = oaepHashes(answers, 'unwrap');
  if (answers.work('CKM_RSA_PKCS_OAEP sha256 unwrap')) {
    return { does, by: 'hsm', keyrite: 'brought in by OAEP with SHA-256, to a key made in the token' };
  }
  if (answers.work('CKM_RSA_PKCS_OAEP sha1 unwrap')) {
    return { does, by: 'hsm', keyrite: 'brought in by OAEP with SHA-1, and the record says so' };
  }
  if (AGREEMENT.some(([, question]) => answers.work(question))) {
    return { does, by: 'hsm', keyrite: 'brought in under a key agreed by ECDH instead' };
  }
  return { does, by: 'refused', keyrite: 'no master key is loaded (OAEP_NOT_SUPPORTED, ECDH_NOT_SUPPORTED)' };
}

/** The whole way: agreed, wrapped outside by RFC 3394, unwrapped in the token. */
const AGREEMENT = [
  ['hashed by SHA-256 (X9.63)', 'ECDH sha256, CKM_AES_KEY_WRAP unwrap'],
  ['as it was agreed', 'ECDH none, CKM_AES_KEY_WRAP unwrap'],
] as const;

function agreement(answers: Answers): Judgement {
  const does = answers.list(AGREEMENT);
  const works = AGREEMENT.some(([, question]) => answers.work(question));
  return works
    ? { does, by: 'hsm', keyrite: 'brought in so where RSA-OAEP is missing, or the plan asks for it; recorded' }
    : { does, by: 'unused', keyrite: 'only a plan that asks for it is refused (ECDH_NOT_SUPPORTED)' };
}

function oaepWrap(answers: Answers): Judgement {
  const does = oaepHashes(answers, 'wrap');
  const sha256 = answers.work('CKM_RSA_PKCS_OAEP sha256 wrap');
  if (sha256 && GCM_FORMS.some(([, question]) => answers.work(question))) {
    return { does, by: 'hsm', keyrite: 'wrapped in the token by OAEP with SHA-256' };
  }
  if (answers.work('CKM_RSA_PKCS_OAEP sha1 wrap')) {
    const why = sha256 ? ' (the token cannot encrypt the nonce)' : '';
    return { does, by: 'keyrite', keyrite: `wrapped to a one-time key, and anew in the share process; recorded${why}` };
  }
  return { does, by: 'refused', keyrite: 'no root key is wrapped (OAEP_NOT_SUPPORTED)' };
}

const GCM_FORMS = [
  ['2.40', 'CKM_AES_GCM v2.40'],
  ['2.20', 'CKM_AES_GCM v2.20'],
] as const;

function gcm(answers: Answers): Judgement {
  const works = GCM_FORMS.some(([, question]) => answers.work(question));
  const told = answers.list(GCM_FORMS);
  if (works) return { does: `parameters of PKCS#11 ${told}`, by: 'hsm', keyrite: 'encrypted in the token' };
  return {
    does: told,
    by: 'keyrite',
    keyrite: 'encrypted in the share process, which has the root key for that moment; recorded',
  };
}

function paddedKeyWrap(answers: Answers): string {
  const [rfc5649, pkcs7] = [
    'CKM_AES_KEY_WRAP_PAD as RFC 5649',
    'CKM_AES_KEY_WRAP_PAD as RFC 3394 with PKCS #7',
  ] as const;
  if (answers.work(rfc5649)) return 'RFC 5649';
  if (answers.work(pkcs7)) return 'RFC 3394 with PKCS #7 padding';
  return answers.say(pkcs7, '', 'something that is neither RFC 5649 nor RFC 3394 with PKCS #7');
}

function ecdsa(answers: Answers): Judgement {
  const does = answers.list(['P-256', 'P-384', 'P-521'].map((curve) => [curve, `CKM_ECDSA ${curve}`]));
  if (answers.work('CKM_ECDSA P-256')) return { does, by: 'hsm', keyrite: 'the identity key is on P-256' };
  if (answers.work('CKM_RSA_PKCS_PSS')) {
    return {
      does: `${does}; RSA-PSS works`,
      by: 'hsm',
      keyrite: 'the identity key is RSA-3072 and signs by PSS; no people’s keys on curves',
    };
  }
  return { does, by: 'refused', keyrite: 'no unit can be made: it could not prove who it is' };
}

function forPeople(question: string): RowRule['judge'] {
  return (answers) => ({
    does: answers.say(question),
    by: answers.work(question) ? 'hsm' : 'refused',
    keyrite: answers.work(question)
      ? 'people sign with such a key on such a token'
      : 'a person with such a key on such a token cannot sign (ALGORITHM_MISSING)',
  });
}

function dataObject(answers: Answers): Judgement {
  if (answers.work('CKO_DATA')) {
    return {
      does: answers.say('CKO_DATA'),
      by: 'hsm',
      keyrite: 'kept on the token and in the bundle; compared at each connect',
    };
  }
  return {
    does: answers.say('CKO_DATA'),
    by: 'keyrite',
    keyrite: 'kept in bundle and binding only: a rollback is not visible on the token',
  };
}
