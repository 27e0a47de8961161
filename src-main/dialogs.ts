/** The system's own dialogs: what a person chooses there, main learns from the system and no page. */
import { dialog, type OpenDialogOptions } from 'electron';
import type { Dialogs } from './app/app-parts';

/**
 * Dialogs that belong to no window: one that is over a window crashes main when that window is destroyed under it, as the
 * main window is when its renderer dies. Whatever else is asked meanwhile the controller refuses, for it is busy.
 */
export const DIALOGS: Dialogs = {
  openFile: ({ title, kind, extensions }) =>
    choose({ title, properties: ['openFile'], filters: [{ name: kind, extensions: [...extensions] }] }),
  openFolder: ({ title, button }) =>
    choose({ title, buttonLabel: button, properties: ['openDirectory', 'createDirectory'] }),
  saveFile: async ({ title, name, kind, extensions }) => {
    const filters = [{ name: kind, extensions: [...extensions] }];
    const { canceled, filePath } = await dialog.showSaveDialog({ title, defaultPath: name, filters });
    return canceled ? null : filePath;
  },
};

async function choose(options: OpenDialogOptions): Promise<string | null> {
  const { canceled, filePaths } = await dialog.showOpenDialog(options);
  return canceled ? null : (filePaths[0] ?? null);
}
