/** The interface to a terminal multiplexer: this machine's tmux, or a test's. */

/** How a local program ended. */
export interface ProgramEnd {
  code: number;
  /** At most 64 KiB of each. */
  stdout: string;
  stderr: string;
}

/** The tmux functions that kodama uses. */
export interface Multiplexer {
  /**
   * Runs a tmux command line.
   *
   * @throws KodamaError `environment` if tmux is missing, or may not be started.
   */
  run(words: readonly string[], signal?: AbortSignal): Promise<ProgramEnd>;
  /** Lends this terminal to it until it ends; returns its exit code. */
  lendTerminal(words: readonly string[]): Promise<number>;
  /**
   * Returns the args that start this same kodama in a pane, with absolute paths.
   *
   * @param writes folders, besides the configuration's, that it writes to.
   */
  kodamaWords(writes: readonly string[]): readonly string[];
}
