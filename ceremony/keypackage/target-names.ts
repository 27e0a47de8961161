/** The cloud services that this version makes key packages for; plans name them. */
export const TARGET_NAMES = [
  'ibm-key-protect',
  'ibm-hpcs',
  'aws-kms',
  'google-cloud-kms',
  'azure-key-vault',
  'openbao-transit',
  'cms',
] as const;
export type TargetName = (typeof TARGET_NAMES)[number];
