/** Lies about shares that live on: what is told of one, by whom, and of which set; what the new set is; what is counted. */
import type { Json, JsonObject } from '../../../ceremony/canonical-json';
import type { Corruption } from './corruption';
import { said, type LooseLine } from './forgery';
import { leaving, type Told } from './told';

const KIND = 'shares lied about';

/** Every such corruption of a bundle that tells of kept shares; none of any other. */
export function* shareLies(told: Told): Generator<Corruption> {
  if (!told.lines.some(({ body }) => body['fact'] === 'share')) return;
  for (const [at, line] of told.lines.entries()) {
    if (line.body['fact'] === 'share') {
      yield* signed(told, at, line);
      yield* toldOf(told, at, line);
    }
    if (line.body['fact'] === 'share-set.replaced') yield* replaced(told, at, line);
    if (line.type === 'step.outcome' && line.body['act'] === null) yield* counted(told, at, line);
  }
  yield* passedOn(told);
  yield* made(told);
  yield* carried(told);
}

const valueOf = (line: LooseLine): JsonObject => line.body['value'] as JsonObject;

/** Who signed, and what. */
function* signed(told: Told, at: number, line: LooseLine): Generator<Corruption> {
  const { holder, act } = valueOf(line);
  const by = (what: string, ids: readonly string[]): Corruption =>
    told.withLine(KIND, at, `told by ${what}`, (one) => ({ ...one, by: ids }));
  yield by('nobody', []);
  for (const id of line.by)
    yield by(
      `all but ${id}`,
      line.by.filter((one) => one !== id),
    );
  yield by('two custodians', ['carl', 'dora']);
  yield by(
    'an administrator and a custodian',
    ['ada', 'carl'].includes(said(holder)) ? ['ada', 'dora'] : ['ada', 'carl'],
  );
  yield by('two who watch', ['otto', 'wanda']);
  yield by('everybody', ['ada', 'carl', 'dora', 'otto', 'wanda']);
  yield by('an approver', ['carl', 'vera']);
  yield by('people in another order', line.by.toReversed());
  yield told.signedIn(KIND, at, 'signed by one of those named', (one) => ({ ...one, signers: line.by.slice(0, 1) }));
  yield told.withLines(KIND, `line ${String(at)}: who watches had left`, (lines) => {
    const watcher = line.by.find((id) => id === 'wanda' || id === 'otto') ?? '';
    return lines.toSpliced(at, 1, leaving(watcher), lines[at] ?? line, told.presence(watcher, `${String(at % 10)}e`));
  });
  const payload = (what: string, change: JsonObject): Corruption =>
    told.signedIn(KIND, at, `signed for ${what}`, (one) => ({ ...one, payload: { ...one.payload, ...change } }));
  yield payload('another moment', { head: 'a'.repeat(64) });
  yield payload('another commitment', { commitment: 'b'.repeat(64) });
  yield payload('another index', { index: 9 });
  yield payload('another set', { set: 'f'.repeat(32) });
  yield payload('another holder', { holder: 'nobody' });
  yield payload('another act', { act: act === 'missing' ? 'wrong' : 'missing' });
  yield payload('another step', { step: 'sign-off' });
  yield payload('another ceremony', { ceremony: 'another-ceremony' });
  yield payload('another format', { format: 'keyrite-share/2' });
  yield payload('more than is said', { more: 1 });
}

/** What was told. */
function* toldOf(told: Told, at: number, line: LooseLine): Generator<Corruption> {
  const { act, index, to, why } = valueOf(line);
  const value = (what: string, change: JsonObject): Corruption =>
    told.withBody(KIND, at, `share: ${what}`, (body) => ({
      ...body,
      value: { ...(body['value'] as JsonObject), ...change },
    }));
  // Which of the two it was nobody can tell from the record.
  const unproven = ['wrong', 'missing'];
  for (const other of ['proven', 'wrong', 'missing', 'transferred', 'destroyed', 'unreturned'])
    if (other !== act && !(unproven.includes(other) && unproven.includes(said(act))))
      yield value(`${other} instead`, { act: other });
  yield value('of another set', { set: 'f'.repeat(32) });
  yield value('of the new set', { set: 'ab'.repeat(16) });
  yield value('of somebody who has it not', { holder: 'bela' });
  yield value('of another share', { index: index === 1 ? 2 : 1 });
  yield value('of a share that is not there', { index: 4 });
  yield value(why === null ? 'with a reason' : 'without a reason', { why: why === null ? 'Because.' : null });
  yield value('with an empty reason', { why: '' });
  yield value('to somebody else', { to: to === null ? 'hans' : 'carl' });
  yield value('a member more', { more: true });
  yield told.withMore(KIND, at + 1, 'the share once more', [line]);
  yield told.withLines(KIND, `line ${String(at)}: nothing is told of the share`, (lines) => lines.toSpliced(at, 1));
  yield told.withLine(KIND, at, 'told in no step', (one) => ({ ...one, step: null }));
}

