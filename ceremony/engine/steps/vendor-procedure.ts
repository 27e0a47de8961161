/**
 * What only a vendor's tool may do: the workers let the devices go, people carry the plan's commands out and confirm it,
 * and the units are read and compared with what the plan declares. The workstation sees nothing of what happens between,
 * so the record tells who said what, and what the devices showed before and after.
 */
import { canonicalJson, type Json, type JsonObject } from '../../canonical-json';
import { hex } from '../../check-value';
import { DeviceError } from '../../command/device-error';
import type { StepOf } from '../../plan/schema';
import { procedureStatement, type DeclaredAfter } from '../../plan/taking-over-schema';
import { act, type Observed } from '../act';
import { bringFiles } from '../bring-files';
import type { Ceremony } from '../ceremony';
import { confirm } from '../confirm';
import { factsIn } from '../earlier-facts';
import type { UnitReading } from '../ports';
import { OURS } from '../taken-over';
import { describe, describeObjects, readUnit } from '../units';
import type { StepHandler } from './handler';

type Procedure = StepOf<'vendor.procedure'>;

/** Has people do it, and reads the units afterwards. */
export const vendorProcedure: StepHandler<'vendor.procedure'> = async (ceremony, step) => {
  const by = confirmersOf(ceremony, step);
  for (const { unit, is } of step.after) if (is === 'as-before') await readBefore(ceremony, step.id, unit);
  await carryOut(ceremony, step, by);
  await bringOutput(ceremony, step, by);
  try {
    for (const declared of step.after) await readAfter(ceremony, step.id, declared);
  } catch (error) {
    // Whoever looks into a difference does so with the vendor's tool.
    if (error instanceof DeviceError) await ceremony.ports.devices.release(step.units);
    throw error;
  }
  return { result: { units: step.units } };
};

/** @throws DeviceError `NOT_TWO_PEOPLE` unless two people of different roles are there */
function confirmersOf(ceremony: Ceremony, step: Procedure): readonly string[] {
  const by = ceremony.presentOf(step.by);
  const roles = new Set(by.flatMap((id) => ceremony.participant(id).roles));
  if (by.length >= 2 && roles.size >= 2) return by;
  throw new DeviceError({
    code: 'NOT_TWO_PEOPLE',
    message: `Two people of different roles carry the procedure out and confirm it; of ${step.by.join(', ')} there ${by.length === 1 ? 'is' : 'are'} ${by.length === 0 ? 'none' : by.join(', ')}.`,
    changed: 'Nothing was changed; the devices were not released.',
    next: 'Wait until they are there, and try again.',
    uncertain: false,
  });
}

/** Read once, before anybody touches the device: what the unit is compared with, in whatever attempt. */
async function readBefore(ceremony: Ceremony, step: string, unit: string): Promise<void> {
  if (factsIn(ceremony, step, 'procedure.before', unit).length > 0) return;
  const { reading } = await readUnit(ceremony, step, unit);
  await ceremony.recordFact(step, 'procedure.before', {
    unit,
    ...describe(reading),
    objects: describeObjects(reading),
  });
}

async function carryOut(ceremony: Ceremony, step: Procedure, by: readonly string[]): Promise<void> {
  let isRefused = false;
  const ask = async (): Promise<JsonObject> => {
    // SECURITY(K-210): nobody is asked to touch a device in which a session of ours is open.
    const modules = await ceremony.ports.devices.release(step.units);
    await ceremony.recordFact(step.id, 'procedure.released', { units: step.units, modules: [...modules] });
    ceremony.ports.people.tell({
      kind: 'progress',
      text: [
        `The devices of ${step.units.join(', ')} are released. Carry out with ${step.tool}, line by line, and nothing else:`,
        ...step.commands.map((line) => line.trim()),
      ].join('\n'),
    });
    await confirm(ceremony, step.id, procedureStatement(step), by);
    return { confirmedBy: [...by] };
  };
  await act(ceremony, {
    step: step.id,
    key: 'procedure',
    operation: 'vendor.procedure',
    unit: null,
    parameters: { tool: step.tool, commands: step.commands },
    expected: { after: step.after.map((one) => ({ ...one })) },
    perform: async () => {
      try {
        return { result: await ask() };
      } catch (error) {
        if (!isNotConfirmed(error)) throw error;
        isRefused = true;
        throw notConfirmed(error);
      }
    },
    observe: async (): Promise<Observed> => {
      try {
        // The people have just said that they do not confirm it: they are asked again when they want to be.
        if (isRefused) return { verdict: 'not-applied', observed: { note: UNCONFIRMED } };
        return { verdict: 'applied', observed: { ...(await ask()), note: ASKED_AGAIN } };
      } catch (error) {
        if (!isNotConfirmed(error)) throw error;
        return { verdict: 'not-applied', observed: { note: UNCONFIRMED } };
      } finally {
        isRefused = false;
      }
    },
  });
}

