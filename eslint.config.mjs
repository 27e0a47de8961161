import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { BUNDLES } from './scripts/bundles.mjs';
import { fileNameRule } from './scripts/lint/file-name-rule.mjs';
import { layerRule } from './scripts/lint/layer-rule.mjs';
import { LAYERS, NETWORK_GLOBALS } from './scripts/lint/layers.mjs';

/** Syntax that is banned everywhere. */
const BANNED_SYNTAX = [
  {
    selector: ':matches(Identifier[name="printToPDF"], Literal[value="printToPDF"])',
    message: 'printToPDF hands the bytes to the main process and is untagged: PDFs are made by pdfkit (DESIGN 13)',
  },
];

/** Tests always run, all of them. */
const TEST_FUNCTIONS = '/^(?:test|it|describe|suite|bench)$/';
const BANNED_TEST_SYNTAX = [
  {
    selector: `MemberExpression[property.name=/^(?:only|skip|todo)$/] Identifier[name=${TEST_FUNCTIONS}]`,
    message: 'no test is singled out, skipped or left for later',
  },
  {
    selector: `CallExpression[callee.name=${TEST_FUNCTIONS}] > ObjectExpression > Property[key.name=/^(?:only|skip|todo)$/]`,
    message: 'no test is singled out, skipped or left for later',
  },
  {
    selector: 'CallExpression[callee.property.name="skip"][callee.object.name=/^(?:context|ctx|task)$/]',
    message: 'no test is skipped',
  },
];

/** Functions of objects that are banned. */
const BANNED_PROPERTIES = [
  { object: 'Math', property: 'random', message: 'not random enough for anything here: use node:crypto' },
  { object: 'Buffer', property: 'allocUnsafe', message: 'holds what others left in memory: use Buffer.alloc' },
  { object: 'Buffer', property: 'allocUnsafeSlow', message: 'holds what others left in memory: use Buffer.alloc' },
];
const NATIVE_CODE = {
  object: 'process',
  property: 'dlopen',
  message: 'only hsm/native/companion.ts and pkcs11js load native code',
};
const PROCESS_EXIT = {
  object: 'process',
  property: 'exit',
  message: 'only the entry point of a program ends it: throw, or set process.exitCode there',
};

const withNetwork = LAYERS.filter((layer) => layer.network).map((layer) => `${layer.folder}**`);

export default defineConfig(
  globalIgnores(['**/build/', '**/node_modules/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' } },
  {
    files: ['**/*.{ts,tsx,mts,mjs}'],
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true } },
    plugins: {
      '@typescript-eslint': tseslint.plugin,
      keyrite: { rules: { layers: layerRule, 'file-name': fileNameRule } },
    },
    rules: {
      'keyrite/layers': 'error',
      'keyrite/file-name': 'error',
      'no-restricted-syntax': ['error', ...BANNED_SYNTAX],
      'no-restricted-properties': ['error', ...BANNED_PROPERTIES, NATIVE_CODE, PROCESS_EXIT],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.{ts,tsx,mts}'],
    extends: [js.configs.recommended, tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    rules: {
      '@typescript-eslint/no-explicit-any': ['error', { fixToUnknown: false }],
      '@typescript-eslint/no-floating-promises': ['error', { checkThenables: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': 'allow-with-description' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowNever: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // A promise that rejects is what a port promises; a function need not await to keep that promise.
      '@typescript-eslint/require-await': 'off',
      // Index signatures and type aliases say what they mean in the places where they stand.
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      '@typescript-eslint/consistent-type-definitions': 'off',
      // `x === null || x.y !== z` says it plainer than a chain whose value may be undefined.
      '@typescript-eslint/prefer-optional-chain': 'off',
      // Words and digits are spread into characters, never emojis.
      '@typescript-eslint/no-misused-spread': ['error', { allow: [{ from: 'lib', name: 'string' }] }],
      // SECURITY: an error of a parser may quote what it read, a PIN file say; what is thrown instead must not carry it.
      'preserve-caught-error': 'off',
      // The compiler asks for brackets where a key comes from an index signature.
      '@typescript-eslint/dot-notation': ['error', { allowIndexSignaturePropertyAccess: true }],
    },
  },
  {
    files: ['**/*.mjs'],
    extends: [js.configs.recommended],
    rules: {
      'no-undef': 'off', // tsc checks these files too
      'no-console': 'off',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      'no-unused-vars': 'off',
    },
  },
  {
    files: ['**/*.{ts,tsx,mts,mjs}'],
    ignores: withNetwork,
    rules: { 'no-restricted-globals': ['error', { globals: NETWORK_GLOBALS, checkGlobalObject: true }] },
  },
  { files: ['cli/**', 'connected/**', 'test/**'], rules: { 'no-console': 'off' } },
  {
    // What ends a process: its entry point, the port that tells it to go, scripts, and programs that tests start.
    files: [
      ...BUNDLES.map((bundle) => bundle.entry),
      'hsm/node-port.ts',
      'hsm/utility-port.ts',
      'scripts/**',
      'test/**',
    ],
    rules: { 'no-restricted-properties': ['error', ...BANNED_PROPERTIES, NATIVE_CODE] },
  },
  {
    files: ['hsm/native/companion.ts'],
    rules: { 'no-restricted-properties': ['error', ...BANNED_PROPERTIES, PROCESS_EXIT] },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...BANNED_SYNTAX, ...BANNED_TEST_SYNTAX],
      // A test that finds nothing where something must be fails anyway, and says where.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
);
