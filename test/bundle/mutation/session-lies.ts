/** Lies about sessions and pauses: with every signature in order, the record tells of a session that cannot have been. */
import type { Json, JsonObject } from '../../../ceremony/canonical-json';
import { PAYLOAD_TYPES } from '../../../ceremony/command/dsse';
import type { Corruption } from './corruption';
import { jsonOf, said, type Forgery, type LooseLine, type ToSign } from './forgery';
import { factOf, plainLine, sealedBy, type Told } from './told';

const KIND = 'session lied about';

/** Every such corruption of a bundle in which the ceremony goes on in a second session; none of any other. */
export function* sessionLies(told: Told): Generator<Corruption> {
  const resumed = told.place((line) => line.type === 'ceremony.resumed' && line.body['session'] !== undefined);
  if (resumed < 0) return;
  yield* opened(told, resumed);
  yield* bound(told);
  yield* approved(told);
  yield* paused(told, resumed);
  yield* early(told, resumed);
  yield* yesterday(told, resumed);
  yield* modules(told, resumed);
  yield* unbound(told, resumed);
}

/** The line that opens the session. */
function* opened(told: Told, at: number): Generator<Corruption> {
  for (const number of [1, 3, 4]) {
    yield told.withBody(KIND, at, `opens session ${String(number)}`, (body) => ({
      ...body,
      session: { ...(body['session'] as JsonObject), number },
    }));
  }
  const line = (what: string, resumed: NonNullable<Forgery['resumed']>): Corruption =>
    told.forged(KIND, `the line of the session: ${what}`, { resumed });
  const session = (what: string, change: (session: JsonObject) => JsonObject): Corruption =>
    line(what, (body) => {
      const before = body['session'] as JsonObject;
      return { ...body, session: { ...before, ...change(before) } };
    });
  const roster = (what: string, change: (roster: readonly JsonObject[]) => readonly JsonObject[]): Corruption =>
    session(what, (before) => ({ roster: change(before['roster'] as readonly JsonObject[]) }));
  const first = told.lines[0]?.body['binding'] as JsonObject;
  yield session('says number 3, in the folder of 2', () => ({ number: 3 }));
  yield session('names a binding that is not there', () => ({ binding: { sha256: 'a'.repeat(64) } }));
  yield session('names the first binding', () => ({ binding: first }));
  yield roster('without somebody', (all) => all.slice(1));
  yield roster('without the one who is new', (all) => all.slice(0, -1));
  yield roster('with somebody twice', (all) => [...all, ...all.slice(0, 1)]);
  yield roster('in another order', (all) => all.toReversed());
  yield roster('with another name', (all) =>
    all.map((one, place) => (place === 0 ? { ...one, name: 'Mallory' } : one)),
  );
  yield roster('with another role', (all) =>
    all.map((one, place) => (place === 0 ? { ...one, roles: ['witness'] } : one)),
  );
  yield roster('with a role more', (all) =>
    all.map((one) => ({ ...one, roles: [...(one['roles'] as readonly string[]), 'witness'] })),
  );
  yield roster('with the keys of two exchanged', (all) =>
    all.map((one, place) => ({ ...one, key: all[place === 0 ? 1 : place === 1 ? 0 : place]?.['key'] ?? null })),
  );
  yield line('a crash', (body) => ({ ...body, reason: 'crash' }));
  yield line('names no files', (body) => ({ ...body, files: [] }));
  yield line('without files', ({ files: _, ...body }) => body);
  yield line('without a session', ({ session: _, ...body }) => body);
  yield line('without a session and its files', ({ session: _, files: __, ...body }) => body);
  for (const name of ['binding.yaml', 'binding.json', 'approvals/vera.dsse.json']) {
    yield line(`does not name ${name}`, (body) => ({
      ...body,
      files: (body['files'] as readonly JsonObject[]).filter((one) => !said(one['name']).endsWith(`/${name}`)),
    }));
  }
}

