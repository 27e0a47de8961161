/** A unit on a real token, driven without processes: imprinted, with a master key whose value the test knows. */
import { constants, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nextCommand } from '../../ceremony/command/apply';
import type { CommandPayload, UnitState } from '../../ceremony/command/unit-state';
import type { UnitReading } from '../../ceremony/engine/ports';
import type { UnitTarget } from '../../hsm/contract';
import { moduleHandlers } from '../../hsm/unit/operations';
import { FakeLink, signed, signer, unitTarget } from './people';
import { cmac } from './reference-cmac';
import { SOFTHSM, fileSha256, makeStore } from './softhsm';

const NSS = '/usr/lib/x86_64-linux-gnu/libsoftokn3.so';
const admin = signer('anna');
const PINS = { 'unit-a/security-officer/1': 'officer-pin', 'unit-a/user/1': 'first-', 'unit-a/user/2': 'second' };

/** Modules of which each process can have one. */
export type ModuleName = 'softhsm2' | 'nss';

/** Whether the module is installed here. */
export function isInstalled(module: ModuleName): boolean {
  return existsSync(module === 'nss' ? NSS : SOFTHSM);
}

/** Verification pattern of a master key, computed in software. */
export function patternOf(masterKey: Uint8Array): string {
  return Buffer.concat([1, 2].map((byte) => cmac(masterKey, Buffer.alloc(16, byte)))).toString('hex');
}

/** One unit. */
export class KeptUnit {
  readonly handlers = moduleHandlers();
  readonly link = new FakeLink(PINS);
  target: UnitTarget = unitTarget('unit-a', { blank: true });
  state: UnitState | null = null;
  private readonly leave: () => void;
  private readonly parameters: string | null;
  private readonly path: string;

  constructor(module: ModuleName) {
    if (module === 'nss') {
      const folder = mkdtempSync(join(tmpdir(), 'keyrite-nss-'));
      this.path = NSS;
      this.parameters = `configdir='sql:${folder}' certPrefix='' keyPrefix='' secmod='secmod.db' flags= dbTokenDescription='KR-A'`;
      this.leave = () => {
        rmSync(folder, { recursive: true, force: true });
      };
    } else {
      const store = makeStore();
      this.path = SOFTHSM;
      this.parameters = null;
      this.leave = () => {
        store.remove();
      };
    }
  }

  /** Initialises and imprints it with one administrator. */
  async make(): Promise<void> {
    const { handlers, link } = this;
    const { path, parameters: libraryParameters } = this;
    await handlers['module.load'](
      { module: 'units', path, sha256: fileSha256(path), libraryParameters, files: [] },
      link,
    );
    const made = await handlers['unit.initialise-token']({ target: this.target, label: 'KR-A', again: false }, link);
    this.target = unitTarget('unit-a', { label: 'KR-A', serial: made.serial });
    await handlers['unit.set-user-pin']({ target: this.target }, link);
    const identity = await handlers['unit.create-identity']({ target: this.target }, link);
    this.target = { ...this.target, identitySpki: identity.spki };
    this.state = identity.state;
    await this.perform({ command: 'administrator.add', administrator: { id: admin.id, ...admin.key } });
    const { administrators } = this.known();
    await this.perform({ command: 'thresholds.set', signatureThreshold: 1, revocationThreshold: 1, administrators });
  }

  /** Loads and commits a master key. */
  async commit(masterKey: Uint8Array): Promise<void> {
    const key = await this.handlers['unit.make-import-key']({ target: this.target }, this.link);
    const publicKey = createPublicKey({ key: Buffer.from(key.spki, 'base64'), format: 'der', type: 'spki' });
    const options = { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: key.oaep };
    const wrapped = publicEncrypt(options, masterKey).toString('base64');
    const pattern = patternOf(masterKey);
    const set = randomBytes(16).toString('hex');
    const load = { command: 'master-key.load', set, index: 1, of: 1, commitment: '1'.repeat(64) } as const;
    await this.perform(load, { wrapped, pattern });
    await this.perform({ command: 'master-key.commit', pattern });
  }

  async perform(
    payload: CommandPayload,
    given: { readonly wrapped: string | null; readonly pattern: string | null } = { wrapped: null, pattern: null },
  ): Promise<UnitReading> {
    const state = this.known();
    const command = signed(nextCommand(state, { mode: 'rehearsal', id: 'kept-1' }, payload), admin);
    const custodians = { anna: admin.key };
    const request = { target: this.target, command, state, custodians, ...given };
    const reading = await this.handlers['unit.perform'](request, this.link);
    if (reading.state === null) throw new Error('the reading has no state');
    this.state = reading.state;
    return reading;
  }

  async read(): Promise<UnitReading> {
    return this.handlers['unit.read']({ target: this.target, nonce: randomBytes(32).toString('hex') }, this.link);
  }

  remove(): void {
    this.leave();
  }

  private known(): UnitState {
    if (this.state === null) throw new Error('the unit was not made');
    return this.state;
  }
}
