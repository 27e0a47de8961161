/** Lints a piece of code as if it stood in a file of the checkout, with the rules as they are configured. */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

/** Folder of the checkout. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Rules that need no types: the file need not exist, and linting takes milliseconds. */
const withoutTypes = new ESLint({ cwd: ROOT, overrideConfig: tseslint.configs.disableTypeChecked });
const withTypes = new ESLint({ cwd: ROOT });

/**
 * Ids of the rules that complain, in order and without repeats; a message id follows those of ours, as in
 * `keyrite/layers:network`.
 *
 * @param file path relative to the checkout; it need not exist
 */
export async function complaints(file: string, code: string): Promise<string[]> {
  return ids(await withoutTypes.lintText(code, { filePath: join(ROOT, file) }));
}

/** The same with the rules that need types: `code` stands in for the content of some file that `folder` has. */
export async function typedComplaints(folder: string, code: string): Promise<string[]> {
  const file = readdirSync(join(ROOT, folder)).find((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'));
  if (file === undefined) throw new Error(`${folder} has no TypeScript file to stand in for`);
  return ids(await withTypes.lintText(code, { filePath: join(ROOT, folder, file) }));
}

function ids(results: ESLint.LintResult[]): string[] {
  const all = results
    .flatMap((result) => result.messages)
    .map((message) => {
      if (message.fatal === true) throw new Error(`not linted: ${message.message}`);
      const rule = message.ruleId ?? 'none';
      return rule === 'keyrite/layers' ? `${rule}:${String(message.messageId)}` : rule;
    });
  return [...new Set(all)];
}
