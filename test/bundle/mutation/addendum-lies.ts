/** Lies in addenda by somebody with the keys of everybody: of another close, signed by the wrong people, over something else. */
import { sign } from 'node:crypto';
import type { Json, JsonObject } from '../../../ceremony/canonical-json';
import { PAYLOAD_TYPES } from '../../../ceremony/command/dsse';
import type { Corruption, Kind } from './corruption';
import { said, type Forgery, type LooseLine, type ToSign } from './forgery';
import { inventedKey } from './invented-people';
import type { Told } from './told';

const KIND: Kind = 'addendum moved or edited';

/** Every such corruption of a bundle with two addenda; none of any other. */
export function* addendumLies(told: Told): Generator<Corruption> {
  if (!told.files.has('addenda/0002/transcript.jsonl')) return;
  for (const number of [1, 2]) {
    yield* opened(told, number);
    yield* framed(told, number);
    yield* signed(told, number);
  }
  yield* cosigned(told);
  yield* stamped(told);
  yield* received(told);
  yield* worded(told);
  yield told.forged(KIND, 'addenda of a ceremony that is not closed', {
    lines: (lines) => lines.filter(({ type }) => type !== 'ceremony.closed'),
  });
}

/** Line 0 of an addendum, and its last line. */
function* opened(told: Told, number: number): Generator<Corruption> {
  const body = (what: string, seq: 'first' | 'last', change: JsonObject): Corruption =>
    told.forged(KIND, `addendum ${String(number)}: ${what}`, {
      added: (one, place) => {
        const isLast = one['outcome'] !== undefined;
        const here = place.addendum === number && (seq === 'first' ? place.seq === 0 : isLast);
        return here ? { ...one, ...change } : one;
      },
    });
  const size = told.lines.length;
  yield body('another format', 'first', { format: 'keyrite-bundle/1' });
  yield body('another ceremony', 'first', { ceremony: 'another-ceremony' });
  yield body('another mode', 'first', { mode: 'production' });
  yield body('the next number', 'first', { number: number + 1 });
  yield body('the number before', 'first', { number: number - 1 });
  yield body('no closed root', 'first', { closed: null });
  yield body('another closed root', 'first', { closed: { size, root: 'a'.repeat(64) } });
  yield body('a root before it', 'first', { previous: 'a'.repeat(64) });
  if (number > 1) yield body('no root before it', 'first', { previous: null });
  yield body('no reason', 'first', { reason: '' });
  yield body('a member more', 'first', { more: 1 });
  yield told.forged(KIND, `addendum ${String(number)}: another size`, {
    added: (one, place) => {
      if (place.addendum !== number || place.seq !== 0) return one;
      return { ...one, closed: { ...(one['closed'] as JsonObject), size: size - 1 } };
    },
  });
  yield body('closed in other words', 'last', { signOff: 'I saw nothing.' });
  yield body('closed with exceptions', 'last', { exceptions: 1 });
  yield body('closed with withheld facts', 'last', { withheld: 1 });
  yield body('abandoned', 'last', { outcome: 'abandoned' });
  yield body('closed with a member more', 'last', { more: 1 });
}

