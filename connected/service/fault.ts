/**
 * How Key Protect says no: HTTP status, reason code and the JSON around them. Codes and status are IBM's published ones
 * (ibm-cloud-docs, error-messages; keyprotect-go-client tests); the sentences are ours. The two marked `ours` have no
 * published code.
 */

const FAULTS = {
  BAD_BODY_ERR: { status: 400, says: 'the body is not what this request takes' },
  NO_BODY_ERR: { status: 400, says: 'the request has no body' },
  COLLECTION_TOTAL_MISMATCH_ERR: { status: 400, says: 'collectionTotal is not the number of resources' },
  NUM_COLLECTION_RESOURCE_ERR: { status: 400, says: 'exactly one resource is taken' },
  INCORRECT_NONCE_ERR: { status: 400, says: "the decrypted nonce is not the import token's" },
  INCORRECT_NONCE_IV_ERR: { status: 400, says: 'the nonce was not encrypted under this key with this iv' },
  KEY_PAYLOAD_REQ_ERR: { status: 400, says: 'the key was imported, so a rotation must bring key material' },
  UNAUTHORIZED_ERR: { status: 401, says: 'access token or instance id are not valid here' },
  FEATURE_RESTRICTED_ERR: { status: 403, says: 'this service does not keep extractable keys' },
  IMPORT_TOKEN_NOT_FOUND_ERR: { status: 404, says: 'the instance has no import token' /* ours */ },
  KEY_NOT_FOUND_ERR: { status: 404, says: 'there is no such key' /* ours */ },
  IMPORT_TOKEN_EXPIRED_ERR: { status: 409, says: 'the import token has expired, or cannot be retrieved again' },
  KEY_CREATE_IMPORT_ACCESS_ERR: { status: 409, says: "the instance's keyCreateImportAccess policy forbids this" },
  KEY_ROTATION_NOT_PERMITTED: { status: 409, says: 'the key was rotated within the last hour' },
  UNPROCESSABLE_CIPHERTEXT_ERR: { status: 422, says: 'the payload cannot be decrypted with the import token' },
} as const;

/** A reason code of the service. */
export type FaultCode = keyof typeof FAULTS;

/** Every reason code of the service. */
export const FAULT_CODES = Object.keys(FAULTS) as FaultCode[];

/** A request the service refuses. Nothing was changed. */
export class ServiceFault extends Error {
  override readonly name = 'ServiceFault';
  readonly code: FaultCode;
  readonly status: number;

  /** @param detail what exactly was wrong; never key material */
  constructor(code: FaultCode, detail = '') {
    super(detail === '' ? FAULTS[code].says : `${FAULTS[code].says}: ${detail}`);
    this.code = code;
    this.status = FAULTS[code].status;
  }

  /** The body of the answer, in Key Protect's shape. */
  body(): object {
    return {
      metadata: { collectionType: 'application/vnd.ibm.kms.error+json', collectionTotal: 1 },
      resources: [
        {
          errorMsg: `${TITLES[this.status] ?? 'Error'}: the request was refused. Please see \`reasons\` for more details.`,
          reasons: [
            {
              code: this.code,
              message: this.message,
              status: this.status,
              moreInfo: 'https://cloud.ibm.com/apidocs/key-protect',
            },
          ],
        },
      ],
    };
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  422: 'Unprocessable Entity',
};
