/** Addenda made and signed again: over the closed root as it is now, each over the one before, with what they cite. */
import { canonicalJson, type Json, type JsonObject } from '../../../ceremony/canonical-json';
import { addendumFiles } from '../../../ceremony/bundle/addendum-line';
import { PAYLOAD_TYPES, type Envelope } from '../../../ceremony/command/dsse';
import { MerkleTree } from '../../../ceremony/transcript/merkle';
import { EMPTY, sha256, text, type Files } from './bundle-files';
import { jsonOf, said, type Forgery, type LooseLine } from './forgery';
import type { InventedPeople } from './invented-people';
import { keyidsIn, payloadIn, signersOf, type Seals } from './seals';

/** The ceremony that the addenda come after, as it was made again. */
export interface ClosedAgain {
  readonly ceremony: Json;
  readonly mode: Json;
  readonly size: number;
  /** Root in hex, and the SHA-256 of the last checkpoint's file; now, and before. */
  readonly root: string;
  readonly checkpoint: string;
  readonly checkpointBefore: string;
}

/** Everything that making them again needs. */
export interface AddendaToMake {
  readonly before: Files;
  readonly forgery: Forgery;
  readonly people: InventedPeople;
  readonly seals: Seals;
  readonly closed: ClosedAgain;
}

/** Makes every addendum of the bundle before anew in `files`. */
export function makeAddenda(files: Map<string, Uint8Array>, about: AddendaToMake): void {
  let previous: string | null = null;
  for (let number = 1; about.before.has(addendumFiles(number).transcript); number += 1) {
    previous = makeOne(files, number, previous, about);
  }
}

function makeOne(
  files: Map<string, Uint8Array>,
  number: number,
  previous: string | null,
  about: AddendaToMake,
): string {
  const { before, forgery, people, seals, closed } = about;
  const names = addendumFiles(number);
  attach(files, names.folder, about);
  const told = text(before.get(names.transcript) ?? EMPTY)
    .split('\n')
    .slice(0, -1)
    .map((line) => people.rename(JSON.parse(line) as Json) as unknown as LooseLine);
  const tree = new MerkleTree();
  const written: string[] = [];
  for (const line of forgery.addendum?.(told, number) ?? told) {
    const seq = written.length;
    const right = namedFiles(bodyOf(line, number, seq, previous, files, about), files);
    const body = forgery.added?.(right, { addendum: number, seq }) ?? right;
    const prev = seq === 0 ? '0'.repeat(64) : sha256(written[seq - 1] ?? '');
    written.push(canonicalJson({ ...(line as unknown as JsonObject), seq, prev, body }));
    tree.append(Buffer.from(written[seq] ?? ''));
  }
  files.set(names.transcript, Buffer.from(written.map((line) => `${line}\n`).join('')));
  const root = Buffer.from(tree.root());
  const origin = `keyrite/${said(closed.mode)}/${said(closed.ceremony)}/addendum/${String(number).padStart(4, '0')}`;
  const checkpoint = Buffer.from(`${origin}\n${String(written.length)}\n${root.toString('base64')}\n`);
  const stem = names.checkpoint.slice(0, -'.checkpoint'.length);
  for (const name of before.keys()) if (name.startsWith(`${stem}.`)) files.delete(name);
  const made = seals.checkpoint(stem, checkpoint, signersOf(before, stem), { addendum: number, checkpoint: 1 });
  for (const [name, content] of made) files.set(name, content);
  return root.toString('hex');
}

function bodyOf(
  { body, type }: LooseLine,
  number: number,
  seq: number,
  previous: string | null,
  files: Files,
  { seals, closed }: AddendaToMake,
): JsonObject {
  const { ceremony, mode, size, root, checkpoint } = closed;
  if (type === 'ceremony.opened') return { ...body, ceremony, mode, closed: { size, root }, previous };
  const value = body['value'] as JsonObject | undefined;
  if (value === undefined) return body;
  switch (body['fact']) {
    case 'cosignature': {
      const old = value['envelope'] as unknown as Envelope;
      const payload = { ...payloadIn(old), ceremony, mode, size, root, checkpoint };
      const envelope = seals.seal(PAYLOAD_TYPES.cosignature, payload, keyidsIn(old), { addendum: number, line: seq });
      return { ...body, value: { ...value, envelope: envelope as unknown as Json } };
    }
    case 'timestamp':
      return { ...body, value: { ...value, checkpoint } };
    case 'receipt': {
      const package_ = value['package'] as JsonObject;
      const content = files.get(said(package_['name'])) ?? EMPTY;
      return { ...body, value: { ...value, package: { ...package_, sha256: sha256(content) } } };
    }
    default:
      return body;
  }
}

/** Attachments, of which timestamps and receipts say what they are about. */
function attach(files: Map<string, Uint8Array>, folder: string, { before, forgery, closed }: AddendaToMake): void {
  for (const [name, content] of before) {
    if (!name.startsWith(`${folder}/attachments/`)) continue;
    const right = attachment(before, name, content, closed);
    files.set(name, forgery.attached?.(right, name) ?? right);
  }
}

function attachment(before: Files, name: string, content: Uint8Array, closed: ClosedAgain): Uint8Array {
  if (name.endsWith('.tsr')) {
    // The authority's signature is for openssl alone, and no verifier is given its certificates here.
    const hex = Buffer.from(content).toString('hex');
    return Buffer.from(hex.replace(closed.checkpointBefore, closed.checkpoint), 'hex');
  }
  if (!name.endsWith('receipt.json')) return content;
  return Buffer.from(JSON.stringify({ ...jsonOf(before, name), ceremony: closed.ceremony }));
}

function namedFiles(body: JsonObject, files: Files): JsonObject {
  const named = body['files'] as readonly { readonly name: string; readonly sha256: string }[] | undefined;
  if (!Array.isArray(named)) return body;
  const right = (named as readonly { readonly name: string; readonly sha256: string }[]).map((one) =>
    files.has(one.name) ? { ...one, sha256: sha256(files.get(one.name) ?? EMPTY) } : one,
  );
  return { ...body, files: right };
}