/** The binding of the session. */
function* bound(told: Told): Generator<Corruption> {
  const binding = (what: string, session: NonNullable<Forgery['session']>): Corruption =>
    told.forged(KIND, `the binding of the session: ${what}`, { session });
  const person = (what: string, id: string, change: JsonObject): Corruption =>
    binding(what, (one) => ({
      ...one,
      people: (one['people'] as readonly JsonObject[]).map((each) =>
        each['id'] === id ? { ...each, ...change } : each,
      ),
    }));
  const keyOf = (id: string, all: readonly JsonObject[]): Json => all.find((one) => one['id'] === id)?.['key'] ?? null;
  const keys = (what: string, id: string, other: string): Corruption =>
    binding(what, (one) => {
      const all = one['people'] as readonly JsonObject[];
      return { ...one, people: all.map((each) => (each['id'] === id ? { ...each, key: keyOf(other, all) } : each)) };
    });
  yield binding('of another ceremony', (one) => ({ ...one, ceremony: 'another-ceremony' }));
  yield binding('of another mode', (one) => ({ ...one, mode: 'production' }));
  yield binding('for another plan', (one) => ({ ...one, plan: 'a'.repeat(64) }));
  yield person('another name', 'wanda', { name: 'Wanda Meier' });
  yield person('another position', 'wanda', { position: 'auditors' });
  yield person('another position of the one who was enrolled', 'emil', { position: 'auditors' });
  yield person('a position that the plan lacks', 'nora', { position: 'guests' });
  yield person('an operator comes as an auditor too', 'nora', { name: 'ADA  Müller' });
  yield person('an operator of the name of a witness comes', 'nora', {
    position: 'administrators',
    name: 'Wanda Müller',
  });
  yield person('somebody of another id', 'carl', { id: 'karl' });
  yield keys('another key', 'carl', 'nora');
  yield keys('the key of somebody else', 'nora', 'carl');
  yield binding('somebody twice', (one) => {
    const all = one['people'] as readonly JsonObject[];
    return { ...one, people: [...all, ...all.slice(0, 1)] };
  });
  yield binding('somebody new with the id of another', (one) => ({
    ...one,
    people: (one['people'] as readonly JsonObject[]).map((each) =>
      each['id'] === 'nora' ? { ...each, id: 'carl' } : each,
    ),
  }));
  const unit = (what: string, change: JsonObject): Corruption =>
    binding(what, (one) => ({
      ...one,
      units: (one['units'] as readonly JsonObject[]).map((each) => ({
        ...each,
        lastKnown: { ...(each['lastKnown'] as JsonObject), ...change },
      })),
    }));
  yield unit('another state of the unit', { stateSha256: 'a'.repeat(64) });
  yield unit('another counter of the unit', { counter: 0 });
  yield unit('another unit', { identity: 'a'.repeat(64) });
  yield binding('a unit without a history', (one) => ({
    ...one,
    units: (one['units'] as readonly JsonObject[]).map((each) => ({ ...each, lastKnown: null })),
  }));
  yield binding('no units', (one) => ({ ...one, units: [] }));
  yield binding('a unit more', (one) => {
    const all = one['units'] as readonly JsonObject[];
    return { ...one, units: [...all, { ...all[0], id: 'unit-b', lastKnown: null }] };
  });
}

/** Who approved the session, and what. */
function* approved(told: Told): Generator<Corruption> {
  const by = (what: string, approvers: readonly string[], more: Forgery = {}): Corruption =>
    told.forged(KIND, `the session is approved by ${what}`, { ...more, sessionApprovers: () => approvers });
  const moved = (id: string, position: string): Forgery => ({
    session: (one) => ({
      ...one,
      people: (one['people'] as readonly JsonObject[]).map((each) =>
        each['id'] === id ? { ...each, position } : each,
      ),
    }),
  });
  yield by('nobody', []);
  yield by('one approver', ['zeno']);
  yield by('an operator as well', ['vera', 'zeno', 'ada']);
  yield by('an operator instead', ['ada', 'zeno']);
  yield by('somebody who comes with it', ['nora', 'zeno'], moved('nora', 'approvers'));
  yield by('somebody who comes with it as well', ['nora', 'vera', 'zeno'], moved('nora', 'approvers'));
  yield by('a stranger', ['mallory', 'vera', 'zeno']);
  const first = (told.lines[0]?.body['binding'] as JsonObject)['sha256'] ?? null;
  const count = [...told.files.keys()].filter((name) => name.startsWith('approvals/')).length;
  const approval = (what: string, change: (one: ToSign) => Partial<ToSign>): Corruption =>
    told.forged(KIND, `an approval of the session: ${what}`, {
      sign: (one) => (one.type === PAYLOAD_TYPES.approval && one.number >= count ? { ...one, ...change(one) } : one),
    });
  const says = (what: string, change: JsonObject): Corruption =>
    approval(what, ({ payload }) => ({ payload: { ...payload, ...change } }));
  yield says('of a binding that is not there', { binding: 'a'.repeat(64) });
  yield says('of the first binding as it was', { binding: first });
  yield says('of another plan', { plan: 'a'.repeat(64) });
  yield says('of another ceremony', { ceremony: 'another-ceremony' });
  yield says('of another mode', { mode: 'production' });
  yield says('of another approver', { approver: 'vera' });
  yield approval('signed by the other approver', ({ signers }) => ({
    signers: signers.map((id) => (id === 'vera' ? 'zeno' : 'vera')),
  }));
  yield approval('signed by both', () => ({ signers: ['vera', 'zeno'] }));
  yield told.forged(KIND, 'the approvals of the first binding are those of the session', replayedApprovals());
}

