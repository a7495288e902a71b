import { definedOnly } from "../../../base/json_value.ts";
import { nearPath } from "../../../base/absolute_path.ts";
import { UsageError } from "../../../base/errors.ts";
import type { Host } from "../../../actions/host.ts";
import type { PlanOverrides, Workflow } from "../../../actions/workflow/run_workflow.ts";
import type { TrustNow, TrustOptions } from "../../../actions/workflow/trust.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { canAsk } from "../../ask_yes.ts";
import { chooseTargets, choosingOf } from "../../choose_targets.ts";
import { isChosen } from "../../../actions/selection.ts";
import type { Invocation } from "../../invocation.ts";
import { interruptedExitCode } from "../../../terminal/driver/signals.ts";
import { type Command, defineCommand, type ParsedArgs } from "../../parser/command.ts";
import { exitCodeTable } from "../../exit_codes.ts";
import { runningFlags } from "../exec/flags.ts";
import { listFormat, resolveRunning, type RunView } from "../exec/options.ts";
import { showRun } from "../exec/show_run.ts";
import type { FlagValues } from "../../parser/flag.ts";
import { allFlag, resolveSelection, selectionFlags } from "../../parser/selection.ts";
import {
  clusterFlags,
  clusterOptions,
  inClusterFlags,
  paramTexts,
  stepChoice,
  trustFlag,
  workflowFlags,
} from "./flags.ts";

/** `kodama run`, and `kwekash`. */
export const command: Command = defineCommand({
  description:
    "Runs a workflow: a file with a command, or with steps, and the pods to run it in. A name is " +
    "looked up in workflows/ and .kodama/workflows/ of the current directory and the folders above " +
    "it, then in your configuration folder, then among the workflows shipped with kodama. A path is " +
    "used as it is.\n\n" +
    "Flags override the options in the file, and a command after -- overrides its command. In a " +
    "workflow with steps, each step has its own options: flags choose the pods, and --param sets " +
    "parameters; --context and -n hold for every step and every workflow that a step uses, and a " +
    "step that names another context or namespace is an error.",
  operands: [{ name: "WORKFLOW", arity: "one", completion: { kind: "workflows" } }],
  trailing: "optional",
  flags: { ...selectionFlags, ...allFlag, ...runningFlags, ...workflowFlags, ...inClusterFlags },
  examples: {
    "Print the version of every WEKA drive": "kodama run kwekash",
    "Run another command in the same pods": "kodama run kwekash -- weka status",
    "Run a file, in another namespace": "kodama run ./checks/disk.yaml -n staging",
    "List the pods without running anything": "kodama run kwekash --list",
    "Print the plan without running anything": "kodama run kwekash --plan",
    "Run one of its steps": "kodama run disk-usage --only used --param match=web",
    "Repeat it, and print what changes": "kodama run kwekash --watch",
    "Set a parameter": "kodama run disk-usage --param match=web",
    "Run it in the cluster, in three pods, and close the lid":
      "kodama run kwekash --in-cluster --shards 3 --detach",
  },
  exitCodes: exitCodeTable,
  seeAlso: [
    "kodama workflow --help lists, checks and makes workflow files.",
    "kodama exec --help runs a command that is in no file.",
  ],
  resolve(words) {
    const [workflow = ""] = words.operands;
    const running = resolveRunning(words);
    const selected = resolveSelection({ ...words, operands: [] });
    const { contexts, selection, pick } = selected;
    // The file's author chose the pods for the file's command, not for one that replaces it.
    const choosing = choosingOf(selected, {
      all: words.flags.all,
      mustChoose: words.trailing !== undefined && !running.list,
    });
    const overrides: PlanOverrides = {
      ...(contexts.length === 0 ? {} : { contexts }),
      ...(words.trailing === undefined ? {} : { command: words.trailing }),
      selection: Object.fromEntries(
        Object.entries(selection).filter(([field]) => isGiven(field, words.given)),
      ),
    };
    const view = { ...running.view, single: false, tty: false };
    const { options } = running;
    const steps = {
      params: paramTexts(words.flags.param),
      plan: words.flags.plan,
      trust: trustFlag(words.flags),
      deadlineMs: words.flags.deadline,
      yes: words.flags.yes,
      given: words.given,
      ...definedOnly({ choice: stepChoice(words.flags) }),
    };
    const cluster = clusterOf(words.flags, words.given);
    if (cluster !== undefined && words.trailing !== undefined) {
      throw new UsageError("a command after -- can't run in the cluster", {
        hint: "put it into a workflow: kodama workflow new NAME",
      });
    }
    return {
      ...definedOnly({ cluster }),
      workflow,
      overrides,
      options,
      view,
      list: running.list,
      kubeconfig: words.flags.kubeconfig,
      pick,
      choosing,
      steps,
    };
  },
  run: async (
    {
      workflow: name,
      overrides: given,
      options,
      view,
      list,
      kubeconfig,
      pick,
      choosing,
      steps,
      cluster,
    },
    invocation,
  ) => {
    const own = await invocation.host();
    const actions = await import("../../../actions/workflow/run_workflow.ts");
    const { path, kind } = await actions.workflowSource(own, name);
    const workflow = invocation.program.shippedOnly
      ? `${own.places.shippedWorkflowsDir}/${name}.yaml`
      : name;
    const isNamed = workflow === name && !name.includes("/") && path !== name;
    if (isNamed && kind !== "shipped" && !view.quiet) {
      await invocation.terminal.stderr.write(
        `workflow ${name}: ${printable(nearPath(path, own.places.workingDir))}\n`,
      );
    }
    if (invocation.terminal.stderr.isTerminal && !view.quiet && !list && !steps.plan) {
      const { noteRecording } = await import("../../../actions/exec/recording_note.ts");
      await noteRecording(own);
    }
    const short = await actions.shortWorkflow(own, workflow);
    if (short !== undefined && steps.choice !== undefined) {
      throw new UsageError(`${name} has one command, and no steps to choose from`);
    }
    if (
      short === undefined || cluster !== undefined || steps.plan || steps.params.size > 0 ||
      steps.deadlineMs !== undefined
    ) {
      const { runWithSteps } = await import("./run_with_steps.ts");
      return await runWithSteps(
        own,
        {
          workflow,
          overrides: given,
          view,
          list,
          pick,
          kubeconfig,
          steps,
          ...definedOnly({ cluster }),
        },
        invocation,
      );
    }
    return await runShort(own, {
      workflow: short,
      overrides: given,
      ...{ name, options, view, list, choosing, trust: steps.trust },
    }, invocation);
  },
});

