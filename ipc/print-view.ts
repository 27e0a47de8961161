/** What the windows know of printers and papers. Names come from the print system, and are bounded here. */
import * as v from 'valibot';
import type { Paper as PrintPaper } from '../ceremony/print/printer';

/** Sizes of a page, the usual one first. */
export const PAPERS = ['A4', 'Letter'] as const satisfies readonly PrintPaper[];
/** One of {@link PAPERS}. */
export const Paper = v.picklist(PAPERS);
export type Paper = v.InferOutput<typeof Paper>;

/** Most printers that are told of. */
export const MAX_PRINTERS = 200;

/**
 * Name of a printer, as CUPS allows them, but none that a program could take for an option, and none with marks that are
 * not seen. U+FFFD: it was not UTF-8.
 */
// SECURITY(K-190): a name goes onto a command line.
export const PrinterName = v.pipe(v.string(), v.regex(/^(?!-)[^\p{C}\p{Z}\ufffd/\\?'"#]{1,127}$/u));

/** The printers there are, or why there is none. */
export const PrintersView = v.variant('found', [
  v.strictObject({
    found: v.literal('printers'),
    printers: v.pipe(v.array(PrinterName), v.minLength(1), v.maxLength(MAX_PRINTERS)),
    /** The one that is taken unless another is chosen; null: the print system names none. */
    usual: v.nullable(PrinterName),
  }),
  v.strictObject({
    found: v.literal('none'),
    /** Why, and what to do. */
    why: v.pipe(v.string(), v.maxLength(1_000)),
    next: v.pipe(v.string(), v.maxLength(1_000)),
  }),
]);
export type PrintersView = v.InferOutput<typeof PrintersView>;

/** What the print system took over. */
export const PrintedView = v.strictObject({
  printer: PrinterName,
  /** Number by which the print system knows it. */
  job: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
});
export type PrintedView = v.InferOutput<typeof PrintedView>;
