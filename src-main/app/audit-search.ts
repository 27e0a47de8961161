/** Search for text through all lines of a transcript, what is signed in them included. */
import { linesOfFile } from './audit-file';
import { MAX_LINES } from './audit-index';
import { LineNumbers } from './audit-numbers';

/** Most lines that a search finds: whoever finds more looks for something narrower. */
const MAX_FOUND = 100_000;

/** What a search has come to. */
export interface SearchState {
  readonly state: 'running' | 'done' | 'stopped' | 'full';
  readonly looked: number;
}

/**
 * Whether a line holds a text, in any case. The text is looked for as JSON writes it, and in the payloads of what is
 * signed; a hash may be given in groups.
 */
export function matcherOf(text: string): (line: string) => boolean {
  const plain = text.trim().toLowerCase();
  const written = JSON.stringify(plain).slice(1, -1);
  const digits = plain.replace(/[\s:]/g, '');
  const wanted = /^[0-9a-f]{8,64}$/.test(digits) ? [written, digits] : [written];
  const holds = (lower: string): boolean => wanted.some((one) => lower.includes(one));
  return (line) => {
    if (holds(line.toLowerCase())) return true;
    for (const [, payload] of line.matchAll(/"payload":"([A-Za-z0-9+/]+={0,2})"/g)) {
      if (
        holds(
          Buffer.from(payload ?? '', 'base64')
            .toString('utf8')
            .toLowerCase(),
        )
      )
        return true;
    }
    return false;
  };
}

/** A search that runs, or has run. */
export class LineSearch {
  readonly text: string;
  readonly found = new LineNumbers();
  private now: SearchState = { state: 'running', looked: 0 };
  private readonly end = new AbortController();

  constructor(text: string) {
    this.text = text;
  }

  get state(): SearchState {
    return this.now;
  }

  /** Ends it where it is; what it has found stays. */
  stop(): void {
    this.end.abort();
  }

  /**
   * Looks through the file. Resolves when it is over, however it ended.
   *
   * @param onMore told whenever more was looked at
   * @throws UsageError when the file cannot be read
   */
  async run(path: string, onMore: () => void): Promise<void> {
    const holds = matcherOf(this.text);
    let line = 0;
    let state: SearchState['state'] = 'done';
    try {
      for await (const lines of linesOfFile(path, this.end.signal)) {
        for (const { bytes } of lines) {
          if (line >= MAX_LINES) break;
          if (bytes !== null && holds(Buffer.from(bytes).toString('utf8'))) this.found.push(line);
          line += 1;
        }
        this.now = { state: 'running', looked: line };
        onMore();
        // SECURITY(K-85): what is kept of a search is bounded, whatever the lines hold.
        if (this.found.length >= MAX_FOUND) {
          state = 'full';
          break;
        }
      }
    } catch (error) {
      state = 'stopped';
      if (!this.end.signal.aborted) throw error;
    } finally {
      this.now = { state, looked: line };
      onMore();
    }
  }
}
