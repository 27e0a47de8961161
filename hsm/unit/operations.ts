/** What a module worker does for each request of `hsm/contract.ts`. One module in the life of a worker. */
import { imprintState } from '../../ceremony/command/apply';
import type { UnitState } from '../../ceremony/command/unit-state';
import type { ArgsOf, Handlers, MODULE_OPERATIONS, PersonLink, ResultOf, UnitTarget } from '../contract';
import { readCardKey } from '../card/read-key';
import { prepareCard, signWithCard } from '../card/card';
import { keepEnvelope, makeShareKey, openEnvelope } from '../card/share-key';
import { reportCapabilities } from '../pkcs11/capabilities/report';
import { attempt, refused, unitChanged } from '../pkcs11/device-trouble';
import { checkModuleFiles } from '../pkcs11/module-file';
import { Pkcs11Module } from '../pkcs11/module';
import type { ProbeReport } from '../pkcs11/probes';
import { hasProtectedPath, hasUserPin, isInitialised, pinFlags, type TokenInfo } from '../pkcs11/token-info';
import { abandonImprint } from './abandon-imprint';
import { examineKey } from './adopt-key';
import { changePin, tryPin, unlockPin } from './change-pin';
import { findIdentity, makeIdentity, proveIdentity, requireIdentity, type Identity } from './identity';
import { ImportKeys } from './import-key';
import { initialiseToken, setUserPin } from './initialise';
import { takeInventory } from './inventory';
import { destroyKey, findKey, makeKey, sealKey, told } from './keys/kept-keys';
import { checkWrapped, reEncipher, restoreKey, wrapKey } from './keys/wrapped-keys';
import { keepsState, perform } from './perform';
import { prepareForeign } from './prepare-foreign';
import { sealedRandom } from './random';
import { readRegisters, tellRegisters } from './registers';
import { RootKeys } from './root-key';
import { readState, writeState } from './state-object';
import { Tokens, reading, type OpenToken } from './tokens';
import { openToZeroise, zeroise } from './zeroise';

type Operations = typeof MODULE_OPERATIONS;
type Reading = ResultOf<Operations, 'unit.read'>;
type Description = ResultOf<Operations, 'unit.set-user-pin'>;
type LoadArgs = ArgsOf<Operations, 'module.load'>;

interface Loaded {
  readonly args: LoadArgs;
  readonly tokens: Tokens;
}

/**
 * The handlers of a module worker. All but `module.load` throw DeviceError `MODULE_NOT_LOADED` before that.
 * Logins, import keys and root keys live as long as the process.
 */