/** Which lines an addendum has, and when. */
function* framed(told: Told, number: number): Generator<Corruption> {
  const lines = (what: string, change: (lines: readonly LooseLine[]) => readonly LooseLine[]): Corruption =>
    told.forged(KIND, `addendum ${String(number)}: ${what}`, {
      addendum: (all, of) => (of === number ? change(all) : all),
    });
  const all = (what: string, change: (line: LooseLine, seq: number) => LooseLine): Corruption =>
    lines(what, (every) => every.map(change));
  yield lines('without its close', (every) => every.slice(0, -1));
  yield lines('without its opening', (every) => every.slice(1));
  yield lines('closed twice', (every) => [...every, ...every.slice(-1)]);
  yield lines('opened twice', (every) => [...every.slice(0, 1), ...every]);
  yield lines('in reverse', (every) => every.toReversed());
  yield lines('with nothing to tell', (every) => [...every.slice(0, 1), ...every.slice(-1)]);
  yield lines('empty', () => []);
  yield all('in a step', (line) => ({ ...line, step: 'export' }));
  yield all('by a stranger', (line) => ({ ...line, by: ['mallory'] }));
  yield all('before the close', (line) => ({ ...line, at: told.lines.at(-2)?.at ?? '' }));
  yield all('before the ceremony', (line) => ({ ...line, at: told.lines[0]?.at ?? '' }));
  yield all('on no day', (line) => ({ ...line, at: '2027-02-30T09:00:00.000Z' }));
  yield lines('backwards', (every) => {
    const times = every.map(({ at }) => at).reverse();
    return every.map((line, seq) => ({ ...line, at: times[seq] ?? line.at }));
  });
  for (const type of ['step.confirmed', 'exception.recorded', 'checkpoint.made', 'participant.left', 'other.type']) {
    yield all(`its facts are ${type}`, (line) => (line.type === 'fact.recorded' ? { ...line, type } : line));
  }
  yield all('facts of the ceremony', (line) =>
    line.type === 'fact.recorded'
      ? { ...line, body: { fact: 'answer', value: { asked: 'Why?', answer: 'So.' }, files: [] } }
      : line,
  );
  yield all('facts that there are none of', (line) =>
    line.type === 'fact.recorded' ? { ...line, body: { ...line.body, fact: 'amendment' } } : line,
  );
  if (number !== 2) return;
  yield all('before the one before it', (line) => ({ ...line, at: told.lines.at(-1)?.at ?? '' }));
}

/** Who signed an addendum, and over what. */
function* signed(told: Told, number: number): Generator<Corruption> {
  const isIts = (one: ToSign): boolean => one.type === PAYLOAD_TYPES.checkpoint && one.addendum === number;
  const by = (what: string, signers: readonly string[]): Corruption =>
    told.forged(KIND, `addendum ${String(number)} signed by ${what}`, {
      sign: (one) => (isIts(one) ? { ...one, signers } : one),
    });
  yield by('nobody', []);
  yield by('an operator', ['ada']);
  yield by('a witness', ['wanda']);
  yield by('two operators', ['ada', 'bela']);
  yield by('two who watched', ['otto', 'wanda']);
  yield by('a custodian and a witness', ['carl', 'wanda']);
  yield by('an operator and a custodian', ['ada', 'carl']);
  yield by('an operator and an approver', ['ada', 'vera']);
  yield by('approvers', ['vera', 'zeno']);
  yield by('a stranger too', ['ada', 'mallory', 'wanda']);
  const over = (what: string, change: (message: Uint8Array) => Uint8Array): Corruption =>
    told.forged(KIND, `addendum ${String(number)}: signed over ${what}`, {
      signature: (one, id, message) =>
        Buffer.from(sign(null, isIts(one) ? change(message) : message, inventedKey('cast', id).key)),
    });
  const swap = (message: Uint8Array, from: string, to: string): Buffer =>
    Buffer.from(Buffer.from(message).toString('latin1').replace(from, to), 'latin1');
  const other = String(3 - number);
  yield over('the other addendum', (message) =>
    swap(message, `/addendum/000${String(number)}`, `/addendum/000${other}`),
  );
  yield over('production', (message) => swap(message, 'keyrite/rehearsal/', 'keyrite/production/'));
  yield over('nothing', () => Buffer.alloc(0));
}

