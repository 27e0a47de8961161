/**
 * Shares that an earlier ceremony left, for ceremonies of the app that go on from them: the earlier one is rehearsed as the
 * command line does it, then people, worksheets and tokens are bound to the later plan. The app makes no room for two plans,
 * so it opens that binding as it would one of a real day, and nobody is played.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Binding } from '../../ceremony/plan/binding-schema';
import { readPlan } from '../../ceremony/plan/read';
import { startConnectedSide } from '../../cli/connected-service';
import { NodeChildren, builtScripts } from '../../cli/node-children';
import { RehearsedPeople } from '../../cli/people-rehearsal';
import { rehearsePlan, type RehearsalResult } from '../../cli/rehearse-plan';
import { castFor } from '../../workstation/rehearsal/cast';
import { readPlayerFile } from '../../workstation/rehearsal/player-file';
import { prepareRehearsal, rehearsalId } from '../../workstation/rehearsal/prepare';
import { makeRoom, type Room } from '../../workstation/rehearsal/room';
import { CHECKOUT } from '../ceremony/program';
import type { Place } from './driver/app-under-test';
import type { People } from './driver/secret-window';

const SCRIPTS = builtScripts(join(CHECKOUT, 'build'));

/** A binding to what the earlier ceremony left. */
export interface BoundLater {
  readonly file: string;
  readonly binding: Binding;
}

/** The room of the earlier ceremony, with what its people know. */
export class KeptShares {
  readonly folder: string;
  readonly #room: Room;
  readonly #place: Place;
  readonly #before: RehearsalResult;

  private constructor(folder: string, room: Room, place: Place, before: RehearsalResult) {
    this.folder = folder;
    this.#room = room;
    this.#place = place;
    this.#before = before;
  }

  /**
   * Rehearses an example that makes a set of shares.
   *
   * @param place where the app will be started: its user gets the room
   */
  static async make(place: Place, example: string): Promise<KeptShares> {
    const folder = mkdtempSync(join(tmpdir(), 'keyrite-app-shares-'));
    chmodSync(folder, 0o755);
    const { planText, plan } = exampleOf(example);
    const labels = plan.plan.units.map(({ label }) => label);
    const room = makeRoom(join(folder, 'room'), 'softhsm2', labels);
    const before = await rehearsePlan({
      room,
      planText,
      plan,
      bundle: join(folder, 'earlier'),
      connected: await startConnectedSide(join(folder, 'not-installed'), room.connected),
      parameters: null,
      before: null,
      people: new RehearsedPeople(() => undefined),
      scripts: SCRIPTS,
    });
    return new KeptShares(folder, room, place, before);
  }

  /** Binds an example that continues it; from then on the room is the app's user's. */
  async bind(example: string): Promise<BoundLater> {
    const room = this.#room;
    const { planText, plan } = exampleOf(example);
    const ceremony = rehearsalId(plan.plan);
    const cast = castFor(plan.plan.positions, this.#before.people);
    const modules = [...room.units, room.cards];
    const processes = new NodeChildren({ ceremony, scripts: SCRIPTS, modules, player: room.playerFile, names: {} });
    const connected = await startConnectedSide(join(this.folder, 'not-installed'), room.connected);
    const file = join(this.folder, `${example}.binding.yaml`);
    try {
      const { documents } = await prepareRehearsal({
        ...{ processes, room, ceremony, cast, planText, plan, connected, parameters: null },
        before: this.#before,
      });
      writeFileSync(file, documents.bindingText, { mode: 0o644 });
      const { user } = this.#place.stage;
      if (user !== null) execFileSync('chown', ['-R', `${String(user.uid)}:${String(user.gid)}`, room.folder]);
      return { file, binding: documents.binding.binding };
    } finally {
      await processes.endAll();
    }
  }

  /** What people bring with them: the PINs of their own tokens, and the worksheets of then. */
  tellThem(people: People, { people: bound }: Binding): void {
    const memory = readPlayerFile(this.#room.playerFile);
    for (const { id, name } of bound) {
      const pin = memory.pins.find((one) => one.role === 'card' && one.of === id);
      if (pin !== undefined) people.pins.set(`the PIN of your own token of ${name}`, pin.pin);
      const sheet = memory.worksheets.find((one) => one.custodian === id);
      const of = /^Share +(\d+ of \d+)$/m.exec(sheet?.text ?? '')?.[1];
      if (sheet !== undefined && of !== undefined) people.worksheets.set(`${name}/number ${of}`, rowsOf(sheet.text));
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** The rows of a worksheet without their numbers. */
function rowsOf(sheet: string): string[] {
  return [...sheet.matchAll(/^ *\d+ +(.*)$/gm)].map(([, row]) => (row ?? '').trim().replaceAll(/ +/g, ' '));
}

function exampleOf(name: string): { readonly planText: string; readonly plan: ReturnType<typeof readPlan> } {
  const planText = readFileSync(join(CHECKOUT, 'examples', `${name}.ceremony.yaml`), 'utf8');
  return { planText, plan: readPlan(planText) };
}