export function moduleHandlers(): Handlers<Operations> {
  let loaded: Loaded | null = null;
  const importKeys = new ImportKeys();
  const rootKeys = new RootKeys();
  const tokens = (): Tokens => {
    if (loaded !== null) return loaded.tokens;
    throw refused(
      'MODULE_NOT_LOADED',
      'the module',
      'no module has been loaded in this worker',
      'Load the module first.',
    );
  };
  const openUnit = async (
    target: UnitTarget,
    link: PersonLink,
  ): Promise<{ readonly token: OpenToken; readonly identity: Identity }> => {
    const token = await tokens().openUnit(target, link);
    return { token, identity: requireIdentity(token, target.identitySpki) };
  };

  return {
    'module.load': (args) => {
      if (loaded !== null) {
        throw refused(
          'MODULE_LOADED',
          'the module',
          'this worker has loaded its module already',
          'Start another worker for another module.',
        );
      }
      loaded = load(args);
      return null;
    },
    'module.describe': () => {
      const all = tokens();
      const { args } = loaded ?? unreachable();
      const library = attempt(reading('the module', 'describing it'), () => all.module.info());
      return {
        module: args.module,
        path: args.path,
        sha256: args.sha256,
        library,
        tokens: all.list().map(({ info }) => describeToken(info)),
      };
    },
    'unit.glance': ({ target }) => {
      const found = tokens().find(`unit ${target.unit}`, target.address, target.identitySpki);
      return { ...NOTHING_READ, unit: target.unit, token: found === null ? null : describeToken(found.info) };
    },
    'unit.open': async ({ target }, link) => {
      await tokens().openUnit(target, link);
      return null;
    },
    'unit.read': async ({ target, nonce }, link) => {
      const token = await tokens().openUnit(target, link);
      const hasNone = target.identitySpki === null && findIdentity(token) === null;
      const proof = hasNone ? null : proveIdentity(token, target.identitySpki, nonce);
      const state = keepsState(token) ? readState(token) : null;
      return {
        ...readingOf(tokens(), token, target, proof?.identity ?? null, state),
        challenge: proof === null ? null : { nonce, signature: Buffer.from(proof.signature).toString('base64') },
        objects: takeInventory(token),
      };
    },
    'unit.capabilities': async ({ target }, link) => {
      const token = await tokens().openUnit(target, link);
      return attempt(reading(token.of, 'finding out what the token can do'), () =>
        reportCapabilities(tokens().module, token.slot, token.session),
      );
    },
    'unit.initialise-token': async ({ target, label, again }, link) =>
      describeToken(await initialiseToken(tokens(), target, label, again, link)),
    'unit.set-user-pin': async ({ target }, link) => describeToken(await setUserPin(tokens(), target, link)),
    'unit.change-pin': async ({ target, ...change }, link) =>
      describeToken(await changePin(tokens(), target, change, link)),
    'unit.unlock-pin': async ({ target, step }, link) => describeToken(await unlockPin(tokens(), target, step, link)),
    'unit.try-pin': async ({ target, role, change }, link) => {
      const { opens, token } = await tryPin(tokens(), target, role, change, link);
      return { opens, token: describeToken(token) };
    },
    'unit.create-identity': async ({ target }, link) => {
      const token = await tokens().openUnit(target, link);
      const { identity, attributes } = makeIdentity(token);
      const state = firstState(tokens(), token, identity);
      return { id: identity.id, spki: identity.spki, algorithm: identity.algorithm, attributes, state };
    },
    'unit.examine-key': async ({ target, label, id }, link) => {
      const { token } = await openUnit(target, link);
      const { object, pattern, wider } = examineKey(token, { label, id });
      return { object, pattern, wider: [...wider] };
    },
    'unit.perform': async ({ target, ...request }, link) => {
      const { token, identity } = await openUnit(target, link);
      const { state, hardened } = perform(token, target.unit, identity.id, request, importKeys);
      const told = hardened === null ? {} : { hardened: [...hardened] };
      return { ...readingOf(tokens(), token, target, identity, state), ...told };
    },
    'unit.zeroise': async ({ target, command, state, look }, link) => {
      const found = await openToZeroise(tokens(), target, state, link);
      const { token, identity } = found;
      if (look) return { ...readingOf(tokens(), token, target, identity, found.state), objects: [...found.objects] };
      const next = zeroise(found, state, command);
      return { ...readingOf(tokens(), token, target, null, next), objects: [] };
    },
    'unit.abandon-imprint': async ({ target }, link) => {
      abandonImprint(await tokens().openUnit(target, link));
      return null;
    },
    'unit.make-import-key': async ({ target }, link) => {
      const { token, identity } = await openUnit(target, link);
      return importKeys.make(token, target.unit, identity);
    },
    'unit.make-agreement-key': async ({ target }, link) => {
      const { token, identity } = await openUnit(target, link);
      return importKeys.makeForAgreement(token, target.unit, identity);
    },
    'unit.random': async ({ target, exchange, to }) => sealedRandom(tokens(), target, exchange, to),
    'unit.make-root-key': async ({ target, name }, link) => {
      const { token } = await openUnit(target, link);
      return rootKeys.make(token, name);
    },
    'unit.wrap-root-key': ({ target, handle, to, form }) => rootKeys.wrap(`unit ${target.unit}`, handle, to, form),
    'unit.encrypt-nonce': ({ target, handle, nonce, by }) =>
      rootKeys.encryptNonce(`unit ${target.unit}`, handle, nonce, by),
    'unit.destroy-root-key': ({ target, handle }) => {
      rootKeys.destroy(`unit ${target.unit}`, handle);
      return null;
    },
    'unit.make-key': async ({ target, key }, link) => told(makeKey((await openUnit(target, link)).token, key)),
    'unit.look-for-key': async ({ target, name }, link) => {
      const found = findKey((await openUnit(target, link)).token, name);
      return found === null ? null : told(found);
    },
    'unit.wrap-key': async ({ target, name, format }, link) =>
      wrapKey((await openUnit(target, link)).token, name, format),
    'unit.seal-key': async ({ target, name }, link) => sealKey((await openUnit(target, link)).token, name),
    'unit.restore-key': async ({ target, key }, link) => restoreKey((await openUnit(target, link)).token, key),
    'unit.destroy-key': async ({ target, name }, link) => destroyKey((await openUnit(target, link)).token, name),
    'unit.re-encipher': async ({ target, to, keys }, link) =>
      reEncipher((await openUnit(target, link)).token, to, keys),
    'unit.check-wrapped': async ({ target, masterKey, keys }, link) => {
      checkWrapped((await openUnit(target, link)).token, masterKey, keys);
      return null;
    },
    'card.sign': async ({ card, message }, link) => {
      const signature = await signWithCard(tokens(), card, Buffer.from(message, 'base64'), link);
      return Buffer.from(signature).toString('base64');
    },
    'card.make-share-key': (args, link) => makeShareKey(tokens(), args, link),
    'card.keep-share': (args, link) => keepEnvelope(tokens(), args, link),
    'card.open-share': (args, link) => openEnvelope(tokens(), args, link),
    'card.read-key': (args, link) => readCardKey(tokens(), args, link),
    'foreign.prepare': async ({ target, objects }, link) => {
      prepareForeign(await tokens().openUnit(target, link), objects);
      return null;
    },
    'card.prepare': (args, link) => prepareCard(tokens(), args, link),
  };
}

