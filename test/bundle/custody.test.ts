/**
 * The custody ledger in bundles: truthful ones, which both verifiers accept, and ones that lie about what was under seal
 * with every hash and signature in order, which both refuse.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import type { Json, JsonObject } from '../../ceremony/canonical-json';
import { PAYLOAD_TYPES } from '../../ceremony/command/dsse';
import { verifyBundle } from '../../ceremony/bundle/verify';
import type { Draft } from '../../ceremony/transcript/line';
import { isForScript } from './for-script';
import type { Entry } from './custody-story';
import { makeBundle, type Variation } from './software-ceremony';
import { folderAt, removeDirectory, temporaryDirectory } from './temp-folder';
import { sampled } from '../sampled';

const it = sampled(6);

const SCRIPT = fileURLToPath(new URL('../../ceremony/bundle/verify.sh', import.meta.url));

let directory = '';
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(async () => {
  await removeDirectory(directory);
});

/** Output of verify.sh. */
function runScript(): Promise<string> {
  return new Promise((resolve) => {
    execFile('sh', [SCRIPT, directory], { timeout: 60_000 }, (_, stdout, stderr) => {
      resolve(stdout + stderr);
    });
  });
}

const asTold = (entry: Entry): Entry => entry;
/** Changes the entries of an act on an object, before they are signed. */
const entry = (object: string, act: Entry['act'], change: Partial<Entry> | null): Variation => ({
  custody: (told) => {
    if (told.object !== object || told.act !== act) return told;
    return change === null ? null : { ...told, ...change };
  },
});
const signed = (change: (payload: JsonObject) => JsonObject): Variation => ({
  payload: (type, payload: Json) => (type === PAYLOAD_TYPES.custody ? change(payload as JsonObject) : payload),
});
const signers = (...ids: readonly string[]): Variation => ({
  signers: (type, _, others) => (type === PAYLOAD_TYPES.custody ? ids : others),
});
const isCustody = (draft: Draft): boolean => draft.type === 'fact.recorded' && draft.body.fact === 'custody';
/** Changes what the facts say, after it was signed. */
const fact = (change: (value: JsonObject) => Json, when: (draft: Draft) => boolean = () => true): Variation => ({
  draft: (draft) => {
    if (draft.type !== 'fact.recorded' || !isCustody(draft) || !when(draft)) return draft;
    return { ...draft, body: { ...draft.body, value: change(draft.body.value as JsonObject) } };
  },
});
/** Says the first entry of the ledger again, word for word, in a later step. */
const replayed = (step: string): Variation => {
  let first: Draft | null = null;
  return {
    draft: (draft) => {
      if (!isCustody(draft)) return draft;
      first ??= draft;
      return draft.step === step ? { ...first, step } : draft;
    },
  };
};
const binding = (from: string | RegExp, to: string): Variation => ({
  bindingText: (text) => {
    expect(text).toMatch(from);
    return text.replace(from, to);
  },
});

