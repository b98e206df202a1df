import type { ProgressState } from './progress-line.ts';

/** Where the words for a person go: lines that stay, and one last line that changes. */
export interface View {
  line(text: string): void;
  /** Shows that something is awaited, until the next call of anything. `detail` changes as time passes. */
  wait(text: string, detail?: string): void;
  progress(state: ProgressState): void;
  /** Takes the changing line away. */
  hide(): void;
}
