/**
 * The auditor's screen: the bundle that is open, what was given from outside, and what stands beside it. It reads; nothing
 * is ever written into a bundle. Whatever is refused is refused in words.
 */
import { relative, resolve } from 'node:path';
import { verifyBundle, type VerifyReport } from '../../ceremony/bundle/verify';
import type { Paper } from '../../ceremony/print/printer';
import type { MainWindow } from '../../ipc/contract';
import type { Handlers } from '../../ipc/define';
import type { PrintedView, PrintersView } from '../../ipc/print-view';
import type { ScreenView, VerifyView } from '../../ipc/view';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { existingFolder } from '../../workstation/input';
import { writeNewFile } from '../../workstation/output-file';
import type { Printing } from '../printing/cups-printing';
import { AuditedBundle } from './audit-bundle';
import { compareWith } from './audit-compare';
import { reportFor } from './audit-report';
import { refused } from './trouble';
import { readApproverKey, verifyView } from './verify-view';

/** What the desk is given. */
export interface DeskParts {
  /** The app ends: long work is broken off. */
  readonly signal: AbortSignal;
  readonly onChange: () => void;
  /** Says how far long work is. */
  readonly onProgress: (doing: string) => void;
  /** Puts text on the system's clipboard. */
  readonly copyText: (text: string) => void;
  readonly printing: Printing;
}

/** Requests that the desk answers by itself, at any time while its screen is shown. */
export type AuditRequest =
  'audit.lines' | 'audit.place' | 'audit.line' | 'audit.copy-line' | 'audit.search' | 'audit.stop-search';

interface Open {
  readonly folder: string;
  readonly report: VerifyReport;
  readonly verdict: VerifyView;
  /** Null where there is no transcript. */
  readonly bundle: AuditedBundle | null;
}

/** A count in groups of three digits, such as `1 000 000`. */
const grouped = (count: number): string => String(count).replace(/\B(?=(?:\d{3})+$)/g, '\u00a0');

/** Every opening has a key of its own, in one run of the app. */
let openings = 0;

/** See the head of this file. */
export class AuditDesk {
  /** For requests that come at any time while the screen is shown. */
  readonly handlers: Pick<Handlers<MainWindow>, AuditRequest>;
  private readonly parts: DeskParts;
  private approverKeys: readonly string[] = [];
  private open: Open | null = null;
  private comparison: Extract<ScreenView, { kind: 'verify' }>['comparison'] = null;

  constructor(parts: DeskParts) {
    this.parts = parts;
    this.handlers = {
      'audit.lines': ({ bundle, filter, from, count }) => this.bundle(bundle).page(filter, from, count),
      'audit.place': ({ bundle, filter, line }) => this.bundle(bundle).placeOf(filter, line),
      'audit.line': ({ bundle, line }) => this.bundle(bundle).line(line),
      'audit.copy-line': async ({ bundle, line }) => {
        parts.copyText(await this.bundle(bundle).text(line));
        return null;
      },
      'audit.search': async ({ bundle, text }) => {
        await this.bundle(bundle).find(text, parts.onChange);
        return null;
      },
      'audit.stop-search': () => {
        this.open?.bundle?.stopSearch();
        return null;
      },
    };
  }

  /** What the screen shows. */
  view(): Extract<ScreenView, { kind: 'verify' }> {
    const { open, comparison } = this;
    return { kind: 'verify', report: open?.verdict ?? null, audit: open?.bundle?.view() ?? null, comparison };
  }

  /**
   * Verifies a bundle and opens it.
   *
   * @param planHashFrom who gave the hash
   * @throws UsageError when the folder is not there
   */
  async verify(
    folder: string,
    planHash: string | null,
    planHashFrom: VerifyView['planHashFrom'] = 'person',
  ): Promise<void> {
    const full = existingFolder(folder, 'bundle');
    const given = { planHash, planHashFrom, approverKeys: this.approverKeys };
    const report = await verifyBundle(
      new FileBundleFolder(full),
      { ...(planHash === null ? {} : { planHash }), approverKeys: this.approverKeys },
      ({ lines }) => {
        this.parts.onProgress(`Verifying the bundle: ${grouped(lines)} lines`);
      },
    );
    const bundle = await AuditedBundle.open({
      key: `b${String((openings += 1))}`,
      folder: full,
      report,
      signal: this.parts.signal,
      onLines: (lines) => {
        this.parts.onProgress(`Reading the transcript: ${grouped(lines)} lines`);
      },
    });
    this.leave();
    if (this.open?.folder !== full) this.comparison = null;
    const verdict = verifyView(full, given, report, (finding) => bundle?.lineOf(finding) ?? null);
    this.open = { folder: full, report, verdict, bundle };
  }

