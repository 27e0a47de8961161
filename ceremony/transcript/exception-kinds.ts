/** What may be waived, by two signers. Nothing else ever is (DESIGN.md section 8). */
export const EXCEPTION_KINDS = [
  'step-skipped',
  'step-deviated',
  'readback-skipped',
  'preflight',
  'clock',
  'people',
  'materials',
  'other',
] as const;
/** One of {@link EXCEPTION_KINDS}. */
export type ExceptionKind = (typeof EXCEPTION_KINDS)[number];
