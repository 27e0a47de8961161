/** Qualifying the test partitions of a binding, one after the other: what they can do, and the life of a unit on each. */
import { randomBytes } from 'node:crypto';
import type { QualifiedPartition, QualifiedStep } from '../../ceremony/capability/qualification';
import type { CapabilityReport } from '../../ceremony/command/capability-report';
import type { Binding, BoundUnit, Module } from '../../ceremony/plan/binding-schema';
import type { UnitTarget } from '../../hsm/contract';
import { UsageError } from '../explain';
import type { Processes } from '../processes';
import { clearPartition } from './clearing';
import { Partition, refusal } from './partition';
import { refuseUsedPartition } from './test-partition';
import { TestQuorum } from './test-quorum';
import { UnitLife } from './unit-life';

/** Who is told what happens, and asked whether to go on. */
export interface QualificationObserver {
  partition(unit: string): void;
  report(report: CapabilityReport): void;
  step(step: QualifiedStep): void;
  /** Whether people broke off: what was made is then destroyed, and nothing else is begun. */
  stopped(): boolean;
}

/** A partition as the binding names it. */
export interface BoundPartition {
  readonly module: Module;
  readonly target: UnitTarget;
}

/**
 * The partitions of a binding.
 *
 * @param holders ids of the people who enter the PIN of each: one, or two for its two parts; none: the first person bound
 * @throws UsageError for a unit with a history, or without a token of its own, and for people who are not in the binding
 */
export function partitionsOf(binding: Binding, holders: readonly string[]): BoundPartition[] {
  const people = holders.length > 0 ? [...holders] : binding.people.slice(0, 1).map(({ id }) => id);
  const stranger = people.find((id) => !binding.people.some((one) => one.id === id));
  if (stranger !== undefined) {
    throw new UsageError(`the binding has nobody called ${stranger}`, 'Name people by their ids in the binding.');
  }
  if (people.length > 2) throw new UsageError('a PIN has one or two parts', 'Name one or two people.');
  return binding.units.map((unit) => {
    const module = binding.modules.find(({ id }) => id === unit.module);
    if (module === undefined) throw new UsageError(`unit ${unit.id} is bound to no module`, 'Correct the binding.');
    refuseWhatIsNoPartition(unit);
    const pin = { parts: people.length === 2 ? (2 as const) : (1 as const), holders: people };
    const { label, serial } = unit.address;
    const address = { blank: false, label: label ?? null, serial: serial ?? null };
    return { module, target: { unit: unit.id, address, identitySpki: null, user: pin, securityOfficer: pin } };
  });
}

function refuseWhatIsNoPartition({ id, address, lastKnown }: BoundUnit): void {
  if (lastKnown !== null) {
    throw new UsageError(
      `unit ${id} has a history in the binding (lastKnown): it is a unit in use. Nothing was touched`,
      'Bind an empty test partition to it, with lastKnown null.',
    );
  }
  if (address.blank || (address.label === undefined && address.serial === undefined)) {
    throw new UsageError(
      `unit ${id} is bound to a blank token. Qualifying initialises nothing. Nothing was touched`,
      "Set a test partition aside with the vendor's tool, with a user PIN and nothing on it, and name its label in the binding.",
    );
  }
}

/**
 * Qualifies one partition. What was made on it is destroyed again, whatever happened.
 *
 * @throws UsageError when there is anything on it; DeviceError when it cannot be opened at all
 */
export async function qualify(
  processes: Processes,
  { module, target }: BoundPartition,
  ceremony: string,
  observer: QualificationObserver,
): Promise<QualifiedPartition> {
  observer.partition(target.unit);
  const partition = new Partition(processes, module, target);
  const steps: QualifiedStep[] = [];
  const tell = (step: QualifiedStep): void => {
    steps.push(step);
    observer.step(step);
  };
  try {
    await refuseUsedPartition(() =>
      partition.call('unit.read', (of) => ({ target: of, nonce: randomBytes(32).toString('hex') })),
    );
    const capabilities = await ask(partition, observer, tell);
    const quorum = new TestQuorum(ceremony);
    const life = new UnitLife(partition, quorum, processes);
    // A fault of ours is told once the partition is empty again.
    const fault = await life
      .run(() => observer.stopped(), tell)
      .then(
        () => null,
        (error: unknown) => ({ error }),
      );
    const { step, left } = await clearPartition(partition, quorum, life.state);
    tell(step);
    if (fault !== null) throw fault.error;
    const { id, path, sha256 } = module;
    return {
      unit: target.unit,
      module: { id, path, sha256 },
      capabilities,
      steps,
      left: left === null ? null : [...left],
    };
  } finally {
    await partition.end();
  }
}

/** A token that cannot be asked everything can still go through the life. Throws what is no DeviceError. */
async function ask(
  partition: Partition,
  observer: QualificationObserver,
  tell: (step: QualifiedStep) => void,
): Promise<CapabilityReport | null> {
  const step = { id: 'capabilities', act: 'ask what the token can do' };
  try {
    const report = await partition.call('unit.capabilities', (target) => ({ target }));
    observer.report(report);
    tell({ ...step, outcome: 'ok', told: null, code: null, means: null });
    return report;
  } catch (error) {
    tell({ ...step, outcome: 'refused', ...refusal(error), means: 'It is not known what this token can do.' });
    return null;
  }
}
