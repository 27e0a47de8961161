/**
 * The tokens of one module: found by label, serial and identity (slots are never trusted), and one logged-in session
 * for each, kept for the life of the worker so that nobody is asked for a PIN twice.
 */
import { DeviceError } from '../../ceremony/command/device-error';
import type { CardTarget, PersonLink, UnitTarget } from '../contract';
import { CLASS } from '../pkcs11/attributes';
import { isCkr } from '../pkcs11/cryptoki-error';
import { asDeviceError, attempt, refused, unitChanged } from '../pkcs11/device-trouble';
import { sameHandle, type SlotHandle } from '../pkcs11/handles';
import type { Pkcs11Module, TokenSlot } from '../pkcs11/module';
import { probe, type ProbeReport } from '../pkcs11/probes';
import type { Session } from '../pkcs11/session';
import { spkiOf } from '../pkcs11/spki';
import { hasUserPin, isInitialised, pinWarning, type PinRole, type TokenInfo } from '../pkcs11/token-info';
import type { Pin } from '../pkcs11/pin-bytes';
import { LABEL } from './objects';
import { withPin, type PinQuestion } from './pin';

/** How a token is looked for. */
export type TokenAddress = UnitTarget['address'];

/** A token with its user logged in. */
export interface OpenToken {
  /** Whose it is, for messages: `unit unit-a`. */
  readonly of: string;
  readonly slot: SlotHandle;
  readonly session: Session;
  /** What the token can do: asked once. Throws DeviceError. */
  readonly probed: () => ProbeReport;
  /** Does something in a session of its own, which takes its objects with it when it closes. Throws what `work` throws. */
  readonly beside: <T>(work: (session: Session) => T) => T;
}

/** All tokens of a module. */
export class Tokens {
  readonly #module: Pkcs11Module;
  readonly #parameters: string | null;
  readonly #open = new Map<SlotHandle, OpenToken>();

  /** @param parameters what C_Initialize was given, for initialising again */
  constructor(module: Pkcs11Module, parameters: string | null) {
    this.#module = module;
    this.#parameters = parameters;
  }

  get module(): Pkcs11Module {
    return this.#module;
  }

