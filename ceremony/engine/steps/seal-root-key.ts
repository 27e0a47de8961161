/** A root key in a unit, wrapped for a cloud service: in the token where it has everything that takes, else by way of the share process. */
import type { CheckValue } from '../../check-value';
import { DeviceError } from '../../command/device-error';
import type { TokenForm, Wrapping } from '../../keypackage/target-profile';
import { wrappingOf, type WrappingParameters } from '../../keypackage/wrapping-parameters';
import type { Ceremony } from '../ceremony';
import type { Capabilities, EncryptedNonce, TransportKey } from '../ports';

/** What a package needs of the wrapped key, as the record has it. */
export interface SealedRootKey {
  readonly wrapped: string;
  readonly iv?: string;
  readonly encryptedNonce?: string;
  readonly nonceEncryptedIn?: 'token' | 'share-process';
  readonly wrappedIn: 'token' | 'share-process';
}

/** A root key that is in a unit now. */
export interface RootKeyInUnit {
  readonly unit: string;
  readonly handle: string;
  readonly checkValue: CheckValue;
}

/**
 * Wraps a root key by parameters, and encrypts the service's nonce under it where there is one.
 *
 * @param capabilities what known answers showed that the token can do; null: nothing
 */
export async function sealRootKey(
  ceremony: Ceremony,
  key: RootKeyInUnit,
  capabilities: Capabilities | null,
  parameters: WrappingParameters,
): Promise<SealedRootKey> {
  const { form, oaep, nonce, bits } = wrappingOf(parameters);
  const to = { spki: parameters.publicKey, bits, oaep };
  const can = (wanted: TransportKey['oaep']): boolean =>
    capabilities !== null && (wanted === 'sha256' ? capabilities.oaepSha256 : capabilities.oaepSha1);
  if (capabilities !== null && form !== 'cms' && can(oaep) && has(capabilities, form, nonce)) {
    return wrapInToken(ceremony, key, to, form, nonce);
  }
  // The nonce is encrypted under the key: where the token cannot do that, the key passes the share process anyway.
  return wrapOutside(ceremony, key, to, can('sha256') ? 'sha256' : 'sha1', { form, nonce });
}

/** Whether known answers showed what the form and the nonce take besides OAEP. */
function has({ mechanisms, gcm }: Capabilities, form: TokenForm, nonce: Wrapping['nonce']): boolean {
  const works = (name: string): boolean => mechanisms[name] === 'works';
  const kwp = works('CKM_AES_KEY_WRAP_KWP') || works('CKM_AES_KEY_WRAP_PAD as RFC 5649');
  if (form === 'oaep-kwp' && !kwp) return false;
  return nonce === null || (nonce.by === 'aes-gcm' ? gcm : works('CKM_AES_CBC'));
}

async function wrapInToken(
  { ports: { devices } }: Ceremony,
  { unit, handle }: RootKeyInUnit,
  to: TransportKey,
  form: TokenForm,
  nonce: Wrapping['nonce'],
): Promise<SealedRootKey> {
  const wrapped = await devices.wrapRootKey(unit, handle, to, form);
  if (nonce === null) return { wrapped, wrappedIn: 'token' };
  const encrypted = await devices.encryptNonce(unit, handle, nonce);
  if (encrypted === null) {
    const cipher = nonce.by === 'aes-gcm' ? 'AES-GCM' : 'AES-CBC';
    throw new DeviceError({
      code: 'NO_NONCE_CIPHER',
      message: `unit ${unit} has no ${cipher} to encrypt the nonce with`,
      changed: 'The root key was made and wrapped.',
      next: 'Use a unit that has it.',
      uncertain: true,
    });
  }
  return { wrapped, ...encrypted, nonceEncryptedIn: 'token', wrappedIn: 'token' };
}

/** The token wraps the still sensitive key to a one-time key, and the share process wraps again. */
async function wrapOutside(
  { ports: { devices, shares } }: Ceremony,
  { unit, handle, checkValue }: RootKeyInUnit,
  to: TransportKey,
  oaep: TransportKey['oaep'],
  { form, nonce }: Pick<Wrapping, 'form' | 'nonce'>,
): Promise<SealedRootKey> {
  const inToken = nonce === null ? null : await devices.encryptNonce(unit, handle, nonce);
  const oneTime = await shares.makeOneTimeKey(oaep);
  const wrapped = await devices.wrapRootKey(unit, handle, oneTime, 'oaep');
  const again = await shares.rewrap({ wrapped, checkValue, to, form, nonce: inToken === null ? nonce : null });
  const sealed = { wrapped: again.payload, wrappedIn: 'share-process' } as const;
  if (nonce === null) return sealed;
  const encrypted: EncryptedNonce | null = inToken ?? again.nonce;
  if (encrypted === null) throw new Error('the share process gave no nonce');
  return { ...sealed, ...encrypted, nonceEncryptedIn: inToken === null ? 'share-process' : 'token' };
}
