/**
 * Ceremonies as they go in life, on real tokens: a pause under seal and a second session, people who come late, leave and
 * are replaced, somebody enrolled on the day, clocks that are wrong or go back, files that are attached, a full medium.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { verifyBundle } from '../../ceremony/bundle/verify';
import type { Ceremony } from '../../ceremony/engine/ceremony';
import type { Documents } from '../../ceremony/engine/open';
import type { Clock, ClockReading, Decision, PeopleChange } from '../../ceremony/engine/ports';
import { CeremonyRecord } from '../../ceremony/engine/record';
import { readPlan } from '../../ceremony/plan/read';
import { readTranscript } from '../../ceremony/transcript/read';
import { NodeChildren, builtScripts } from '../../cli/node-children';
import { startConnectedSide } from '../../cli/connected-service';
import { RehearsedPeople } from '../../cli/people-rehearsal';
import { rehearsePlan } from '../../cli/rehearse-plan';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { castFor } from '../../workstation/rehearsal/cast';
import { nextSession } from '../../workstation/rehearsal/next-session';
import { prepareRehearsal, rehearsalId } from '../../workstation/rehearsal/prepare';
import { makeRoom, type Room } from '../../workstation/rehearsal/room';
import { CHECKOUT, keyrite, scratch, start, transcript } from './program';

const TWO_DAYS = join(CHECKOUT, 'examples', 'two-days.ceremony.yaml');
const MINUTE = 60_000;

let place = scratch();
beforeEach(() => {
  place = scratch();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  place.leave();
});

const bundlePath = (): string => join(place.folder, 'bundle');
const newRoom = (): Room => makeRoom(join(place.folder, 'room'), 'softhsm2', []);
const linesOf = (): readonly Told[] => transcript(bundlePath()) as unknown as Told[];

interface Told {
  readonly type: string;
  readonly step: string | null;
  readonly at: string;
  readonly by: readonly string[];
  readonly body: Readonly<Record<string, unknown>>;
}

/** What the record tells of people coming and going, of sessions and of exceptions; proofs in a roll call left out. */
const events = (): string[] =>
  linesOf()
    .filter(({ type }) => /^(?:participant|exception|ceremony\.(?:paused|resumed))/.test(type))
    .filter(({ type, step }) => type !== 'participant.present' || step === null)
    .map(({ type, body }) =>
      [type, body['participant'], body['kind']].filter((one) => typeof one === 'string').join(' '),
    );

async function rehearse(people: RehearsedPeople, planText = readFileSync(TWO_DAYS, 'utf8')): Promise<void> {
  const room = newRoom();
  const connected = await startConnectedSide(join(place.folder, 'not-installed'), room.connected);
  await rehearsePlan({
    room,
    planText,
    plan: readPlan(planText),
    bundle: bundlePath(),
    connected,
    parameters: null,
    before: null,
    keys: 'p256',
    people,
    scripts: builtScripts(join(CHECKOUT, 'build')),
  });
}

async function expectConsistent(): Promise<void> {
  const { verdict, findings } = await verifyBundle(new FileBundleFolder(bundlePath()));
  expect({ verdict, findings }).toEqual({ verdict: 'consistent', findings: [] });
  const script = spawnSync('sh', [join(bundlePath(), 'verify.sh')], { encoding: 'utf8', timeout: 60_000 });
  expect(script.stdout + script.stderr).toContain('verdict: consistent');
}

/** People to whom things happen. */
class Eventful extends RehearsedPeople {
  readonly heard: string[] = [];
  private readonly said: PeopleChange[] = [];
  private readonly scan: string;

  constructor(scan: string) {
    super(({ text }) => this.heard.push(text));
    this.scan = scan;
  }

  changes(): readonly PeopleChange[] {
    return this.said.splice(0);
  }

  override attach(): Promise<readonly string[]> {
    // Somebody sets the workstation's clock right: it goes back by an hour.
    vi.setSystemTime(Date.now() - 60 * MINUTE);
    return Promise.resolve([this.scan, this.scan]);
  }

  override confirm(question: { readonly step: string; readonly by: readonly string[] }) {
    if (question.step === 'preflight')
      this.said.push({ kind: 'left', participant: 'frank', reason: 'missed his train' });
    return super.confirm(question);
  }

  override ask(question: { readonly step: string; readonly text: string; readonly expects?: 'name' }) {
    if (question.step === 'roll-call') this.said.push({ kind: 'late', participant: 'frank' });
    if (question.step === 'enrol-witness' && question.expects !== 'name') {
      this.said.push({ kind: 'replaced', participant: 'erin', by: 'guest-1', reason: 'her shift ends' });
      this.said.push({ kind: 'replaced', participant: 'carol', by: 'guest-1', reason: 'of another position' });
      this.said.push({ kind: 'paper', name: 'Paula Paper', role: 'guest of the auditor', path: this.scan });
      this.said.push({ kind: 'late', participant: 'nobody' });
    }
    return super.ask(question);
  }

