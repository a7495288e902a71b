/** The findings of `kodama doctor`, as a person reads them. */
import type { Finding } from "../actions/finding.ts";
import { printable } from "../term/printable.ts";
import type { Style } from "../term/style.ts";

const titles: Readonly<Record<Finding["id"], string>> = {
  kubeconfig: "kubeconfig",
  server: "server",
  listPods: "pods",
  execPods: "exec",
  streams: "streams",
  versions: "versions",
  clock: "clock",
  terminal: "terminal",
  tmux: "tmux",
  kubectl: "kubectl",
  sessions: "sessions",
};

/** One finding: its mark, what it is about, what was found, and what can be done. */
export function findingText(finding: Finding, style: Style): string {
  const { id, status, detail, advice } = finding;
  const marks = {
    ok: style.green("ok     "),
    warn: style.yellow("warn   "),
    fail: style.red("fail   "),
    skipped: style.dim("skipped"),
  };
  const lines = [`${marks[status]}  ${style.bold(titles[id])}: ${printable(detail)}`];
  if (advice !== undefined) lines.push(`         ${printable(advice)}`);
  return lines.map((line) => `${line}\n`).join("");
}
