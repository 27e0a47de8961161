/** What a window may load: our own pages, and nothing else from anywhere. */
import type { Session } from 'electron';
import { ORIGIN } from '../page-address';

/** Cancels every request of a session that is not for our own pages, whatever asked for it. */
export function blockRequests(session: Session): void {
  // SECURITY(K-43): a page that somebody got to run their code in could send out or fetch what it wants.
  session.webRequest.onBeforeRequest((details, callback) => {
    callback({ cancel: !details.url.startsWith(ORIGIN) });
  });
  session.setCertificateVerifyProc((_request, callback) => {
    callback(CERTIFICATE_REFUSED);
  });
}

/** `net::FAILED`: there is no server whose certificate could be good. */
const CERTIFICATE_REFUSED = -2;
