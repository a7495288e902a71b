/** The port to a terminal multiplexer: tmux of this machine, or a test's. */

/** How a program of this machine ended. */
export interface ProgramEnd {
  code: number;
  /** At most 64 KiB of each. */
  stdout: string;
  stderr: string;
}

/** tmux, as far as kodama uses it. */
export interface Multiplexer {
  /**
   * Runs a command line of tmux.
   *
   * @throws KodamaError `environment` where tmux isn't there, or may not be started.
   */
  run(words: readonly string[], signal?: AbortSignal): Promise<ProgramEnd>;
  /** Gives it this terminal until it ends; answers with its exit code. */
  lendTerminal(words: readonly string[]): Promise<number>;
  /**
   * The words that start this very kodama in a pane, by absolute paths.
   *
   * @param writes folders, beside the configuration's, that it writes to.
   */
  kodamaWords(writes: readonly string[]): readonly string[];
}
