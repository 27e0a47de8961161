/**
 * Changing PINs, and setting a user PIN anew where it is locked or lost. No reading tells which PIN a token has: after an
 * answer that is missing, people decide whether to try the new one once, and then the old one once; the flags stand beside it.
 */
import type { JsonObject } from '../../canonical-json';
import { DeviceError } from '../../command/device-error';
import type { StepOf } from '../../plan/schema';
import { act, type Observed } from '../act';
import type { Ceremony } from '../ceremony';
import type { TokenDescription } from '../ports';
import type { StepHandler } from './handler';

type PinOf = StepOf<'unit.pin.change'>['for'];

/** A PIN that is to be changed. */
interface Changing {
  readonly step: string;
  readonly unit: string;
  readonly pin: PinOf;
}

/** Those who hold the PIN of each unit give it, and those who make it make another. */
export const changePins: StepHandler<'unit.pin.change'> = async (ceremony, step) => {
  const { devices } = ceremony.ports;
  for (const unit of step.units) {
    const changing = { step: step.id, unit, pin: step.for };
    await act(ceremony, {
      step: step.id,
      key: `${unit}/pin`,
      operation: 'C_SetPIN',
      unit,
      by: concerned(ceremony, unit, [step.for]),
      parameters: { pin: step.for },
      expected: { pin: 'changed' },
      perform: async () => ({ result: proven(step.for, await devices.changePin(unit, step.for, step.id)) }),
      observe: () => observeChange(ceremony, changing),
    });
  }
  return { result: { units: step.units } };
};

/** The security officer of each unit sets a new user PIN. */
export const unlockPins: StepHandler<'unit.pin.unlock'> = async (ceremony, step) => {
  const { devices } = ceremony.ports;
  for (const unit of step.units) {
    const changing = { step: step.id, unit, pin: 'user' } as const;
    const before = ceremony.record.act(step.id, `${unit}/pin`)?.intent.body.parameters['locked'];
    const locked = before ?? isLocked((await devices.glanceAtUnit(unit)).token);
    await act(ceremony, {
      step: step.id,
      key: `${unit}/pin`,
      operation: 'C_InitPIN',
      unit,
      by: concerned(ceremony, unit, ['security-officer', 'user']),
      parameters: { pin: 'user', locked },
      expected: { pin: 'set anew' },
      perform: async () => ({ result: proven('user', await devices.unlockPin(unit, step.id)) }),
      observe: () => observeUnlocking(ceremony, changing, locked === true),
    });
  }
  return { result: { units: step.units } };
};

function proven(pin: PinOf, token: TokenDescription): JsonObject {
  return { pin, proven: true, token: { ...token } };
}

/** The new PIN opens the token: changed. The old one does: not changed. Neither was tried, or did: nobody can tell. */
async function observeChange(ceremony: Ceremony, changing: Changing): Promise<Observed> {
  const after = await tried(ceremony, changing, 'new');
  if (after.opens) return { verdict: 'applied', observed: { note: OPENS, ...proven(changing.pin, after.token) } };
  const before = await tried(ceremony, changing, 'old');
  const observed = { pin: changing.pin, token: { ...before.token } };
  if (before.opens) return { verdict: 'not-applied', observed: { note: STILL_THE_OLD, ...observed } };
  return { verdict: 'undetermined', observed: { note: NOBODY_CAN_TELL, ...observed } };
}

/**
 * A PIN that was locked and still is was not set anew; otherwise the new one is tried. Where the token refuses it, the
 * officer sets it again, which does no harm whatever the token has; only where nobody tried it, nobody can tell.
 */
async function observeUnlocking(ceremony: Ceremony, changing: Changing, wasLocked: boolean): Promise<Observed> {
  const token = await glance(ceremony, changing.unit);
  const seen = { pin: 'user', token: { ...token } };
  if (wasLocked && isLocked(token)) return { verdict: 'not-applied', observed: { note: STILL_LOCKED, ...seen } };
  const after = await tried(ceremony, changing, 'new');
  if (after.opens) return { verdict: 'applied', observed: { note: OPENS, ...proven('user', after.token) } };
  return after.was === 'refused'
    ? { verdict: 'not-applied', observed: { note: NEW_DOES_NOT_OPEN, ...seen } }
    : { verdict: 'undetermined', observed: { note: NEW_NOT_TRIED, ...seen } };
}

