/** The streams of one remote command over one link, whichever protocol carries them. */

/** What the server sends on. */
export type ServerStream = "stdout" | "stderr" | "error";

/** What a {@link ChannelSocket} gives to its reader. */
export type ChannelEvent =
  | { kind: "data"; stream: ServerStream; bytes: Uint8Array }
  /** The peer said goodbye. */
  | { kind: "closed"; words: string }
  /** The network ended without one. */
  | { kind: "lost"; reason: string };

/** One reader, any number of writers. Disposing of it drops the link. */
export interface ChannelSocket extends Disposable {
  /** More at once is only held longer on the way. */
  readonly inputPieceBytes: number;
  /** What came next, or how it ended. Never rejects. One call at a time. */
  receive(): Promise<ChannelEvent>;
  /** Resolves when the network has taken it. */
  send(stream: "stdin" | "resize", bytes: Uint8Array): Promise<void>;
  /** Tells the end of standard input; false where the protocol can't. */
  closeInput(): Promise<boolean>;
}
