/** Commands that only read, and are refused all the same: what they print are credentials. */
import { KodamaError } from "../base/errors.ts";
import { isSecretName } from "../exec/redact.ts";

/** Where credentials are: mounted tokens and Secrets, environments of processes, keys of users. */
const credentials =
  /(?:^|[\s"'=:])\/*(?:[^\s"']*\/)?(?:run\/secrets(?:[\s"'/]|$)|\.ssh\/|\.aws\/credentials|\.kube\/config|\.docker\/config\.json|\.netrc|shadow\b|proc\/(?:[^\s"']*\/)?environ|id_(?:rsa|ed25519|ecdsa)\b|kubernetes\.io\/serviceaccount)/;

/**
 * Returns why a command is refused although it only reads. A shell can hide a path from this rule, but a shell always
 * needs an approval, and `secrets.ts` removes tokens by their form.
 */
export function refusedCommand(command: readonly string[]): KodamaError | undefined {
  const line = ` ${command.join(" ")}`.replaceAll(/\/(?:\.?\/)+/g, "/");
  const isRefused = credentials.test(line) || printsSecretVariable(command) ||
    searchesCredentials(command);
  if (!isRefused) return undefined;
  return new KodamaError("forbidden", "this command would print credentials, which no model gets");
}

/** `printenv NAME` prints the value alone, which nothing identifies as a secret. */
function printsSecretVariable([program, ...args]: readonly string[]): boolean {
  return program === "printenv" && args.some(isSecretName);
}

/** Folders below which credentials are; `/proc` leads to all others. */
const foldersOfCredentials =
  /^\/(?:$|etc$|home(?:\/[^/]+)?$|proc(?:\/|$)|root$|run$|var(?:\/run)?$)/;

/** A search of a whole folder that has credentials in it, or of one that only the pod knows. */
function searchesCredentials([program = "", ...args]: readonly string[]): boolean {
  const isGrep = /^[ef]?grep$/.test(program);
  if (!isGrep && program !== "diff") return false;
  const flags = args.filter((arg) => /^-./.test(arg));
  if (!flags.some((flag) => /^(?:-[A-Za-z]*[dRr]|--(?:rec|deref|dir))/.test(flag))) return false;
  const paths = args.filter((arg) => !/^-./.test(arg));
  const relative = paths.filter((path) => !path.startsWith("/"));
  const patterns =
    isGrep && !flags.some((flag) => /^(?:-[A-Za-z]*[ef]|--(?:regexp|file))/.test(flag)) ? 1 : 0;
  return relative.length > patterns || paths.length === relative.length ||
    paths.some((path) => path.startsWith("/") && foldersOfCredentials.test(resolved(path)));
}

/** Returns an absolute path without `.`, `..` and empty parts. */
function resolved(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}
