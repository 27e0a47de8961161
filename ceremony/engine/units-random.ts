/**
 * Random bytes of units for a master key that the share process makes: every unit that is initialised by now is asked, and
 * the record tells which gave some and which did not. A unit that gives none holds nothing up, since the workstation's own
 * generator is always mixed in; but the record must not claim a token where there was none.
 */
import type { JsonObject } from '../canonical-json';
import { DeviceError } from '../command/device-error';
import type { Ceremony } from './ceremony';
import type { DrawRandom, MixedSource } from './ports';

/** What the units of a ceremony give, while one set is made. */
export class UnitsRandom {
  readonly #ceremony: Ceremony;
  /** Units that are asked. */
  readonly units: readonly string[];
  readonly #without: { readonly unit: string; readonly why: string }[];

  constructor(ceremony: Ceremony) {
    this.#ceremony = ceremony;
    const ids = ceremony.plan.units.map(({ id }) => id);
    this.units = ids.filter((unit) => isInitialised(ceremony, unit));
    this.#without = ids
      .filter((unit) => !this.units.includes(unit))
      .map((unit) => ({ unit, why: 'not initialised by then' }));
  }

  readonly draw: DrawRandom = async (unit, to) => {
    try {
      return await this.#ceremony.ports.devices.sealedRandom(unit, to);
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.#without.push({ unit, why: error.code });
      this.#ceremony.ports.people.tell({
        kind: 'warning',
        text: `${unit} gave no random bytes (${error.code}): the master key is made without them, and the record says so`,
      });
      return null;
    }
  };

  /** What goes on record, and what people hear. @param mixed as the share process tells it */
  told(mixed: readonly MixedSource[]): JsonObject {
    const tokens = mixed.filter(({ source }) => source.startsWith('token:')).map(({ source }) => source.slice(6));
    const with_ = tokens.length === 0 ? 'no unit gave any' : `random bytes of ${tokens.join(', ')} are mixed in`;
    this.#ceremony.ports.people.tell({
      kind: tokens.length === 0 ? 'warning' : 'progress',
      text: `The master key is made from the workstation’s random generator; ${with_}`,
    });
    return {
      mixed: mixed.map((one) => ({ ...one })),
      without: this.#without.map((one) => ({ ...one })),
    };
  }
}

/** Whether the unit has made its identity key, in this ceremony or before it, and was not zeroised since. */
function isInitialised(ceremony: Ceremony, unit: string): boolean {
  const known = ceremony.record.unit(unit);
  if (known !== null) return known.state.mode !== 'zeroised';
  const begins = ceremony.plan.units.find(({ id }) => id === unit)?.begins;
  return begins === 'imprint' || begins === 'operational';
}
