/** What every form of worksheet has in common when it is typed back. */

/** Most bytes that are read of what a person typed. */
export const MAX_TYPED_BYTES = 4096;

/** A typed worksheet is not what was handed out. The message names row, word or heading, and holds nothing of the share. */
export class WorksheetRefused extends Error {
  override readonly name = 'WorksheetRefused';
}
