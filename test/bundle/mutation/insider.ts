/**
 * The worst forger: somebody who has the keys of everybody and of every unit. Takes a whole bundle, changes what it is
 * told to, and has everything made and signed again with invented keys (Ed25519 from fixed seeds, so that the same change
 * gives the same bytes). With no change at all this is the truthful record of a ceremony of invented people.
 */
import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { canonicalJson, type Json, type JsonObject } from '../../../ceremony/canonical-json';
import { applyCommand, imprintState } from '../../../ceremony/command/apply';
import {
  PAYLOAD_TYPES,
  envelope,
  preAuthenticationEncoding,
  spkiSha256,
  type Envelope,
  type PayloadType,
  type SigningKey,
} from '../../../ceremony/command/dsse';
import { identityChallenge } from '../../../ceremony/command/statements';
import { stateSha256, type UnitState } from '../../../ceremony/command/unit-state';
import { pemOf } from '../../../ceremony/bundle/layout';
import { MerkleTree } from '../../../ceremony/transcript/merkle';
import { checkpointBody, checkpointFiles } from '../../../ceremony/transcript/checkpoint';
import { envelopeOf } from './hashes-right';
import { EMPTY, linesOf, sha256, text, withSums, type Files } from './bundle-files';

/** A line as a forger handles it; `seq` and `prev` are made when it is written. */
export interface LooseLine {
  readonly at: string;
  readonly type: string;
  readonly step: string | null;
  readonly by: readonly string[];
  readonly salt: string;
  readonly body: JsonObject;
}

/** Something about to be signed. */
export interface ToSign {
  readonly type: PayloadType;
  readonly payload: JsonObject;
  /** Those who signed it in the bundle. */
  readonly signers: readonly string[];
  /** How many things were signed before. */
  readonly number: number;
  /** Number of the checkpoint; 0 for anything else. */
  readonly checkpoint: number;
}

/** What the forger changes. */
export interface Forgery {
  /** Prefix of the seeds of all keys: another one means other people. */
  readonly cast?: string;
  /** Changes the lines before anything is made right. */
  readonly lines?: (lines: readonly LooseLine[]) => readonly LooseLine[];
  /** Changes what is signed, or who signs it; the signatures hold. */
  readonly sign?: (one: ToSign) => { readonly payload: JsonObject; readonly signers: readonly string[] };
  /** Makes the signature otherwise than with the signer's invented key. */
  readonly signature?: (one: ToSign, signer: string, message: Uint8Array) => Uint8Array;
  /** Changes the bytes of a payload before they are signed. */
  readonly bytes?: (one: ToSign, payload: string) => string;
  /** Changes the text of a line before it is hashed. */
  readonly text?: (line: string, seq: number) => string;
  /** Changes the binding. */
  readonly binding?: (binding: JsonObject) => JsonObject;
  /** Changes a reading of a unit after it was made right and signed. */
  readonly reading?: (reading: JsonObject, seq: number) => JsonObject;
  /** Changes the body of line 0 after it was made right. */
  readonly opening?: (body: JsonObject) => JsonObject;
  /** Times as given, even when they go backwards; else they are put in order. */
  readonly times?: 'as given';
  /** Unit states as given in the lines, not those that the commands lead to. */
  readonly states?: 'as given';
}

/** The transcript's lines, parsed. */
export function looseLines(files: Files): readonly LooseLine[] {
  return linesOf(files).map((line) => JSON.parse(line) as LooseLine);
}

