/** The streams of one remote command over one link, for either protocol. */

/** The streams that the server sends. */
export type ServerStream = "stdout" | "stderr" | "error";

/** An event that a {@link ChannelSocket} returns to its reader. */
export type ChannelEvent =
  | { kind: "data"; stream: ServerStream; bytes: Uint8Array }
  /** The peer sent a close message. */
  | { kind: "closed"; words: string }
  /** The network connection ended without one. */
  | { kind: "lost"; reason: string };

/** One reader, any number of writers. Disposing of it drops the link. */
export interface ChannelSocket extends Disposable {
  /** Larger pieces are only buffered for longer on the way. */
  readonly inputPieceBytes: number;
  /** Returns the next event, or how the channel ended. Never rejects. One call at a time. */
  receive(): Promise<ChannelEvent>;
  /** Resolves when the network has accepted it. */
  send(stream: "stdin" | "resize", bytes: Uint8Array): Promise<void>;
  /** Signals the end of standard input; returns false if the protocol can't. */
  closeInput(): Promise<boolean>;
}