  /** Verifies the open bundle again, with what is given now. @throws RequestFailed when none is open */
  async again(planHash: string | null, planHashFrom: VerifyView['planHashFrom'] = 'person'): Promise<void> {
    await this.verify(this.opened().folder, planHash, planHashFrom);
  }

  /** Takes an approver's public key; the open bundle is verified again with it. @throws UsageError when it is none */
  async addApprover(file: string): Promise<void> {
    this.approverKeys = [...this.approverKeys, readApproverKey(file, this.approverKeys)];
    await this.sameAgain();
  }

  /** Forgets the keys that were taken; the open bundle is verified again without them. */
  async forgetApprovers(): Promise<void> {
    this.approverKeys = [];
    await this.sameAgain();
  }

  private async sameAgain(): Promise<void> {
    if (this.open === null) return;
    const { planHash, planHashFrom } = this.open.verdict;
    await this.again(planHash, planHashFrom);
  }

  /** Puts another bundle beside the open one. @throws UsageError when it cannot be compared */
  async compare(folder: string): Promise<void> {
    const { folder: own, bundle } = this.opened();
    if (bundle === null) throw refused('The bundle has no transcript to compare.', 'Open another bundle.');
    this.comparison = await compareWith({ folder: own, report: bundle.report }, folder);
  }

  /** Puts the other bundle away. */
  dropComparison(): void {
    this.comparison = null;
  }

  /** Name for a report of the open bundle, without an ending. @throws RequestFailed when none is open */
  reportName(): string {
    return `${this.opened().verdict.summary?.ceremony ?? 'bundle'}-report`;
  }

  /**
   * Writes a report of the open bundle to a new file outside it, with the verdict on the screen in it.
   *
   * @param file ends in `.pdf` or `.html`
   * @param paper of a PDF
   * @throws RequestFailed when the file would lie in the bundle, or the transcript is not the one that was verified
   * @throws UsageError when the file is there already, or cannot be written
   */
  async saveReport(file: string, paper: Paper): Promise<void> {
    const open = this.opened();
    if (!relative(open.folder, resolve(file)).startsWith('..')) {
      throw refused('That would be a file in the bundle, which nothing is written into.', 'Choose another folder.');
    }
    writeNewFile(file, await reportFor(open, { name: file, paper, signal: this.parts.signal }));
  }

  /** Printers that a report can be handed to. @throws RequestFailed when no bundle is open */
  printers(): Promise<PrintersView> {
    this.opened();
    return this.parts.printing.printers(this.parts.signal);
  }

  /**
   * Hands the same report to a printer. It holds nothing secret, as nothing in a bundle does.
   *
   * @throws RequestFailed when it is refused, for the reasons of {@link saveReport} or by the print system
   */
  async printReport(printer: string, paper: Paper): Promise<PrintedView> {
    const title = `${this.reportName()}.pdf`;
    const { printing, signal } = this.parts;
    const pdf = await reportFor(this.opened(), { name: title, paper, signal });
    return printing.print({ printer, paper, title, pdf }, signal);
  }

  /** The screen is left: a search under way ends. */
  leave(): void {
    this.open?.bundle?.stopSearch();
  }

  private opened(): Open {
    if (this.open === null) throw refused('No bundle is open.', 'Choose the folder of one.');
    return this.open;
  }

  private bundle(key: string): AuditedBundle {
    const bundle = this.open?.bundle ?? null;
    // SECURITY(K-89): what was asked of one bundle must not be answered with another one's lines.
    if (bundle?.key === key) return bundle;
    throw refused('This bundle is not on the screen any more.', 'Look at what is shown now.');
  }
}
