/** The cloud services that packages are made for, each with the schemas and the profile of its own file. */
import * as v from 'valibot';
import { AWS, AwsPackage, AwsParameters } from './aws-kms';
import { AZURE, AzurePackage, AzureParameters } from './azure-key-vault';
import { CMS, CmsPackage, CmsParameters } from './cms';
import { GOOGLE, GooglePackage, GoogleParameters } from './google-cloud-kms';
import { HPCS, HpcsPackage, HpcsParameters } from './hpcs';
import { KEY_PROTECT, KeyProtectPackage, KeyProtectParameters } from './key-protect';
import { OPENBAO, OpenBaoPackage, OpenBaoParameters } from './openbao-transit';
import type { TargetName } from './target-names';
import type { TargetProfile } from './target-profile';

/** Schema of `wrapping-parameters.json`, by target. Unknown members are refused. */
export const WrappingParameters = v.variant('target', [
  KeyProtectParameters,
  HpcsParameters,
  AwsParameters,
  GoogleParameters,
  AzureParameters,
  OpenBaoParameters,
  CmsParameters,
]);

/** Wrapping parameters that were read and found sound in form. */
export type WrappingParameters = v.InferOutput<typeof WrappingParameters>;

/** Schema of `*.keypackage.json`, by target. Unknown members are refused. Nothing in it is secret. */
export const KeyPackage = v.variant('target', [
  KeyProtectPackage,
  HpcsPackage,
  AwsPackage,
  GooglePackage,
  AzurePackage,
  OpenBaoPackage,
  CmsPackage,
]);

/** A key package. */
export type KeyPackage = v.InferOutput<typeof KeyPackage>;

type Of<U extends { readonly target: TargetName }, T extends TargetName> = Extract<U, { readonly target: T }>;
type Profiles = { readonly [T in TargetName]: TargetProfile<Of<WrappingParameters, T>, Of<KeyPackage, T>['fields']> };

const PROFILES: Profiles = {
  'ibm-key-protect': KEY_PROTECT,
  'ibm-hpcs': HPCS,
  'aws-kms': AWS,
  'google-cloud-kms': GOOGLE,
  'azure-key-vault': AZURE,
  'openbao-transit': OPENBAO,
  cms: CMS,
};

/** The profile that goes with parameters or a package. */
export function profileOf({
  target,
}: {
  readonly target: TargetName;
}): TargetProfile<WrappingParameters, KeyPackage['fields']> {
  // What a profile is given was read by the schema of the same target.
  return PROFILES[target] as unknown as TargetProfile<WrappingParameters, KeyPackage['fields']>;
}
