/** A main process that does nothing but stay: the test opens plain windows in it, as a person's browser would. */
import { app } from 'electron';

app.on('window-all-closed', () => undefined);
