/** Resolves the args of `kodama cp` into the action's options and how the copy is shown. */
import { givenValues } from "../../parser/option_flag.ts";
import type { CopyDirection, CopyOptions } from "../../../actions/copy/events.ts";
import { copyFields } from "../../../actions/copy/options.ts";
import type { Selection } from "../../../actions/exec/events.ts";
import { UsageError } from "../../../base/errors.ts";
import type { ColorChoice } from "../../../terminal/style.ts";
import type { ParsedArgs } from "../../parser/command.ts";
import type { Choosing } from "../pick/pick_targets.ts";
import { choosingOf } from "../../choose_targets.ts";
import { type ConfirmView, confirmViewOf } from "../exec/options.ts";
import { resolveSelection } from "../../parser/selection.ts";
import type { copyFlags } from "./flags.ts";

/** Display options of a copy. */
export interface CopyView {
  format: "text" | "json" | "jsonl";
  progress: "auto" | "none";
  color: ColorChoice;
  quiet: boolean;
  /** A single pod is named: a success prints no summary. */
  single: boolean;
  /** Set for writes into pods. */
  confirm: ConfirmView;
}

/** The resolved args. */
export interface ResolvedCopy {
  options: Omit<CopyOptions, "signal">;
  view: CopyView;
  /** A person chooses among the pods first. */
  choosing: Choosing | undefined;
}

/** Flags that choose pods, without meaning if both sides name theirs. */
const choosing = [
  ..."all-namespaces match exclude selector field-selector from from-run node".split(" "),
  ..."sample shuffle pick".split(" "),
];

/** Throws `UsageError` for args that don't describe a copy. */
export function resolveCopy(words: ParsedArgs<typeof copyFlags>): ResolvedCopy {
  const { flags, given } = words;
  const [source, destination] = words.operands.slice(-2);
  if (source === undefined || destination === undefined) {
    throw new UsageError("a copy needs a source and a destination", {
      hint: "as in: kodama cp web-0:/etc/app.conf . or kodama cp -l app=web ./app.conf :/etc/",
    });
  }
  const operands = words.operands.slice(0, -2);
  const selected = resolveSelection({ ...words, operands });
  const sides = { from: sideOf(source), to: sideOf(destination) };
  const { way, named } = wayOf(sides, selected.selection);
  if (named !== undefined) refuseChoice(operands, given);
  const writes = named === undefined && way.kind !== "fromPods" && !flags.list;
  const choosing = choosingOf(selected, { all: flags.all, mustChoose: writes });
  return {
    choosing,
    options: {
      contexts: selected.contexts,
      selection: named ?? selected.selection,
      way,
      ...(flags.list ? { planOnly: true } : {}),
      ...givenValues(copyFields, words),
    },
    view: {
      format: flags.output ?? "text",
      progress: flags.progress,
      color: flags.color,
      quiet: flags.quiet,
      single: named !== undefined && selected.contexts.length < 2,
      confirm: confirmViewOf(flags),
    },
  };
}

/** Returns the direction, and the pod that is copied to or from if it is named. */
function wayOf(
  { from, to }: { from: Side; to: Side },
  selection: Selection,
): { way: CopyDirection; named?: Selection } {
  if (from.kind === "here") {
    if (to.kind === "here") {
      throw new UsageError("neither side of the copy is in a pod", {
        hint: "POD:PATH is a path in that pod, and :PATH one in every pod of the selection",
      });
    }
    const way: CopyDirection = { kind: "toPods", local: from.path, remote: to.path };
    return { way, ...(to.kind === "pod" ? { named: podOf(to, selection) } : {}) };
  }
  if (to.kind === "here") {
    const perPod = from.kind === "selected";
    const way: CopyDirection = { kind: "fromPods", remote: from.path, local: to.path, perPod };
    return { way, ...(from.kind === "pod" ? { named: podOf(from, selection) } : {}) };
  }
  if (from.kind === "selected") {
    throw new UsageError("a copy between pods has one source, which is named", {
      hint: "as in: kodama cp -l app=web web-0:/etc/app.conf :/etc/",
    });
  }
  const source = podOf(from, selection);
  const way: CopyDirection = { kind: "podToPods", source, from: from.path, to: to.path };
  return { way, ...(to.kind === "pod" ? { named: podOf(to, selection) } : {}) };
}

/** Returns the selection of a named pod: of the flags that choose pods, only the scope remains. */
function podOf(
  side: Extract<Side, { kind: "pod" }>,
  { container, namespaces }: Selection,
): Selection {
  return {
    namespaces: side.namespace === undefined
      ? namespaces
      : { kind: "named", names: [side.namespace] },
    operands: [{ kind: "pod", name: side.pod }],
    match: [],
    exclude: [],
    sort: "name",
    shuffle: false,
    allPhases: false,
    ...(container === undefined ? {} : { container }),
  };
}

function refuseChoice(operands: readonly string[], given: ReadonlySet<string>): void {
  const flag = choosing.find((name) => given.has(name));
  const unused = operands[0] ?? (flag === undefined ? undefined : `--${flag}`);
  if (unused === undefined) return;
  throw new UsageError(`${unused} chooses pods, and the copy names its own`, {
    hint: "leave out the pod before the colon for the pods of the selection",
  });
}

/* Parses the two sides of a copy: a local path, a path in the selected pods, or in a named pod. */

/** A side of a copy. */
type Side =
  | { kind: "here"; path: string }
  /** `:/path` */
  | { kind: "selected"; path: string }
  /** `pod:/path`, and like kubectl `namespace/pod:/path`. */
  | { kind: "pod"; namespace: string | undefined; pod: string; path: string };

/** A path that can't be in a pod: kubectl's syntax for a file with a colon. */
const plainlyHere = /^(?:\/|\.{1,2}(?:\/|$))/;

/** Throws `UsageError` for a side without a path or a pod. */
function sideOf(operand: string): Side {
  const colon = operand.indexOf(":");
  if (operand === "") throw new UsageError("a path is empty");
  if (operand === "-") {
    throw new UsageError("- is not a path: copies go from files to files", {
      hint:
        "kodama exec POD -- cat PATH prints a file, kodama exec -i takes one; ./- is a file of that name",
    });
  }
  if (colon < 0 || plainlyHere.test(operand)) return { kind: "here", path: operand };
  // No pod has a capital letter in its name.
  if (/^[A-Z]:|^[a-z]:\\/.test(operand)) {
    throw new UsageError(`${operand} looks like a path of Windows`, {
      hint: `./${operand} is a file of this machine; a path in a pod begins with the pod's name`,
    });
  }
  const [before, path] = [operand.slice(0, colon), operand.slice(colon + 1)];
  if (path === "") {
    throw new UsageError(`no path after the colon of ${operand}`, {
      hint: `as in ${operand}/tmp/file`,
    });
  }
  if (before === "") return { kind: "selected", path };
  const [first = "", second, ...others] = before.split("/");
  if (others.length > 0 || first === "" || second === "") {
    throw new UsageError(`${operand} is neither POD:PATH nor NAMESPACE/POD:PATH`, {
      hint: `./${operand} is a file of this machine`,
    });
  }
  return second === undefined
    ? { kind: "pod", namespace: undefined, pod: first, path }
    : { kind: "pod", namespace: first, pod: second, path };
}
