/** What proves who we are, in the form that requests need. */
import type { TlsSettings } from "./link.ts";

/** PEM texts of a client's certificate and key. */
export type ClientCertificate = NonNullable<TlsSettings["clientCertificate"]>;

/** One moment's proof. */
export interface Proof {
  /** The value of `Authorization`. */
  authorization: string | undefined;
  clientCertificate: ClientCertificate | undefined;
}

/** Gives the proof for each request, anew where it has changed. */
export interface Credentials {
  current(signal: AbortSignal): Promise<Proof>;
  /** The server said 401: what was kept is worth nothing. True where asking again may help. */
  rejected(): boolean;
}
