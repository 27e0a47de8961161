/** What a browser does for its user, and a ceremony must not have: spelling services, developer tools, menus. */
import { Menu, type Session, type WebContents } from 'electron';

/** Takes the menu away, and with it its keys: reload, developer tools, close. Before `ready`, or a default one is made. */
export function blockMenu(): void {
  // SECURITY(K-48): one key combination would otherwise open tools that run any code in the page.
  Menu.setApplicationMenu(null);
  if (Menu.getApplicationMenu() !== null) throw new Error('the menu cannot be taken away');
}

/** Nothing that is typed goes to a spelling service, and no dictionary is fetched. */
export function blockSpellCheck(session: Session): void {
  session.setSpellCheckerEnabled(false);
  // The only way that Chromium never asks for a dictionary (electron#22995): an address that cannot exist.
  session.setSpellCheckerDictionaryDownloadURL('https://00.00/');
  if (session.isSpellCheckerEnabled()) throw new Error('the spell checker cannot be turned off');
}

/** Developer tools that open all the same are closed at once. */
export function blockDeveloperTools(contents: WebContents): void {
  contents.on('devtools-opened', () => {
    contents.closeDevTools();
  });
}
