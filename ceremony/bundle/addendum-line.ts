/**
 * Lines of an addendum: a small transcript of its own in `addenda/NNNN/`, by the rules of the transcript's lines, that
 * tells of what came after the close. Its types are three of the transcript's, with bodies of their own.
 */
import * as v from 'valibot';
import { Envelope } from '../command/dsse';
import { Id, Sha256Hex } from '../text-forms';
import { FileRef } from '../transcript/line';
import { GENERALIZED_TIME } from './timestamp-token';

const Text = v.pipe(v.string(), v.minLength(1), v.maxLength(4000));
const Short = v.pipe(v.string(), v.maxLength(200));
const Positive = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

/** What the signers of an addendum sign: the wording of its last line. */
export const ADDENDUM_SIGN_OFF = 'This was added after the close of the ceremony. I have seen what it adds.';

/** Values of the facts that an addendum can hold. */
export const ADDENDUM_FACTS = {
  /** What a service answered to the upload of a key package; its one file is the receipt. */
  receipt: v.strictObject({ package: FileRef, text: Text }),
  /** A timestamp over the last checkpoint; its one file is the authority's answer, whose `genTime` this repeats. */
  timestamp: v.strictObject({
    checkpoint: Sha256Hex,
    genTime: v.pipe(v.string(), v.regex(GENERALIZED_TIME)),
    text: Text,
  }),
  /** What the record says wrongly: of one line (from 0), or null where it is about no line. The line itself stays. */
  correction: v.strictObject({
    line: v.nullable(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
    text: Text,
  }),
  /** Something was destroyed: what, how and where, in words. */
  destruction: v.strictObject({ text: Text }),
  /** Somebody recomputed the bundle on a station of their own. */
  cosignature: v.strictObject({ participant: Id, envelope: Envelope, text: Text }),
  /** Anything else that belongs to the record; at least one file. */
  attachment: v.strictObject({ text: Text }),
} as const;

/** Kind of a fact in an addendum. */
export type AddendumKind = keyof typeof ADDENDUM_FACTS;
/** Kinds in the order of the format's page. */
export const ADDENDUM_KINDS = Object.keys(ADDENDUM_FACTS) as AddendumKind[];

/** Fewest and most files that a fact of each kind names. */
export const ADDENDUM_FILES: Readonly<Record<AddendumKind, readonly [least: number, most: number]>> = {
  receipt: [1, 1],
  timestamp: [1, 1],
  correction: [0, 100],
  destruction: [0, 100],
  cosignature: [0, 0],
  attachment: [1, 100],
};

/** Body of an addendum's line 0, `ceremony.opened`. */
export const AddendumOpened = v.strictObject({
  format: v.literal('keyrite-addendum/1'),
  ceremony: Id,
  mode: v.picklist(['rehearsal', 'production']),
  /** From 1, without a gap; that of the folder. */
  number: v.pipe(Positive, v.maxValue(9999)),
  /** The last checkpoint of the ceremony. */
  closed: v.strictObject({ size: Positive, root: Sha256Hex }),
  /** Root of the addendum before; null in the first. */
  previous: v.nullable(Sha256Hex),
  reason: Text,
  app: v.strictObject({ name: Short, version: Short, sha256: Sha256Hex, runtime: Short }),
});
/** See {@link AddendumOpened}. */
export type AddendumOpened = v.InferOutput<typeof AddendumOpened>;

/** Body of an addendum's last line, `ceremony.closed`. */
export const AddendumClosed = v.strictObject({
  outcome: v.literal('completed'),
  exceptions: v.literal(0),
  withheld: v.literal(0),
  signOff: v.literal(ADDENDUM_SIGN_OFF),
});

const fact = <K extends AddendumKind>(kind: K) =>
  v.strictObject({
    fact: v.literal(kind),
    value: ADDENDUM_FACTS[kind],
    /** In `addenda/NNNN/attachments/`, named relative to the bundle. */
    files: v.pipe(v.array(FileRef), v.minLength(ADDENDUM_FILES[kind][0]), v.maxLength(ADDENDUM_FILES[kind][1])),
  });

/** Body of a `fact.recorded` line of an addendum. */
export const AddendumFact = v.variant('fact', [
  fact('receipt'),
  fact('timestamp'),
  fact('correction'),
  fact('destruction'),
  fact('cosignature'),
  fact('attachment'),
]);
/** See {@link AddendumFact}. */
export type AddendumFact = v.InferOutput<typeof AddendumFact>;

/** Most lines of an addendum, and longest transcript of one in bytes. */
export const ADDENDUM_LIMITS = { lines: 1000, bytes: 4 * 1024 * 1024 } as const;

/** Names of the files of addendum `number` (from 1), relative to the bundle. */
export function addendumFiles(number: number): {
  readonly folder: string;
  readonly transcript: string;
  readonly checkpoint: string;
  readonly envelope: string;
  readonly signature: (participant: string) => string;
  readonly attachment: (name: string) => string;
} {
  const folder = `addenda/${String(number).padStart(4, '0')}`;
  return {
    folder,
    transcript: `${folder}/transcript.jsonl`,
    checkpoint: `${folder}/checkpoints/0001.checkpoint`,
    envelope: `${folder}/checkpoints/0001.dsse.json`,
    signature: (participant) => `${folder}/checkpoints/0001.${participant}.sig`,
    attachment: (name) => `${folder}/attachments/${name}`,
  };
}

/** The checkpoint of an addendum; its origin has two parts more than a ceremony's, so that neither passes as the other. */
export function addendumCheckpoint(about: AddendumOpened, size: number, root: string): Uint8Array {
  const origin = `keyrite/${about.mode}/${about.ceremony}/addendum/${String(about.number).padStart(4, '0')}`;
  return Buffer.from(`${origin}\n${String(size)}\n${Buffer.from(root, 'hex').toString('base64')}\n`, 'utf8');
}
