/**
 * What a worker (or the share process) and a secret window, or the player, say to each other over the MessagePort that
 * main made for one exchange and handed to both. Bodies are sealed between the two ends (sealed-exchange.ts). Bytes are
 * copied, never transferred: on Electron 25 a transferred buffer arrives empty.
 */
import * as v from 'valibot';
import { Dialogue } from './dialogue';
import { PUBLIC_KEY_BYTES, SEAL_BYTES } from './sealed-exchange';

/** Most bytes of the body of a question or an answer, before it is sealed. */
export const MAX_BODY_BYTES = 8 * 1024;

const Exchange = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));
/** A sealed body. */
const Body = v.pipe(
  v.instance(Uint8Array),
  v.check(
    ({ byteLength }) => byteLength >= SEAL_BYTES && byteLength <= MAX_BODY_BYTES + SEAL_BYTES,
    'no length of one',
  ),
);
/** Public key of one end, for this exchange alone. */
const PublicKey = v.pipe(
  v.instance(Uint8Array),
  v.check(({ byteLength }) => byteLength === PUBLIC_KEY_BYTES, 'no length of one'),
);

/**
 * From the person's end, first of all, as soon as it holds the port. What is posted while main still has the far end, or
 * stands between the two, passes through main's memory (measured on Electron 25): hence the keys.
 */
export const PortHello = v.strictObject({ kind: v.literal('hello'), exchange: Exchange, key: PublicKey });
export type PortHello = v.InferOutput<typeof PortHello>;

/** From the asker. `body`: what is shown (a worksheet, UTF-8), empty for other kinds; sealed as `question`. */
export const PortQuestion = v.strictObject({
  kind: v.literal('question'),
  exchange: Exchange,
  key: PublicKey,
  dialogue: Dialogue,
  body: Body,
});
export type PortQuestion = v.InferOutput<typeof PortQuestion>;

/**
 * From the person. `body`: the PIN or the typed share, UTF-8; empty where nothing is typed or the person declined; sealed
 * as `answer: given` or `answer: refused`.
 */
export const PortAnswer = v.strictObject({
  kind: v.literal('answer'),
  exchange: Exchange,
  answer: v.picklist(['given', 'refused']),
  body: Body,
});
export type PortAnswer = v.InferOutput<typeof PortAnswer>;

/** Message to a window in which main hands over the port; the preload passes it on to its page. */
export const PORT_CHANNEL = 'keyrite:port';
