/** What main and the app's player process say to each other. Nothing in it is secret: PINs and shares go over the ports. */
import * as v from 'valibot';
import { Hex } from '../../ceremony/text-forms';

/** Main to the player. `serve`: the one port that comes with the message leads to whoever asks. */
export const PlayerControl = v.union([
  v.strictObject({ serve: v.pipe(Hex, v.length(32)) }),
  v.strictObject({ stop: v.literal(true) }),
]);
export type PlayerControl = v.InferOutput<typeof PlayerControl>;
