/** Making a test partition as empty as it was: only what was made there is destroyed, and that is looked for afterwards. */
import { randomBytes } from 'node:crypto';
import type { QualifiedStep } from '../../ceremony/capability/qualification';
import type { UnitState } from '../../ceremony/command/unit-state';
import type { InventoryEntry, UnitReading } from '../../ceremony/engine/ports';
import { refusal, type Partition } from './partition';
import type { TestQuorum } from './test-quorum';

/** How the labels of a unit's objects begin. */
const OURS = 'keyrite:';

/** What became of it. */
export interface Cleared {
  readonly step: QualifiedStep;
  /** What is left; null when that could not be seen. */
  readonly left: readonly string[] | null;
}

/**
 * Zeroises the unit by its quorum's command, or takes identity and state away where there is no quorum yet. Where anything
 * else has come onto the token meanwhile, nothing is destroyed.
 *
 * @param state of the unit, where the token keeps none; null when none was made, so far as is known
 */
export async function clearPartition(
  partition: Partition,
  quorum: TestQuorum,
  state: UnitState | null,
): Promise<Cleared> {
  const step = { id: 'zeroise', act: 'destroy everything that was made, and look for it' };
  const ok = { ...step, outcome: 'ok', told: null, code: null, means: null } as const;
  let left: readonly string[] | null = null;
  try {
    const reading = await read(partition);
    const found = reading.objects ?? [];
    left = found.map(inWords);
    const others = found.filter(({ label }) => !label.startsWith(OURS));
    if (others.length > 0) {
      const told = `others have put objects there meanwhile: ${others.map(inWords).join(', ')}`;
      return { step: { ...step, outcome: 'refused', told, code: 'NOT_EMPTY', means: LEFT }, left };
    }
    if (found.length > 0) await destroy(partition, quorum, reading.state ?? state);
    partition.knowIdentity(null);
    left = ((await read(partition)).objects ?? []).map(inWords);
    if (left.length === 0) return { step: ok, left };
    const told = 'the token says that all is destroyed, and still shows something';
    return { step: { ...step, outcome: 'refused', told, code: 'NOT_EMPTY', means: LEFT }, left };
  } catch (error) {
    return { step: { ...step, outcome: 'refused', ...refusal(error), means: LEFT }, left };
  }
}

const LEFT = "The partition is not as empty as it was: erase it with the vendor's tool before it is used.";

async function destroy(partition: Partition, quorum: TestQuorum, state: UnitState | null): Promise<void> {
  if (state?.mode !== 'operational') {
    await partition.call('unit.abandon-imprint', (target) => ({ target }));
    return;
  }
  const command = quorum.command(state, { command: 'unit.zeroise' });
  await partition.call('unit.zeroise', (target) => ({ target, command, state, look: false }));
}

function read(partition: Partition): Promise<UnitReading> {
  const nonce = randomBytes(32).toString('hex');
  return partition.call('unit.read', (target) => ({ target, nonce }));
}

function inWords({ class: kind, label }: InventoryEntry): string {
  return `${kind} “${label}”`;
}
