/**
 * Lies with every hash and every signature in order, told by somebody who has all keys: only what the record says of
 * itself, of the plan and of the units can give them away. Each is one change to a bundle that would hold without it.
 */
import { sign } from 'node:crypto';
import { canonicalJson, type Json, type JsonObject } from '../../../ceremony/canonical-json';
import { WAIVABLE } from '../../../ceremony/plan/waivable';
import { PAYLOAD_TYPES, spkiSha256 } from '../../../ceremony/command/dsse';
import { identityChallenge } from '../../../ceremony/command/statements';
import { pick, replaced, withSums, type Files, type Random } from './bundle-files';
import { corruption, type Corruption, type Kind } from './corruption';
import { jsonOf, said, type Forgery, type LooseLine, type ToSign } from './forgery';
import { signedAgain } from './insider';
import { inventedKey } from './invented-people';
import { addendumLies } from './addendum-lies';
import { clockLies } from './clock-lies';
import { custodyLies } from './custody-lies';
import { shareLies } from './share-lies';
import { documentLies } from './document-lies';
import { exceptionLines, exceptionSigners } from './exception-lines';
import { rewritings } from './line-corruptions';
import { peopleLies } from './people-lies';
import { sessionLies } from './session-lies';
import { Told, leaving } from './told';

/** Every such corruption of a bundle. */
export function* insiderCorruptions(files: Files, random: Random): Generator<Corruption> {
  const told = new Told(files);
  yield* leftOut(told);
  yield* doubled(told);
  yield* swapped(told);
  yield* clocks(told);
  yield* never(told);
  yield* signers(told);
  yield* replays(told);
  yield* otherDevices(told);
  yield* contradictions(told);
  yield* partlyProduction(told);
  yield* otherBytes(told, random);
  yield* sessionLies(told);
  yield* peopleLies(told);
  yield* custodyLies(told);
  yield* shareLies(told);
  yield* clockLies(told);
  yield* documentLies(told);
  yield* addendumLies(told);
  yield* invented(told);
}

/** Whether the record cannot do without the line. */
function isNeeded(told: Told, line: LooseLine): boolean {
  const action = told.step(line)?.action;
  switch (line.type) {
    case 'fact.recorded': {
      const fact = said(line.body['fact']);
      if (action === 'master-key.verify') return fact === 'register';
      if (action === 'unit.compare') return fact === 'unit.compared';
      if (action === 'unit.inventory') return fact === 'inventory';
      if (action === 'custody') return fact === 'custody';
      if (action?.startsWith('shares.') === true) return fact.startsWith('share');
      if (action === 'pause') return fact === 'seal';
      if (action === 'preflight' && (fact === 'module' || fact === 'workstation')) return true;
      if (action === 'preflight') return fact === 'clock.readings' && told.lines[0]?.body['rules'] === 2;
      return action === 'fact' && fact === 'answer';
    }
    case 'step.confirmed':
      return action === 'statement';
    case 'step.failed':
      return false;
    case 'exception.recorded':
      return line.body['kind'] === 'step-skipped';
    case 'step.intent':
    case 'step.outcome':
    case 'step.reconciled':
    case 'step.started':
    case 'participant.enrolled':
    case 'ceremony.paused':
    case 'ceremony.resumed':
    case 'checkpoint.made':
    case 'checkpoint.signed':
    case 'ceremony.opened':
    case 'ceremony.closed':
      return true;
    case 'participant.present':
      return isCounted(told, line);
    default:
      return false;
  }
}

/** Whether a roll call asks for somebody's proof of presence: there is nobody else of the position. */
function isCounted(told: Told, line: LooseLine): boolean {
  const roleOf = (id: string): string => told.everybody.find((one) => one.id === id)?.roles[0] ?? '';
  const role = roleOf(said(line.body['participant']));
  const others = told.lines.filter(
    ({ type, step, body }) => type === line.type && step === line.step && roleOf(said(body['participant'])) === role,
  );
  const positions = jsonOf(told.files, 'plan.json')['positions'] as readonly JsonObject[];
  const needed = positions.find((one) => one['role'] === role)?.['count'];
  return told.step(line)?.action === 'roll-call' && others.length <= Number(needed);
}

function* leftOut(told: Told): Generator<Corruption> {
  const kind = 'work left out';
  for (const [at, line] of told.lines.entries()) {
    if (at === 0 || !isNeeded(told, line)) continue;
    yield told.withLines(kind, `line ${String(at)}`, (lines) => lines.toSpliced(at, 1));
  }
  for (const { id, action } of told.steps) {
    yield told.withLines(kind, `step ${id}`, (lines) => lines.filter(({ step }) => step !== id));
    const makesWork = told.lines.some(
      (line) =>
        line.step === id && isNeeded(told, line) && !/^step\.started$/.test(line.type) && line.body['act'] !== null,
    );
    if (!makesWork) continue;
    yield told.withLines(kind, `everything in step ${id} (${action})`, (lines) =>
      lines.filter(
        (line) =>
          line.step !== id ||
          line.type === 'step.started' ||
          (line.type === 'step.outcome' && line.body['act'] === null),
      ),
    );
  }
  for (const [at, line] of told.lines.entries()) {
    if (line.type !== 'step.intent') continue;
    const { act } = line.body;
    const step = told.step(line);
    const isAdd = said(act).includes('/add-');
    const answer = told.lines.findIndex(
      (one, place) => place > at && one.step === line.step && one.body['act'] === act,
    );
    // What else a step does is its own affair; an administrator left out shows in the thresholds that follow.
    if (
      step === undefined ||
      answer < 0 ||
      isAdd ||
      told.lines.some((one, place) => place > answer && one.step === line.step && one.body['act'] === act)
    )
      continue;
    yield told.withLines(kind, `act ${said(act)} of step ${step.id}`, (lines) =>
      lines.filter((one) => one.step !== line.step || one.body['act'] !== act),
    );
  }
}

