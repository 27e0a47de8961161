/** Custodians enter shares that they have, until as many are in the share process as are needed. */
import { DeviceError } from '../../command/device-error';
import { act } from '../act';
import type { Ceremony } from '../ceremony';
import { takeTurn } from '../custodian-turn';
import type { ShareSet } from '../ports';

/** Shares that are to be entered. */
export interface Entry {
  readonly set: ShareSet;
  /** How many. */
  readonly needed: number;
  /** How the acts are named, so that those of two sets in one step are told apart. */
  readonly named: string;
  /** Whose share it is. Throws DeviceError `NOBODY_PRESENT` when they are not there. */
  readonly custodianOf: (index: number) => string;
  /** Whether somebody who has the share can be asked for it. */
  readonly mayEnter: (index: number) => boolean;
  /** Takes the share back, in whatever form its custodian has it. */
  readonly takeBack: (index: number, custodian: string) => Promise<void>;
}

/** The share process of the set must be alive with as many shares as are needed; else custodians enter what is missing. */
export async function ensureEntered(ceremony: Ceremony, step: string, entry: Entry): Promise<void> {
  const { shares } = ceremony.ports;
  const { set, needed } = entry;
  for (;;) {
    if (!shares.holds(set.set)) {
      await shares.end();
      await shares.reopen(set);
    }
    const entered = shares.entered();
    if (entered.length >= needed) return;
    const missing = set.shares.filter(({ index }) => !entered.includes(index));
    // Where all are needed, whoever is away is named; else it goes on with those who are there.
    const next = needed === set.shares.length ? missing[0] : missing.find(({ index }) => entry.mayEnter(index));
    if (next === undefined) throw tooFew(needed, entered.length);
    await enterShare(ceremony, step, entry, next.index);
  }
}

/** @param there how many of the shares can be had */
export function tooFew(needed: number, there: number): DeviceError {
  return new DeviceError({
    code: 'NOBODY_PRESENT',
    message: `${String(needed)} shares are needed, and custodians of ${String(there)} are present`,
    changed: 'Nothing was changed.',
    next: 'Custodians who are missing prove presence first; then go on.',
    uncertain: false,
  });
}

/** One custodian enters a share. Where the share process ended meanwhile, that is the outcome, and the caller begins again. */
async function enterShare(ceremony: Ceremony, step: string, entry: Entry, index: number): Promise<void> {
  const { shares, people } = ceremony.ports;
  const { set } = entry;
  const custodian = entry.custodianOf(index);
  await takeTurn(ceremony, step, custodian);
  people.tell({
    kind: 'progress',
    text: `${ceremony.participant(custodian).name} enters share ${String(index)} of ${String(set.shares.length)}`,
  });
  const about = { set: set.set, index, custodian };
  await act(ceremony, {
    step,
    key: entryKey(ceremony, step, `/${entry.named}${String(index)}`),
    operation: 'enter share',
    unit: null,
    parameters: about,
    expected: { entered: true },
    by: [custodian],
    perform: async () => {
      if (!shares.holds(set.set)) return { result: { ...about, entered: false } };
      await entry.takeBack(index, custodian);
      return { result: { ...about, entered: true } };
    },
    observe: () => Promise.resolve({ verdict: 'not-applied', observed: { note: 'not entered' } }),
  });
}

/** A fresh key, since a share may have to be entered several times; an entry that a crash interrupted keeps its own. */
function entryKey(ceremony: Ceremony, step: string, ending: string): string {
  const { acts } = ceremony.record.step(step);
  const interrupted = [...acts].find(
    ([key, { status }]) => key.startsWith('entry-') && key.endsWith(ending) && status === 'open',
  );
  return interrupted?.[0] ?? `entry-${String(acts.size)}${ending}`;
}
