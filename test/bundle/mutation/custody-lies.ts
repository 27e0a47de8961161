/** Lies about custody: entries that cannot be signed so, objects that cannot be there, a ledger that does not follow. */
import type { Json, JsonObject } from '../../../ceremony/canonical-json';
import type { Corruption } from './corruption';
import { exceptionLines } from './exception-lines';
import { said, type Forgery, type LooseLine } from './forgery';
import { leaving, type Told } from './told';

const KIND = 'custody or clocks lied about';

/** Every such corruption of a bundle with a custody ledger; none of any other. */
export function* custodyLies(told: Told): Generator<Corruption> {
  for (const [at, line] of told.lines.entries()) {
    if (line.type !== 'fact.recorded' || line.body['fact'] !== 'custody') continue;
    yield* signed(told, at, line);
    yield* entered(told, at, line);
  }
  if (told.lines.some(({ body }) => body['fact'] === 'custody')) yield* carried(told);
}

/** Who signed an entry, and what. */
function* signed(told: Told, at: number, line: LooseLine): Generator<Corruption> {
  const by = (what: string, ids: readonly string[]): Corruption =>
    told.withLine(KIND, at, `in custody by ${what}`, (one) => ({ ...one, by: ids }));
  yield by('nobody', []);
  yield by('one who keeps it', ['carl']);
  yield by('one who watches', ['otto']);
  yield by('two who keep it', ['carl', 'dora']);
  yield by('a custodian and an operator', ['ada', 'carl']);
  yield by('two who watch', ['otto', 'wanda']);
  yield by('three', ['ada', 'carl', 'otto']);
  yield by('an approver', ['carl', 'vera']);
  yield by('a stranger', ['carl', 'mallory']);
  yield by('people in another order', ['otto', 'carl']);
  yield told.signedIn(KIND, at, 'signed by another than is named', (one) => ({ ...one, signers: ['dora', 'otto'] }));
  yield told.signedIn(KIND, at, 'signed by one of those named', (one) => ({ ...one, signers: ['carl'] }));
  yield told.signedIn(KIND, at, 'signed by somebody more', (one) => ({ ...one, signers: ['carl', 'dora', 'otto'] }));
  for (const id of line.by) {
    yield told.withLines(KIND, `line ${String(at)}: ${id} had left`, (lines) =>
      lines.toSpliced(at, 1, leaving(id), lines[at] ?? line, told.presence(id, `${String(at % 10)}d`)),
    );
  }
  const came = told.lines.findLastIndex(
    ({ type, by: ids }, place) => place < at && type === 'participant.present' && ids[0] === 'otto',
  );
  const replacedBy = (one: LooseLine, other: string): LooseLine =>
    ['fact.recorded', 'step.confirmed'].includes(one.type) && one.step !== 'preflight-2' && one.by.includes('otto')
      ? { ...one, by: one.by.map((id) => (id === 'otto' ? other : id)).sort() }
      : one;
  if (told.lines[came]?.step === 'roll-call-2') {
    yield told.withLines(KIND, `line ${String(at)}: by somebody who was there in the first session only`, (lines) =>
      lines.flatMap((one, place) =>
        place === came ? [] : [place > came && place !== at ? replacedBy(one, 'nora') : one],
      ),
    );
  } else {
    yield by('somebody who comes in the next session', ['carl', 'nora']);
  }
  const payload = (what: string, change: JsonObject): Corruption =>
    told.signedIn(KIND, at, `signed for ${what}`, (one) => ({ ...one, payload: { ...one.payload, ...change } }));
  yield payload('another moment', { head: 'a'.repeat(64) });
  yield payload('another kind of object', { kind: 'seal' });
  yield payload('another object', { object: 'other-card' });
  yield payload('another act', { act: (line.body['value'] as JsonObject)['act'] === 'in' ? 'opened' : 'in' });
  yield payload('another step', { step: 'generate' });
  yield payload('another seal', { seal: 'B-1' });
  yield payload('another place', { place: 'Elsewhere' });
  yield payload('another ceremony', { ceremony: 'another-ceremony' });
  yield payload('another mode', { mode: 'production' });
  yield payload('another format', { format: 'keyrite-custody/2' });
  yield payload('more than is said', { more: 1 });
}