function* doubled(told: Told): Generator<Corruption> {
  for (const [at, line] of told.lines.entries()) {
    const twice = (lines: readonly LooseLine[]): readonly LooseLine[] => lines.toSpliced(at, 0, lines[at] ?? line);
    const reading = line.type === 'fact.recorded' || line.type === 'step.confirmed' || line.type === 'step.failed';
    // Somebody who left may be told of again.
    const isGone = line.type === 'participant.left' || line.type === 'participant.replaced';
    if (reading || isGone || line.type === 'exception.recorded') continue;
    yield told.withLines('line doubled', `line ${String(at)}`, twice);
  }
}

function* swapped(told: Told): Generator<Corruption> {
  const frames = (line: LooseLine): boolean =>
    ['step.started', 'ceremony.opened', 'ceremony.closed'].includes(line.type) ||
    (line.type === 'step.outcome' && line.body['act'] === null);
  for (const [at, line] of told.lines.entries()) {
    const next = told.lines[at + 1];
    // What belongs to no step may stand on either side of its frame.
    const isLoose = (one: LooseLine): boolean => one.step === null && !one.type.startsWith('ceremony.');
    if (next === undefined || isLoose(line) || isLoose(next)) continue;
    const answered = next.type === 'step.outcome' || next.type === 'step.reconciled';
    const answers = line.type === 'step.intent' && answered && next.body['act'] === line.body['act'];
    const announces = line.type === 'checkpoint.made' && next.type === 'checkpoint.signed';
    if (!frames(line) && !frames(next) && !answers && !announces) continue;
    yield told.withLines('lines swapped', `line ${String(at)} and the next`, (lines) =>
      lines.toSpliced(at, 2, lines[at + 1] ?? next, lines[at] ?? line),
    );
  }
  for (const [place, step] of told.steps.entries()) {
    const next = told.steps[place + 1];
    if (next === undefined) continue;
    yield told.withLines('lines swapped', `steps ${step.id} and ${next.id}`, (lines) => {
      const of = (id: string): readonly LooseLine[] => lines.filter((line) => line.step === id);
      const first = lines.findIndex((line) => line.step === step.id);
      const rest = lines.filter((line) => line.step !== step.id && line.step !== next.id);
      return rest.toSpliced(first, 0, ...of(next.id), ...of(step.id));
    });
  }
}

function* clocks(told: Told): Generator<Corruption> {
  const earlier = (at: string, ms: number): string => new Date(Date.parse(at) - ms).toISOString();
  for (const [at, line] of told.lines.entries()) {
    const before = told.lines[at - 1];
    if (before === undefined) continue;
    const ms = at % 3 === 0 ? 1 : at % 3 === 1 ? 1000 : 86_400_000;
    yield told.withLines(
      'clock set back',
      `line ${String(at)} by ${String(ms)} ms`,
      (lines) => lines.map((one, place) => (place === at ? { ...line, ...one, at: earlier(before.at, ms) } : one)),
      { times: 'as given' },
    );
  }
  yield told.withLines(
    'clock set back',
    'backwards throughout',
    (lines) => {
      const times = lines
        .map(({ at }) => at)
        .sort()
        .reverse();
      return lines.map((line, place) => ({ ...line, at: times[place] ?? line.at }));
    },
    { times: 'as given' },
  );
  // No exception but one of the kind clock lets the clock go back, and that only for its own line.
  for (const kind of ['step-deviated', 'people', 'preflight', 'other']) {
    yield told.withLines(
      'clock set back',
      `an exception of the kind ${kind} for it`,
      (lines) => withException(told, lines, kind, -5000),
      {
        times: 'as given',
      },
    );
  }
  yield told.withLines(
    'clock set back',
    'one exception of the kind clock, set back twice',
    (lines) => {
      const changed = withException(told, lines, 'clock', -5000);
      const at = changed.findIndex(({ type }) => type === 'exception.recorded');
      return changed.map((line, place) =>
        place === at + 1 ? { ...line, at: earlier(changed[at]?.at ?? line.at, 5000) } : line,
      );
    },
    { times: 'as given' },
  );
}