/** The first binding's approvals, byte for byte, offered for the session. */
function replayedApprovals(): Forgery {
  const given = new Map<Json, JsonObject>();
  return {
    sign: (one) => {
      const { approver = null } = one.payload;
      if (one.type !== PAYLOAD_TYPES.approval) return one;
      const payload = given.get(approver) ?? one.payload;
      given.set(approver, payload);
      return { ...one, payload };
    },
  };
}

/** Where the ceremony pauses, and what it says of that. */
function* paused(told: Told, resumed: number): Generator<Corruption> {
  const at = resumed - 1;
  const pause = (what: string, change: JsonObject): Corruption =>
    told.withBody(KIND, at, what, (body) => ({ ...body, ...change }));
  yield pause('another seal', { seals: [{ material: 'case', number: 'B-0001' }] });
  yield pause('no seal', { seals: [] });
  yield pause('a seal more', {
    seals: [
      { material: 'case', number: 'A-0042' },
      { material: 'bag', number: 'Z-9' },
    ],
  });
  yield pause('the seal of another material', { seals: [{ material: 'bag', number: 'A-0042' }] });
  yield pause('another reason', { reason: 'Lunch.' });
  yield pause('no reason', { reason: '' });
  yield told.withLine(KIND, at, 'in a step', (line) => ({ ...line, step: 'overnight' }));
  yield told.withLine(KIND, resumed, 'in a step', (line) => ({ ...line, step: 'overnight' }));
  yield told.withLines(KIND, 'no pause and no session', (lines) => lines.toSpliced(at, 2));
  for (const [what, to] of [
    ['before the step of the pause is complete', at - 1],
    ['before the checkpoint of the pause', at - 4],
    ['before the step of the pause', at - 6],
    ['after the next step began', resumed + 2],
    ['after the next step', resumed + 4],
    ['at the end', told.lines.length - 1],
  ] as const) {
    yield told.withLines(KIND, `the pause ${what}`, (lines) => {
      const rest = lines.toSpliced(at, 2);
      return rest.toSpliced(to > at ? to - 2 : to, 0, ...lines.slice(at, at + 2));
    });
  }
  yield told.withMore(KIND, resumed, 'a fact while it is paused', [
    factOf(null, [], 'paper-signature', { name: 'A guest', role: 'guest' }),
  ]);
  yield told.withMore(KIND, resumed, 'a crash while it is paused', [
    plainLine('ceremony.resumed', null, { reason: 'crash', torn: null, note: 'It crashed.' }),
  ]);
  yield told.withMore(KIND, resumed + 1, 'the same session opened again', [
    told.lines[resumed] ?? plainLine('', null, {}),
  ]);
  const seal = told.place(({ body }) => body['fact'] === 'seal');
  yield told.withBody(KIND, seal, 'another number of the seal', (body) => ({
    ...body,
    value: { ...(body['value'] as JsonObject), number: 'B-0001' },
  }));
  yield told.withBody(KIND, seal, 'the seal of another material', (body) => ({
    ...body,
    value: { ...(body['value'] as JsonObject), material: 'bag' },
  }));
}

