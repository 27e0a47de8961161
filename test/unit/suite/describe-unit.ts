/** The whole of what a module worker does for a unit, on one module in one runtime: the same tests for all of them. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createDecipheriv, constants, generateKeyPairSync, privateDecrypt, randomBytes } from 'node:crypto';
import { aeskwp } from '@noble/ciphers/aes.js';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../ceremony/canonical-json';
import { isValidSignature, type SignatureAlgorithm } from '../../../ceremony/command/dsse';
import { identityChallenge, importKeyStatement } from '../../../ceremony/command/statements';
import { stateSha256, type UnitState } from '../../../ceremony/command/unit-state';
import { bundleProgram } from '../bundle-program';
import { signer, type Signer } from '../people';
import { fileSha256 } from '../softhsm';
import { cmac } from '../reference-cmac';
import type { Errand, OutsiderAsUser } from './outsider-main';
import { LABEL, type ModuleUnderTest } from './modules';
import { PATTERN, SET, UnitAtHand, anna, bert, cora, custodian, MASTER_KEY } from './unit-at-hand';
import { laySlips, userPin, type Workplace } from './workplace';

/** How long one test may take on a module that makes RSA keys of 3072 bits, in milliseconds. */
const LONG = 120_000;

const entry = ({ id, key }: Signer) => ({ id, ...key });
const add = (one: Signer) => ({ command: 'administrator.add', administrator: entry(one) }) as const;
const remove = (one: Signer) => ({ command: 'administrator.remove', administrator: entry(one) }) as const;

