/** The one administrator and custodian of a test partition: a key made for it, and a master key that everybody knows. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { canonicalBytes } from '../../ceremony/canonical-json';
import { nextCommand } from '../../ceremony/command/apply';
import {
  envelope,
  PAYLOAD_TYPES,
  preAuthenticationEncoding,
  type Envelope,
  type SigningKey,
} from '../../ceremony/command/dsse';
import type { CommandPayload, UnitState } from '../../ceremony/command/unit-state';
import type { CommandRequest, ImportKey } from '../../ceremony/engine/ports';
import { verificationPattern } from '../../hsm/shares/key-check';
import { wrapToImportKey } from '../../hsm/shares/wrap-to-import-key';

const ID = 'qualifier';

/** Published in NIST SP 800-38A: it protects nothing, and nothing is put under it. */
const MASTER_KEY = Buffer.from('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4', 'hex');

/** Signs what a quorum of one signs. */
export class TestQuorum {
  /** As an administrator's entry in the state of the unit. */
  readonly administrator: { readonly id: string } & SigningKey;
  readonly pattern = verificationPattern(MASTER_KEY);
  readonly #pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #ceremony: string;

  /** @param ceremony id in the binding, for the commands */
  constructor(ceremony: string) {
    this.#ceremony = ceremony;
    const spki = this.#pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    this.administrator = { id: ID, algorithm: 'ecdsa-p256-sha256', spki };
  }

  /** The next command of a unit in `state`, signed; marked as of a rehearsal. */
  command(state: UnitState, payload: CommandPayload): Envelope {
    const command = nextCommand(state, { mode: 'rehearsal', id: this.#ceremony }, payload);
    const message = preAuthenticationEncoding(PAYLOAD_TYPES.command, canonicalBytes(command));
    const signature = sign('sha256', message, this.#pair.privateKey);
    return envelope(PAYLOAD_TYPES.command, command, new Map([[ID, signature]]));
  }

  /** A request for `unit.perform`. */
  request(state: UnitState, payload: CommandPayload, wrapped: string | null = null): CommandRequest {
    const { algorithm, spki } = this.administrator;
    return {
      command: this.command(state, payload),
      state,
      custodians: { [ID]: { algorithm, spki } },
      wrapped,
      pattern: wrapped === null ? null : this.pattern,
    };
  }

  /** The load of the only share of a new set, with the master key wrapped to an import key. */
  load(state: UnitState, importKey: ImportKey): CommandRequest {
    const wrapped = wrapToImportKey(importKey, MASTER_KEY);
    const [set, commitment] = [randomBytes(16).toString('hex'), randomBytes(32).toString('hex')];
    return this.request(
      state,
      { command: 'master-key.load', set, index: 1, of: 1, commitment },
      wrapped.toString('base64'),
    );
  }
}
