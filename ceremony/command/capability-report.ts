/** What a token can do, as it was found out by asking it: kept in the record, in qualifications, and shown as a table. */
import * as v from 'valibot';

const Text = v.pipe(v.string(), v.maxLength(1000));
const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** The report on one token. */
export const CapabilityReport = v.strictObject({
  format: v.literal('keyrite-capabilities/1'),
  library: v.strictObject({ manufacturer: Text, description: Text, version: Text, cryptoki: Text }),
  token: v.strictObject({ label: Text, serial: Text, manufacturer: Text, model: Text, firmware: Text }),
  /** Shortest and longest PIN in bytes, as the token says: no PIN was changed to try. */
  pin: v.strictObject({ shortest: Count, longest: Count }),
  /** Question, such as `CKM_AES_CMAC verify`, to what was found: `works`, `wrong-answer` or the name of the error. */
  findings: v.record(v.pipe(v.string(), v.maxLength(200)), Text),
  /** Objects that the user can see before the questions and after them; those that appeared or went meanwhile. */
  objects: v.strictObject({ before: Count, after: Count, appeared: v.array(Text), gone: v.array(Text) }),
});
export type CapabilityReport = v.InferOutput<typeof CapabilityReport>;
