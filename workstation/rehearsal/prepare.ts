/**
 * What there must be before a rehearsal can be opened: people with cards, wrapping parameters, media, and the binding
 * that names them all. Nothing is made on a unit yet.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Documents } from '../../ceremony/engine/open';
import type { Binding, BoundUnit, OpenSeat, Person } from '../../ceremony/plan/binding-schema';
import { readBinding, type PlanDocument } from '../../ceremony/plan/read';
import type { Plan } from '../../ceremony/plan/schema';
import { broughtOn, custodyMedia, custodyPrinters } from '../../ceremony/plan/share-forms';
import { UsageError } from '../explain';
import type { Processes } from '../processes';
import type { Player } from './cast';
import { prepareCustodians } from './custodians';
import type { ConnectedSide, Purpose } from './connected-side';
import { isMadeBeforehand, prepareForeignTokens } from './foreign-tokens';
import { keysFor, type KeyWanted, type RehearsalKeys } from './keys';
import { prepareOpenSeats } from './open-seats';
import { packageSteps, type EarlierRehearsal, type PackageStep } from './outcome';
import type { Room } from './room';

/** What a rehearsal is prepared from. */
export interface PreparationParts {
  /** Processes whose people are played; those of the room's modules can be started. */
  readonly processes: Processes;
  readonly room: Room;
  /** As {@link rehearsalId} makes it. */
  readonly ceremony: string;
  /** Who plays, for every position of the plan: see `castFor`. */
  readonly cast: readonly Player[];
  readonly planText: string;
  readonly plan: PlanDocument;
  /** What keys people get who have none yet; left out: P-256 on tokens. */
  readonly keys?: RehearsalKeys;
  /** Where wrapping parameters come from that the caller did not choose. */
  readonly connected: ConnectedSide;
  /** File of wrapping parameters that the caller chose, for every key package of the plan; null: they are collected. */
  readonly parameters: string | null;
  /** The rehearsal that this one continues. */
  readonly before: EarlierRehearsal | null;
}

/** A rehearsal that can be opened. */
export interface PreparedRehearsal {
  /** The binding among them is new; its people approve it when the ceremony is opened. */
  readonly documents: Documents;
}

/** A fresh id for a rehearsal of a plan, such as `first-ceremony-9f3c01ab`. */
export function rehearsalId(plan: Plan): string {
  return `${plan.id.slice(0, 40)}-${randomBytes(4).toString('hex')}`;
}

/**
 * Makes everybody's card or key file, collects wrapping parameters, makes the folders that stand for media, and binds the plan.
 * Ends the worker it starts, whatever happens; the caller ends the processes.
 *
 * @throws UsageError when a unit begins in a state that no earlier rehearsal left; DeviceError and what the connected
 *   side throws
 */
export async function prepareRehearsal(parts: PreparationParts): Promise<PreparedRehearsal> {
  const { processes, room, ceremony, cast, planText, plan, before } = parts;
  const [signers, files] = await Promise.all([
    preparePeople(processes, room, keysFor(cast, plan.plan.positions, parts.keys ?? 'p256'), before?.people ?? []),
    collectParameters(parts),
  ]);
  const people = await prepareCustodians(processes, room, plan.plan, signers);
  const seats = await prepareOpenSeats(processes, room, plan.plan);
  const foreign = await prepareForeignTokens(processes, room, plan.plan, ceremony, (position) =>
    people.filter((one) => one.position === position).map(({ id }) => id),
  );
  const media = prepareMedia(plan.plan, room, ceremony);
  const printers = preparePrinters(plan.plan, room, ceremony);
  const stores = prepareStores(plan.plan, room);
  const binding = bind(plan, {
    ceremony,
    people,
    seats,
    room,
    files,
    media,
    printers,
    stores,
    units: [...foreign, ...(before?.units ?? [])],
    custody: before?.custody ?? null,
    shareSets: before?.shareSets ?? null,
  });
  const bindingText = stringify(binding, { lineWidth: 120 });
  return { documents: { planText, plan, bindingText, binding: readBinding(bindingText) } };
}

/** Gives everybody who has none a key of their own: on a token, or in a file. */
async function preparePeople(
  processes: Processes,
  room: Room,
  cast: readonly (readonly [Player, KeyWanted])[],
  before: readonly Person[],
): Promise<Person[]> {
  const people: Person[] = [];
  const fresh = cast.filter(([player]) => !before.some(({ id }) => id === player.id));
  const worker = processes.startModuleWorker(room.cards);
  const files = fresh.some(([, { holder }]) => holder === 'file') ? processes.startKeyFileProcess() : null;
  try {
    const { id, path, sha256, files: configuration } = room.cards;
    await worker.call('module.load', { module: id, path, sha256, libraryParameters: null, files: configuration });
    for (const [player, wanted] of cast) {
      const known = before.find((one) => one.id === player.id);
      const made = wanted.holder === 'file' && files !== null ? keyFile : card;
      // Somebody may have another position than in the rehearsal before.
      people.push(known === undefined ? await made(player, wanted) : { ...known, position: player.position });
    }
  } finally {
    await Promise.all([worker.stop(), files?.stop()]);
  }
  return people;

  async function card(player: Player, { algorithm }: KeyWanted): Promise<Person> {
    const label = `card-${player.id}`;
    const keyLabel = `signing key of ${player.id}`;
    const made = await worker.call('card.prepare', { participant: player.id, label, keyLabel, algorithm });
    return {
      ...player,
      key: { algorithm: made.algorithm, spki: made.spki, holder: 'token' },
      token: { module: room.cards.id, address: { blank: false, label, serial: made.serial }, keyLabel },
    };
  }

  async function keyFile(player: Player, { algorithm }: KeyWanted): Promise<Person> {
    const folder = join(room.folder, 'key-files');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, `${player.id}.pem`);
    if (files === null) throw new Error('the key-file process was not started');
    const made = await files.call('key-file.prepare', { participant: player.id, path, algorithm });
    return { ...player, key: { ...made, holder: 'file' }, keyFile: path };
  }
}

