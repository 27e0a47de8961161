/** Fonts are imported as bytes: esbuild's `binary` loader, and a plugin of the test runner. */
declare module '*.woff' {
  const bytes: Uint8Array;
  export default bytes;
}