  override async readClocks(question: {
    readonly step: string;
    readonly by: readonly string[];
    readonly clock: Clock;
  }) {
    const readings = await super.readClocks(question);
    if (question.step !== 'preflight-2') return readings;
    return readings.map((one): ClockReading => ({
      ...one,
      at: new Date(Date.parse(one.at) + 5 * MINUTE).toISOString(),
    }));
  }

  override decide(question: { readonly step: string; readonly options: readonly Decision[] }): Promise<Decision> {
    return question.options.includes('exception') ? Promise.resolve('exception') : super.decide(question);
  }
}

describe('in two sessions', () => {
  it(
    'people come late, leave and are enrolled, clocks are wrong and go back, and the record says it all',
    { timeout: 120_000 },
    async () => {
      const scan = join(place.folder, 'Ein Scan (1).pdf');
      writeFileSync(scan, 'paper');
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now(), shouldAdvanceTime: true });
      const people = new Eventful(scan);
      await rehearse(people);
      vi.useRealTimers();
      await expectConsistent();
      expect(events()).toEqual([
        'participant.left frank',
        'exception.recorded people',
        'participant.present frank',
        'ceremony.paused',
        'ceremony.resumed',
        'exception.recorded clock',
        'participant.enrolled',
        'participant.replaced erin',
        'exception.recorded clock',
      ]);
      const lines = linesOf();
      const facts = (name: string): readonly Told[] => lines.filter(({ body }) => body['fact'] === name);
      expect(
        facts('clock.readings').map(({ by, body }) => [by.length, (body['value'] as { skewMs: object }).skewMs]),
      ).toEqual([
        [3, { largest: 0, median: 0 }],
        [3, { largest: 5 * MINUTE, median: 5 * MINUTE }],
      ]);
      expect(facts('paper-signature').map(({ body }) => body['files'])).toMatchObject([
        [{ name: 'attachments/paper-1.Ein-Scan-1-.pdf' }],
      ]);
      const log = facts('answer').find(({ step }) => step === 'audit-log');
      expect(log?.body['files']).toMatchObject([
        { name: 'attachments/audit-log-1.Ein-Scan-1-.pdf' },
        { name: 'attachments/audit-log-2.Ein-Scan-1-.pdf' },
      ]);
      const confirmed = lines.find(({ type, step }) => type === 'step.confirmed' && step === 'sign-off');
      expect(confirmed?.by).toContain('guest-1');
      expect(confirmed?.by).not.toContain('erin');
      expect(people.heard.join('\n')).toMatch(/expected somebody of the position custodians/);
      expect(people.heard.join('\n')).toMatch(/nobody: expected somebody of the binding/);
      // The only lines that are earlier than the one before are exceptions about the clock.
      const back = lines.filter((line, place) => place > 0 && line.at < (lines[place - 1]?.at ?? ''));
      expect(back.map(({ body }) => body['kind'])).toEqual(['clock']);
    },
  );
});

it('a medium without room is found before an act, and nothing is begun', { timeout: 240_000 }, async () => {
  const freeBytes = vi.spyOn(FileBundleFolder.prototype, 'freeBytes');
  let stepped = 0;
  class Watching extends RehearsedPeople {
    override decide(question: { readonly step: string; readonly options: readonly Decision[] }) {
      stepped += 1;
      freeBytes.mockRestore();
      return super.decide(question);
    }
  }
  const real = 1024 ** 3;
  freeBytes.mockImplementation(() => {
    const begun = linesOf().some(({ type, step }) => type === 'step.started' && step === 'initialise');
    const asked = linesOf().filter(({ type, step }) => type === 'step.intent' && step === 'initialise').length;
    return Promise.resolve(begun && asked === 1 ? 5 * 1024 * 1024 : real);
  });
  await rehearse(new Watching(() => undefined));
  expect(stepped).toBe(1);
  const failed = linesOf().filter(({ type }) => type === 'step.failed');
  expect(failed.map(({ body }) => [(body['error'] as { code: string }).code, body['act'], body['changed']])).toEqual([
    ['DISK_FULL', null, 'No device was touched.'],
  ]);
  const intents = linesOf().filter(({ type, step }) => type === 'step.intent' && step === 'initialise');
  expect(new Set(intents.map(({ body }) => body['act'])).size, 'no act was announced twice').toBe(intents.length);
  await expectConsistent();
});