/** An exception within the first statement or the like, `later` milliseconds after the line before it. */
function withException(told: Told, lines: readonly LooseLine[], kind: string, later: number): readonly LooseLine[] {
  const at = lines.findIndex((line) => line.type === 'step.outcome' && line.body['act'] !== null) + 1;
  const before = lines[at - 1];
  const step = before?.step ?? '';
  const time = new Date(Date.parse(before?.at ?? '') + later).toISOString();
  const [first, ...rest] = exceptionLines(told.files, step, kind, time);
  if (first === undefined || before === undefined) return lines;
  // It is raised before the clock goes back.
  return lines.toSpliced(at, 0, rest.length === 0 ? first : { ...first, at: before.at }, ...rest);
}

/** Exceptions for what no exception is for. */
function* never(told: Told): Generator<Corruption> {
  const kind = 'what is never waived';
  const skipping =
    (id: string): NonNullable<Forgery['lines']> =>
    (lines) => {
      const first = lines.findIndex((line) => line.step === id);
      const at = lines[first]?.at ?? '';
      return lines
        .filter((line) => line.step !== id)
        .toSpliced(first, 0, ...exceptionLines(told.files, id, 'step-skipped', at));
    };
  for (const { id, action } of told.steps) {
    if (WAIVABLE.includes(action)) continue;
    yield told.withLines(kind, `step ${id} (${action}) skipped`, skipping(id));
    yield told.withLines(kind, `step ${id} (${action}) skipped after it began`, (lines) => {
      const first = lines.findIndex((line) => line.step === id);
      const start = lines[first];
      const changed = skipping(id)(lines);
      return start === undefined ? changed : changed.toSpliced(first, 0, start);
    });
    yield told.withLines(kind, `step ${id} (${action}) deviated from, and nothing done`, (lines) => {
      const first = lines.findIndex((line) => line.step === id);
      return lines
        .filter((line) => line.step !== id)
        .toSpliced(first, 0, ...exceptionLines(told.files, id, 'step-deviated', lines[first]?.at ?? ''));
    });
  }
  const somewhere = told.steps[1]?.id ?? '';
  const insert =
    (added: (at: string) => readonly LooseLine[]): NonNullable<Forgery['lines']> =>
    (lines) => {
      const place = lines.findIndex(({ step }) => step === somewhere) + 1;
      return lines.toSpliced(place, 0, ...added(lines[place]?.at ?? ''));
    };
  const kinds = ['mode', 'roster', 'plan-hash', 'binding', 'command-signatures', 'signature', 'counter', 'counters'];
  for (const one of [
    ...kinds,
    'module',
    'module-hash',
    'unit-differences',
    'unit',
    'quorum',
    'final-quorum',
    'all',
    '',
  ]) {
    yield told.withLines(
      kind,
      `an exception of the kind "${one}"`,
      insert((at) => exceptionLines(told.files, somewhere, one, at)),
    );
    yield told.withLines(
      kind,
      `"${one}" signed under the kind other`,
      insert((at) => {
        const all = exceptionLines(told.files, somewhere, one, at);
        return all.map((line, place) =>
          place === all.length - 1 ? { ...line, body: { ...line.body, kind: 'other' } } : line,
        );
      }),
    );
  }
  const [operator, observer] = exceptionSigners(told.files);
  const people = told.lines[0]?.body['roster'] as unknown as readonly {
    readonly id: string;
    readonly roles: readonly string[];
  }[];
  const others = people.filter(
    ({ roles }) => !roles.some((role) => ['witness', 'auditor', 'crypto-administrator'].includes(role)),
  );
  const wrongly: readonly (readonly [Kind, string, readonly string[]])[] = [
    ['signer removed', 'nobody', []],
    ['signer removed', 'the operator alone', [operator]],
    ['signer removed', 'the observer alone', [observer]],
    ...people
      .filter(({ id, roles }) => id !== operator && !roles.includes('witness') && !roles.includes('auditor'))
      .map(({ id }) => ['wrong role', `an operator and ${id}`, [operator, id]] as const),
    ...others.map(({ id }) => ['wrong role', `${id} and an observer`, [id, observer]] as const),
  ];
  for (const [as, who, signedBy] of wrongly) {
    yield told.withLines(
      as,
      `an exception signed by ${who}`,
      insert((at) => exceptionLines(told.files, somewhere, 'other', at, {}, signedBy)),
    );
  }
  for (const [what, inside] of [
    ['another step', { step: told.steps[0]?.id ?? '' }],
    ['a step that the plan lacks', { step: 'no-such-step' }],
    ['another kind', { kind: 'clock' }],
    ['another format', { format: 'keyrite-exception/2' }],
    ['a member more', { more: 1 }],
  ] as const) {
    yield told.withLines(
      'record that contradicts itself',
      `an exception about ${what}`,
      insert((at) => exceptionLines(told.files, somewhere, 'other', at, inside)),
    );
  }
}

