/** Root keys: imported (really unwrapped, the nonce really checked), generated, rotated, listed. */
import { constants, privateDecrypt, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import {
  KEY_PROTECT_ALGORITHM,
  KEY_PROTECT_MATERIAL_BYTES,
  KEY_PROTECT_NONCE_BYTES,
  decryptNonce,
} from '../../ceremony/keypackage/key-protect';
import { aesCheckValue } from './check-value';
import { ServiceFault } from './fault';
import { usableImportToken } from './import-token';
import { KeyBody, RotateBody, onlyResource, parseBody } from './request-bodies';
import type { StateKeeper, StoredKey } from './state-folder';

/** Type of a collection of keys. */
export const KEY_TYPE = 'application/vnd.ibm.kms.key+json';

/** How long after a rotation the next one is refused, in milliseconds. */
const ROTATION_REST_MS = 3_600_000;

/**
 * POST /api/v2/keys.
 *
 * @throws ServiceFault with the reason code that Key Protect has for it
 */
export function createKey(keeper: StateKeeper, body: unknown, now: number): StoredKey {
  const wanted = parseBody(KeyBody, onlyResource(body, KEY_TYPE));
  if (wanted.extractable) {
    if (wanted.encryptedNonce !== undefined) throw new ServiceFault('BAD_BODY_ERR', 'extractable');
    throw new ServiceFault('FEATURE_RESTRICTED_ERR');
  }
  const imported = isImport(wanted);
  allow(keeper, imported, wanted);
  const at = new Date(now).toISOString();
  const key: StoredKey = {
    id: randomUUID(),
    name: wanted.name,
    ...(wanted.description === undefined ? {} : { description: wanted.description }),
    aliases: wanted.aliases ?? [],
    ...(wanted.expirationDate === undefined ? {} : { expirationDate: wanted.expirationDate }),
    imported,
    creationDate: at,
    lastUpdateDate: at,
    lastRotateDate: null,
    versions: [{ id: randomUUID(), creationDate: at, checkValue: takeIn(keeper, wanted, now) }],
  };
  keeper.state.keys.push(key);
  keeper.save();
  return key;
}

/**
 * POST /api/v2/keys/{id}/actions/rotate. Not more often than once an hour.
 *
 * @param body undefined when the request had none
 * @throws ServiceFault with the reason code that Key Protect has for it
 */
export function rotateKey(keeper: StateKeeper, idOrAlias: string, body: unknown, now: number): void {
  const key = findKey(keeper, idOrAlias);
  const wanted = parseBody(RotateBody, body ?? {});
  const imports = isImport(wanted);
  if (key.imported && !imports) throw new ServiceFault('KEY_PAYLOAD_REQ_ERR');
  if (!key.imported && imports) throw new ServiceFault('BAD_BODY_ERR', 'payload');
  if (key.lastRotateDate !== null && now < Date.parse(key.lastRotateDate) + ROTATION_REST_MS) {
    throw new ServiceFault('KEY_ROTATION_NOT_PERMITTED');
  }
  allow(keeper, imports, wanted);
  const at = new Date(now).toISOString();
  key.versions.push({ id: randomUUID(), creationDate: at, checkValue: takeIn(keeper, wanted, now) });
  key.lastRotateDate = at;
  key.lastUpdateDate = at;
  keeper.save();
}

/**
 * A key by id or alias.
 *
 * @throws ServiceFault `KEY_NOT_FOUND_ERR`
 */
export function findKey(keeper: StateKeeper, idOrAlias: string): StoredKey {
  const key = keeper.state.keys.find((one) => one.id === idOrAlias || one.aliases.includes(idOrAlias));
  if (key === undefined) throw new ServiceFault('KEY_NOT_FOUND_ERR');
  return key;
}

/** A key as the API shows it. Check values are not part of it, as at IBM. */
export function keyResource(keeper: StateKeeper, key: StoredKey): object {
  const newest = key.versions[key.versions.length - 1];
  const { versions: _versions, lastRotateDate, ...shown } = key;
  return {
    type: KEY_TYPE,
    ...shown,
    ...(lastRotateDate === null ? {} : { lastRotateDate }),
    state: 1,
    extractable: false,
    crn: `crn:v1:local:public:kms:loopback:a/keyrite:${keeper.state.instance}:key:${key.id}`,
    createdBy: 'keyrite-test-service',
    algorithmType: 'AES',
    keyRingID: 'default',
    deleted: false,
    keyVersion: { id: newest?.id, creationDate: newest?.creationDate },
  };
}

function isImport(wanted: RotateBody): boolean {
  const { payload, encryptedNonce, iv } = wanted;
  if ((encryptedNonce === undefined) !== (iv === undefined)) {
    throw new ServiceFault('BAD_BODY_ERR', 'encryptedNonce and iv go together');
  }
  if (encryptedNonce !== undefined && payload === undefined) throw new ServiceFault('BAD_BODY_ERR', 'payload');
  return payload !== undefined;
}

function allow(keeper: StateKeeper, imports: boolean, wanted: RotateBody): void {
  const { enabled, attributes } = keeper.state.policy;
  if (!enabled) return;
  if (imports ? !attributes.import_root_key : !attributes.create_root_key) {
    throw new ServiceFault('KEY_CREATE_IMPORT_ACCESS_ERR');
  }
  if (imports && attributes.enforce_token && wanted.encryptedNonce === undefined) {
    throw new ServiceFault('KEY_CREATE_IMPORT_ACCESS_ERR', 'an import token is required');
  }
}

/** Unwraps, decodes or makes the key, gives its check value, and forgets it. */
function takeIn(keeper: StateKeeper, wanted: RotateBody, now: number): string {
  const key = materialOf(keeper, wanted, now);
  try {
    return aesCheckValue(key);
  } finally {
    key.fill(0);
  }
}

function materialOf(keeper: StateKeeper, wanted: RotateBody, now: number): Buffer {
  const { payload, encryptedNonce, iv } = wanted;
  if (payload === undefined) return randomBytes(32);
  if (encryptedNonce !== undefined && iv !== undefined) {
    return unwrap(keeper, { ...wanted, payload, encryptedNonce, iv }, now);
  }
  if (wanted.encryptionAlgorithm !== undefined) throw new ServiceFault('BAD_BODY_ERR', 'encryptionAlgorithm');
  const key = base64(payload, 'payload');
  if (!KEY_PROTECT_MATERIAL_BYTES.includes(key.length)) throw new ServiceFault('BAD_BODY_ERR', 'payload');
  return key;
}

function unwrap(
  keeper: StateKeeper,
  wanted: { payload: string; encryptedNonce: string; iv: string; encryptionAlgorithm?: string },
  now: number,
): Buffer {
  if (wanted.encryptionAlgorithm !== KEY_PROTECT_ALGORITHM)
    throw new ServiceFault('BAD_BODY_ERR', 'encryptionAlgorithm');
  const wrapped = base64(wanted.payload, 'payload');
  const encryptedNonce = base64(wanted.encryptedNonce, 'encryptedNonce');
  const iv = base64(wanted.iv, 'iv');
  const token = usableImportToken(keeper, now);
  const key = decryptOaep(token.privateKeyPem, wrapped);
  let good = false;
  try {
    if (!KEY_PROTECT_MATERIAL_BYTES.includes(key.length)) throw new ServiceFault('BAD_BODY_ERR', 'payload');
    const sized = iv.length === KEY_PROTECT_NONCE_BYTES && encryptedNonce.length === KEY_PROTECT_NONCE_BYTES + 16;
    const nonce = sized ? decryptNonce(key, encryptedNonce, iv) : null;
    if (nonce === null) throw new ServiceFault('INCORRECT_NONCE_IV_ERR');
    if (!timingSafeEqual(nonce, Buffer.from(token.nonce, 'base64'))) throw new ServiceFault('INCORRECT_NONCE_ERR');
    good = true;
    return key;
  } finally {
    if (!good) key.fill(0);
  }
}

function decryptOaep(privateKey: string, wrapped: Uint8Array): Buffer {
  try {
    return privateDecrypt({ key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, wrapped);
  } catch {
    throw new ServiceFault('UNPROCESSABLE_CIPHERTEXT_ERR');
  }
}

function base64(text: string, member: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new ServiceFault('BAD_BODY_ERR', member);
  return bytes;
}
