/**
 * The whole report on a token: every question, in a session of its own. Only objects of that session are made, and none
 * that was there is touched; what the user can see before and after shows whether anything was left.
 */
import type { CapabilityReport } from '../../../ceremony/command/capability-report';
import { CLASS } from '../attributes';
import { Findings } from '../finding';
import type { SlotHandle } from '../handles';
import { KnownKeys } from '../known-keys';
import type { Pkcs11Module } from '../module';
import { probe } from '../probes';
import type { Session } from '../session';
import { askKeeping } from './keeping-questions';
import { askMechanisms } from './mechanism-questions';

/**
 * Asks a token everything. Takes a second or so, most of it for RSA keys.
 *
 * @param kept a logged-in session that stays open, so that the login does
 * @throws CryptokiError when the token can no longer be asked anything
 */
export function reportCapabilities(module: Pkcs11Module, slot: SlotHandle, kept: Session): CapabilityReport {
  const before = visible(kept);
  const findings = askAll(module, slot);
  const after = visible(kept);
  const { label, serial, manufacturer, model, firmware, minPin, maxPin } = module.tokenInfo(slot);
  return {
    format: 'keyrite-capabilities/1',
    library: module.info(),
    token: { label, serial, manufacturer, model, firmware },
    pin: { shortest: minPin, longest: maxPin },
    findings,
    objects: {
      before: before.length,
      after: after.length,
      appeared: without(after, before),
      gone: without(before, after),
    },
  };
}

function askAll(module: Pkcs11Module, slot: SlotHandle): CapabilityReport['findings'] {
  const session = module.openSession(slot);
  try {
    const atConnect = probe(session).mechanisms;
    const findings = new Findings();
    const keys = new KnownKeys(session);
    askMechanisms(session, keys, findings);
    askKeeping(session, keys, findings);
    return { ...atConnect, ...findings.all };
  } finally {
    session.close();
  }
}

/** Every object that the user can see, those of sessions too, told well enough to be told apart. */
function visible(session: Session): string[] {
  return session.find({}).map((object) => {
    const objectClass = session.get(object, 'CKA_CLASS');
    const id = objectClass === CLASS.data ? null : session.get(object, 'CKA_ID');
    const parts = [
      `class ${String(objectClass)}`,
      session.get(object, 'CKA_TOKEN') === false ? 'of a session' : 'on the token',
      `label “${session.get(object, 'CKA_LABEL') ?? ''}”`,
      `id ${id === null ? '' : Buffer.from(id).toString('hex')}`,
    ];
    return parts.join(', ').slice(0, 1000);
  });
}

/** What is in one list and not in the other, as often as it is there more. */
function without(list: readonly string[], other: readonly string[]): string[] {
  const left = [...other];
  return list.filter((one) => {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
