/** The findings of `kodama doctor` as text. */
import type { Finding } from "../actions/doctor/doctor.ts";
import { commandHint } from "./hints.ts";
import { printable } from "../terminal/printable.ts";
import type { Style } from "../terminal/style.ts";

const titles: Readonly<Record<Finding["id"], string>> = {
  kubeconfig: "kubeconfig",
  server: "server",
  certificate: "certificate",
  listPods: "pods",
  execPods: "exec",
  streams: "streams",
  versions: "versions",
  clock: "clock",
  settings: "settings",
  image: "image",
  terminal: "terminal",
  tmux: "tmux",
  kubectl: "kubectl",
  sessions: "sessions",
};

/** Formats one finding: its mark, its subject, the finding, and what can be done. */
export function findingText(finding: Finding, style: Style): string {
  const { id, status, detail, advice } = finding;
  const marks = {
    ok: style.green("ok     "),
    warn: style.yellow("warn   "),
    fail: style.red("fail   "),
    skipped: style.dim("skipped"),
  };
  const [first = "", ...others] = detail.split("\n");
  const more = [...others, ...(advice === undefined ? [] : commandHint(advice).split("\n"))];
  const lines = [`${marks[status]}  ${style.bold(titles[id])}: ${printable(first)}`];
  lines.push(...more.map((line) => `         ${printable(line)}`));
  return lines.map((line) => `${line}\n`).join("");
}
