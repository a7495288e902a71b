/** The list of pods to choose from, over several contexts and namespaces: `kodama pods` decides what is in it. */
import * as vscode from "vscode";
import { type Kodama, KodamaError } from "./kodama.ts";

/** A pod as `kodama pods -o jsonl` prints it. */
export interface PodLine {
  context: string;
  namespace: string;
  pod: string;
  container: string;
  node: string;
  status: string;
  ready: string;
}

/** Where the list looks. Without contexts or namespaces: the current ones. */
interface Scope {
  contexts: string[];
  namespaces: string[] | "all";
}

/** What was chosen last. */
interface Choice extends Scope {
  pods: string[];
}

interface PodItem extends vscode.QuickPickItem {
  line: PodLine;
}

const memoryKey = "kodama.choice";

/** Chooses pods, and remembers the choice for the workspace. */
export class PodPicker {
  constructor(
    private readonly kodama: Kodama,
    private readonly memory: vscode.Memento,
  ) {}

  /** Returns the pods that were chosen; `undefined` if the list was closed. */
  async pick(title: string, { many }: { many: boolean }): Promise<PodLine[] | undefined> {
    const last = this.memory.get<Choice>(memoryKey);
    let scope: Scope = last ?? {
      contexts: vscode.workspace.getConfiguration("kodama").get<string[]>("contexts", []),
      namespaces: [],
    };
    while (true) {
      const answer = await this.#pickIn(scope, last?.pods ?? [], { title, many });
      if (answer === undefined) return undefined;
      if (answer.kind === "pods") {
        const pods = answer.pods.map(keyOf);
        await this.memory.update(memoryKey, { ...scope, pods } satisfies Choice);
        return answer.pods;
      }
      scope = await this.#pickScope(scope, answer.change) ?? scope;
    }
  }

  /** Shows the pods of a scope, which arrive while the list is open. */
  async #pickIn(
    scope: Scope,
    chosen: readonly string[],
    { title, many }: { title: string; many: boolean },
  ): Promise<
    { kind: "pods"; pods: PodLine[] } | { kind: "scope"; change: keyof Scope } | undefined
  > {
    const cancel = new vscode.CancellationTokenSource();
    const list = vscode.window.createQuickPick<PodItem>();
    const contextButton = { iconPath: new vscode.ThemeIcon("server"), tooltip: "Choose Contexts…" };
    const namespaceButton = {
      iconPath: new vscode.ThemeIcon("symbol-namespace"),
      tooltip: "Choose Namespaces…",
    };
    Object.assign(list, {
      title: `${title}: ${scopeText(scope)}`,
      placeholder: many ? "Pods to run it in; the box above them chooses all" : "Pod",
      canSelectMany: many,
      matchOnDescription: true,
      busy: true,
      buttons: [contextButton, namespaceButton],
    });
    const answer = new Promise<Awaited<ReturnType<PodPicker["pick"]>> | keyof Scope>((resolve) => {
      list.onDidAccept(() => {
        const items = list.selectedItems;
        if (items.length > 0) resolve(items.map(({ line }) => line));
      });
      list.onDidTriggerButton((button) =>
        resolve(button === contextButton ? "contexts" : "namespaces")
      );
      list.onDidHide(() => resolve(undefined));
    });
    list.show();
    const loading = this.#load(list, scope, new Set(chosen), cancel.token);
    try {
      const result = await Promise.race([answer, loading.then(() => answer)]);
      if (result === undefined) return undefined;
      if (typeof result === "string") return { kind: "scope", change: result };
      return { kind: "pods", pods: result };
    } finally {
      cancel.cancel();
      list.dispose();
      await loading.catch(() => undefined);
    }
  }

  async #load(
    list: vscode.QuickPick<PodItem>,
    scope: Scope,
    chosen: ReadonlySet<string>,
    token: vscode.CancellationToken,
  ): Promise<void> {
    const [first, others]: [PodItem[], PodItem[]] = [[], []];
    try {
      for await (const line of this.kodama.lines<PodLine>(["pods", ...scopeFlags(scope)], token)) {
        (chosen.has(keyOf(line)) ? first : others).push(itemOf(line));
      }
    } catch (error) {
      if (token.isCancellationRequested) return;
      if (!(error instanceof KodamaError) || error.report.kind === "notInstalled") throw error;
      // Another namespace or context may have some: the list stays open.
      list.placeholder = error.message;
    }
    if (token.isCancellationRequested) return;
    // What was chosen last comes first, and is chosen.
    list.items = [...first, ...others];
    if (list.canSelectMany) list.selectedItems = first;
    list.busy = false;
  }

  async #pickScope(scope: Scope, change: keyof Scope): Promise<Scope | undefined> {
    const contexts = scope.contexts.flatMap((name) => ["--context", name]);
    const flag = change === "contexts" ? "--context" : "-n";
    const offers = await this.kodama.text(["__complete", "exec", ...contexts, flag, ""]);
    const names = offers.split("\n").map((line) => line.split("\t")[0] ?? "").filter((name) =>
      name !== "" && !/^:\d+$/.test(name)
    );
    const before = scope[change];
    const all = { label: "All namespaces", alwaysShow: true };
    const items = names.map((label): vscode.QuickPickItem => ({
      label,
      picked: before === "all" || before.includes(label),
    }));
    const picked = await vscode.window.showQuickPick(
      change === "namespaces" ? [all, ...items] : items,
      {
        title: change === "contexts" ? "Contexts of the kubeconfig" : "Namespaces",
        placeHolder: "None: the current one",
        canPickMany: true,
      },
    );
    if (picked === undefined) return undefined;
    const labels = picked.map(({ label }) => label);
    if (change === "contexts") return { ...scope, contexts: labels };
    return { ...scope, namespaces: picked.includes(all) ? "all" : labels };
  }
}

/** The flags by which a command runs in one pod. */
export function flagsOf({ context, namespace, container }: PodLine): string[] {
  return ["--context", context, "-n", namespace, "-c", container];
}

function scopeFlags({ contexts, namespaces }: Scope): string[] {
  return [
    ...contexts.flatMap((name) => ["--context", name]),
    ...(namespaces === "all" ? ["-A"] : namespaces.flatMap((name) => ["-n", name])),
  ];
}

function scopeText({ contexts, namespaces }: Scope): string {
  const where = namespaces === "all"
    ? "all namespaces"
    : namespaces.join(", ") || "current namespace";
  return contexts.length === 0 ? where : `${where} of ${contexts.join(", ")}`;
}

function keyOf({ context, namespace, pod }: PodLine): string {
  return `${context}/${namespace}/${pod}`;
}

function itemOf(line: PodLine): PodItem {
  return {
    label: line.pod,
    description: `${line.namespace} · ${line.context}`,
    detail: `${line.status}, ${line.ready} ready, on ${line.node}`,
    line,
  };
}
