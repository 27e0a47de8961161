/** One unattended rehearsal of one plan in a room: cards, parameters, binding, ceremony, upload. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { stateSha256 } from '../../ceremony/command/unit-state';
import type { Ceremony } from '../../ceremony/engine/ceremony';
import { openCeremony } from '../../ceremony/engine/open';
import { runCeremony } from '../../ceremony/engine/run';
import type { People } from '../../ceremony/engine/ports';
import type { Binding, BoundUnit, Person } from '../../ceremony/plan/binding-schema';
import { readBinding, type PlanDocument } from '../../ceremony/plan/read';
import type { Plan, StepOf } from '../../ceremony/plan/schema';
import { FileBundleFolder } from '../bundle-folder';
import { UsageError } from '../exit';
import { NodeChildren, type ChildScripts } from '../node-children';
import { Session, thisApp } from '../session';
import { AnnouncedSteps, say, type StepTimes } from '../voice';
import { castFor, type Player } from './cast';
import type { ConnectedSide, Purpose } from './connected-side';
import { enterStore } from './opencryptoki-store';
import type { Room } from './room';

/** What a rehearsal leaves for one that continues it. */
export interface RehearsalResult {
  readonly bundle: string;
  readonly ceremony: string;
  readonly people: readonly Person[];
  readonly units: readonly BoundUnit[];
  /** Ids of uploaded keys by their names in the plan. */
  readonly uploaded: Readonly<Record<string, string>>;
  /** Milliseconds by part. */
  readonly times: StepTimes;
}

/** What a rehearsal needs. */
export interface RehearsalParts {
  readonly room: Room;
  readonly planText: string;
  readonly plan: PlanDocument;
  /** Empty or missing folder for the bundle. */
  readonly bundle: string;
  readonly connected: ConnectedSide;
  /** Wrapping parameters given by the caller instead of collected ones. */
  readonly parameters: string | null;
  readonly before: RehearsalResult | null;
  /** Who answers what is not secret. */
  readonly people: People;
  /** The programs that run as children. */
  readonly scripts: ChildScripts;
}

/** Rehearses a plan to its sealed bundle. */
export async function rehearsePlan(parts: RehearsalParts): Promise<RehearsalResult> {
  const { room, plan, before } = parts;
  const ceremony = `${plan.plan.id.slice(0, 40)}-${randomBytes(4).toString('hex')}`;
  const cast = castFor(plan.plan.positions, before?.people ?? []);
  const steps = new AnnouncedSteps();
  const children = new NodeChildren({
    ceremony,
    scripts: parts.scripts,
    modules: [...room.units, room.cards],
    player: room.playerFile,
    names: Object.fromEntries(cast.map((one) => [one.id, one.name])),
    startThrough: (module) => enterStore(room.folder, module),
  });
  let session: Session | null = null;
  try {
    const started = performance.now();
    const [people, files] = await Promise.all([
      preparePeople(children, room, cast, before?.people ?? []),
      collectParameters(parts, ceremony),
    ]);
    const media = prepareMedia(plan.plan, room, ceremony);
    const binding = bind(plan, { ceremony, people, room, files, media, units: before?.units ?? null });
    const bindingText = stringify(binding, { lineWidth: 120 });
    const folder = new FileBundleFolder(parts.bundle);
    const documents = { planText: parts.planText, plan, bindingText, binding: readBinding(bindingText) };
    session = new Session({ plan: plan.plan, binding, people: parts.people, folder, children });
    const opened = await openCeremony(documents, thisApp(), session.ports);
    steps.times['room'] = Math.round(performance.now() - started);
    await runCeremony(opened, steps);
    steps.times['ceremony'] = Math.round(performance.now() - started);
    const uploaded = await upload(parts, opened);
    return { bundle: parts.bundle, ceremony, people, units: unitsAfter(opened), uploaded, times: steps.times };
  } finally {
    if (session === null) await children.endAll();
    else await session.end();
  }
}

/** Gives everybody who has none a token of their own with a signing key on it. */
async function preparePeople(
  children: NodeChildren,
  room: Room,
  cast: readonly Player[],
  before: readonly Person[],
): Promise<Person[]> {
  const people: Person[] = [];
  const worker = children.startModuleWorker(room.cards);
  try {
    const { id, path, sha256, files } = room.cards;
    await worker.call('module.load', { module: id, path, sha256, libraryParameters: null, files });
    for (const player of cast) {
      const known = before.find((one) => one.id === player.id);
      if (known !== undefined) {
        people.push(known);
        continue;
      }
      const label = `card-${player.id}`;
      const keyLabel = `signing key of ${player.id}`;
      const made = await worker.call('card.prepare', { participant: player.id, label, keyLabel });
      people.push({
        ...player,
        key: { algorithm: made.algorithm, spki: made.spki, holder: 'token' },
        token: { module: room.cards.id, address: { blank: false, label, serial: made.serial }, keyLabel },
      });
    }
  } finally {
    await worker.stop();
  }
  return people;
}

