/** Lies about clocks that people read, and about files that the plan asks for. */
import type { Json, JsonObject } from '../../../ceremony/canonical-json';
import { skewOf } from '../../../ceremony/transcript/clock-readings';
import type { Corruption } from './corruption';
import { exceptionLines } from './exception-lines';
import type { LooseLine } from './forgery';
import { leaving, type Told } from './told';

const KIND = 'custody or clocks lied about';

/** Every such corruption of a bundle in which people read clocks. */
export function* clockLies(told: Told): Generator<Corruption> {
  for (const [at, { body }] of told.lines.entries()) {
    if (body['fact'] === 'clock.readings') yield* readings(told, at);
  }
  yield* outOfPlace(told);
  yield* filed(told);
}

interface Reading {
  readonly by: string;
  readonly source: string;
  readonly at: string;
  readonly workstation: string;
}

function* readings(told: Told, at: number): Generator<Corruption> {
  const line = told.lines[at];
  const before = (line?.body['value'] as unknown as { readonly readings: readonly Reading[] }).readings;
  const read = (what: string, all: readonly Reading[], by?: readonly string[], skew?: JsonObject): Corruption =>
    told.withLine(KIND, at, `clocks read ${what}`, (one) => ({
      ...one,
      by: by ?? [...new Set(all.map((each) => each.by))].sort(),
      body: {
        ...one.body,
        value: { readings: all as unknown as Json, skewMs: skew ?? { ...skewOf(all) } },
      },
    }));
  const of = (...ids: readonly string[]): readonly Reading[] =>
    before.map((one, place) => ({ ...one, by: ids[place] ?? one.by }));
  const [first, second, third] = before;
  if (first === undefined || second === undefined || third === undefined) return;
  const three = before.map(({ by }) => by);
  yield read('by one person thrice', of('ada', 'ada', 'ada'));
  yield read('by one person thrice, three named', of('ada', 'ada', 'ada'), three);
  yield read('by one person twice', of('ada', 'ada', 'otto'));
  yield read('by two people', before.slice(0, 2));
  yield read('by one person', before.slice(0, 1));
  yield read('by two people, three named', before.slice(0, 2), three);
  yield read('by three people, two named', before, three.slice(0, 2));
  yield read('by three people, nobody named', before, []);
  yield read('by three people, another named', before, ['ada', 'bela', 'otto']);
  yield read('by three people, named in another order', before, three.toReversed());
  yield read('by a stranger', of('ada', 'mallory', 'otto'));
  yield read('by four, one of them twice', [...before, first]);
  const skew = skewOf(before);
  yield read('with another median', before, three, { ...skew, median: skew.median + 1 });
  yield read('with another largest', before, three, { ...skew, largest: skew.largest === 0 ? 1 : -skew.largest });
  yield read('with the largest for the median', before, three, { largest: skew.largest, median: skew.largest });
  yield read('with the least for the largest', before, three, { ...skew, largest: skew.median });
  yield read('on no day', [{ ...first, at: '2026-02-30T09:00:00.000Z' }, second, third], three, { ...skew });
  const [day, nameless] = [86_400_000 * 2, { ...first, source: ' ' }];
  const earlier = (instant: string): string => new Date(Date.parse(instant) - day).toISOString();
  yield read(
    'two days before',
    before.map((one) => ({ ...one, at: earlier(one.at), workstation: earlier(one.workstation) })),
  );
  yield read('of no name', [nameless, second, third]);
  yield read('in no words', [{ ...first, at: 'noon' }, second, third], three, { ...skew });
  const off = (ms: number): readonly Reading[] =>
    before.map((one) => ({ ...one, at: new Date(Date.parse(one.workstation) + ms).toISOString() }));
  for (const ms of [60_001, -60_001, 86_400_000]) yield read(`${String(ms)} ms off, and nobody says so`, off(ms));
  for (const [kind, step] of [
    ['other', line?.step ?? ''],
    ['materials', line?.step ?? ''],
    ['people', line?.step ?? ''],
    ['clock', 'enrol'],
    ['preflight', 'enrol'],
  ] as const) {
    yield told.withLines(KIND, `line ${String(at)}: a minute off, an exception ${kind} of ${step}`, (lines) => {
      const one = lines[at];
      if (one === undefined) return lines;
      const value = { readings: off(61_000) as unknown as Json, skewMs: { ...skewOf(off(61_000)) } };
      const end = lines.findLastIndex(({ type, step: of_ }) => type === 'participant.present' && of_ !== null) + 2;
      return lines
        .with(at, { ...one, body: { ...one.body, value } })
        .toSpliced(end, 0, ...exceptionLines(told.files, step, kind, one.at));
    });
  }
  for (const id of three.slice(0, 1)) {
    yield told.withLines(KIND, `line ${String(at)}: ${id} reads a clock after leaving`, (lines) =>
      lines.toSpliced(at, 0, leaving(id)).toSpliced(at + 2, 0, told.presence(id, '7')),
    );
  }
  if (at < told.place(({ type }) => type === 'ceremony.paused'))
    yield read('by somebody who comes later', of('ada', 'nora', 'otto'));
}

