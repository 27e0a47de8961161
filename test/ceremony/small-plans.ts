/** Cuttings of the first ceremony's plan, for tests that need a ceremony and not all of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { FIRST_CEREMONY } from './program';

interface Plan {
  positions: { id: string; role: string; count: number }[];
  units: { id: string }[];
  masterKey?: unknown;
  materials: { id: string }[];
  pins: { units: string[] }[];
  phases: { id: string }[];
  steps: { id: string; phase: string; units?: string[] }[];
  endState: { unit: string; mode: string; masterKey: string }[];
}

/** One unit is initialised and imprinted: about a third of a ceremony's time. */
const UNIT = ['preflight', 'roll-call', 'initialise', 'imprint', 'checkpoint', 'export'];
/** And it gets a master key from components, and a root key leaves. */
const KEYS = ['generate', 'distribute', 'load', 'verify-new', 'commit', 'activate', 'package'];

/** Writes the plan of a ceremony with one unit and no master key; returns the file. */
export function writeUnitPlan(file: string): string {
  return write(file, UNIT, 'none');
}

/** Writes the plan of a ceremony with one unit, a master key and a root key; returns the file. */
export function writeKeyPlan(file: string): string {
  return write(file, [...UNIT, ...KEYS], 'current');
}

/** Writes the plan of a ceremony in which so many units get one master key from components; returns the file. */
export function writeManyUnitsPlan(file: string, count: number): string {
  write(
    file,
    [...UNIT, 'generate', 'distribute', 'load', 'verify-new', 'commit', 'activate', 'verify-current'],
    'current',
  );
  const plan = parse(readFileSync(file, 'utf8')) as Plan;
  const ids = Array.from({ length: count }, (_, index) => `unit-${String(index + 1)}`);
  plan.units = ids.map((id) => ({ id, name: `Crypto ${id}`, label: `payments-${id}`, begins: 'blank' }));
  for (const pin of plan.pins) pin.units = ids;
  for (const step of plan.steps) if (step.units !== undefined) step.units = ids;
  plan.endState = ids.map((unit) => ({ unit, mode: 'operational', masterKey: 'current' }));
  writeFileSync(file, stringify(plan, { aliasDuplicateObjects: false }));
  return file;
}

/**
 * Writes the plan of a ceremony in which a master key is cleared, before and after the commit, and the administrators who
 * imprinted the unit hand it over to successors; returns the file.
 */
export function writeHandoverPlan(file: string): string {
  write(file, [...UNIT, 'generate', 'distribute', 'load', 'verify-new', 'commit'], 'none', true);
  const plan = parse(readFileSync(file, 'utf8')) as Plan;
  plan.positions.splice(1, 0, { id: 'successors', role: 'crypto-administrator', count: 2 });
  const step = (id: string, action: string, more: object = {}) => ({
    id,
    title: id,
    action,
    phase: 'master-key',
    units: ['unit-a'],
    ...more,
  });
  const at = (id: string): number => plan.steps.findIndex((one) => one.id === id);
  const insert = (before: string, ...steps: object[]): void => {
    plan.steps.splice(at(before), 0, ...(steps as Plan['steps']));
  };
  insert('verify-new', step('clear-loaded', 'master-key.clear'), step('load-again', 'master-key.load'));
  insert(
    'checkpoint',
    step('clear-committed', 'master-key.clear'),
    step('add', 'unit.administrators.add', { administrators: 'successors' }),
    step('three', 'unit.thresholds', { signatureThreshold: 3, revocationThreshold: 2 }),
    step('two', 'unit.thresholds', { signatureThreshold: 2, revocationThreshold: 1 }),
    step('remove', 'unit.administrators.remove', { administrators: 'administrators' }),
    step('zeroise', 'unit.zeroise'),
  );
  const called = plan.steps[at('roll-call')] as unknown as { positions: string[] };
  called.positions.push('successors');
  plan.endState = [{ unit: 'unit-a', mode: 'zeroised', masterKey: 'none' }];
  writeFileSync(file, stringify(plan));
  return file;
}

function write(
  file: string,
  steps: readonly string[],
  masterKey: 'none' | 'current',
  isMade = masterKey !== 'none',
): string {
  const plan = parse(readFileSync(FIRST_CEREMONY, 'utf8')) as Plan;
  const keeps = ({ id }: { readonly id: string }): boolean => steps.includes(id);
  plan.units = plan.units.filter(({ id }) => id === 'unit-a');
  for (const pin of plan.pins) pin.units = ['unit-a'];
  plan.steps = plan.steps.filter(keeps);
  for (const step of plan.steps) if (step.units !== undefined) step.units = ['unit-a'];
  plan.phases = plan.phases.filter(({ id }) => plan.steps.some(({ phase }) => phase === id));
  plan.endState = [{ unit: 'unit-a', mode: 'operational', masterKey }];
  if (!isMade) delete plan.masterKey;
  writeFileSync(file, stringify(plan));
  return file;
}
