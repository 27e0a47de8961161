/** What somebody signed, opened, with whose signatures on it hold. Never throws: it is anybody's bundle. */
import * as v from 'valibot';
import { parseCheckpoint, parseCheckpointName, checkpointFiles } from '../../ceremony/transcript/checkpoint';
import { readEnvelopeFile } from '../../ceremony/bundle/sealed';
import {
  Envelope,
  PAYLOAD_TYPES,
  isValidSignature,
  openPayload,
  preAuthenticationEncoding,
} from '../../ceremony/command/dsse';
import type { RosterEntry } from '../../ceremony/transcript/line';
import type { SignatureView, SignedView } from '../../ipc/audit-view';
import { fieldsOf, type PeopleNames } from './audit-fields';
import { isRecord } from './audit-json';
import { cutTo } from './audit-text';
import { signedWords } from './audit-words';

/** Most fields of one payload, most signatures of one, most signed things of one line. */
const MOST = { fields: 500, signatures: 200, signed: 20 } as const;
/** Deepest that envelopes are looked for. */
const MAX_DEPTH = 8;

/** What opening needs. */
export interface Signers {
  readonly roster: ReadonlyMap<string, RosterEntry>;
  readonly names: PeopleNames;
  /** Content of a file of the bundle; null where there is none that can be read. */
  readonly read: (name: string) => Promise<Uint8Array | null>;
}

/** Everything signed that stands in a line's body. */
export function signedIn(body: unknown, signers: Signers): SignedView[] {
  const found: SignedView[] = [];
  const walk = (value: unknown, depth: number): void => {
    if (found.length >= MOST.signed || depth > MAX_DEPTH || typeof value !== 'object' || value === null) return;
    const sealed = v.safeParse(Envelope, value);
    if (sealed.success) found.push(opened(sealed.output, null, signers));
    else for (const inner of Object.values(value)) walk(inner, depth + 1);
  };
  walk(body, 0);
  return found;
}

/** What is signed in a file that a line names: an approval, or a signature on a checkpoint; null for any other file. */
export async function signedFile(name: string, signers: Signers): Promise<SignedView | null> {
  if (/^approvals\/.*\.dsse\.json$/.test(name)) {
    const content = await signers.read(name);
    const sealed = content === null ? null : readEnvelopeFile(content);
    return sealed === null ? unread(signedWords(PAYLOAD_TYPES.approval), name) : opened(sealed, name, signers);
  }
  const part = parseCheckpointName(name);
  if (part === null || typeof part.part !== 'object') return null;
  const what = `${signedWords(PAYLOAD_TYPES.checkpoint)} ${String(part.number)}`;
  const body = await signers.read(checkpointFiles(part.number).body);
  const signature = await signers.read(name);
  const checkpoint = body === null ? null : parseCheckpoint(body);
  if (body === null || checkpoint === null || signature === null) return unread(what, name);
  const { fields } = fieldsOf(
    { ceremony: checkpoint.id, mode: checkpoint.mode, lines: checkpoint.size, root: checkpoint.root },
    signers.names,
    MOST.fields,
  );
  const signatures = [signatureOf(part.part.signature, signature, PAYLOAD_TYPES.checkpoint, body, signers)];
  return { what, file: name, fields, signatures, problem: '' };
}

function opened(sealed: Envelope, file: string | null, signers: Signers): SignedView {
  const payload = Buffer.from(sealed.payload, 'base64');
  const what = cutTo(signedWords(sealed.payloadType), 200);
  const signatures = sealed.signatures
    .slice(0, MOST.signatures)
    .map(({ keyid, sig }) => signatureOf(keyid, Buffer.from(sig, 'base64'), sealed.payloadType, payload, signers));
  try {
    const value = openPayload(sealed);
    const about = isRecord(value) ? value : { payload: value };
    const { fields, cut } = fieldsOf(about, signers.names, MOST.fields);
    return { what, file, fields, signatures, problem: cut ? 'More was signed than is shown here' : '' };
  } catch {
    return { what, file, fields: [], signatures, problem: 'What was signed is not canonical JSON' };
  }
}

function unread(what: string, file: string): SignedView {
  return { what, file, fields: [], signatures: [], problem: 'The file is not there, or not in its exact form' };
}

function signatureOf(
  id: string,
  signature: Uint8Array,
  payloadType: string,
  payload: Uint8Array,
  { roster }: Signers,
): SignatureView {
  const person = roster.get(id);
  if (person === undefined) {
    return { id, name: '', roles: [], holds: false, note: 'Nobody on the roster: whose key it is cannot be told' };
  }
  const { name, roles, key } = person;
  const holds = isValidSignature(key, preAuthenticationEncoding(payloadType, payload), signature);
  const where = key.holder === 'token' ? 'on a token' : 'in a file, which can be copied';
  const note = holds ? `${key.algorithm}, key ${where}` : 'Not a signature by this person’s key over these bytes';
  return { id, name: cutTo(name, 200), roles: roles.slice(0, 10), holds, note };
}
