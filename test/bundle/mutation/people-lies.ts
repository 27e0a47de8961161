/** Lies about people: enrolled by whom none may be, acting after they left, taking places that they cannot take. */
import type { Json, JsonObject } from '../../../ceremony/canonical-json';
import { PAYLOAD_TYPES } from '../../../ceremony/command/dsse';
import type { Corruption } from './corruption';
import { said, type LooseLine, type ToSign } from './forgery';
import { inventedKey } from './invented-people';
import { factOf, leaving, plainLine, replacing, sealedBy, type Told } from './told';

const KIND = 'people lied about';

/** Every such corruption; of a bundle in which nobody is enrolled or replaced, those that it has room for. */
export function* peopleLies(told: Told): Generator<Corruption> {
  const enrolled = told.place(({ type }) => type === 'participant.enrolled');
  if (enrolled >= 0) yield* enrolments(told, enrolled);
  yield* gone(told);
  if (told.lines[0]?.body['rules'] === 2) yield* absent(told);
  yield* before(told);
  yield* places(told);
  yield* watched(told);
}

function* enrolments(told: Told, at: number): Generator<Corruption> {
  const line = (what: string, change: (line: LooseLine) => LooseLine): Corruption =>
    told.withLine(KIND, at, what, change);
  const body = (what: string, change: JsonObject): Corruption =>
    line(what, (one) => ({ ...one, body: { ...one.body, ...change } }));
  const vouch = (what: string, vouchers: readonly string[], by = vouchers): Corruption =>
    line(`vouched for by ${what}`, (one) => ({ ...one, by, body: { ...one.body, vouchers } }));
  yield vouch('one person', ['ada']);
  yield vouch('one person twice', ['ada', 'ada']);
  yield vouch('one person twice, named once', ['ada', 'ada'], ['ada']);
  yield vouch('three people', ['ada', 'bela', 'otto']);
  yield vouch('nobody', []);
  yield vouch('the person enrolled', ['ada', 'emil']);
  yield vouch('the person enrolled, and two others', ['ada', 'emil', 'otto']);
  yield vouch('people in another order', ['otto', 'ada']);
  yield vouch('two people, and another is named', ['ada', 'otto'], ['ada', 'bela']);
  yield vouch('two people, and one is named', ['ada', 'otto'], ['ada']);
  yield vouch('two people, and nobody is named', ['ada', 'otto'], []);
  for (const id of ['carl', 'wanda', 'vera', 'nora', 'mallory']) yield vouch(`${id}, who may not`, ['ada', id].sort());
  yield told.withLines(KIND, 'a voucher had left', (lines) =>
    lines.toSpliced(at, 1, leaving('otto'), lines[at] ?? leaving('otto'), told.presence('otto', '2')),
  );
  yield told.withLines(KIND, 'a voucher was replaced', (lines) =>
    lines.toSpliced(at, 1, replacing('ada', 'bela'), lines[at] ?? leaving('ada'), told.presence('ada', '2')),
  );
  const payload = (what: string, change: JsonObject): Corruption =>
    told.signedIn(KIND, at, `signed ${what}`, (one) => ({ ...one, payload: { ...one.payload, ...change } }));
  const signed = (what: string, signers: (one: ToSign) => readonly string[]): Corruption =>
    told.signedIn(KIND, at, `signed ${what}`, (one) => ({ ...one, signers: signers(one) }));
  yield payload('at another moment', { head: 'a'.repeat(64) });
  yield payload('for another position', { position: 'auditors' });
  yield payload('for another identification', { identification: 'A library card.' });
  yield payload('for another ceremony', { ceremony: 'another-ceremony' });
  yield payload('for another mode', { mode: 'production' });
  yield payload('in another format', { format: 'keyrite-enrolment/2' });
  yield payload('with a member more', { more: 1 });
  yield told.signedIn(KIND, at, 'signed for another name', (one) => ({
    ...one,
    payload: { ...one.payload, participant: { ...(one.payload['participant'] as JsonObject), name: 'Mallory' } },
  }));
  yield told.signedIn(KIND, at, 'signed for another key', (one) => {
    const before = one.payload['participant'] as JsonObject;
    const key = { ...(before['key'] as JsonObject), spki: inventedKey('cast', 'mallory').spki };
    return { ...one, payload: { ...one.payload, participant: { ...before, key } } };
  });
  yield signed('by somebody more', ({ signers }) => [...signers, 'bela'].sort());
  yield signed('by the vouchers alone', ({ signers }) => signers.filter((id) => id !== 'emil'));
  yield signed('by the person enrolled alone', () => ['emil']);
  const person = (what: string, change: JsonObject): Corruption =>
    line(`enrols ${what}`, (one) => ({
      ...one,
      body: {
        ...one.body,
        participant: { ...(one.body['participant'] as JsonObject), ...change },
        ...('id' in change ? { files: [{ name: `keys/${said(change['id'])}.pem`, sha256: '0'.repeat(64) }] } : {}),
      },
    }));
  const keyOf = (spki: string): JsonObject => ({ key: { algorithm: 'ed25519', spki, holder: 'file' } });
  yield person('a witness with the id of another', { id: 'wanda' });
  yield person('somebody with the id of a custodian', { id: 'carl' });
  yield person('somebody with the id of one who comes later', { id: 'nora' });
  yield person('somebody with the key of another', keyOf(inventedKey('cast', 'wanda').spki));
  yield person('somebody with the key of one who comes later', keyOf(inventedKey('cast', 'nora').spki));
  yield person('somebody of another role', { roles: ['auditor'] });
  yield person('somebody of two roles', { roles: ['witness', 'auditor'] });
  yield person('somebody of no role', { roles: [] });
  yield person('an operator as a witness', { name: 'Ada Müller' });
  yield person('an operator as a witness, in other letters', { name: 'ADA  Müller' });
  yield body('names no key', { files: [] });
  yield body('names another key', { files: [{ name: 'keys/ada.pem', sha256: '0'.repeat(64) }] });
  const moved = (what: string, to: number): Corruption =>
    told.withLines(KIND, `somebody is enrolled ${what}`, (lines) => {
      const one = lines.slice(at, at + 1);
      return to > at
        ? lines.toSpliced(to, 0, ...one).toSpliced(at, 1)
        : lines.toSpliced(at, 1).toSpliced(to, 0, ...one);
    });
  yield moved('before the step began', at - 1);
  yield moved('after the step', told.place(({ type, step }) => type === 'step.outcome' && step === 'enrol') + 1);
  yield moved('at the end', told.lines.length - 1);
  yield line('in no step', (one) => ({ ...one, step: null }));
  yield line('in another step', (one) => ({ ...one, step: 'roll-call' }));
}

