/** Sets of forwards in the background, as lines and tables. */
import type { ForwardReport } from "../actions/forward/background.ts";
import { ageText } from "../base/duration.ts";
import { printable } from "../terminal/printable.ts";
import { tableLines } from "../terminal/table.ts";
import { bytesText } from "./copy_painter.ts";
import { requestTexts } from "./forward_painter.ts";

type Requests = Parameters<typeof requestTexts>[0]["requests"];

/** Returns a line for each of its forwards: `localhost:8080 -> svc/web:80 (web-0)`. */
export function rowLines({ state }: ForwardReport): string[] {
  return (state?.forwards ?? []).map(({ local, target, remote, pod }) =>
    `${local} -> ${target}:${remote}${pod === null || target === `pod/${pod}` ? "" : ` (${pod})`}`
  );
}

/** Returns the table of all sets. */
export function setTable(reports: readonly ForwardReport[], nowMs: number): string[] {
  const rows = reports.map(({ name, phase, state, args }) => [
    name,
    phase,
    phase === "running" && state !== undefined ? ageText(nowMs - Date.parse(state.startedAt)) : "-",
    phase === "running"
      ? (state?.forwards ?? []).map(({ local }) => local).join(" ")
      : args.join(" "),
  ]);
  return tableLines(["NAME", "STATE", "AGE", "FORWARDS"], rows.map((row) => row.map(printable)));
}

/** Returns the forwards of a set with what they have carried. */
export function setLines(report: ForwardReport): string[] {
  const { name, phase, args, state } = report;
  const forwards = state?.forwards ?? [];
  const rows = forwards.map((one, index) => [
    rowLines(report)[index] ?? "",
    bytesText(Number(one["toPod"])),
    bytesText(Number(one["fromPod"])),
    ...["active", "opened", "failed"].map((field) => String(one[field])),
    requestTexts({ requests: one["requests"] as Requests ?? {} }).join(", ") || "-",
  ]);
  const header = ["FORWARD", "TO POD", "FROM POD", "OPEN", "CONNECTIONS", "FAILED", "REQUESTS"];
  return [
    `${name}: ${phase}`,
    `kodama forward ${args.join(" ")}`,
    ...(rows.length === 0 ? [] : tableLines(header, rows)),
  ].map(printable);
}
