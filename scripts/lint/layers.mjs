/**
 * Who may import whom: the table of docs/architecture.md, for the linter. The compiler's project references say the same
 * of the layers as a whole; what they cannot say (single folders, types only, modules of Node, packages) stands here.
 */

/**
 * @typedef {object} Layer
 * @property {string} folder paths that begin so belong to the layer; the longest that fits counts
 * @property {readonly string[]} values what may be imported: folders end in `/`, files are without extension
 * @property {readonly string[]} types what may be imported with `import type` besides
 * @property {readonly string[] | 'all'} node modules of Node; `all` means all but those of {@link NETWORK}
 * @property {readonly string[] | 'all'} packages from npm
 * @property {boolean} network whether modules and globals that open connections may be used
 */

// SECURITY(K-24): the linter refuses these outside connected/.
/** Modules that open connections, or listen for them. */
export const NETWORK = ['net', 'http', 'https', 'http2', 'dgram', 'tls', 'dns', 'undici', 'inspector'];

/** Globals that open connections. */
export const NETWORK_GLOBALS = ['fetch', 'WebSocket', 'XMLHttpRequest', 'EventSource'];

/**
 * Modules of Node that neither open connections nor get at other modules past the linter (as `module`, `vm` and
 * `worker_threads` do): a list of what is allowed, so that what Node adds later is not.
 */
const OFFLINE_NODE = [
  'assert',
  'buffer',
  'child_process',
  'crypto',
  'events',
  'fs',
  'os',
  'path',
  'perf_hooks',
  'readline',
  'stream',
  'string_decoder',
  'timers',
  'tty',
  'url',
  'util',
  'zlib',
];

/** What of the domain runs in processes that touch secrets: pure functions. */
const UNDER_HSM = [
  'hsm/',
  'ceremony/canonical-json',
  'ceremony/check-value',
  'ceremony/text-forms',
  'ceremony/command/',
  'ceremony/keypackage/',
];

/** What a key package needs, and no more of the domain: it is all that the connected side takes in. */
const UNDER_KEYPACKAGE = [
  'ceremony/keypackage/',
  'ceremony/canonical-json',
  'ceremony/check-value',
  'ceremony/text-forms',
  'ceremony/command/dsse',
];

/** What a window may take in besides the contract: pure, and of no use to get at anything. */
const UNDER_RENDERER = [
  'ceremony/words',
  'ceremony/text-forms',
  'ceremony/canonical-json',
  'ceremony/check-value',
  'hsm/dialogue',
  'hsm/sealed-exchange',
  'hsm/secret-port',
];

/** Packages of the domain. */
const DOMAIN_PACKAGES = ['valibot', 'yaml', '@noble/ciphers'];

/** Packages of the windows. */
const RENDERER_PACKAGES = [
  'valibot',
  'react',
  'react-dom',
  'zustand',
  '@carbon/react',
  '@carbon/icons-react',
  '@fontsource/ibm-plex-mono',
  '@fontsource/ibm-plex-sans',
];

