/** Lies about what plan and binding name, and about what the export found: with every hash and signature in order. */
import { canonicalJson, type Json, type JsonObject } from '../../../ceremony/canonical-json';
import { replaced, type Files } from './bundle-files';
import { corruption, type Corruption } from './corruption';
import { jsonOf, type LooseLine } from './forgery';
import { signedAgain } from './insider';
import type { Told } from './told';

const KIND = 'plan, binding or export lied about';

/** Every such corruption. */
export function* documentLies(told: Told): Generator<Corruption> {
  yield* doubledInPlan(told);
  yield* doubledInBinding(told);
  yield* exported(told);
  yield* answered(told);
  yield* packaged(told);
}

function* doubledInPlan(told: Told): Generator<Corruption> {
  const plan = jsonOf(told.files, 'plan.json');
  const change = (what: string, changed: JsonObject): Corruption =>
    corruption(KIND, 'signed again', `plan: ${what}`, () => signedAgain(withPlan(told.files, changed), {}));
  // The record has shares on the workstation, and its plan says that it has none.
  yield change('under a regime that forbids clear components', { ...plan, regime: 'pci-pin' });
  const masterKey = plan['masterKey'] as JsonObject | undefined;
  if (masterKey?.['scheme'] === 'components') {
    const copies = [{ position: masterKey['custodians'] as string, of: [1] }];
    yield change('with copies of components that nobody read back', { ...plan, masterKey: { ...masterKey, copies } });
  }
  for (const [member, list] of listsOf(plan)) {
    const [first] = list;
    if (first === undefined) continue;
    yield change(`${member} with one twice`, { ...plan, [member]: [...list, first] });
    if (member !== 'positions') continue;
    const other = { ...first, role: first['role'] === 'witness' ? 'auditor' : 'witness' };
    yield change('a position that has another role at the end', { ...plan, positions: [...list, other] });
    yield change('a position that had another role before', { ...plan, positions: [other, ...list] });
  }
}

/** A plan that asks for another service, or for checks of the wrapping key of which the record says nothing. */
function* packaged(told: Told): Generator<Corruption> {
  const plan = jsonOf(told.files, 'plan.json');
  const steps = plan['steps'] as readonly JsonObject[];
  if (!steps.some(({ action }) => action === 'key.package')) return;
  const change = (what: string, more: JsonObject): Corruption => {
    const changed = steps.map((step) => (step['action'] === 'key.package' ? { ...step, ...more } : step));
    return corruption(KIND, 'signed again', `key package: ${what}`, () =>
      signedAgain(withPlan(told.files, { ...plan, steps: changed }), {}),
    );
  };
  yield change('for another service', { target: 'ibm-hpcs' });
  yield change('with checks of which nothing tells', { target: 'ibm-key-protect' });
  yield change('for another purpose', { purpose: 'rotate' });
}

function* doubledInBinding(told: Told): Generator<Corruption> {
  const binding = jsonOf(told.files, 'binding.json');
  for (const [member, list] of listsOf(binding)) {
    const [first] = list;
    if (first === undefined || member === 'people') continue;
    const twice = (one: JsonObject): JsonObject => ({ ...one, [member]: [...(one[member] as readonly Json[]), first] });
    yield told.forged(KIND, `binding: ${member} with one twice`, { binding: twice });
    if (told.lines.some(({ type, body }) => type === 'ceremony.resumed' && body['session'] !== undefined))
      yield told.forged(KIND, `binding of the second session: ${member} with one twice`, { session: twice });
  }
}

function* exported(told: Told): Generator<Corruption> {
  const at = told.place(({ body }) => Array.isArray((body['result'] as JsonObject | undefined)?.['readBack']));
  if (at < 0) return;
  const lie = (what: string, change: (result: JsonObject) => JsonObject): Corruption =>
    told.forged(KIND, `export: ${what}`, {
      text: (line, seq) => {
        if (seq !== at) return line;
        const parsed = JSON.parse(line) as LooseLine;
        const body = { ...parsed.body, result: change(parsed.body['result'] as JsonObject) };
        return canonicalJson({ ...parsed, body });
      },
    });
  const files = (change: (all: readonly JsonObject[]) => readonly JsonObject[]) => (result: JsonObject) => ({
    ...result,
    readBack: change(result['readBack'] as readonly JsonObject[]),
  });
  yield lie('tells nothing', () => ({}));
  yield lie('tells of no files', (result) => ({ media: result['media'] ?? [] }));
  yield lie(
    'read nothing back',
    files(() => []),
  );
  yield lie(
    'left the plan out',
    files((all) => all.filter(({ name }) => name !== 'plan.yaml')),
  );
  yield lie(
    'another hash',
    files((all) => all.map((one, place) => (place === 0 ? { ...one, sha256: '1'.repeat(64) } : one))),
  );
  yield lie(
    'a file that is nowhere',
    files((all) => [...all, { name: 'attachments/nowhere.txt', sha256: '1'.repeat(64) }]),
  );
  yield lie('another medium', (result) => ({ ...result, media: [{ id: 'elsewhere', path: null }] }));
  yield lie('media that are no list', (result) => ({ ...result, media: {} }));
}

function* answered(told: Told): Generator<Corruption> {
  for (const [at, line] of told.lines.entries()) {
    if (line.body['fact'] !== 'answer' || told.step(line)?.action !== 'fact') continue;
    yield told.withLine(KIND, at, 'answered by nobody', (one) => ({ ...one, by: [] }));
  }
}

/** The lists of things with an id. */
function listsOf(document: JsonObject): readonly (readonly [string, readonly JsonObject[]])[] {
  return Object.entries(document).flatMap(([member, list]) =>
    Array.isArray(list) && list.some((one) => typeof one === 'object' && one !== null && 'id' in one)
      ? [[member, list as unknown as readonly JsonObject[]]]
      : [],
  );
}

function withPlan(files: Files, plan: JsonObject): Files {
  const text = Buffer.from(canonicalJson(plan));
  return replaced(replaced(files, 'plan.json', text), 'plan.yaml', text);
}
