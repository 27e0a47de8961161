/**
 * People who really use a tool of their own on the token while Keyrite has let it go, do not confirm at once, bring no file,
 * and do more than the plan lists: each is on record as it was, and both verifiers accept what came of it.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { JsonObject } from '../../ceremony/canonical-json';
import type { Decision, People } from '../../ceremony/engine/ports';
import { readPlan } from '../../ceremony/plan/read';
import { startConnectedSide } from '../../cli/connected-service';
import { builtScripts } from '../../cli/node-children';
import { RehearsedPeople } from '../../cli/people-rehearsal';
import { rehearsePlan } from '../../cli/rehearse-plan';
import { makeRoom, type Room } from '../../workstation/rehearsal/room';
import { judge, judgeByScript } from '../bundle/mutation/both-verifiers';
import { readFiles } from '../bundle/mutation/bundle-files';
import { judgeByPython } from '../bundle/mutation/third-verifier';
import { CHECKOUT, SOFTHSM2, scratch, transcript } from './program';

const place = scratch();
afterAll(place.leave);
const bundle = join(place.folder, 'bundle');

/** People with OpenSC's tool. */
class ToolUsers extends RehearsedPeople implements People {
  private readonly room: Room;
  private refused = false;

  constructor(room: Room) {
    super(() => undefined);
    this.room = room;
  }

  override confirm(question: { readonly step: string; readonly by: readonly string[] }): Promise<readonly string[]> {
    if (question.step === 'make-key') {
      if (!this.refused) {
        this.refused = true;
        return Promise.resolve([]);
      }
      this.tool('--keygen', '--key-type', 'AES:32', '--label', 'made-by-tool');
    }
    if (question.step === 'look') this.tool('--keygen', '--key-type', 'AES:32', '--label', 'not-listed');
    return Promise.resolve(question.by);
  }

  override attach(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  override decide(question: { readonly step: string; readonly happened?: string }): Promise<Decision> {
    const { happened = '' } = question;
    if (happened.includes('No file')) return Promise.resolve('exception');
    // What was not listed is taken back, with the same tool: the device was released again.
    if (happened.includes('otherwise than the plan declares'))
      this.tool('--delete-object', '--type', 'secrkey', '--label', 'not-listed');
    return Promise.resolve('again');
  }

  private tool(...args: readonly string[]): void {
    const memory = JSON.parse(readFileSync(this.room.playerFile, 'utf8')) as {
      readonly pins: readonly { of: string; role: string; part: number; pin: string }[];
    };
    const parts = memory.pins.filter(({ of, role }) => of === 'unit-a' && role === 'user');
    const pin = parts
      .toSorted((one, other) => one.part - other.part)
      .map((one) => one.pin)
      .join('');
    const login = ['--token-label', 'cards-1', '--login', '--pin', pin];
    execFileSync('pkcs11-tool', ['--module', SOFTHSM2, ...login, ...args], {
      env: { ...process.env, SOFTHSM2_CONF: join(this.room.folder, 'units', 'softhsm2.conf') },
      stdio: 'pipe',
    });
  }
}

interface Plan {
  units: { id: string }[];
  pins: { units: string[] }[];
  phases: { id: string }[];
  steps: { id: string; phase: string; units?: string[] }[];
  endState: object[];
}

function planText(): string {
  const plan = parse(readFileSync(join(CHECKOUT, 'examples', 'taking-over.ceremony.yaml'), 'utf8')) as Plan;
  const procedure = (id: string, objects: string, more: object) => ({
    id,
    phase: 'taking-over',
    title: id,
    action: 'vendor.procedure',
    units: ['unit-a'],
    tool: 'pkcs11-tool',
    commands: [`pkcs11-tool, for ${id}`],
    by: ['administrators', 'witness'],
    after: [{ unit: 'unit-a', is: 'as-before', objects }],
    ...more,
  });
  const kept = ['preflight', 'roll-call', 'adopt', 'export'];
  plan.steps = plan.steps.filter(({ id }) => kept.includes(id));
  for (const step of plan.steps) if (step.units !== undefined) step.units = ['unit-a'];
  plan.steps.splice(
    3,
    0,
    procedure('make-key', 'recorded', { attach: 'required' }),
    procedure('look', 'unchanged', {}),
  );
  plan.units = plan.units.slice(0, 1);
  for (const pin of plan.pins) pin.units = ['unit-a'];
  plan.endState = [{ unit: 'unit-a', mode: 'imprint', masterKey: 'none' }];
  return stringify(plan, { aliasDuplicateObjects: false });
}

beforeAll(async () => {
  const room = makeRoom(join(place.folder, 'room'), 'softhsm2', []);
  const people = new ToolUsers(room);
  const connected = await startConnectedSide(join(place.folder, 'not-installed'), room.connected);
  const text = planText();
  writeFileSync(join(place.folder, 'plan.ceremony.yaml'), text);
  const scripts = builtScripts(join(CHECKOUT, 'build'));
  const plan = readPlan(text);
  await rehearsePlan({
    room,
    planText: text,
    plan,
    bundle,
    connected,
    parameters: null,
    before: null,
    people,
    scripts,
  });
}, 120_000);

const linesOf = (step: string) => transcript(bundle).filter((line) => line.step === step);
const labels = (value: unknown): string[] =>
  ((value as JsonObject)['objects'] as { label: string }[]).map(({ label }) => label);

it('says that nobody confirmed, releases the device anew, and goes on once they do', () => {
  const lines = linesOf('make-key').map(({ type, body }) => (type === 'fact.recorded' ? String(body['fact']) : type));
  expect(lines).toEqual([
    'step.started',
    'procedure.before',
    'step.intent',
    'procedure.released',
    'step.failed',
    'step.reconciled',
    'decision',
    'step.intent',
    'procedure.released',
    'step.confirmed',
    'step.outcome',
    'procedure.output',
    'procedure.after',
    'step.outcome',
    // For the file that nobody brought.
    'exception.recorded',
  ]);
  const reconciled = linesOf('make-key').find(({ type }) => type === 'step.reconciled');
  expect(reconciled?.body).toMatchObject({ act: 'procedure', verdict: 'not-applied' });
  expect(JSON.stringify(reconciled?.body['observed'])).toContain('nobody confirms');
});

it('records what the tool made, where the plan lets it make something', () => {
  const after = linesOf('make-key').find(({ body }) => body['fact'] === 'procedure.after');
  expect(labels(after?.body['value'])).toContain('made-by-tool');
});

it('finds what was not listed, and goes on only when it is gone', () => {
  const after = linesOf('look').filter(({ body }) => body['fact'] === 'procedure.after');
  expect(after.map(({ body }) => labels(body['value']).includes('not-listed'))).toEqual([true, false]);
  const failed = linesOf('look').find(({ type }) => type === 'step.failed');
  expect(failed?.body['error']).toMatchObject({ code: 'NOT_AS_DECLARED' });
  // Nobody is asked a second time what they did; the first reading before it is what counts.
  expect(linesOf('look').filter(({ type }) => type === 'step.confirmed')).toHaveLength(1);
  expect(linesOf('look').filter(({ body }) => body['fact'] === 'procedure.before')).toHaveLength(1);
});

it('is accepted by all verifiers, with the one exception for the file that nobody brought', async () => {
  const files = await readFiles(bundle);
  expect(await judge(files)).toMatchObject({ verdict: 'consistent', said: '' });
  const byScript = await judgeByScript(files);
  expect(byScript.verdict).toBe('consistent');
  expect(byScript.said).toMatch(/^exceptions: 1$/m);
  expect(await judgeByPython(files)).toBe('consistent');
});