/** What was done with an object. */
function* entered(told: Told, at: number, line: LooseLine): Generator<Corruption> {
  const { act, seal, object } = line.body['value'] as JsonObject;
  const value = (what: string, change: JsonObject, more?: Forgery): Corruption =>
    told.withBody(
      KIND,
      at,
      `custody: ${what}`,
      (body) => ({ ...body, value: { ...(body['value'] as JsonObject), ...change } }),
      more,
    );
  const puts = act === 'in' || act === 'closed';
  yield value('an object that the step does not name', { object: 'other-card' });
  yield value('an object that the plan lacks', { object: 'no-such-thing' });
  yield value('a member more', { more: true });
  for (const other of ['in', 'opened', 'closed', 'destroyed']) if (other !== act) yield value(other, { act: other });
  if (puts) {
    yield value('no seal', { seal: null });
    yield value('no place', { place: null });
    yield value('another place', { place: 'Elsewhere' });
    yield value('an empty number', { seal: '' });
    yield value('a number with a control character', { seal: 'A-1\n' });
    yield value('a number of 201 characters', { seal: 'A'.repeat(201) });
  } else {
    yield value('a place', { place: 'Safe 1' });
    yield value('another seal', { seal: 'B-1' });
    yield value(seal === null ? 'a number where there is none' : 'no number', { seal: seal === null ? 'B-1' : null });
    const excepted = (what: string, step: string, kind: string, before: boolean, number: Json): Corruption =>
      told.withLines(KIND, `line ${String(at)}: custody: another seal, and an exception ${what}`, (lines) => {
        const one = lines[at] ?? line;
        const changed = {
          ...one,
          body: { ...one.body, value: { ...(one.body['value'] as JsonObject), seal: number } },
        };
        const exception = exceptionLines(told.files, step, kind, one.at, {}, ['ada', 'otto']);
        return lines.toSpliced(at, 1, ...(before ? [...exception, changed] : [changed, ...exception]));
      });
    const step = line.step ?? '';
    yield excepted('after it', step, 'materials', false, 'B-1');
    yield excepted('of another kind', step, 'other', true, 'B-1');
    yield excepted('of another step', 'generate', 'materials', true, 'B-1');
    yield excepted('that does not do for a number left out', step, 'materials', true, seal === null ? 'B-1' : null);
  }
  yield told.withMore(KIND, at + 1, `custody: ${said(object)} once more`, [line]);
  yield told.withLine(KIND, at, 'custody: of no step', (one) => ({ ...one, step: null }));
  for (const [other, entry] of told.lines.entries()) {
    if (entry.body['fact'] !== 'custody' || other === at || entry.step === line.step) continue;
    yield told.withMore(KIND, at + 1, `custody: what step ${entry.step ?? ''} did`, [{ ...entry, step: line.step }]);
  }
}

/** The ledger that the binding carries. */
function* carried(told: Told): Generator<Corruption> {
  type Ledger = JsonObject & { readonly objects: readonly JsonObject[] };
  const custodyOf = (binding: JsonObject): Ledger => binding['custody'] as unknown as Ledger;
  const both = (what: string, change: (objects: readonly JsonObject[]) => readonly JsonObject[]): Corruption => {
    const binding = (one: JsonObject): JsonObject => ({
      ...one,
      custody: { ...custodyOf(one), objects: change(custodyOf(one).objects) },
    });
    return told.forged(KIND, `the ledger carried: ${what}`, { binding, session: binding });
  };
  const bag = (what: string, change: JsonObject): Corruption =>
    both(`the bag ${what}`, (objects) => objects.map((one) => (one['object'] === 'bag' ? { ...one, ...change } : one)));
  yield bag('under another seal', { seal: 'Z-1' });
  yield bag('at another place', { place: 'Elsewhere' });
  yield bag('of another kind', { kind: 'card' });
  yield bag('is open', { state: 'open', seal: null, place: null });
  yield bag('is destroyed', { state: 'destroyed', seal: null, place: null });
  yield bag('is sealed without a seal', { seal: null });
  yield both('no bag', (objects) => objects.filter((one) => one['object'] !== 'bag'));
  yield both('nothing', () => []);
  yield both('the bag twice', (objects) => [...objects, ...objects.slice(0, 1)]);
  for (const state of ['sealed', 'open', 'destroyed']) {
    const place = state === 'sealed' ? { seal: 'A-9', place: 'Safe 1' } : { seal: null, place: null };
    yield both(`an object that is new to it, ${state}`, (objects) => [
      ...objects,
      { object: 'card-1', kind: 'card', state, ...place },
    ]);
  }
  yield told.forged(KIND, 'no ledger carried', {
    binding: ({ custody: _, ...one }) => one,
    session: ({ custody: _, ...one }) => one,
  });
  const session = (what: string, change: NonNullable<Forgery['session']>): Corruption =>
    told.forged(KIND, `the ledger of the session: ${what}`, { session: change });
  yield session('is not there', ({ custody: _, ...one }) => one);
  yield session('has nothing', (one) => ({ ...one, custody: { ...custodyOf(one), objects: [] } }));
  yield session('of another ceremony', (one) => ({
    ...one,
    custody: { ...custodyOf(one), from: { ceremony: 'another', root: '7'.repeat(64) } },
  }));
  yield session('from another root', (one) => ({
    ...one,
    custody: { ...custodyOf(one), from: { ceremony: 'last-year', root: '8'.repeat(64) } },
  }));
  yield session('with another seal', (one) => ({
    ...one,
    custody: {
      ...custodyOf(one),
      objects: custodyOf(one).objects.map((each) =>
        each['object'] === 'other-card' ? { ...each, seal: 'Z-1' } : each,
      ),
    },
  }));
  yield session('has the object taken in', (one) => ({
    ...one,
    custody: {
      ...custodyOf(one),
      objects: [
        { object: 'card-1', kind: 'card', state: 'sealed', seal: 'A-1', place: 'Safe 1 — 例' },
        ...custodyOf(one).objects,
      ],
    },
  }));
}
