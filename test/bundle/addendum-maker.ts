/** Writes addenda into a bundle past the code that would refuse them: every hash and signature in order, whatever they say. */
import { createHash } from 'node:crypto';
import { canonicalBytes, type Json, type JsonObject } from '../../ceremony/canonical-json';
import { addendumFiles } from '../../ceremony/bundle/addendum-line';
import { closedCheckpoint, cosignatureMessage, type ClosedCheckpoint } from '../../ceremony/bundle/cosignature';
import { SUMS } from '../../ceremony/bundle/layout';
import { sumsOf } from '../../ceremony/bundle/sums';
import { verifyBundle } from '../../ceremony/bundle/verify';
import { PAYLOAD_TYPES, envelope, preAuthenticationEncoding } from '../../ceremony/command/dsse';
import type { BundleFolder } from '../../ceremony/engine/ports';
import { checkpointEnvelopeFile } from '../../ceremony/transcript/checkpoint';
import { treeHash } from '../../ceremony/transcript/merkle';
import { seededBytes, signWith, type Made } from './software-ceremony';

/** What is made otherwise than right. */
export interface AddendumChange {
  readonly number?: number;
  /** Number that line 0 tells, where it is another than the folder's. */
  readonly told?: number;
  readonly opened?: JsonObject;
  readonly closing?: JsonObject;
  /** Bodies of the facts; by default one destruction. */
  readonly facts?: readonly JsonObject[];
  readonly by?: readonly string[];
  readonly signers?: readonly string[];
  /** Changes a line before it is written. */
  readonly line?: (line: JsonObject, seq: number) => JsonObject;
  /** Bytes of the transcript, given what they would be. */
  readonly transcript?: (bytes: Buffer) => Buffer;
  /** Text of the checkpoint, given what it would be. */
  readonly checkpoint?: (text: string) => string;
  /** Bytes of the envelope, given what they would be. */
  readonly envelope?: (bytes: Buffer) => Buffer;
  /** Bytes of a signature, given what they would be. */
  readonly signature?: (id: string, bytes: Buffer) => Buffer;
  /** Further files of its folder by name. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** The last checkpoint of a bundle in a folder. */
export async function lastCheckpoint(folder: BundleFolder): Promise<ClosedCheckpoint> {
  const { summary } = await verifyBundle(folder, {});
  const final = summary?.checkpoints.find((one) => one.final);
  if (summary === null || final === undefined) throw new Error('the bundle is not closed');
  return closedCheckpoint(summary, final);
}

/** Writes an addendum and the sums; returns its root. */
export async function writeAddendum(
  folder: BundleFolder,
  made: Made,
  closed: ClosedCheckpoint,
  previous: string | null,
  change: AddendumChange = {},
): Promise<string> {
  const number = change.number ?? 1;
  const names = addendumFiles(number);
  const signers = [...(change.signers ?? ['ada', 'wanda'])].sort();
  const { size, root: closedRoot, ceremony, mode } = closed;
  const bodies: JsonObject[] = [
    {
      format: 'keyrite-addendum/1',
      ceremony,
      mode,
      number: change.told ?? number,
      closed: { size, root: closedRoot },
      previous,
      reason: 'What came later.',
      app: { name: 'keyrite', version: '0.0.0', sha256: '0'.repeat(64), runtime: 'test' },
      ...change.opened,
    },
    ...(change.facts ?? [destruction]),
    {
      outcome: 'completed',
      exceptions: 0,
      withheld: 0,
      signOff: 'This was added after the close of the ceremony. I have seen what it adds.',
      ...change.closing,
    },
  ];
  const random = seededBytes(`addendum ${String(number)}`);
  const lines: Buffer[] = [];
  for (const [seq, body] of bodies.entries()) {
    const line: JsonObject = {
      seq,
      prev: seq === 0 ? '0'.repeat(64) : sha256(lines[seq - 1] ?? Buffer.alloc(0)),
      salt: Buffer.from(random(16)).toString('hex'),
      at: new Date(Date.parse('2026-11-25T09:00:00.000Z') + (number * 1000 + seq) * 1000).toISOString(),
      type: seq === 0 ? 'ceremony.opened' : seq === bodies.length - 1 ? 'ceremony.closed' : 'fact.recorded',
      step: null,
      by: seq === 0 || seq === bodies.length - 1 ? [] : [...(change.by ?? signers)],
      body,
    };
    lines.push(Buffer.from(canonicalBytes((change.line ?? same)(line, seq))));
  }
  const root = Buffer.from(treeHash(lines)).toString('hex');
  const origin = `keyrite/${mode}/${ceremony}/addendum/${String(number).padStart(4, '0')}`;
  const text = `${origin}\n${String(lines.length)}\n${Buffer.from(root, 'hex').toString('base64')}\n`;
  const checkpoint = Buffer.from((change.checkpoint ?? ((one) => one))(text));
  const signatures = new Map(
    signers.map((id) => {
      const person = made.people.get(id) ?? made.people.get('ada');
      if (person === undefined) throw new Error('nobody is there to sign');
      const signed = Buffer.from(signWith(person, preAuthenticationEncoding(PAYLOAD_TYPES.checkpoint, checkpoint)));
      return [id, (change.signature ?? ((_, bytes) => bytes))(id, signed)] as const;
    }),
  );
  const whole = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
  const files: Record<string, Uint8Array> = {
    [names.transcript]: (change.transcript ?? same)(whole),
    [names.checkpoint]: checkpoint,
    [names.envelope]: (change.envelope ?? same)(Buffer.from(checkpointEnvelopeFile(checkpoint, signatures))),
  };
  for (const [id, bytes] of signatures) files[names.signature(id)] = bytes;
  for (const [name, content] of Object.entries(change.files ?? {}))
    files[`${names.folder}/${name}`] = Buffer.from(content as Uint8Array);
  for (const [name, content] of Object.entries(files)) await folder.create(name, content);
  await sumAnew(folder);
  return root;
}

/** Makes the sums right again. */
export async function sumAnew(folder: BundleFolder): Promise<void> {
  if (await folder.exists(SUMS)) await folder.remove(SUMS);
  await folder.create(SUMS, Buffer.from(await sumsOf(folder)));
}

/** A fact that needs nothing. */
export const destruction: JsonObject = {
  fact: 'destruction',
  value: { text: 'The card of Carl was cut up.' },
  files: [],
};

/** Somebody's cosignature over a bundle, as a fact; `change` goes into its payload, `signer` signs it. */
export function cosignatureFact(
  made: Made,
  closed: ClosedCheckpoint,
  participant: string,
  change: JsonObject = {},
  signer = participant,
): JsonObject {
  const payload: JsonObject = {
    format: 'keyrite-cosignature/1',
    mode: closed.mode,
    ceremony: closed.ceremony,
    participant,
    size: closed.size,
    root: closed.root,
    checkpoint: closed.sha256,
    verdict: 'consistent',
    app: { name: 'keyrite', version: '0.0.0', sha256: '0'.repeat(64) },
    at: '2026-11-25T08:00:00.000Z',
    ...change,
  };
  const person = made.people.get(signer);
  if (person === undefined) throw new Error(`nobody is called ${signer}`);
  const signed = signWith(person, cosignatureMessage(payload as unknown as Parameters<typeof cosignatureMessage>[0]));
  const sealed = envelope(PAYLOAD_TYPES.cosignature, payload, new Map([[participant, signed]]));
  const text = 'Recomputed at home.';
  return { fact: 'cosignature', value: { participant, envelope: sealed as unknown as Json, text }, files: [] };
}

/** Lower-case hex SHA-256. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function same<T>(one: T): T {
  return one;
}