  /** Every token of the module. Throws DeviceError. */
  list(): TokenSlot[] {
    return attempt(reading('the module', 'listing its tokens'), () => this.#module.tokens());
  }

  /**
   * Looks a token up. A blank address takes an uninitialised token: one that shows the planned label already where there
   * is one (NSS labels its tokens itself), else any. Where the identity is known, a token whose public identity key is
   * another is not taken, whatever its label says.
   *
   * @returns null when there is none
   * @throws DeviceError `UNIT_CHANGED` when several match, or only ones of another identity
   */
  find(of: string, address: TokenAddress, identitySpki: string | null): TokenSlot | null {
    const matching = this.#matching(of, address);
    if (address.blank) return matching.find(({ info }) => info.label === address.label) ?? matching[0] ?? null;
    if (matching.length === 0) return null;
    const ours =
      identitySpki === null ? matching : matching.filter(({ slot }) => this.#publicIdentity(of, slot) === identitySpki);
    if (ours.length === 0)
      throw unitChanged(of, 'the token found by label and serial does not hold the identity key of this unit');
    if (ours.length > 1)
      throw unitChanged(of, `${String(ours.length)} tokens have this label and serial, and cannot be told apart`);
    return ours[0] ?? null;
  }

  /** As {@link find}. Throws DeviceError `TOKEN_NOT_FOUND` when there is none. */
  require(of: string, address: TokenAddress, identitySpki: string | null): TokenSlot {
    const found = this.find(of, address, identitySpki);
    if (found !== null) return found;
    const wanted = address.blank
      ? 'an uninitialised token'
      : `a token labelled ${address.label ?? 'as it may be'}${address.serial === null ? '' : `, serial ${address.serial}`}`;
    throw refused(
      'TOKEN_NOT_FOUND',
      of,
      `the module shows no such token: ${wanted}`,
      'Insert the token, or correct label and serial in the binding.',
    );
  }

  #matching(of: string, address: TokenAddress): TokenSlot[] {
    if (!address.blank && address.label === null && address.serial === null) {
      throw refused(
        'TOKEN_NOT_FOUND',
        of,
        'the binding names neither label nor serial of the token',
        'Name at least one of them in the binding.',
      );
    }
    const matches = ({ info }: TokenSlot): boolean =>
      address.blank
        ? !isInitialised(info)
        : (address.label === null || info.label === address.label) &&
          (address.serial === null || info.serial === address.serial);
    const found = this.list().filter(matches);
    if (found.length > 0 || this.#module.openSessions > 0) return found;
    // A token that another process made shows only after the module was initialised again (SoftHSM2), which ends logins.
    attempt(reading('the module', 'looking for new tokens'), () => {
      this.#module.finalise();
      this.#module.initialise(this.#parameters);
    });
    this.#open.clear();
    return this.list().filter(matches);
  }

  /** SPKI of the public identity key, which a token shows without login; null when there is not exactly one. */
  #publicIdentity(of: string, slot: SlotHandle): string | null {
    return attempt(reading(of, 'reading its public identity key'), () => {
      const session = this.#kept(slot)?.session ?? this.#module.openSession(slot);
      try {
        const keys = session.find({ CKA_CLASS: CLASS['public-key'], CKA_LABEL: LABEL.identity });
        return keys[0] === undefined || keys.length > 1 ? null : spkiOf(session, keys[0]);
      } finally {
        if (this.#kept(slot)?.session !== session) session.close();
      }
    });
  }

  #kept(slot: SlotHandle): OpenToken | null {
    for (const [known, open] of this.#open) if (sameHandle(known, slot)) return open;
    return null;
  }

  /** Ends the session kept with a token: before it is initialised, or the security officer logs in. */
  release(slot: SlotHandle): void {
    for (const [known, open] of this.#open) {
      if (!sameHandle(known, slot)) continue;
      this.#open.delete(known);
      open.session.close();
    }
  }

  /** The unit's token with its user logged in; asks for the PIN the first time. Throws DeviceError. */
  async openUnit(target: UnitTarget, link: PersonLink): Promise<OpenToken> {
    const of = `unit ${target.unit}`;
    const found = this.require(of, target.address, target.identitySpki);
    const { parts, holders } = target.user;
    return this.#login(of, found, { of: target.unit, role: 'user', parts, holders, make: false }, link);
  }

  /** A participant's own token with its user logged in; asks for the PIN the first time. Throws DeviceError. */
  async openCard(card: Pick<CardTarget, 'participant' | 'address'>, link: PersonLink): Promise<OpenToken> {
    const of = `the token of ${card.participant}`;
    const found = this.require(of, card.address, null);
    const holders = [card.participant];
    return this.#login(of, found, { of: card.participant, role: 'card', parts: 1, holders, make: false }, link);
  }

  async #login(of: string, { slot, info }: TokenSlot, question: PinQuestion, link: PersonLink): Promise<OpenToken> {
    const kept = this.#kept(slot);
    if (kept !== null) return kept;
    if (!isInitialised(info))
      throw refused('TOKEN_NOT_INITIALISED', of, 'the token is not initialised', 'Initialise it first.');
    if (!hasUserPin(info)) {
      throw refused(
        'CKR_USER_PIN_NOT_INITIALIZED',
        of,
        'no user PIN has been set',
        'Let the security officer set the user PIN first.',
      );
    }
    return withPin(question, info, link, (pin) => this.keepLoggedIn(of, slot, pin));
  }

  /** Logs the user in and keeps the session; the PIN is zero afterwards. Throws DeviceError. */
  keepLoggedIn(of: string, slot: SlotHandle, pin: Pin): OpenToken {
    this.release(slot);
    const session = this.loggedIn(of, slot, 'user', pin);
    let report: ProbeReport | null = null;
    const open: OpenToken = {
      of,
      slot,
      session,
      probed: () => (report ??= this.#probe(of, slot)),
      beside: (work) => this.#beside(slot, work),
    };
    this.#open.set(slot, open);
    return open;
  }

  /** A session with a role logged in; the caller closes it. Tries the PIN once; it is zero afterwards. Throws DeviceError. */
  loggedIn(of: string, slot: SlotHandle, role: PinRole, pin: Pin): Session {
    const session = attempt(reading(of, 'opening a session'), () => this.#module.openSession(slot));
    try {
      // SECURITY(K-09): one call for one PIN that a person gave; a refusal is told, never tried again.
      session.login(role, pin);
      return session;
    } catch (error) {
      session.close();
      if (isCkr(error, 'CKR_PIN_INCORRECT', 'CKR_PIN_LOCKED'))
        throw wrongPin(of, role, error.ckr, this.#infoIfTold(slot));
      throw asDeviceError(error, reading(of, `logging in as ${role}`));
    }
  }

  #infoIfTold(slot: SlotHandle): TokenInfo | null {
    try {
      return this.#module.tokenInfo(slot);
    } catch {
      return null;
    }
  }

  /** Probes in a session of their own, which takes their keys with it when it closes. */
  #probe(of: string, slot: SlotHandle): ProbeReport {
    return attempt(reading(of, 'finding out what the token can do'), () => this.#beside(slot, probe));
  }

  /** Does something that needs no login, in a session of its own. Throws what `work` throws. */
  withoutLogin<T>(found: TokenSlot, work: (session: Session) => T): T {
    return this.#beside(found.slot, work);
  }

  #beside<T>(slot: SlotHandle, work: (session: Session) => T): T {
    const session = this.#module.openSession(slot);
    try {
      return work(session);
    } finally {
      session.close();
    }
  }
}

/** The circumstance of an act that changes nothing. */
export function reading(of: string, doing: string): { of: string; doing: string; changed: string; changes: boolean } {
  return { of, doing, changed: 'Nothing was changed.', changes: false };
}

function wrongPin(of: string, role: PinRole, code: string, info: TokenInfo | null): DeviceError {
  const warning = info === null ? null : pinWarning(info, role);
  const left: Readonly<Record<string, string>> = {
    'count-low': 'The token says that few tries are left.',
    'final-try': 'The token says that ONE try is left before the PIN is locked.',
    locked: 'The PIN is locked now.',
  };
  return new DeviceError({
    code: warning === 'locked' ? 'CKR_PIN_LOCKED' : code,
    message: `${of}: the ${role} PIN was refused (${code}). ${warning === null ? 'The token does not say how many tries are left.' : (left[warning] ?? '')}`,
    changed: "Nothing was changed but the token's count of wrong tries.",
    next: 'Do not guess: check which PIN belongs to this token before anyone tries again.',
    uncertain: false,
  });
}
