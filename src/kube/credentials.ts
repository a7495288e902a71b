/** The user's proof of identity, in the form that requests need. */
import type { TlsSettings } from "./link/link.ts";

/** PEM texts of a client's certificate and key. */
export type ClientCertificate = NonNullable<TlsSettings["clientCertificate"]>;

/** One moment's proof. */
export interface Proof {
  /** The value of `Authorization`. */
  authorization: string | undefined;
  clientCertificate: ClientCertificate | undefined;
}

/** Returns the proof for each request, refreshed if it has changed. */
export interface Credentials {
  current(signal: AbortSignal): Promise<Proof>;
  /** The server answered 401: the cached proof is invalid. Returns true if a retry may help. */
  rejected(): boolean;
}