async function collectParameters(parts: PreparationParts): Promise<Binding['wrappingParameters']> {
  const files: Binding['wrappingParameters'] = [];
  for (const step of packageSteps(parts.plan.plan)) {
    if (files.some((one) => one.id === step.parameters)) continue;
    if (parts.parameters !== null) {
      files.push({ id: step.parameters, file: parts.parameters });
      continue;
    }
    const file = join(parts.room.connected, `${parts.ceremony}.${step.parameters}.json`);
    await parts.connected.collect(step.target ?? 'ibm-key-protect', purposeOf(step, parts.before), file);
    files.push({ id: step.parameters, file });
  }
  return files;
}

/** A rotation needs the id that the service gave the key when the plan before was rehearsed. */
function purposeOf(step: PackageStep, before: EarlierRehearsal | null): Purpose {
  if (step.purpose === 'create') return { do: 'create', name: step.key.name };
  const id = before?.uploaded[step.key.name];
  // Without a service there is no key to rotate: the stand-in's package goes nowhere, any id will do.
  return { do: 'rotate', key: id ?? '00000000-0000-4000-8000-000000000000' };
}

/** Folders of the room stand for the media that the plan's export, and the forms of its shares, name. */
function prepareMedia(plan: Plan, room: Room, ceremony: string): Binding['media'] {
  const exported = plan.steps.flatMap((step) => (step.action === 'export' ? step.media : []));
  const fresh = [...exported, ...custodyMedia(plan)].map((id) => {
    const path = join(room.folder, 'media', ceremony, id);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return { id, path };
  });
  const brought = new Set(plan.steps.flatMap((step) => broughtOn(plan, step)));
  return [...fresh, ...[...brought].map((id) => ({ id, path: mediumOfBefore(room, id) }))];
}

/** The medium that a custodian of an earlier rehearsal took away; where there is none, one with nothing on it. */
function mediumOfBefore(room: Room, id: string): string {
  const media = join(room.folder, 'media');
  const paths = existsSync(media) ? readdirSync(media).map((ceremony) => join(media, ceremony, id)) : [];
  const found = paths.find((path) => existsSync(path) && readdirSync(path).length > 0);
  const path = found ?? join(media, 'nobody', id);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}

/** Folders of the room stand for printers: what would be printed lies there as a PDF. */
function preparePrinters(plan: Plan, room: Room, ceremony: string): NonNullable<Binding['printers']> {
  return custodyPrinters(plan).map((id) => {
    const path = join(room.folder, 'printers', ceremony, id);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return { id, path, language: 'pdf' };
  });
}

/** Folders of the room stand for the key stores; a plan that goes on finds what the one before left in them. */
function prepareStores(plan: Plan, room: Room): NonNullable<Binding['keyStores']> {
  return (plan.keyStores ?? []).map(({ id }) => {
    const path = join(room.folder, 'key-stores', id);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return { id, path };
  });
}

function bind(
  plan: PlanDocument,
  bound: {
    readonly ceremony: string;
    readonly people: readonly Person[];
    readonly seats: readonly OpenSeat[];
    readonly room: Room;
    readonly files: Binding['wrappingParameters'];
    readonly media: Binding['media'];
    readonly printers: NonNullable<Binding['printers']>;
    readonly stores: NonNullable<Binding['keyStores']>;
    readonly units: readonly BoundUnit[];
    readonly custody: EarlierRehearsal['custody'];
    readonly shareSets: EarlierRehearsal['shareSets'];
  },
): Binding {
  const { room } = bound;
  return {
    keyrite: 'binding/1',
    ceremony: bound.ceremony,
    mode: 'rehearsal',
    plan: plan.sha256,
    people: [...bound.people],
    ...(bound.seats.length > 0 ? { enrol: [...bound.seats] } : {}),
    // A plan without units is carried out where there is no HSM, and no module of one.
    modules: plan.plan.units.length === 0 ? [room.cards] : [...room.units, room.cards],
    units: plan.plan.units.map((unit) => unitFor(plan.plan, unit, bound.units, room)),
    wrappingParameters: bound.files,
    media: bound.media,
    ...(bound.printers.length === 0 ? {} : { printers: bound.printers }),
    ...(bound.stores.length === 0 ? {} : { keyStores: bound.stores }),
    ...(bound.custody === null ? {} : { custody: bound.custody }),
    ...(bound.shareSets === null ? {} : { shareSets: bound.shareSets }),
    room: room.folder,
  };
}

/** @param known units of the rehearsal before, and those whose tokens were made for this one */
function unitFor(plan: Plan, unit: Plan['units'][number], known: readonly BoundUnit[], room: Room): BoundUnit {
  if (unit.begins === 'blank' || (unit.begins === 'absent' && !isMadeBeforehand(plan, unit))) {
    return { id: unit.id, module: room.moduleOf(unit.label).id, address: { blank: true }, lastKnown: null };
  }
  const found = known.find((one) => one.id === unit.id);
  if (found === undefined) {
    throw new UsageError(
      `unit ${unit.id} begins ${unit.begins}, and no earlier rehearsal made it`,
      'Name in the plan, with `continues`, the plan whose end state it starts from.',
    );
  }
  return found;
}
