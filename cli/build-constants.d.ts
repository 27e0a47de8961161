/** Put in by the build (scripts/build.mjs) and by the test runner: the version in package.json. */
declare const KEYRITE_VERSION: string;
