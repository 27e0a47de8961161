/**
 * What the service remembers, and where: in memory, or in a folder so that a second run can rotate a key of the first.
 * The folder holds private keys of import tokens in the clear. This is a test service: its keys are worthless.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { usage } from '../failure';

const Version = v.strictObject({ id: v.string(), creationDate: v.string(), checkValue: v.string() });

const StoredKey = v.strictObject({
  id: v.string(),
  name: v.string(),
  description: v.exactOptional(v.string()),
  aliases: v.array(v.string()),
  expirationDate: v.exactOptional(v.string()),
  imported: v.boolean(),
  creationDate: v.string(),
  lastUpdateDate: v.string(),
  lastRotateDate: v.nullable(v.string()),
  /** Oldest first. `checkValue` is the AES-CMAC check value of what was unwrapped; the key itself is not kept. */
  versions: v.pipe(v.array(Version), v.minLength(1)),
});
/** A root key as the service knows it. */
export type StoredKey = v.InferOutput<typeof StoredKey>;

const StoredToken = v.strictObject({
  creationDate: v.string(),
  expirationDate: v.string(),
  maxAllowedRetrievals: v.number(),
  remainingRetrievals: v.number(),
  /** base64 of 12 bytes. */
  nonce: v.string(),
  /** SPKI and PKCS#8, PEM. */
  publicKeyPem: v.string(),
  privateKeyPem: v.string(),
  /** SHA-256 of the DER SPKI. */
  publicKeySha256: v.string(),
});
/** The instance's one import token. */
export type StoredToken = v.InferOutput<typeof StoredToken>;

const State = v.strictObject({
  format: v.literal('keyrite-test-service/1'),
  instance: v.string(),
  apiKey: v.string(),
  token: v.nullable(StoredToken),
  keys: v.array(StoredKey),
  policy: v.strictObject({
    enabled: v.boolean(),
    attributes: v.strictObject({
      create_root_key: v.boolean(),
      create_standard_key: v.boolean(),
      import_root_key: v.boolean(),
      import_standard_key: v.boolean(),
      enforce_token: v.boolean(),
    }),
  }),
});
/** Everything the service remembers. */
export type State = v.InferOutput<typeof State>;

/** Where the state is kept. `save` is called after every change, before it is answered. */
export interface StateKeeper {
  readonly state: State;
  save(): void;
}

/** A new instance with a throw-away API key. */
function newState(): State {
  return {
    format: 'keyrite-test-service/1',
    instance: randomUUID(),
    apiKey: randomBytes(32).toString('base64url'),
    token: null,
    keys: [],
    policy: {
      enabled: false,
      attributes: {
        create_root_key: true,
        create_standard_key: true,
        import_root_key: true,
        import_standard_key: true,
        enforce_token: false,
      },
    },
  };
}

/** State that ends with the process. */
export function inMemory(): StateKeeper {
  return { state: newState(), save: () => undefined };
}

/**
 * State in a folder (0700): `state.json` and `import-tokens/<SHA-256 of the SPKI>.pem`, files 0600.
 *
 * @throws ConnectFailure when the folder is open to others, or holds a state that is not ours
 */
export function inFolder(folder: string): StateKeeper {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if ((statSync(folder).mode & 0o077) !== 0) {
    throw usage(
      `The folder ${folder} is open to other users.`,
      'Give a folder of mode 0700, or one that does not exist yet.',
    );
  }
  const tokens = join(folder, 'import-tokens');
  mkdirSync(tokens, { recursive: true, mode: 0o700 });
  const file = join(folder, 'state.json');
  const state = existsSync(file) ? readState(file) : newState();
  const save = (): void => {
    if (state.token !== null) {
      replaceFile(join(tokens, `${state.token.publicKeySha256}.pem`), state.token.privateKeyPem);
    }
    replaceFile(file, `${JSON.stringify(state)}\n`);
  };
  save();
  return { state, save };
}

function readState(file: string): State {
  try {
    return v.parse(State, JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw usage(`${file} is not a state of this service.`, 'Give another folder, or remove this one.');
  }
}

function replaceFile(path: string, content: string): void {
  const draft = `${path}.new`;
  const handle = openSync(draft, 'w', 0o600);
  try {
    writeSync(handle, content);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(draft, path);
}
