/** A private temporary file, which the host hands in. */
export interface SpoolFile extends AsyncDisposable {
  /** Adds to the end. */
  append(bytes: Uint8Array): Promise<void>;
  /** At most `length` bytes from `offset`; fewer only at the file's end. */
  read(offset: number, length: number): Promise<Uint8Array>;
}
