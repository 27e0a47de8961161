/** Exit codes of the app, as sysexits.h names them; 0 when it ended as it should. */
export const EXIT = {
  /** It was started with an argument, or in an environment or on a runtime, that it refuses (EX_CONFIG). */
  refused: 78,
  /** A defence could not be installed, or something else broke while it started (EX_SOFTWARE). */
  failed: 70,
  /** It runs already, and that window came to the front (EX_TEMPFAIL). */
  runsAlready: 75,
} as const;
