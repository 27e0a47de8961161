/**
 * Shares years later, without an HSM: a drill with a wrong share and a missing one, a share passed on, a new set made while
 * its process is killed, old shares that do not come back. Of both schemes, with real share processes and signing tokens.
 */
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { verifyBundle } from '../../ceremony/bundle/verify';
import { demandsRotation, outstanding, type ShareBalance } from '../../ceremony/custody/share-sets';
import type { Notice, PeopleChange } from '../../ceremony/engine/ports';
import { checkBinding, checkPlan } from '../../ceremony/plan/check';
import { readBinding, readPlan } from '../../ceremony/plan/read';
import { builtScripts } from '../../cli/node-children';
import { startConnectedSide } from '../../cli/connected-service';
import { RehearsedPeople } from '../../cli/people-rehearsal';
import { rehearsePlan, type RehearsalResult } from '../../cli/rehearse-plan';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { makeRoom, type Room } from '../../workstation/rehearsal/room';
import { CHECKOUT, childrenOf, keyrite, scratch, tool, transcript } from './program';

const place = scratch();
afterAll(place.leave);

interface PlanParts {
  readonly id: string;
  /** Custodians of the old set, of the new one; and whether one leaves and one succeeds. */
  readonly positions: string;
  readonly members: string;
  readonly steps: string;
}

/** A plan without units: shares are all that it is about. */
const planOf = ({ id, positions, members, steps }: PlanParts): string => `keyrite: plan/1
id: ${id}
title: Shares
purpose: To have shares, and to go on having them.
site: { name: A room, controls: [Nobody else is in the room.] }
positions:
  - { id: administrators, role: crypto-administrator, count: 1 }
${positions}
  - { id: witness, role: witness, count: 1 }
  - { id: approvers, role: approver, count: 1, attends: false }
separationOfDuties: []
approval: { position: approvers, count: 1 }
units: []
${members}
pins: []
materials: []
steps:
  - { id: preflight, title: Pre-flight, action: preflight }
${steps}
  - { id: export, title: Export, action: export }
endState: []
storage: In the safe.
signOff: { quorum: [{ role: witness, count: 1 }, { role: crypto-administrator, count: 1 }], wording: I saw this. }
`;

const custodians = (count: number): string => `  - { id: custodians, role: custodian, count: ${String(count)} }`;
const rollCall = (...more: string[]): string =>
  `  - { id: roll-call, title: Roll call, action: roll-call, positions: [${['administrators', 'custodians', 'witness', ...more].join(', ')}] }`;
const set = (scheme: string, shares: number, threshold: number): string =>
  `{ id: old-key, scheme: ${scheme}, shares: ${String(shares)}, ${scheme === 'threshold' ? `threshold: ${String(threshold)}, ` : ''}custodians: custodians, form: worksheet }`;
const kept = (scheme: string, shares: number, threshold: number, of: string, is = 'current'): string =>
  `keptShares: [{ id: old-key, scheme: ${scheme}, shares: ${String(shares)}, threshold: ${String(threshold)}, is: ${is}, custodians: [${of}] }]`;

const making = (scheme: string, shares: number, threshold: number): string =>
  planOf({
    id: 'making',
    positions: custodians(shares),
    members: `masterKey: ${set(scheme, shares, threshold)}`,
    steps: `${rollCall()}
  - { id: generate, title: Generate, action: master-key.generate }
  - { id: distribute, title: Distribute, action: shares.distribute }`,
  });

