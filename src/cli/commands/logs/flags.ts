/** The flags of `kodama logs`. If kubectl or stern has the flag, its name and meaning are the same. */
import { choice, count, durationMs, toggle, value, valueOr, values } from "../../parser/flag.ts";
import { colorFlag } from "../../output.ts";
import { selectionFlags } from "../../parser/selection.ts";
import {
  conditionOf,
  containerName,
  fieldNames,
  lineCount,
  linePattern,
  momentOf,
  template,
  timestamps,
} from "./flag_values.ts";

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
  "container": values("read containers named NAME, or matching /RE/ (default all)", containerName, {
    short: "c",
    placeholder: "NAME",
    ...selecting,
  }),
  "exclude-container": values("exclude containers named NAME, or matching /RE/", containerName, {
    placeholder: "NAME",
    ...selecting,
  }),
  "init-containers": toggle("include init containers", selecting),
  "ephemeral-containers": toggle("include ephemeral containers", selecting),
  "container-state": values("read only containers in this state", states.parse, {
    ...states,
    ...selecting,
  }),
  "condition": value("read only pods with this condition: ready, ready=false", conditionOf, {
    placeholder: "NAME[=STATUS]",
    ...selecting,
  }),
  "agent": toggle("show what the coding agent of a session did, instead of its container's log", {
    ...reading,
  }),
  "follow": toggle("follow the logs, of pods that start later too", {
    short: "f",
    ...reading,
  }),
  "previous": toggle("read the log of each container's previous instance", {
    short: "p",
    ...reading,
  }),
  "tail": value("read N lines from the end of each log, -1 for all (default all)", lineCount, {
    placeholder: "N",
    ...reading,
  }),
  "since": value("read lines newer than this: 5s, 2m, 3h", durationMs, {
    placeholder: "DURATION",
    ...reading,
  }),
  "since-time": value("read lines newer than this time (RFC 3339)", momentOf, {
    placeholder: "TIME",
    ...reading,
  }),
  "limit-bytes": value("print at most N bytes of each log", count, {
    placeholder: "N",
    ...reading,
  }),
  "max-log-requests": value(
    "read N logs at the same time; the others wait (default 50, with -f 500)",
    count,
    { placeholder: "N", ...reading },
  ),
  "grep": values("show only lines that match this expression", linePattern, {
    placeholder: "RE",
    ...lines,
  }),
  "include": values("stern's name for --grep", linePattern, { hidden: true, ...lines }),
  "exclude-lines": values("exclude lines that match this expression", linePattern, {
    placeholder: "RE",
    ...lines,
  }),
  "highlight": values("highlight what matches this expression, in all lines", linePattern, {
    short: "H",
    placeholder: "RE",
    ...lines,
  }),
  "timestamps": timestamps(
    "put the server's time in front of each line; local, or short: in the time zone of this machine",
    lines,
  ),
  "json-fields": value("show only these fields of lines that are JSON: level,msg", fieldNames, {
    placeholder: "NAME,NAME",
    ...lines,
  }),
  "output": valueOr("output format", formats.parse, "default", {
    short: "o",
    ...formats,
    ...output,
  }),
  "template": value("print lines by a template: '{time} {pod}: {message}'", template, {
    placeholder: "TEXT",
    ...output,
  }),
  "color": colorFlag,
  "quiet": toggle("don't report pod changes and pods without logs", { short: "q", ...output }),
  "all-containers": toggle("kubectl's flag for what is the default", { hidden: true }),
  "ignore-errors": toggle("kubectl's flag for what is the default", { hidden: true }),
  "prefix": toggle("kubectl's flag: a name in front of each line, of a single container too", {
    hidden: true,
  }),
};
