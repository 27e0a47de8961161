/**
 * The custody ledger on real tokens: envelopes sealed on one day and opened on the next, a seal that is another one, and a
 * later ceremony that takes them from the ledger, which then refuses to have them again.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Balance } from '../../ceremony/custody/ledger';
import { verifyBundle } from '../../ceremony/bundle/verify';
import type { Decision } from '../../ceremony/engine/ports';
import { checkPlan } from '../../ceremony/plan/check';
import { readPlan } from '../../ceremony/plan/read';
import { builtScripts } from '../../cli/node-children';
import { startConnectedSide } from '../../cli/connected-service';
import { RehearsedPeople } from '../../cli/people-rehearsal';
import { rehearsePlan, type RehearsalResult } from '../../cli/rehearse-plan';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { makeRoom, type Room } from '../../workstation/rehearsal/room';
import { CHECKOUT, keyrite, scratch, transcript } from './program';

const TWO_DAYS = readFileSync(join(CHECKOUT, 'examples', 'two-days.ceremony.yaml'), 'utf8');
const ENVELOPES = ['component-envelope-1', 'component-envelope-2'];

let place = scratch();
beforeEach(() => {
  place = scratch();
});
afterEach(() => {
  place.leave();
});

const newRoom = (): Room => makeRoom(join(place.folder, 'room'), 'softhsm2', []);

async function rehearse(
  room: Room,
  planText: string,
  name: string,
  people: RehearsedPeople,
  before: RehearsalResult | null,
): Promise<RehearsalResult> {
  const connected = await startConnectedSide(join(place.folder, 'not-installed'), room.connected);
  return rehearsePlan({
    room,
    planText,
    plan: readPlan(planText),
    bundle: join(place.folder, name),
    connected,
    parameters: null,
    before,
    keys: 'p256',
    people,
    scripts: builtScripts(join(CHECKOUT, 'build')),
  });
}

async function expectConsistent(bundle: string): Promise<void> {
  const { verdict, findings } = await verifyBundle(new FileBundleFolder(bundle));
  expect({ verdict, findings }).toEqual({ verdict: 'consistent', findings: [] });
  const script = spawnSync('sh', [join(bundle, 'verify.sh')], { encoding: 'utf8', timeout: 60_000 });
  expect(script.stdout + script.stderr).toContain('verdict: consistent');
}

interface Told {
  readonly type: string;
  readonly step: string | null;
  readonly by: readonly string[];
  readonly body: {
    readonly fact?: string;
    readonly kind?: string;
    readonly value?: Entry;
    readonly error?: { code: string };
  };
}
interface Entry {
  readonly object: string;
  readonly act: string;
  readonly seal: string | null;
  readonly place: string | null;
}

const linesOf = (bundle: string): readonly Told[] => transcript(bundle);
const entriesOf = (bundle: string): readonly Entry[] =>
  linesOf(bundle).flatMap(({ body: { fact, value } }) => (fact === 'custody' && value !== undefined ? [value] : []));

/** People who read another number than is on one seal, once, and then decide. */
class Misreading extends RehearsedPeople {
  readonly told: string[] = [];
  private readonly object: string;
  private readonly decision: Decision;
  private misread = false;

  constructor(object: string, decision: Decision) {
    super(({ text }) => this.told.push(text));
    this.object = object;
    this.decision = decision;
  }

  override ask(question: { readonly text: string; readonly expects?: 'name'; readonly played?: string }) {
    const isIt = question.text.includes('that is on') && question.text.includes(this.object);
    if (!isIt || this.misread) return super.ask(question);
    this.misread = true;
    return Promise.resolve('ANOTHER-1');
  }

  override decide(question: { readonly step: string; readonly options: readonly Decision[] }) {
    return question.options.includes('exception') ? Promise.resolve(this.decision) : super.decide(question);
  }
}

it('stops at a seal that is another one, and goes on where it stopped', { timeout: 240_000 }, async () => {
  const bundle = join(place.folder, 'bundle');
  const people = new Misreading('component-envelope-2', 'stop');
  await expect(rehearse(newRoom(), TWO_DAYS, 'bundle', people, null)).rejects.toThrow(/ANOTHER-1 was found/);
  expect(entriesOf(bundle).map(({ object, act }) => [object, act])).toEqual([
    ...ENVELOPES.map((object) => [object, 'closed']),
    ['component-envelope-1', 'opened'],
  ]);
  const failed = linesOf(bundle).filter(({ type }) => type === 'step.failed');
  expect(failed.map(({ body }) => body.error?.code)).toEqual(['SEAL_DIFFERS']);

  const resumed = await keyrite(['resume', bundle]);
  expect(resumed.code, resumed.stderr).toBe(0);
  await expectConsistent(bundle);
  const entries = entriesOf(bundle);
  expect(entries.map(({ object, act }) => [object, act])).toEqual(
    ['closed', 'opened', 'closed'].flatMap((act) => ENVELOPES.map((object) => [object, act])),
  );
  const put = entries.filter(({ act }) => act === 'closed').map(({ seal }) => seal);
  expect(new Set(put).size, 'every seal has a number of its own').toBe(4);
  const signers = linesOf(bundle).filter(({ body }) => body.fact === 'custody');
  for (const { by } of signers) expect(by).toHaveLength(2);

  const ledger = await keyrite(['ledger', bundle, '--json']);
  expect(ledger.code, ledger.stderr).toBe(0);
  const { objects } = JSON.parse(ledger.stdout) as Balance;
  expect(objects).toEqual(
    ENVELOPES.map((object, at) => ({
      object,
      kind: 'form',
      state: 'sealed',
      seal: put[at + 2],
      place: 'The safe of the second data centre',
    })),
  );
});