function load(args: LoadArgs): Loaded {
  // SECURITY(K-10): before any code of the module runs.
  checkModuleFiles(args.module, [{ path: args.path, sha256: args.sha256 }, ...args.files]);
  const of = `module ${args.module}`;
  let module: Pkcs11Module;
  try {
    module = Pkcs11Module.load(args.path);
  } catch (error) {
    const words = error instanceof Error ? error.message : 'unknown error';
    throw refused(
      'MODULE_LOAD_FAILED',
      of,
      `${args.path} cannot be loaded as a PKCS#11 module (${words})`,
      "Check the vendor's installation, and that the file is the module for this kind of machine.",
    );
  }
  attempt(reading(of, 'initialising it'), () => {
    module.initialise(args.libraryParameters);
  });
  if (!module.takesPins()) {
    throw refused(
      'MODULE_NOT_SHARED',
      of,
      `${args.path} gives each caller an instance of its own, as p11-kit's proxy does, and no PIN reaches the one that is in use`,
      "Bind the vendor's module behind it.",
    );
  }
  return { args, tokens: new Tokens(module, args.libraryParameters) };
}

/** The first state of a unit, written where the token keeps one; the same again when a crash came after it. */
function firstState(tokens: Tokens, token: OpenToken, identity: Identity): UnitState {
  const { serial } = attempt(reading(token.of, 'reading its serial number'), () => tokens.module.tokenInfo(token.slot));
  const state = imprintState(identity.id, serial);
  if (!keepsState(token)) return state;
  const kept = readState(token);
  if (kept !== null && (kept.counter > 0 || kept.unit !== identity.id)) {
    throw unitChanged(token.of, `the token has a state of counter ${String(kept.counter)} already`);
  }
  writeState(token, state);
  return state;
}

/** A token's account of itself, as main is told it. */
function describeToken(info: TokenInfo): Description {
  return {
    label: info.label,
    serial: info.serial,
    manufacturer: info.manufacturer,
    model: info.model,
    firmware: info.firmware,
    initialised: isInitialised(info),
    userPinSet: hasUserPin(info),
    protectedPath: hasProtectedPath(info),
    pinFlags: pinFlags(info),
  };
}

const NOTHING_READ = {
  token: null,
  identity: null,
  challenge: null,
  state: null,
  stateKept: 'none',
  registers: null,
  objects: null,
  capabilities: null,
} as const;

function readingOf(
  tokens: Tokens,
  token: OpenToken,
  target: UnitTarget,
  identity: Identity | null,
  state: UnitState | null,
): Reading {
  const info = attempt(reading(token.of, 'reading the token'), () => tokens.module.tokenInfo(token.slot));
  return {
    ...NOTHING_READ,
    unit: target.unit,
    token: describeToken(info),
    identity: identity === null ? null : { id: identity.id, spki: identity.spki, algorithm: identity.algorithm },
    state,
    stateKept: keepsState(token) ? 'token' : 'none',
    registers: tellRegisters(readRegisters(token)),
    capabilities: capabilitiesOf(token.probed()),
  };
}

/** The flags say what the engine needs: OAEP that wraps (bringing a key in chooses its hash by itself), GCM in any form. */
function capabilitiesOf(report: ProbeReport): NonNullable<Reading['capabilities']> {
  return {
    mechanisms: { ...report.mechanisms },
    cmac: report.cmac,
    oaepSha256: report.oaepWrap.sha256,
    oaepSha1: report.oaepWrap.sha1,
    gcm: report.gcm !== null,
    ec: report.ec,
    dataObjects: report.dataObjects,
  };
}

function unreachable(): never {
  throw new RangeError('module: expected a loaded one');
}
