/**
 * Every return value of PKCS#11 2.40 and 3.x: its name, what it means at a ceremony, and what to do next. For the
 * screen: what happened and what now, in words that need no manual.
 */

/** A return value explained. */
export interface CkrExplanation {
  /** `CKR_...`; vendors' own codes are `CKR_VENDOR_DEFINED+0x...`, unknown ones `CKR_UNKNOWN_0x...`. */
  readonly name: string;
  /** What it means, as a clause to follow "the token said that". */
  readonly meaning: string;
  /** What to do next, as a sentence. */
  readonly next: string;
}

const RETRY = 'Try the step again; if it happens again, stop and ask the vendor.';
const FAULT = 'This is a fault of Keyrite or of the module: keep the bundle, note the name of the call and report it.';
const UNSUPPORTED =
  'Use a token that supports this, or change the plan; `keyrite inspect` shows what the token can do.';
const LOOK = "Look at the device's own log and display, then read the unit again.";
const RECONNECT = 'Check cable, reader and power, then read the unit again.';
const MEMORY = 'Free memory on the workstation or the device, then try the step again.';
const PIN = 'Do not guess: check which PIN belongs to this token before anyone tries again.';
const RELOGIN = 'End the step and begin it again: the token then asks for its PIN anew.';

/** Code, name without `CKR_`, meaning, next. The order is that of the standard. */
const TABLE: readonly (readonly [number, string, string, string])[] = [
  [0x000, 'OK', 'the call succeeded', 'Nothing needs to be done.'],
  [0x001, 'CANCEL', 'somebody cancelled it at the device', 'Begin the step again when everybody is ready.'],
  [0x002, 'HOST_MEMORY', 'the workstation has no memory left', MEMORY],
  [0x003, 'SLOT_ID_INVALID', 'the slot has gone', RECONNECT],
  [0x005, 'GENERAL_ERROR', 'it failed and gives no reason', LOOK],
  [0x006, 'FUNCTION_FAILED', 'the call could not be carried out', LOOK],
  [0x007, 'ARGUMENTS_BAD', 'it does not take these arguments', UNSUPPORTED],
  [0x008, 'NO_EVENT', 'nothing has changed at any slot', 'Nothing needs to be done.'],
  [0x009, 'NEED_TO_CREATE_THREADS', 'the module must create threads', FAULT],
  [0x00a, 'CANT_LOCK', 'the module cannot lock its data', FAULT],
  [0x010, 'ATTRIBUTE_READ_ONLY', 'an attribute cannot be set or changed', UNSUPPORTED],
  [0x011, 'ATTRIBUTE_SENSITIVE', 'the value is sensitive and is not given out', 'That is what protects the key.'],
  [0x012, 'ATTRIBUTE_TYPE_INVALID', 'it does not know an attribute', UNSUPPORTED],
  [0x013, 'ATTRIBUTE_VALUE_INVALID', 'it does not take the value of an attribute', UNSUPPORTED],
  [0x01b, 'ACTION_PROHIBITED', 'the object forbids this', 'Read the attributes of the object in the inventory.'],
  [0x020, 'DATA_INVALID', 'the data given are not valid', FAULT],
  [0x021, 'DATA_LEN_RANGE', 'the data given have the wrong length', FAULT],
  [0x030, 'DEVICE_ERROR', 'the device reports a fault', LOOK],
  [0x031, 'DEVICE_MEMORY', 'the device has no memory left', "Remove objects that nobody needs with the vendor's tool."],
  [0x032, 'DEVICE_REMOVED', 'the token was removed during the call', RECONNECT],
  [0x040, 'ENCRYPTED_DATA_INVALID', 'the encrypted data are not valid', 'Make the wrapped data again.'],
  [0x041, 'ENCRYPTED_DATA_LEN_RANGE', 'the encrypted data have the wrong length', 'Make the wrapped data again.'],
  [0x042, 'AEAD_DECRYPT_FAILED', 'the encrypted data were changed', 'Make the wrapped data again.'],
  [0x050, 'FUNCTION_CANCELED', 'the call was cancelled', 'Begin the step again when everybody is ready.'],
  [0x051, 'FUNCTION_NOT_PARALLEL', 'no call runs in parallel', FAULT],
  [0x054, 'FUNCTION_NOT_SUPPORTED', 'the module does not have this call', UNSUPPORTED],
  [0x060, 'KEY_HANDLE_INVALID', 'the key has gone', 'Read the unit again: something else may have changed it.'],
  [0x062, 'KEY_SIZE_RANGE', 'the key has a size it does not take', UNSUPPORTED],
  [0x063, 'KEY_TYPE_INCONSISTENT', 'the key is of another type than the mechanism needs', FAULT],
  [0x064, 'KEY_NOT_NEEDED', 'a key was given that is not needed', FAULT],
  [0x065, 'KEY_CHANGED', 'the key is another than before', 'Read the unit again: something else may have changed it.'],
  [0x066, 'KEY_NEEDED', 'a key is needed that was not given', FAULT],
  [0x067, 'KEY_INDIGESTIBLE', 'the key cannot be digested', UNSUPPORTED],
  [
    0x068,
    'KEY_FUNCTION_NOT_PERMITTED',
    'the key must not be used for this',
    'Read the attributes of the key in the inventory.',
  ],
  [
    0x069,
    'KEY_NOT_WRAPPABLE',
    'the key must not be wrapped under this key',
    'Read the attributes of both keys in the inventory.',
  ],
  [0x06a, 'KEY_UNEXTRACTABLE', 'the key must not leave the token', 'That is what protects the key.'],
  [0x070, 'MECHANISM_INVALID', 'it does not have the mechanism', UNSUPPORTED],
  [0x071, 'MECHANISM_PARAM_INVALID', 'it does not take the parameters of the mechanism', UNSUPPORTED],
  [0x082, 'OBJECT_HANDLE_INVALID', 'the object has gone', 'Read the unit again: something else may have changed it.'],
  [0x090, 'OPERATION_ACTIVE', 'another operation is still going on in the session', RELOGIN],
  [0x091, 'OPERATION_NOT_INITIALIZED', 'no operation was begun in the session', RELOGIN],
  [0x0a0, 'PIN_INCORRECT', 'the PIN is wrong', PIN],
  [0x0a1, 'PIN_INVALID', 'it does not take this PIN', "Make a PIN of other characters, as the vendor's manual allows."],
  [0x0a2, 'PIN_LEN_RANGE', 'the PIN is too short or too long', 'Make a PIN of a length that the token takes.'],
  [
    0x0a3,
    'PIN_EXPIRED',
    'the PIN has expired and must be changed',
    "Change the PIN in a step `unit.pin.change`, or with the vendor's tool, before anything else.",
  ],
  [
    0x0a4,
    'PIN_LOCKED',
    'the PIN is locked after too many wrong tries',
    "A user PIN is set anew by the security officer (`unit.pin.unlock`); a locked security officer PIN needs the vendor's procedure.",
  ],
  [0x0b0, 'SESSION_CLOSED', 'the session was closed', RELOGIN],
  [
    0x0b1,
    'SESSION_COUNT',
    'too many sessions are open',
    'End other programs that use the token, then try the step again.',
  ],
  [0x0b3, 'SESSION_HANDLE_INVALID', 'the session has gone', RELOGIN],
  [0x0b4, 'SESSION_PARALLEL_NOT_SUPPORTED', 'parallel sessions do not exist', FAULT],
  [0x0b5, 'SESSION_READ_ONLY', 'the session may not write', FAULT],
  [
    0x0b6,
    'SESSION_EXISTS',
    'a session with the token is open',
    'End every program that uses the token, then try the step again.',
  ],
  [
    0x0b7,
    'SESSION_READ_ONLY_EXISTS',
    'a reading session is open, so the security officer cannot log in',
    'End every program that uses the token, then try the step again.',
  ],
  [
    0x0b8,
    'SESSION_READ_WRITE_SO_EXISTS',
    'the security officer is logged in',
    'End every program that uses the token, then try the step again.',
  ],
  [0x0c0, 'SIGNATURE_INVALID', 'the signature does not hold', 'Do not go on before it is known who made it.'],
  [0x0c1, 'SIGNATURE_LEN_RANGE', 'the signature has the wrong length', 'Do not go on before it is known who made it.'],
  [0x0d0, 'TEMPLATE_INCOMPLETE', 'it needs more attributes to make the object', UNSUPPORTED],
  [0x0d1, 'TEMPLATE_INCONSISTENT', 'the attributes contradict each other for this token', UNSUPPORTED],
  [0x0e0, 'TOKEN_NOT_PRESENT', 'no token is in the slot', 'Insert the token, then try the step again.'],
  [
    0x0e1,
    'TOKEN_NOT_RECOGNIZED',
    'it does not know the token in the slot',
    'Check that the right token is inserted and initialised.',
  ],
  [0x0e2, 'TOKEN_WRITE_PROTECTED', 'the token is write-protected', 'Remove the write protection or use another token.'],
  [0x0f0, 'UNWRAPPING_KEY_HANDLE_INVALID', 'the unwrapping key has gone', 'Make a new import key and wrap again.'],
  [0x0f1, 'UNWRAPPING_KEY_SIZE_RANGE', 'the unwrapping key has a size it does not take', UNSUPPORTED],
  [0x0f2, 'UNWRAPPING_KEY_TYPE_INCONSISTENT', 'the unwrapping key is of the wrong type', FAULT],
  [0x100, 'USER_ALREADY_LOGGED_IN', 'the user is logged in already', RELOGIN],
  [0x101, 'USER_NOT_LOGGED_IN', 'nobody is logged in', RELOGIN],
  [0x102, 'USER_PIN_NOT_INITIALIZED', 'no user PIN has been set', 'Let the security officer set the user PIN first.'],
  [0x103, 'USER_TYPE_INVALID', 'it does not have this role', UNSUPPORTED],
  [0x104, 'USER_ANOTHER_ALREADY_LOGGED_IN', 'another role is logged in', RELOGIN],
  [0x105, 'USER_TOO_MANY_TYPES', 'too many roles are logged in', RELOGIN],
  [0x110, 'WRAPPED_KEY_INVALID', 'the wrapped key is not valid', 'Make a new import key and wrap again.'],
  [0x112, 'WRAPPED_KEY_LEN_RANGE', 'the wrapped key has the wrong length', 'Make a new import key and wrap again.'],
  [
    0x113,
    'WRAPPING_KEY_HANDLE_INVALID',
    'the wrapping key has gone',
    'Read the unit again: something else may have changed it.',
  ],
  [0x114, 'WRAPPING_KEY_SIZE_RANGE', 'the wrapping key has a size it does not take', UNSUPPORTED],
  [0x115, 'WRAPPING_KEY_TYPE_INCONSISTENT', 'the wrapping key is of the wrong type', FAULT],
  [0x120, 'RANDOM_SEED_NOT_SUPPORTED', 'its random generator takes no seed', 'Nothing needs to be done.'],
  [0x121, 'RANDOM_NO_RNG', 'it has no random generator', UNSUPPORTED],
  [0x130, 'DOMAIN_PARAMS_INVALID', 'it does not take these domain parameters', UNSUPPORTED],
  [0x140, 'CURVE_NOT_SUPPORTED', 'it does not have this curve', UNSUPPORTED],
  [0x150, 'BUFFER_TOO_SMALL', 'the answer is longer than expected', FAULT],
  [0x160, 'SAVED_STATE_INVALID', 'a saved state is not valid', FAULT],
  [0x170, 'INFORMATION_SENSITIVE', 'the information is sensitive', 'That is what protects the key.'],
  [0x180, 'STATE_UNSAVEABLE', 'the state cannot be saved', FAULT],
  [0x190, 'CRYPTOKI_NOT_INITIALIZED', 'the module is not initialised', RETRY],
  [0x191, 'CRYPTOKI_ALREADY_INITIALIZED', 'the module is initialised already', FAULT],
  [0x1a0, 'MUTEX_BAD', 'a lock of the module is broken', FAULT],
  [0x1a1, 'MUTEX_NOT_LOCKED', 'a lock of the module was not held', FAULT],
  [0x1b0, 'NEW_PIN_MODE', 'a new PIN must be set first', "Set a new PIN with the vendor's tool."],
  [0x1b1, 'NEXT_OTP', 'the next one-time password is needed', 'Use a token without one-time passwords.'],
  [0x1b5, 'EXCEEDED_MAX_ITERATIONS', 'no parameters were found in time', RETRY],
  [0x1b6, 'FIPS_SELF_TEST_FAILED', 'its self-test failed', 'Do not use this device any more; ask the vendor.'],
  [
    0x1b7,
    'LIBRARY_LOAD_FAILED',
    'a library that the module needs cannot be loaded',
    "Check the vendor's installation.",
  ],
  [0x1b8, 'PIN_TOO_WEAK', 'the PIN is too simple', 'Make a longer PIN with more kinds of characters.'],
  [0x1b9, 'PUBLIC_KEY_INVALID', 'the public key is not valid', 'Check where the public key comes from.'],
  [0x200, 'FUNCTION_REJECTED', 'it refuses the call for a reason of its own', LOOK],
  [
    0x201,
    'TOKEN_RESOURCE_EXCEEDED',
    'the token has no room left',
    "Remove objects that nobody needs with the vendor's tool.",
  ],
  [0x202, 'OPERATION_CANCEL_FAILED', 'the operation could not be cancelled', RELOGIN],
  [0x203, 'KEY_EXHAUSTED', 'the key has been used as often as it may be', 'Use another key.'],
  [0x204, 'PENDING', 'the operation goes on in the background', RETRY],
  [0x205, 'SESSION_ASYNC_NOT_SUPPORTED', 'it has no background sessions', FAULT],
  [0x206, 'SEED_RANDOM_REQUIRED', 'its random generator must be seeded first', LOOK],
  [0x207, 'OPERATION_NOT_VALIDATED', 'its certified mode does not allow this', UNSUPPORTED],
  [0x208, 'TOKEN_NOT_INITIALIZED', 'the token is not initialised', 'Initialise the token first.'],
  [0x209, 'PARAMETER_SET_NOT_SUPPORTED', 'it does not have this parameter set', UNSUPPORTED],
];

