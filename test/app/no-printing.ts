/** A workstation on which nothing can be printed, for tests of other things. */
import type { Printing } from '../../src-main/printing/cups-printing';

/** Finds no printer, and takes no document. */
export const NO_PRINTING: Printing = {
  printers: () => Promise.resolve({ found: 'none', why: 'No printer in this test.', next: 'Save the report.' }),
  print: () => Promise.reject(new Error('nothing is printed in this test')),
};
