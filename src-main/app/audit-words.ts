/** Words of the auditor's screen for what a line has: its type, its members, and what was signed. No full stop in a label. */
import { PAYLOAD_TYPES } from '../../ceremony/command/dsse';
import type { LineType } from '../../ceremony/transcript/line';

const TYPES: Readonly<Record<LineType, string>> = {
  'ceremony.opened': 'Ceremony opened',
  'ceremony.paused': 'Ceremony paused',
  'ceremony.resumed': 'Ceremony resumed',
  'ceremony.closed': 'Ceremony closed',
  'participant.present': 'Presence proved',
  'participant.enrolled': 'Person enrolled',
  'participant.left': 'Person left',
  'participant.replaced': 'Person replaced',
  'step.started': 'Step begun',
  'step.intent': 'About to act',
  'step.outcome': 'Outcome',
  'step.reconciled': 'Read again after a failure',
  'step.confirmed': 'Confirmation',
  'step.failed': 'Failure',
  'fact.recorded': 'Fact',
  'exception.recorded': 'Exception',
  'checkpoint.made': 'Checkpoint made',
  'checkpoint.signed': 'Checkpoint signed',
};

/** A line's type in words; an unknown one as it stands. */
export function typeWords(type: string): string {
  return Object.hasOwn(TYPES, type) ? TYPES[type as LineType] : type;
}

const SIGNED: Readonly<Record<string, string>> = {
  [PAYLOAD_TYPES.checkpoint]: 'Checkpoint',
  [PAYLOAD_TYPES.presence]: 'Proof of presence',
  [PAYLOAD_TYPES.command]: 'Signed command',
  [PAYLOAD_TYPES.exception]: 'Exception',
  [PAYLOAD_TYPES.approval]: 'Approval',
  [PAYLOAD_TYPES.parameters]: 'Wrapping parameters',
  [PAYLOAD_TYPES.receipt]: 'Receipt',
};

/** What a payload type is of, in words; an unknown one by its own last part. */
export function signedWords(payloadType: string): string {
  return SIGNED[payloadType] ?? sentence((payloadType.split('.').at(-1) ?? payloadType).replaceAll('-', ' '));
}

/** Members whose own names would not be understood, or read wrong when they are taken apart. */
const MEMBERS: Readonly<Record<string, string>> = {
  act: 'Act',
  app: 'Program',
  at: 'Time',
  by: 'By',
  cka: 'CKA attribute',
  files: 'Files',
  format: 'Format',
  head: 'Hash of the line before',
  keysFrom: 'Keys come from',
  line0: 'Hash of line 0',
  lastKnown: 'Last known state',
  nonce: 'Nonce',
  ok: 'OK',
  pin: 'PIN',
  prev: 'Hash of the line before',
  previous: 'State acted on',
  proof: 'Proof of presence',
  record: 'Signed exception',
  result: 'Result',
  sha256: 'SHA-256',
  sig: 'Signature',
  signOff: 'Wording of the sign-off',
  spki: 'Public key (SPKI, base64)',
  torn: 'Line that was cut off',
  withheld: 'Withheld facts',
};

/** The name of a member in words, such as `Signature threshold` for `signatureThreshold`. */
export function memberWords(name: string): string {
  if (Object.hasOwn(MEMBERS, name)) return MEMBERS[name] ?? name;
  if (!/^[a-z]+(?:[A-Z][a-z]+)*$/.test(name)) return name;
  return sentence(name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`));
}

function sentence(words: string): string {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
