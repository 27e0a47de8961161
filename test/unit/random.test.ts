/** Random bytes of a token: without login, for the share process alone, and refused where they are constant. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ResultOf, MODULE_OPERATIONS } from '../../hsm/contract';
import { shareHandlers } from '../../hsm/shares/handlers';
import { Custodians, componentSet } from '../shares/custodians';
import { unitTarget } from './people';
import { makeStore, type Store } from './softhsm';
import { StandIns, type Errand } from './stand-in';

const PINS = { 'unit-a/security-officer/1': 'officer-pin', 'unit-a/user/1': 'first-', 'unit-a/user/2': 'second' };
const EXCHANGE = 'ab'.repeat(16);
const people = new Custodians();

let store: Store;
let workers: StandIns;
/** Nobody here knows a PIN: whatever asks for one fails. */
let strangers: StandIns;
let target = unitTarget('unit-a', { blank: true });

beforeAll(() => {
  store = makeStore();
  workers = new StandIns(store, PINS);
  const made = workers.get('unit.initialise-token', { target, label: 'KR-A', again: false });
  target = unitTarget('unit-a', { label: 'KR-A', serial: made.serial });
  workers.get('unit.set-user-pin', { target });
  target = { ...target, identitySpki: workers.get('unit.create-identity', { target }).spki };
  strangers = new StandIns(store, {});
});
afterAll(() => {
  store.remove();
});

const errand = (to: string): Errand => ({ operation: 'unit.random', args: { target, exchange: EXCHANGE, to } });
const sealed = (to: string): ResultOf<typeof MODULE_OPERATIONS, 'unit.random'> =>
  strangers.get('unit.random', { target, exchange: EXCHANGE, to });
const keyOf = async (handlers: ReturnType<typeof shareHandlers>): Promise<string> =>
  handlers['entropy.make-key']({ exchange: EXCHANGE }, people);

describe('random bytes of a token', () => {
  it('come without a PIN, and are mixed into the set that they were sealed for', async () => {
    const handlers = shareHandlers({ transport: false });
    const given = sealed(await keyOf(handlers));
    const random = [{ unit: 'unit-a', exchange: EXCHANGE, ...given }];
    const { sources } = await handlers['set.generate']({ ...componentSet(2), random }, people);
    expect(sources).toEqual([
      { source: 'workstation-csprng:1', bytes: 64 },
      { source: 'workstation-csprng:2', bytes: 64 },
      { source: 'token:unit-a', bytes: 64 },
    ]);
  });

  it('are refused by another share process, changed, or used again', async () => {
    const handlers = shareHandlers({ transport: false });
    const given = sealed(await keyOf(handlers));
    const random = [{ unit: 'unit-a', exchange: EXCHANGE, ...given }];
    const other = shareHandlers({ transport: false });
    await keyOf(other);
    const make = (by: typeof handlers, what: typeof random) =>
      Promise.resolve().then(() => by['set.generate']({ ...componentSet(2), random: what }, people));
    await expect(make(other, random)).rejects.toMatchObject({ code: 'RANDOM_UNREADABLE' });
    const changed = Buffer.from(given.sealed, 'base64');
    changed.writeUInt8(changed.readUInt8(0) ^ 1, 0);
    await expect(
      make(handlers, [{ unit: 'unit-a', exchange: EXCHANGE, ...given, sealed: changed.toString('base64') }]),
    ).rejects.toMatchObject({ code: 'RANDOM_UNREADABLE' });
    // The key is gone with the try.
    await expect(make(handlers, random)).rejects.toMatchObject({ code: 'RANDOM_UNREADABLE' });
  });

  it('are another each time, and never in the answer', async () => {
    const to = await keyOf(shareHandlers({ transport: false }));
    const [one, two] = [sealed(to), sealed(to)];
    expect(one.sealed).not.toBe(two.sealed);
    expect(Buffer.from(one.sealed, 'base64')).toHaveLength(64 + 16);
  });

  it('that repeat are refused', async () => {
    const to = await keyOf(shareHandlers({ transport: false }));
    const refused = workers.run('lie-random,', errand(to)).answers[0]?.error;
    expect(refused).toMatchObject({ code: 'RANDOM_CONSTANT', uncertain: false });
    expect(refused?.message).toContain('the same bytes again');
  });

  it('that the token does not give leave everything as it was', async () => {
    const to = await keyOf(shareHandlers({ transport: false }));
    const refused = workers.run('C_GenerateRandom:0x121', errand(to)).answers[0]?.error;
    expect(refused).toMatchObject({ uncertain: false, changed: 'Nothing was changed.' });
  });
});
