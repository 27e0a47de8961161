/** What main and the person process say to each other. Nothing in it is secret: PINs and shares go over the links only. */
import * as v from 'valibot';
import { Hex, Id, Name } from '../../ceremony/text-forms';

/** First descriptor of the person links in the person process; link k is at `FIRST_LINK_FD + k`. */
export const FIRST_LINK_FD = 4;

/** Most links of one person process: every module of a binding (32), two share processes, the key-file process, and some to spare. */
export const MAX_LINKS = 40;

/** Longest line about the ceremony that is shown, in UTF-16 code units. */
export const MAX_LABEL = 1000;
const Label = v.pipe(v.string(), v.maxLength(MAX_LABEL));
const Exchange = v.pipe(Hex, v.length(32));

/** Main to the person process. */
export const PersonControl = v.union([
  /** A question stands on link `serve`: read it and answer. Questions of other exchanges on that link are passed over. */
  v.strictObject({ serve: v.pipe(v.number(), v.integer(), v.minValue(0)), exchange: Exchange }),
  /** Whoever asked is gone, or has its answer: stop asking. */
  v.strictObject({ cancel: Exchange }),
  /** Names of the people by their ids, for the screen. */
  v.strictObject({ names: v.record(Id, Name) }),
  /** What the ceremony is doing now, for the screen: the step, or what is done within it. */
  v.strictObject({ step: Label }),
  v.strictObject({ doing: Label }),
  v.strictObject({ stop: v.literal(true) }),
]);
export type PersonControl = v.InferOutput<typeof PersonControl>;

/** The person process to main. */
export const PersonMessage = v.strictObject({ kind: v.picklist(['ready', 'bye']) });
export type PersonMessage = v.InferOutput<typeof PersonMessage>;
