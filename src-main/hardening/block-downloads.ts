/** Nothing that a page offers is written to disk. */
import type { Session } from 'electron';

/** Ends every download before it begins. */
export function blockDownloads(session: Session): void {
  // SECURITY(K-46): a page could put files where a person or a program finds them.
  session.on('will-download', (event) => {
    event.preventDefault();
  });
}