/** Acts in the new session by people who have not proved presence in it. */
function* early(told: Told, resumed: number): Generator<Corruption> {
  const preflight = resumed + 1;
  const rollCall = told.place(({ type, step }) => type === 'step.started' && step === 'roll-call-2');
  const by = (what: string, at: number, line: LooseLine): Corruption =>
    told.withMore(KIND, at, `somebody not there yet ${what}`, [line]);
  const asked = { asked: 'Anything?', answer: 'No.' };
  yield by('answers of no step', preflight, factOf(null, ['otto'], 'answer', asked));
  yield by('answers in a roll call', rollCall + 1, factOf('roll-call-2', ['otto'], 'answer', asked));
  yield by('confirms in a roll call', rollCall + 1, {
    ...plainLine('step.confirmed', 'roll-call-2', { attempt: 1, statement: 'Here.' }),
    by: ['otto'],
  });
  yield told.withLine(KIND, preflight, 'somebody not there yet begins the pre-flight', (line) => ({
    ...line,
    by: ['ada'],
  }));
  yield told.withLine(KIND, resumed, 'somebody opens the session', (line) => ({ ...line, by: ['mallory'] }));
  const words = { step: 'preflight-2', kind: 'preflight', expected: 'So.', happened: 'Not so.', decided: 'To go on.' };
  const record = sealedBy(PAYLOAD_TYPES.exception, { format: 'keyrite-exception/1', ...words }, ['ada', 'wanda']);
  const excepted = (signers: readonly string[]): readonly LooseLine[] => [
    factOf(null, [], 'exception.raised', words),
    { ...plainLine('exception.recorded', 'preflight-2', { kind: 'preflight', record }), by: signers },
  ];
  yield told.withMore(KIND, preflight + 1, 'somebody not there yet signs an exception', excepted(['ada', 'wanda']));
  yield told.withMore(KIND, preflight + 1, 'somebody not there yet signs an exception unnamed', excepted([]));
}

/** Proofs of the first session offered in the second. */
function* yesterday(told: Told, resumed: number): Generator<Corruption> {
  for (const [at, line] of told.lines.entries()) {
    if (line.type !== 'participant.present' || at < resumed) continue;
    const id = said(line.body['participant']);
    const before = told.place((one) => one.type === line.type && one.body['participant'] === id);
    if (before >= resumed) continue;
    const given: { payload?: JsonObject } = {};
    yield told.forged(KIND, `line ${String(at)}: the proof of the first session`, {
      sign: (one) => {
        if (one.line === before) given.payload = one.payload;
        return one.line === at ? { ...one, payload: given.payload ?? one.payload } : one;
      },
    });
    yield told.signedIn(KIND, at, 'the nonce of the first session', (one) => ({
      ...one,
      payload: { ...one.payload, nonce: nonceIn(told, before) },
    }));
  }
}

function nonceIn(told: Told, at: number): Json {
  const { payload } = told.lines[at]?.body['proof'] as unknown as { readonly payload: string };
  return (JSON.parse(Buffer.from(payload, 'base64').toString('utf8')) as JsonObject)['nonce'] ?? null;
}

/** People whom the binding of the session leaves out take part in it all the same. */
function* unbound(told: Told, resumed: number): Generator<Corruption> {
  for (const { id } of told.lines[0]?.body['roster'] as unknown as readonly { readonly id: string }[]) {
    const isThere = told.lines.some(
      ({ type, by }, at) => type === 'participant.present' && at > resumed && by[0] === id,
    );
    if (!isThere) continue;
    yield told.forged(KIND, `${id}, whom the binding of the session leaves out`, {
      session: (one) => ({
        ...one,
        people: (one['people'] as readonly JsonObject[]).filter((each) => each['id'] !== id),
      }),
    });
  }
}

/** Modules of another session than the one under way. */
function* modules(told: Told, resumed: number): Generator<Corruption> {
  const first = (jsonOf(told.files, 'binding.json')['modules'] as readonly JsonObject[])[0] ?? {};
  const fact = (step: string, sha256: Json): LooseLine =>
    factOf(step, [], 'module', {
      module: first['id'] ?? null,
      sha256,
      path: first['path'] ?? null,
      library: { cryptoki: '3.0', manufacturer: 'Nobody', description: 'None', version: '1.0' },
      tokens: [],
    });
  const session: Forgery['session'] = (one) => ({
    ...one,
    modules: (one['modules'] as readonly JsonObject[]).map((each) => ({ ...each, sha256: 'f'.repeat(64) })),
  });
  const old = first['sha256'] ?? null;
  yield told.withMore(KIND, resumed + 2, 'a module of the first session', [fact('preflight-2', old)], { session });
  yield told.withMore(KIND, 2, 'a module of the session to come', [fact('preflight', 'f'.repeat(64))], { session });
}