const VENDOR_DEFINED = 0x80000000;

const BY_CODE: ReadonlyMap<number, CkrExplanation> = new Map(
  TABLE.map(([code, name, meaning, next]) => [code, { name: `CKR_${name}`, meaning, next }]),
);

const BY_NAME: ReadonlyMap<string, number> = new Map(TABLE.map(([code, name]) => [`CKR_${name}`, code]));

/** Name and explanation of a CKR code. Never throws: a code nobody knows is named by its number. */
export function explainCkr(code: number): CkrExplanation {
  const known = BY_CODE.get(code);
  if (known !== undefined) return known;
  const digits = code.toString(16).padStart(8, '0');
  return code >= VENDOR_DEFINED
    ? {
        name: `CKR_VENDOR_DEFINED+0x${(code - VENDOR_DEFINED).toString(16)}`,
        meaning: `it gives the vendor's own code 0x${digits}`,
        next: `Look up 0x${digits} in the vendor's manual.`,
      }
    : {
        name: `CKR_UNKNOWN_0x${digits}`,
        meaning: `it gives the code 0x${digits}, which no version of PKCS#11 has`,
        next: FAULT,
      };
}

/**
 * The code of a CKR name.
 *
 * @throws RangeError for a name that PKCS#11 does not have
 */
export function ckrCode(name: string): number {
  const code = BY_NAME.get(name);
  if (code === undefined) throw new RangeError(`CKR name: expected one of PKCS#11, got ${name}`);
  return code;
}

/** Names of all codes in the table, in the order of the standard. */
export const CKR_NAMES: readonly string[] = TABLE.map(([, name]) => `CKR_${name}`);