/** Name, variation, and words that verifyBundle must say. */
const LIES: readonly (readonly [string, Variation, RegExp])[] = [
  ['an object is opened under another seal', entry('card-1', 'opened', { seal: 'A-9' }), /A-9 was found/],
  ['an object is destroyed under another seal', entry('envelope-1', 'destroyed', { seal: 'A-9' }), /A-9 was found/],
  ['an object from an earlier ceremony has another seal', entry('bag', 'opened', { seal: 'Z-1' }), /Z-1 was found/],
  [
    'the exception about a seal is of another step',
    { ...entry('card-1', 'opened', { seal: 'A-9' }), exceptedSeal: 'bag-opened' },
    /A-9 was found/,
  ],
  [
    'the exception about a seal comes after the opening',
    {
      ...entry('card-1', 'opened', { seal: 'A-9' }),
      exceptedSeal: 'destroyed',
    },
    /A-9 was found/,
  ],
  ['nobody says which seal was found', entry('card-1', 'opened', { seal: null }), /no number was read/],
  ['a seal is found on what was open', entry('bag', 'destroyed', { seal: 'Z-9' }), /has no seal/],
  ['an object is put under no seal', entry('card-1', 'closed', { seal: null }), /without the number of the seal/],
  ['an object is put at another place', entry('card-1', 'closed', { place: 'My desk' }), /another place than the plan/],
  [
    'an object is put nowhere',
    entry('card-1', 'closed', { place: null }),
    /without the number of the seal and a place/,
  ],
  ['an opened object has a place', entry('card-1', 'opened', { place: 'Safe 1' }), /another place|kept nowhere/],
  ['taking in is left out', entry('card-1', 'in', null), /card-1 is not in custody/],
  ['opening is left out', entry('card-1', 'opened', null), /under seal already|nothing is on record/],
  ['closing is left out', entry('card-1', 'closed', null), /nothing is on record of card-1/],
  ['destroying is left out', entry('envelope-1', 'destroyed', null), /nothing is on record of envelope-1/],
  [
    'another object is opened',
    entry('card-1', 'opened', { object: 'envelope-1', kind: 'form', seal: 'A-2' }),
    /does not do that/,
  ],
  ['an object that no plan knows is opened', entry('card-1', 'opened', { object: 'card-2' }), /does not do that/],
  ['it is destroyed instead of opened', entry('card-1', 'opened', { act: 'destroyed' }), /does not do that/],
  ['it is a thing of another kind', entry('card-1', 'opened', { kind: 'medium' }), /another moment/],
  ['one entry stands in for a later one', replayed('card-closed'), /does not do that|another moment/],
  [
    'an entry stands twice',
    {
      custody: (told) =>
        told.object === 'envelope-1' && told.act === 'in' ? { ...told, object: 'card-1', kind: 'card' } : told,
    },
    /under seal already/,
  ],
  ['one person signs', signers('otto'), /not signed by one who keeps/],
  ['the keeper alone signs', signers('carl'), /not signed by one who keeps/],
  ['two who keep sign', signers('ada', 'carl'), /not signed by one who keeps/],
  ['two operators sign', signers('ada', 'bela'), /not signed by one who keeps/],
  ['two who watch sign', signers('otto', 'wanda'), /not signed by one who keeps/],
  ['three sign', signers('ada', 'carl', 'otto'), /not signed by one who keeps/],
  ['an approver signs as if watching', signers('carl', 'vera'), /not signed by one who keeps/],
  ['nobody signs', signers(), /not signed by one who keeps/],
  [
    'the line is by others than signed',
    { draft: (draft) => (isCustody(draft) ? { ...draft, by: ['ada', 'otto'] } : draft) },
    /not signed by one who keeps/,
  ],
  ['it was signed at another moment', signed((payload) => ({ ...payload, head: '1'.repeat(64) })), /another moment/],
  ['it was signed for another ceremony', signed((payload) => ({ ...payload, ceremony: 'other' })), /another moment/],
  ['it was signed in another mode', signed((payload) => ({ ...payload, mode: 'production' })), /another moment/],
  ['it was signed for another step', signed((payload) => ({ ...payload, step: 'destroyed' })), /another moment/],
  ['it was signed with another member', signed((payload) => ({ ...payload, note: 'x' })), /note/],
  ['it was signed in another format', signed((payload) => ({ ...payload, format: 'keyrite-custody/2' })), /format/],
  [
    'the fact tells of another seal than was signed',
    fact(
      (value) => ({ ...value, seal: 'B-1' }),
      (draft) => draft.step === 'taken-in',
    ),
    /another moment/,
  ],
  [
    'something in custody is told of in no step',
    { draft: (draft) => (isCustody(draft) && draft.step === 'card-opened' ? { ...draft, step: null } : draft) },
    /does not do that/,
  ],
  [
    'the plan asks for what is elsewhere',
    binding('seal: Z-9, place: Safe 1', 'seal: Z-9, place: Safe 3'),
    /asks for bag/,
  ],
  [
    'the plan asks for what is destroyed',
    binding('state: sealed, seal: Z-9, place: Safe 1', 'state: destroyed, seal: null, place: null'),
    /asks for bag/,
  ],
  [
    'the plan asks for what is open',
    binding('state: sealed, seal: Z-9, place: Safe 1', 'state: open, seal: null, place: null'),
    /asks for bag/,
  ],
  ['the plan asks for what the ledger lacks', binding(/ {4}- \{ object: bag,.*\n/, ''), /asks for bag/],
  ['the plan asks for a thing of another kind', binding('bag, kind: other', 'bag, kind: card'), /asks for bag/],
  ['what is new is in the ledger already', binding('object: other-card', 'object: card-1'), /asks for card-1/],
  [
    'the ledger has one object twice',
    binding(
      /( {4}- \{ object: other-card,.*\n)/,
      '$1    - { object: other-card, kind: card, state: open, seal: null, place: null }\n',
    ),
    /has one object twice/,
  ],
  ['the binding carries no ledger', binding(/custody:\n[^]*/, ''), /asks for bag/],
];

/** What is no entry at all: the writer refuses it already, as both verifiers do by the schema. */
const MALFORMED: readonly (readonly [string, Variation])[] = [
  ['the fact tells more', fact((value) => ({ ...value, note: 'x' }))],
  ['the fact has no signatures', fact(({ record: _, ...rest }) => rest)],
  ['the fact has something else in place of signatures', fact((value) => ({ ...value, record: 7 }))],
  ['the fact is a word', fact(() => 'custody')],
  ['a seal is a number', fact((value) => ({ ...value, seal: 7 }))],
  ['a seal has two lines', entry('card-1', 'in', { seal: 'A\n1' })],
  ['a place is too long', entry('card-1', 'in', { place: 'x'.repeat(201) })],
];

it.each(MALFORMED)('%s: it is never written', async (_, variation) => {
  const made = makeBundle(folderAt(directory), { custody: asTold, ...variation });
  await expect(made).rejects.toThrow(/value of custody/);
});

describe('lies about what is under seal', () => {
  it.each(LIES)('%s', { timeout: 240_000 }, async (name, variation, words) => {
    await makeBundle(folderAt(directory), { custody: asTold, ...variation });
    const report = await verifyBundle(folderAt(directory));
    const said = report.findings.map(({ where, reason }) => `${where}: ${reason}`).join('\n');
    expect(report.verdict, said).toBe('refused');
    expect(said).toMatch(words);
    if (!isForScript(LIES.findIndex(([one]) => one === name))) return;
    const script = await runScript();
    expect(script).toMatch(/verdict: refused/);
  });

  it('somebody signs who is not there in the second session', { timeout: 240_000 }, async () => {
    await makeBundle(folderAt(directory), { custody: asTold, realLife: true, secondPresent: (id) => id !== 'otto' });
    const { verdict, findings } = await verifyBundle(folderAt(directory));
    expect(verdict).toBe('refused');
    expect(findings.map(({ reason }) => reason).join('\n')).toMatch(/both there and named by the plan/);
    expect(await runScript()).toMatch(/verdict: refused/);
  });

  it('somebody signs who never proved presence', { timeout: 240_000 }, async () => {
    const drop = (draft: Draft): Draft | null =>
      draft.type === 'participant.present' && draft.body.participant === 'carl' ? null : draft;
    const planText = (text: string): string =>
      text.replace('positions: [administrators, custodians,', 'positions: [administrators,');
    await makeBundle(folderAt(directory), { custody: asTold, draft: drop, planText });
    const { findings } = await verifyBundle(folderAt(directory));
    expect(findings.map(({ reason }) => reason).join('\n')).toMatch(/both there and named by the plan/);
    expect(await runScript()).toMatch(/verdict: refused/);
  });

  it('the second session begins with another ledger', { timeout: 240_000 }, async () => {
    const secondBinding = (text: string): string => text.replace('place: Elsewhere', 'place: Nowhere');
    await makeBundle(folderAt(directory), { custody: asTold, realLife: true, secondBinding });
    const { findings } = await verifyBundle(folderAt(directory));
    expect(findings.map(({ reason }) => reason)).toEqual([
      'the binding of the session carries another custody ledger than the first',
    ]);
    expect(await runScript()).toMatch(/verdict: refused/);
  });
});

describe('truthful records', () => {
  const CASES: readonly (readonly [string, Variation, string])[] = [
    ['what was taken in, opened, closed and destroyed', {}, 'consistent'],
    ['the same in two sessions', { realLife: true }, 'consistent'],
    [
      'another seal, under an exception that was signed before',
      { ...entry('card-1', 'opened', { seal: 'A-9' }), exceptedSeal: 'card-opened' },
      'consistent',
    ],
    ['a ceremony that stopped half-way', { stopBefore: 'card-closed' }, 'incomplete'],
    ['signed by an administrator and the witness', signers('ada', 'wanda'), 'consistent'],
  ];
  it.each(CASES)('%s', { timeout: 240_000 }, async (_, variation, verdict) => {
    await makeBundle(folderAt(directory), { custody: asTold, ...variation });
    const report = await verifyBundle(folderAt(directory));
    expect({ verdict: report.verdict, findings: report.findings }).toEqual({ verdict, findings: [] });
    expect(await runScript()).toContain(`verdict: ${verdict}`);
    if (verdict !== 'consistent') return;
    const gone = { state: 'destroyed', seal: null, place: null };
    expect(report.summary?.custody).toEqual([
      { object: 'bag', kind: 'other', ...gone },
      { object: 'card-1', kind: 'card', state: 'sealed', seal: 'A-3', place: 'Safe 2' },
      { object: 'envelope-1', kind: 'form', ...gone },
      { object: 'old-card', kind: 'card', ...gone },
      { object: 'other-card', kind: 'card', state: 'sealed', seal: 'Z-10', place: 'Elsewhere' },
    ]);
  });
});