/** A plan that takes both envelopes from the ledger: one is put elsewhere, one is destroyed. */
const LATER = `keyrite: plan/1
id: envelopes
title: One envelope is destroyed
purpose: To do away with a component.
continues: two-days
site: { name: A room, controls: [Nobody else is in the room.] }
positions:
${(/^positions:\n([^]*?)\nseparationOfDuties/m.exec(TWO_DAYS)?.[1] ?? '').trimEnd()}
separationOfDuties: []
approval: { position: approvers, count: 2 }
units: [{ id: unit-a, name: Crypto unit A, label: payments-unit-a, begins: operational }]
pins: [{ id: user-pin, for: user, units: [unit-a], madeBy: administrators, heldBy: administrators, parts: 2, sealing: As before. }]
materials:
  - { id: component-envelope-1, kind: form, name: Envelope 1, ledger: kept, at: The safe of the second data centre }
  - { id: component-envelope-2, kind: form, name: Envelope 2, ledger: kept, at: The safe of the second data centre }
steps:
  - { id: preflight, title: Pre-flight, action: preflight }
  - { id: roll-call, title: Roll call, action: roll-call, positions: [administrators, custodians, witness, auditor] }
  - { id: inventory, title: Inventory, action: unit.inventory, units: [unit-a] }
  - { id: opened, title: Opened, action: custody, act: opened, objects: [component-envelope-1], by: [custodians, witness] }
  - { id: closed, title: Closed, action: custody, act: closed, objects: [component-envelope-1], by: [custodians, witness], place: My safe }
  - { id: destroyed, title: Destroyed, action: custody, act: destroyed, objects: [component-envelope-2], by: [administrators, witness] }
  - { id: export, title: Export, action: export }
endState: [{ unit: unit-a, mode: operational, masterKey: unknown }]
storage: In the safe.
signOff: { quorum: [{ role: witness, count: 1 }, { role: crypto-administrator, count: 2 }], wording: I saw this. }
`;

it(
  'goes from one bundle to the next, and what is elsewhere or destroyed is refused',
  { timeout: 300_000 },
  async () => {
    expect(checkPlan(readPlan(LATER).plan).filter(({ severity }) => severity === 'error')).toEqual([]);
    const room = newRoom();
    const first = await rehearse(room, TWO_DAYS, 'first', new RehearsedPeople(() => undefined), null);
    const second = await rehearse(room, LATER, 'second', new Misreading('component-envelope-1', 'exception'), first);
    await expectConsistent(second.bundle);
    const signed = linesOf(second.bundle).filter(({ type }) => type === 'exception.recorded');
    expect(signed.map(({ body, step }) => [body.kind, step])).toEqual([['materials', 'opened']]);
    expect(entriesOf(second.bundle).map(({ act, seal }) => [act, seal === 'ANOTHER-1'])).toEqual([
      ['opened', true],
      ['closed', false],
      ['destroyed', false],
    ]);
    const report = readFileSync(join(second.bundle, 'report.html'), 'utf8');
    expect(report).toMatch(/Custody[^]*opened; found under seal ANOTHER-1[^]*kept at: My safe/);

    const plan = join(place.folder, 'envelopes.ceremony.yaml');
    writeFileSync(plan, LATER);
    const text = readFileSync(join(second.bundle, 'binding.yaml'), 'utf8');
    const check = async (change: (custody: Balance) => Balance, ledger: string): Promise<[number | null, string]> => {
      const bound = parse(text) as { custody: Balance };
      const file = join(place.folder, 'changed.binding.yaml');
      writeFileSync(file, stringify({ ...bound, custody: change(bound.custody) }));
      const { code, stdout } = await keyrite(['check', plan, '--binding', file, '--ledger', ledger]);
      return [code, stdout];
    };
    expect(await check((same) => same, first.bundle)).toEqual([0, expect.stringContaining('can be carried out')]);
    const [envelope, other] = first.custody?.objects ?? [];
    if (envelope?.state !== 'sealed' || other === undefined) throw new Error('the ledger lacks the envelopes');
    const cases: readonly [(custody: Balance) => Balance, RegExp][] = [
      [(same) => ({ ...same, objects: [{ ...envelope, seal: 'FORGED' }, other] }), /ledger-differs.*seal FORGED/],
      [(same) => ({ ...same, from: { ...same.from, root: '0'.repeat(64) } }), /ledger-differs.*with the root 0000/],
      [(same) => ({ ...same, objects: [envelope] }), /ledger-object-missing.*component-envelope-2/],
      [
        (same) => ({ ...same, objects: [{ ...envelope, place: 'Elsewhere' }, other] }),
        /ledger-object-elsewhere.*component-envelope-1.*It is under seal .*, kept at: Elsewhere/,
      ],
    ];
    for (const [change, words] of cases) {
      const [code, said] = await check(change, first.bundle);
      expect([code, said]).toEqual([1, expect.stringMatching(words)]);
    }

    // By now one envelope is elsewhere and one is destroyed: the same plan is refused before anything is touched.
    const printed = await keyrite(['ledger', second.bundle]);
    const { custody } = parse(printed.stdout) as { custody: Balance };
    expect(custody.from.ceremony).toBe(second.ceremony);
    const [code, said] = await check(() => custody, second.bundle);
    expect([code, said]).toEqual([
      1,
      expect.stringMatching(/elsewhere[^]*kept at: My safe[^]*component-envelope-2, which was destroyed/),
    ]);
    const third = rehearse(room, LATER, 'third', new RehearsedPeople(() => undefined), second);
    await expect(third).rejects.toThrow(/component-envelope-2, which was destroyed/);

    const unfinished = await keyrite(['ledger', join(place.folder, 'third')]);
    expect(unfinished.code).not.toBe(0);
  },
);
