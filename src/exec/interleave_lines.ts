/** A whole line of one target and one stream, or the piece of one that is known to be final. */
export interface Line {
  target: number;
  stream: "stdout" | "stderr";
  /** Exactly as they came, without the line's end. */
  bytes: Uint8Array;
  /**
   * What ended it: `newline`; `end`, the stream ended without one; `limit`, the line is longer than the
   * bound and goes on in the next event of this target and stream.
   */
  endedBy: "newline" | "end" | "limit";
}
