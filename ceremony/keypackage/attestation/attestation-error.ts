/** Why an attestation proves nothing. */

/** The message says what is wrong with the attestation, in words for people. */
export class AttestationError extends Error {
  override readonly name = 'AttestationError';
}