/** The second addendum's cosignature. */
function* cosigned(told: Told): Generator<Corruption> {
  const isIt = (one: ToSign): boolean => one.type === PAYLOAD_TYPES.cosignature;
  const value =
    (change: (value: JsonObject) => JsonObject): NonNullable<Forgery['addendum']> =>
    (lines) =>
      lines.map((line) =>
        line.body['fact'] === 'cosignature'
          ? { ...line, body: { ...line.body, value: change(line.body['value'] as JsonObject) } }
          : line,
      );
  const payload = (what: string, change: JsonObject): Corruption =>
    told.forged(KIND, `a cosignature ${what}`, {
      sign: (one) => (isIt(one) ? { ...one, payload: { ...one.payload, ...change } } : one),
    });
  yield payload('over another root', { root: 'a'.repeat(64) });
  yield payload('over another size', { size: told.lines.length - 1 });
  yield payload('over another checkpoint', { checkpoint: 'a'.repeat(64) });
  yield payload('of another ceremony', { ceremony: 'another-ceremony' });
  yield payload('of another mode', { mode: 'production' });
  yield payload('of a refused bundle', { verdict: 'refused' });
  yield payload('of an incomplete bundle', { verdict: 'incomplete' });
  yield payload('in another format', { format: 'keyrite-cosignature/2' });
  yield payload('with a member more', { more: 1 });
  yield payload('at no time', { at: 'yesterday' });
  yield payload('on no day', { at: '2026-02-30T08:00:00.000Z' });
  yield payload('by nothing', { app: null });
  yield payload('for another', { participant: 'otto' });
  const as = (what: string, named: string, says: string, signers: readonly string[]): Corruption =>
    told.forged(KIND, `a cosignature ${what}`, {
      addendum: value((one) => ({ ...one, participant: named })),
      sign: (one) => (isIt(one) ? { signers, payload: { ...one.payload, participant: says } } : one),
    });
  yield as('of an operator', 'ada', 'ada', ['ada']);
  yield as('of a stranger', 'mallory', 'mallory', ['mallory']);
  yield as('of another than is named', 'otto', 'wanda', ['wanda']);
  yield as('of another than it says', 'otto', 'wanda', ['otto']);
  yield as('of another than signed', 'otto', 'otto', ['wanda']);
  yield as('of two', 'wanda', 'wanda', ['otto', 'wanda']);
  yield as('of nobody', 'wanda', 'wanda', []);
  const envelope = (what: string, change: JsonObject): Corruption =>
    told.forged(KIND, `a cosignature ${what}`, {
      added: (body) => {
        if (body['fact'] !== 'cosignature') return body;
        const before = body['value'] as JsonObject;
        return { ...body, value: { ...before, envelope: { ...(before['envelope'] as JsonObject), ...change } } };
      },
    });
  yield envelope('of another payload type', { payloadType: PAYLOAD_TYPES.presence });
  yield envelope('with a member more', { more: 1 });
  yield envelope('without signatures', { signatures: [] });
}

/** The first addendum's timestamp. */
function* stamped(told: Told): Generator<Corruption> {
  const token = (what: string, attached: (content: Uint8Array) => Uint8Array): Corruption =>
    told.forged(KIND, `a timestamp ${what}`, {
      attached: (content, name) => (name.endsWith('.tsr') ? attached(content) : content),
    });
  const original = [...told.files].find(([name]) => name.endsWith('.tsr'))?.[1] ?? new Uint8Array();
  const swapped = (content: Uint8Array, from: string, to: string): Uint8Array =>
    Buffer.from(Buffer.from(content).toString('hex').replace(from, to), 'hex');
  yield token('over another checkpoint', () => original);
  yield token('cut short', (content) => content.slice(0, -1));
  yield token('with a byte more', (content) => Buffer.concat([content, Buffer.from([0])]));
  yield token('that is empty', () => new Uint8Array());
  // PKIStatus, the first INTEGER: 2 is a rejection.
  yield token('that was rejected', (content) => swapped(content, '020100', '020102'));
  yield token('over a SHA-512', (content) =>
    swapped(content, '0609608648016503040201050004', '0609608648016503040203050004'),
  );
  const value = (what: string, change: JsonObject): Corruption =>
    told.forged(KIND, `a timestamp ${what}`, {
      added: (body) =>
        body['fact'] === 'timestamp' ? { ...body, value: { ...(body['value'] as JsonObject), ...change } } : body,
    });
  yield value('of another time', { genTime: '20261123120000Z' });
  yield value('of no time', { genTime: 'noon' });
  yield value('for another checkpoint', { checkpoint: 'a'.repeat(64) });
  yield value('with a member more', { more: 1 });
  yield told.forged(KIND, 'a timestamp over another checkpoint, and says so', {
    attached: (content, name) => (name.endsWith('.tsr') ? original : content),
    added: (body) =>
      body['fact'] === 'timestamp'
        ? { ...body, value: { ...(body['value'] as JsonObject), checkpoint: oldCheckpoint(told) } }
        : body,
  });
}

