/**
 * The part of a request that may be shown and stored: a mask replaces the values of headers and queries that can be
 * secrets. Unknown headers are judged by their name, so the list errs towards masking.
 */
import type { Header } from "./events.ts";

/** Replaces a secret value. */
export const mask = "***";

const secretName =
  /auth|cookie|token|secret|passw|api-?key|access-?key|credential|session|signature|private|jwt|csrf|xsrf|otp|(?:^|-)key$|forwarded-client-cert/i;

/** A value that is a secret under any name: a JSON web token, a scheme with credentials, keys of well-known services. */
const secretValue =
  /\beyJ[\w-]{8,}\.[\w-]*\.?[\w-]*|\b(?:Bearer|Basic|Digest|Negotiate)\s+\S+|\b(?:gh[pousr]_|github_pat_|glpat-|sk-|xox[abprs]-|AKIA|ASIA)[\w-]{8,}/gi;

const maxNameLength = 256;
const maxValueLength = 2048;

/**
 * Returns a path as it may be shown: the names of its query without their values, no credentials of an absolute URL, no
 * parameters of path segments, and no well-known tokens in the path itself.
 */
export function maskPath(path: string): string {
  const [, before = "", query] = /^([^?#]*)(?:\?([^#]*))?/.exec(path.slice(0, maxValueLength)) ??
    [];
  const masked = before.replace(/^([a-z][\w+.-]*:\/\/)[^/@]*@/i, `$1${mask}@`)
    .replaceAll(/(;[^=/;]*)=[^/;]*/g, `$1=${mask}`).replaceAll(secretValue, mask);
  return escapedText(query === undefined ? masked : `${masked}?${maskQuery(query)}`);
}

function maskQuery(query: string): string {
  return query.split("&").map((pair) => {
    const at = pair.indexOf("=");
    // Without a name, the whole may be a value: `?d41d8cd98f`.
    if (at === -1) return /^[A-Za-z][\w.-]{0,24}$/.test(pair) && !/\d{3}/.test(pair) ? pair : mask;
    return `${pair.slice(0, at).replaceAll(secretValue, mask)}=${mask}`;
  }).join("&");
}

/** Returns a header with its value masked if it can be a secret. */
export function maskHeader(name: string, value: string): Header {
  const shortName = escapedText(name.slice(0, maxNameLength));
  if (secretName.test(shortName)) return { name: shortName, value: mask };
  const short = escapedText(value.slice(0, maxValueLength));
  const isPath = /^(?:[a-z][\w+.-]*:\/)?\//i.test(short);
  return {
    name: shortName,
    value: isPath
      ? maskPath(short)
      : short.replaceAll(/\b[a-z][\w+.-]*:\/\/[^\s"'<>,]+/gi, (url) => maskPath(url)).replaceAll(
        secretValue,
        mask,
      ),
  };
}

/** Returns the text with a replacement character for each that isn't printable ASCII. */
export function escapedText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "\ufffd");
}
