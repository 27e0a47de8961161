/** Rows on how a token keeps keys: what it enforces by itself, and what only Keyrite sees to. */
import type { Answers } from './answers';
import type { Judgement, RowRule } from './rows';

const WITHOUT_KEYRITE = 'Keyrite never asks for it; whoever has the user PIN can';

/** Something that must not be possible: the token forbids it, or nobody but Keyrite does. */
function forbidden(question: string, otherwise = WITHOUT_KEYRITE): RowRule['judge'] {
  return (answers) =>
    answers.work(question)
      ? { does: 'forbids it', by: 'hsm', keyrite: 'Keyrite never asks for it, either' }
      : { does: answers.say(question, '', 'does it'), by: 'keyrite', keyrite: otherwise };
}

/** An attribute that Keyrite does not set in this version. */
function notSet(question: string): RowRule['judge'] {
  return (answers) => ({
    does: answers.say(question, 'enforced', 'taken and ignored'),
    by: 'unused',
    keyrite: 'Keyrite does not set it',
  });
}

/** In the order of the table. */
export const KEEPING_ROWS: readonly RowRule[] = [
  {
    feature: 'quorum of administrators',
    judge: () => ({
      does: 'PKCS#11 has none',
      by: 'keyrite',
      keyrite: 'the worker verifies every signature before it acts; whoever has the user PIN can act without it',
    }),
  },
  {
    feature: 'value of a sensitive key is not told',
    judge: (answers) =>
      answers.work('CKA_SENSITIVE true')
        ? { does: 'yes', by: 'hsm', keyrite: 'looked at after each key' }
        : {
            does: answers.say('CKA_SENSITIVE true', '', 'the value is told'),
            by: 'refused',
            keyrite: 'no key is left on this token (KEY_NOT_AS_ASKED)',
          },
  },
  {
    feature: 'wrapping a key that is not extractable',
    judge: forbidden('CKA_EXTRACTABLE false', 'whoever has the user PIN can take any key out: a recorded weakness'),
  },
  { feature: 'attributes of an unwrapped key', judge: unwrapTemplate },
  {
    feature: 'making a key extractable, C_SetAttributeValue',
    judge: forbidden('C_SetAttributeValue does not weaken CKA_EXTRACTABLE'),
  },
  {
    feature: 'making a key not sensitive, C_SetAttributeValue',
    judge: forbidden('C_SetAttributeValue does not weaken CKA_SENSITIVE'),
  },
  {
    feature: 'making an extractable copy, C_CopyObject',
    judge: forbidden('C_CopyObject does not weaken CKA_EXTRACTABLE'),
  },
  {
    feature: 'making a copy that is not sensitive, C_CopyObject',
    judge: forbidden('C_CopyObject does not weaken CKA_SENSITIVE'),
  },
  { feature: 'using a key for what it is not for', judge: forbidden('CKA_ENCRYPT false') },
  {
    feature: 'a key says that it was made in the token',
    judge: origin('CKA_LOCAL and CKA_NEVER_EXTRACTABLE of a key made in the token'),
  },
  {
    feature: 'a key says that it was brought in',
    judge: origin('CKA_LOCAL and CKA_NEVER_EXTRACTABLE of a key brought in'),
  },
  {
    feature: 'creating a key from a clear value (C_CreateObject)',
    judge: (answers) => ({
      does: answers.say('C_CreateObject secret key', 'does it'),
      by: answers.work('C_CreateObject secret key') ? 'keyrite' : 'hsm',
      keyrite: 'only probes do, with published values; no key of a ceremony comes in so',
    }),
  },
  { feature: 'CKA_MODIFIABLE false', judge: notSet('CKA_MODIFIABLE false') },
  { feature: 'CKA_COPYABLE false', judge: notSet('CKA_COPYABLE false') },
  { feature: 'CKA_DESTROYABLE false', judge: notSet('CKA_DESTROYABLE false') },
  { feature: 'CKA_ALLOWED_MECHANISMS', judge: notSet('CKA_ALLOWED_MECHANISMS') },
  { feature: 'CKA_WRAP_WITH_TRUSTED', judge: notSet('CKA_WRAP_WITH_TRUSTED true') },
  { feature: 'length of a PIN', judge: pinLength },
  { feature: 'session objects end with their session', judge: leftBehind },
];

function unwrapTemplate(answers: Answers): Judgement {
  const question = 'C_UnwrapKey keeps to its template';
  if (answers.work(question)) {
    return { does: 'as asked', by: 'hsm', keyrite: 'read back all the same' };
  }
  const does = answers.say(question, '', 'ignores CKA_SENSITIVE or CKA_EXTRACTABLE');
  if (answers.work('C_UnwrapKey, then set right')) {
    return { does, by: 'keyrite', keyrite: 'read back, set right at once, recorded (hardened)' };
  }
  return { does, by: 'refused', keyrite: 'the key is destroyed, no master key is loaded (KEY_NOT_AS_ASKED)' };
}

/** What CKA_LOCAL and CKA_NEVER_EXTRACTABLE are worth. */
function origin(question: string): RowRule['judge'] {
  return (answers) => ({
    does: answers.say(question, 'truly', 'wrongly'),
    by: answers.work(question) ? 'hsm' : 'keyrite',
    keyrite: 'the record tells where a key came from, never these attributes',
  });
}

function pinLength({ report: { pin } }: Answers): Judgement {
  if (pin.longest === 0) return { does: 'not told', by: 'keyrite', keyrite: 'asked for with 1 to 255 bytes' };
  return {
    does: `${String(pin.shortest)} to ${String(pin.longest)} bytes, it says`,
    by: 'keyrite',
    keyrite: 'asked for within these limits, half for each of two parts; no PIN is changed to try them',
  };
}

function leftBehind({ report: { objects } }: Answers): Judgement {
  if (objects.appeared.length === 0 && objects.gone.length === 0) {
    return { does: 'yes', by: 'hsm', keyrite: 'import keys and root keys are destroyed all the same' };
  }
  const changes = [...objects.appeared.map((one) => `left: ${one}`), ...objects.gone.map((one) => `gone: ${one}`)];
  return { does: changes.join('; '), by: 'keyrite', keyrite: 'session keys are destroyed and looked for' };
}
