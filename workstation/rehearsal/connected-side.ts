/** The connected machine of a rehearsal, and its stand-in: a throw-away wrapping key, where there is no service. */
import { generateKeyPair } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { hex } from '../../ceremony/check-value';
import { wrappingParametersFile } from '../../ceremony/keypackage/wrapping-parameters';
import { publicKeySha256 } from '../../ceremony/keypackage/wrapping-key';

/** What a key package will be for. */
export type Purpose =
  { readonly do: 'create'; readonly name: string } | { readonly do: 'rotate'; readonly key: string };

/** What the other side of the air gap does in a rehearsal. */
export interface ConnectedSide {
  /** In words, for the rehearsal's output. */
  readonly name: string;
  /** Puts wrapping parameters for `purpose` into a new file. */
  collect(purpose: Purpose, file: string): Promise<void>;
  /** Uploads a package whose hash the signed record names; resolves with the receipt's file and the key's id. Null where nothing can be uploaded to. */
  upload(packageFile: string, packageSha256: string, receiptFile: string): Promise<{ keyId: string } | null>;
  end(): Promise<void>;
}

/**
 * The stand-in: starts nothing, uploads nothing, and says so in its name.
 *
 * @param why why there is no service, for the name
 */
export function throwAwayKey(why = 'made here'): ConnectedSide {
  return new ThrowAwayKey(why);
}

class ThrowAwayKey implements ConnectedSide {
  readonly name: string;

  constructor(why: string) {
    this.name = `a throw-away wrapping key, ${why}: nothing is uploaded`;
  }

  async collect(purpose: Purpose, file: string): Promise<void> {
    const { publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 4096 });
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    const nonce = Buffer.from(hex(crypto.getRandomValues(new Uint8Array(12))), 'hex');
    const now = Date.now();
    const content = wrappingParametersFile({
      keyrite: 'wrapping-parameters/1',
      target: 'ibm-key-protect',
      service: { instance: '00000000-0000-4000-8000-000000000000', region: 'us-south' },
      purpose: purpose,
      algorithm: 'RSAES_OAEP_SHA_256',
      publicKey: spki.toString('base64'),
      publicKeySha256: publicKeySha256(spki),
      nonce: nonce.toString('base64'),
      expires: new Date(now + 3_600_000).toISOString(),
      collected: { at: new Date(now).toISOString(), by: 'rehearsal' },
      signature: null,
    });
    writeFileSync(file, content, { flag: 'wx' });
  }

  upload(): Promise<null> {
    return Promise.resolve(null);
  }

  end(): Promise<void> {
    return Promise.resolve();
  }
}