/** Runs the suite. `openPlace` makes the workplace in a room, which is removed afterwards. */
export function describeUnit(
  { make, ways, isOpenToTools }: ModuleUnderTest,
  openPlace: (room: string, make: ModuleUnderTest['make']) => Promise<Workplace>,
): void {
  let room: string;
  let place: Workplace;
  let unit: UnitAtHand;

  beforeAll(async () => {
    room = mkdtempSync(join(tmpdir(), 'keyrite-suite-'));
    place = await openPlace(room, make);
    unit = new UnitAtHand(place);
    bundleProgram('test/unit/suite/outsider-main.ts', join(room, 'outsider.mjs'));
  }, LONG);
  afterAll(async () => {
    await unit.stop();
    await place.close();
    rmSync(room, { recursive: true, force: true, maxRetries: 5 });
  });

  /** pkcs11-tool on the token, as whoever holds the user PIN. */
  const tool = (...args: string[]): string => {
    const login = ['--token-label', LABEL, '--login', '--pin', userPin(room, 'unit-a')];
    const [program = '', ...rest] = [
      ...place.beside(),
      'pkcs11-tool',
      '--module',
      place.module.path,
      ...login,
      ...args,
    ];
    const env = { PATH: process.env['PATH'], ...environmentOf(place) };
    const said = execFileSync(program, rest, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    place.giveRoom();
    return said;
  };
  const writeState = (text: string): void => {
    const file = join(room, 'state.json');
    writeFileSync(file, text);
    const named = ['--type', 'data', '--label', 'keyrite:state'];
    while (tool('--list-objects', '--type', 'data').includes('keyrite:state')) tool('--delete-object', ...named);
    tool('--write-object', file, ...named, '--application-label', 'keyrite', '--private');
  };

  describe('before anything is made', () => {
    it('nothing is done without the module, and no other module is loaded in its place', async () => {
      expect(await unit.refusalOf(unit.ask('module.describe', {}))).toMatchObject({ code: 'MODULE_NOT_LOADED' });
      const other = { ...unit.load(), sha256: '0'.repeat(64) };
      expect(await unit.refusalOf(unit.ask('module.load', other))).toMatchObject({
        code: 'MODULE_CHANGED',
        uncertain: false,
      });
      const nowhere = { ...unit.load(), path: '/nowhere/module.so' };
      expect((await unit.refusalOf(unit.ask('module.load', nowhere))).code).toBe('MODULE_MISSING');
      const text = join(room, 'text.so');
      writeFileSync(text, 'no module');
      place.giveRoom();
      const noModule = { ...unit.load(), path: text, sha256: fileSha256(text) };
      expect((await unit.refusalOf(unit.ask('module.load', noModule))).code).toBe('MODULE_LOAD_FAILED');
      const changed = { ...unit.load(), files: [{ path: text, sha256: '1'.repeat(64) }] };
      expect((await unit.refusalOf(unit.ask('module.load', changed))).code).toBe('MODULE_CHANGED');
      await unit.ask('module.load', unit.load());
      expect((await unit.refusalOf(unit.ask('module.load', unit.load()))).code).toBe('MODULE_LOADED');
    });

    it('the blank token is shown, and cannot be used as a unit', async () => {
      const { token } = await unit.ask('unit.glance', { target: unit.target });
      expect(token).toMatchObject({ initialised: false, userPinSet: false, pinFlags: [] });
      expect(token?.label).toMatch(ways.blank.label);
      expect((await unit.refusalOf(unit.read())).code).toBe(ways.blank.readFails);
      const absent = { ...unit.target, address: { blank: false, label: 'KR-Z', serial: null } };
      expect((await unit.ask('unit.glance', { target: absent })).token).toBeNull();
      expect((await unit.refusalOf(unit.ask('unit.set-user-pin', { target: absent }))).code).toBe('TOKEN_NOT_FOUND');
    });
  });

  describe('initialising', () => {
    const initialise = (label: string, again: boolean) =>
      unit.ask('unit.initialise-token', { target: unit.target, label, again });

    it('says so where a session of another process is in the way', async () => {
      const { token } = await unit.ask('unit.glance', { target: unit.target });
      const other = await outsider(place, room, token?.label ?? '', null);
      expect(other.said).toMatch(ways.blank.othersSession);
      if (ways.othersSession !== null) {
        expect(await unit.refusalOf(initialise(LABEL, false))).toMatchObject({
          code: ways.othersSession,
          uncertain: false,
          changed: expect.stringContaining('was not initialised') as string,
        });
      }
      await end(other);
      expect((await unit.ask('unit.glance', { target: unit.target })).token?.initialised).toBe(false);
    });

    it('labels the token, by the library parameters alone where the module wants it so', async () => {
      if (ways.otherLabel !== null) {
        expect((await unit.refusalOf(initialise('OTHER', false))).code).toBe(ways.otherLabel);
      }
      const made = await initialise(LABEL, false);
      expect(made).toMatchObject({ label: LABEL, userPinSet: false });
      unit.address(made.serial);
    });

    it('never wipes a token that is initialised, but one that a crash left half made', async () => {
      const repeated = initialise(LABEL, false);
      if (ways.otherLabel === null) {
        expect((await unit.refusalOf(repeated)).code).toBe('TOKEN_INITIALISED');
        expect((await unit.refusalOf(initialise('OTHER', true))).code).toBe('TOKEN_INITIALISED');
      } else {
        // NSS makes its token by itself, and nothing is done to it before it has a user PIN.
        expect(await repeated).toMatchObject({ label: LABEL, userPinSet: false });
      }
      // Even under a session of another process, which is none the wiser.
      const other = await outsider(place, room, LABEL, null);
      expect(other.said).toBe('open');
      const again = initialise(LABEL, true);
      if (ways.initialisedAgain === null) expect(await again).toMatchObject({ label: LABEL });
      else expect((await unit.refusalOf(again)).code).toBe(ways.initialisedAgain);
      await end(other);
    });

    it('takes the user PIN in two parts; afterwards nothing makes it blank again', async () => {
      expect(await unit.ask('unit.set-user-pin', { target: unit.target })).toMatchObject({
        initialised: true,
        userPinSet: true,
      });
      expect((await unit.refusalOf(initialise(LABEL, true))).code).toBe('TOKEN_INITIALISED');
    });

    it('reads a token that is no unit yet, here and while another process has a session on it', async () => {
      const empty = { identity: null, challenge: null, state: null, objects: [] };
      expect(await unit.read()).toMatchObject({ ...empty, stateKept: ways.stateKept });
      const other = await outsider(place, room, LABEL, null);
      expect(await unit.read()).toMatchObject(empty);
      await end(other);
    });
  });

  describe('PINs', () => {
    const flags = async (role: string) =>
      ((await unit.ask('unit.glance', { target: unit.target })).token?.pinFlags ?? []).filter((flag) =>
        flag.startsWith(role),
      );
    const slip = (role: 'user' | 'security-officer', part: number) =>
      ({ match: { kind: 'pin', role, part, make: false }, do: 'wrong-pin', times: 1 }) as const;

    it('a wrong one is told and tried once; how near the lock is, is seen before the next try', async () => {
      expect(await flags('user')).toEqual([]);
      for (const shown of ways.wrongUserPins) {
        laySlips(room, slip('user', 2));
        await unit.renew();
        const wrong = await unit.refusalOf(unit.read());
        const isLocked = shown.includes('user-locked');
        expect(wrong.code).toBe(isLocked ? 'CKR_PIN_LOCKED' : 'CKR_PIN_INCORRECT');
        expect(await flags('user')).toEqual(shown);
      }
      await unit.renew();
      if (!ways.locks) {
        expect(await unit.read()).toMatchObject({ objects: [] });
        expect(await flags('user')).toEqual([]);
        return;
      }
      // The right one is not even asked for.
      expect((await unit.refusalOf(unit.read())).code).toBe('PIN_LOCKED');
    });

    it('a user PIN that is locked, or is to be made anew, is set by the security officer', async () => {
      await unit.renew();
      const again = unit.ask('unit.set-user-pin', { target: unit.target });
      // NSS has no security officer once there is a user PIN.
      if (ways.wrongOfficerPins.length === 0) {
        expect((await unit.refusalOf(again)).code).toBe('CKR_USER_TYPE_INVALID');
        return;
      }
      await again;
      expect(await flags('user')).toEqual([]);
      expect(await unit.read()).toMatchObject({ objects: [] });
    });

    it('so is one while the unit is logged in here, and a wrong officer’s PIN is told', async () => {
      for (const shown of ways.wrongOfficerPins) {
        await unit.read();
        laySlips(room, slip('security-officer', 1));
        await unit.renew();
        const wrong = await unit.refusalOf(unit.ask('unit.set-user-pin', { target: unit.target }));
        expect(wrong).toMatchObject({ code: 'CKR_PIN_INCORRECT', uncertain: false });
        expect(await flags('security-officer')).toEqual(shown);
      }
      if (ways.wrongOfficerPins.length === 0) return;
      await unit.renew();
      await unit.ask('unit.set-user-pin', { target: unit.target });
      expect(await flags('security-officer')).toEqual([]);
    });
  });

  describe('identity', () => {
    it('is a key that signs and does nothing else, made once', async () => {
      await unit.renew();
      const made = await unit.ask('unit.create-identity', { target: unit.target });
      expect(made.algorithm).toBe(ways.identity);
      expect(made.attributes).toMatchObject({
        CKA_SIGN: true,
        CKA_DECRYPT: false,
        CKA_UNWRAP: false,
        CKA_DERIVE: false,
        CKA_EXTRACTABLE: false,
        CKA_SENSITIVE: true,
      });
      expect(made.state).toMatchObject({ unit: made.id, mode: 'imprint', counter: 0 });
      expect(await unit.ask('unit.create-identity', { target: unit.target })).toEqual(made);
      unit.target = { ...unit.target, identitySpki: made.spki };
      unit.state = made.state;
    });

    it('is proven by a signature over the nonce that was sent', async () => {
      const nonce = randomBytes(32).toString('hex');
      const { identity, challenge, stateKept } = await unit.read(nonce);
      const key = { algorithm: identity?.algorithm as SignatureAlgorithm, spki: identity?.spki ?? '' };
      const signature = Buffer.from(challenge?.signature ?? '', 'base64');
      expect(isValidSignature(key, identityChallenge(nonce), signature)).toBe(true);
      expect(isValidSignature(key, identityChallenge('00'.repeat(32)), signature)).toBe(false);
      expect(stateKept).toBe(ways.stateKept);
    });

    it('of another unit is refused', async () => {
      const { target } = unit;
      unit.target = { ...target, identitySpki: signer('nobody').key.spki };
      expect(await unit.refusalOf(unit.read())).toMatchObject({ code: 'UNIT_CHANGED', uncertain: false });
      unit.target = target;
    });
  });

  describe('imprint', () => {
    it('takes administrators by their own proof, and leaves imprint mode by as many signatures as the threshold', async () => {
      expect((await unit.refusalOf(unit.perform(add(anna), [bert]))).code).toBe('COMMAND_REFUSED');
      for (const one of [anna, bert]) await unit.perform(add(one), [one]);
      const { administrators } = unit.state;
      const set = { command: 'thresholds.set', signatureThreshold: 2, revocationThreshold: 2, administrators } as const;
      expect((await unit.refusalOf(unit.perform(set, [anna]))).code).toBe('COMMAND_REFUSED');
      const before = stateSha256(unit.state);
      await unit.perform(set, [anna, bert]);
      expect(unit.state).toMatchObject({ mode: 'operational', counter: 3, previous: before });
      await unit.renew();
      expect((await unit.read()).state).toEqual(ways.stateKept === 'token' ? unit.state : null);
    });
  });

  describe('signed commands', () => {
    const successor = add(cora);
    const given = async (command: ReturnType<UnitAtHand['sign']>, state: UnitState = unit.state) => {
      const refusal = await unit.refusalOf(unit.perform(successor, [], { command, state }));
      expect(refusal.uncertain).toBe(false);
      return refusal.code;
    };

    it('are carried out with the quorum’s signatures and no fewer: two of one person are one', async () => {
      expect(await given(unit.sign(successor, cora, anna))).toBe('COMMAND_REFUSED');
      const twice = unit.sign(successor, cora, anna);
      const doubled = { ...twice, signatures: [...twice.signatures, ...twice.signatures] };
      expect(await given(doubled)).toBe('COMMAND_REFUSED');
    });

    it('are for this unit, the state it is in, and the next counter', async () => {
      const other = { ...unit.state, unit: 'ab'.repeat(32) };
      const at = (state: UnitState) => {
        const real = unit.state;
        unit.state = state;
        const command = unit.sign(successor, cora, anna, bert);
        unit.state = real;
        return command;
      };
      expect(await given(at(other))).toBe('COMMAND_REFUSED');
      expect(await given(at({ ...unit.state, counter: unit.state.counter - 1 }))).toBe('COMMAND_REFUSED');
      expect(await given(at({ ...unit.state, previous: 'ab'.repeat(32) }))).toBe('COMMAND_REFUSED');
      expect(await given(at(other), other)).toBe('UNIT_CHANGED');
    });

    it('count once: the same again changes nothing, an older one is refused', async () => {
      const before = unit.state;
      const command = unit.sign(successor, cora, anna, bert);
      const done = await unit.perform(successor, [], { command });
      // The answer may have been lost: main knows the state before, and gives the command once more.
      expect(await unit.perform(successor, [], { command, state: before })).toEqual(done);
      const removal = remove(cora);
      await unit.perform(removal, [anna, bert]);
      expect(await given(command)).toBe('COMMAND_REFUSED');
      const now = unit.state;
      const rolledBack = unit.perform(successor, [], { command, state: before });
      if (ways.stateKept === 'token') expect((await unit.refusalOf(rolledBack)).code).toBe('UNIT_CHANGED');
      // Without a state on the token, only the record can tell that the unit went on, and the answer says that none is kept.
      else expect(await rolledBack).toMatchObject({ stateKept: 'none', state: done.state });
      unit.state = now;
    });
  });
  describeAdministrators();
  describeMasterKey();

  function describeAdministrators(): void {
    describe('administrators and thresholds of an operational unit', () => {
      it('a successor is proven before the other goes, whose signature counts for nothing then', async () => {
        await unit.perform(add(cora), [cora, anna, bert]);
        expect((await unit.refusalOf(unit.perform(remove(bert), [anna]))).code).toBe('COMMAND_REFUSED');
        await unit.perform(remove(bert), [anna, cora]);
        expect((await unit.refusalOf(unit.perform(add(bert), [bert, anna]))).code).toBe('COMMAND_REFUSED');
        await unit.perform(add(bert), [bert, anna, cora]);
        expect(unit.state.administrators.map(({ id }) => id)).toEqual(['anna', 'cora', 'bert']);
      });

      it('thresholds change by the old quorum and the new, and leave enough administrators', async () => {
        const to = (signatureThreshold: number) =>
          ({
            command: 'thresholds.set',
            signatureThreshold,
            revocationThreshold: 2,
            administrators: unit.state.administrators,
          }) as const;
        expect((await unit.refusalOf(unit.perform(to(3), [anna, bert]))).code).toBe('COMMAND_REFUSED');
        await unit.perform(to(3), [anna, bert, cora]);
        expect((await unit.refusalOf(unit.perform(to(2), [anna, bert]))).code).toBe('COMMAND_REFUSED');
        expect((await unit.refusalOf(unit.perform(remove(cora), [anna, bert]))).code).toBe('COMMAND_REFUSED');
        await unit.perform(to(2), [anna, bert, cora]);
        expect(unit.state).toMatchObject({ signatureThreshold: 2, revocationThreshold: 2 });
      });
    });
  }

  function describeMasterKey(): void {
    const clear = (pattern: string | null) => ({ command: 'master-key.clear', pattern }) as const;
    const commit = { command: 'master-key.commit', pattern: PATTERN } as const;

    describe('the master key', () => {
      it(
        'comes in by an import key that the unit vouches for, by the best hash the token has',
        async () => {
          const key = await unit.ask('unit.make-import-key', { target: unit.target });
          expect(key).toMatchObject({ bits: 3072, oaep: ways.importOaep });
          const identity = { algorithm: ways.identity as SignatureAlgorithm, spki: unit.target.identitySpki ?? '' };
          const statement = importKeyStatement(key.spki, key.oaep);
          expect(isValidSignature(identity, statement, Buffer.from(key.signature, 'base64'))).toBe(true);
        },
        LONG,
      );

      it(
        'of another value is destroyed, and its import key with it',
        async () => {
          await unit.loadComponent(1);
          expect(unit.state.loading?.parts).toHaveLength(1);
          expect(await unit.refusalOf(unit.loadComponent(2, randomBytes(32)))).toMatchObject({
            code: 'PATTERN_WRONG',
            uncertain: false,
          });
          expect((await unit.read()).registers?.new.status).toBe('empty');
          const payload = {
            command: 'master-key.load',
            set: SET,
            index: 2,
            of: 2,
            commitment: '2'.repeat(64),
          } as const;
          const late = unit.perform(payload, [custodian], {
            wrapped: Buffer.alloc(384).toString('base64'),
            pattern: PATTERN,
          });
          expect((await unit.refusalOf(late)).code).toBe('IMPORT_KEY_GONE');
        },
        LONG,
      );

      it(
        'is kept as asked, whatever the token made of it at first, and gives the pattern that every module gives',
        async () => {
          const done = await unit.loadComponent(2);
          expect(done.hardened).toEqual(ways.hardened);
          expect(done.registers?.new).toMatchObject({ status: 'full-uncommitted', pattern: PATTERN, set: SET });
          const attributes = done.registers?.new.attributes ?? {};
          expect(attributes).toMatchObject({ CKA_SENSITIVE: true, CKA_EXTRACTABLE: false, CKA_TOKEN: true });
          const uses = ['ENCRYPT', 'DECRYPT', 'SIGN', 'VERIFY', 'WRAP', 'UNWRAP', 'DERIVE'].map((use) => `CKA_${use}`);
          expect(uses.filter((use) => attributes[use] === true)).toEqual(ways.masterKeyUses);
        },
        LONG,
      );

      it('is cleared until the commit by one, and of no other pattern', async () => {
        expect((await unit.refusalOf(unit.perform(clear('1'.repeat(64)), [anna]))).code).toBe('UNIT_CHANGED');
        await unit.perform(clear(PATTERN), [anna]);
        const { registers, objects } = await unit.read();
        expect(registers?.new.status).toBe('empty');
        expect(objects?.filter((one) => one.class === 'secret-key')).toEqual([]);
      });

      it(
        'is committed by the quorum, of the pattern that it names',
        async () => {
          await unit.loadComponent(1);
          await unit.loadComponent(2);
          expect((await unit.refusalOf(unit.perform(commit, [anna]))).code).toBe('COMMAND_REFUSED');
          const other = { ...commit, pattern: 'ab'.repeat(32) };
          expect((await unit.refusalOf(unit.perform(other, [anna, bert]))).code).toBe('UNIT_CHANGED');
          const { state: before } = unit;
          const command = unit.sign(commit, anna, bert);
          const done = await unit.perform(commit, [], { command });
          expect(done.registers?.new).toMatchObject({ status: 'full-committed', pattern: PATTERN });
          // A crash came between the key and the state: the same command finishes it.
          if (ways.stateKept === 'token') writeState(canonicalJson(before));
          expect(await unit.perform(commit, [], { command, state: before })).toEqual(done);
          expect((await unit.refusalOf(unit.perform(clear(PATTERN), [anna]))).code).toBe('COMMAND_REFUSED');
        },
        LONG,
      );

      it('is activated by one, and stays what it was in a new process', async () => {
        await unit.perform({ command: 'master-key.activate', pattern: PATTERN }, [bert]);
        await unit.renew();
        expect((await unit.read()).registers).toMatchObject({
          new: { status: 'empty', pattern: null },
          current: { status: 'valid', pattern: PATTERN, set: SET },
        });
      });
    });

    describe('what is on the unit', () => {
      it('is listed whole, with check values that anybody can compute', async () => {
        const objects = (await unit.read()).objects ?? [];
        expect(objects.map(({ class: kind, label }) => `${kind} ${label}`)).toEqual([
          ...(ways.stateKept === 'token' ? ['data keyrite:state'] : []),
          'private-key keyrite:identity',
          'public-key keyrite:identity',
          'secret-key keyrite:mk:current',
        ]);
        const [publicKey, masterKey] = objects.slice(-2);
        expect(publicKey?.checkValue).toEqual({ algorithm: 'spki-sha256', value: unit.state.unit });
        const value = cmac(MASTER_KEY, Buffer.alloc(16)).subarray(0, 5).toString('hex');
        expect(masterKey?.checkValue).toEqual({ algorithm: 'aes-cmac', value });
      });

      it('is what another program sees, and pkcs11-tool where it can open the module; neither can read the key', async () => {
        const other = await outsider(place, room, LABEL, { pin: userPin(room, 'unit-a'), list: 'keyrite:mk:current' });
        expect(other.said).toBe('1 keyrite:mk:current, value: not told');
        await end(other);
        if (!isOpenToTools) {
          expect(() => tool('--list-objects')).toThrow('CKR_ARGUMENTS_BAD');
          return;
        }
        const listed = tool('--list-objects', '--type', 'secrkey');
        expect(listed).toMatch(/label:\s+keyrite:mk:current/);
        expect(listed).not.toMatch(/Usage:.*(decrypt|derive)/);
        expect(() => tool('--read-object', '--type', 'secrkey', '--label', 'keyrite:mk:current')).toThrow();
      });
    });

    it('a unit in operation is not abandoned, but by its quorum', async () => {
      const refusal = await unit.refusalOf(unit.ask('unit.abandon-imprint', { target: unit.target }));
      // Where no state is kept, what is on the token must tell.
      expect(refusal.code).toBe(ways.stateKept === 'token' ? 'NOT_IN_IMPRINT' : 'NOT_EMPTY');
    });

    describe('a root key', () => {
      const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const spki = pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');

      it('is made, wrapped by what the token has, encrypts a nonce where it has GCM, and is destroyed', async () => {
        const { target } = unit;
        const made = await unit.ask('unit.make-root-key', { target, name: 'root-1' });
        expect(made.attributes).toMatchObject({
          CKA_TOKEN: false,
          CKA_SENSITIVE: true,
          CKA_EXTRACTABLE: true,
          CKA_LOCAL: ways.local,
          CKA_DECRYPT: false,
          CKA_WRAP: false,
          CKA_UNWRAP: false,
          CKA_DERIVE: false,
        });
        const shown = async () => (await unit.read()).objects?.filter(({ label }) => label === 'root-1').length;
        expect(await shown()).toBe(1);
        let clear: Buffer | null = null;
        for (const oaep of ['sha256', 'sha1'] as const) {
          const wrapping = unit.ask('unit.wrap-root-key', {
            target,
            handle: made.handle,
            to: { spki, bits: 2048, oaep },
            form: 'oaep',
          });
          if (!ways.wrapsBy.includes(oaep)) {
            expect((await unit.refusalOf(wrapping)).code).toBe('OAEP_NOT_SUPPORTED');
            continue;
          }
          const options = { key: pair.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: oaep };
          clear = privateDecrypt(options, Buffer.from(await wrapping, 'base64'));
          const value = cmac(clear, Buffer.alloc(16)).subarray(0, 5).toString('hex');
          expect(made.checkValue).toEqual({ algorithm: 'aes-cmac', value });
        }
        const { mechanisms = {} } = (await unit.read()).capabilities ?? {};
        const kwp = ['CKM_AES_KEY_WRAP_KWP', 'CKM_AES_KEY_WRAP_PAD as RFC 5649'].some(
          (one) => mechanisms[one] === 'works',
        );
        for (const oaep of ways.wrapsBy) {
          const to = { spki, bits: 2048, oaep };
          const twice = unit.ask('unit.wrap-root-key', { target, handle: made.handle, to, form: 'oaep-kwp' });
          if (!kwp) {
            expect((await unit.refusalOf(twice)).code).toBe('KWP_NOT_SUPPORTED');
            continue;
          }
          const blob = Buffer.from(await twice, 'base64');
          expect(blob).toHaveLength(256 + 40);
          const options = { key: pair.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: oaep };
          const oneTime = privateDecrypt(options, blob.subarray(0, 256));
          expect(Buffer.from(aeskwp(oneTime).decrypt(blob.subarray(256)))).toEqual(clear);
        }
        const byCbc = await unit.ask('unit.encrypt-nonce', {
          target,
          handle: made.handle,
          nonce: Buffer.alloc(12, 7).toString('base64'),
          by: 'aes-cbc',
        });
        expect(byCbc !== null).toBe(mechanisms['CKM_AES_CBC'] === 'works');
        if (byCbc !== null && clear !== null) {
          const cbc = createDecipheriv('aes-256-cbc', clear, Buffer.from(byCbc.iv, 'base64'));
          const opened = Buffer.concat([cbc.update(Buffer.from(byCbc.encryptedNonce, 'base64')), cbc.final()]);
          expect(opened).toEqual(Buffer.alloc(12, 7));
        }
        const nonce = randomBytes(12);
        const asked = { target, handle: made.handle, nonce: nonce.toString('base64'), by: 'aes-gcm' as const };
        const encrypted = await unit.ask('unit.encrypt-nonce', asked);
        expect(encrypted !== null).toBe(ways.gcm);
        if (encrypted !== null && clear !== null) expect(decryptNonce(clear, encrypted)).toEqual(nonce);
        await unit.ask('unit.destroy-root-key', { target, handle: made.handle });
        expect(await shown()).toBe(0);
        const gone = unit.ask('unit.wrap-root-key', {
          target,
          handle: made.handle,
          to: { spki, bits: 2048, oaep: 'sha1' },
          form: 'oaep',
        });
        expect((await unit.refusalOf(gone)).code).toBe('ROOT_KEY_GONE');
      });

      it('ends with its worker', async () => {
        const made = await unit.ask('unit.make-root-key', { target: unit.target, name: 'root-2' });
        await unit.renew();
        const gone = unit.ask('unit.destroy-root-key', { target: unit.target, handle: made.handle });
        expect((await unit.refusalOf(gone)).code).toBe('ROOT_KEY_GONE');
        expect((await unit.read()).objects?.some(({ label }) => label === 'root-2')).toBe(false);
      });
    });

    describe('what others do to the token', () => {
      const next = () => unit.refusalOf(unit.perform(remove(cora), [anna, bert]));

      it(
        'shows at the next connect where the token keeps a state; where it keeps none, nobody can leave one',
        async () => {
          if (ways.stateKept === 'none') {
            const other = await outsider(place, room, LABEL, { pin: userPin(room, 'unit-a'), leave: 'keyrite:state' });
            expect(other.said).toContain('CKR_ATTRIBUTE_VALUE_INVALID');
            await end(other);
            return;
          }
          const real = unit.state;
          // Rolled back, tampered with, gone, no state at all.
          const later = { ...real, counter: real.counter + 5 };
          for (const other of [{ ...real, counter: real.counter - 1 }, later, { ...real, signatureThreshold: 1 }]) {
            writeState(canonicalJson(other));
            await unit.renew();
            expect((await unit.read()).state).toEqual(other);
            expect((await next()).code).toBe('UNIT_CHANGED');
          }
          writeState('{"format":"keyrite-unit-state/1"}');
          expect((await unit.refusalOf(unit.read())).code).toBe('UNIT_CHANGED');
          tool('--delete-object', '--type', 'data', '--label', 'keyrite:state');
          expect((await unit.read()).state).toBeNull();
          expect((await next()).code).toBe('UNIT_CHANGED');
          writeState(canonicalJson(real));
          expect((await unit.read()).state).toEqual(real);
        },
        LONG,
      );

      it('a second key that claims to be the master key stops everything', async () => {
        const pin = userPin(room, 'unit-a');
        const other = await outsider(place, room, LABEL, { pin, make: 'keyrite:mk:current' });
        expect(other.said).toBe('made');
        expect(await unit.refusalOf(unit.read())).toMatchObject({
          code: 'UNIT_CHANGED',
          message: expect.stringContaining('2 keys are labelled keyrite:mk:current') as string,
        });
        await end(other);
        const gone = await outsider(place, room, LABEL, { pin, destroy: 'keyrite:mk:current', id: 'made' });
        expect(gone.said).toBe('destroyed');
        await end(gone);
        expect((await unit.read()).registers?.current.pattern).toBe(PATTERN);
      });
    });

    describe('zeroising', () => {
      const zeroise = (by: readonly Signer[], look = false) =>
        unit.ask('unit.zeroise', {
          target: unit.target,
          command: unit.sign({ command: 'unit.zeroise' }, ...by),
          state: unit.state,
          look,
        });

      it('takes the quorum, and leaves nothing on the token that anybody could find', async () => {
        expect((await unit.refusalOf(zeroise([anna]))).code).toBe('COMMAND_REFUSED');
        expect((await zeroise([anna, bert], true)).objects?.length).toBeGreaterThan(2);
        const done = await zeroise([anna, bert]);
        expect(done).toMatchObject({ objects: [], identity: null, state: { mode: 'zeroised' } });
        await unit.renew();
        expect(await zeroise([anna, bert], true)).toMatchObject({ objects: [] });
        if (isOpenToTools) expect(tool('--list-objects')).toBe('');
      });
    });
  }
}

function decryptNonce(key: Uint8Array, sealed: { readonly iv: string; readonly encryptedNonce: string }): Buffer {
  const bytes = Buffer.from(sealed.encryptedNonce, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(sealed.iv, 'base64'));
  decipher.setAuthTag(bytes.subarray(-16));
  return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]);
}

function environmentOf({ module }: Workplace): Record<string, string> {
  return Object.fromEntries(module.environment.map(({ name, value }) => [name, value]));
}

/** A program of somebody else's, and what it said first. */
interface Outsider {
  readonly child: ChildProcess;
  readonly said: string;
}

async function outsider(place: Workplace, room: string, label: string, user: OutsiderAsUser | null): Promise<Outsider> {
  const { path, libraryParameters = null } = place.module;
  const errand = JSON.stringify({ path, libraryParameters, label, user } satisfies Errand);
  const [program, ...args] = [...place.beside(), process.execPath, join(room, 'outsider.mjs'), errand];
  const env = { PATH: process.env['PATH'], ...environmentOf(place) };
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const said = await new Promise<string>((settle) => {
    child.stdout.once('data', (bytes: Buffer) => {
      settle(bytes.toString().trim());
    });
    child.once('exit', (code) => {
      settle(`ended with ${String(code)}`);
    });
  });
  place.giveRoom();
  return { child, said };
}

async function end({ child }: Outsider): Promise<void> {
  const ended = new Promise((settle) => child.once('exit', settle));
  child.stdin?.end();
  if (child.exitCode === null) await ended;
}
