/** The question whether to trust a workflow of a repository. */
import type { TrustAsk, TrustedBecause } from "../actions/workflow/trust.ts";
import { printable } from "../terminal/printable.ts";

/** Maximum number of files in the question. */
const filesShown = 10;

/** Returns the lines before the question: the workflow, its changes, and its permissions. */
export function trustText(
  { name, path, seen, changed, permissions, hidesShipped }: TrustAsk,
): string {
  const what = seen === "new"
    ? `The workflow ${name} is new here`
    : `The workflow ${name} has changed since you trusted it`;
  const more = changed.length - filesShown;
  const lines = [
    `${what}: ${path}`,
    ...changed.slice(0, filesShown).map((file) => `  changed: ${file}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
    ...(hidesShipped ? [`It hides the workflow ${name} that is built in.`] : []),
    permissions.length === 0 ? "It only reads in its pods." : "It may:",
    ...permissions.map((line) => `  ${line}`),
  ];
  return lines.map((line) => `${printable(line)}\n`).join("");
}

/** Returns why no question is needed. */
export function noQuestionText(name: string, because: TrustedBecause): string {
  const why = {
    own: "it is kodama's or your own",
    harmless: "it has no permissions, and only reads in its pods",
    asked: "it is trusted already",
    locked: "its files match the lock",
    said: "--yes was given",
  }[because];
  return printable(`The workflow ${name} needs no question: ${why}.`) + "\n";
}
