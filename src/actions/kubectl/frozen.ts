/**
 * The manifests of a question are those that kubectl gets after it: it reads them from standard input, whatever has
 * become of their files meanwhile.
 */
import { joinBytes } from "../../base/byte_buffer.ts";
import { type KubectlLine, parseKubectl, withFlags } from "../../gate/kubectl.ts";
import { isOn, objectSources } from "../../gate/kubectl_rating.ts";
import { isOneTime } from "./objects.ts";

/** Flags that name manifests, or files with them. */
export const sourceFlags: ReadonlySet<string> = new Set([
  ...["-f", "--filename", "-k", "--kustomize", "-R", "--recursive"],
]);

/** Verbs whose standard input is for manifests alone. */
const readingInput: ReadonlySet<string> = new Set([
  ...["annotate", "apply", "auth", "autoscale", "create", "delete", "expose", "label", "patch"],
  ...["replace", "rollout", "scale", "set"],
]);

/** Returns whether the manifests of a command line can come from standard input. */
export function mayFreeze(line: KubectlLine): boolean {
  const [verb = "", part] = line.verb;
  const { files, kustomizations } = objectSources(line);
  const sources = [...files, ...kustomizations];
  return readingInput.has(verb) && part !== "edit-last-applied" && sources.length > 0 &&
    sources.some((source) => source !== "-") && !sources.some(isOneTime) &&
    !line.flags.some(({ name }) => name === "--raw" || name === "--edit") &&
    !isOn(line, "-i", "--interactive");
}

/** Returns the args with a single source, standard input, in place of all others. */
export function frozenArgs(args: readonly string[]): string[] {
  const { flags } = parseKubectl(args);
  const sources = flags.filter(({ name }) => sourceFlags.has(name));
  const removed = new Set(sources.flatMap(({ at, valueAt = at }) => [at, valueAt]));
  // Letters of other flags may be in the same argument: `-Rf`.
  const others = flags.filter(({ name, at }) => !sourceFlags.has(name) && removed.has(at))
    .map(({ name, value }) => value === undefined ? name : `${name}=${value}`);
  const remaining = args.filter((_, at) => !removed.has(at));
  return withFlags(remaining, [...others, "--filename", "-"]);
}

/** Returns manifests as a single text that kubectl reads as it reads each of them. */
export function joinedManifests(texts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const [only] = texts;
  if (texts.length === 1 && only !== undefined) return new Uint8Array(only);
  const encoder = new TextEncoder();
  const [start, end] = [encoder.encode("---\n"), encoder.encode("\n")];
  return joinBytes(texts.flatMap((text) => [start, withoutTabs(text), end]));
}

/** YAML has no tabs between tokens, which JSON has, and nowhere else: within its texts they are escaped. */
function withoutTabs(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(0x09)) return bytes;
  try {
    JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return bytes;
  }
  return bytes.map((byte) => byte === 0x09 ? 0x20 : byte);
}
