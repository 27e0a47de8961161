/** Initialising units: token, user PIN, identity key, each an act of its own so that a crash between them loses nothing. */
import * as v from 'valibot';
import { hex } from '../../check-value';
import { DeviceError } from '../../command/device-error';
import { onOneLine } from '../../on-one-line';
import { act, type Observed } from '../act';
import type { Ceremony } from '../ceremony';
import { confirm } from '../confirm';
import type { TokenDescription } from '../ports';
import { describe, readIdentity } from '../units';
import { tellWeaknesses } from '../weaknesses';
import type { StepHandler } from './handler';

/** Erases each unit's token and makes it a unit in imprint mode. */
export const initialise: StepHandler<'unit.initialise'> = async (ceremony, step) => {
  for (const unit of step.units) {
    await confirmErasing(ceremony, step.id, unit);
    await initialiseToken(ceremony, step.id, unit);
    await setUserPin(ceremony, step.id, unit);
    await createIdentity(ceremony, step.id, unit);
  }
  return { result: { units: step.units } };
};

/**
 * The operators compare the token with the device, by serial and label, right before it is erased: which token a unit
 * gets can depend on the one before it. Nothing is asked again once the erasing began, unless it is known to have failed.
 *
 * @throws DeviceError `TOKEN_NOT_FOUND` when there is no token to compare, `NOT_CONFIRMED` naming those who did not
 */
async function confirmErasing(ceremony: Ceremony, step: string, unit: string): Promise<void> {
  const begun = ceremony.record.act(step, `${unit}/token`);
  if (begun !== null && begun.status !== 'undone') return;
  const { name, label } = planned(ceremony, unit);
  const { token } = await ceremony.ports.devices.glanceAtUnit(unit);
  if (token === null) throw notThere(name);
  const operators = ceremony.record.presentWith('crypto-administrator').map((one) => one.id);
  // SECURITY(K-120): names are the plan's; serial and label are what the device itself can be compared with.
  await confirm(
    ceremony,
    step,
    `Initialise ${name}. Whatever is on this token is erased, and cannot be brought back: ${inWords(token)}. It gets the label ${label}.`,
    operators,
  );
}

function notThere(name: string): DeviceError {
  return new DeviceError({
    code: 'TOKEN_NOT_FOUND',
    message: `There is no token to be seen for ${name}.`,
    changed: 'Nothing was changed.',
    next: 'Insert the token, or correct label and serial in the binding.',
    uncertain: false,
  });
}

/**
 * What a token says of itself after an act whose answer is missing.
 *
 * @param what may have happened, as a clause
 * @throws DeviceError `TOKEN_NOT_FOUND` when there is none to be seen: nobody can tell then, until it is back
 */
async function seeAgain(ceremony: Ceremony, unit: string, what: string): Promise<TokenDescription> {
  const { devices } = ceremony.ports;
  let { token } = await devices.glanceAtUnit(unit);
  // Looked for by its label first, and then as a blank one: where it came back in between, another blank one was found.
  if (token?.initialised === false) ({ token } = await devices.glanceAtUnit(unit));
  if (token !== null) return token;
  throw new DeviceError({
    code: 'TOKEN_NOT_FOUND',
    message: `There is no token to be seen for ${planned(ceremony, unit).name}.`,
    changed: `Until it is back, nobody can tell whether ${what}.`,
    next: 'Put the token back where it was, and have it read again.',
    uncertain: true,
  });
}

function inWords({ serial, label, initialised }: TokenDescription): string {
  const shown = [
    serial === '' ? 'no serial yet' : `serial ${onOneLine(serial)}`,
    label === '' ? 'no label yet' : `label ${onOneLine(label)}`,
    initialised ? 'initialised before' : 'not initialised',
  ];
  return shown.join(', ');
}