describe('keyrite run and resume', () => {
  /** A room with a binding for the first day; the plan's text and both, as files. */
  async function prepare(): Promise<{ documents: Documents; binding: string }> {
    const room = newRoom();
    const planText = readFileSync(TWO_DAYS, 'utf8');
    const plan = readPlan(planText);
    const ceremony = rehearsalId(plan.plan);
    const cast = castFor(plan.plan.positions, []);
    const scripts = builtScripts(join(CHECKOUT, 'build'));
    const modules = [...room.units, room.cards];
    const processes = new NodeChildren({ ceremony, scripts, modules, player: room.playerFile, names: {} });
    const connected = await startConnectedSide(join(place.folder, 'not-installed'), room.connected);
    try {
      const prepared = { processes, room, ceremony, cast, planText, plan, connected, parameters: null, before: null };
      const { documents } = await prepareRehearsal(prepared);
      const binding = join(place.folder, 'day-one.binding.yaml');
      writeFileSync(binding, documents.bindingText);
      return { documents, binding };
    } finally {
      await processes.endAll();
    }
  }

  /** The next day's binding, by the record. */
  function secondBinding(documents: Documents): string {
    const record = new CeremonyRecord();
    for (const { line } of readTranscript(readFileSync(join(bundlePath(), 'transcript.jsonl'))).lines)
      record.apply(line);
    const ceremony = { plan: documents.plan.plan, binding: documents.binding.binding, record } as unknown as Ceremony;
    return nextSession(documents, ceremony).bindingText;
  }

  it(
    'pause, refuse what does not fit, and go on with a binding of its own, a crash included',
    { timeout: 180_000 },
    async () => {
      const { documents, binding } = await prepare();
      const first = await keyrite(['run', TWO_DAYS, '--binding', binding, '--out', bundlePath()]);
      expect(first.code, first.stderr).toBe(0);
      expect(first.stderr).toMatch(/paused under seal/);
      expect(first.stderr).toMatch(/keyrite resume .* --binding B2/);
      const paused = await verifyBundle(new FileBundleFolder(bundlePath()));
      expect(paused.verdict).toBe('incomplete');
      const script = spawnSync('sh', [join(CHECKOUT, 'ceremony/bundle/verify.sh'), bundlePath()], { encoding: 'utf8' });
      expect(script.stdout).toMatch(/paused under seal/);
      expect(script.stdout).toContain('verdict: incomplete');

      const without = await keyrite(['resume', bundlePath()]);
      expect([without.code, without.stderr]).toEqual([
        2,
        expect.stringMatching(/is paused under seal\n.*--binding B2/),
      ]);

      const good = secondBinding(documents);
      const second = join(place.folder, 'day-two.binding.yaml');
      const lines = linesOf().length;
      for (const [wrong, words] of [
        [good.replace(/counter: \d+/, 'counter: 0'), /was left otherwise than the binding says/],
        [good.replace('name: Alice Adler', 'name: Alice Other'), /alice stood on the roster with another name/],
        [good.replace(/ceremony: \S+/, 'ceremony: another'), /of another ceremony/],
      ] as const) {
        expect(wrong).not.toBe(good);
        writeFileSync(second, wrong);
        const refused = await keyrite(['resume', bundlePath(), '--binding', second]);
        expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(words)]);
        expect(linesOf()).toHaveLength(lines);
      }

      writeFileSync(second, good);
      const approval = join(place.folder, 'heidi.dsse.json');
      const approve = ['approve', TWO_DAYS, '--binding', second, '--as', 'heidi', '-o', approval];
      const asFirst = await keyrite(approve);
      expect([asFirst.code, asFirst.stderr]).toEqual([1, expect.stringMatching(/last known state/)]);
      const approved = await keyrite([...approve, '--session', bundlePath()]);
      expect(approved.code, approved.stderr).toBe(0);
      const ofDayOne = join(bundlePath(), 'approvals', 'heidi.dsse.json');
      const mistaken = await keyrite(['resume', bundlePath(), '--binding', second, '--approval', ofDayOne]);
      expect([mistaken.code, mistaken.stderr]).toEqual([2, expect.stringMatching(/it approves the binding/)]);
      const running = start(['resume', bundlePath(), '--binding', second, '--approval', approval]);
      expect(await running.says('Everybody proves presence again')).toBe(true);
      process.kill(-(running.child.pid ?? 0), 'SIGKILL');
      await running.ended;
      const again = await keyrite(['resume', bundlePath(), '--binding', second]);
      expect([again.code, again.stderr]).toEqual([2, expect.stringMatching(/is not paused/)]);
      const last = await keyrite(['resume', bundlePath()]);
      expect(last.code, last.stderr).toBe(0);
      await expectConsistent();
      const resumed = linesOf().filter(({ type }) => type === 'ceremony.resumed');
      expect(resumed.map(({ body }) => body['reason'])).toEqual(['pause', 'crash']);
      expect(readFileSync(join(bundlePath(), 'sessions/0002/approvals/heidi.dsse.json'))).toEqual(
        readFileSync(approval),
      );
    },
  );
});