/** Who signed: too few, others, strangers, or with a key that is not theirs. */
function* signers(told: Told): Generator<Corruption> {
  const roster = told.lines[0]?.body['roster'] as unknown as readonly {
    readonly id: string;
    readonly roles: readonly string[];
  }[];
  const sealed = signedThings(told);
  for (const [number, thing] of sealed.entries()) {
    const where = thing.name;
    const only = (change: (one: ToSign) => readonly string[]): Forgery => ({
      sign: (one) => ({ payload: one.payload, signers: one.number === number ? change(one) : one.signers }),
    });
    for (const id of thing.signers) {
      yield told.forged(
        'signer removed',
        `${where}: ${id}`,
        only((one) => one.signers.filter((other) => other !== id)),
      );
      yield told.forged(
        'wrong role',
        `${where}: a stranger for ${id}`,
        only((one) => one.signers.map((other) => (other === id ? 'mallory' : other))),
      );
      const role = roster.find((one) => one.id === id)?.roles[0];
      const other = roster.find((one) => !thing.signers.includes(one.id) && one.roles[0] !== role);
      if (other !== undefined) {
        yield told.forged(
          'wrong role',
          `${where}: ${other.id} for ${id}`,
          only((one) => one.signers.map((signer) => (signer === id ? other.id : signer)).sort()),
        );
      }
      yield told.forged('signature over another root', `${where}: what ${id} signed is something else`, {
        signature: signatureAt(number, id, (message) => Buffer.concat([message, Buffer.from('x')])),
      });
      yield told.forged('signature in another form', `${where}: a bit of the signature of ${id} flipped`, {
        signature: signatureAt(number, id, null),
      });
      const neighbour = roster.find((one) => one.id !== id)?.id ?? '';
      yield told.forged('signer twice', `${where}: ${neighbour} signs for ${id}`, {
        signature: signatureAt(number, id, (message) => message, neighbour),
      });
    }
  }
}

/** Everything that is signed, in the order in which a forger signs it. */
function signedThings(told: Told): readonly { readonly name: string; readonly signers: readonly string[] }[] {
  const found: { readonly name: string; readonly signers: readonly string[] }[] = [];
  signedAgain(told.files, {
    sign: (one) => {
      const type = one.type.slice('application/vnd.keyrite.'.length);
      found.push({
        name: `${one.addendum === 0 ? '' : `addendum ${String(one.addendum)} `}${type} ${String(one.checkpoint === 0 ? found.length : one.checkpoint)}`,
        signers: one.signers,
      });
      return one;
    },
  });
  return found;
}

/** One person's signature on one thing made over other bytes, or (null) with its last bit flipped, or with another's key. */
function signatureAt(
  number: number,
  id: string,
  over: ((message: Uint8Array) => Uint8Array) | null,
  key = id,
): NonNullable<Forgery['signature']> {
  return (one, signer, message) => {
    const wrong = one.number === number && signer === id;
    const signed = signWithInvented(wrong ? key : signer, wrong && over !== null ? over(message) : message);
    if (wrong && over === null) signed[0] = (signed[0] ?? 0) ^ 1;
    return signed;
  };
}

function* replays(told: Told): Generator<Corruption> {
  yield told.forged('presence replayed', 'everybody with one nonce', {
    sign: (one) =>
      one.type === PAYLOAD_TYPES.presence ? { ...one, payload: { ...one.payload, nonce: '1'.repeat(64) } } : one,
  });
  for (const [at, line] of told.lines.entries()) {
    const end = (lines: readonly LooseLine[]): readonly LooseLine[] => lines.toSpliced(-1, 0, lines[at] ?? line);
    if (line.type === 'participant.present') {
      yield told.withLines('presence replayed', `line ${String(at)} once more at the end`, end);
      yield told.withLines('presence replayed', `line ${String(at)} once more, of no step`, (lines) =>
        lines.toSpliced(-1, 0, { ...(lines[at] ?? line), step: null }),
      );
      for (const [what, change] of [
        ['of another moment', { head: 'a'.repeat(64) }],
        ['of another opening', { line0: 'b'.repeat(64) }],
        ['of another ceremony', { ceremony: 'another-ceremony' }],
        ['of another mode', { mode: 'production' }],
        ['with a nonce of other form', { nonce: '1' }],
        ['of another person', { participant: 'mallory' }],
        ['of another format', { format: 'keyrite-presence/0' }],
      ] as const) {
        yield told.forged('presence replayed', `line ${String(at)}: ${what}`, signedOtherwise(at, change));
      }
    }
    if (line.type !== 'step.intent' || line.body['command'] === null) continue;
    yield told.withLines('command replayed', `line ${String(at)} once more at the end`, end);
    for (const [what, change] of [
      ['a counter of 0', { counter: 0 }],
      ['the counter before', { counter: -1 }],
      ['the counter after', { counter: 1000 }],
      ['another state before it', { previous: 'a'.repeat(64) }],
      ['another unit', { unit: 'b'.repeat(64) }],
      ['another serial number', { serial: 'another' }],
      ['another ceremony', { ceremony: 'another-ceremony' }],
      ['another mode', { mode: 'production' }],
      ['another format', { format: 'keyrite-command/0' }],
      ['another payload', { payload: { command: 'unit.zeroise' } }],
    ] as const) {
      yield told.forged('command replayed', `line ${String(at)}: ${what}`, signedOtherwise(at, change));
    }
  }
}

