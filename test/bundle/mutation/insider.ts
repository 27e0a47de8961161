/**
 * The worst forger: somebody who has the keys of everybody and of every unit. Takes a whole bundle, changes what it is
 * told to, and has everything made and signed again with invented keys (Ed25519 from fixed seeds, so that the same change
 * gives the same bytes). With no change at all this is the truthful record of a ceremony of invented people.
 */
import { canonicalJson, type Json, type JsonObject } from '../../../ceremony/canonical-json';
import { PAYLOAD_TYPES, type Envelope } from '../../../ceremony/command/dsse';
import { stateSha256, type UnitState } from '../../../ceremony/command/unit-state';
import { pemOf, sessionFiles } from '../../../ceremony/bundle/layout';
import { MerkleTree } from '../../../ceremony/transcript/merkle';
import { checkpointBody, checkpointFiles } from '../../../ceremony/transcript/checkpoint';
import { EMPTY, sha256, text, withSums, type Files } from './bundle-files';
import { jsonOf, looseLines, said, type Forgery, type LooseLine } from './forgery';
import { makeAddenda } from './insider-addenda';
import { InsiderShares } from './insider-shares';
import { InsiderUnits } from './insider-units';
import {
  InventedPeople,
  everybodyIn,
  withInventedAdministrators,
  withInventedKey,
  type Entry,
} from './invented-people';
import { Seals, keyidsIn, payloadIn, signersOf } from './seals';

/** The whole bundle made and signed again, with the changes of the forgery. Throws where a change makes no sense at all. */
export function signedAgain(original: Files, forgery: Forgery = {}): Files {
  return new Insider(original, forgery).make();
}

type Person = JsonObject & { readonly id: string; readonly position: string; readonly key: { readonly spki: string } };

class Insider {
  private readonly forgery: Forgery;
  private readonly files: Map<string, Uint8Array>;
  private readonly before: Files;
  private readonly people: InventedPeople;
  private readonly seals: Seals;
  private readonly units: InsiderUnits;
  private readonly shares: InsiderShares;
  private readonly tree = new MerkleTree();
  private readonly written: string[] = [];
  /** Numbers, in the bundle before, of the checkpoints announced so far. */
  private readonly made: number[] = [];
  /** Of which ceremony and mode everything is. */
  private about: { readonly ceremony: Json; readonly mode: Json } = { ceremony: null, mode: null };
  private prev = '0'.repeat(64);
  private line0 = '';
  /** Files that lines so far name. */
  private readonly named = new Set<string>();

  constructor(original: Files, forgery: Forgery) {
    this.forgery = forgery;
    this.before = original;
    const isMadeAnew = (name: string): boolean => /^(checkpoints|keys|sessions)\//.test(name);
    this.files = new Map([...original].filter(([name]) => !isMadeAnew(name)));
    const lines = looseLines(original);
    this.people = new InventedPeople(forgery.cast ?? 'cast', lines);
    this.seals = new Seals(forgery);
    this.shares = new InsiderShares(lines, forgery.cast ?? 'cast');
    const custodians = everybodyIn(lines).filter(({ roles }) => roles.includes('custodian'));
    this.units = new InsiderUnits(
      forgery,
      custodians.map(({ id }) => id),
    );
  }

  make(): Files {
    const renamed = looseLines(this.before).map(
      (line) => this.people.rename(line as unknown as Json) as unknown as LooseLine,
    );
    const changed = this.forgery.lines?.(renamed) ?? renamed;
    const lines = this.forgery.times === 'as given' ? changed : inOrderOfTime(changed);
    const package_ = lines.findLastIndex((line) => line.type === 'step.outcome' && line.body['act'] === 'make');
    for (const [name, content] of this.before) {
      if (!name.endsWith('.keypackage.json') || package_ < 0) continue;
      this.files.set(name, Buffer.from(text(content).replace(/"line":\d+/u, `"line":${String(package_)}`)));
    }
    this.bind();
    const exceptions = lines.filter(({ type }) => type === 'exception.recorded').length;
    for (const line of lines) this.write(line, exceptions);
    this.files.set('transcript.jsonl', Buffer.from(this.written.map((line) => `${line}\n`).join('')));
    if (lines.at(-1)?.type === 'ceremony.closed') this.close();
    return withSums(this.files);
  }

