/**
 * Checkpoints: what people sign (DESIGN.md section 8). The body is a C2SP tlog-checkpoint of three lines, its origin
 * names mode and ceremony, so that a rehearsal's can never pass as production's.
 */
import { canonicalJson } from '../canonical-json';
import { PAYLOAD_TYPES, type Envelope } from '../command/dsse';

/** What a checkpoint says; `root` is the tree hash over the first `size` lines, 64 lower-case hex digits. */
export interface Checkpoint {
  readonly mode: 'rehearsal' | 'production';
  /** Ceremony id. */
  readonly id: string;
  readonly size: number;
  readonly root: string;
}

/** Names of the files of one checkpoint, relative to the bundle. */
export interface CheckpointFiles {
  readonly body: string;
  readonly envelope: string;
  readonly signature: (participant: string) => string;
  /** RFC 3161 request for a timestamp; the last checkpoint alone may have one. */
  readonly timestampRequest: string;
}

/** Longest checkpoint file that is read: 4 KiB. */
export const MAX_CHECKPOINT_BYTES = 4096;

/** Highest checkpoint number: four digits. */
export const MAX_CHECKPOINTS = 9999;

/** The bytes of a checkpoint: origin, size in decimal, root in base64, each ended by LF. */
export function checkpointBody({ mode, id, size, root }: Checkpoint): Uint8Array {
  return Buffer.from(
    // SECURITY(K-22): what people sign says rehearsal or production first.
    `keyrite/${mode}/${id}\n${String(size)}\n${Buffer.from(root, 'hex').toString('base64')}\n`,
    'utf8',
  );
}

/** Reads a checkpoint; null unless the bytes are exactly what {@link checkpointBody} makes. */
export function parseCheckpoint(bytes: Uint8Array): Checkpoint | null {
  if (bytes.length > MAX_CHECKPOINT_BYTES) return null;
  const text = Buffer.from(bytes).toString('latin1');
  const found =
    /^keyrite\/(rehearsal|production)\/([a-z0-9][a-z0-9-]{0,62})\n(0|[1-9][0-9]{0,14})\n([A-Za-z0-9+/]{43}=)\n$/.exec(
      text,
    );
  if (found === null) return null;
  const [, mode, id, size, root] = found as unknown as [string, 'rehearsal' | 'production', string, string, string];
  const checkpoint = { mode, id, size: Number(size), root: Buffer.from(root, 'base64').toString('hex') };
  return Buffer.from(checkpointBody(checkpoint)).equals(bytes) ? checkpoint : null;
}

/** File names of checkpoint `number` (from 1). Throws RangeError for a number that four digits cannot hold. */
export function checkpointFiles(number: number): CheckpointFiles {
  if (!Number.isInteger(number) || number < 1 || number > MAX_CHECKPOINTS) {
    throw new RangeError(`checkpoint number: expected 1 to ${String(MAX_CHECKPOINTS)}, got ${String(number)}`);
  }
  const stem = `checkpoints/${String(number).padStart(4, '0')}`;
  return {
    body: `${stem}.checkpoint`,
    envelope: `${stem}.dsse.json`,
    signature: (participant) => `${stem}.${participant}.sig`,
    timestampRequest: `${stem}.tsq`,
  };
}

/** Number and part of a checkpoint's file name; null for any other name. A signature's part is its participant. */
export function parseCheckpointName(name: string): {
  readonly number: number;
  readonly part: 'body' | 'envelope' | 'timestamp-request' | { readonly signature: string };
} | null {
  const found = /^checkpoints\/(\d{4})\.(?:(checkpoint)|(dsse\.json)|(tsq)|([a-z0-9][a-z0-9-]{0,62})\.sig)$/.exec(name);
  if (found === null) return null;
  const number = Number(found[1]);
  if (number === 0) return null;
  if (found[2] !== undefined) return { number, part: 'body' };
  if (found[3] !== undefined) return { number, part: 'envelope' };
  if (found[4] !== undefined) return { number, part: 'timestamp-request' };
  return { number, part: { signature: found[5] ?? '' } };
}

/** The envelope over a checkpoint: its payload is the checkpoint's text, its signatures are sorted by participant. */
export function checkpointEnvelope(body: Uint8Array, signatures: ReadonlyMap<string, Uint8Array>): Envelope {
  return {
    payload: Buffer.from(body).toString('base64'),
    payloadType: PAYLOAD_TYPES.checkpoint,
    signatures: [...signatures]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([keyid, sig]) => ({ keyid, sig: Buffer.from(sig).toString('base64') })),
  };
}

/** Bytes of `dsse.json`: the envelope in RFC 8785 form and an LF. */
export function checkpointEnvelopeFile(body: Uint8Array, signatures: ReadonlyMap<string, Uint8Array>): Uint8Array {
  return Buffer.from(`${canonicalJson(checkpointEnvelope(body, signatures))}\n`, 'utf8');
}
