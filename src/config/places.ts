/** Where kodama keeps and finds things. Paths are absolute; nothing here touches a file. */

/** The folders that everything else is found from. */
export interface Places {
  /** `$KODAMA_CONFIG_DIR`, `~/.kodama` by default. */
  readonly configDir: string;
  /** The working directory. */
  readonly workingDir: string;
  /** The workflows that come with kodama. */
  readonly shippedWorkflowsDir: string;
}