/** The new set has the old one's place. */
function* replaced(told: Told, at: number, line: LooseLine): Generator<Corruption> {
  const value = (what: string, change: JsonObject): Corruption =>
    told.withBody(KIND, at, `replaced: ${what}`, (body) => ({
      ...body,
      value: { ...(body['value'] as JsonObject), ...change },
    }));
  yield value('another set', { set: 'f'.repeat(32) });
  yield value('by another set', { by: 'f'.repeat(32) });
  yield value('by itself', { by: valueOf(line)['set'] as Json });
  yield value('of another master key', { pattern: 'd'.repeat(64) });
  yield value('a member more', { more: true });
  yield told.withMore(KIND, at + 1, 'replaced once more', [line]);
  yield told.withLines(KIND, 'nothing says that the set is replaced', (lines) => lines.toSpliced(at, 1));
  const first = told.place(({ step, type }) => step === line.step && type === 'step.intent');
  yield told.withLines(KIND, 'replaced before the new set is there', (lines) =>
    lines.toSpliced(at, 1).toSpliced(first, 0, lines[at] ?? line),
  );
}

/** What a step came to. */
function* counted(told: Told, at: number, line: LooseLine): Generator<Corruption> {
  const action = told.step(line)?.action;
  if (
    action !== 'shares.drill' &&
    action !== 'shares.destroy' &&
    action !== 'shares.transfer' &&
    action !== 'shares.reshare'
  )
    return;
  const result = (what: string, change: (old: JsonObject) => JsonObject): Corruption =>
    told.withBody(KIND, at, `${action}: ${what}`, (body) => ({
      ...body,
      result: change(body['result'] as JsonObject),
    }));
  yield result('tells nothing', () => ({}));
  yield result('of another set', (old) => ({ ...old, set: 'f'.repeat(32) }));
  yield result('more shares', (old) => ({ ...old, shares: 4 }));
  if (action === 'shares.transfer') return;
  if (action === 'shares.reshare') {
    yield result('in the place of another set', (old) => ({ ...old, replaces: 'f'.repeat(32) }));
    yield result('fewer that were read back', (old) => ({ ...old, readBack: 1 }));
    return;
  }
  yield result('another threshold', (old) => ({ ...old, threshold: 3 }));
  if (action === 'shares.drill') yield result('more that are good', (old) => ({ ...old, good: 2 }));
  else {
    yield result('fewer that did not come back', (old) => ({ ...old, unreturned: 1, rotate: false }));
    yield result('no rotation', (old) => ({ ...old, rotate: false }));
  }
}

/** Shares that successors read back, before the record tells that they have them. */
function* passedOn(told: Told): Generator<Corruption> {
  const act = 'share-1/carl';
  const at = told.place(({ type, body }) => type === 'step.outcome' && body['act'] === act);
  const result = (what: string, change: (old: JsonObject) => JsonObject): Corruption =>
    told.withBody(KIND, at, `${act}: ${what}`, (body) => ({ ...body, result: change(body['result'] as JsonObject) }));
  yield result('not read back', (old) => ({ ...old, readBack: false }));
  yield result('read back by somebody else', (old) => ({ ...old, custodian: 'ines' }));
  yield result('from somebody else', (old) => ({ ...old, holder: 'dora' }));
  yield result('another share', (old) => ({ ...old, index: 2 }));
  yield result('of another set', (old) => ({ ...old, set: 'f'.repeat(32) }));
  yield result('as a sheet', (old) => ({ ...old, custody: { form: 'pdf', medium: 'stick' } }));
}

