import { definedOnly } from "../../../base/json_value.ts";
import type { Host } from "../../../actions/host.ts";
import {
  isKnownToRead,
  type KubectlPlan,
  withoutOwnFlags,
} from "../../../actions/kubectl/guard.ts";
import type { KubectlPreview } from "../../../actions/kubectl/preview.ts";
import type { KubectlInput, KubectlProgram } from "../../../actions/kubectl/program.ts";
import { KodamaError, UnconfirmedError, UsageError } from "../../../base/errors.ts";
import { stoppable } from "../../../terminal/driver/signals.ts";
import type { Style } from "../../../terminal/style.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { askChoice } from "../../ask_yes.ts";
import type { Invocation } from "../../invocation.ts";
import { styleOf } from "../../output.ts";
import { defineCommand } from "../../parser/command.ts";
import { count, toggle, value } from "../../parser/flag.ts";
import { readOnlyFlag } from "../../parser/global_flags.ts";

/** Limit for `-f -`: stdin is buffered for the check, then passed to kubectl. More than any manifest. */
const maxInputBytes = 64 * 1024 * 1024;

const own = { "--yes": "switch", "--read-only": "switch", "--budget": "value" } as const;

/** `kodama k`. */
export const command = defineCommand({
  description:
    "Runs your own kubectl with the same arguments, after a look at them: what only reads runs at once, and what " +
    "changes the cluster is confirmed first. The question names the command, the context with its address and what it " +
    "touches: the server's dry run of the same command, with the difference to the objects as they are; for a drain " +
    "the pods, their local data and the budgets that block it.\n\n" +
    "Standard input, flags, plugins and exit codes are kubectl's. Flags of kodama's own may be anywhere before --, and " +
    "with a plugin before its name. The settings gate.contexts and gate.servers have policies: read-only, ask or allow.",
  operands: [{ name: "VERB", arity: "any" }],
  trailing: "optional",
  flags: {
    "yes": toggle("run without asking"),
    "watch": toggle("wait after a change until the objects are ready, or gone, and show why not"),
    "read-only": readOnlyFlag,
    "budget": value(
      "print objects within N characters, whole values only (with -o yaml|json)",
      count,
    ),
  },
  examples: {
    "A read, as kubectl itself": "kodama k get pods -A -o wide",
    "What would it change?": "kodama k apply -f web.yaml",
    "From a pipe: the question is asked on the terminal": "kodama k apply -f -",
    "Pods, local data and budgets of a node first": "kodama k drain n1 --ignore-daemonsets",
    "The objects in 2000 characters: status first, whole values only":
      "kodama k get pods -o yaml --budget 2000",
    "Apply, and wait until all of it is ready": "kodama k apply -f web.yaml --watch",
    "In a script": "kodama k --yes rollout restart deploy/web",
    "Nothing that changes something": "kodama k --read-only get secrets",
  },
  exitCodes: [
    ["1", "the question was answered with no, or nothing may be changed"],
    ["2", "a change has to be confirmed, and there is no terminal"],
    ["…", "all others are kubectl's own"],
  ],
  seeAlso: ["docs/k.md has the rules, and the policies of contexts."],
  sort(args) {
    const read = withoutOwnFlags(args, own);
    // A read's --watch is kubectl's own.
    const { args: operands, found } = isKnownToRead(read.args)
      ? read
      : withoutOwnFlags(args, { ...own, "--watch": "switch" });
    const texts = Map.groupBy(found, ({ name }) => name.slice(2));
    return {
      texts: new Map(
        [...texts].map(([name, all]) => [name, all.map(({ value }) => value ?? "true")]),
      ),
      operands,
    };
  },
  resolve: ({ flags, operands }) => ({
    args: operands,
    isConfirmed: flags.yes,
    readOnly: flags["read-only"],
    watch: flags.watch,
    ...definedOnly({ budget: flags.budget }),
  }),
  run: ({ args, ...options }, invocation) => runGuarded(args, { ...options, invocation }),
});

/** The parts of a run. */
interface GuardedRun {
  host: Host;
  kubectl: KubectlProgram;
  invocation: Invocation;
}