function oldCheckpoint(told: Told): Json {
  const line = Buffer.from(told.files.get('addenda/0001/transcript.jsonl') ?? []).toString('utf8');
  return /"checkpoint":"([0-9a-f]{64})"/u.exec(line)?.[1] ?? null;
}

/** The first addendum's receipt, and the files that facts name. */
function* received(told: Told): Generator<Corruption> {
  const receipt = (what: string, change: JsonObject): Corruption =>
    told.forged(KIND, `a receipt ${what}`, {
      attached: (content, name) =>
        name.endsWith('receipt.json')
          ? Buffer.from(
              JSON.stringify({ ...(JSON.parse(Buffer.from(content).toString('utf8')) as JsonObject), ...change }),
            )
          : content,
    });
  yield receipt('of another ceremony', { ceremony: 'another-ceremony' });
  yield receipt('of another mode', { mode: 'production' });
  yield receipt('of another package', { package: { sha256: 'b'.repeat(64) } });
  yield receipt('in another format', { format: 'keyrite-receipt/2' });
  yield receipt('of no service', { service: null });
  yield receipt('with a member more', { more: 1 });
  yield told.forged(KIND, 'a receipt that is no JSON', {
    attached: (content, name) => (name.endsWith('receipt.json') ? Buffer.from('{') : content),
  });
  const body = (what: string, fact: string, change: (body: JsonObject) => JsonObject): Corruption =>
    told.forged(KIND, `a ${fact} ${what}`, { added: (one) => (one['fact'] === fact ? change(one) : one) });
  const plan = { name: 'plan.json', sha256: said((told.lines[0]?.body['plan'] as JsonObject)['sha256']) };
  yield body('for a file that is no package', 'receipt', (one) => ({
    ...one,
    value: { ...(one['value'] as JsonObject), package: plan },
  }));
  yield body('for a package that is not there', 'receipt', (one) => ({
    ...one,
    value: { ...(one['value'] as JsonObject), package: { name: 'packages/other.json', sha256: 'a'.repeat(64) } },
  }));
  for (const fact of ['receipt', 'timestamp']) {
    yield body('without its file', fact, (one) => ({ ...one, files: [] }));
    yield body('with its file twice', fact, (one) => ({ ...one, files: twice(one['files'] as readonly Json[]) }));
    yield body('with a file of the ceremony', fact, (one) => ({ ...one, files: [plan] }));
    yield body('with another hash', fact, (one) => ({
      ...one,
      files: (one['files'] as readonly JsonObject[]).map((each) => ({ ...each, sha256: 'a'.repeat(64) })),
    }));
  }
  const old = [...told.files.keys()].find((name) => name.startsWith('addenda/0001/attachments/')) ?? '';
  yield told.forged(KIND, 'a correction with a file of the addendum before', {
    addendum: (lines) =>
      lines.map((line) =>
        line.body['fact'] === 'correction'
          ? { ...line, body: { ...line.body, files: [{ name: old, sha256: '0'.repeat(64) }] } }
          : line,
      ),
  });
  yield told.forged(KIND, 'a file that no line names any more', {
    addendum: (lines) => lines.filter(({ body: { fact } }) => fact !== 'timestamp'),
  });
}

function twice(files: readonly Json[]): readonly Json[] {
  return [...files, ...files];
}

/** Corrections, and words. */
function* worded(told: Told): Generator<Corruption> {
  const value = (what: string, fact: string, change: JsonObject): Corruption =>
    told.forged(KIND, `a ${fact} ${what}`, {
      added: (body) =>
        body['fact'] === fact ? { ...body, value: { ...(body['value'] as JsonObject), ...change } } : body,
    });
  for (const line of [told.lines.length, 9999, -1, '3', true]) {
    yield value(`of line ${String(line)}`, 'correction', { line });
  }
  for (const fact of ['receipt', 'timestamp', 'cosignature', 'correction']) {
    yield value('without words', fact, { text: '' });
    yield value('with too many words', fact, { text: 'x'.repeat(4001) });
    yield value('with no text', fact, { text: null });
  }
}