/** A reading as another device proves it: its own identity, and its own signature over the nonce. */
function byAnotherDevice(reading: JsonObject, name: string): JsonObject {
  const { key, spki } = inventedKey('cast', name);
  const challenge = reading['challenge'] as { readonly nonce: string };
  const signature = sign(null, identityChallenge(challenge.nonce), key).toString('base64');
  return {
    ...reading,
    identity: { ...(reading['identity'] as JsonObject), id: spkiSha256(spki), spki },
    challenge: { ...challenge, signature },
  };
}

/** Readings of another device than the one commanded, or of another state than its commands led to. */
function* otherDevices(told: Told): Generator<Corruption> {
  const kind = 'reading of another device';
  const readings = [...told.lines.entries()].flatMap(([at, { type, body }]) => {
    const value = body['value'];
    const isOne = type === 'fact.recorded' && typeof value === 'object' && value !== null && 'challenge' in value;
    return isOne ? [{ at, value }] : [];
  });
  const every = (what: string, reading: NonNullable<Forgery['reading']>): Corruption =>
    told.forged(kind, `every reading: ${what}`, { reading });
  if (readings.length === 0) return;
  yield every('of another device', (one) => byAnotherDevice(one, `not ${said(one['unit'])}`));
  yield every('with a counter of 99', (one) => ({ ...one, state: { ...(one['state'] as JsonObject), counter: 99 } }));
  yield every('after a command that nobody signed', (one) => ({
    ...one,
    state: { ...(one['state'] as JsonObject), command: 'a'.repeat(64) },
  }));
  yield every('with one nonce', (one) =>
    byAnotherDevice({ ...one, challenge: { nonce: '1'.repeat(64), signature: '' } }, said(one['unit'])),
  );
  for (const [place, { at, value }] of readings.entries()) {
    const only = (what: string, reading: (one: JsonObject) => JsonObject): Corruption =>
      told.forged(kind, `line ${String(at)}: ${what}`, { reading: (one, seq) => (seq === at ? reading(one) : one) });
    const before = readings[place - 1]?.value['challenge'] as { readonly nonce: string } | undefined;
    const registers = value['registers'] as { readonly new: JsonObject; readonly current: JsonObject };
    yield only('of another device', (one) => byAnotherDevice(one, 'another device'));
    yield only('the identity of another key', (one) => ({
      ...one,
      identity: { ...(one['identity'] as JsonObject), id: 'a'.repeat(64) },
    }));
    yield only('signed over another nonce', (one) => ({
      ...one,
      challenge: { ...(one['challenge'] as JsonObject), nonce: 'b'.repeat(64) },
    }));
    yield only('without a signature', (one) => ({
      ...one,
      challenge: { ...(one['challenge'] as JsonObject), signature: '' },
    }));
    yield only('another counter', (one) => ({ ...one, state: { ...(one['state'] as JsonObject), counter: 99 } }));
    yield only('another administrator', (one) => ({
      ...one,
      state: { ...(one['state'] as JsonObject), administrators: [], signatureThreshold: 8 },
    }));
    yield only('no state', (one) => ({ ...one, state: null }));
    for (const name of ['new', 'current'] as const) {
      const status = registers[name]['status'] === 'valid' ? 'empty' : 'valid';
      yield only(`the ${name} register ${status}`, (one) => ({
        ...one,
        registers: { ...registers, [name]: { ...registers[name], status } },
      }));
    }
    if (before === undefined) continue;
    yield only('the nonce of the reading before', (one) =>
      byAnotherDevice({ ...one, challenge: { nonce: before.nonce, signature: '' } }, said(one['unit'])),
    );
  }
}

/** What is signed in one line differs; everybody signs it so. */
function signedOtherwise(at: number, change: JsonObject): Forgery {
  return {
    sign: (one) => {
      if (one.line !== at || one.addendum !== 0) return one;
      const counter = change['counter'] === -1 ? { counter: Math.max(0, Number(one.payload['counter']) - 1) } : {};
      return { payload: { ...one.payload, ...change, ...counter }, signers: one.signers };
    },
  };
}

