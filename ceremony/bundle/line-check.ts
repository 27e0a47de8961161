/** One of a bundle's rules, fed line by line in their order; it keeps no more than it needs to judge the lines to come. */
import type { LineWith } from '../transcript/line';
import type { GoodLine } from '../transcript/read';

/** See the head of this file. Findings go to the `Findings` that the check was made with. */
export interface LineCheck {
  /** Takes the next line that could be read. Its `bytes` stand until the next line only. */
  take(good: GoodLine): void;
  /** Called once, after the last line. `closing`: that line, when it is `ceremony.closed`. */
  end(closing: LineWith<'ceremony.closed'> | null): void;
}