  /** The last checkpoint, and what came after it. */
  private close(): void {
    const [old, number, size] = [this.lastCheckpoint(), this.made.length + 1, this.tree.size];
    this.checkpoint(old, number, size, null);
    const sum = (files: Files, of: number): string => sha256(files.get(checkpointFiles(of).body) ?? EMPTY);
    makeAddenda(this.files, {
      before: this.before,
      forgery: this.forgery,
      people: this.people,
      seals: this.seals,
      closed: {
        ...this.about,
        size,
        root: Buffer.from(this.tree.root()).toString('hex'),
        checkpoint: sum(this.files, number),
        checkpointBefore: sum(this.before, old),
      },
    });
  }

  /** Binding, keys and approvals with the invented keys. */
  private bind(): void {
    const bound = this.boundIn('binding.json');
    const changed = this.forgery.binding?.(bound) ?? bound;
    this.about = { ceremony: changed['ceremony'] ?? null, mode: changed['mode'] ?? null };
    this.putBinding('binding', changed);
    this.putKeys(bound['people'] as unknown as readonly Person[]);
    this.approve('approvals/', 'approvals/', 'binding.json', (same) => same);
  }

  /** A binding of the bundle before, with the invented keys. */
  private boundIn(name: string): JsonObject {
    const binding = this.people.rename(jsonOf(this.before, name)) as JsonObject;
    return {
      ...binding,
      people: (binding['people'] as readonly JsonObject[]).map(withInventedKey),
      units: (binding['units'] as readonly JsonObject[]).map(withInventedState),
    };
  }

  /** JSON is YAML too. */
  private putBinding(stem: string, binding: JsonObject): void {
    this.files.set(`${stem}.json`, Buffer.from(canonicalJson(binding)));
    this.files.set(`${stem}.yaml`, Buffer.from(`${JSON.stringify(binding, null, 1)}\n`));
  }

  private putKeys(people: readonly Pick<Person, 'id' | 'key'>[]): void {
    for (const { id, key } of people) this.files.set(`keys/${id}.pem`, Buffer.from(pemOf(key.spki)));
  }

  /** Approvals of a binding, by those who approved it in the bundle before. */
  private approve(
    from: string,
    to: string,
    binding: string,
    choose: (approvers: readonly string[]) => readonly string[],
  ): void {
    const all = [...this.before.keys()].filter((name) => name.startsWith(from));
    const approvers = all.map((name) => name.slice(from.length, -'.dsse.json'.length));
    for (const id of choose(approvers)) {
      const like = approvers.includes(id) ? id : (approvers[0] ?? '');
      const old = jsonOf(this.before, `${from}${like}.dsse.json`) as unknown as Envelope;
      const payload = { ...payloadIn(old), approver: id, plan: this.sum('plan.json'), binding: this.sum(binding) };
      const sealed = this.seal(old, payload, [id], null);
      this.files.set(`${to}${id}.dsse.json`, Buffer.from(`${canonicalJson(sealed)}\n`));
    }
  }

