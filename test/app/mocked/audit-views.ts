/** The auditor's screen in its states, by the app's own desk over real bundles: what main would show and answer. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LineDetail, LineFilter, LinesPage } from '../../../ipc/audit-view';
import type { AppView } from '../../../ipc/view';
import { AuditDesk } from '../../../src-main/app/audit-desk';
import { bundleIn, longBundle, tamperedCopy } from '../audit-bundles';
import { NO_PRINTING } from '../no-printing';
import { view } from './views';

/** Lines of the long transcript. */
export const LONG = 100_000;

/** A state of the screen, with what main answers in it. */
export interface AuditState {
  readonly view: AppView;
  /** The first page of all lines, and the page of any other filter or place. */
  readonly page: LinesPage;
  readonly pageOf: (filter: LineFilter, from: number) => Promise<LinesPage>;
  readonly lineOf: (line: number) => Promise<LineDetail>;
}

/** The states by name. They hold their bundles' folders open until {@link AuditStates.remove}. */
export interface AuditStates {
  readonly states: Readonly<Record<string, AuditState>>;
  remove(): void;
}

/** Makes the bundles, and opens each. */
export async function auditStates(): Promise<AuditStates> {
  const root = mkdtempSync(join(tmpdir(), 'keyrite-audit-views-'));
  const { folder: good, made } = await bundleIn(root, 'first-ceremony-20261123');
  const production = await bundleIn(root, 'second-ceremony-20261124', {
    mode: 'production',
    ceremony: 'software-production',
    skip: ['preflight'],
    bindingText: (text) => text.replace('/dev/null', '/dev/zero'),
  });
  const open = await bundleIn(root, 'open-ceremony', { stopBefore: 'commit' });
  const compared = await deskOf(good, made.planHash);
  await compared.compare(production.folder);
  const desks: Readonly<Record<string, AuditDesk>> = {
    verified: await deskOf(good, made.planHash),
    refused: await deskOf(tamperedCopy(root, good, 20), null),
    incomplete: await deskOf(open.folder, null),
    long: await deskOf(longBundle(root, good, LONG), null),
    compared,
  };
  const states: Record<string, AuditState> = {};
  for (const [name, desk] of Object.entries(desks)) states[name] = await stateOf(desk);
  return { states, remove: () => rmSync(root, { recursive: true, force: true }) };
}

async function deskOf(folder: string, planHash: string | null): Promise<AuditDesk> {
  const quiet = (): void => undefined;
  const { signal } = new AbortController();
  const desk = new AuditDesk({ signal, onChange: quiet, onProgress: quiet, copyText: quiet, printing: NO_PRINTING });
  await desk.verify(folder, planHash);
  return desk;
}

async function stateOf(desk: AuditDesk): Promise<AuditState> {
  const screen = desk.view();
  const bundle = screen.audit?.bundle ?? '';
  const { handlers } = desk;
  const pageOf = (filter: LineFilter, from: number): Promise<LinesPage> =>
    Promise.resolve(handlers['audit.lines']({ bundle, filter, from, count: 200 }));
  const lineOf = (line: number): Promise<LineDetail> => Promise.resolve(handlers['audit.line']({ bundle, line }));
  return { view: view(screen), page: await pageOf({ by: 'all' }, 0), pageOf, lineOf };
}
