/** How a utility process of the app is known by others of the same user, who cannot look into it. */
import { createHash } from 'node:crypto';

/**
 * The name of such a process, in /proc/<pid>/comm: its environment cannot be read any more once it forbids that others
 * look into it, and its arguments never could.
 *
 * @param parent process id of the app that started it; null: of any
 * @returns at most 15 characters, the most that a name has; without a parent, what names of a ceremony begin with
 */
export function processMark(ceremony: string, parent: number | null): string {
  const hash = createHash('sha256').update(ceremony).digest('hex').slice(0, 8);
  return `kr${hash}${parent === null ? '' : parent.toString(36)}`;
}
