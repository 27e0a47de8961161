/** Steps without which a ceremony still reaches its end state: what an exception may skip. Nothing else is ever waived. */
import type { Action } from './schema';

/** Actions whose step an exception `step-skipped` may stand in for. */
export const WAIVABLE: readonly Action[] = ['preflight', 'unit.inventory', 'fact', 'statement'];
