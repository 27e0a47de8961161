/** The npm package `slip39`, which has no types: what tests and the bench use of it. */
declare module 'slip39' {
  interface Slip39 {
    readonly fromPath: (path: string) => { readonly mnemonics: readonly string[] };
  }
  const slip39: {
    readonly recoverSecret: (mnemonics: readonly string[], passphrase: string) => readonly number[];
    readonly fromArray: (
      secret: readonly number[],
      options: { readonly passphrase: string; readonly groups: readonly (readonly [number, number, string])[] },
    ) => Slip39;
  };
  export default slip39;
}
