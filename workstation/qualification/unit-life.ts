/**
 * The life of a unit that a ceremony needs, on a test partition: each act through the same operation of the worker that a
 * ceremony uses. The token is initialised and empty already; it is not initialised here.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { QualifiedStep } from '../../ceremony/capability/qualification';
import { isValidSignature } from '../../ceremony/command/dsse';
import { DeviceError } from '../../ceremony/command/device-error';
import { identityChallenge } from '../../ceremony/command/statements';
import type { CommandPayload, UnitState } from '../../ceremony/command/unit-state';
import type { CommandRequest, ImportKey, SessionKey, UnitReading } from '../../ceremony/engine/ports';
import type { Processes } from '../processes';
import { refusal, type Partition } from './partition';
import type { TestQuorum } from './test-quorum';

/** One act: its id and words, what a refusal means, and how it is done; what it returns is told of it. */
interface Act {
  readonly id: string;
  readonly act: string;
  readonly means: string;
  readonly run: () => Promise<string | null>;
}

/** The life of one partition. */
export class UnitLife {
  readonly #partition: Partition;
  readonly #quorum: TestQuorum;
  readonly #processes: Pick<Processes, 'startShareProcess'>;
  #state: UnitState | null = null;
  #importKey: ImportKey | null = null;
  #rootKey: SessionKey | null = null;

  constructor(partition: Partition, quorum: TestQuorum, processes: Pick<Processes, 'startShareProcess'>) {
    this.#partition = partition;
    this.#quorum = quorum;
    this.#processes = processes;
  }

  /** The state of the unit after the last act that was done; null before there is one. */
  get state(): UnitState | null {
    return this.#state;
  }

  /**
   * Goes through the life. Every act needs those before it: after the first refusal the others are not run.
   *
   * @param stopped asked before each act: whether people broke off
   * @param tell given each step once it is over
   */
  async run(stopped: () => boolean, tell: (step: QualifiedStep) => void): Promise<void> {
    let goesOn = true;
    for (const { id, act, means, run } of this.#acts()) {
      goesOn &&= !stopped();
      if (!goesOn) {
        tell({ id, act, outcome: 'not-run', told: null, code: null, means: null });
        continue;
      }
      try {
        tell({ id, act, outcome: 'ok', told: await run(), code: null, means: null });
      } catch (error) {
        goesOn = false;
        tell({ id, act, outcome: 'refused', ...refusal(error), means });
      }
    }
  }

  #acts(): readonly Act[] {
    const NO_UNIT = 'No plan can make a unit of this token: `unit.initialise` ends here.';
    const NO_IMPRINT = 'No plan can imprint a unit on this token: `unit.imprint` ends here.';
    const NO_LOAD = 'No plan can bring a master key into this token: `master-key.load` ends here.';
    const NO_MOVE = 'No plan can put a master key into operation on this token.';
    const NO_PACKAGE = 'No plan can make a key package on this token: `key.package` ends here.';
    return [
      { id: 'identity', act: 'make identity key and state object', means: NO_UNIT, run: () => this.#makeIdentity() },
      { id: 'prove', act: 'prove the identity by a signature', means: NO_UNIT, run: () => this.#prove() },
      { id: 'administrator', act: 'add an administrator', means: NO_IMPRINT, run: () => this.#addAdministrator() },
      {
        id: 'thresholds',
        act: 'set thresholds, leave imprint mode',
        means: NO_IMPRINT,
        run: () => this.#setThresholds(),
      },
      { id: 'import-key', act: 'make an import key (RSA-3072)', means: NO_LOAD, run: () => this.#makeImportKey() },
      { id: 'load', act: 'unwrap a key, read it back, compare its pattern', means: NO_LOAD, run: () => this.#load() },
      {
        id: 'clear',
        act: 'destroy the key in the new register',
        means: 'No plan can take back a load on this token.',
        run: () => this.#clear(),
      },
      { id: 'load-again', act: 'import key and unwrapping once more', means: NO_LOAD, run: () => this.#loadAgain() },
      { id: 'commit', act: 'move the key: label “committed”', means: NO_MOVE, run: () => this.#commit() },
      { id: 'activate', act: 'move the key: label “current”', means: NO_MOVE, run: () => this.#activate() },
      {
        id: 'root-key',
        act: 'make a root key (AES-256, of the session)',
        means: NO_PACKAGE,
        run: () => this.#makeRootKey(),
      },
      { id: 'nonce', act: 'encrypt a nonce under the root key', means: NO_PACKAGE, run: () => this.#encryptNonce() },
      {
        id: 'wrap',
        act: 'wrap the root key to a one-time key, and that again',
        means: NO_PACKAGE,
        run: () => this.#wrap(),
      },
      {
        id: 'destroy',
        act: 'destroy the root key, and look for it',
        means: NO_PACKAGE,
        run: () => this.#destroyRootKey(),
      },
    ];
  }

  async #makeIdentity(): Promise<string> {
    const made = await this.#partition.call('unit.create-identity', (target) => ({ target }));
    this.#partition.knowIdentity(made.spki);
    this.#state = made.state;
    return made.algorithm;
  }

  async #prove(): Promise<string> {
    const nonce = randomBytes(32).toString('hex');
    const { identity, challenge, stateKept } = await this.#partition.call('unit.read', (target) => ({ target, nonce }));
    if (identity === null || challenge === null) throw notProven('it shows no identity key');
    const algorithm = identity.algorithm === 'rsa-pss-sha256' ? 'rsa-pss-sha256' : 'ecdsa-p256-sha256';
    const signature = Buffer.from(challenge.signature, 'base64');
    if (!isValidSignature({ algorithm, spki: identity.spki }, identityChallenge(nonce), signature)) {
      throw notProven('its signature does not hold');
    }
    return stateKept === 'token'
      ? 'the state is on the token'
      : 'the token keeps no state: rollback is not visible on it';
  }

  async #addAdministrator(): Promise<null> {
    await this.#perform({ command: 'administrator.add', administrator: this.#quorum.administrator });
    return null;
  }

  async #setThresholds(): Promise<null> {
    const { administrators } = this.#known();
    await this.#perform({ command: 'thresholds.set', signatureThreshold: 1, revocationThreshold: 1, administrators });
    return null;
  }

  async #makeImportKey(): Promise<string> {
    try {
      const made = await this.#partition.call('unit.make-import-key', (target) => ({ target }));
      this.#importKey = made;
      return `OAEP with ${made.oaep}`;
    } catch (error) {
      if (!(error instanceof DeviceError) || error.code !== 'OAEP_NOT_SUPPORTED') throw error;
    }
    const agreed = await this.#partition.call('unit.make-agreement-key', (target) => ({ target }));
    this.#importKey = agreed;
    return `no OAEP: a key agreed by ECDH, ${agreed.kdf === 'none' ? 'taken as it is' : 'hashed by SHA-256'}`;
  }

  async #load(): Promise<string> {
    if (this.#importKey === null) throw new Error('no import key was made');
    const { hardened } = await this.#request(this.#quorum.load(this.#known(), this.#importKey));
    return hardened === undefined || hardened.length === 0
      ? 'kept as asked'
      : `made otherwise than asked, and set right: ${hardened.join(', ')}`;
  }

  async #clear(): Promise<null> {
    await this.#perform({ command: 'master-key.clear', pattern: this.#quorum.pattern });
    return null;
  }

  async #loadAgain(): Promise<string> {
    await this.#makeImportKey();
    return this.#load();
  }

  async #commit(): Promise<null> {
    await this.#perform({ command: 'master-key.commit', pattern: this.#quorum.pattern });
    return null;
  }

