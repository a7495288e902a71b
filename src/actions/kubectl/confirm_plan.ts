/** The question about a command line, until a yes is about the effects at that moment. */
import { definedOnly } from "../../base/json_value.ts";
import { parseKubectl } from "../../gate/kubectl.ts";
import type { Host } from "../host.ts";
import { frozenArgs, mayFreeze, sourceFlags } from "./frozen.ts";
import type { KubectlPlan } from "./guard.ts";
import type { NodePreview } from "./nodes.ts";
import { connectionArgs, type KubectlPreview, previewKubectl } from "./preview.ts";
import type { KubectlProgram } from "./program.ts";

/** The manifests of a command line are read up to this size. */
const maxBytes = 64 * 1024 * 1024;

/** A command line that was confirmed: its args and its effects. */
interface ConfirmedPlan {
  plan: KubectlPlan;
  preview: KubectlPreview;
}

/**
 * Asks about a plan; resolves to the plan to run, or to undefined if it was declined. After a yes it looks again:
 * effects beyond those shown (another object of a name, a selection that has grown, another difference) lead to another
 * question. Manifests are read once, and kubectl gets the manifests that were shown.
 *
 * @param ask resolves to false for a no; `isRepeated` if it was answered before, about something else.
 */
export async function confirmPlan(
  host: Host,
  kubectl: KubectlProgram,
  given: KubectlPlan,
  { ask, signal }: {
    ask(shown: ConfirmedPlan, isRepeated: boolean): Promise<boolean>;
    signal: AbortSignal;
  },
): Promise<ConfirmedPlan | undefined> {
  const plan = await frozenPlan(kubectl, given, signal);
  let preview = await previewKubectl(host, kubectl, plan, signal);
  for (let isRepeated = false;; isRepeated = true) {
    if (!await ask({ plan, preview }, isRepeated)) return undefined;
    const now = await previewKubectl(host, kubectl, plan, signal);
    if (!reachesFurther(now, preview)) return { plan, preview: now };
    preview = now;
  }
}

/** Returns whether a command line would now have an effect that wasn't shown. Effects that it lost don't count. */
export function reachesFurther(now: KubectlPreview, shown: KubectlPreview): boolean {
  const known = new Set(effectsOf(shown));
  return effectsOf(now).some((effect) => !known.has(effect));
}

function effectsOf(preview: KubectlPreview): string[] {
  switch (preview.kind) {
    case "unknown":
      return [];
    case "nodes":
      return preview.nodes.flatMap((node) => [
        JSON.stringify([node.name]),
        ...affectedPods(preview.verb, node).map((pod) => JSON.stringify([node.name, pod])),
      ]);
    case "objects":
      return preview.objects.filter(({ effect }) => effect !== "none")
        .map(({ name, namespace, uid, effect, diff }) => {
          const changed = diff.filter(({ kind }) => kind === "added" || kind === "removed");
          return JSON.stringify([name, namespace, uid, effect, changed]);
        });
  }
}

/** The pods of a cordoned node stay, as do those that kubectl doesn't evict without other flags. */
function affectedPods(verb: string, { evicted, missing }: NodePreview): readonly string[] {
  return verb === "drain" && missing.length === 0 ? evicted : [];
}

/**
 * Returns a plan whose manifests are read, by kubectl itself if they aren't plain files: addresses, kustomizations,
 * patterns, folders with folders. The plan as it was if they can't be read: its dry run says why.
 */
export async function frozenPlan(
  kubectl: KubectlProgram,
  plan: KubectlPlan,
  signal: AbortSignal,
): Promise<KubectlPlan> {
  const line = parseKubectl(plan.args);
  if (!mayFreeze(line)) return plan;
  // A patch that changes nothing, of objects that aren't sent anywhere.
  const { exitCode, stdout, isTruncated } = await kubectl.read([
    ...connectionArgs(line),
    ...["patch", "--local", "--type=merge", "--patch={}", "--output=json"],
    ...line.flags.filter(({ name }) => sourceFlags.has(name)).map(({ name, value }) =>
      value === undefined ? name : name.startsWith("--") ? `${name}=${value}` : `${name}${value}`
    ),
  ], { stderr: "read", maxBytes, signal, ...definedOnly({ input: plan.input }) });
  if (exitCode !== 0 || isTruncated) return plan;
  return { ...plan, args: frozenArgs(plan.args), input: new TextEncoder().encode(stdout) };
}