/** A text of the record; empty for anything else. */
export function said(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** The whole bundle made and signed again, with the changes of the forgery. Throws where a change makes no sense at all. */
export function signedAgain(original: Files, forgery: Forgery = {}): Files {
  return new Insider(original, forgery).make();
}

/** The invented key of a participant or unit. */
export function inventedKey(cast: string, id: string): { readonly key: KeyObject; readonly spki: string } {
  const found = KEYS.get(`${cast}/${id}`);
  if (found !== undefined) return found;
  const head = Buffer.from('302e020100300506032b657004220420', 'hex');
  const seed = createHash('sha256').update(`keyrite invented ${cast} ${id}`).digest();
  const key = createPrivateKey({ key: Buffer.concat([head, seed]), format: 'der', type: 'pkcs8' });
  const made = { key, spki: createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64') };
  KEYS.set(`${cast}/${id}`, made);
  return made;
}
const KEYS = new Map<string, { readonly key: KeyObject; readonly spki: string }>();

interface Entry {
  readonly id: string;
  readonly roles: readonly string[];
  readonly key: { readonly algorithm: string; readonly spki: string; readonly holder: string };
}

class Insider {
  private readonly forgery: Forgery;
  private readonly cast: string;
  private readonly files: Map<string, Uint8Array>;
  private readonly before: Files;
  private readonly opening: JsonObject;
  private readonly names = new Map<string, string>();
  private readonly tree = new MerkleTree();
  private readonly written: string[] = [];
  private readonly states = new Map<string, UnitState>();
  private readonly pending = new Map<string, UnitState>();
  private readonly custodians: ReadonlyMap<string, SigningKey>;
  /** Numbers, in the bundle before, of the checkpoints announced so far. */
  private readonly made: number[] = [];
  private prev = '0'.repeat(64);
  private line0 = '';
  private signed = 0;

  constructor(original: Files, forgery: Forgery) {
    this.forgery = forgery;
    this.cast = forgery.cast ?? 'cast';
    this.before = original;
    this.files = new Map(original);
    this.opening = looseLines(original)[0]?.body ?? {};
    const roster = this.opening['roster'] as unknown as readonly Entry[];
    for (const { id, key } of roster) this.names.set(key.spki, this.key(id).spki);
    for (const [unit, { id, spki }] of identitiesIn(looseLines(original))) {
      // The software ceremony gives its unit the key of a person.
      const invented = this.names.get(spki) ?? this.key(unit).spki;
      this.names.set(spki, invented);
      this.names.set(id, spkiSha256(invented));
    }
    this.custodians = new Map(
      roster
        .filter(({ roles }) => roles.includes('custodian'))
        .map(({ id }) => [id, { algorithm: 'ed25519', spki: this.key(id).spki }]),
    );
  }

  make(): Files {
    const renamed = looseLines(this.before).map((line) => this.rename(line as unknown as Json) as unknown as LooseLine);
    const changed = this.forgery.lines?.(renamed) ?? renamed;
    const lines = this.forgery.times === 'as given' ? changed : inOrderOfTime(changed);
    for (const name of this.before.keys()) if (name.startsWith('checkpoints/')) this.files.delete(name);
    const package_ = lines.findLastIndex((line) => line.type === 'step.outcome' && line.body['act'] === 'make');
    for (const [name, content] of this.before) {
      if (!name.endsWith('.keypackage.json') || package_ < 0) continue;
      this.files.set(name, Buffer.from(text(content).replace(/"line":\d+/u, `"line":${String(package_)}`)));
    }
    this.bind();
    const exceptions = lines.filter(({ type }) => type === 'exception.recorded').length;
    for (const line of lines) this.write(line, exceptions);
    if (lines.at(-1)?.type === 'ceremony.closed') {
      this.checkpoint(this.lastCheckpoint(), this.made.length + 1, this.tree.size);
    }
    this.files.set('transcript.jsonl', Buffer.from(this.written.map((line) => `${line}\n`).join('')));
    return withSums(this.files);
  }

  /** Binding, keys and approvals with the invented keys. */
  private bind(): void {
    const binding = this.rename(JSON.parse(text(this.before.get('binding.json') ?? EMPTY)) as Json) as {
      readonly people: readonly (JsonObject & { readonly key: JsonObject })[];
    };
    const people = binding.people.map((one) => ({ ...one, key: { ...one.key, algorithm: 'ed25519' } }));
    const bound = { ...(binding as unknown as JsonObject), people };
    const changed = this.forgery.binding?.(bound) ?? bound;
    // JSON is YAML too.
    this.files.set('binding.json', Buffer.from(canonicalJson(changed)));
    this.files.set('binding.yaml', Buffer.from(`${JSON.stringify(changed, null, 1)}\n`));
    for (const { id, key } of people as unknown as readonly Entry[])
      this.files.set(`keys/${id}.pem`, Buffer.from(pemOf(key.spki)));
    for (const name of this.before.keys()) {
      const approver = /^approvals\/(.*)\.dsse\.json$/.exec(name)?.[1];
      if (approver === undefined) continue;
      const old = JSON.parse(text(this.before.get(name) ?? EMPTY)) as Envelope;
      const hashes = { plan: this.sum('plan.json'), binding: this.sum('binding.json') };
      const { ceremony, mode } = changed as { readonly ceremony: string; readonly mode: string };
      const sealed = this.seal(old, (payload) => ({ ...payload, ceremony, mode, ...hashes }));
      this.files.set(name, Buffer.from(`${canonicalJson(sealed)}\n`));
    }
  }

  private write(line: LooseLine, exceptions: number): void {
    const seq = this.written.length;
    const body = this.bodyOf(line, seq, exceptions);
    const { at, type, step, by, salt } = line;
    const right = canonicalJson({
      ...(line as unknown as JsonObject),
      seq,
      prev: this.prev,
      salt,
      at,
      type,
      step,
      by,
      body: this.withNamedFiles(body),
    });
    const written = this.forgery.text?.(right, seq) ?? right;
    this.prev = sha256(written);
    if (seq === 0) this.line0 = this.prev;
    this.written.push(written);
    this.tree.append(Buffer.from(written));
  }

  private bodyOf(line: LooseLine, seq: number, exceptions: number): JsonObject {
    const { body, type } = line;
    switch (type) {
      case 'ceremony.opened':
        return this.openingBody(body);
      case 'participant.present':
        return {
          ...body,
          proof: this.seal(body['proof'] as unknown as Envelope, (payload) => ({
            ...payload,
            line0: this.line0,
            head: this.prev,
          })),
        };
      case 'exception.recorded':
        return { ...body, record: this.seal(body['record'] as unknown as Envelope, (payload) => payload) };
      case 'step.intent':
        return this.intent(line);
      case 'step.outcome':
      case 'step.reconciled':
        return this.settle(line);
      case 'fact.recorded':
        return { ...body, value: this.reading(body['value'] ?? null, seq) };
      case 'checkpoint.made': {
        const old = Number(body['number']);
        const number = this.made.length + 1;
        this.made.push(old);
        this.checkpoint(old, number, seq);
        const root = Buffer.from(this.tree.root()).toString('hex');
        return { ...renumbered(body, old, number), number, size: seq, root };
      }
      case 'checkpoint.signed': {
        const old = Number(body['number']);
        const number = this.made.lastIndexOf(old) + 1;
        return number === 0 ? body : { ...renumbered(body, old, number), number };
      }
      case 'ceremony.closed':
        return { ...body, exceptions: body['exceptions'] === -1 ? exceptions + 1 : exceptions };
      default:
        return body;
    }
  }

  private openingBody(body: JsonObject): JsonObject {
    const roster = (body['roster'] as unknown as readonly Entry[]).map((one) => ({
      ...one,
      key: { ...one.key, algorithm: 'ed25519' },
    }));
    const binding = JSON.parse(text(this.files.get('binding.json') ?? EMPTY)) as JsonObject;
    const mode = binding['mode'] ?? null;
    const right = {
      ...body,
      roster: roster as unknown as Json,
      mode,
      ceremony: binding['ceremony'] ?? null,
      keysFrom: mode === 'production' ? 'plan' : 'binding',
      binding: { sha256: this.sum('binding.json') },
    };
    return this.forgery.opening?.(right) ?? right;
  }

  /** A signed command for the state that the unit is in, and the state that it leads to. */
  private intent(line: LooseLine): JsonObject {
    const { body } = line;
    const sealed = body['command'] as unknown as Envelope | null;
    const key = `${line.step ?? ''} ${said(body['act'])}`;
    this.pending.delete(key);
    if (sealed === null) return body;
    const unit = said(body['unit']);
    const before = this.states.get(unit) ?? null;
    const made = this.seal(sealed, (payload) =>
      before === null
        ? payload
        : { ...payload, counter: before.counter + 1, previous: stateSha256(before), unit: before.unit },
    );
    if (before !== null) this.pending.set(key, this.after(before, made));
    return { ...body, command: made };
  }

  private after(state: UnitState, sealed: Envelope): UnitState {
    try {
      return applyCommand(state, sealed, this.custodians);
    } catch {
      // A command that no unit would carry out: the forger claims that it was.
      const command = sha256(Buffer.from(sealed.payload, 'base64'));
      return { ...state, counter: state.counter + 1, previous: stateSha256(state), command };
    }
  }

  private settle(line: LooseLine): JsonObject {
    const member = line.type === 'step.outcome' ? 'result' : 'observed';
    const told = line.body[member] as JsonObject | undefined;
    if (told === undefined) return line.body;
    const act = said(line.body['act']);
    const key = `${line.step ?? ''} ${act}`;
    const [unit = ''] = act.split('/');
    if (typeof told['id'] === 'string' && typeof told['spki'] === 'string' && 'state' in told) {
      const old = told['state'] as unknown as UnitState;
      const state = imprintState(told['id'], old.serial);
      this.states.set(unit, state);
      return { ...line.body, [member]: { ...told, algorithm: 'ed25519', state: this.state(state, old) } };
    }
    const pending = this.pending.get(key);
    if (act === 'write') return { ...line.body, [member]: this.packageTold(told) };
    if (pending === undefined) return line.body;
    this.pending.delete(key);
    if (line.body['verdict'] === 'not-applied') return line.body;
    this.states.set(unit, pending);
    if (typeof told['state'] !== 'object') return line.body;
    return { ...line.body, [member]: { ...told, state: this.state(pending, told['state'] as unknown as UnitState) } };
  }

  private state(right: UnitState, given: UnitState): Json {
    return this.forgery.states === 'as given' && 'forged' in given
      ? { ...right, ...(given as unknown as { forged: JsonObject }).forged }
      : right;
  }

  private packageTold(told: JsonObject): JsonObject {
    const name = said(told['name']);
    const same = this.before.has(name) && told['sha256'] === sha256(this.before.get(name) ?? EMPTY);
    return same ? { ...told, sha256: this.sum(name) } : told;
  }

  /** A reading of a unit, signed by its invented identity key, with the state that its commands lead to. */
  private reading(value: Json, seq: number): Json {
    if (typeof value !== 'object' || value === null || !('challenge' in value) || !('identity' in value)) return value;
    const { unit, challenge, identity, state } = value as unknown as {
      readonly unit: string;
      readonly challenge: { readonly nonce: string };
      readonly identity: JsonObject;
      readonly state: UnitState | null | undefined;
    };
    const signature = sign(null, identityChallenge(challenge.nonce), this.key(unit).key).toString('base64');
    const present = this.states.get(unit);
    const right: JsonObject = {
      ...value,
      identity: { ...identity, algorithm: 'ed25519' },
      challenge: { ...challenge, signature },
      ...(state === undefined || state === null || present === undefined ? {} : { state: this.state(present, state) }),
    };
    return this.forgery.reading?.(right, seq) ?? right;
  }

  /** Makes and signs checkpoint `number`; those sign who signed the one that was number `old`. */
  private checkpoint(old: number, number: number, size: number): void {
    const names = checkpointFiles(number);
    const stem = checkpointFiles(old).body.slice(0, -'checkpoint'.length);
    const signers = [...this.before.keys()]
      .filter((name) => name.startsWith(stem) && name.endsWith('.sig'))
      .map((name) => name.slice(stem.length, -'.sig'.length));
    const binding = JSON.parse(text(this.files.get('binding.json') ?? EMPTY)) as {
      ceremony: string;
      mode: 'rehearsal';
    };
    const root = Buffer.from(this.tree.root()).toString('hex');
    const body = checkpointBody({ id: binding.ceremony, mode: binding.mode, size, root });
    const one = { type: PAYLOAD_TYPES.checkpoint, payload: {}, signers, number: this.signed++, checkpoint: old };
    const chosen = this.forgery.sign?.(one).signers ?? signers;
    this.files.set(names.body, body);
    const message = preAuthenticationEncoding(PAYLOAD_TYPES.checkpoint, body);
    for (const id of chosen) {
      this.files.set(names.signature(id), this.signature(one, id, message));
    }
    this.files.set(names.envelope, envelopeOf(this.files, names.body.slice(0, -'.checkpoint'.length)));
  }

  private seal(old: Envelope, right: (payload: JsonObject) => JsonObject): Envelope {
    const type = old.payloadType as PayloadType;
    const opened = this.rename(JSON.parse(Buffer.from(old.payload, 'base64').toString('utf8')) as Json) as JsonObject;
    const binding = JSON.parse(text(this.files.get('binding.json') ?? EMPTY)) as JsonObject;
    const about = { ceremony: binding['ceremony'] ?? null, mode: binding['mode'] ?? null };
    const made = withAlgorithm(right({ ...opened, ...about }));
    const one = {
      type,
      payload: made,
      signers: old.signatures.map(({ keyid }) => keyid),
      number: this.signed++,
      checkpoint: 0,
    };
    const chosen = this.forgery.sign?.(one) ?? one;
    const canonical = canonicalJson(chosen.payload);
    const bytes = Buffer.from(this.forgery.bytes?.(one, canonical) ?? canonical);
    const message = preAuthenticationEncoding(type, bytes);
    const signatures = new Map(chosen.signers.map((id) => [id, this.signature(one, id, message)]));
    return { ...envelope(type, chosen.payload, signatures), payload: bytes.toString('base64') };
  }

  private signature(one: ToSign, id: string, message: Uint8Array): Uint8Array {
    return this.forgery.signature === undefined
      ? sign(null, message, this.key(id).key)
      : this.forgery.signature(one, id, message);
  }

  /** Real keys and unit ids replaced by the invented ones, wherever they stand. */
  private rename(value: Json): Json {
    if (typeof value === 'string') return this.names.get(value) ?? value;
    if (Array.isArray(value)) return value.map((item: Json) => this.rename(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.rename(inner)]));
  }

  private withNamedFiles(body: JsonObject): JsonObject {
    const files = body['files'] as readonly { readonly name: string; readonly sha256: string }[] | undefined;
    if (!Array.isArray(files)) return body;
    const right = (files as readonly { readonly name: string; readonly sha256: string }[]).map((one) =>
      this.files.has(one.name) ? { ...one, sha256: this.sum(one.name) } : one,
    );
    return { ...body, files: right };
  }

  private lastCheckpoint(): number {
    const numbers = [...this.before.keys()].flatMap(
      (name) => /^checkpoints\/(\d{4})\.checkpoint$/.exec(name)?.[1] ?? [],
    );
    return Math.max(1, ...numbers.map(Number));
  }

  private key(id: string): { readonly key: KeyObject; readonly spki: string } {
    return inventedKey(this.cast, id);
  }

  private sum(name: string): string {
    return sha256(this.files.get(name) ?? EMPTY);
  }
}

/** The files of a checkpoint under its new number. */
function renumbered(body: JsonObject, old: number, number: number): JsonObject {
  const stem = (of: number): string => `checkpoints/${String(of).padStart(4, '0')}.`;
  const files = body['files'] as unknown as readonly { readonly name: string }[];
  const moved = files.map((one) => ({ ...one, name: one.name.replace(stem(old), stem(number)) }));
  return { ...body, files: moved };
}

/** Administrators in a payload have the invented algorithm too. */
function withAlgorithm(payload: JsonObject): JsonObject {
  const inner = payload['payload'] as JsonObject | undefined;
  if (inner === undefined) return payload;
  const one = (given: Json): Json => ({ ...(given as JsonObject), algorithm: 'ed25519' });
  const administrator = inner['administrator'];
  const administrators = inner['administrators'] as readonly Json[] | undefined;
  return {
    ...payload,
    payload: {
      ...inner,
      ...(administrator === undefined ? {} : { administrator: one(administrator) }),
      ...(administrators === undefined ? {} : { administrators: administrators.map(one) }),
    },
  };
}

/** Units by the plan's name, with the identity that they were first shown with. */
function identitiesIn(
  lines: readonly LooseLine[],
): ReadonlyMap<string, { readonly id: string; readonly spki: string }> {
  const found = new Map<string, { readonly id: string; readonly spki: string }>();
  for (const { type, body } of lines) {
    const result = body['result'] as { id?: string; spki?: string; state?: Json } | undefined;
    if (type !== 'step.outcome' || result?.id === undefined || result.spki === undefined) continue;
    found.set(said(body['act']).split('/')[0] ?? '', { id: result.id, spki: result.spki });
  }
  return found;
}

function inOrderOfTime(lines: readonly LooseLine[]): readonly LooseLine[] {
  const times = lines.map(({ at }) => at).sort();
  return lines.map((line, place) => ({ ...line, at: times[place] ?? line.at }));
}
