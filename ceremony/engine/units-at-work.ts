/**
 * Work on the units of a step that needs nobody in between. Units of different modules are worked on at once, each module in
 * its own worker; units of one module one after the other. Lines of the record stand in the order in which things were done.
 * What fails on one unit keeps no other from being finished; the next attempt of the step goes on with what is left.
 */
import { DeviceError } from '../command/device-error';
import { CeremonyStopped, type Ceremony } from './ceremony';

/** Where a unit stands while several are worked on. */
export type AtWork = 'waiting' | 'working' | 'done' | 'failed';

interface Failure {
  readonly unit: string;
  readonly error: DeviceError;
}

/**
 * Does the same on each unit. Whoever must give a PIN first does so before, unit by unit in the plan's order, so that nobody
 * is asked while several are at work.
 *
 * @param doing in words for the people, such as `Reading`
 * @returns what came of it, in the order of `units`
 * @throws DeviceError once every unit was tried, naming those on which it failed and those on which it is done;
 *   CeremonyStopped when the people decided to stop: no further unit is begun then
 */
export async function onEachUnit<T>(
  ceremony: Ceremony,
  units: readonly string[],
  doing: string,
  work: (unit: string) => Promise<T>,
): Promise<T[]> {
  const [only] = units;
  if (only !== undefined && units.length === 1) return [await work(only)];
  const table = new Table(ceremony, units, doing);
  const failures: Failure[] = [];
  const results = new Map<string, T>();
  const stopped: Error[] = [];
  /** False when it failed; anything but a DeviceError ends the work on every module. */
  const attempt = async (unit: string, act: () => Promise<void>): Promise<boolean> => {
    try {
      await act();
      return true;
    } catch (error) {
      if (error instanceof DeviceError) failures.push({ unit, error });
      else stopped.push(error instanceof Error ? error : new Error('something that is no error was thrown'));
      table.set(unit, 'failed');
      return false;
    }
  };
  try {
    const open: string[] = [];
    for (const unit of units) {
      if (stopped.length > 0) break;
      if (await attempt(unit, () => ceremony.ports.devices.openUnit(unit))) open.push(unit);
    }
    const groups = byModule(ceremony, open).map(async (group) => {
      for (const unit of group) {
        if (stopped.length > 0) return;
        await attempt(unit, async () => {
          table.set(unit, 'working');
          results.set(unit, await work(unit));
          table.set(unit, 'done');
        });
      }
    });
    await Promise.all(groups);
  } finally {
    table.clear();
  }
  // What the people decided counts before any failure that came beside it.
  const ending: Error | undefined = stopped.toSorted((one, other) => rank(one) - rank(other))[0];
  if (ending !== undefined) throw ending;
  if (failures.length > 0) throw partly(units, failures);
  return units.flatMap((unit) => (results.has(unit) ? [results.get(unit) as T] : []));
}

function rank(error: Error): number {
  return error instanceof CeremonyStopped ? 0 : 1;
}

/** Units by the module of the binding, each group and the groups in the given order. */
function byModule({ binding }: Ceremony, units: readonly string[]): readonly (readonly string[])[] {
  const groups = new Map<string, string[]>();
  for (const unit of units) {
    const module = binding.units.find(({ id }) => id === unit)?.module ?? unit;
    groups.set(module, [...(groups.get(module) ?? []), unit]);
  }
  return [...groups.values()];
}

function partly(units: readonly string[], failures: readonly Failure[]): DeviceError {
  const errors = failures.map(({ error }) => error);
  const [first] = errors;
  if (first === undefined) throw new RangeError('failures: expected at least one');
  const failed = failures.map(({ unit }) => unit);
  const done = units.filter((unit) => !failed.includes(unit));
  const each = (pick: (error: DeviceError) => string): string => [...new Set(errors.map(pick))].join('\n');
  return new DeviceError({
    code: first.code,
    message: each(({ message }) => message),
    changed: `${each(({ changed }) => changed)} ${done.length === 0 ? 'It was done on no unit.' : `On ${done.join(', ')} it is done, and is on record.`}`,
    next: `${each(({ next }) => next)} Another attempt goes on with ${failed.join(', ')}; what is done is not done again.`,
    uncertain: errors.some(({ uncertain }) => uncertain),
  });
}

/** Who is where: in the ceremony for the screen, and in words whenever a unit is finished. */
class Table {
  private readonly ceremony: Ceremony;
  private readonly units: readonly string[];
  private readonly doing: string;

  constructor(ceremony: Ceremony, units: readonly string[], doing: string) {
    this.ceremony = ceremony;
    this.units = units;
    this.doing = doing;
    ceremony.atWork = new Map(units.map((unit) => [unit, 'waiting']));
  }

  set(unit: string, where: AtWork): void {
    this.ceremony.atWork = new Map([...this.ceremony.atWork, [unit, where]]);
    if (where !== 'working') this.tell();
  }

  clear(): void {
    this.ceremony.atWork = new Map();
  }

  private tell(): void {
    const at = (where: AtWork): string[] => this.units.filter((unit) => this.ceremony.atWork.get(unit) === where);
    const named = (where: AtWork): string =>
      at(where)
        .map((unit) => this.withModule(unit))
        .join(', ');
    const working = at('working').length === 0 ? '' : `; at work: ${named('working')}`;
    const failed = at('failed').length === 0 ? '' : `; failed: ${named('failed')}`;
    const text = `${this.doing}: ${String(at('done').length)} of ${String(this.units.length)} units done${working}${failed}`;
    this.ceremony.ports.people.tell({ kind: 'progress', text });
  }

  private withModule(unit: string): string {
    const module = this.ceremony.binding.units.find(({ id }) => id === unit)?.module;
    return module === undefined ? unit : `${unit} (module ${module})`;
  }
}
