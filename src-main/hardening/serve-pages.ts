/** Our pages, served from memory by exact address. */
import { readFileSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Session } from 'electron';
import { ORIGIN, SCHEME, addressOf, type PageName } from '../page-address';
import { PAGE_HEADERS } from './page-headers';

/** One file of the pages. */
interface PageFile {
  readonly body: Uint8Array;
  readonly type: string;
}

/** Every file of the pages by its address. */
export type Pages = ReadonlyMap<string, PageFile>;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
};

/**
 * Reads every file of the pages.
 *
 * @param folder where they are; read once, so that what changes in it later is not shown
 * @throws RangeError when there is a file of a kind that no page needs
 */
export function readPages(folder: string): Pages {
  return new Map(filesBelow(folder).map((name) => [ORIGIN + name, readPageFile(folder, name)]));
}

/** Names of the files below a folder, with `/`. Node 18.15 cannot list folders below folders. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)).map((name) => `${entry.name}/${name}`) : [entry.name],
  );
}

function readPageFile(folder: string, name: string): PageFile {
  const type = TYPES[extname(name)];
  if (type === undefined) throw new RangeError(`pages: expected web files only, got ${name}`);
  return { body: readFileSync(join(folder, name)), type };
}

/**
 * Serves one page, and the files that pages have in common, to the windows of a session. Other pages do not exist there:
 * a secret window cannot show the main page, nor the main window a secret one.
 */
export function servePages(session: Session, pages: Pages, page: PageName): void {
  const own = addressOf(page);
  session.protocol.handle(SCHEME, (request) => {
    // SECURITY(K-41): an address is looked up as it is; no path is put together from it, so none can lead elsewhere.
    const file = pages.get(request.url);
    const served = file !== undefined && (request.url === own || !file.type.startsWith('text/html'));
    if (request.method !== 'GET' || !served) return new Response(null, { status: 404, headers: PAGE_HEADERS });
    return new Response(file.body, { headers: { ...PAGE_HEADERS, 'content-type': file.type } });
  });
}
