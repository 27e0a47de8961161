/** Exceptions as a forger with all keys puts them on record: raised where their kind is raised, and signed. */
import { canonicalJson, type JsonObject } from '../../../ceremony/canonical-json';
import { PAYLOAD_TYPES } from '../../../ceremony/command/dsse';
import type { Files } from './bundle-files';
import { looseLines, type LooseLine } from './forgery';

/** Those who may sign an exception: an operator, and somebody who watches. */
export function exceptionSigners(files: Files): readonly [string, string] {
  const roster = looseLines(files)[0]?.body['roster'] as unknown as readonly {
    readonly id: string;
    readonly roles: readonly string[];
  }[];
  const of = (role: string): string => roster.find(({ roles }) => roles.includes(role))?.id ?? '';
  return [of('crypto-administrator'), of('witness')];
}

/** An exception about a step, raised where its kind is raised, and signed by the two who may; `inside` are members of the signed payload that differ. */
export function exceptionLines(
  files: Files,
  step: string,
  kind: string,
  at: string,
  inside: JsonObject = {},
  signedBy: readonly string[] = exceptionSigners(files),
): readonly LooseLine[] {
  const words = { step, kind, expected: 'As planned.', happened: 'Otherwise.', decided: 'To go on.' };
  const raised = { ...words, ...Object.fromEntries(Object.entries(inside).filter(([name]) => name in words)) };
  const payload = {
    format: 'keyrite-exception/1',
    mode: 'rehearsal',
    ceremony: 'made-when-signed',
    ...words,
    ...inside,
  };
  const signatures = [...signedBy].sort().map((keyid) => ({ keyid, sig: '' }));
  const record = {
    payload: Buffer.from(canonicalJson(payload)).toString('base64'),
    payloadType: PAYLOAD_TYPES.exception,
    signatures,
  };
  const by = [...signedBy].sort();
  const signed: LooseLine = {
    at,
    type: 'exception.recorded',
    step,
    by,
    salt: 'e'.repeat(32),
    body: { kind, record },
  };
  return ['step-skipped', 'clock'].includes(raised.kind) ? [signed] : [raisedLine(at, raised), signed];
}

/** An exception as somebody raises it. */
export function raisedLine(at: string, words: JsonObject): LooseLine {
  const body = { fact: 'exception.raised', value: words };
  return { at, type: 'fact.recorded', step: null, by: [], salt: 'b'.repeat(32), body };
}
