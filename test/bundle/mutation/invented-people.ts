/** Invented keys in the place of the real ones, wherever those stand in a record. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { Json, JsonObject } from '../../../ceremony/canonical-json';
import { spkiSha256 } from '../../../ceremony/command/dsse';
import type { UnitState } from '../../../ceremony/command/unit-state';
import type { LooseLine } from './forgery';
import { said } from './forgery';

/** Somebody on a roster. */
export interface Entry {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
  readonly key: { readonly algorithm: string; readonly spki: string; readonly holder: string };
}

/** An Ed25519 key that somebody or some unit is given. */
export interface InventedKey {
  readonly key: KeyObject;
  readonly spki: string;
}

/** The invented key of a participant or unit: from a fixed seed, so that the same change gives the same bytes. */
export function inventedKey(cast: string, id: string): InventedKey {
  const found = KEYS.get(`${cast}/${id}`);
  if (found !== undefined) return found;
  const head = Buffer.from('302e020100300506032b657004220420', 'hex');
  const seed = createHash('sha256').update(`keyrite invented ${cast} ${id}`).digest();
  const key = createPrivateKey({ key: Buffer.concat([head, seed]), format: 'der', type: 'pkcs8' });
  const made = { key, spki: createPublicKey(key).export({ format: 'der', type: 'spki' }).toString('base64') };
  KEYS.set(`${cast}/${id}`, made);
  return made;
}
const KEYS = new Map<string, InventedKey>();

/** Everybody who was ever on the roster: of line 0, of later sessions, enrolled on the day. */
export function everybodyIn(lines: readonly LooseLine[]): readonly Entry[] {
  const all = lines.flatMap(({ type, body }): readonly Entry[] => {
    if (type === 'ceremony.opened') return body['roster'] as unknown as readonly Entry[];
    if (type === 'participant.enrolled') return [body['participant'] as unknown as Entry];
    const session = body['session'] as JsonObject | undefined;
    return type === 'ceremony.resumed' && session !== undefined
      ? (session['roster'] as unknown as readonly Entry[])
      : [];
  });
  return [...new Map(all.toReversed().map((entry) => [entry.id, entry])).values()].reverse();
}

/** Puts invented keys and unit ids in the place of the real ones. */
export class InventedPeople {
  private readonly names = new Map<string, string>();

  constructor(cast: string, lines: readonly LooseLine[]) {
    for (const { id, key } of everybodyIn(lines)) this.names.set(key.spki, inventedKey(cast, id).spki);
    for (const [unit, { id, spki }] of identitiesIn(lines)) {
      // The software ceremony gives its unit the key of a person.
      const invented = this.names.get(spki) ?? inventedKey(cast, unit).spki;
      this.names.set(spki, invented);
      this.names.set(id, spkiSha256(invented));
    }
  }

  /** Real keys and unit ids replaced by the invented ones, wherever they stand. */
  rename(value: Json): Json {
    if (typeof value === 'string') return this.names.get(value) ?? value;
    if (Array.isArray(value)) return value.map((item: Json) => this.rename(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, this.rename(inner)]));
  }
}

/** Somebody whose key is an invented one: it is of Ed25519. */
export function withInventedKey<T extends JsonObject>(one: T): T {
  return { ...one, key: { ...(one['key'] as JsonObject), algorithm: 'ed25519' } };
}

/** A state of a unit with a history whose administrators' keys are invented ones. */
export function withInventedAdministrators(state: UnitState): UnitState {
  return { ...state, administrators: state.administrators.map((one) => ({ ...one, algorithm: 'ed25519' })) };
}

/** Units by the plan's name, with the identity that they were first shown with. */
function identitiesIn(
  lines: readonly LooseLine[],
): ReadonlyMap<string, { readonly id: string; readonly spki: string }> {
  const found = new Map<string, { readonly id: string; readonly spki: string }>();
  for (const { type, body } of lines) {
    if (type === 'fact.recorded' && body['fact'] === 'unit.connected') {
      const { unit, identity, spki } = body['value'] as { unit: string; identity: string; spki: string };
      found.set(unit, { id: identity, spki });
    }
    const result = body['result'] as { id?: string; spki?: string; state?: Json } | undefined;
    if (type !== 'step.outcome' || result?.id === undefined || result.spki === undefined) continue;
    found.set(said(body['act']).split('/')[0] ?? '', { id: result.id, spki: result.spki });
  }
  return found;
}
