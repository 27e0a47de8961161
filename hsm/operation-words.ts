/** What a process was doing, in the words of the people in the room, and whether that can change a device. */
import type { KEY_FILE_OPERATIONS, MODULE_OPERATIONS, SHARE_OPERATIONS } from './contract';

type Name = keyof typeof MODULE_OPERATIONS | keyof typeof SHARE_OPERATIONS | keyof typeof KEY_FILE_OPERATIONS;

interface Words {
  /** Goes on after “while”: `the unit was read`. */
  readonly doing: string;
  /** Whether a device can be otherwise than before when it breaks off. */
  readonly changes: boolean;
}

const reads = (doing: string): Words => ({ doing, changes: false });
const changes = (doing: string): Words => ({ doing, changes: true });

const WORDS: Readonly<Record<Name, Words>> = {
  'module.load': reads('the module was loaded'),
  'module.describe': reads('the module was described'),
  'unit.glance': reads('the unit was looked at'),
  'unit.read': reads('the unit was read'),
  'unit.capabilities': reads('the unit was asked what it can do'),
  'unit.initialise-token': changes('the unit was initialised'),
  'unit.set-user-pin': changes('the user PIN was set'),
  'unit.create-identity': changes('the unit’s identity was made'),
  'unit.perform': changes('a signed command was carried out'),
  'unit.zeroise': changes('the unit was zeroised'),
  'unit.abandon-imprint': changes('a unit in imprint mode was abandoned'),
  'unit.make-import-key': changes('an import key was made in the unit'),
  'unit.make-root-key': changes('a root key was made in the unit'),
  'unit.wrap-root-key': reads('the root key was wrapped'),
  'unit.encrypt-nonce': reads('the nonce was encrypted'),
  'unit.destroy-root-key': changes('the root key was destroyed'),
  'card.sign': reads('a person’s own token signed'),
  'card.prepare': changes('a token was made for a person'),
  'card.read-key': reads('a person’s public key was read'),
  'key-file.sign': reads('a key file signed'),
  'key-file.prepare': reads('a key file was made'),
  'set.generate': reads('the shares were made'),
  'set.reopen': reads('the set of shares was taken up'),
  'share.show': reads('a share was shown'),
  'share.enter': reads('a share was entered'),
  'set.wrap': reads('the master key was wrapped'),
  'transport.make-key': reads('a one-time key was made'),
  'transport.rewrap': reads('the root key was wrapped anew'),
};

/** What may have changed when the process ended in the midst of an operation; names of other tables stand as they are. */
export function changedByHalf(operation: string): string {
  const words = wordsOf(operation);
  if (!words.changes) return `No device: it happened while ${words.doing}, which changes nothing`;
  return `It happened while ${words.doing}: whether the device did it is not known`;
}

/** What was changed by an operation that had not begun: nothing. */
export function changedByNone(operation: string): string {
  return `Nothing: it happened before ${wordsOf(operation).doing}`;
}

function wordsOf(operation: string): Words {
  const known: Partial<Record<string, Words>> = WORDS;
  return known[operation] ?? changes(`“${operation}” was carried out`);
}
