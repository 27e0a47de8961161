/** Cuttings of the first ceremony's plan, for tests that need a ceremony and not all of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { FIRST_CEREMONY } from './program';

interface Plan {
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

function write(file: string, steps: readonly string[], masterKey: 'none' | 'current'): string {
  const plan = parse(readFileSync(FIRST_CEREMONY, 'utf8')) as Plan;
  const keeps = ({ id }: { readonly id: string }): boolean => steps.includes(id);
  plan.units = plan.units.filter(({ id }) => id === 'unit-a');
  for (const pin of plan.pins) pin.units = ['unit-a'];
  plan.steps = plan.steps.filter(keeps);
  for (const step of plan.steps) if (step.units !== undefined) step.units = ['unit-a'];
  plan.phases = plan.phases.filter(({ id }) => plan.steps.some(({ phase }) => phase === id));
  plan.endState = [{ unit: 'unit-a', mode: 'operational', masterKey }];
  if (masterKey === 'none') delete plan.masterKey;
  writeFileSync(file, stringify(plan));
  return file;
}