/** What the record says does not agree with plan, units, files or itself. */
function* contradictions(told: Told): Generator<Corruption> {
  const kind = 'record that contradicts itself';
  for (const [at, line] of told.lines.entries()) {
    const set = (what: string, change: JsonObject, more?: Forgery): Corruption =>
      told.withBody(kind, at, what, (body) => ({ ...body, ...change }), more);
    const { body, type } = line;
    const action = told.step(line)?.action;
    yield told.withLines(kind, `line ${String(at)}: by a stranger`, (lines) =>
      lines.with(at, { ...(lines[at] ?? line), by: ['mallory'] }),
    );
    yield told.withLines(kind, `line ${String(at)}: of a step that the plan lacks`, (lines) =>
      lines.with(at, { ...(lines[at] ?? line), step: 'no-such-step' }),
    );
    yield set('a member more', { unheard: true });
    if ('attempt' in body) {
      yield set('another attempt', { attempt: Number(body['attempt']) + 1 });
      yield set('attempt 0', { attempt: 0 });
    }
    if (type === 'step.started') yield set('another action', { action: action === 'export' ? 'statement' : 'export' });
    if (type === 'step.outcome' && body['act'] !== null) yield set('answers another act', { act: 'unit-a/other' });
    if (type === 'step.confirmed' && action === 'statement') {
      yield set('another statement', { statement: `${said(body['statement'])} Or not.` });
      yield told.withLines(kind, `line ${String(at)}: confirmed by nobody`, (lines) =>
        lines.with(at, { ...(lines[at] ?? line), by: [] }),
      );
    }
    if (type === 'participant.present')
      yield set('about another', {
        participant:
          told.lines.find((one) => one.type === type && one.body['participant'] !== body['participant'])?.body[
            'participant'
          ] ?? null,
      });
    if (type === 'checkpoint.signed') yield set('about another', { participant: 'mallory' });
    if (type === 'step.intent' && body['command'] !== null) {
      // An attempt that was not applied needs no command.
      const answer = told.lines
        .slice(at)
        .find((one) => one !== line && 'result' in one.body && one.body['act'] === body['act']);
      const again = told.lines.slice(at + 1).find((one) => one.type === type && one.body['act'] === body['act']);
      if (answer !== undefined && again === undefined) yield set('without its command', { command: null });
      yield set('on another unit', { unit: 'unit-z' });
      yield set('on no unit', { unit: null });
    }
    if (type === 'ceremony.closed') {
      yield set('another wording', { signOff: 'I saw nothing.' });
      yield set('withheld facts', { withheld: 1 });
      yield set('another count of exceptions', { exceptions: -1 });
      yield set('another outcome', { outcome: 'celebrated' });
    }
    yield* readings(told, at, line);
    yield* results(told, at, line);
  }
  yield* openings(told);
  yield* people(told);
}

/** Readings of units that differ from one another, or from what the step must show. */
function* readings(told: Told, at: number, { type, body }: LooseLine): Generator<Corruption> {
  const kind = 'record that contradicts itself';
  const action = told.steps.find(({ id }) => id === told.lines[at]?.step)?.action;
  const value = body['value'];
  if (type !== 'fact.recorded' || typeof value !== 'object' || value === null) return;
  const set = (what: string, change: JsonObject): Corruption =>
    told.withBody(kind, at, what, (one) => ({ ...one, value: { ...(one['value'] as JsonObject), ...change } }));
  if (action === 'fact') yield set('another question', { asked: 'Something else?' });
  if (body['fact'] === 'module') {
    yield set('another hash', { sha256: 'f'.repeat(64) });
    yield set('another module', { module: 'other' });
  }
  if (!['master-key.verify', 'unit.compare', 'unit.inventory'].includes(action ?? '')) return;
  const registers = (value as JsonObject)['registers'] as JsonObject;
  const pattern = { status: 'valid', pattern: 'd'.repeat(64), attributes: null, set: null };
  yield set('of another unit', { unit: 'unit-z' });
  yield set('without registers', { registers: null });
  yield set('without an identity', { identity: null });
  if (action === 'unit.inventory') return;
  yield set('another pattern', { registers: { new: pattern, current: pattern } });
  if (action === 'master-key.verify') {
    yield set('of another register', { register: 'old' });
    yield set('no pattern', {
      registers: { ...registers, new: { ...pattern, pattern: null }, current: { ...pattern, pattern: null } },
    });
    yield set('a pattern of zeros', {
      registers: { new: { ...pattern, pattern: '0'.repeat(64) }, current: { ...pattern, pattern: '0'.repeat(64) } },
    });
  }
}

/** Results of acts. */
function* results(told: Told, at: number, { type, body }: LooseLine): Generator<Corruption> {
  const kind = 'record that contradicts itself';
  const action = told.steps.find(({ id }) => id === told.lines[at]?.step)?.action ?? '';
  const result = body['result'] as JsonObject | undefined;
  if (type !== 'step.outcome' || body['act'] === null || result === undefined) return;
  const set = (what: string, change: JsonObject): Corruption =>
    told.withBody(kind, at, what, (one) => ({ ...one, result: { ...(one['result'] as JsonObject), ...change } }), {
      states: 'as given',
    });
  const state = result['state'] as JsonObject | undefined;
  if (state !== undefined && action !== 'unit.initialise') {
    const forged = (what: string, change: JsonObject): Corruption =>
      set(`a state with ${what}`, { state: { ...state, forged: change } });
    yield forged('another counter', { counter: 99 });
    yield forged('another mode', { mode: state['mode'] === 'imprint' ? 'operational' : 'imprint' });
    yield forged('no administrators', { administrators: [] });
    yield forged('a lower threshold', { signatureThreshold: 1 });
    yield forged('other registers', { registers: { new: 'full-committed', current: 'valid' } });
    yield forged('another state before it', { previous: 'a'.repeat(64) });
  }
  const shareSet = result['shareSet'] as (JsonObject & { readonly shares: readonly JsonObject[] }) | undefined;
  if (shareSet !== undefined) {
    yield set('no shares', { shareSet: { ...shareSet, shares: [] } });
    yield set('a share less', { shareSet: { ...shareSet, shares: shareSet.shares.slice(1) } });
    yield set('another pattern', { shareSet: { ...shareSet, pattern: 'c'.repeat(64) } });
    yield set('a key of another length', { shareSet: { ...shareSet, bytes: 16 } });
    yield set('another set', { shareSet: { ...shareSet, set: 'd'.repeat(32) } });
    yield set('another commitment', {
      shareSet: { ...shareSet, shares: shareSet.shares.map((one) => ({ ...one, commitment: 'e'.repeat(64) })) },
    });
    yield set('no set', { shareSet: null });
  }
  if (action === 'shares.distribute') {
    yield set('not read back', { readBack: false });
    yield set('read back in words', { readBack: 'yes' });
    yield set('by no custodian', { custodian: 'mallory' });
    yield set('of another set', { set: 'd'.repeat(32) });
    yield set('of a share that is none', { index: 9 });
    yield set('by somebody who has one already', { custodian: otherCustodian(told, at) });
  }
  if (action === 'key.package') {
    if (body['act'] === 'make') {
      yield set('another wrapped key', { wrapped: Buffer.alloc(512).toString('base64') });
      yield set('another check value', { checkValue: { algorithm: 'aes-cmac', value: '0000000000' } });
      yield set('no check value', { checkValue: null });
    } else {
      yield set('another file', { name: 'packages/other.keypackage.json' });
      yield set('another hash', { sha256: 'a'.repeat(64) });
    }
  }
}