  private write(line: LooseLine, exceptions: number): void {
    const seq = this.written.length;
    const body = this.withNamedFiles(this.withReadBack(this.bodyOf(line, seq, exceptions)));
    for (const { name } of filesIn(body)) if (this.files.has(name)) this.named.add(name);
    const right = canonicalJson({ ...(line as unknown as JsonObject), seq, prev: this.prev, body });
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
      case 'ceremony.resumed':
        return body['session'] === undefined ? body : this.resumedBody(body);
      case 'participant.present': {
        const proof = body['proof'] as unknown as Envelope;
        return { ...body, proof: this.sealAgain(proof, { line0: this.line0, head: this.prev }, seq) };
      }
      case 'participant.enrolled':
        return this.enrolment(body, seq);
      case 'exception.recorded':
        return { ...body, record: this.sealAgain(body['record'] as unknown as Envelope, {}, seq) };
      case 'step.intent':
        return this.units.intend(line, (right) => {
          const old = body['command'] as unknown as Envelope;
          return this.seal(old, { ...this.payloadOf(old), ...right }, keyidsIn(old), seq);
        });
      case 'step.outcome':
      case 'step.reconciled':
        return line.body['act'] === 'write' ? this.packageTold(body) : this.shares.vouch(this.units.settle(line));
      case 'fact.recorded':
        if (body['fact'] === 'unit.connected')
          return { ...body, value: this.units.connected(body['value'] as JsonObject) };
        return {
          ...body,
          value:
            body['fact'] === 'custody'
              ? this.custody(line, seq)
              : body['fact'] === 'share'
                ? this.share(line, seq)
                : this.units.reading(body['value'] ?? null, seq),
        };
      case 'checkpoint.made': {
        const old = Number(body['number']);
        const number = this.made.length + 1;
        this.made.push(old);
        this.checkpoint(old, number, seq, seq);
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
    const { ceremony, mode } = this.about;
    const right = {
      ...body,
      roster: (body['roster'] as readonly JsonObject[]).map(withInventedKey),
      mode,
      ceremony,
      keysFrom: mode === 'production' ? 'plan' : 'binding',
      binding: { sha256: this.sum('binding.json') },
    };
    return this.forgery.opening?.(right) ?? right;
  }

  /** A later session: its binding tells of the units as the commands left them, and is approved as the first was. */
  private resumedBody(body: JsonObject): JsonObject {
    const session = body['session'] as JsonObject;
    const number = Number(session['number']);
    const [old, names] = [
      sessionFiles(this.before.has(sessionFiles(number).canonical) ? number : 2),
      sessionFiles(number),
    ];
    const before = this.boundIn(old.canonical);
    const units = (before['units'] as readonly JsonObject[]).map((unit) => this.withLastKnown(unit));
    const bound: JsonObject = { ...before, ...this.about, units };
    const changed = this.forgery.session?.(bound) ?? bound;
    this.putBinding(names.canonical.slice(0, -'.json'.length), changed);
    const people = changed['people'] as unknown as readonly Person[];
    this.putKeys(people);
    this.approve(old.approvals, names.approvals, names.canonical, this.forgery.sessionApprovers ?? ((same) => same));
    const moved = canonicalJson(body['files'] ?? []).replaceAll(folderOf(old), folderOf(names));
    const kept = (JSON.parse(moved) as { readonly name: string; readonly sha256: string }[]).filter(
      ({ name }) => !name.startsWith(names.approvals) || this.files.has(name),
    );
    const further = [...this.files.keys()].filter(
      (name) => name.startsWith(names.approvals) && !kept.some((one) => one.name === name),
    );
    const right = {
      ...body,
      session: {
        ...session,
        number,
        binding: { sha256: this.sum(names.canonical) },
        roster: people.map((one) => this.rosterEntry(one)),
      },
      files: [...kept, ...further.map((name) => ({ name, sha256: '' }))],
    };
    return this.forgery.resumed?.(right) ?? right;
  }

  private withLastKnown(unit: JsonObject): JsonObject {
    const known = unit['lastKnown'] as JsonObject | null;
    const state = this.units.stateOf(said(unit['id']));
    if (known === null || state === undefined) return unit;
    return { ...unit, lastKnown: { ...known, counter: state.counter, stateSha256: stateSha256(state) } };
  }

  private rosterEntry({ id, name, position, key }: Person): JsonObject {
    const positions = jsonOf(this.files, 'plan.json')['positions'] as readonly JsonObject[];
    const role = positions.find((one) => one['id'] === position)?.['role'] ?? null;
    return { id, name: name ?? null, roles: [role], key };
  }

  /** An enrolment is signed as its line tells it. */
  private enrolment(body: JsonObject, seq: number): JsonObject {
    const participant = withInventedKey(body['participant'] as JsonObject);
    this.putKeys([participant as unknown as Entry]);
    const old = body['record'] as unknown as Envelope;
    const payload = {
      ...this.payloadOf(old),
      participant,
      identification: body['identification'] ?? null,
      head: this.prev,
    };
    const vouchers = body['vouchers'] as readonly string[];
    const signers = [...new Set([said(participant['id']), ...vouchers])].sort();
    return { ...body, participant, record: this.seal(old, payload, signers, seq) };
  }

  /** An entry in the custody ledger is signed as its line tells it, by those whom the line names. */
  private custody({ body, step, by }: LooseLine, seq: number): JsonObject {
    const value = body['value'] as JsonObject;
    const { act = null, object = null, seal = null, place = null } = value;
    const old = value['record'] as unknown as Envelope;
    const payload = { ...this.payloadOf(old), step, act, object, seal, place, head: this.prev };
    return { ...value, record: this.seal(old, payload, by, seq) };
  }

  private share({ body, step, by }: LooseLine, seq: number): JsonObject {
    const { record, ...said } = body['value'] as JsonObject;
    const old = record as unknown as Envelope;
    return { ...said, record: this.seal(old, { ...this.payloadOf(old), step, ...said, head: this.prev }, by, seq) };
  }

  private packageTold(body: JsonObject): JsonObject {
    const told = body['result'] as JsonObject | undefined;
    const name = said(told?.['name']);
    const same = this.before.has(name) && told?.['sha256'] === sha256(this.before.get(name) ?? EMPTY);
    return same ? { ...body, result: { ...told, sha256: this.sum(name) } } : body;
  }

  /** Makes and signs checkpoint `number`; those sign who signed the one that was number `old`. */
  private checkpoint(old: number, number: number, size: number, line: number | null): void {
    const stem = (of: number): string => checkpointFiles(of).body.slice(0, -'.checkpoint'.length);
    const root = Buffer.from(this.tree.root()).toString('hex');
    const { ceremony, mode } = this.about as { readonly ceremony: string; readonly mode: 'rehearsal' };
    const body = checkpointBody({ id: ceremony, mode, size, root });
    const signers = signersOf(this.before, stem(old));
    const made = this.seals.checkpoint(stem(number), body, signers, { checkpoint: old, line });
    for (const [name, content] of made) this.files.set(name, content);
  }

  private payloadOf(old: Envelope): JsonObject {
    return this.people.rename(payloadIn(old)) as JsonObject;
  }

  /** The same signed anew by those who signed it, with some members made right. */
  private sealAgain(old: Envelope, right: JsonObject, line: number): Json {
    return this.seal(old, { ...this.payloadOf(old), ...right }, keyidsIn(old), line);
  }

  private seal(old: Envelope, payload: JsonObject, signers: readonly string[], line: number | null): Envelope {
    const type = Object.values(PAYLOAD_TYPES).find((one) => one === old.payloadType);
    if (type === undefined) throw new Error(`nobody signs ${old.payloadType}`);
    return this.seals.seal(type, { ...payload, ...this.about }, signers, { line });
  }

  private withNamedFiles(body: JsonObject): JsonObject {
    if (!Array.isArray(body['files'])) return body;
    const right = filesIn(body).map((one) => (this.files.has(one.name) ? { ...one, sha256: this.sum(one.name) } : one));
    return { ...body, files: right };
  }

  /** What an export tells of the files so far, as they are now. */
  private withReadBack(body: JsonObject): JsonObject {
    const result = body['result'] as JsonObject | undefined;
    const told = result?.['readBack'];
    if (!Array.isArray(told)) return body;
    const before = (told as readonly { readonly name: string }[]).map(({ name }) => name);
    const names = [...new Set([...before, ...this.named])].filter((name) => this.files.has(name)).sort();
    const readBack = names.map((name) => ({ name, sha256: this.sum(name) }));
    return { ...body, result: { ...result, readBack } };
  }

  private lastCheckpoint(): number {
    const numbers = [...this.before.keys()].flatMap(
      (name) => /^checkpoints\/(\d{4})\.checkpoint$/.exec(name)?.[1] ?? [],
    );
    return Math.max(1, ...numbers.map(Number));
  }

  private sum(name: string): string {
    return sha256(this.files.get(name) ?? EMPTY);
  }
}

function filesIn(body: JsonObject): readonly { readonly name: string; readonly sha256: string }[] {
  const files = body['files'];
  return Array.isArray(files) ? (files as readonly { readonly name: string; readonly sha256: string }[]) : [];
}

function folderOf({ canonical }: { readonly canonical: string }): string {
  return canonical.slice(0, canonical.lastIndexOf('/') + 1);
}

/** The files of a checkpoint under its new number. */
function renumbered(body: JsonObject, old: number, number: number): JsonObject {
  const stem = (of: number): string => `checkpoints/${String(of).padStart(4, '0')}.`;
  const files = body['files'] as unknown as readonly { readonly name: string }[];
  const moved = files.map((one) => ({ ...one, name: one.name.replace(stem(old), stem(number)) }));
  return { ...body, files: moved };
}

function inOrderOfTime(lines: readonly LooseLine[]): readonly LooseLine[] {
  const times = lines.map(({ at }) => at).sort();
  return lines.map((line, place) => ({ ...line, at: times[place] ?? line.at }));
}

/** A unit with a history, in the state that the last bundle left it in, with invented administrators. */
function withInventedState(unit: JsonObject): JsonObject {
  const known = unit['lastKnown'] as JsonObject | null;
  if (known === null || known['state'] === undefined) return unit;
  const state = withInventedAdministrators(known['state'] as unknown as UnitState);
  return { ...unit, lastKnown: { ...known, state: { ...state }, stateSha256: stateSha256(state) } };
}