async function initialiseToken(ceremony: Ceremony, step: string, unit: string): Promise<void> {
  const { devices } = ceremony.ports;
  const { label } = planned(ceremony, unit);
  const again = ceremony.record.act(step, `${unit}/token`) !== null;
  await act(ceremony, {
    step,
    key: `${unit}/token`,
    operation: 'C_InitToken',
    unit,
    by: actingWith(ceremony, unit, 'security-officer'),
    parameters: { label },
    expected: { label, initialised: true },
    perform: async () => {
      const token = await devices.initialiseToken(unit, label, again);
      return { result: { token: { ...token }, ...(token.initialised ? {} : { note: NOTHING_TO_INITIALISE }) } };
    },
    observe: async () => {
      const token = await seeAgain(ceremony, unit, 'it was initialised');
      const applied = token.initialised && token.label === label;
      return { verdict: applied ? 'applied' : 'not-applied', observed: { token: { ...token } } };
    },
  });
}

/** NSS, the only one whose tokens are not initialised after this. */
const NOTHING_TO_INITIALISE =
  'the module makes and labels this token by its library parameters: it is empty and has no user PIN, and C_InitToken was not called';

async function setUserPin(ceremony: Ceremony, step: string, unit: string): Promise<void> {
  const { devices } = ceremony.ports;
  await act(ceremony, {
    step,
    key: `${unit}/user-pin`,
    operation: 'C_InitPIN',
    unit,
    by: actingWith(ceremony, unit, 'user'),
    parameters: {},
    expected: { userPinSet: true },
    perform: async () => ({ result: { token: { ...(await devices.setUserPin(unit)) } } }),
    observe: async () => {
      const token = await seeAgain(ceremony, unit, 'its user PIN was set');
      return { verdict: token.userPinSet ? 'applied' : 'not-applied', observed: { token: { ...token } } };
    },
  });
}

async function createIdentity(ceremony: Ceremony, step: string, unit: string): Promise<void> {
  const { devices } = ceremony.ports;
  const made = await act(ceremony, {
    step,
    key: `${unit}/identity`,
    operation: 'C_GenerateKeyPair',
    unit,
    parameters: { label: 'keyrite:identity' },
    expected: { identity: 'a new key pair', mode: 'imprint' },
    perform: async () => ({ result: { ...(await devices.createIdentity(unit)) } }),
    observe: () => observeIdentity(ceremony, unit),
  });
  devices.knowIdentity(unit, v.parse(v.object({ spki: v.string() }), made).spki);
  const { reading } = await readIdentity(ceremony, step, unit);
  // Said before any key is brought in: people can still stop here.
  const weaknesses = tellWeaknesses(ceremony, unit, reading);
  await ceremony.recordFact(step, 'unit.initialised', { unit, ...describe(reading), weaknesses });
}

/**
 * A complete identity is a key that signs and the first state beside it. A key without its state is finished: it is
 * read back as if it had just been made, and the state is written, where the token keeps one.
 */
export async function observeIdentity(ceremony: Ceremony, unit: string): Promise<Observed> {
  const { devices } = ceremony.ports;
  const reading = await devices.readUnit(unit, hex(ceremony.ports.random(32)));
  const { identity, state } = reading;
  if (identity === null) return { verdict: 'not-applied', observed: describe(reading) };
  if (state !== null) return { verdict: 'applied', observed: { ...identity, state } };
  const finished = await devices.createIdentity(unit);
  const note =
    reading.stateKept === 'token'
      ? 'it was half done: the key pair was there and the first state was not. The key pair was read back, and the state written'
      : 'the key pair was there, and was read back; the token keeps no state';
  return { verdict: 'applied', observed: { note, ...finished } };
}

/** Those who carry it out, and those who make the PIN that it sets, as far as they are present. */
function actingWith(ceremony: Ceremony, unit: string, role: 'security-officer' | 'user'): readonly string[] {
  const pin = ceremony.plan.pins.find((one) => one.for === role && one.units.includes(unit));
  const makers = pin === undefined ? [] : ceremony.peopleOf(pin.madeBy).slice(0, pin.parts);
  return [...new Set([...ceremony.acting(), ...makers])];
}

function planned(ceremony: Ceremony, unit: string): { readonly name: string; readonly label: string } {
  const found = ceremony.plan.units.find((one) => one.id === unit);
  if (found === undefined) throw new Error(`the plan has no unit ${unit}`);
  return found;
}
