/** A file that gets its name when it is complete; `files/incomplete_file.ts` implements it for this machine. */
export interface DraftFile extends AsyncDisposable {
  /** Appends the bytes; resolves when the system has accepted all of them. Rejects with the file's name. */
  write(bytes: Uint8Array): Promise<void>;
  /** Gives the file its name, in place of an earlier file. */
  complete(): Promise<void>;
  /**
   * Ends the file without its name, as `NAME.incomplete`; an earlier file of the name stays. Returns the path;
   * undefined if nothing was written, or the file has ended already. Disposing does the same.
   */
  keep(): Promise<string | undefined>;
}
