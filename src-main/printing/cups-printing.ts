/**
 * Printing by CUPS: its own programs list the printers and take a document over. Main opens no connection to a print
 * system, and Electron does not print: its dialogue would bring those connections, and libraries of others, into main.
 *
 * Only what holds nothing secret may go this way: a print system keeps what it is given in its spool, and sends it to
 * wherever the printer is. No share, PIN or key ever passes here; shares are copied by hand from a secret window.
 */
import type { Paper } from '../../ceremony/print/printer';
import { RequestFailed } from '../../ipc/define';
import type { PrintedView, PrintersView } from '../../ipc/print-view';
import { FOR_EVERY_CHILD, inherited } from '../../workstation/child-environment';
import { refused } from '../app/trouble';
import { complaintIn, jobIn, printersIn, usualIn } from './cups-answers';
import { runProgram, type Ended } from './run-program';

/** A document to be printed. */
export interface PrintJob {
  /** One of those that were listed. */
  readonly printer: string;
  readonly paper: Paper;
  /** Name under which the print system shows it. */
  readonly title: string;
  readonly pdf: Uint8Array;
}

/** What the app knows of printing. */
export interface Printing {
  /** Looks for printers. Never rejects: that there is none is an answer. */
  printers(signal: AbortSignal): Promise<PrintersView>;
  /** Hands a document over. @throws RequestFailed when the print system did not take it, or may not have */
  print(job: PrintJob, signal: AbortSignal): Promise<PrintedView>;
}

/** Where CUPS's programs are on every Linux that has them. */
const LPSTAT = '/usr/bin/lpstat';
const LP = '/usr/bin/lp';
/** In milliseconds. Printers are also asked for on the network, where there is one. */
const LIST_LIMIT = 20_000;
const PRINT_LIMIT = 60_000;

const SAVE_INSTEAD = 'Save the report as PDF and print that from where a printer is';

/** How CUPS's programs are started. */
export interface CupsOptions {
  readonly lpstat?: string;
  readonly lp?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly printLimit?: number;
}

/** Printing by the CUPS of this workstation. */
export function cupsPrinting({
  lpstat = LPSTAT,
  lp = LP,
  env = environment(),
  printLimit = PRINT_LIMIT,
}: CupsOptions = {}): Printing {
  const list = (option: '-e' | '-d', signal: AbortSignal): Promise<Ended> =>
    runProgram({ program: lpstat, args: [option], env, limit: LIST_LIMIT, signal });
  return {
    printers: async (signal) => {
      const listed = await list('-e', signal);
      if (listed.kind !== 'exit' || listed.code !== 0) return noneBecause(listed);
      const printers = printersIn(listed.output);
      if (printers.length === 0) return NO_PRINTER;
      const usual = await list('-d', signal);
      return { found: 'printers', printers, usual: usual.kind === 'exit' ? usualIn(usual.output, printers) : null };
    },
    print: async ({ printer, paper, title, pdf }, signal) => {
      const listed = await list('-e', signal);
      // SECURITY(K-190): what a window names is a printer only if the print system says so; none begins as an option does.
      if (listed.kind !== 'exit' || !printersIn(listed.output).includes(printer))
        throw refused(`The print system knows of no printer “${printer}”.`, 'Look for printers again, and choose one.');
      const args = ['-d', printer, '-t', title, '-o', `media=${paper}`, '-'];
      const ended = await runProgram({ program: lp, args, env, limit: printLimit, signal, input: pdf });
      return handedOver(ended, printer);
    },
  };
}

/**
 * What CUPS's programs get: no variable that names a server, a printer or a user. HOME is among it, so that they find the
 * settings of the person and of the workstation (`~/.cups/client.conf`, `/etc/cups/client.conf`): files that can be looked
 * at, by which every other program prints too. CUPS_SERVER could send a report elsewhere unseen, and is not let through
 * (`clear-environment.ts` drops it besides). The words are those that `cups-answers.ts` reads, in every locale.
 */
function environment(): Readonly<Record<string, string>> {
  // SECURITY(K-190): whoever sets CUPS_SERVER, LPDEST or PRINTER decides nothing about a report.
  const { PATH = '' } = FOR_EVERY_CHILD;
  return { PATH, LC_ALL: 'C.UTF-8', ...inherited('HOME') };
}

const NO_PRINTER: PrintersView = {
  found: 'none',
  why: 'The print system knows of no printer, or does not run.',
  next: `${SAVE_INSTEAD}; or set a printer up in the system’s settings, and look again.`,
};

function noneBecause(ended: Ended): PrintersView {
  switch (ended.kind) {
    case 'missing':
      return {
        found: 'none',
        why: 'This workstation has no print system: the programs of CUPS are not there.',
        next: `${SAVE_INSTEAD}; or have the package cups-client installed, and a printer set up.`,
      };
    case 'broken-off':
      return {
        found: 'none',
        why: `The print system was asked for its printers, but ${ended.why}.`,
        next: `${SAVE_INSTEAD}; or look again once the print system runs.`,
      };
    case 'exit':
      return {
        found: 'none',
        why: `The print system does not tell its printers: ${complaintIn(ended.errors)}.`,
        next: `${SAVE_INSTEAD}; or put right what the print system says, and look again.`,
      };
  }
}

function handedOver(ended: Ended, printer: string): PrintedView {
  if (ended.kind === 'missing')
    throw refused('The program lp, which hands documents to printers, is not there.', `${SAVE_INSTEAD}.`);
  if (ended.kind === 'exit' && ended.code !== 0) {
    throw new RequestFailed({
      happened: `The print system did not take the report for “${printer}”: ${complaintIn(ended.errors)}.`,
      changed: 'Nothing was printed, and nothing in the bundle was changed.',
      next: `Put right what the print system says and print again, or choose another printer. ${SAVE_INSTEAD} otherwise.`,
    });
  }
  const job = ended.kind === 'exit' ? jobIn(ended.output, printer) : null;
  if (job !== null) return job;
  const why = ended.kind === 'exit' ? 'it does not say as which job' : ended.why;
  throw new RequestFailed({
    happened: `The report was handed to “${printer}”, but ${why}.`,
    changed: 'Whether it is printed is not known. Nothing in the bundle was changed.',
    next: 'Look at the printer and at its jobs before you print again.',
  });
}