/** People act after they left. */
function* gone(told: Told): Generator<Corruption> {
  const back = new Map<string, number>();
  for (const [at, line] of told.lines.entries()) {
    const signers = signersIn(line);
    for (const id of signers.filter((one) => !line.by.includes(one))) {
      // They come back at once: only what was signed meanwhile is wrong.
      back.set(id, (back.get(id) ?? 0) + 1);
      const nonce = `${String(back.get(id) ?? 0)}e`;
      yield told.withLines(KIND, `line ${String(at)}: ${id} had left when they signed`, (lines) =>
        lines.toSpliced(at, 1, leaving(id), lines[at] ?? line, told.presence(id, nonce)),
      );
    }
  }
  const asked = { asked: 'Anything?', answer: 'No.' };
  for (const [at, line] of told.lines.entries()) {
    if (line.type !== 'participant.left' && line.type !== 'participant.replaced') continue;
    const id = said(line.body['participant']);
    const acts = (what: string, added: readonly LooseLine[]): Corruption =>
      told.withMore(KIND, at + 1, `${id}, who is gone, ${what}`, added);
    yield acts('answers', [factOf(null, [id], 'answer', asked)]);
    yield acts('says that somebody leaves', [{ ...leaving('bela'), by: [id] }, told.presence('bela', '3')]);
    yield acts('takes another place', [replacing('carl', id), told.presence('carl', '4')]);
    yield acts('proves the presence of another', [{ ...told.presence('carl', '5'), by: [id] }]);
    const step = told.steps[0]?.id ?? '';
    const words = { step, kind: 'other', expected: 'So.', happened: 'Not so.', decided: 'To go on.' };
    const record = sealedBy(PAYLOAD_TYPES.exception, { format: 'keyrite-exception/1', ...words }, ['ada', id].sort());
    for (const by of [['ada', id].sort(), ['ada']]) {
      yield acts(`signs an exception by ${by.join(' and ')}`, [
        factOf(null, [], 'exception.raised', words),
        { ...plainLine('exception.recorded', step, { kind: 'other', record }), by },
      ]);
    }
    yield told.forged(KIND, `${id}, who is gone, signs the last checkpoint`, {
      ...(told.lines.slice(at).some((one) => one.type === 'participant.present' && one.body['participant'] === id)
        ? { lines: (lines) => lines.toSpliced(-1, 0, leaving(id)) }
        : {}),
      sign: (one) =>
        one.type === PAYLOAD_TYPES.checkpoint && one.line === null && one.addendum === 0
          ? { ...one, signers: [...new Set([...one.signers, id])].sort() }
          : one,
    });
  }
}

