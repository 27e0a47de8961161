/** The import token of an instance: an RSA-4096 key, a nonce, an expiry and a number of retrievals. One at a time. */
import { randomBytes } from 'node:crypto';
import { KEY_PROTECT_NONCE_BYTES } from '../../ceremony/keypackage/key-protect';
import { publicKeySha256 } from '../../ceremony/keypackage/wrapping-key';
import { ServiceFault } from './fault';
import { ImportTokenBody, parseBody } from './request-bodies';
import type { RsaKeyPair } from './rsa-key-supply';
import type { StateKeeper, StoredToken } from './state-folder';

/** Makes the instance's token; the one before is gone, and nothing wrapped to it can be imported any more. */
export function createImportToken(keeper: StateKeeper, body: unknown, pair: RsaKeyPair, now: number): object {
  const { expiration, maxAllowedRetrievals } = parseBody(ImportTokenBody, body);
  keeper.state.token = {
    creationDate: new Date(now).toISOString(),
    expirationDate: new Date(now + expiration * 1000).toISOString(),
    maxAllowedRetrievals,
    remainingRetrievals: maxAllowedRetrievals,
    nonce: randomBytes(KEY_PROTECT_NONCE_BYTES).toString('base64'),
    publicKeyPem: pair.publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    privateKeyPem: pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    publicKeySha256: publicKeySha256(pair.publicKey.export({ format: 'der', type: 'spki' })),
  };
  keeper.save();
  return dates(keeper.state.token);
}

/**
 * Gives the token out, which spends one retrieval.
 *
 * @throws ServiceFault when there is none, it has expired, or it has been retrieved as often as allowed
 */
export function retrieveImportToken(keeper: StateKeeper, now: number): object {
  const { token } = keeper.state;
  if (token === null) throw new ServiceFault('IMPORT_TOKEN_NOT_FOUND_ERR');
  if (isExpired(token, now) || token.remainingRetrievals < 1) throw new ServiceFault('IMPORT_TOKEN_EXPIRED_ERR');
  token.remainingRetrievals -= 1;
  keeper.save();
  return { ...dates(token), payload: Buffer.from(token.publicKeyPem).toString('base64'), nonce: token.nonce };
}

/**
 * The token for an import. It may have been retrieved as often as allowed: as IBM's tutorial does, it is good until it
 * expires.
 *
 * @throws ServiceFault `IMPORT_TOKEN_EXPIRED_ERR` when there is none or it has expired
 */
export function usableImportToken(keeper: StateKeeper, now: number): StoredToken {
  const { token } = keeper.state;
  if (token === null || isExpired(token, now)) throw new ServiceFault('IMPORT_TOKEN_EXPIRED_ERR');
  return token;
}

function isExpired(token: StoredToken, now: number): boolean {
  return now >= Date.parse(token.expirationDate);
}

function dates(token: StoredToken): object {
  const { creationDate, expirationDate, maxAllowedRetrievals, remainingRetrievals } = token;
  return { creationDate, expirationDate, maxAllowedRetrievals, remainingRetrievals };
}