async function rehearse(
  room: Room,
  planText: string,
  name: string,
  people: RehearsedPeople,
  before: RehearsalResult | null,
): Promise<RehearsalResult> {
  expect(checkPlan(readPlan(planText).plan).filter(({ severity }) => severity === 'error')).toEqual([]);
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

async function expectConsistent(bundle: string, byAll = true): Promise<void> {
  const { verdict, findings } = await verifyBundle(new FileBundleFolder(bundle));
  expect({ verdict, findings }).toEqual({ verdict: 'consistent', findings: [] });
  if (!byAll) return;
  expect(tool('sh', [join(bundle, 'verify.sh')]).toString()).toContain('verdict: consistent');
  const python = join(CHECKOUT, 'test/bundle/second-opinion/verify.py');
  expect(tool('python3', [python, bundle]).toString()).toContain('consistent');
}

interface Told {
  readonly act: string;
  readonly index: number;
  readonly holder: string;
  readonly to: string | null;
  readonly why: string | null;
}
const toldIn = (bundle: string): readonly (Told & { readonly by: readonly string[] })[] =>
  transcript(bundle)
    .filter(({ body }) => body['fact'] === 'share')
    .map(({ body, by }) => ({ ...(body['value'] as Told), by }));
const resultOf = (bundle: string, step: string): unknown =>
  transcript(bundle).find((line) => line.type === 'step.outcome' && line.step === step && line.body['act'] === null)
    ?.body['result'];

/** The player commits faults in the next rehearsal of its room. */
function faults(room: Room, list: readonly object[]): void {
  const memory = JSON.parse(readFileSync(room.playerFile, 'utf8')) as object;
  writeFileSync(room.playerFile, JSON.stringify({ ...memory, faults: list }));
}

/** People of whom some do not give their shares back, who hear what is told, and of whom somebody may leave. */
class OldHands extends RehearsedPeople {
  readonly told: string[] = [];
  private readonly keeping: readonly string[];
  private leaving: PeopleChange[];

  constructor(
    keeping: readonly string[],
    leaving: PeopleChange[] = [],
    onTell: (text: string) => void = () => undefined,
  ) {
    super(({ text }: Notice) => {
      this.told.push(text);
      onTell(text);
    });
    this.keeping = keeping;
    this.leaving = leaving;
  }

  override confirm(question: {
    readonly statement?: string;
    readonly by: readonly string[];
  }): Promise<readonly string[]> {
    const givesBack = question.statement?.includes('gives back') === true;
    return Promise.resolve(question.by.filter((id) => !givesBack || !this.keeping.includes(id)));
  }

  changes(): readonly PeopleChange[] {
    if (!this.told.some((text) => text.includes('proves presence'))) return [];
    return this.leaving.splice(0);
  }
}

const quiet = (): RehearsedPeople => new RehearsedPeople(() => undefined);

describe('threshold shares, two of four', () => {
  const room = makeRoom(join(place.folder, 'threshold'), 'softhsm2', []);
  let first: RehearsalResult;
  beforeAll(async () => {
    first = await rehearse(room, making('threshold', 4, 2), 'threshold-made', quiet(), null);
    await expectConsistent(first.bundle, false);
  }, 240_000);

  const drill = planOf({
    id: 'drilling',
    positions: custodians(4),
    members: kept('threshold', 4, 2, 'custodians'),
    steps: `${rollCall()}
  - { id: drill, title: Drill, action: shares.drill, set: old-key, by: [witness] }`,
  });

  it('tells of each share in a drill what is so, and goes on', async () => {
    faults(room, [
      { match: { kind: 'share-enter', index: 2 }, do: 'wrong-character', times: 5 },
      { match: { kind: 'share-enter', index: 3 }, do: 'refuse', times: 1 },
    ]);
    const { bundle } = await rehearse(room, drill, 'drill', quiet(), first);
    await expectConsistent(bundle);
    const holders = first.shareSets?.sets[0]?.shares.map(({ holders: [one] }) => one?.id) ?? [];
    const told = toldIn(bundle);
    expect(told.map(({ act, index, holder }) => [act, index, holder])).toEqual([
      ['proven', 1, holders[0]],
      ['wrong', 2, holders[1]],
      ['missing', 3, holders[2]],
      ['proven', 4, holders[3]],
    ]);
    expect(told[1]?.why).toMatch(/entered by .* 5 times and is wrong each time/);
    expect(told[2]?.why).toContain('declined');
    for (const { by, act, holder } of told) expect([by.length, by.includes(holder)]).toEqual([2, act === 'proven']);
    expect(resultOf(bundle, 'drill')).toMatchObject({ good: 2, shares: 4, threshold: 2 });
    const bound = parse(readFileSync(join(bundle, 'binding.yaml'), 'utf8')) as { shareSets: ShareBalance };
    expect(bound.shareSets.from.root, 'it names the bundle of the set').toBe(first.shareSets?.from.root);
    expect(JSON.stringify(transcript(bundle).filter(({ body }) => body['fact'] === 'module'))).not.toContain(
      'softhsm-a',
    );
    const report = readFileSync(join(bundle, 'report.html'), 'utf8');
    expect(report).toMatch(/Shares that live on[^]*not proven: nobody showed the share/);
  }, 240_000);

  it('passes a share on, makes a new set though its process is killed, and counts what does not come back', async () => {
    const name = 'renewed';
    const bundle = join(place.folder, name);
    const plan = planOf({
      id: 'renewing',
      positions: `${custodians(3)}
  - { id: leaving, role: custodian, count: 1 }
  - { id: successor, role: custodian, count: 1 }
  - { id: fresh, role: custodian, count: 3 }`,
      members: `masterKey: { id: new-key, scheme: components, shares: 3, custodians: fresh, form: worksheet }
${kept('threshold', 4, 2, 'custodians, leaving, successor')}`,
      steps: `${rollCall('leaving', 'successor', 'fresh')}
  - { id: transfer, title: Transfer, action: shares.transfer, set: old-key, from: leaving, to: successor, by: [witness] }
  - { id: reshare, title: Reshare, action: shares.reshare, set: old-key }
  - { id: destroy, title: Destroy, action: shares.destroy, set: old-key, by: [witness] }`,
    });
    const holders = first.shareSets?.sets[0]?.shares.map(({ holders: [one] }) => one?.id ?? '') ?? [];
    faults(room, [{ match: { kind: 'share-show', index: 2 }, do: 'delay', milliseconds: 3000 }]);
    const killing = new OldHands(holders.slice(0, 2), [], (text) => {
      if (!text.includes('receives share 2 of 3') || killing.told.some((one) => one.includes('is void'))) return;
      setTimeout(() => {
        for (const pid of childrenOf(bundle, 'share-process.cjs')) process.kill(pid, 'SIGKILL');
      }, 700);
    });
    const second = await rehearse(room, plan, name, killing, first);
    await expectConsistent(bundle);
    const voided = transcript(bundle).filter(({ body }) => body['fact'] === 'share-set.voided');
    expect(voided, 'the set whose process died').toHaveLength(1);
    expect(toldIn(bundle).map(({ act, index }) => [act, index])).toEqual([
      ['transferred', 4],
      ['unreturned', 1],
      ['unreturned', 2],
      ['destroyed', 3],
      ['destroyed', 4],
      ['destroyed', 4],
    ]);
    expect(resultOf(bundle, 'destroy')).toMatchObject({ shares: 4, unreturned: 2, threshold: 2, rotate: true });
    expect(readFileSync(join(bundle, 'report.html'), 'utf8')).toMatch(/Old shares in use[^]*Rotate the master key/);

    const ledger = await keyrite(['ledger', bundle, '--json']);
    const { shareSets } = JSON.parse(ledger.stdout) as { readonly shareSets: ShareBalance };
    expect(shareSets).toEqual(second.shareSets);
    expect(shareSets.sets.map((one) => [one.id, one.state, outstanding(one), demandsRotation(one)])).toEqual([
      ['old-key', 'replaced', 2, true],
      // Shares 1 and 2 of the void set were shown: they are of the same master key, and of three all are needed.
      ['new-key', 'replaced', 2, false],
      ['new-key', 'current', 3, false],
    ]);
    expect(new Set(shareSets.sets.map(({ pattern }) => pattern)).size, 'one master key all along').toBe(1);

    const [gone] = shareSets.sets[2]?.shares[0]?.holders ?? [];
    const alive = await keyrite(['inspect', bundle, '--without', gone?.id ?? '']);
    expect([alive.code, alive.stdout]).toEqual([
      1,
      expect.stringMatching(/new-key [^]*2 of 3 shares, 3 needed: LOST/) as string,
    ]);
    expect(alive.stdout).toContain('ROTATE');
    expect((await keyrite(['inspect', bundle, '--without', 'nobody-of-these'])).code).toBe(2);

    // A plan that would go on sharing that key is refused, and so is a binding with other sets than the bundle's.
    const text = readFileSync(join(bundle, 'binding.yaml'), 'utf8');
    const next = { ...readBinding(text).binding, shareSets };
    const onward = readPlan(
      planOf({
        id: 'onward',
        positions: `${custodians(3)}
  - { id: fresh, role: custodian, count: 3 }`,
        members: `keptShares: [{ id: new-key, scheme: components, shares: 3, threshold: 3, is: current, custodians: [fresh] }]`,
        steps: `${rollCall('fresh')}
  - { id: on, title: On, action: shares.transfer, set: new-key, from: fresh, to: custodians, by: [witness] }`,
      }),
    );
    const rules = checkBinding(onward.plan, onward.sha256, next).map(({ rule, severity }) => `${severity} ${rule}`);
    expect(rules).toContain('error rotation-demanded');
    const [file, at] = [join(place.folder, 'next.binding.yaml'), join(place.folder, 'onward.ceremony.yaml')];
    writeFileSync(file, JSON.stringify({ ...next, shareSets: { ...shareSets, sets: shareSets.sets.slice(1) } }));
    writeFileSync(at, plan);
    const checked = await keyrite(['check', at, '--binding', file, '--ledger', bundle]);
    expect(checked.stdout).toContain('share-sets-differ');
  }, 240_000);
});

describe('components, all three needed', () => {
  const room = makeRoom(join(place.folder, 'components'), 'softhsm2', []);
  let first: RehearsalResult;
  beforeAll(async () => {
    first = await rehearse(room, making('components', 3, 3), 'components-made', quiet(), null);
  }, 240_000);

  const renewing = planOf({
    id: 'renewing',
    positions: custodians(3),
    members: `masterKey: { id: new-key, scheme: threshold, shares: 3, threshold: 2, custodians: custodians, form: worksheet }
${kept('components', 3, 3, 'custodians')}`,
    steps: `${rollCall()}
  - { id: drill, title: Drill, action: shares.drill, set: old-key, by: [witness] }
  - { id: reshare, title: Reshare, action: shares.reshare, set: old-key }
  - { id: destroy, title: Destroy, action: shares.destroy, set: old-key, by: [witness] }`,
  });

  it('stop where one is away, and the old set counts as before', async () => {
    const away = first.shareSets?.sets[0]?.shares[1]?.holders[0]?.id ?? '';
    const people = new OldHands([], [{ kind: 'left', participant: away, reason: 'ill' }]);
    await expect(rehearse(room, renewing, 'stopped', people, first)).rejects.toThrow(
      /nobody who has share 2 .* is present/,
    );
    const told = toldIn(join(place.folder, 'stopped')).map(({ act, why }) => [act, why]);
    expect(told).toEqual([
      ['proven', null],
      ['missing', 'not present'],
      ['proven', null],
    ]);
    const lines = transcript(join(place.folder, 'stopped'));
    expect(lines.filter(({ body }) => body['fact'] === 'share-set.replaced')).toEqual([]);
  }, 240_000);

  it('become threshold shares in the same hands', async () => {
    const { bundle, shareSets } = await rehearse(room, renewing, 'renewed-components', new OldHands([]), first);
    await expectConsistent(bundle, false);
    expect(shareSets?.sets.map((one) => [one.scheme, one.state, outstanding(one)])).toEqual([
      ['components', 'replaced', 0],
      ['threshold', 'current', 3],
    ]);
    expect(resultOf(bundle, 'destroy')).toMatchObject({ unreturned: 0, rotate: false });
  }, 240_000);

  // Both verifiers once refused this: a copy's holder is no custodian of the plan, and what is passed on is of the old set.
  it('are passed on, and become components with a copy, one of them on a token', async () => {
    const plan = planOf({
      id: 'copied',
      positions: `${custodians(2)}
  - { id: leaving, role: custodian, count: 1 }
  - { id: successor, role: custodian, count: 1 }
  - { id: fresh, role: custodian, count: 3 }
  - { id: reserve, role: custodian, count: 1 }`,
      members: `masterKey: { id: new-key, scheme: components, shares: 3, custodians: fresh, form: worksheet, copies: [{ position: reserve, of: [1] }], forms: [{ share: 2, form: own-token }] }
${kept('components', 3, 3, 'custodians, leaving, successor')}`,
      steps: `${rollCall('leaving', 'successor', 'fresh', 'reserve')}
  - { id: transfer, title: Transfer, action: shares.transfer, set: old-key, from: leaving, to: successor, by: [witness] }
  - { id: reshare, title: Reshare, action: shares.reshare, set: old-key }`,
    });
    const { bundle, shareSets } = await rehearse(room, plan, 'copied', quiet(), first);
    await expectConsistent(bundle);
    const places = shareSets?.sets.at(-1)?.shares.map(({ holders }) => holders.length);
    expect(places).toEqual([2, 1, 1]);
    const passed = transcript(bundle).findIndex(({ body }) => body['fact'] === 'share');
    const proven = transcript(bundle)
      .slice(0, passed)
      .filter(({ type, step }) => type === 'participant.present' && step === 'transfer');
    expect(
      proven.map(({ by }) => by.length),
      'who has the share, then the successor, at the blank screen',
    ).toEqual([1, 1]);
  }, 240_000);

  it('of a key of another length are not what a plan can have made anew', () => {
    const short = readPlan(renewing.replace('threshold: 2, custodians', 'threshold: 2, bits: 128, custodians'));
    const text = readFileSync(join(place.folder, 'components-made', 'binding.yaml'), 'utf8');
    const { shareSets } = first;
    if (shareSets === null) throw new Error('the first ceremony left no shares');
    const bound = { ...readBinding(text).binding, shareSets };
    const rules = checkBinding(short.plan, short.sha256, bound).map(({ rule, severity }) => `${severity} ${rule}`);
    expect(rules).toContain('error shares-other-length');
  });
});

describe('shares on a token and in files', () => {
  const room = makeRoom(join(place.folder, 'forms'), 'softhsm2', []);
  const forms = `[{ share: 1, form: own-token }, { share: 2, form: age-file, medium: stick-a, lock: recipient }, { share: 3, form: age-file, medium: stick-b, lock: passphrase }]`;
  const materials = `materials:
  - { id: stick-a, name: The stick of the second custodian, kind: medium }
  - { id: stick-b, name: The stick of the third custodian, kind: medium }`;
  let first: RehearsalResult;
  beforeAll(async () => {
    const plan = making('threshold', 4, 2)
      .replace('form: worksheet }', `form: worksheet, forms: ${forms} }`)
      .replace('materials: []', materials);
    first = await rehearse(room, plan, 'forms-made', quiet(), null);
    await expectConsistent(first.bundle, false);
  }, 240_000);

  // Custodians were once asked to type what is on a token or in a file.
  it('are proven and made anew as they are kept', async () => {
    const plan = planOf({
      id: 'forms-kept',
      positions: custodians(4),
      members: `masterKey: { id: new-key, scheme: components, shares: 4, custodians: custodians, form: worksheet }
${kept('threshold', 4, 2, 'custodians').replace('custodians: [', `forms: ${forms}, custodians: [`)}`,
      steps: `${rollCall()}
  - { id: drill, title: Drill, action: shares.drill, set: old-key, by: [witness] }
  - { id: reshare, title: Reshare, action: shares.reshare, set: old-key }`,
    }).replace('materials: []', materials);
    const { bundle } = await rehearse(room, plan, 'forms-kept', quiet(), first);
    await expectConsistent(bundle);
    expect(toldIn(bundle).map(({ act, index }) => [act, index])).toEqual([
      ['proven', 1],
      ['proven', 2],
      ['proven', 3],
      ['proven', 4],
    ]);
    expect(resultOf(bundle, 'reshare')).toMatchObject({ shares: 4, readBack: 4 });
  }, 240_000);

  it('are told to be missing where the file is gone', async () => {
    const stick = readBinding(readFileSync(join(first.bundle, 'binding.yaml'), 'utf8')).binding.media.find(
      ({ id }) => id === 'stick-a',
    );
    if (stick === undefined) throw new Error('the stick is not bound');
    for (const file of readdirSync(stick.path)) rmSync(join(stick.path, file));
    const plan = planOf({
      id: 'forms-lost',
      positions: custodians(4),
      members: kept('threshold', 4, 2, 'custodians').replace('custodians: [', `forms: ${forms}, custodians: [`),
      steps: `${rollCall()}
  - { id: drill, title: Drill, action: shares.drill, set: old-key, by: [witness] }`,
    }).replace('materials: []', materials);
    const { bundle } = await rehearse(room, plan, 'forms-lost', quiet(), first);
    await expectConsistent(bundle, false);
    expect(toldIn(bundle).map(({ act, index }) => [act, index])).toEqual([
      ['proven', 1],
      ['missing', 2],
      ['proven', 3],
      ['proven', 4],
    ]);
  }, 240_000);
});
