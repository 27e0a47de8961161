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
  /** Length of the key in bytes. */
  readonly bytes: number;
  /** What it was made from: null where the record does not tell, as records of 0.2.0 do not. */
  readonly randomness: v.InferOutput<typeof Randomness> | null;
}

/** A master key that a unit made inside itself. */
export interface InsideKeyStory {
  readonly line: number;
  readonly unit: string;
  readonly key: string;
  readonly pattern: string;
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
  /** What it is, such as `RSA 3072`. */
  readonly kind: string;
  /** How the master key came in under it. */
  readonly how: string;
}

/** The identity key of a unit, with the attributes read back. */
export interface IdentityKeyStory {
  readonly line: number;
  readonly unit: string;
  readonly id: string;
  readonly algorithm: string;
  readonly attributes: Readonly<Record<string, boolean | number | string | null>>;
}

/** A PIN of a unit was changed, or set anew. */
export interface PinChangeStory {
  readonly line: number;
  readonly unit: string;
  readonly pin: string;
  /** True where the security officer set the user PIN without the old one. */
  readonly anew: boolean;
}

/** A custodian got a share, or entered it. */
export interface ShareHandling {
  readonly line: number;
  readonly set: string;
  readonly index: number;
  readonly custodian: string;
  readonly what: 'read back' | 'entered';
  /** The form in which it was handed over, where that was not a worksheet. */
  readonly form: string | null;
}

const ShareSet = v.object({
  set: v.string(),
  scheme: v.string(),
  threshold: v.optional(v.nullable(v.number()), null),
  shares: v.array(v.object({ index: v.number(), commitment: v.optional(v.nullable(v.string()), null) })),
  pattern: v.string(),
  bytes: v.optional(v.number(), 32),
});
const Randomness = v.object({
  mixed: v.array(v.object({ source: v.string(), bytes: v.number() })),
  without: v.array(v.object({ unit: v.string(), why: v.string() })),
});
const Wrapped = v.object({
  checkValue: v.object({ algorithm: v.string(), value: v.string() }),
  wrappedIn: v.string(),
  destroyed: v.optional(v.boolean(), false),
});
const RsaImportKey = v.object({ unit: v.string(), bits: v.number(), oaep: v.string() });
const AgreementKey = v.object({ unit: v.string(), agreement: v.string(), kdf: v.string() });
const IdentityKey = v.object({
  id: v.string(),
  algorithm: v.string(),
  attributes: v.record(v.string(), v.nullable(v.union([v.boolean(), v.number(), v.string()]))),
});
const ChangedPin = v.object({ pin: v.picklist(['user', 'security-officer']), proven: v.literal(true) });
const Handling = v.object({
  set: v.string(),
  index: v.number(),
  custodian: v.string(),
  readBack: v.optional(v.boolean()),
  entered: v.optional(v.boolean()),
  custody: v.optional(v.object({ form: v.string(), medium: v.optional(v.string()), printer: v.optional(v.string()) })),
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
    const told = v.safeParse(v.object({ randomness: Randomness }), result);
    const randomness = told.success ? told.output.randomness : null;
    return [{ line, ...shareSet, voided: voided.has(shareSet.set), randomness }];
  });
}

/** Every master key that a unit made inside itself. */
export function insideKeysOf(recorded: Recorded): readonly InsideKeyStory[] {
  return resultsOf(recorded).flatMap(({ line, unit, result }) => {
    const parsed = v.safeParse(v.object({ madeInside: v.object({ key: v.string(), pattern: v.string() }) }), result);
    return parsed.success ? [{ line, unit, ...parsed.output.madeInside }] : [];
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
    const rsa = v.safeParse(RsaImportKey, line.body.value);
    if (rsa.success) {
      const { unit, bits, oaep } = rsa.output;
      const worse = oaep === 'sha1' ? ', since the token has nothing better' : '';
      const how = `wrapped to it, by OAEP with ${oaep.toUpperCase().replace('SHA', 'SHA-')}${worse}`;
      return [{ line: line.seq, unit, kind: `RSA ${String(bits)}`, how }];
    }
    const agreed = v.safeParse(AgreementKey, line.body.value);
    if (!agreed.success) return [];
    const { unit, kdf } = agreed.output;
    const hashed = kdf === 'sha256' ? 'the SHA-256 (X9.63) of what' : 'what';
    const how = `wrapped by AES key wrap (RFC 3394) under ${hashed} was agreed with it by ECDH; the share process used a pair of its own once`;
    return [{ line: line.seq, unit, kind: 'EC P-256', how }];
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
    const { set, index, custodian, readBack, entered, custody } = parsed.output;
    if (readBack !== true && entered !== true) return [];
    const form = custody === undefined ? null : formInWords(custody);
    const what = readBack === true ? ('read back' as const) : ('entered' as const);
    return [{ line, set, index, custodian, what, form }];
  });
}

function formInWords({
  form,
  medium,
  printer,
}: {
  form: string;
  medium?: string | undefined;
  printer?: string | undefined;
}): string {
  const place = medium ?? printer;
  const words: Readonly<Record<string, string>> = {
    'age-file': 'age file',
    'own-token': 'own token',
    printed: 'printed sheet',
    pdf: 'sheet as PDF',
  };
  return `${words[form] ?? form}${place === undefined ? '' : ` on ${place}`}`;
}

/** Every change of a PIN of a unit that one login with the new one proved. */
export function pinChangesOf(recorded: Recorded): readonly PinChangeStory[] {
  return resultsOf(recorded).flatMap(({ line, unit, parameters, result }) => {
    const parsed = v.safeParse(ChangedPin, result);
    // Only what was to be unlocked says whether it was locked.
    return parsed.success ? [{ line, unit, pin: parsed.output.pin, anew: 'locked' in parameters }] : [];
  });
}

/** What an act that was carried out tells, with what its intent says. */
interface Result {
  readonly line: number;
  readonly step: string;
  readonly unit: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly result: object;
}

/** Results of acts that were carried out, by outcome or by reconciliation, each with what its intent says. */
export function resultsOf({ lines }: Recorded): readonly Result[] {
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