/** Runs the one command of a workflow in the pods that it selects, or the user chooses; or lists them. */
async function runShort(
  own: Host,
  { name, workflow, overrides: given, options, view, list, choosing, trust }: {
    /** As the user wrote it. */
    name: string;
    workflow: Workflow;
    overrides: PlanOverrides;
    options: ReturnType<typeof resolveRunning>["options"];
    view: RunView;
    list: boolean;
    choosing: ReturnType<typeof choosingOf>;
    trust: TrustNow;
  },
  invocation: Invocation,
): Promise<number> {
  const { plan, runWorkflow } = await import(
    "../../../actions/workflow/run_workflow.ts"
  );
  const planned = plan(workflow, given);
  const mustChoose = choosing?.kind !== "required" || !isChosen(planned.selection);
  const chosen = choosing !== undefined && mustChoose
    ? await chooseTargets(choosing, planned, {
      invocation,
      purpose: `workflow ${name}`,
    })
    : { host: own };
  if (chosen === undefined) return interruptedExitCode;
  const { host, ...narrowed } = chosen;
  const overrides = { ...given, ...narrowed };
  if (list) {
    const { showPods } = await import("../pods/table.ts");
    const { contexts, selection } = plan(workflow, overrides);
    const format = listFormat(view.format);
    const shown = { host, invocation, format, quiet: view.quiet } as const;
    return await showPods({ contexts, selection, pick: false }, shown);
  }
  return await showRun(
    (extras) =>
      runWorkflow(host, {
        ...options,
        ...extras,
        workflow,
        overrides,
        trust: { trustNow: trust, ...askingTrust(invocation.terminal, extras.signal) },
      }),
    { invocation, clock: host.clock, view },
  );
}

/** Returns how to run it in the cluster; undefined for a run of this machine. */
function clusterOf(
  flags: FlagValues<typeof inClusterFlags>,
  given: ReadonlySet<string>,
) {
  if (flags["in-cluster"]) return { ...clusterOptions(flags), detach: flags.detach };
  const other = ["detach", ...Object.keys(clusterFlags)].find((flag) => given.has(flag));
  if (other !== undefined) {
    throw new UsageError(`--${other} needs --in-cluster`, {
      hint: "a run in the cluster has an image; kodama k run NAME --image IMAGE creates a pod",
    });
  }
  return undefined;
}

/** Loaded only for a workflow with questions. */
function askingTrust(terminal: Terminal, signal: AbortSignal): Pick<TrustOptions, "ask"> {
  if (!canAsk(terminal)) return {};
  return {
    ask: async (question) => {
      const { askTrust } = await import("../workflow/ask_trust.ts");
      return await askTrust(terminal, { signal })?.(question) ?? false;
    },
  };
}

/** Fields of a selection whose flag has another name. */
const flagsOf: Readonly<Record<string, readonly string[]>> = {
  namespaces: ["namespace", "all-namespaces"],
  labelSelector: ["selector"],
  fieldSelector: ["field-selector"],
  allPhases: ["all-phases"],
  operands: ["from", "from-run"],
};

function isGiven(field: string, given: ParsedArgs<typeof selectionFlags>["given"]): boolean {
  return (flagsOf[field] ?? [field]).some((flag) => given.has(flag));
}
