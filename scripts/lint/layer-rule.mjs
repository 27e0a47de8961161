/** ESLint rule `keyrite/layers`: every way of getting at another module, judged by the table in layers.mjs. */
import { isBuiltin } from 'node:module';
import { dirname, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NETWORK, ONLY_IN, holds, layerOf } from './layers.mjs';

/** @typedef {import('./layers.mjs').Layer} Layer */

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** @type {import('eslint').Rule.RuleModule} */
export const layerRule = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      layer: '{{layer}} may not import {{target}} (docs/architecture.md, "Layers")',
      typesOnly: '{{layer}} may import only types of {{target}}: write `import type` (docs/architecture.md, "Layers")',
      network: '{{layer}} may not use {{target}}: only connected/ opens connections',
      node: '{{layer}} may not use {{target}} of Node (scripts/lint/layers.mjs)',
      package: '{{layer}} may not use the package {{target}} (scripts/lint/layers.mjs)',
      computed: 'a module is named by a literal, so that the rules on imports can be checked',
      hidden: '{{target}} gets at modules past the rules on imports',
    },
  },
  create(context) {
    const file = relative(ROOT, context.filename).split(sep).join('/');
    const layer = layerOf(file);
    if (layer === null) return {};

    /**
     * @param {import('eslint').Rule.Node} node
     * @param {unknown} specifier
     * @param {boolean} typeOnly
     */
    function judge(node, specifier, typeOnly) {
      const problem =
        typeof specifier === 'string' ? problemOf(/** @type {Layer} */ (layer), file, specifier, typeOnly) : 'computed';
      if (problem === null) return;
      const data = { layer: /** @type {Layer} */ (layer).folder, target: String(specifier) };
      context.report({ node, messageId: problem, data });
    }

    /** @param {any} node an import or export declaration */
    const declaration = (node) => {
      if (node.source !== null) judge(node, node.source.value, (node.importKind ?? node.exportKind) === 'type');
    };
    return {
      ImportDeclaration: declaration,
      ExportNamedDeclaration: declaration,
      ExportAllDeclaration: declaration,
      ImportExpression(node) {
        if (mayCompute(layer)) return;
        judge(node, literal(node.source), false);
      },
      CallExpression(node) {
        if (node.callee.type !== 'Identifier' || node.callee.name !== 'require' || mayCompute(layer)) return;
        judge(node, literal(node.arguments[0]), false);
      },
      /** @param {any} node `import x = require('y')` */
      TSExternalModuleReference(node) {
        judge(node, literal(node.expression), false);
      },
      /** @param {any} node `import('y').T` as a type */
      TSImportType(node) {
        judge(node, literal(node.source ?? node.argument?.literal), true);
      },
      MemberExpression(node) {
        const name = node.property.type === 'Identifier' ? node.property.name : literal(node.property);
        if (name !== 'getBuiltinModule' && name !== '_linkedBinding') return;
        context.report({ node, messageId: 'hidden', data: { target: name } });
      },
    };
  },
};

/**
 * Scripts and tests load modules whose names they compute (bench modules, say); they are not shipped.
 *
 * @param {Layer} layer
 */
function mayCompute(layer) {
  return layer.folder.startsWith('scripts/') || layer.folder.startsWith('test/');
}

/**
 * @param {Layer} layer
 * @param {string} file
 * @param {string} specifier
 * @param {boolean} typeOnly
 * @returns {'layer' | 'typesOnly' | 'network' | 'node' | 'package' | null}
 */
function problemOf(layer, file, specifier, typeOnly) {
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(file), specifier);
    if (holds(layer.values, target)) return null;
    if (!holds(layer.types, target)) return 'layer';
    return typeOnly ? null : 'typesOnly';
  }
  if (specifier.startsWith('/') || specifier.startsWith('file:')) return 'layer';

  const bare = specifier.replace(/^node:/, '');
  const first = /** @type {string} */ (bare.split('/')[0]);
  if (NETWORK.includes(first) || /^_(?:http|tls)_/.test(first)) return layer.network ? null : 'network';
  if (isBuiltin(specifier)) return layer.node === 'all' || layer.node.includes(first) ? null : 'node';

  const name = specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : first;
  const only = ONLY_IN[/** @type {keyof typeof ONLY_IN} */ (name)];
  if (only !== undefined && !only.includes(layer.folder)) return 'package';
  return layer.packages === 'all' || layer.packages.includes(name) ? null : 'package';
}

/** @param {any} node */
function literal(node) {
  if (node?.type === 'Literal') return node.value;
  if (node?.type === 'TemplateLiteral' && node.expressions.length === 0) return node.quasis[0].value.cooked;
  if (node?.type === 'TSLiteralType') return literal(node.literal);
  return undefined;
}
