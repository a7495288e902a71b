/** The user's own kubectl, as found on PATH. It runs without a shell, with the environment of this process. */

/** The input of a run of kubectl beside its arguments. */
export interface KubectlInput {
  /** Its standard input; that of this process if absent. */
  input?: Uint8Array;
  /** Further environment variables. */
  environment?: Readonly<Record<string, string>>;
}

/** How a run of kubectl ended whose output was read. */
interface KubectlOutput {
  exitCode: number;
  stdout: string;
  stderr: string;
  /** Standard output was longer than the limit. */
  isTruncated: boolean;
}

/** The user's own kubectl. */
export interface KubectlProgram {
  /**
   * Runs it with the streams of this process, and returns its exit code; 128 + the signal that ended it. Ctrl-C is its
   * own to handle, other signals that end this process are passed on.
   *
   * @throws KodamaError `environment` if it can't be started.
   */
  run(args: readonly string[], input: KubectlInput): Promise<number>;
  /**
   * Runs it, and returns its output. Standard input is empty unless given, standard error is read or passed on.
   *
   * @throws KodamaError `environment` if it can't be started.
   */
  read(
    args: readonly string[],
    options: KubectlInput & {
      stderr: "read" | "pass";
      /** The limit of standard output. */
      maxBytes: number;
      signal: AbortSignal;
    },
  ): Promise<KubectlOutput>;
}