  async #activate(): Promise<null> {
    await this.#perform({ command: 'master-key.activate', pattern: this.#quorum.pattern });
    return null;
  }

  async #makeRootKey(): Promise<null> {
    this.#rootKey = await this.#partition.call('unit.make-root-key', (target) => ({ target, name: 'keyrite:qualify' }));
    return null;
  }

  async #encryptNonce(): Promise<string> {
    const { handle } = this.#held();
    const nonce = randomBytes(12).toString('base64');
    const sealed = await this.#partition.call('unit.encrypt-nonce', (target) => ({
      target,
      handle,
      nonce,
      by: 'aes-gcm' as const,
    }));
    return sealed === null ? 'the token has no AES-GCM: the share process does it' : 'in the token';
  }

  /** The share process compares the check value of what it unwraps, and wraps it to a key that nobody keeps. */
  async #wrap(): Promise<string> {
    const { handle, checkValue } = this.#held();
    const shares = this.#processes.startShareProcess('rewrap');
    try {
      const to = await shares.call('transport.make-key', { oaep: 'sha1' });
      const wrapped = await this.#partition.call('unit.wrap-root-key', (target) => ({
        target,
        handle,
        to,
        form: 'oaep' as const,
      }));
      const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const spki = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
      await shares.call('transport.rewrap', {
        wrapped,
        checkValue,
        to: { spki, bits: 2048, oaep: 'sha256' },
        form: 'oaep',
        nonce: null,
      });
      return `OAEP with ${to.oaep}; the key that arrived has the check value`;
    } finally {
      await shares.stop();
    }
  }

  async #destroyRootKey(): Promise<null> {
    const { handle } = this.#held();
    await this.#partition.call('unit.destroy-root-key', (target) => ({ target, handle }));
    this.#rootKey = null;
    return null;
  }

  #perform(payload: CommandPayload): Promise<UnitReading> {
    return this.#request(this.#quorum.request(this.#known(), payload));
  }

  async #request(request: CommandRequest): Promise<UnitReading> {
    const reading = await this.#partition.call('unit.perform', (target) => ({
      target,
      ...request,
      custodians: { ...request.custodians },
    }));
    this.#state = reading.state ?? this.#state;
    return reading;
  }

  #known(): UnitState {
    if (this.#state === null) throw new Error('no unit was made');
    return this.#state;
  }

  #held(): SessionKey {
    if (this.#rootKey === null) throw new Error('no root key was made');
    return this.#rootKey;
  }
}

function notProven(why: string): DeviceError {
  return new DeviceError({
    code: 'UNIT_CHANGED',
    message: `the unit does not prove its identity: ${why}`,
    changed: 'Nothing was changed.',
    next: 'Do not use this token before its vendor has explained this.',
    uncertain: false,
  });
}
