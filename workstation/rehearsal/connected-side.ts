/** The connected machine of a rehearsal, and its stand-in: a throw-away wrapping key, where there is no service. */
import { writeFileSync } from 'node:fs';
import { wrappingParametersFile } from '../../ceremony/keypackage/wrapping-parameters';
import type { TargetName } from '../../ceremony/keypackage/target-names';
import { throwAwayParameters } from './throw-away-parameters';

/** What a key package will be for. */
export type Purpose =
  { readonly do: 'create'; readonly name: string } | { readonly do: 'rotate'; readonly key: string };

/** What the other side of the air gap does in a rehearsal. */
export interface ConnectedSide {
  /** In words, for the rehearsal's output. */
  readonly name: string;
  /** Puts wrapping parameters of a target for `purpose` into a new file. */
  collect(target: TargetName, purpose: Purpose, file: string): Promise<void>;
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

  async collect(target: TargetName, purpose: Purpose, file: string): Promise<void> {
    await collectThrowAway(target, purpose, file);
  }

  upload(): Promise<null> {
    return Promise.resolve(null);
  }

  end(): Promise<void> {
    return Promise.resolve();
  }
}

/** Makes a wrapping key whose private half nobody keeps, and writes parameters with it into a new file. */
export async function collectThrowAway(target: TargetName, purpose: Purpose, file: string): Promise<void> {
  writeFileSync(file, wrappingParametersFile(await throwAwayParameters(target, purpose)), { flag: 'wx' });
}
