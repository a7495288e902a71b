/** Parses the two sides of a copy: a local path, a path in the selected pods, or in one named pod. */
import { UsageError } from "../../../base/errors.ts";

/** One side of a copy. */
export type Side =
  | { kind: "here"; path: string }
  /** `:/path` */
  | { kind: "selected"; path: string }
  /** `pod:/path`, and like kubectl `namespace/pod:/path`. */
  | { kind: "pod"; namespace: string | undefined; pod: string; path: string };

/** A path that can't be in a pod: kubectl's syntax for a file with a colon. */
const plainlyHere = /^(?:\/|\.{1,2}(?:\/|$))/;

/** Throws `UsageError` for a side without a path or a pod. */
export function sideOf(word: string): Side {
  const colon = word.indexOf(":");
  if (word === "") throw new UsageError("a path is empty");
  if (word === "-") {
    throw new UsageError("- is not a path: copies go from files to files", {
      hint:
        "kodama exec POD -- cat PATH prints a file, kodama exec -i takes one; ./- is a file of that name",
    });
  }
  if (colon < 0 || plainlyHere.test(word)) return { kind: "here", path: word };
  const [before, path] = [word.slice(0, colon), word.slice(colon + 1)];
  if (path === "") {
    throw new UsageError(`no path after the colon of ${word}`, { hint: `as in ${word}/tmp/file` });
  }
  if (before === "") return { kind: "selected", path };
  const [first = "", second, ...rest] = before.split("/");
  if (rest.length > 0 || first === "" || second === "") {
    throw new UsageError(`${word} is neither POD:PATH nor NAMESPACE/POD:PATH`, {
      hint: `./${word} is a file of this machine`,
    });
  }
  return second === undefined
    ? { kind: "pod", namespace: undefined, pod: first, path }
    : { kind: "pod", namespace: first, pod: second, path };
}
