/** The flags of `kodama logs`. Where kubectl or stern has the flag, its name and meaning are kept. */
import { choice, count, durationMs, toggle, value, valueOr, values } from "../flag.ts";
import { colorFlag } from "../output.ts";
import { selectionFlags } from "../selection.ts";
import {
  conditionOf,
  containerName,
  fieldNames,
  lineCount,
  linePattern,
  momentOf,
  template,
} from "./words.ts";

const reading = { group: "Reading" };
const lines = { group: "Lines" };
const output = { group: "Output" };
const selecting = { group: "Selection" };

const { "all-phases": _phases, container: _container, ...podFlags } = selectionFlags;

const formats = choice(["default", "raw", "json", "jsonl"]);
const states = choice(["waiting", "running", "terminated"]);

/** By their long names. */
export const logsFlags = {
  ...podFlags,
  "container": values("containers named NAME, or matching /RE/ (default all)", containerName, {
    short: "c",
    placeholder: "NAME",
    ...selecting,
  }),
  "exclude-container": values("but none that is named or matches this", containerName, {
    placeholder: "NAME",
    ...selecting,
  }),
  "init-containers": toggle("init containers too", selecting),
  "ephemeral-containers": toggle("ephemeral containers too", selecting),
  "container-state": values("containers in this state; any of them", states.parse, {
    ...states,
    ...selecting,
  }),
  "condition": value("pods with this condition, as in ready or ready=false", conditionOf, {
    placeholder: "NAME[=STATUS]",
    ...selecting,
  }),
  "agent": toggle("what the coding agent of a session did, in place of its container's log", {
    ...reading,
  }),
  "follow": toggle("go on with what comes, of pods that come later too", {
    short: "f",
    ...reading,
  }),
  "previous": toggle("of each container's instance before the current one", {
    short: "p",
    ...reading,
  }),
  "tail": value("lines from the end of each log, -1 for all (default all)", lineCount, {
    placeholder: "N",
    ...reading,
  }),
  "since": value("what is newer than this, as in 5s, 2m or 3h", durationMs, {
    placeholder: "DURATION",
    ...reading,
  }),
  "since-time": value("what is newer than this time (RFC 3339)", momentOf, {
    placeholder: "TIME",
    ...reading,
  }),
  "max-log-requests": value(
    "logs read at the same time; the others wait (default 50, with -f 500)",
    count,
    { placeholder: "N", ...reading },
  ),
  "grep": values("lines that match this expression; any of them", linePattern, {
    placeholder: "RE",
    ...lines,
  }),
  "exclude-lines": values("but none that matches this", linePattern, {
    short: "v",
    placeholder: "RE",
    ...lines,
  }),
  "highlight": values("make visible what matches this; other lines are shown too", linePattern, {
    short: "H",
    placeholder: "RE",
    ...lines,
  }),
  "timestamps": toggle("the server's time in front of each line", lines),
  "json-fields": value("of lines that are JSON: these fields alone, as in level,msg", fieldNames, {
    placeholder: "NAME,NAME",
    ...lines,
  }),
  "output": valueOr("how lines are written", formats.parse, "default", {
    short: "o",
    ...formats,
    ...output,
  }),
  "template": value("how lines are written, as in '{time} {pod}: {message}'", template, {
    placeholder: "TEXT",
    ...output,
  }),
  "color": colorFlag,
  "quiet": toggle("no word of pods that come, go or are skipped", { short: "q", ...output }),
};