/** @type {readonly Layer[]} */
export const LAYERS = [
  {
    folder: 'ceremony/',
    values: ['ceremony/'],
    types: [],
    node: ['crypto', 'buffer'],
    packages: DOMAIN_PACKAGES,
    network: false,
  },
  {
    folder: 'ceremony/keypackage/',
    values: UNDER_KEYPACKAGE,
    types: [],
    node: ['crypto', 'buffer'],
    packages: DOMAIN_PACKAGES,
    network: false,
  },
  {
    // Writes the schemas into docs/ while building; no program imports it.
    folder: 'ceremony/plan/json-schema.ts',
    values: ['ceremony/'],
    types: [],
    node: [],
    packages: ['@valibot/to-json-schema', 'valibot'],
    network: false,
  },
  {
    folder: 'hsm/',
    values: UNDER_HSM,
    types: ['ceremony/'],
    node: OFFLINE_NODE,
    packages: DOMAIN_PACKAGES,
    network: false,
  },
  {
    // The only code that holds shares while they are put into files and onto paper.
    folder: 'hsm/shares/forms/',
    values: UNDER_HSM,
    types: ['ceremony/'],
    node: OFFLINE_NODE,
    packages: [...DOMAIN_PACKAGES, 'age-encryption', 'qr'],
    network: false,
  },
  {
    folder: 'hsm/pkcs11/',
    values: UNDER_HSM,
    types: ['ceremony/'],
    node: OFFLINE_NODE,
    packages: [...DOMAIN_PACKAGES, 'pkcs11js'],
    network: false,
  },
  {
    folder: 'workstation/',
    values: ['workstation/', 'hsm/', 'ceremony/'],
    types: [],
    node: OFFLINE_NODE,
    packages: DOMAIN_PACKAGES,
    network: false,
  },
  {
    // Typefaces and PDF: packages that no other part has any use for.
    folder: 'workstation/report-pdf/',
    values: ['workstation/report-pdf/', 'ceremony/print/'],
    types: [],
    node: ['zlib'],
    packages: ['pdfkit', '@fontsource/ibm-plex-mono', '@fontsource/ibm-plex-sans'],
    network: false,
  },
  {
    folder: 'ipc/',
    values: ['ipc/', 'ceremony/', 'hsm/dialogue'],
    types: [],
    node: [],
    packages: ['valibot'],
    network: false,
  },
  {
    folder: 'src-main/',
    values: ['src-main/', 'workstation/', 'hsm/', 'ceremony/', 'ipc/'],
    types: [],
    node: OFFLINE_NODE,
    packages: [...DOMAIN_PACKAGES, 'electron'],
    network: false,
  },
  {
    folder: 'src-renderer/',
    values: ['src-renderer/', 'ipc/', ...UNDER_RENDERER],
    types: ['ceremony/'],
    node: [],
    packages: RENDERER_PACKAGES,
    network: false,
  },
  {
    folder: 'cli/',
    values: ['cli/', 'workstation/', 'hsm/', 'ceremony/'],
    types: [],
    node: OFFLINE_NODE,
    packages: DOMAIN_PACKAGES,
    network: false,
  },
  {
    folder: 'connected/',
    values: ['connected/', 'ceremony/keypackage/'],
    types: [],
    node: 'all',
    packages: ['valibot'],
    network: true,
  },
  { folder: 'scripts/', values: ['scripts/'], types: [], node: 'all', packages: 'all', network: false },
  { folder: 'test/', values: [''], types: [], node: 'all', packages: 'all', network: false },
  // Programs that tests start in Electron in place of the app's own.
  { folder: 'test/app/', values: [''], types: [], node: 'all', packages: 'all', network: false },
  // The service is tested over the protocol that it speaks.
  { folder: 'test/connected/', values: [''], types: [], node: 'all', packages: 'all', network: true },
];

/** Packages that only these layers may import, whatever else it says above. */
export const ONLY_IN = { pkcs11js: ['hsm/pkcs11/'], electron: ['src-main/', 'test/app/'] };

/**
 * The layer that a file belongs to, or null.
 *
 * @param {string} file path relative to the checkout, with `/`
 * @returns {Layer | null}
 */
export function layerOf(file) {
  const fitting = LAYERS.filter((layer) => file.startsWith(layer.folder));
  return fitting.sort((left, right) => right.folder.length - left.folder.length)[0] ?? null;
}

/**
 * Whether a list of folders and files holds a path (relative to the checkout, with or without extension).
 *
 * @param {readonly string[]} list
 * @param {string} path
 */
export function holds(list, path) {
  const bare = path.replace(/\.(?:tsx?|mts|cts|jsx?|mjs|cjs)$/, '');
  return list.some((one) => (one.endsWith('/') || one === '' ? `${path}/`.startsWith(one) : one === bare));
}
