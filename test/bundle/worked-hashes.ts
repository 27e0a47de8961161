/**
 * Every intermediate hash of a bundle, by SHA-256 alone: of what is under `docs/worked-example`, so that who writes a
 * verifier sees at which hash it goes another way.
 */
import { createHash } from 'node:crypto';
import type { Json } from '../../ceremony/canonical-json';
import { canonicalBytes } from '../../ceremony/canonical-json';
import type { Envelope } from '../../ceremony/command/dsse';
import type { Files } from './mutation/bundle-files';

/** The text of `hashes.txt` for a bundle. */
export function hashesOf(files: Files): string {
  const transcripts = [...files.keys()].filter((name) => name.endsWith('transcript.jsonl')).sort();
  // The bundle's own first.
  transcripts.sort((left, right) => left.split('/').length - right.split('/').length);
  return `${transcripts.flatMap((name) => ofTranscript(name, files.get(name) ?? EMPTY, sizesOf(name, files))).join('\n')}\n`;
}

/** How many lines each checkpoint of a transcript covers. */
function sizesOf(transcript: string, files: Files): number[] {
  const folder = transcript.replace('transcript.jsonl', 'checkpoints/');
  return [...files]
    .filter(([name]) => name.startsWith(folder) && name.endsWith('.checkpoint'))
    .map(([, body]) => Number(Buffer.from(body).toString('utf8').split('\n')[1]))
    .sort((left, right) => left - right);
}

function ofTranscript(name: string, content: Uint8Array, sizes: readonly number[]): string[] {
  const lines = Buffer.from(content)
    .toString('utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => Buffer.from(line));
  const leaves = lines.map((line) => sha256(Buffer.from([0]), line));
  const parsed = lines.map(
    (line) => JSON.parse(line.toString('utf8')) as { readonly type: string; readonly body: Json },
  );
  return [
    `# ${name}`,
    '# line: SHA-256 of its bytes, which is prev of the next one; leaf',
    ...lines.map((line, at) => `line ${String(at)} ${hex(sha256(line))} leaf ${hex(leaves[at] ?? EMPTY)}`),
    '# node: tree hash over the lines from..to, both included; the last of each checkpoint is its root',
    ...new Set(
      sizes.flatMap((size) =>
        nodes(leaves.slice(0, size), 0).map(({ from, to, hash }) => `node ${String(from)}..${String(to)} ${hex(hash)}`),
      ),
    ),
    '# signed in a line: payload type, SHA-256 of the payload, SHA-256 of what is signed (PAE), signers',
    ...parsed.flatMap(({ body }, at) => envelopesIn(body).map((sealed) => `signed ${String(at)} ${told(sealed)}`)),
    '# state of a unit in an outcome: SHA-256 of its canonical form',
    ...parsed.flatMap(({ type, body }, at) => {
      const state = type === 'step.outcome' ? stateIn(body) : null;
      return state === null ? [] : [`state ${String(at)} ${hex(sha256(canonicalBytes(state)))}`];
    }),
    '',
  ];
}

/** All nodes above the leaves, children first (RFC 6962, 2.1). */
function nodes(leaves: readonly Buffer[], from: number): { from: number; to: number; hash: Buffer }[] {
  if (leaves.length < 2) return [];
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  const left = nodes(leaves.slice(0, half), from);
  const right = nodes(leaves.slice(half), from + half);
  const hashOf = (made: typeof left, leaf: Buffer | undefined): Buffer => made.at(-1)?.hash ?? leaf ?? EMPTY;
  const hash = sha256(Buffer.from([1]), hashOf(left, leaves[0]), hashOf(right, leaves[half]));
  return [...left, ...right, { from, to: from + leaves.length - 1, hash }];
}

function told({ payloadType, payload, signatures }: Envelope): string {
  const bytes = Buffer.from(payload, 'base64');
  const pae = Buffer.from(`DSSEv1 ${String(payloadType.length)} ${payloadType} ${String(bytes.length)} `);
  const signers = signatures.map(({ keyid }) => keyid).join(',');
  return `${payloadType} ${hex(sha256(bytes))} ${hex(sha256(pae, bytes))} ${signers}`;
}

function envelopesIn(value: Json): Envelope[] {
  if (value === null || typeof value !== 'object') return [];
  if (Array.isArray(value)) return (value as readonly Json[]).flatMap(envelopesIn);
  if ('payload' in value && 'signatures' in value) return [value as unknown as Envelope];
  return Object.values(value as Record<string, Json>).flatMap(envelopesIn);
}

function stateIn(body: Json): Json {
  const result = (body as { readonly result?: { readonly state?: Json } }).result;
  return result?.state ?? null;
}

const EMPTY = Buffer.alloc(0);

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex');
}