/** Readings outside a pre-flight, or in another attempt than the last. */
function* outOfPlace(told: Told): Generator<Corruption> {
  const at = told.place(({ body }) => body['fact'] === 'clock.readings');
  const line = told.lines[at];
  if (line === undefined) return;
  for (const [to, next] of told.lines.entries()) {
    if (next.type !== 'step.started' || told.step(next)?.action === 'preflight') continue;
    if (['roll-call', 'initialise', 'generate', 'sign-off'].includes(next.step ?? '')) {
      yield told.withMore(KIND, to + 1, `clocks read in step ${next.step ?? ''}`, [{ ...line, step: next.step }]);
    }
  }
  yield told.withMore(KIND, at + 1, 'clocks read in no step', [{ ...line, step: null }]);
  for (const [from, one] of told.lines.entries()) {
    // What else a pre-flight saw is demanded of none of its attempts.
    if (told.step(one)?.action !== 'preflight' || one.body['fact'] !== 'clock.readings') continue;
    yield againWithout(told, from, 'read');
  }
}

/** The step tried a second time, in which nobody brings what the first had. */
function againWithout(told: Told, at: number, what: string): Corruption {
  const step = told.lines[at]?.step ?? null;
  return told.withLines(KIND, `line ${String(at)}: ${what} in an attempt before the last`, (lines) => {
    const start = lines.find(({ type, step: of }) => type === 'step.started' && of === step);
    if (start === undefined) return lines;
    const again: LooseLine = { ...start, body: { ...start.body, attempt: 2 } };
    return lines.flatMap((line, place) => {
      if (place === at) return [line, again];
      const later = place > at && line.step === step && 'attempt' in line.body;
      return [later ? { ...line, body: { ...line.body, attempt: 2 } } : line];
    });
  });
}

/** Files that the plan asks for. */
function* filed(told: Told): Generator<Corruption> {
  for (const [at, line] of told.lines.entries()) {
    const step = told.step(line);
    if (step?.action !== 'fact' || step.attach !== true || line.body['fact'] !== 'answer') continue;
    const answer = (what: string, change: (one: LooseLine) => readonly LooseLine[]): Corruption =>
      told.withLines(KIND, `line ${String(at)}: the answer ${what}`, (lines) =>
        lines.toSpliced(at, 1, ...change(lines[at] ?? line)),
      );
    const { files: _, ...bare } = line.body;
    const plain: LooseLine = { ...line, body: bare };
    yield answer('without a file', () => [plain]);
    yield answer('with no files', (one) => [{ ...one, body: { ...one.body, files: [] } }]);
    const scan = { fact: 'paper-signature', value: { name: 'A guest', role: 'guest' } };
    const files = line.body['files'] ?? [];
    yield answer('without a file, and another fact with it', (one) => [plain, { ...one, body: { ...scan, files } }]);
    yield answer('without a file, and the answer to another question with it', (one) => [
      plain,
      { ...one, body: { ...one.body, value: { asked: 'Something else?', answer: 'Yes.' } } },
    ]);
    for (const [kind, of] of [
      ['other', line.step ?? ''],
      ['people', line.step ?? ''],
      ['materials', line.step ?? ''],
      ['step-deviated', 'sign-off'],
    ] as const) {
      yield answer(`with a file that nobody has, an exception ${kind} of ${of}`, (one) => [
        { ...plain, at: one.at },
        ...exceptionLines(told.files, of, kind, one.at, {}, ['ada', 'otto']).map((each) =>
          each.type === 'exception.recorded' ? { ...each, step: of } : each,
        ),
        // The file stays named, so that it is accounted for.
        { ...one, body: { ...scan, files } },
      ]);
    }
    yield againWithout(told, at, 'filed');
  }
}
