/** What a person is asked past main, and the far end that asks: pure, so that windows and test doubles share it. */
import * as v from 'valibot';
import { Hex, Id } from '../ceremony/text-forms';

const Text = v.pipe(v.string(), v.maxLength(10_000));
const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const SetId = v.pipe(Hex, v.length(32));

/** How a share looks on paper: rows of digits (components), or the words of SLIP-39 (threshold shares). */
const ShareForm = v.picklist(['rows', 'words']);
/** Length of the master key in bytes; not there where it is 32. */
const ShorterKey = v.exactOptional(v.picklist([16, 24]));
/** Where a PIN is changed: by which step of the plan, and whether the PIN before or after that is meant. */
export const PinChange = v.strictObject({ step: Id, pin: v.picklist(['old', 'new']) });
export type PinChange = v.InferOutput<typeof PinChange>;

/** What a worker or the share process asks a person, past main. Header of the exchange; secrets go in its body. */
export const Dialogue = v.variant('kind', [
  v.strictObject({
    kind: v.literal('pin'),
    /** Unit or participant whose token it is. */
    of: Id,
    role: v.picklist(['user', 'security-officer', 'card']),
    part: Count,
    parts: Count,
    holder: Id,
    /** True when the PIN is made now: entered twice, and kept by its holder. */
    make: v.boolean(),
    /** Only where one PIN takes the place of another. */
    change: v.exactOptional(PinChange),
    minimum: Count,
    maximum: Count,
    /** Flags of the token, such as `final-try`; a final try asks for a confirmation first. */
    warning: v.nullable(v.picklist(['count-low', 'final-try', 'locked'])),
  }),
  /**
   * The token's own pad will ask for a PIN, and the token says that this is the final try: the holder confirms first, on
   * the workstation. The answer's body is empty.
   */
  v.strictObject({
    kind: v.literal('final-try'),
    of: Id,
    role: v.picklist(['user', 'security-officer', 'card']),
    change: v.exactOptional(PinChange),
    holder: Id,
  }),
  /** The passphrase of a participant's key file. It has one part, and its holder is the participant. */
  v.strictObject({
    kind: v.literal('passphrase'),
    holder: Id,
    /** True when it is made now: entered twice, and kept by its holder. */
    make: v.boolean(),
    /** Lengths in bytes. */
    minimum: Count,
    maximum: Count,
    /** True when the one entered before does not open the file. Nothing counts the tries. */
    wrong: v.boolean(),
  }),
  /** Body: the worksheet text, UTF-8. The answer's body is empty once the custodian has it. */
  v.strictObject({
    kind: v.literal('share-show'),
    custodian: Id,
    set: SetId,
    index: Count,
    of: Count,
    form: ShareForm,
    bytes: ShorterKey,
  }),
  /** The answer's body: what the custodian typed, UTF-8. */
  v.strictObject({
    kind: v.literal('share-enter'),
    custodian: Id,
    set: SetId,
    index: Count,
    of: Count,
    form: ShareForm,
    bytes: ShorterKey,
    /** Why the entry before was refused, naming the row or the word; null the first time. */
    refused: v.nullable(Text),
  }),
  /** What locks or opens the file of a share: a passphrase, or the age identity (`AGE-SECRET-KEY-1...`) that its recipient has. */
  v.strictObject({
    kind: v.literal('share-key'),
    custodian: Id,
    set: SetId,
    index: Count,
    of: Count,
    what: v.picklist(['passphrase', 'identity']),
    /** True when it is made now: entered twice, and kept by the custodian. */
    make: v.boolean(),
    /** Lengths in bytes. */
    minimum: Count,
    maximum: Count,
    /** Why what was entered before was not taken; null the first time. */
    refused: v.nullable(Text),
  }),
]);
export type Dialogue = v.InferOutput<typeof Dialogue>;

/** A PIN that is typed on a token's own pad while a call waits: nothing is asked past main, and nobody is shown a window. */
export const PadEntry = v.strictObject({
  /** Unit or participant whose token it is. */
  of: Id,
  role: v.picklist(['user', 'security-officer', 'card']),
  /** Who enters it, or a part of it each. */
  holders: v.pipe(v.array(Id), v.minLength(1)),
  /** True when the PIN is made now: the pad asks for it, twice where it wants to. */
  make: v.boolean(),
  change: v.exactOptional(PinChange),
  /** What the token's flags say of the tries that are left. */
  warning: v.nullable(v.picklist(['count-low', 'final-try'])),
});
export type PadEntry = v.InferOutput<typeof PadEntry>;

/** Id of the participant whom a dialogue is for. */
export function whoIsAsked(dialogue: Dialogue): string {
  switch (dialogue.kind) {
    case 'pin':
    case 'final-try':
    case 'passphrase':
      return dialogue.holder;
    case 'share-show':
    case 'share-enter':
    case 'share-key':
      return dialogue.custodian;
  }
}

/** The far end of a dialogue: the person process, or in the app a secret window. */
export interface PersonLink {
  /**
   * Asks a person and waits without a deadline.
   *
   * @returns the body of the answer; the caller zeroes it
   * @throws PersonGone when the person process ended, PersonRefused when the person declined
   */
  ask(dialogue: Dialogue, body?: Uint8Array): Promise<Uint8Array>;

  /**
   * Makes a call during which people type a PIN on the token's own pad: it waits for them, and no deadline runs meanwhile.
   * Everybody in the room is told who must act at the device, before the call is made.
   *
   * @returns what the call returns
   * @throws what the call throws
   */
  atPad<T>(entry: PadEntry, call: () => T): Promise<T>;
}

/** The way to a person alone, without the pad: what each kind of process has of its own. */
export type AskingLink = Pick<PersonLink, 'ask'>;