const OPENS = 'one login with the new PIN, which people decided to make, opened the token';
const STILL_THE_OLD = 'the new PIN was not tried or did not open the token, and the old one opened it';
const STILL_LOCKED = 'the user PIN was locked before and is locked still';
const NEW_DOES_NOT_OPEN = 'the new PIN, tried once, did not open the token; it is set again';
const NEW_NOT_TRIED = 'the new PIN was not tried';
const NOBODY_CAN_TELL = 'no reading tells which PIN a token has, and neither was tried, or neither opened it';

type Tried =
  | { readonly opens: true; readonly token: TokenDescription }
  | { readonly opens: false; readonly was: 'refused' | 'not-tried'; readonly token: TokenDescription };

/** What the token says of itself. One that is not there is waited for: no verdict on its PIN could ever be taken back. */
async function glance(ceremony: Ceremony, unit: string): Promise<TokenDescription> {
  const { token } = await ceremony.ports.devices.glanceAtUnit(unit);
  if (token !== null) return token;
  throw new DeviceError({
    code: 'TOKEN_NOT_FOUND',
    message: `The token of unit ${unit} is not there, so nobody can tell whether its PIN was changed.`,
    changed: 'Nothing is on record of what became of the PIN.',
    next: 'Connect the unit again, and try again. Or stop: the ceremony goes on from here when it is resumed.',
    uncertain: false,
  });
}

/** One login, if the people want it and the PIN is not locked; what they decided goes on record. */
async function tried(ceremony: Ceremony, { step, unit, pin }: Changing, which: 'old' | 'new'): Promise<Tried> {
  const { devices, people } = ceremony.ports;
  const token = await glance(ceremony, unit);
  const flags = token.pinFlags;
  if (isLocked(token, pin)) return { opens: false, was: 'not-tried', token };
  const name = ceremony.plan.units.find((one) => one.id === unit)?.name ?? unit;
  const operators = ceremony.record.presentWith('crypto-administrator').map((one) => one.id);
  const statement =
    `Nobody knows whether the ${inWords(pin)} PIN of ${name} was changed. The token says: ${flags.length === 0 ? 'no try was wrong' : flags.join(', ')}. ` +
    `Try the ${which} PIN once, now. A wrong one is counted by the token.`;
  // SECURITY(K-241): a PIN is tried where people want it to be, once, and never because the program would like to know.
  const confirmed = await people.confirm({ step, statement, by: operators });
  if (operators.some((id) => !confirmed.includes(id))) return { opens: false, was: 'not-tried', token };
  const attempt = ceremony.record.step(step).attempts;
  await ceremony.append({ type: 'step.confirmed', step, by: operators, body: { attempt, statement } });
  const answer = await devices.tryPin(unit, pin, { step, pin: which });
  return answer.opens ? { opens: true, token: answer.token } : { opens: false, was: 'refused', token: answer.token };
}

function isLocked(token: TokenDescription | null, pin: PinOf = 'user'): boolean {
  return token?.pinFlags.includes(`${pin}-locked`) === true;
}

/** Those who carry it out, and those who give and make PINs of the kinds, as far as they are present. */
function concerned(ceremony: Ceremony, unit: string, kinds: readonly PinOf[]): readonly string[] {
  const people = ceremony.plan.pins
    .filter((one) => kinds.includes(one.for) && one.units.includes(unit))
    .flatMap(({ heldBy, madeBy, parts }) =>
      [heldBy, madeBy].flatMap((position) => ceremony.peopleOf(position).slice(0, parts)),
    );
  return [...new Set([...ceremony.acting(), ...people])];
}

function inWords(pin: PinOf): string {
  return pin === 'user' ? 'user' : 'security officer';
}
