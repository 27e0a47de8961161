/**
 * Whether a unit can get from one condition to another, by which steps, and if not, why (IBM's SDK calls it
 * CheckTransition). The moves are those of the plan's actions; the checker of whole plans follows the same rules, which a
 * test holds for every pair. What only a vendor's tool can do is no move, and neither is \`master-key.adopt\`, which needs
 * a key that others left: no condition tells whether there is one.
 */
import type { Action } from './schema';

/** How a unit stands, as far as any one can lead to another: administrators and thresholds are the plan's own matter. */
export interface UnitCondition {
  readonly mode: 'blank' | 'foreign' | 'imprint' | 'operational' | 'zeroised';
  readonly new: 'empty' | 'uncommitted' | 'committed';
  readonly current: 'empty' | 'valid';
}

/** The shortest way, or why there is none and what comes nearest to it. */
export type Transition =
  | { readonly possible: true; readonly actions: readonly Action[] }
  | { readonly possible: false; readonly why: string; readonly instead: string };

interface Move {
  readonly action: Action;
  readonly from: (unit: UnitCondition) => boolean;
  readonly to: (unit: UnitCondition) => UnitCondition;
}

const EMPTY = { new: 'empty', current: 'empty' } as const;
const isOperational = ({ mode }: UnitCondition): boolean => mode === 'operational';

const MOVES: readonly Move[] = [
  {
    action: 'unit.initialise',
    from: ({ mode }) => mode === 'blank',
    to: () => ({ mode: 'imprint', ...EMPTY }),
  },
  {
    action: 'unit.adopt',
    from: ({ mode }) => mode === 'foreign',
    to: () => ({ mode: 'imprint', ...EMPTY }),
  },
  {
    action: 'unit.imprint',
    from: ({ mode }) => mode === 'imprint',
    to: (unit) => ({ ...unit, mode: 'operational' }),
  },
  {
    action: 'master-key.load',
    from: (unit) => isOperational(unit) && unit.new === 'empty',
    to: (unit) => ({ ...unit, new: 'uncommitted' }),
  },
  {
    action: 'master-key.commit',
    from: (unit) => isOperational(unit) && unit.new === 'uncommitted',
    to: (unit) => ({ ...unit, new: 'committed' }),
  },
  {
    // Over a current key: after `master-key.rotate` of every key store, which changes no register.
    action: 'master-key.activate',
    from: (unit) => isOperational(unit) && unit.new === 'committed',
    to: (unit) => ({ ...unit, new: 'empty', current: 'valid' }),
  },
  {
    action: 'master-key.clear',
    from: (unit) => isOperational(unit) && unit.new !== 'empty',
    to: (unit) => ({ ...unit, new: 'empty' }),
  },
  {
    action: 'unit.zeroise',
    from: isOperational,
    to: () => ({ mode: 'zeroised', ...EMPTY }),
  },
];

/** Every condition that a unit can be in. */
export const UNIT_CONDITIONS: readonly UnitCondition[] = [
  { mode: 'blank', ...EMPTY },
  { mode: 'foreign', ...EMPTY },
  { mode: 'imprint', ...EMPTY },
  ...(['empty', 'valid'] as const).flatMap((current) =>
    (['empty', 'uncommitted', 'committed'] as const).map(
      (held) => ({ mode: 'operational', new: held, current }) as const,
    ),
  ),
  { mode: 'zeroised', ...EMPTY },
];

/** The shortest way from one condition to another. Throws RangeError for a condition that no unit can be in. */
export function transition(from: UnitCondition, to: UnitCondition): Transition {
  for (const one of [from, to]) {
    if (UNIT_CONDITIONS.some((known) => isSame(known, one))) continue;
    throw new RangeError(`condition: expected empty registers in mode ${one.mode}, got ${inWords(one)}`);
  }
  const ways: { readonly at: UnitCondition; readonly actions: readonly Action[] }[] = [{ at: from, actions: [] }];
  for (let way = ways[0], place = 1; way !== undefined; way = ways[place], place += 1) {
    const { at, actions } = way;
    if (isSame(at, to)) return { possible: true, actions };
    for (const move of MOVES) {
      if (!move.from(at)) continue;
      const next = move.to(at);
      if (!ways.some((known) => isSame(known.at, next))) ways.push({ at: next, actions: [...actions, move.action] });
    }
  }
  return { possible: false, ...whyNot(from, to) };
}

function whyNot(from: UnitCondition, to: UnitCondition): { readonly why: string; readonly instead: string } {
  if (from.mode === 'zeroised') {
    return {
      why: 'Nothing is on a token that was zeroised, its identity key neither, and Keyrite initialises no token that is initialised already.',
      instead: 'Have the vendor’s tool reset the token; it is then another unit, and begins blank.',
    };
  }
  if (to.mode === 'blank') {
    return {
      why: 'No command makes a token blank again.',
      instead: 'Zeroise the unit, and have the vendor’s tool reset the token.',
    };
  }
  if (to.mode === 'foreign') {
    return {
      why: 'Keyrite makes no token one of others: what it initialises or adopts is a unit from then on.',
      instead: 'Have the vendor’s tool initialise the token (`vendor.procedure`), while it is blank or not there.',
    };
  }
  if (to.mode === 'imprint') {
    return {
      why: 'A unit that has left imprint mode never comes back to it: its administrators are changed by signed commands.',
      instead: 'Use `unit.administrators.add`, `unit.administrators.remove` and `unit.thresholds`.',
    };
  }
  if (to.mode === 'zeroised') {
    return {
      why: 'Only a quorum can have a unit zeroised, and there is none before it left imprint mode.',
      instead: 'Imprint the unit first, or have the vendor’s tool reset the token.',
    };
  }
  return {
    why: 'The current register is emptied by nothing but zeroising the unit.',
    instead: 'Leave the current master key where it is, or zeroise the unit.',
  };
}

/** A condition in the form of {@link readCondition}. */
export function inWords({ mode, new: held, current }: UnitCondition): string {
  return mode === 'operational' ? `${mode},new=${held},current=${current}` : mode;
}

/**
 * Reads a condition such as `blank`, `operational` or `operational,new=committed,current=valid`; a register that is not
 * named is empty. Null for anything else.
 */
export function readCondition(text: string): UnitCondition | null {
  const known = UNIT_CONDITIONS.find((one) => {
    const [mode = '', ...rest] = text.split(',');
    const registers = new Map(rest.map((part) => [part.split('=')[0] ?? '', part.split('=')[1] ?? '']));
    const named = [...registers.keys()].every((name) => name === 'new' || name === 'current');
    const held = registers.get('new') ?? 'empty';
    const current = registers.get('current') ?? 'empty';
    return named && registers.size === rest.length && one.mode === mode && one.new === held && one.current === current;
  });
  return known ?? null;
}

function isSame(one: UnitCondition, other: UnitCondition): boolean {
  return one.mode === other.mode && one.new === other.new && one.current === other.current;
}
