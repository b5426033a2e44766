/** What works an event source off for one mapping; each kind of source has its own. */
export interface Poller {
  start(): void;
  /** Takes nothing more, and gives what is under way a moment. */
  close(): Promise<void>;
  /** How the last batch went, where the API says so. */
  readonly lastProcessingResult?: string | undefined;
}
