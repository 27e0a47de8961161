/** The module file and the configuration files it reads must be the bound ones before any of their code runs. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DeviceError } from '../../ceremony/command/device-error';

/** A file and the SHA-256 (lower-case hex) it must have. */
export interface BoundFile {
  readonly path: string;
  readonly sha256: string;
}

/**
 * Compares the files of a module with the binding.
 *
 * @throws DeviceError `MODULE_MISSING` when a file cannot be read, `MODULE_CHANGED` when it is another
 */
export function checkModuleFiles(module: string, files: readonly BoundFile[]): void {
  for (const file of files) {
    const found = sha256OfFile(module, file.path);
    if (found === file.sha256) continue;
    throw new DeviceError({
      code: 'MODULE_CHANGED',
      message: `${file.path} of module ${module} is not the bound file: expected SHA-256 ${file.sha256}, got ${found}.`,
      changed: 'The module was not loaded; no device was touched.',
      next: 'Find out who changed the file. If the change is wanted, bind the new hash and have the binding approved again.',
      uncertain: false,
    });
  }
}

function sha256OfFile(module: string, path: string): string {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new DeviceError({
      code: 'MODULE_MISSING',
      message: `${path} of module ${module} cannot be read: ${code}.`,
      changed: 'The module was not loaded; no device was touched.',
      next: "Check the path in the binding and that the vendor's software is installed.",
      uncertain: false,
    });
  }
}