/** Acts that lead to the new set. */
function* made(told: Told): Generator<Corruption> {
  const result = (act: string, what: string, change: (old: JsonObject) => JsonObject): Corruption => {
    const at = told.place(({ type, body }) => type === 'step.outcome' && body['act'] === act);
    return told.withBody(KIND, at, `${act}: ${what}`, (body) => ({
      ...body,
      result: change(body['result'] as JsonObject),
    }));
  };
  const set = (what: string, change: JsonObject): Corruption =>
    result('set', what, (old) => ({ ...old, shareSet: { ...(old['shareSet'] as JsonObject), ...change } }));
  yield result('entry-0/old-share-1', 'not entered', (old) => ({ ...old, entered: false }));
  yield result('entry-0/old-share-1', 'the other share again', (old) => ({ ...old, index: 2, custodian: 'ines' }));
  yield result('entry-0/old-share-1', 'by somebody who has it not', (old) => ({ ...old, custodian: 'bela' }));
  yield result('entry-0/old-share-1', 'of another set', (old) => ({ ...old, set: 'ab'.repeat(16) }));
  yield result('set', 'from no set', ({ replaces: _, ...old }) => old);
  yield result('set', 'from another set', (old) => ({ ...old, replaces: 'f'.repeat(32) }));
  yield set('of another master key', { pattern: 'd'.repeat(64) });
  yield set('of another scheme', { scheme: 'threshold' });
  yield set('of a shorter master key', { bytes: 16 });
  yield set('that one share gives', { threshold: 1 });
  yield set('under another id', { set: 'f'.repeat(32) });
  for (const index of [1, 2]) {
    const act = `abababab/share-${String(index)}`;
    yield result(act, 'not read back', (old) => ({ ...old, readBack: false }));
    yield result(act, 'by the other custodian', (old) => ({ ...old, custodian: index === 1 ? 'dora' : 'carl' }));
    yield result(act, 'as a sheet that nobody planned', (old) => ({
      ...old,
      custody: { form: 'pdf', medium: 'stick' },
    }));
    yield result(act, 'by somebody of another position', (old) => ({ ...old, custodian: 'hans' }));
  }
  const onToken = (what: string, change: JsonObject): Corruption =>
    result('abababab/share-2', `on the token: ${what}`, (old) => ({
      ...old,
      custody: { ...(old['custody'] as JsonObject), ...change },
    }));
  yield onToken('a key pair of somebody else', { spki: Buffer.from('another key pair').toString('base64') });
  yield onToken('another hash', { oaep: 'sha1' });
  yield onToken('signed by nobody', { signature: Buffer.alloc(70, 1).toString('base64') });
  yield onToken('signed by the cast, over nothing', { signature: Buffer.alloc(64, 1).toString('base64') });
  yield result('abababab/share-2', 'on a worksheet, not on the token', ({ custody: _, ...old }) => old);
  yield result('abababab/share-2', 'of no set', ({ set: _, ...old }) => old);
  const replacing = told.place(({ body }) => body['fact'] === 'share-set.replaced');
  const step = told.lines[replacing]?.step ?? null;
  const voided = { at: '2026-11-23T09:00:00.000Z', type: 'fact.recorded', step, by: [], salt: 'a'.repeat(32) };
  const value = { set: 'ab'.repeat(16), reason: 'its share process ended' };
  yield told.withMore(KIND, replacing, 'the new set is void', [
    { ...voided, body: { fact: 'share-set.voided', value } },
  ]);
}

/** The sets that the binding brings. */
function* carried(told: Told): Generator<Corruption> {
  type Sets = JsonObject & { readonly sets: readonly JsonObject[] };
  const setsOf = (binding: JsonObject): Sets => binding['shareSets'] as unknown as Sets;
  const sets = (what: string, change: (all: readonly JsonObject[]) => readonly JsonObject[]): Corruption =>
    told.forged(KIND, `sets carried: ${what}`, {
      binding: (one) => ({ ...one, shareSets: { ...setsOf(one), sets: change(setsOf(one).sets) } }),
    });
  const set = (what: string, change: JsonObject): Corruption =>
    sets(what, (all) => all.map((one) => ({ ...one, ...change })));
  const shares = (what: string, change: (all: readonly JsonObject[]) => readonly Json[]): Corruption =>
    sets(what, (all) =>
      all.map((one) => ({ ...one, shares: change(one['shares'] as unknown as readonly JsonObject[]) })),
    );
  yield set('replaced already', { state: 'replaced' });
  yield set('retired already', { state: 'retired' });
  yield set('another threshold', { threshold: 3 });
  yield set('a threshold beyond its shares', { threshold: 4 });
  yield set('another scheme', { scheme: 'components' });
  yield set('another name', { id: 'other-key' });
  yield set('another set', { set: 'f'.repeat(32) });
  yield set('another pattern', { pattern: 'd'.repeat(64) });
  yield sets('twice', (all) => [...all, ...all]);
  yield sets('none', () => []);
  yield told.forged(KIND, 'no sets carried', { binding: ({ shareSets: _, ...one }) => one });
  yield shares('one share fewer', (all) => all.slice(1));
  yield shares('in another order', (all) => all.toReversed());
  yield shares('one commitment twice', (all) => all.map((one) => ({ ...one, commitment: 'e'.repeat(64) })));
  yield shares('other commitments', (all) =>
    all.map((one, place) => ({ ...one, commitment: String(place + 4).repeat(64) })),
  );
  yield shares('nobody has any', (all) => all.map((one) => ({ ...one, holders: [] })));
  yield shares('all were given back', (all) =>
    all.map((one) => ({
      ...one,
      holders: (one['holders'] as unknown as JsonObject[]).map((each) => ({ ...each, returned: true })),
    })),
  );
  yield shares('somebody has one twice', (all) =>
    all.map((one) => ({ ...one, holders: [...(one['holders'] as Json[]), ...(one['holders'] as Json[])] })),
  );
  yield shares('somebody else has one too', (all) =>
    all.map((one) => ({
      ...one,
      holders: [...(one['holders'] as Json[]), { id: 'bela', name: 'Bela', returned: false }],
    })),
  );
}
