/** Rehearsal rooms that are made and bound, and in which nothing has begun. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Binding } from '../../ceremony/plan/binding-schema';
import { readPlan } from '../../ceremony/plan/read';
import { startConnectedSide } from '../../cli/connected-service';
import { NodeChildren, builtScripts } from '../../cli/node-children';
import { castFor } from '../../workstation/rehearsal/cast';
import type { RehearsalKeys } from '../../workstation/rehearsal/keys';
import { prepareRehearsal, rehearsalId } from '../../workstation/rehearsal/prepare';
import { makeRoom } from '../../workstation/rehearsal/room';
import { CHECKOUT } from './program';

/**
 * Makes a room with everybody's keys for a plan, and a binding to it.
 *
 * @param base path that room and binding begin with
 * @returns the binding, as a file and as it is read
 */
export async function prepareRoom(
  base: string,
  planFile: string,
  keys: RehearsalKeys,
): Promise<{ readonly file: string; readonly bound: Binding }> {
  const room = makeRoom(`${base}-room`, 'softhsm2', []);
  const planText = readFileSync(planFile, 'utf8');
  const plan = readPlan(planText);
  const ceremony = rehearsalId(plan.plan);
  const cast = castFor(plan.plan.positions, []);
  const scripts = builtScripts(join(CHECKOUT, 'build'));
  const modules = [...room.units, room.cards];
  const processes = new NodeChildren({ ceremony, scripts, modules, player: room.playerFile, names: {} });
  const connected = await startConnectedSide(`${base}-not-installed`, room.connected);
  const file = `${base}.binding.yaml`;
  try {
    const parts = { processes, room, ceremony, cast, planText, plan, connected, parameters: null, before: null, keys };
    const { documents } = await prepareRehearsal(parts);
    writeFileSync(file, documents.bindingText);
  } finally {
    await processes.endAll();
  }
  return { file, bound: parse(readFileSync(file, 'utf8')) as Binding };
}

/** Writes a binding that does not say where the approvers' keys are. */
export function withoutApproversKeys(bound: Binding, file: string): string {
  const people = bound.people.map((person) => {
    if (person.position !== 'approvers') return person;
    const { id, name, position, key } = person;
    return { id, name, position, key };
  });
  writeFileSync(file, stringify({ ...bound, people }, { lineWidth: 120 }));
  return file;
}
