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
  'unit.open': reads('the unit was opened'),
  'unit.read': reads('the unit was read'),
  'unit.capabilities': reads('the unit was asked what it can do'),
  'unit.initialise-token': changes('the unit was initialised'),
  'unit.set-user-pin': changes('the user PIN was set'),
  'unit.change-pin': changes('a PIN was changed'),
  'unit.unlock-pin': changes('a new user PIN was set'),
  'unit.try-pin': reads('a PIN was tried'),
  'unit.create-identity': changes('the unit’s identity was made'),
  'unit.examine-key': reads('the key was examined'),
  'unit.perform': changes('a signed command was carried out'),
  'unit.zeroise': changes('the unit was zeroised'),
  'unit.abandon-imprint': changes('a unit in imprint mode was abandoned'),
  'unit.make-import-key': changes('an import key was made in the unit'),
  'unit.make-agreement-key': changes('a key was made in the unit, to agree on another'),
  'unit.random': reads('the unit was asked for random bytes'),
  'unit.make-root-key': changes('a root key was made in the unit'),
  'unit.wrap-root-key': reads('the root key was wrapped'),
  'unit.encrypt-nonce': reads('the nonce was encrypted'),
  'unit.destroy-root-key': changes('the root key was destroyed'),
  'unit.make-key': changes('a key was made in the unit'),
  'unit.look-for-key': reads('a key was looked for in the unit'),
  'unit.wrap-key': reads('a key was wrapped under the master key'),
  'unit.seal-key': changes('a key was sealed in the unit'),
  'unit.restore-key': changes('a key was brought back into the unit'),
  'unit.destroy-key': changes('a key was destroyed in the unit'),
  'unit.re-encipher': reads('keys were re-enciphered'),
  'unit.check-wrapped': reads('wrapped keys were checked'),
  'card.sign': reads('a person’s own token signed'),
  'foreign.prepare': changes('objects were made on the token'),
  'card.prepare': changes('a token was made for a person'),
  'card.make-share-key': reads('a key for a share was made on its custodian’s token'),
  'card.keep-share': reads('a share was put on its custodian’s token'),
  'card.open-share': reads('a share was opened with its custodian’s token'),
  'card.read-key': reads('a person’s public key was read'),
  'key-file.sign': reads('a key file signed'),
  'key-file.prepare': reads('a key file was made'),
  'people.are': reads('the names of people were told'),
  'entropy.make-key': reads('a key for random bytes was made'),
  'set.generate': reads('the shares were made'),
  'set.reopen': reads('the set of shares was taken up'),
  'share.show': reads('a share was shown'),
  'share.enter': reads('a share was entered'),
  'share.write-file': reads('a share was written to its custodian’s medium'),
  'share.read-file': reads('a share was read from its custodian’s medium'),
  'share.seal': reads('a share was encrypted to its custodian’s token'),
  'share.ask-token': reads('a share was asked for'),
  'share.from-token': reads('a share was taken from its custodian’s token'),
  'share.print': reads('a share was printed'),
  'age.prepare': reads('an age identity was made'),
  'share.prove': reads('a share was proven'),
  'share.take-over': reads('a share was taken over'),
  'share.pass-on': reads('a share was passed on'),
  'set.reshare': reads('a new set of shares was made'),
  'set.prove': reads('the set of shares was proven'),
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
