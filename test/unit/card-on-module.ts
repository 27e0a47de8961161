/**
 * A program for card-algorithms.test.ts: makes a token on a module, a key for every algorithm that the module makes, and
 * signs with each as a ceremony does. One process for each module: opencryptoki's lives in a namespace.
 *
 * Arguments: the module of a binding as JSON. Standard output: one JSON object, {@link CardResults}.
 */
import { randomBytes } from 'node:crypto';
import { DeviceError } from '../../ceremony/command/device-error';
import { SIGNATURE_ALGORITHMS, type SignatureAlgorithm } from '../../ceremony/command/dsse';
import type { Module } from '../../ceremony/plan/binding-schema';
import { makeCardKey, signWithCard } from '../../hsm/card/card';
import type { Dialogue, PersonLink, UnitTarget } from '../../hsm/contract';
import { Pkcs11Module } from '../../hsm/pkcs11/module';
import { initialiseToken, setUserPin } from '../../hsm/unit/initialise';
import { Tokens } from '../../hsm/unit/tokens';

/** What came of it for each algorithm: key and signatures, or the error that says why not. */
export type CardResults = Readonly<
  Record<
    SignatureAlgorithm,
    | { readonly spki: string; readonly signed: readonly { readonly message: string; readonly signature: string }[] }
    | { readonly code: string; readonly message: string }
  >
>;

/** How many messages each key signs, so that short r and s are among the ECDSA signatures. */
const SIGNATURES = 40;
const LABEL = 'KR-CARD';

/** Everybody's PIN fits the 8 bytes that opencryptoki takes. */
const link: PersonLink = {
  ask: (dialogue: Dialogue) => {
    if (dialogue.kind !== 'pin') throw new Error(`nobody is asked for a ${dialogue.kind} here`);
    return Promise.resolve(Buffer.from(dialogue.role === 'security-officer' ? 'officer1' : 'user-pin'));
  },
  atPad: () => Promise.reject(new Error('no token has a pad here')),
};

void main(JSON.parse(process.argv[2] ?? '') as Module);

async function main({ path, libraryParameters: parameters }: Module): Promise<void> {
  const libraryParameters = parameters ?? null;
  const module = Pkcs11Module.load(path);
  module.initialise(libraryParameters);
  const tokens = new Tokens(module, libraryParameters);
  const entry = { parts: 1, holders: ['anna'] } as const;
  const blank: UnitTarget = {
    unit: 'card',
    address: { blank: true, label: LABEL, serial: null },
    identitySpki: null,
    user: { ...entry, holders: [...entry.holders] },
    securityOfficer: { ...entry, holders: [...entry.holders] },
  };
  await initialiseToken(tokens, blank, LABEL, false, link);
  const target = { ...blank, address: { blank: false, label: LABEL, serial: null } };
  await setUserPin(tokens, target, link);
  const results = new Map<SignatureAlgorithm, CardResults[SignatureAlgorithm]>();
  for (const algorithm of SIGNATURE_ALGORITHMS) results.set(algorithm, await signings(tokens, target, algorithm));
  process.stdout.write(JSON.stringify(Object.fromEntries(results)));
}

async function signings(
  tokens: Tokens,
  { address }: UnitTarget,
  algorithm: SignatureAlgorithm,
): Promise<CardResults[SignatureAlgorithm]> {
  try {
    const card = { participant: 'anna', address, keyLabel: `key ${algorithm}`, algorithm };
    const token = await tokens.openCard(card, link);
    const spki = makeCardKey(token, card.keyLabel, algorithm);
    const signed = [];
    for (let count = 0; count < SIGNATURES; count += 1) {
      // Never empty, as no message of ours is: SoftHSM2 refuses that for Ed25519.
      const message = randomBytes(1 + count * 7);
      const signature = Buffer.from(await signWithCard(tokens, { ...card, spki }, message, link));
      signed.push({ message: message.toString('base64'), signature: signature.toString('base64') });
    }
    return { spki, signed };
  } catch (error) {
    if (error instanceof DeviceError) return { code: error.code, message: error.message };
    throw error;
  }
}