/** People of the first session act before they prove presence in it. */
function* absent(told: Told): Generator<Corruption> {
  const rollCall = told.place((line) => line.type === 'step.started' && told.step(line)?.action === 'roll-call');
  const step = told.steps[0]?.id ?? '';
  const acts = (what: string, at: number, added: readonly LooseLine[]): Corruption =>
    told.withMore(KIND, at, `somebody who has not come ${what}`, added);
  for (const id of told.lines[rollCall + 1]?.by ?? []) {
    yield acts('answers', rollCall, [factOf(null, [id], 'answer', { asked: 'Anything?', answer: 'No.' })]);
    yield acts('says that somebody leaves', rollCall, [{ ...leaving('carl'), by: [id] }]);
    const words = { step, kind: 'preflight', expected: 'So.', happened: 'Not so.', decided: 'To go on.' };
    const signers = [id, 'otto'].sort();
    const record = sealedBy(PAYLOAD_TYPES.exception, { format: 'keyrite-exception/1', ...words }, signers);
    for (const by of [[], signers]) {
      yield acts(`signs an exception by ${by.join(' and ')}`, rollCall, [
        factOf(null, [], 'exception.raised', words),
        { ...plainLine('exception.recorded', step, { kind: 'preflight', record }), by },
      ]);
    }
    yield told.withLine(KIND, rollCall, 'begins the roll call and has not come', (line) => ({ ...line, by: [id] }));
    yield told.withLine(KIND, 1, 'begins the pre-flight and has not come', (line) => ({ ...line, by: [id] }));
  }
}

/** People who come later are not there yet. */
function* before(told: Told): Generator<Corruption> {
  const atStart = new Set((told.lines[0]?.body['roster'] as readonly JsonObject[]).map(({ id }) => said(id)));
  const asked = { asked: 'Anything?', answer: 'No.' };
  for (const { id, roles } of told.everybody.filter((one) => !atStart.has(one.id))) {
    const early = (what: string, added: readonly LooseLine[]): Corruption =>
      told.withMore(KIND, 11, `${id}, who comes later, ${what}`, added);
    const step = told.steps[0]?.id ?? '';
    const words = { step, kind: 'other', expected: 'So.', happened: 'Not so.', decided: 'To go on.' };
    const record = sealedBy(PAYLOAD_TYPES.exception, { format: 'keyrite-exception/1', ...words }, ['ada', id].sort());
    yield early('answers', [factOf(null, [id], 'answer', asked)]);
    yield early('is present', [told.presence(id, '6')]);
    yield early('leaves', [leaving(id)]);
    yield early('takes a place', [replacing(roles.includes('witness') ? 'wanda' : 'otto', id)]);
    for (const by of [[], ['ada'], ['ada', id].sort()]) {
      yield early(`signs an exception by ${by.join(' and ')}`, [
        factOf(null, [], 'exception.raised', words),
        { ...plainLine('exception.recorded', step, { kind: 'other', record }), by },
      ]);
    }
    for (const [at, line] of told.lines.entries()) {
      const joined = told.place(({ type, body }) => joins(type, body, id));
      if (line.type === 'step.intent' && line.body['command'] !== null && at < joined) {
        yield told.signedIn(KIND, at, `${id}, who comes later, signs a command too`, (one) => ({
          ...one,
          signers: [...one.signers, id].sort(),
        }));
      }
      if (line.type === 'checkpoint.made' && at < joined) {
        yield told.signedIn(KIND, at, `${id}, who comes later, signs the checkpoint`, (one) => ({
          ...one,
          signers: [...one.signers, id].sort(),
        }));
      }
    }
  }
}

