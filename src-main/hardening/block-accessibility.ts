/** Keeps the text of windows out of main: Chromium copies it there for screen readers. */
import { app } from 'electron';

/** Before `ready`. No window is read aloud from now on, whether a screen reader runs or not. */
export function blockAccessibility(): void {
  // SECURITY(K-75): with accessibility on, a component that is shown came into main in groups, also with aria-hidden.
  app.commandLine.appendSwitch('disable-renderer-accessibility');
}
