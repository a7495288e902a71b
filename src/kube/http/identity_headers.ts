/** The user's identity, in the headers of a request. */
import type { Connection } from "../connection.ts";
import { header, type HeaderPairs } from "../link/http_request.ts";

/** Returns the user's proof and the impersonated user. Throws `config` for a value that a header can't carry. */
export function identityHeaders(
  { impersonate }: Connection,
  authorization: string | undefined,
): HeaderPairs {
  const headers = [header("user-agent", "kodama")];
  if (authorization !== undefined) headers.push(header("authorization", authorization));
  if (impersonate === undefined) return headers;
  headers.push(header("impersonate-user", impersonate.user));
  if (impersonate.uid !== undefined) headers.push(header("impersonate-uid", impersonate.uid));
  for (const group of impersonate.groups) headers.push(header("impersonate-group", group));
  for (const [key, values] of Object.entries(impersonate.extra)) {
    const name = `impersonate-extra-${encodeURIComponent(key)}`;
    headers.push(...values.map((value) => header(name, value)));
  }
  return headers;
}
