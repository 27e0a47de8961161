/** The steps, phase by phase, each with what is done, and a place for initials and time. */
import { BOX, cell, exact, heading, paragraph, strong, table, type Block, type Cell } from '../../print/document';
import { putsSeal } from '../../custody/ledger';
import { instructions } from '../instructions';
import { sharedKeyOf } from '../master-key-scheme';
import type { Plan, Step } from '../schema';

/** Room to write something down. */
const BLANK = '_'.repeat(34);

/** Every step, in order. */
export function stepBlocks(plan: Plan): Block[] {
  const blocks: Block[] = [heading(2, 'Steps')];
  let rows: Cell[][] = [];
  let phase: string | undefined;
  const end = (): void => {
    if (rows.length > 0) blocks.push(stepTable(titleOf(plan, phase), rows));
    rows = [];
  };
  for (const [place, step] of plan.steps.entries()) {
    if (step.phase !== phase) {
      end();
      const named = plan.phases.find(({ id }) => id === step.phase);
      if (named !== undefined) {
        blocks.push(heading(3, named.title));
        if (named.holdLogin) blocks.push(paragraph('Units stay logged in until this phase ends.'));
      }
    }
    phase = step.phase;
    rows.push(stepRow(plan, step, place + 1));
  }
  end();
  return blocks;
}

function stepTable(title: string, rows: readonly Cell[][]): Block {
  return table(
    title,
    [
      ['No.', 6],
      ['Step', 23],
      ['What is done', 51],
      ['Initials', 9],
      ['Time (UTC)', 11],
    ],
    rows,
    { whole: true, rowHeads: true, rowHeight: 13 },
  );
}

function stepRow(plan: Plan, step: Step, number: number): Cell[] {
  return [
    cell(String(number)),
    cell(
      strong(step.title),
      exact(step.id),
      exact(step.action),
      ...(step.minutes === undefined ? [] : [`about ${String(step.minutes)} min`]),
    ),
    cell(
      ...instructions(plan, step).map((one) => `${BOX} ${one}`),
      ...(step.materials === undefined ? [] : [`Materials: ${step.materials.join(', ')}`]),
      ...toWriteDown(plan, step).map((what) => `${what}: ${BLANK}`),
    ),
    [],
    [],
  ];
}

/** What is copied from the screen to paper, so that it can be compared later without the workstation. */
function toWriteDown(plan: Plan, step: Step): readonly string[] {
  switch (step.action) {
    case 'unit.initialise':
      return step.units.flatMap((unit) => {
        const name = plan.units.find(({ id }) => id === unit)?.name ?? unit;
        return [`Serial of ${name}`, `Identity of ${name}, first and last four groups`];
      });
    case 'master-key.generate':
      return [...(sharedKeyOf(plan) === null ? [] : ['Set id']), 'Verification pattern, first and last four words'];
    case 'shares.distribute':
      return Array.from({ length: sharedKeyOf(plan)?.shares ?? 0 }, (_, place) => `Seal of share ${String(place + 1)}`);
    case 'shares.drill':
      return keptIndexes(plan, step.set).map((index) => `Share ${index} proven (yes or no)`);
    case 'shares.transfer':
      return ['Share passed on, and to whom'];
    case 'shares.reshare':
      return [
        'Set id of the new set',
        ...Array.from({ length: sharedKeyOf(plan)?.shares ?? 0 }, (_, place) => `Seal of share ${String(place + 1)}`),
      ];
    case 'shares.destroy':
      return keptIndexes(plan, step.set).map((index) => `Share ${index} destroyed (yes or no)`);
    case 'key.package':
      return ['Check value'];
    case 'custody':
      return step.objects.map((id) => (putsSeal(step.act) ? `Seal put on ${id}, and place` : `Seal found on ${id}`));
    case 'checkpoint':
      return ['Lines', 'Root, first and last four words'];
    default:
      return [];
  }
}

/** Numbers of the shares of a kept set. */
function keptIndexes(plan: Plan, set: string): readonly string[] {
  const shares = plan.keptShares?.find(({ id }) => id === set)?.shares ?? 0;
  return Array.from({ length: shares }, (_, place) => String(place + 1));
}

function titleOf(plan: Plan, phase: string | undefined): string {
  const named = plan.phases.find(({ id }) => id === phase);
  return named === undefined ? 'Steps' : `Steps: ${named.title}`;
}
