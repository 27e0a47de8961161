/** What custodians of a rehearsal bring along, where the plan hands shares over otherwise than on worksheets. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Person } from '../../ceremony/plan/binding-schema';
import { sharedKeyOf } from '../../ceremony/plan/master-key-scheme';
import type { Plan } from '../../ceremony/plan/schema';
import { custodyForms } from '../../ceremony/plan/share-forms';
import type { Processes } from '../processes';
import type { Room } from './room';

/** Gives every custodian who has none an age identity of their own, where a share may be encrypted to it. */
export async function prepareCustodians(
  processes: Processes,
  room: Room,
  plan: Plan,
  people: readonly Person[],
): Promise<Person[]> {
  const needed = custodyForms(plan).some((one) => one.form === 'age-file' && one.lock === 'recipient');
  const lacks = ({ position, age }: Person): boolean => position === sharedKeyOf(plan)?.custodians && age === undefined;
  if (!needed || !people.some(lacks)) return [...people];
  const folder = join(room.folder, 'identities');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const client = processes.startShareProcess('set');
  try {
    const prepared: Person[] = [];
    for (const person of people) {
      if (!lacks(person)) {
        prepared.push(person);
        continue;
      }
      const identityFile = join(folder, `${person.id}.age-identity`);
      const { recipient } = await client.call('age.prepare', { path: identityFile });
      prepared.push({ ...person, age: { recipient, identityFile } });
    }
    return prepared;
  } finally {
    await client.stop();
  }
}
