/** Initialising units: token, user PIN, identity key, each an act of its own so that a crash between them loses nothing. */
import * as v from 'valibot';
import { hex } from '../../check-value';
import { act, type Observed } from '../act';
import type { Ceremony } from '../ceremony';
import { confirm } from '../confirm';
import { describe, readIdentity } from '../units';
import { tellWeaknesses } from '../weaknesses';
import type { StepHandler } from './handler';

/** Erases each unit's token and makes it a unit in imprint mode. */
export const initialise: StepHandler<'unit.initialise'> = async (ceremony, step) => {
  const names = step.units.map((unit) => planned(ceremony, unit).name).join(', ');
  const operators = ceremony.record.presentWith('crypto-administrator').map((one) => one.id);
  await confirm(
    ceremony,
    step.id,
    `Initialise ${names}. Whatever is on these tokens is erased, and cannot be brought back.`,
    operators,
  );
  for (const unit of step.units) {
    await initialiseToken(ceremony, step.id, unit);
    await setUserPin(ceremony, step.id, unit);
    await createIdentity(ceremony, step.id, unit);
  }
  return { result: { units: step.units } };
};

async function initialiseToken(ceremony: Ceremony, step: string, unit: string): Promise<void> {
  const { devices } = ceremony.ports;
  const { label } = planned(ceremony, unit);
  const again = ceremony.record.act(step, `${unit}/token`) !== null;
  await act(ceremony, {
    step,
    key: `${unit}/token`,
    operation: 'C_InitToken',
    unit,
    parameters: { label },
    expected: { label, initialised: true },
    perform: async () => {
      const token = await devices.initialiseToken(unit, label, again);
      return { result: { token: { ...token }, ...(token.initialised ? {} : { note: NOTHING_TO_INITIALISE }) } };
    },
    observe: async () => {
      const { token } = await devices.glanceAtUnit(unit);
      const applied = token?.initialised === true && token.label === label;
      return {
        verdict: applied ? 'applied' : 'not-applied',
        observed: { token: token === null ? null : { ...token } },
      };
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
    parameters: {},
    expected: { userPinSet: true },
    perform: async () => ({ result: { token: { ...(await devices.setUserPin(unit)) } } }),
    observe: async () => {
      const { token } = await devices.glanceAtUnit(unit);
      const applied = token?.userPinSet === true;
      return {
        verdict: applied ? 'applied' : 'not-applied',
        observed: { token: token === null ? null : { ...token } },
      };
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
async function observeIdentity(ceremony: Ceremony, unit: string): Promise<Observed> {
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

function planned(ceremony: Ceremony, unit: string): { readonly name: string; readonly label: string } {
  const found = ceremony.plan.units.find((one) => one.id === unit);
  if (found === undefined) throw new Error(`the plan has no unit ${unit}`);
  return found;
}
