/** A short ceremony for the app's controller: one unit without a master key, and a fact that the witness gives. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { FIRST_CEREMONY } from '../ceremony/program';
import { writeUnitPlan } from '../ceremony/small-plans';

interface Steps {
  steps: { id: string }[];
}

/** Writes the plan; returns the file. Its steps: preflight, roll-call, initialise, imprint, seals, checkpoint, export. */
export function writeSmallPlan(file: string): string {
  writeUnitPlan(file);
  const plan = parse(readFileSync(file, 'utf8')) as Steps;
  const seals = (parse(readFileSync(FIRST_CEREMONY, 'utf8')) as Steps).steps.filter(({ id }) => id === 'seals');
  const place = plan.steps.findIndex(({ id }) => id === 'checkpoint');
  plan.steps = [...plan.steps.slice(0, place), ...seals, ...plan.steps.slice(place)];
  writeFileSync(file, stringify(plan));
  return file;
}
