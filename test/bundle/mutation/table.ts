/** The table that a run of the suite prints: by kind, what was made and what both verifiers said of it. */
import type { Judged } from './both-verifiers';
import { KINDS, type Corruption, type Kind } from './corruption';

/** A corruption and what came of it; `sh` is null where the script was not asked. */
export interface Outcome {
  readonly corruption: Corruption;
  readonly ts: Judged;
  readonly sh: Judged | null;
}

/** One row of the table. */
interface Row {
  readonly made: number;
  readonly variants: readonly [number, number, number];
  readonly ts: readonly [number, number, number];
  readonly sh: readonly [number, number, number];
  readonly disagree: number;
  readonly slowest: readonly [number, number];
}

/** Whether a verdict accepts the bundle, or is none. */
export function isAccepted({ verdict }: Judged): boolean {
  return verdict !== 'refused' && verdict !== 'incomplete';
}

/** The table as text. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const rows = KINDS.map((kind) => [kind, rowOf(outcomes, kind)] as const).filter(([, { made }]) => made > 0);
  const cells = [
    ['', 'made', 'as is', 'hashes', 'signed', 'verify', '', '', 'verify.sh', '', '', '', 'slowest', 'ms'],
    [
      'kind',
      '',
      '',
      'right',
      'again',
      'refused',
      'incompl.',
      'accepted',
      'refused',
      'incompl.',
      'accepted',
      'disagree',
      'verify',
      '.sh',
    ],
    ...rows.map(([kind, row]) => [kind, ...numbers(row)]),
    ['all', ...numbers(rowOf(outcomes, null))],
  ];
  const widths = (cells[1] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
    )
    .join('\n');
}

function numbers({ made, variants, ts, sh, disagree, slowest }: Row): string[] {
  return [made, ...variants, ...ts, ...sh, disagree, ...slowest.map(Math.round)].map(String);
}

function rowOf(outcomes: readonly Outcome[], kind: Kind | null): Row {
  const mine = outcomes.filter(({ corruption }) => kind === null || corruption.kind === kind);
  const asked = mine.flatMap(({ ts, sh }) => (sh === null ? [] : [{ ts, sh }]));
  const variant = (name: Corruption['variant']): number =>
    mine.filter(({ corruption }) => corruption.variant === name).length;
  return {
    made: mine.length,
    variants: [variant('as is'), variant('hashes right'), variant('signed again')],
    ts: verdicts(mine.map(({ ts }) => ts)),
    sh: verdicts(asked.map(({ sh }) => sh)),
    disagree: asked.filter(({ ts, sh }) => ts.verdict !== sh.verdict).length,
    slowest: [slowestOf(mine.map(({ ts }) => ts)), slowestOf(asked.map(({ sh }) => sh))],
  };
}

function verdicts(judged: readonly Judged[]): readonly [number, number, number] {
  const count = (verdict: string): number => judged.filter((one) => one.verdict === verdict).length;
  return [count('refused'), count('incomplete'), judged.filter(isAccepted).length];
}

function slowestOf(judged: readonly Judged[]): number {
  return judged.reduce((most, { ms }) => Math.max(most, ms), 0);
}