const UNCONFIRMED =
  'nobody confirms that it was carried out as the plan lists it; what was done with the tool all the same is for the units to show';
const ASKED_AGAIN = 'the record had no answer: the people were asked again what was done';

function isNotConfirmed(error: unknown): error is DeviceError {
  return error instanceof DeviceError && error.code === 'NOT_CONFIRMED';
}

function notConfirmed({ message }: DeviceError): DeviceError {
  return new DeviceError({
    code: 'PROCEDURE_NOT_CONFIRMED',
    message,
    changed: 'Whatever was done with the vendor’s tool is done; Keyrite did nothing.',
    next: 'Finish what the plan lists with the tool, then try again. If something else was done, stop, and decide with the auditor.',
    uncertain: true,
  });
}

/** Files with the tool's output, once. */
async function bringOutput(ceremony: Ceremony, step: Procedure, by: readonly string[]): Promise<void> {
  if (step.attach === undefined || factsIn(ceremony, step.id, 'procedure.output').length > 0) return;
  const text = `Files with what ${step.tool} put out`;
  const files = await bringFiles(ceremony, { step: step.id, text, by, demanded: step.attach === 'required' });
  await ceremony.recordFact(step.id, 'procedure.output', { tool: step.tool }, files);
}

/** @throws DeviceError `UNIT_CHANGED`, `NOT_AS_DECLARED` when the unit is found otherwise than the plan declares */
async function readAfter(ceremony: Ceremony, step: string, declared: DeclaredAfter): Promise<void> {
  const { unit, is } = declared;
  const reading = await found(ceremony, step, declared);
  await ceremony.recordFact(step, 'procedure.after', {
    unit,
    is,
    ...describe(reading),
    ...(is === 'blank' ? {} : { objects: describeObjects(reading) }),
  });
  const problem = difference(ceremony, step, declared, reading);
  if (problem === null) return;
  throw new DeviceError({
    code: 'NOT_AS_DECLARED',
    message: `Unit ${unit} is found otherwise than the plan declares: ${problem}.`,
    changed: 'Keyrite changed nothing; what the vendor’s tool did is done.',
    next: 'Find out with the auditor what was done. If it can be set right with the tool, set it right and try again: the unit is read anew.',
    uncertain: false,
  });
}

async function found(ceremony: Ceremony, step: string, { unit, is }: DeclaredAfter): Promise<UnitReading> {
  const { devices, people } = ceremony.ports;
  people.tell({ kind: 'progress', text: `${unit}: read again, and compared with what the plan declares` });
  if (is === 'as-before') return (await readUnit(ceremony, step, unit)).reading;
  return is === 'blank' ? devices.glanceAtUnit(unit) : devices.readUnit(unit, hex(ceremony.ports.random(32)));
}

/** What is otherwise than declared, in words; null when nothing is. */
function difference(ceremony: Ceremony, step: string, declared: DeclaredAfter, reading: UnitReading): string | null {
  const { token } = reading;
  if (token === null) return 'there is no such token';
  switch (declared.is) {
    case 'blank':
      return token.initialised ? 'the token is initialised' : null;
    case 'foreign':
      if (!token.initialised || !token.userPinSet) return 'the token is not initialised with a user PIN';
      return hasOurs(reading) ? 'something of Keyrite is on the token' : null;
    case 'as-before': {
      const [before] = factsIn(ceremony, step, 'procedure.before', declared.unit);
      if (before === undefined) throw new Error(`${declared.unit} was not read before the procedure`);
      const after = { ...describe(reading), objects: describeObjects(reading) };
      if (patternsOf(after) !== patternsOf(before)) return 'its master-key registers do not hold what they held before';
      const same = declared.objects === 'recorded' || sorted(after.objects) === sorted(before['objects'] ?? []);
      return same ? null : 'its objects are not those that were there before';
    }
  }
}

function hasOurs({ identity, state, objects }: UnitReading): boolean {
  return identity !== null || state !== null || (objects ?? []).some(({ label }) => label.startsWith(OURS));
}

/** Status and pattern of both registers, in a form that compares. */
function patternsOf(reading: JsonObject): string {
  const registers = reading['registers'] as Readonly<Record<string, JsonObject>> | null;
  return canonicalJson(
    ['new', 'current'].map((name) => [registers?.[name]?.['status'] ?? null, registers?.[name]?.['pattern'] ?? null]),
  );
}

function sorted(objects: Json): string {
  return (objects as readonly Json[])
    .map((one) => canonicalJson(one))
    .toSorted()
    .join('\n');
}
