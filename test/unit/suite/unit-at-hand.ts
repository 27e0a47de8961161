/** One unit as the suite commands it: its worker, its state as main would know it, and administrators who sign. */
import { constants, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { nextCommand } from '../../../ceremony/command/apply';
import type { Envelope } from '../../../ceremony/command/dsse';
import type { CommandPayload, UnitState } from '../../../ceremony/command/unit-state';
import { MODULE_OPERATIONS, type UnitTarget } from '../../../hsm/contract';
import { fileSha256 } from '../softhsm';
import { signed, signer, unitTarget, type Signer } from '../people';
import { cmac } from '../reference-cmac';
import { LABEL } from './modules';
import type { SuiteWorker, Workplace } from './workplace';

/** People of every suite. */
export const [anna, bert, cora, custodian] = ['anna', 'bert', 'cora', 'carl'].map(signer) as [
  Signer,
  Signer,
  Signer,
  Signer,
];
/** One master key for all: whatever the module, its pattern is the same. */
export const MASTER_KEY = randomBytes(32);
export const PATTERN = [1, 2].map((byte) => cmac(MASTER_KEY, Buffer.alloc(16, byte)).toString('hex')).join('');
export const SET = randomBytes(16).toString('hex');

/** What a refused request says. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly changed: string;
  readonly next: string;
  readonly uncertain: boolean;
}

/** How a command is given: with what, on which state, by an envelope of one's own. */
export interface Given {
  readonly wrapped?: string;
  readonly pattern?: string;
  readonly state?: UnitState;
  readonly command?: Envelope;
}

/** One unit. */
export class UnitAtHand {
  readonly #place: Workplace;
  #worker: SuiteWorker | null = null;
  #state: UnitState | null = null;
  target: UnitTarget = unitTarget('unit-a', { blank: true });

  constructor(place: Workplace) {
    this.#place = place;
  }

  get state(): UnitState {
    if (this.#state === null) throw new Error('the unit has no state yet');
    return this.#state;
  }

  set state(state: UnitState) {
    this.#state = state;
  }

  /** Ends the worker, if there is one, and starts the next with the module loaded. */
  async renew(): Promise<void> {
    await this.stop();
    this.#worker = await this.#place.worker();
    await this.ask('module.load', this.load());
  }

  async stop(): Promise<void> {
    await this.#worker?.stop();
    this.#worker = null;
  }

  /** The argument of `module.load`. */
  load() {
    const { path, libraryParameters, files } = this.#place.module;
    return { module: 'units', path, sha256: fileSha256(path), libraryParameters: libraryParameters ?? null, files };
  }

  /** Makes a request and holds its answer to the contract. */
  async ask<K extends keyof typeof MODULE_OPERATIONS>(operation: K, args: Parameters<SuiteWorker['call']>[1]) {
    if (this.#worker === null) this.#worker = await this.#place.worker();
    const answer = await this.#worker.call(operation, args as never);
    v.parse(MODULE_OPERATIONS[operation].result, answer);
    return answer;
  }

  /** A request that must be refused. */
  async refusalOf(request: Promise<unknown>): Promise<Refusal> {
    return request.then(
      () => {
        throw new Error('it was not refused');
      },
      (error: unknown) => error as Refusal,
    );
  }

  read(nonce = randomBytes(32).toString('hex')) {
    return this.ask('unit.read', { target: this.target, nonce });
  }

  /** Names the token by its label from now on. */
  address(serial: string | null): void {
    this.target = unitTarget('unit-a', { label: LABEL, serial }, this.target.identitySpki);
  }

  /** A command for the state that the unit is in, signed. */
  sign(payload: CommandPayload, ...by: readonly Signer[]): Envelope {
    return signed(nextCommand(this.state, { mode: 'rehearsal', id: 'suite-1' }, payload), ...by);
  }

  /** Has a command carried out, and takes over the state that it leads to. */
  async perform(payload: CommandPayload, by: readonly Signer[], given: Given = {}) {
    const reading = await this.ask('unit.perform', {
      target: this.target,
      command: given.command ?? this.sign(payload, ...by),
      state: given.state ?? this.state,
      custodians: { carl: custodian.key },
      wrapped: given.wrapped ?? null,
      pattern: given.pattern ?? null,
    });
    if (reading.state === null) throw new Error('the answer has no state');
    this.#state = reading.state;
    return reading;
  }

  /** Loads one of two components; the second brings `key` in. */
  async loadComponent(index: 1 | 2, key: Uint8Array = MASTER_KEY) {
    const payload = {
      command: 'master-key.load',
      set: SET,
      index,
      of: 2,
      commitment: String(index).repeat(64),
    } as const;
    if (index === 1) return this.perform(payload, [custodian]);
    const to = await this.ask('unit.make-import-key', { target: this.target });
    return this.perform(payload, [custodian], { wrapped: wrapTo(to, key), pattern: PATTERN });
  }
}

/** RSA-OAEP of a secret, base64, by the key of the answer to `unit.make-import-key`. */
export function wrapTo({ spki, oaep }: { readonly spki: string; readonly oaep: string }, secret: Uint8Array): string {
  const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
  const options = { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: oaep };
  return publicEncrypt(options, secret).toString('base64');
}
