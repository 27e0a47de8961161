/** What was taken over from others, and what people did with a vendor's tool. Of every adopted thing the report says that its origin is not proven. */
import * as v from 'valibot';
import { cell, heading, paragraph, table, type Block, type Cell } from '../../print/document';
import { hexCell } from './exact-cells';
import { namesOf, type Recorded } from './recorded';

/** What the report says of everything that was adopted. */
const NOT_PROVEN = 'origin declared by the plan, not proven';

const ObjectStory = v.object({
  class: v.string(),
  label: v.string(),
  id: v.string(),
  checkValue: v.nullable(v.object({ algorithm: v.string(), value: v.string() })),
});
const UnitFound = v.object({ unit: v.string(), origin: v.string(), objects: v.array(v.object({ label: v.string() })) });
const KeyFound = v.object({
  unit: v.string(),
  origin: v.string(),
  object: ObjectStory,
  pattern: v.string(),
  weaknesses: v.array(v.object({ found: v.string(), means: v.string() })),
});
const KeysAdopted = v.object({
  unit: v.string(),
  origin: v.string(),
  keys: v.array(v.object({ name: v.string(), object: ObjectStory })),
});

/** Values of a fact, with their lines; of one object of a unit the last only. */
function factsOf<T>(
  recorded: Recorded,
  fact: string,
  schema: v.GenericSchema<unknown, T>,
): readonly { readonly line: number; readonly value: T }[] {
  return recorded.lines.flatMap((line) => {
    if (line.type !== 'fact.recorded' || line.body.fact !== fact) return [];
    const parsed = v.safeParse(schema, line.body.value);
    return parsed.success ? [{ line: line.seq, value: parsed.output }] : [];
  });
}

/** Adopted things and procedures; nothing where the plan has neither. */
export function takenOverSection(recorded: Recorded): Block[] {
  const steps = recorded.plan?.steps ?? [];
  const adopts = steps.some(({ action }) => action.endsWith('.adopt'));
  const proceeds = steps.some(({ action }) => action === 'vendor.procedure');
  return [...(adopts ? adoptedBlocks(recorded) : []), ...(proceeds ? procedureBlocks(recorded) : [])];
}

function adoptedBlocks(recorded: Recorded): Block[] {
  const rows = [
    ...factsOf(recorded, 'unit.found', UnitFound).map(({ line, value }) => [
      cell(`Token of ${value.unit}`, `line ${String(line)}`),
      cell(`${String(value.objects.length)} objects of others on it, which stayed as they were`),
      cell(NOT_PROVEN, value.origin),
    ]),
    ...factsOf(recorded, 'master-key.found', KeyFound).map(({ line, value }) => [
      cell(`Master key of ${value.unit}`, `line ${String(line)}`),
      [...cell(`it was “${value.object.label}” there; pattern`), ...hexCell(value.pattern, 4)],
      cell(NOT_PROVEN, value.origin),
    ]),
    ...factsOf(recorded, 'keys.adopted', KeysAdopted).flatMap(({ line, value }) =>
      value.keys.map(({ name, object }) => [
        cell(`Key ${name} on ${value.unit}`, `line ${String(line)}`),
        cell(
          `${object.class} “${object.label}”`,
          object.checkValue === null
            ? 'no check value told'
            : `check value ${object.checkValue.value} (${object.checkValue.algorithm})`,
        ),
        cell(NOT_PROVEN, value.origin),
      ]),
    ),
  ];
  return [
    heading(2, 'Taken over from others'),
    paragraph(
      'These were made before this ceremony, by others. The record tells how they were found; it does not prove where they come from, who has copies of them, or what was done with them before.',
    ),
    table(
      'What was adopted',
      [
        ['What', 26],
        ['As it was found', 34],
        ['Origin', 40],
      ],
      rows,
      { rowHeads: true, none: 'Nothing was adopted.' },
    ),
  ];
}

function procedureBlocks(recorded: Recorded): Block[] {
  const rows = (recorded.plan?.steps ?? []).flatMap((step) => {
    if (step.action !== 'vendor.procedure') return [];
    const lines = recorded.ofStep.get(step.id) ?? [];
    const confirmed = lines.flatMap((line) => (line.type === 'step.confirmed' ? line.by : []));
    const files = lines.flatMap((line) =>
      line.type === 'fact.recorded' && line.body.fact === 'procedure.output' ? (line.body.files ?? []) : [],
    );
    const found = step.after.map((one) =>
      one.is === 'as-before'
        ? `${one.unit}: as before, objects ${one.objects}`
        : `${one.unit}: ${one.is === 'blank' ? 'blank' : 'initialised, with nothing of Keyrite on it'}`,
    );
    return [
      [
        cell(step.title, `step ${step.id}, with ${step.tool}`),
        cell(...step.commands.map((text) => text.trim())),
        cell(
          confirmed.length === 0 ? 'nobody' : namesOf(recorded, [...new Set(confirmed)]),
          ...files.map(({ name }) => name),
        ),
        cell(...found),
      ],
    ];
  });
  return [
    heading(2, 'What people did with a vendor’s tool'),
    paragraph(
      'No part of Keyrite saw what was done: the devices had been released. The record tells what people confirmed, and what the units showed before and after.',
    ),
    table(
      'Procedures by the plan',
      [
        ['Procedure', 24],
        ['Commands of the plan', 32],
        ['Confirmed by, and files', 22],
        ['Found afterwards, as the plan declares', 22],
      ],
      rows,
      { rowHeads: true, none: 'None was carried out.' },
    ),
  ];
}

/** Rows of the table of keys: what nobody can say of keys that others made. */
export function adoptedKeyRows(recorded: Recorded): Cell[][] {
  const outside = cell('NOT KNOWN: nobody here saw it being made.', NOT_PROVEN);
  return [
    ...factsOf(recorded, 'master-key.found', KeyFound).map(({ line, value }) => [
      cell(`Adopted master key of ${value.unit}`),
      cell(`by others; found on ${value.unit}, line ${String(line)}`),
      outside,
    ]),
    ...factsOf(recorded, 'keys.adopted', KeysAdopted).flatMap(({ line, value }) =>
      value.keys.map(({ name }) => [
        cell(`Adopted key ${name}`),
        cell(`by others; found on ${value.unit}, line ${String(line)}`),
        outside,
      ]),
    ),
  ];
}

/** In what adopted master keys are weaker than those that Keyrite makes. */
export function adoptedWeaknesses(recorded: Recorded): Cell[][] {
  return factsOf(recorded, 'master-key.found', KeyFound).flatMap(({ line, value }) =>
    value.weaknesses.map(({ found, means }) => [
      cell('Adopted master key'),
      cell(`${value.unit}, line ${String(line)}`, found),
      cell(`${means.charAt(0).toUpperCase()}${means.slice(1)}.`),
    ]),
  );
}