function otherCustodian(told: Told, at: number): string {
  const own = (told.lines[at]?.body['result'] as JsonObject | undefined)?.['custodian'];
  const all = told.lines.flatMap(({ body }) => (body['result'] as JsonObject | undefined)?.['custodian'] ?? []);
  return said(all.find((one) => one !== own) ?? 'mallory');
}

/** Line 0 and the binding against each other and the plan. */
function* openings(told: Told): Generator<Corruption> {
  const kind = 'record that contradicts itself';
  const set = (what: string, change: (body: JsonObject) => JsonObject): Corruption =>
    told.forged(kind, `line 0: ${what}`, { opening: (body) => ({ ...body, ...change(body) }) });
  const roster = (body: JsonObject): readonly JsonObject[] => body['roster'] as readonly JsonObject[];
  yield set('another format', () => ({ format: 'keyrite-bundle/2' }));
  yield set('another title', () => ({ title: 'Another ceremony' }));
  yield set('another plan id', (body) => ({ plan: { ...(body['plan'] as JsonObject), id: 'another-plan' } }));
  yield set('another plan hash', (body) => ({ plan: { ...(body['plan'] as JsonObject), sha256: 'a'.repeat(64) } }));
  yield set('another binding hash', () => ({ binding: { sha256: 'a'.repeat(64) } }));
  yield set('another ceremony', () => ({ ceremony: 'another-ceremony' }));
  yield set('no quorum', () => ({ quorum: [] }));
  yield set('a lower quorum', () => ({ quorum: [{ role: 'witness', count: 1 }] }));
  yield set('somebody less', (body) => ({ roster: roster(body).slice(1) }));
  yield set('somebody more', (body) => ({
    roster: [
      ...roster(body),
      {
        ...roster(body)[0],
        id: 'mallory',
        key: { algorithm: 'ed25519', spki: inventedKey('cast', 'mallory').spki, holder: 'file' },
      },
    ],
  }));
  yield set('another order', (body) => ({ roster: roster(body).toReversed() }));
  yield set('two people with one key', (body) => ({
    roster: roster(body).map((one) => ({ ...one, key: roster(body)[0]?.['key'] ?? null })),
  }));
  yield set('somebody twice', (body) => ({ roster: [roster(body)[0] ?? {}, ...roster(body)] }));
  yield set('everybody a witness', (body) => ({ roster: roster(body).map((one) => ({ ...one, roles: ['witness'] })) }));
  yield set('everybody everything', (body) => ({
    roster: roster(body).map((one) => ({ ...one, roles: ['crypto-administrator', 'witness'] })),
  }));
  yield set('another name', (body) => ({ roster: roster(body).map((one) => ({ ...one, name: 'Mallory' })) }));
  yield set('keys from elsewhere', () => ({ keysFrom: 'plan' }));
  yield set('no files', () => ({ files: [] }));
  for (const name of [
    'plan.yaml',
    'binding.yaml',
    ...[...told.files.keys()].filter((one) => one.startsWith('approvals/')),
  ]) {
    yield set(`${name} not named`, (body) => ({
      files: (body['files'] as readonly JsonObject[]).filter((one) => one['name'] !== name),
    }));
  }
  yield told.forged(kind, 'a binding for another plan', {
    binding: (binding) => ({ ...binding, plan: 'a'.repeat(64) }),
  });
  yield told.forged(kind, 'a binding with a person less', {
    binding: (binding) => ({ ...binding, people: (binding['people'] as readonly Json[]).slice(1) }),
  });
  yield corruption(kind, 'signed again', 'another binding.yaml', () =>
    withSums(replaced(signedAgain(told.files), 'binding.yaml', Buffer.from('keyrite: binding/1\n'))),
  );
}

