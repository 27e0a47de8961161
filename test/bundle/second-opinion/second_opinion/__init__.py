"""A second opinion on Keyrite evidence bundles: a verifier written from docs/evidence-format.md alone."""
