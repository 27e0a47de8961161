/** Files that a start writes before its first line: done again after a crash, it goes on with what is there. */
import type { FileRef } from '../transcript/line';
import type { EnginePorts } from './ports';
import { sha256Hex } from './signatures';

/** Writes a file, or takes it as it is when a start that crashed before line 0 left the same bytes. */
export async function settle(ports: EnginePorts, name: string, content: Uint8Array): Promise<FileRef> {
  const sha256 = sha256Hex(content);
  if (await ports.folder.exists(name)) {
    if (sha256Hex(await ports.folder.read(name)) === sha256) return { name, sha256 };
    await ports.folder.remove(name);
  }
  await ports.folder.create(name, content);
  return { name, sha256 };
}
