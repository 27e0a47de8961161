/**
 * What steps say that take over what others made, or have people do what only a vendor's tool may do. Where a thing comes
 * from is declared by the plan and never proven: `origin` is the declaration, in words that the report repeats.
 */
import * as v from 'valibot';
import { Hex, Id, Name, Prose } from '../text-forms';

/** Classes of objects that an inventory tells. */
export const OBJECT_CLASSES = ['secret-key', 'private-key', 'public-key', 'certificate', 'data'] as const;

const Units = v.pipe(v.array(Id), v.minLength(1), v.maxLength(64));
/** CKA_ID, up to 64 bytes in hex. */
const ObjectId = v.pipe(Hex, v.minLength(2), v.maxLength(128));

/** How a unit must be found after a procedure. */
const After = v.variant('is', [
  /** A unit of Keyrite, with the identity, state and registers that it had before. */
  v.strictObject({
    unit: Id,
    is: v.literal('as-before'),
    /** `unchanged`: every object is as it was; `recorded`: the tool may have made or removed some, and what is there is recorded. */
    objects: v.picklist(['unchanged', 'recorded']),
  }),
  /** A token that is not initialised. */
  v.strictObject({ unit: Id, is: v.literal('blank') }),
  /** A token that the tool initialised, with a user PIN, and with nothing of Keyrite on it. */
  v.strictObject({ unit: Id, is: v.literal('foreign') }),
]);
/** How the plan declares that a unit is found after a procedure. */
export type DeclaredAfter = v.InferOutput<typeof After>;

/** Members of `vendor.procedure`. */
export const VENDOR_PROCEDURE = {
  units: Units,
  /** The vendor's tool, by its name. */
  tool: Name,
  /** What people do with it, line by line. */
  commands: v.pipe(v.array(Prose), v.minLength(1), v.maxLength(64)),
  /** Positions whose people do it and confirm it; two of them, of different roles, must. */
  by: Units,
  /** Whether files with the tool's output are brought. */
  attach: v.optional(v.picklist(['required', 'optional'])),
  /** How each of the units must be found afterwards. */
  after: v.pipe(v.array(After), v.minLength(1), v.maxLength(64)),
};

/** Members of `unit.adopt`. */
export const ADOPT_UNITS = { units: Units, origin: Prose };

/** Members of `master-key.adopt`. */
export const ADOPT_MASTER_KEY = {
  units: Units,
  /** The key as it is on each of the tokens, before it gets the label of the current register. */
  object: v.strictObject({ label: Name, id: v.optional(ObjectId) }),
  origin: Prose,
  /** Usages that a master key must not have are taken away, as far as the token lets them be. */
  harden: v.optional(v.boolean()),
};

/** Members of `key.adopt`. */
export const ADOPT_KEYS = {
  unit: Id,
  objects: v.pipe(
    v.array(
      v.strictObject({
        /** Name under which the record and later steps know it. */
        name: Id,
        class: v.picklist(OBJECT_CLASSES),
        label: Name,
        id: v.optional(ObjectId),
      }),
    ),
    v.minLength(1),
    v.maxLength(256),
  ),
  origin: Prose,
};
/** An object that `key.adopt` names. */
export type AdoptedObject = v.InferOutput<typeof ADOPT_KEYS.objects>[number];

/** What the people of a procedure confirm: made from the plan, so that whoever reads the record can make it again. */
export function procedureStatement(step: {
  readonly tool: string;
  readonly commands: readonly string[];
  readonly units: readonly string[];
}): string {
  return `Carried out with ${step.tool} as the plan lists it, and nothing else; commands: ${String(step.commands.length)}; units: ${step.units.join(', ')}.`;
}
