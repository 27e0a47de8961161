/** The cloud services that the file formats know, and which of them this version makes packages for. */
import type { Json } from '../canonical-json';
import { TARGET_NAMES } from './target-names';

/** Every target the file formats know. */
export const TARGETS = [
  'ibm-key-protect',
  'ibm-hpcs',
  'aws-kms',
  'google-cloud-kms',
  'azure-key-vault',
  'openbao-transit',
  'oci-vault',
  'cms',
] as const;

/**
 * Why a file is not for this version, or null: its `target` is one that the format knows and this version does not
 * make packages for. A missing or unknown target is left to the schema.
 */
export function targetProblem(json: Json): string | null {
  if (typeof json !== 'object' || json === null || !('target' in json)) return null;
  const { target } = json;
  if ((TARGET_NAMES as readonly Json[]).includes(target ?? null)) return null;
  if (!(TARGETS as readonly Json[]).includes(target ?? null)) return null;
  return `${target as string} is known, but this version makes packages for ${TARGET_NAMES.join(', ')} only`;
}
