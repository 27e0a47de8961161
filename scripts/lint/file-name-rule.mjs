/** ESLint rule `keyrite/file-name`: a file has one job and is named for it, so none is called after having many. */
import { dirname, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const SAYS_NOTHING = /(?:^|[-_.])(?:utils?|utilities|helpers?|misc|common)(?:[-_.]|$)/i;

/** @type {import('eslint').Rule.RuleModule} */
export const fileNameRule = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { name: '"{{name}}" does not say what is in it: name the file for its one job' },
  },
  create(context) {
    return {
      Program(node) {
        for (const name of relative(ROOT, context.filename).split(sep)) {
          if (SAYS_NOTHING.test(name)) context.report({ node, messageId: 'name', data: { name } });
        }
      },
    };
  },
};