async function runGuarded(
  args: readonly string[],
  { isConfirmed, readOnly, watch, budget, invocation }: {
    isConfirmed: boolean;
    readOnly: boolean;
    watch: boolean;
    /** Characters. */
    budget?: number;
    invocation: Invocation;
  },
): Promise<number> {
  const { terminal, signals } = invocation;
  const { planKubectl, kubeconfigOf } = await import("../../../actions/kubectl/guard.ts");
  const host = await invocation.host({ kubeconfig: kubeconfigOf(args), readOnly });
  const kubectl = await host.kubectl();
  const run: GuardedRun = { host, kubectl, invocation };
  const { plan, preview } = await stoppable(signals, async (signal) => {
    const readInput = () => inputOf(terminal, signal);
    const plan = await planKubectl(host, args, { readInput, isConfirmed });
    if (plan.decision === "ask") return await confirm(run, plan, signal);
    return { plan, preview: watch ? await previewOf(run, plan, signal) : undefined };
  });
  if (budget !== undefined) return await readBudgeted(run, plan, budget);
  await Promise.all([terminal.stdout.flush(), terminal.stderr.flush()]);
  const input = {
    ...definedOnly({ input: plan.input }),
    ...(host.readOnly ? { environment: { KODAMA_READ_ONLY: "1" } } : {}),
  };
  const style = styleOf(terminal.stdout, invocation.environment);
  if (style.bold("") !== "" && mayHighlight(plan)) {
    return await readHighlighted(run, plan, { input, style });
  }
  const exitCode = verbOf(plan) === "edit"
    ? await edit(run, plan, input)
    : await kubectl.run(plan.args, input);
  const isWatched = watch && exitCode === 0 && preview !== undefined;
  return isWatched ? await watchObjects(run, plan, preview) : exitCode;
}

async function readHighlighted(
  { kubectl, invocation: { terminal, signals } }: GuardedRun,
  plan: KubectlPlan,
  { input, style }: { input: KubectlInput; style: Style },
): Promise<number> {
  const { highlighted } = await import("../../../present/kubectl_output.ts");
  return await stoppable(signals, async (signal) => {
    const read = await kubectl.read(plan.args, {
      ...input,
      stderr: "pass",
      maxBytes: maxInputBytes,
      signal,
    });
    await terminal.stdout.write(highlighted(verbOf(plan), read.stdout, style));
    return read.exitCode;
  });
}

/** Shows the changes of an editor, as far as the objects can be read before and after. */
async function edit(
  { kubectl, invocation: { terminal, signals, environment } }: GuardedRun,
  { args, judgement: { line } }: KubectlPlan,
  input: KubectlInput,
): Promise<number> {
  const { changesBetween, editedObjects } = await import("../../../actions/kubectl/preview.ts");
  const read = () => stoppable(signals, (signal) => editedObjects(kubectl, line, signal));
  const before = await read();
  const exitCode = await kubectl.run(args, input);
  const after = before === undefined || exitCode !== 0 ? undefined : await read();
  if (before === undefined || after === undefined) return exitCode;
  const { changesText } = await import("../../../present/kubectl_question.ts");
  const style = styleOf(terminal.stderr, environment);
  await terminal.stderr.write(changesText(await changesBetween(before, after), style));
  return exitCode;
}

async function previewOf(
  { host, kubectl }: GuardedRun,
  plan: KubectlPlan,
  signal: AbortSignal,
): Promise<KubectlPreview> {
  const { previewKubectl } = await import("../../../actions/kubectl/preview.ts");
  return await previewKubectl(host, kubectl, plan, signal);
}

