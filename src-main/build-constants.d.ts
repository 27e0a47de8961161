/** Constants that scripts/build.mjs puts in; no environment variable or file can change them afterwards. */

/** Version of Keyrite, such as `0.1.0`. */
declare const KEYRITE_VERSION: string;
/** True only in builds for tests: they let a debugger in. Line 0 and the home screen say what a build is. */
declare const KEYRITE_TEST_BUILD: boolean;
/** Version of Electron that this test build admits as `test`, and so to production; empty in every other build. */
declare const KEYRITE_TEST_RUNTIME: string;