/** People who leave and go on all the same. */
function* people(told: Told): Generator<Corruption> {
  const kind = 'record that contradicts itself';
  const active = new Map<string, number>();
  for (const [at, { by, type }] of told.lines.entries())
    if (type !== 'participant.present') for (const id of by) active.set(id, at);
  for (const [id, last] of active) {
    yield told.withLines(kind, `${id} leaves before they act`, (lines) => lines.toSpliced(last, 0, leaving(id)));
  }
  yield told.withLines(kind, 'a stranger leaves', (lines) => lines.toSpliced(-1, 0, leaving('mallory')));
}

/** A rehearsal of which all but one thing says production. */
function* partlyProduction(told: Told): Generator<Corruption> {
  const kind = 'rehearsal offered as production';
  const production = (binding: JsonObject): JsonObject => ({ ...binding, mode: 'production' });
  for (const type of [
    'approval',
    'presence',
    'command',
    'exception',
    'enrolment',
    'custody',
    'share',
    'cosignature',
  ] as const) {
    if (!signedThings(told).some(({ name }) => name.includes(type))) continue;
    yield told.forged(kind, `production, but what is signed as ${type} says rehearsal`, {
      binding: production,
      sign: (one) =>
        one.type === PAYLOAD_TYPES[type]
          ? { payload: { ...one.payload, mode: 'rehearsal' }, signers: one.signers }
          : one,
    });
  }
  yield told.forged(kind, 'production, but line 0 says rehearsal', {
    binding: production,
    opening: (body) => ({ ...body, mode: 'rehearsal', keysFrom: 'binding' }),
  });
  yield told.forged(kind, 'line 0 says production, the binding rehearsal', {
    opening: (body) => ({ ...body, mode: 'production', keysFrom: 'plan' }),
  });
  yield told.forged(kind, 'production with keys from the binding', {
    binding: production,
    opening: (body) => ({ ...body, keysFrom: 'binding' }),
  });
}

/** Lines and signed payloads in other bytes, with every hash and signature over those bytes. */
function* otherBytes(told: Told, random: Random): Generator<Corruption> {
  const all = told.lines.map((_, at) => at);
  for (const at of new Set([0, ...pick(all, 4, random), all.length - 1])) {
    const written = canonicalJson(told.lines[at] as unknown as JsonObject);
    for (const { kind, what, change } of rewritings) {
      if (change(written) === written) continue;
      const text = (line: string, seq: number): string => (seq === at ? change(line) : line);
      yield told.forged(kind, `line ${String(at)} with ${what}`, { text });
    }
  }
  const forms: readonly (readonly [Kind, string, (payload: string) => string])[] = [
    ['not in canonical form', 'a space', (payload) => payload.replace('":', '": ')],
    ['not in canonical form', 'an LF at the end', (payload) => `${payload}\n`],
    ['not in canonical form', 'an escape', (payload) => payload.replace('"mode"', '"\\u006dode"')],
    ['not in canonical form', 'a fraction', (payload) => payload.replace('{', '{"A":1.5,')],
    ['duplicate key', 'the mode twice', (payload) => payload.replace(/("mode":"[a-z]+")/u, '$1,$1')],
    [
      'duplicate key',
      'another ceremony first',
      (payload) => payload.replace('"ceremony":', '"ceremony":"other","ceremony":'),
    ],
    ['huge number', '1e400', (payload) => payload.replace('{', '{"A":1e400,')],
    ['NUL byte', 'a NUL', (payload) => payload.replace(':"', ':"\0')],
    ['NUL byte', 'an escaped NUL', (payload) => payload.replace('"mode":"', '"mode":"\\u0000')],
    [
      'too long or too deep',
      'much depth',
      (payload) => payload.replace('{', `{"A":${'['.repeat(40)}${']'.repeat(40)},`),
    ],
  ];
  const things = signedThings(told).map(({ name }, number) => ({ name, number }));
  for (const { name, number } of things.filter((one) => !one.name.includes('checkpoint'))) {
    for (const [kind, what, change] of forms) {
      yield told.forged(kind, `${name} with ${what}`, {
        bytes: (one, payload) => (one.number === number ? change(payload) : payload),
      });
    }
  }
}

/** Invented people under the real plan: whoever knows an approver's real key from elsewhere sees it. */
function* invented(told: Told): Generator<Corruption> {
  const approvers = [...told.files.keys()].flatMap((name) => /^approvals\/(.*)\.dsse\.json$/.exec(name)?.[1] ?? []);
  const roster = told.lines[0]?.body['roster'] as unknown as readonly {
    readonly id: string;
    readonly key: { readonly spki: string };
  }[];
  const planHash = (told.lines[0]?.body['plan'] as { readonly sha256: string }).sha256;
  for (let cast = 0; cast < 20; cast += 1) {
    const make = (): Files => signedAgain(told.files, { cast: `invented-${String(cast)}` });
    for (const id of approvers) {
      const key = roster.find((one) => one.id === id)?.key.spki ?? '';
      const name = `cast ${String(cast)}, given the real key of ${id}`;
      yield corruption('invented people', 'signed again', name, make, { approverKeys: [key] });
      yield corruption('invented people', 'signed again', `${name} and the plan hash`, make, {
        approverKeys: [key],
        planHash,
      });
    }
  }
}

function signWithInvented(id: string, message: Uint8Array): Buffer {
  return Buffer.from(sign(null, message, inventedKey('cast', id).key));
}
