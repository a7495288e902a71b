/** The patch of `kubectl patch`, checked before anything is sent: the server would name no position in it. */
import { isRecord } from "../../base/json_value.ts";
import { FileError, type FileProblem, YamlSource } from "../../base/yaml/source.ts";
import type { KubectlLine } from "../../gate/kubectl.ts";
import { flagValue } from "../../gate/kubectl_rating.ts";
import type { Host } from "../host.ts";
import { isOneTime } from "./objects.ts";

/** The API server accepts objects of up to 3 MiB. */
const limits = { maxChars: 3 * 1024 * 1024, maxAliases: 50 };

/** The field that each operation needs beside `path`: https://www.rfc-editor.org/rfc/rfc6902#section-4 */
const operations: Readonly<Record<string, "value" | "from" | undefined>> = {
  add: "value",
  replace: "value",
  test: "value",
  move: "from",
  copy: "from",
  remove: undefined,
};

/**
 * Checks the patch of a command line, if it has a patch that can be read here.
 *
 * @throws FileError with the position of each problem: it isn't JSON or YAML, or not a patch of the requested type.
 */
export async function checkPatch(
  { files, places }: Pick<Host, "files" | "places">,
  line: KubectlLine,
): Promise<void> {
  if (line.verb.join(" ") !== "patch") return;
  const inline = flagValue(line, "--patch", "-p");
  const path = flagValue(line, "--patch-file");
  const type = flagValue(line, "--type") ?? "strategic";
  if (inline !== undefined) return check({ path: "--patch", text: inline }, type);
  if (path === undefined || isOneTime(path)) return;
  const absolute = path.startsWith("/") ? path : `${places.workingDir}/${path}`;
  const text = await files.readText(absolute, limits.maxChars);
  // kubectl itself reports a file that doesn't exist.
  if (text !== undefined) check({ path, text }, type);
}

function check(file: { path: string; text: string }, type: string): void {
  const source = YamlSource.parse(file, limits);
  const problems = type === "json" ? operationProblems(source) : mappingProblems(source, type);
  if (problems.length > 0) throw new FileError(file, problems);
}

function mappingProblems(source: YamlSource, type: string): FileProblem[] {
  if (isRecord(source.plain)) return [];
  const hint = Array.isArray(source.plain) ? "; a list of operations has the type json" : "";
  return [source.atTop(`a ${type} patch is a mapping${hint}`)];
}

function operationProblems(source: YamlSource): FileProblem[] {
  const { plain } = source;
  if (!Array.isArray(plain)) {
    return [source.atTop("a JSON patch is a list of operations; a mapping has the type merge")];
  }
  return plain.flatMap((operation: unknown, index): FileProblem[] => {
    if (!isRecord(operation)) return [source.atValue([index], "an operation is a mapping")];
    const { op } = operation;
    if (typeof op !== "string" || !Object.hasOwn(operations, op)) {
      const names = Object.keys(operations).join(", ");
      return [source.atValue([index, "op"], `op is one of ${names}`)];
    }
    const needed = operations[op];
    const pointers = ["path", ...(needed === "from" ? ["from"] : [])].filter((name) => {
      const pointer = operation[name];
      return typeof pointer !== "string" || (pointer !== "" && !pointer.startsWith("/"));
    });
    return [
      ...pointers.map((name) =>
        source.atValue([index, name], `${name} is a path such as /spec/replicas`)
      ),
      ...(needed === "value" && !Object.hasOwn(operation, "value")
        ? [source.atValue([index], `${op} needs a value`)]
        : []),
    ];
  });
}