/** Shows the state of the objects until the end; the exit code is that of `kodama wait`. */
async function watchObjects(
  { host, invocation }: GuardedRun,
  { judgement, scope }: KubectlPlan,
  preview: KubectlPreview,
): Promise<number> {
  const [{ watchedObjects }, { showWait }] = await Promise.all([
    import("../../../actions/kubectl/watched.ts"),
    import("../../show_wait.ts"),
  ]);
  for (const one of watchedObjects(judgement.line, preview, scope?.namespace ?? "default")) {
    const exitCode = await showWait(host, {
      ...one,
      ...(scope === undefined ? {} : { context: scope.context }),
      allNamespaces: false,
      need: { kind: "all" },
      failOn: ["any"],
    }, { invocation, format: "text", quiet: false });
    if (exitCode !== 0) return exitCode;
  }
  return 0;
}

async function readBudgeted(
  { host, kubectl, invocation: { terminal, signals } }: GuardedRun,
  plan: KubectlPlan,
  characters: number,
): Promise<number> {
  const { readWithinBudget } = await import("../../../actions/kubectl/budget.ts");
  return await stoppable(signals, async (signal) => {
    const read = await readWithinBudget(host, kubectl, plan, { characters, signal });
    await terminal.stdout.write(read.text);
    if (read.omitted.length > 0) {
      const { omittedText } = await import("../../../present/kubectl_output.ts");
      await terminal.stderr.write(`${omittedText(read.omitted, characters)}\n`);
    }
    return read.exitCode;
  });
}

/**
 * Asks whether to run it; returns the plan that then runs. Throws `declined`, or UnconfirmedError if no one can be
 * asked.
 */
async function confirm(
  { host, kubectl, invocation: { terminal, environment } }: GuardedRun,
  plan: KubectlPlan,
  signal: AbortSignal,
): Promise<{ plan: KubectlPlan; preview: KubectlPreview }> {
  const keyboard = terminal.stderr.isTerminal ? terminal.keyboard() : undefined;
  if (keyboard === undefined) throw await refusal(plan);
  const [{ confirmPlan }, { questionOf }] = await Promise.all([
    import("../../../actions/kubectl/confirm_plan.ts"),
    import("../../../present/kubectl_question.ts"),
  ]);
  const style = styleOf(terminal.stderr, environment);
  const confirmed = await confirmPlan(host, kubectl, plan, {
    signal,
    ask: async ({ plan, preview }, isRepeated) => {
      const { text, whole } = questionOf(plan, preview, { style, isRepeated });
      return await askChoice({ ...terminal, stdin: keyboard }, {
        text: `${text}Run it?`,
        choices: whole === undefined ? "y/N" : "y/N, d shows all of it",
        ...(whole === undefined ? {} : { more: { key: "d", text: () => whole } }),
      }, signal);
    },
  });
  if (confirmed === undefined) {
    throw new KodamaError("declined", "cancelled; nothing was changed");
  }
  return confirmed;
}

function verbOf({ judgement: { line } }: KubectlPlan): string {
  return line.verb[0] ?? "";
}

/** Verbs whose output a person scans, in kubectl's own form. */
const scanned: ReadonlySet<string> = new Set(["diff", "explain", "api-resources", "api-versions"]);

function mayHighlight(plan: KubectlPlan): boolean {
  const { flags, isUnknown } = plan.judgement.line;
  return !isUnknown && scanned.has(verbOf(plan)) && plan.decision === "run" &&
    !flags.some(({ name }) =>
      name === "-o" || name === "--output" || name === "-h" || name === "--help"
    );
}

async function refusal({ shown, scope, judgement }: KubectlPlan): Promise<UnconfirmedError> {
  const { hasDryRun } = await import("../../../actions/kubectl/preview.ts");
  const context = scope === undefined ? "" : ` (context ${scope.context})`;
  const preview = hasDryRun(judgement.line) ? ", or --dry-run=server to see what it would do" : "";
  return new UnconfirmedError(
    `refusing to run ${shown}${context} without confirmation`,
    { hint: `pass --yes to confirm${preview}` },
  );
}

async function inputOf(
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of terminal.stdin.chunks(signal)) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxInputBytes) {
      throw new UsageError("standard input is larger than 64 MiB", {
        hint: "write it to a file, and name that with -f",
      });
    }
  }
  signal.throwIfAborted();
  const { joinBytes } = await import("../../../base/byte_buffer.ts");
  return joinBytes(chunks);
}
