/** Headers of everything that is served to a window. */

/** What pages may load and run: their own files. No inline script or style, no `eval`, no HTML from text, no frames. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  // Icons of the component library are data in its style sheet.
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/**
 * What of a browser's reach pages do without. Electron refuses each of these again when it is asked; but its browser
 * process crashed (25.1.1, SIGSEGV) when a page asked for a USB device, so that the page must not get as far as asking.
 */
const PERMISSIONS_POLICY = [
  'bluetooth',
  'camera',
  'clipboard-read',
  'clipboard-write',
  'display-capture',
  'geolocation',
  'hid',
  'idle-detection',
  'local-fonts',
  'microphone',
  'midi',
  'payment',
  'publickey-credentials-get',
  'screen-wake-lock',
  'serial',
  'usb',
  'window-management',
]
  .map((name) => `${name}=()`)
  .join(', ');

/** The headers, by name. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  // SECURITY(K-42): text that came from a plan or a device and slipped into the page as code does not run.
  'content-security-policy': PAGE_POLICY,
  'permissions-policy': PERMISSIONS_POLICY,
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};
