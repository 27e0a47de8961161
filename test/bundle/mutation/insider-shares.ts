/** Key pairs to which shares were encrypted, vouched for again with the invented keys of the forger. */
import { sign } from 'node:crypto';
import type { JsonObject } from '../../../ceremony/canonical-json';
import { shareKeyStatement } from '../../../ceremony/command/statements';
import { said, type LooseLine } from './forgery';
import { inventedKey } from './invented-people';

type Custody = JsonObject & {
  readonly spki: string;
  readonly oaep: 'sha256' | 'sha1';
  readonly signature: string;
};

/** See the head of this file. A signature that the bundle before does not have for the same key pair stays as it is: it is a lie. */
export class InsiderShares {
  private readonly truthful: ReadonlySet<string>;
  private readonly cast: string;

  constructor(before: readonly LooseLine[], cast: string) {
    this.cast = cast;
    this.truthful = new Set(before.map(({ body }) => JSON.stringify(vouchedIn(body))));
  }

  /** The body of a line about an act, signed again where it tells of such a key pair. */
  vouch(body: JsonObject): JsonObject {
    const found = vouchedIn(body);
    if (found === null || !this.truthful.has(JSON.stringify(found))) return body;
    const { member, result, custody } = resultIn(body) ?? {};
    if (member === undefined || result === undefined || custody === undefined) return body;
    const statement = shareKeyStatement({ ...found, oaep: custody.oaep });
    const { key } = inventedKey(this.cast, said(result['custodian']));
    const signature = sign(null, statement, key).toString('base64');
    return { ...body, [member]: { ...result, custody: { ...custody, signature } } };
  }
}

/** What was signed, and by what signature; null where a line tells of no such key pair. */
function vouchedIn(body: JsonObject) {
  const found = resultIn(body);
  if (found === null) return null;
  const { result, custody } = found;
  const { spki, oaep, signature } = custody;
  return { set: said(result['set']), index: Number(result['index']), spki, oaep, signature };
}

function resultIn(body: JsonObject) {
  for (const member of ['result', 'observed'] as const) {
    const result = body[member] as JsonObject | null | undefined;
    const custody = result?.['custody'] as Custody | null | undefined;
    if (result !== null && result !== undefined && custody?.['form'] === 'own-token')
      return { member, result, custody };
  }
  return null;
}
