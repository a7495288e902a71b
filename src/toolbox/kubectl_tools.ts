/** The tool that changes objects of the cluster: the user's own kubectl, behind a person's approval. */
import { planKubectl } from "../actions/kubectl/guard.ts";
import { confirmPlan } from "../actions/kubectl/confirm_plan.ts";
import { textField, textsField } from "../operation/field.ts";
import { parseKubectl } from "../gate/kubectl.ts";
import { kubectlReasonText, kubectlUse } from "../gate/kubectl.ts";
import { KodamaError, UsageError } from "../base/errors.ts";
import { questionOf } from "../present/kubectl_question.ts";
import { styleFor } from "../terminal/style.ts";
import { defineTool } from "./tool.ts";

/** Verbs that change objects and print nothing of them: what reads has tools of its own, which leave out secrets. */
const verbs: ReadonlySet<string> = new Set([
  ...["annotate", "apply", "autoscale", "cordon", "delete", "drain", "label", "patch"],
  ...["rollout", "scale", "set", "taint", "uncordon"],
]);

/** The subcommands of `rollout` that change something. */
const rollouts: ReadonlySet<string> = new Set(["pause", "restart", "resume", "undo"]);

/** Flags that print objects, or choose what the tool's own options choose. */
const refusedFlags: ReadonlySet<string> = new Set([
  ...["-o", "--output", "--template", "--show-managed-fields", "--context", "-v", "--v"],
  ...["-w", "--watch", "--raw", "--dry-run"],
  // annotate, label and set env would print the annotation of apply, and values of Secrets.
  ...["--list", "--resolve"],
]);

const maxOutputBytes = 256 * 1024;

/** `kubectl`. */
export const kubectlTool = defineTool({
  name: "kubectl",
  title: "Change objects of the cluster",
  description:
    "Changes objects with kubectl, after a person's approval, who sees the exact command " +
    `and its effect: ${[...verbs].join(", ")}. The arguments are without "kubectl" itself. ` +
    'To apply a manifest: args ["apply", "-f", "-"] and the manifest. To read, use the other tools.',
  options: {
    args: textsField('the arguments: ["rollout", "restart", "deploy/web"]'),
    manifest: textField("YAML or JSON that is given on standard input"),
    context: textField("context of the kubeconfig; the one in use if absent"),
  },
  required: ["args"],
  mayChange: "always",
  editable: { option: "args", program: "kubectl" },
  async run({ args = [], manifest, context }, { host, signal, confirm }) {
    requireKnown(args, manifest);
    const client = await host.kube(context);
    // What is shown to the person is what runs, even if the kubeconfig's current context changes meanwhile.
    const isNamed = (await host.contexts()).some(({ name }) => name === client.context);
    const whole = isNamed ? [...args, "--context", client.context] : [...args];
    const input = new TextEncoder().encode(manifest ?? "");
    const plan = await planKubectl(host, whole, {
      readInput: () => Promise.resolve(input),
      isConfirmed: false,
    });
    const kubectl = await host.kubectl();
    const confirmed = await confirmPlan(host, kubectl, plan, {
      signal,
      ask: async ({ plan, preview }, isRepeated) => {
        const { text, whole: all } = questionOf(plan, preview, {
          style: styleFor(false),
          isRepeated,
        });
        return await confirm.ask({
          action: {
            kind: "kubectl",
            args: whole,
            effect: (all ?? text).trimEnd().split("\n"),
            ...(manifest === undefined ? {} : { manifest }),
          },
          count: 0,
          scopes: [],
          because: { kind: "model" },
        });
      },
    });
    if (confirmed === undefined) {
      throw new KodamaError("declined", "the person said no: nothing was changed");
    }
    const { exitCode, stdout, stderr } = await kubectl.read(confirmed.plan.args, {
      ...(manifest === undefined ? {} : { input }),
      stderr: "read",
      maxBytes: maxOutputBytes,
      signal,
    });
    const lines = [stdout, stderr].flatMap((text) => text.trimEnd().split("\n"));
    return [{
      lines: [`exit code ${exitCode}`, ...lines.filter((line) => line !== "")],
      unit: "lines",
    }];
  },
});

/** Throws for a command line that isn't one of the known changes of this cluster's objects. */
function requireKnown(args: readonly string[], manifest: string | undefined): void {
  const line = parseKubectl(args);
  const [verb = "", part = ""] = line.verb;
  const isKnown = !line.isUnknown && verbs.has(verb) &&
    // Parts of apply print what was applied, or edit it.
    (verb !== "apply" || part === "") && (verb !== "rollout" || rollouts.has(part));
  if (!isKnown) {
    throw new UsageError(`"${`${verb} ${part}`.trim()}" isn't a verb of this tool`, {
      hint: `the verbs are ${[...verbs].join(", ")}; rollout ${[...rollouts].join(", ")}`,
    });
  }
  const refused = line.flags.find(({ name }) => refusedFlags.has(name));
  if (refused !== undefined) throw new UsageError(`the flag ${refused.name} isn't allowed here`);
  if (line.trailing !== undefined) throw new UsageError('"--" isn\'t allowed here');
  const use = kubectlUse(args);
  if (use.kind === "needsPermission") {
    throw new KodamaError("forbidden", use.reasons.map(kubectlReasonText).join("; "));
  }
  const readsInput = line.flags.some(({ name, value }) =>
    (name === "-f" || name === "--filename") && value === "-"
  );
  if (readsInput !== (manifest !== undefined)) {
    throw new UsageError('"manifest" and the arguments "-f", "-" belong together');
  }
}
