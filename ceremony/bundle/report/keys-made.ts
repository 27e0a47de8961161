/** Which keys the record tells of: sets of shares, root keys, import keys, and what was read back of them. */
import * as v from 'valibot';
import type { Recorded } from './recorded';

/** A set of shares. */
export interface ShareSetStory {
  readonly line: number;
  readonly set: string;
  readonly scheme: string;
  readonly threshold: number | null;
  readonly shares: readonly { readonly index: number; readonly commitment: string | null }[];
  readonly pattern: string;
  readonly voided: boolean;
}

/** A root key that was made and wrapped. */
export interface RootKeyStory {
  readonly line: number;
  readonly step: string;
  readonly unit: string;
  readonly name: string;
  readonly checkValue: { readonly algorithm: string; readonly value: string };
  readonly wrappedIn: string;
  readonly destroyed: boolean;
}

/** A key pair that a unit made for getting a key in. */
export interface ImportKeyStory {
  readonly line: number;
  readonly unit: string;
  readonly bits: number;
  readonly oaep: string;
}

/** The identity key of a unit, with the attributes read back. */
export interface IdentityKeyStory {
  readonly line: number;
  readonly unit: string;
  readonly id: string;
  readonly algorithm: string;
  readonly attributes: Readonly<Record<string, boolean | number | string | null>>;
}

/** A custodian got a share, or entered it. */
export interface ShareHandling {
  readonly line: number;
  readonly set: string;
  readonly index: number;
  readonly custodian: string;
  readonly what: 'read back' | 'entered';
}

const ShareSet = v.object({
  set: v.string(),
  scheme: v.string(),
  threshold: v.optional(v.nullable(v.number()), null),
  shares: v.array(v.object({ index: v.number(), commitment: v.optional(v.nullable(v.string()), null) })),
  pattern: v.string(),
});
const Wrapped = v.object({
  checkValue: v.object({ algorithm: v.string(), value: v.string() }),
  wrappedIn: v.string(),
  destroyed: v.optional(v.boolean(), false),
});
const ImportKey = v.object({ unit: v.string(), bits: v.number(), oaep: v.string() });
const IdentityKey = v.object({
  id: v.string(),
  algorithm: v.string(),
  attributes: v.record(v.string(), v.nullable(v.union([v.boolean(), v.number(), v.string()]))),
});
const Handling = v.object({
  set: v.string(),
  index: v.number(),
  custodian: v.string(),
  readBack: v.optional(v.boolean()),
  entered: v.optional(v.boolean()),
});

/** Every set of shares that was made. */
export function shareSetsOf(recorded: Recorded): readonly ShareSetStory[] {
  const voided = new Set(
    recorded.lines.flatMap((line) => {
      if (line.type !== 'fact.recorded' || line.body.fact !== 'share-set.voided') return [];
      const parsed = v.safeParse(v.object({ set: v.string() }), line.body.value);
      return parsed.success ? [parsed.output.set] : [];
    }),
  );
  return resultsOf(recorded).flatMap(({ line, result }) => {
    const parsed = v.safeParse(v.object({ shareSet: ShareSet }), result);
    if (!parsed.success) return [];
    const { shareSet } = parsed.output;
    return [{ line, ...shareSet, voided: voided.has(shareSet.set) }];
  });
}

/** Every root key that was made and wrapped. */
export function rootKeysOf(recorded: Recorded): readonly RootKeyStory[] {
  return resultsOf(recorded).flatMap(({ line, step, unit, parameters, result }) => {
    const parsed = v.safeParse(Wrapped, result);
    if (!parsed.success) return [];
    const name = parameters['key'];
    return [{ line, step, unit, name: typeof name === 'string' ? name : '', ...parsed.output }];
  });
}

/** Every import key that a unit made. */
export function importKeysOf({ lines }: Recorded): readonly ImportKeyStory[] {
  return lines.flatMap((line) => {
    if (line.type !== 'fact.recorded' || line.body.fact !== 'import-key') return [];
    const parsed = v.safeParse(ImportKey, line.body.value);
    return parsed.success ? [{ line: line.seq, ...parsed.output }] : [];
  });
}

/** Every identity key that a unit made. */
export function identityKeysOf(recorded: Recorded): readonly IdentityKeyStory[] {
  return resultsOf(recorded).flatMap(({ line, unit, result }) => {
    const parsed = v.safeParse(IdentityKey, result);
    return parsed.success && unit !== '' ? [{ line, unit, ...parsed.output }] : [];
  });
}

/** Every time that a custodian read a share back or entered it. */
export function shareHandlingsOf(recorded: Recorded): readonly ShareHandling[] {
  return resultsOf(recorded).flatMap(({ line, result }) => {
    const parsed = v.safeParse(Handling, result);
    if (!parsed.success) return [];
    const { set, index, custodian, readBack, entered } = parsed.output;
    if (readBack !== true && entered !== true) return [];
    return [{ line, set, index, custodian, what: readBack === true ? ('read back' as const) : ('entered' as const) }];
  });
}

interface Result {
  readonly line: number;
  readonly step: string;
  readonly unit: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly result: object;
}

/** Results of acts that were carried out, by outcome or by reconciliation, each with what its intent says. */
function resultsOf({ lines }: Recorded): readonly Result[] {
  const intents = new Map<string, Pick<Result, 'unit' | 'parameters'>>();
  return lines.flatMap((line) => {
    const step = line.step ?? '';
    if (line.type === 'step.intent') {
      intents.set(`${step} ${line.body.act}`, { unit: line.body.unit ?? '', parameters: line.body.parameters });
      return [];
    }
    const done =
      line.type === 'step.outcome' && line.body.act !== null
        ? { act: line.body.act, result: line.body.result }
        : line.type === 'step.reconciled' && line.body.verdict === 'applied'
          ? { act: line.body.act, result: line.body.observed }
          : null;
    if (done === null) return [];
    const intent = intents.get(`${step} ${done.act}`) ?? { unit: '', parameters: {} };
    return [{ line: line.seq, step, ...intent, result: done.result }];
  });
}
