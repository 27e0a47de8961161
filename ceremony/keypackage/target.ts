/** The cloud services that key packages are made for. */
import * as v from 'valibot';
import type { Json } from '../canonical-json';

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

/** The targets that this version makes packages for. */
export const Target = v.picklist(['ibm-key-protect']);

/**
 * Why a file is not for this version, or null: its `target` is one that the format knows and this version does not
 * make packages for. A missing or unknown target is left to the schema.
 */
export function targetProblem(json: Json): string | null {
  if (typeof json !== 'object' || json === null || !('target' in json)) return null;
  const { target } = json;
  if (target === 'ibm-key-protect' || !(TARGETS as readonly Json[]).includes(target ?? null)) return null;
  return `${target as string} is known, but this version makes packages for ibm-key-protect only`;
}
