/** Shell scripts are imported as text: esbuild's `text` loader, and a plugin of the test runner. */
declare module '*.sh' {
  const text: string;
  export default text;
}