function joins(type: string, body: JsonObject, id: string): boolean {
  const session = body['session'] as JsonObject | undefined;
  return (
    (type === 'participant.enrolled' && (body['participant'] as JsonObject)['id'] === id) ||
    (session !== undefined && (session['roster'] as readonly JsonObject[]).some((one) => one['id'] === id))
  );
}

/** Places taken by people who cannot take them. */
function* places(told: Told): Generator<Corruption> {
  const at = told.place(({ type }) => type === 'participant.replaced');
  if (at >= 0) {
    const by = (what: string, id: string, more: readonly LooseLine[] = []): Corruption =>
      told.withLines(KIND, `the place is taken by ${what}`, (lines) => {
        const line = lines[at] ?? replacing(id, id);
        return lines.toSpliced(at, 1, ...more, { ...line, body: { ...line.body, by: id } });
      });
    yield by('the same person', 'wanda');
    for (const id of ['otto', 'nora', 'ada', 'vera', 'mallory']) yield by(id, id);
    yield by('somebody who had left', 'emil', [leaving('emil')]);
    yield told.withBody(KIND, at, 'a stranger is replaced', (body) => ({ ...body, participant: 'mallory' }));
    yield told.withLine(KIND, at, 'said by a stranger', (line) => ({ ...line, by: ['mallory'] }));
    yield told.withMore(KIND, at + 1, 'said again by the one who is replaced', [
      { ...replacing('wanda', 'emil'), by: ['wanda'] },
    ]);
  }
  // Whoever takes a place is there: before the roll call nobody is.
  const rollCall = told.place((line) => line.type === 'step.started' && told.step(line)?.action === 'roll-call');
  const came = told.lines.filter(
    ({ type, step }) => type === 'participant.present' && step === told.lines[rollCall]?.step,
  );
  for (const role of new Set(told.everybody.map(({ roles }) => roles[0]))) {
    const [one, other] = told.everybody.filter(
      ({ id, roles }) => roles[0] === role && came.some(({ body }) => body['participant'] === id),
    );
    if (one === undefined || other === undefined) continue;
    yield told.withMore(KIND, rollCall, `${other.id}, who is not there yet, takes the place of ${one.id}`, [
      replacing(one.id, other.id),
    ]);
  }
}

/** Those who are said to have watched. */
function* watched(told: Told): Generator<Corruption> {
  const all = told.everybody;
  const watchers = all.filter(({ roles }) => roles.includes('witness') || roles.includes('auditor'));
  const others = all.filter((one) => !watchers.includes(one));
  const there = new Set<string>();
  for (const [at, line] of told.lines.entries()) {
    if (line.type === 'participant.present' || line.type === 'participant.enrolled') there.add(joining(line));
    if (line.type === 'participant.left' || line.type === 'participant.replaced') there.delete(joining(line));
    if (line.type === 'ceremony.resumed' && line.body['session'] !== undefined) there.clear();
    if (line.type !== 'step.started') continue;
    const witness = (what: string, ids: readonly Json[], by = line.by): Corruption =>
      told.withLine(KIND, at, `watched by ${what}`, (one) => ({ ...one, by, body: { ...one.body, witness: ids } }));
    for (const { id } of watchers) if (!there.has(id)) yield witness(`${id}, who is not there`, [id]);
    const present = watchers.filter(({ id }) => there.has(id)).map(({ id }) => id);
    const [first] = present;
    if (first === undefined) continue;
    yield witness('nobody', []);
    yield witness('somebody twice', [first, first]);
    yield witness('somebody who acted', [first], [first]);
    yield witness('a stranger', ['mallory']);
    for (const { id } of others.slice(0, 2)) yield witness(`${id}, who does not watch`, [...present.slice(0, 1), id]);
  }
}

/** Whom a line makes come or go. */
function joining({ body }: LooseLine): string {
  const { participant } = body;
  return typeof participant === 'string' ? participant : said((participant as JsonObject | undefined)?.['id']);
}

/** Those whose signatures stand in a line. */
function signersIn({ type, body }: LooseLine): readonly string[] {
  const sealed =
    type === 'exception.recorded'
      ? body['record']
      : type === 'step.intent'
        ? (body['command'] ?? undefined)
        : undefined;
  const { signatures } = (sealed ?? { signatures: [] }) as unknown as {
    readonly signatures: readonly { readonly keyid: string }[];
  };
  return signatures.map(({ keyid }) => keyid);
}