type PackageStep = StepOf<'key.package'>;

async function collectParameters(parts: RehearsalParts, ceremony: string): Promise<Binding['wrappingParameters']> {
  const files: Binding['wrappingParameters'] = [];
  for (const step of packageSteps(parts.plan.plan)) {
    if (files.some((one) => one.id === step.parameters)) continue;
    if (parts.parameters !== null) {
      files.push({ id: step.parameters, file: parts.parameters });
      continue;
    }
    const file = join(parts.room.connected, `${ceremony}.${step.parameters}.json`);
    await parts.connected.collect(purposeOf(step, parts.before), file);
    files.push({ id: step.parameters, file });
  }
  return files;
}

/** A rotation needs the id that the service gave the key when the plan before was rehearsed. */
function purposeOf(step: PackageStep, before: RehearsalResult | null): Purpose {
  if (step.purpose === 'create') return { do: 'create', name: step.key.name };
  const id = before?.uploaded[step.key.name];
  // Without a service there is no key to rotate: the stand-in's package goes nowhere, any id will do.
  return { do: 'rotate', key: id ?? '00000000-0000-4000-8000-000000000000' };
}

function packageSteps(plan: Plan): PackageStep[] {
  return plan.steps.filter((step) => step.action === 'key.package');
}

/** Folders of the room stand for the media that the plan's export names. */
function prepareMedia(plan: Plan, room: Room, ceremony: string): Binding['media'] {
  const ids = plan.steps.flatMap((step) => (step.action === 'export' ? step.media : []));
  return ids.map((id) => {
    const path = join(room.folder, 'media', ceremony, id);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return { id, path };
  });
}

function bind(
  plan: PlanDocument,
  bound: {
    readonly ceremony: string;
    readonly people: readonly Person[];
    readonly room: Room;
    readonly files: Binding['wrappingParameters'];
    readonly media: Binding['media'];
    readonly units: readonly BoundUnit[] | null;
  },
): Binding {
  const { room } = bound;
  return {
    keyrite: 'binding/1',
    ceremony: bound.ceremony,
    mode: 'rehearsal',
    plan: plan.sha256,
    people: [...bound.people],
    modules: [...room.units, room.cards],
    units: plan.plan.units.map((unit) => unitFor(unit, bound.units, room)),
    wrappingParameters: bound.files,
    media: bound.media,
    room: room.folder,
  };
}

function unitFor(unit: Plan['units'][number], before: readonly BoundUnit[] | null, room: Room): BoundUnit {
  if (unit.begins === 'blank') {
    return { id: unit.id, module: room.moduleOf(unit.label).id, address: { blank: true }, lastKnown: null };
  }
  const known = before?.find((one) => one.id === unit.id);
  if (known === undefined) {
    throw new UsageError(
      `unit ${unit.id} begins ${unit.begins}, and no earlier rehearsal made it`,
      'Name in the plan, with `continues`, the plan whose end state it starts from.',
    );
  }
  return known;
}

/** How the units of a finished ceremony are bound in the next one. */
function unitsAfter(ceremony: Ceremony): BoundUnit[] {
  return ceremony.plan.units.map(({ id, label }) => {
    const known = ceremony.record.unit(id);
    const bound = ceremony.binding.units.find((one) => one.id === id);
    if (known === null || bound === undefined) throw new Error(`unit ${id} has no known state`);
    const { identity, identitySpki, state } = known;
    return {
      id,
      module: bound.module,
      address: { blank: false, label, serial: state.serial },
      lastKnown: { identity, identitySpki, stateSha256: stateSha256(state), counter: state.counter, state },
    };
  });
}

/** Takes each package over to the connected side, with the hash that the signed record names. */
async function upload(parts: RehearsalParts, ceremony: Ceremony): Promise<Record<string, string>> {
  const uploaded: Record<string, string> = {};
  for (const step of packageSteps(parts.plan.plan)) {
    const name = `packages/${step.key.name}.keypackage.json`;
    const sha256 = ceremony.record.fileSha256(name);
    const file = join(parts.bundle, name);
    if (sha256 === null || !existsSync(file) || parts.parameters !== null) continue;
    const receipt = join(parts.room.connected, `${ceremony.name.id}.${step.key.name}.receipt.json`);
    const result = await parts.connected.upload(file, sha256, receipt);
    if (result === null) continue;
    uploaded[step.key.name] = result.keyId;
    say({ kind: 'result', text: `uploaded ${step.key.name}: the service unwrapped it as key ${result.keyId}` });
  }
  return uploaded;
}
