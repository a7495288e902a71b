/** A script's calls to kodama: checks of shapes and permissions, then the answer. */
import * as v from "valibot";
import { definedOnly } from "../base/json_value.ts";
import { KodamaError } from "../base/errors.ts";
import { didYouMean } from "../base/nearest_names.ts";
import type { ClusterRule, ScriptApi, ScriptSource } from "../workflow/model.ts";
import { requestShapes } from "./messages.ts";

type ScriptAnswer = { kind: "answer"; value: unknown } | {
  kind: "refusal";
  message: string;
};

type Requests = { [N in keyof typeof requestShapes]: v.InferOutput<typeof requestShapes[N]> };

/** A call that isn't granted. Only its message crosses into the script. */
class NotGranted extends KodamaError {
  constructor(readonly what: string) {
    super("forbidden", `the workflow's permissions don't grant ${what}`);
  }
}

/** The calls of a script. Disposing of it stops the running calls, and waits until they have ended. */
export class ScriptCalls implements AsyncDisposable {
  /** Requests that weren't granted, by the message that the script got for each. */
  readonly refusals = new Map<string, string>();
  readonly #ending = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  readonly #signal: AbortSignal;

  constructor(
    readonly script: ScriptSource,
    readonly rules: readonly ClusterRule[],
    readonly api: ScriptApi,
    signal: AbortSignal,
  ) {
    this.#signal = AbortSignal.any([signal, this.#ending.signal]);
  }

  /** Answers a call. Refuses an invalid call with the reason; other errors are kodama's own. */
  async answer(name: string, request: unknown): Promise<ScriptAnswer> {
    const call = this.#call(name, request);
    this.#running.add(call);
    try {
      return { kind: "answer", value: await call };
    } catch (error) {
      if (this.#ending.signal.aborted) return { kind: "refusal", message: "the script has ended" };
      if (error instanceof NotGranted) this.refusals.set(error.message, error.what);
      if (error instanceof KodamaError) return { kind: "refusal", message: error.message };
      throw error;
    } finally {
      this.#running.delete(call);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new KodamaError("cancelled", "the script has ended"));
    await Promise.allSettled(this.#running);
  }

  async #call(name: string, request: unknown): Promise<unknown> {
    switch (name) {
      case "exec":
        return await this.#exec(shaped("exec", request));
      case "get":
        return await this.#get(shaped("get", request));
      case "logs":
        return await this.#logs(shaped("logs", request));
      default:
        throw new KodamaError("usage", `unknown function kodama.${name.slice(0, 60)}`);
    }
  }

  async #exec({ command, targets, timeoutMs }: Requests["exec"]): Promise<unknown> {
    this.#grant("exec", await this.#namespaces(targets));
    return await this.api.exec({ command, ...definedOnly({ targets, timeoutMs }) }, this.#signal);
  }

  async #get({ resource, name, selector, ...options }: Requests["get"]): Promise<unknown> {
    const namespace = options.namespace ?? this.#onlyNamespace();
    this.#grant(name === undefined ? "list" : "get", [namespace]);
    const request = { resource, namespace, ...definedOnly({ name, selector }) };
    return await this.api.get(request, this.#signal);
  }

  async #logs({ target, tail }: Requests["logs"]): Promise<unknown> {
    this.#grant("logs", await this.#namespaces([target]));
    return await this.api.logs({ target, tail }, this.#signal);
  }

  #grant(verb: string, namespaces: readonly string[]): void {
    const own = this.script.targets.map(({ namespace }) => namespace);
    const what = notGranted({ verb, namespaces }, this.rules, own);
    if (what !== undefined) throw new NotGranted(what);
  }

  /** Returns the namespaces of the named targets, or of all. */
  async #namespaces(names: readonly string[] | undefined): Promise<readonly string[]> {
    const known = new Map(this.script.targets.map(({ name, namespace }) => [name, namespace]));
    if (names === undefined) return [...new Set(known.values())];
    const found = new Set<string>();
    for (const name of names) {
      const namespace = known.get(name);
      if (namespace === undefined) throw await unknownTarget(name, known.keys());
      found.add(namespace);
    }
    return [...found];
  }

  #onlyNamespace(): string {
    const namespaces = new Set(this.script.targets.map(({ namespace }) => namespace));
    const [only] = namespaces;
    if (only !== undefined && namespaces.size === 1) return only;
    throw new KodamaError(
      "usage",
      "the workflow's pods are in several namespaces: pass { namespace } to kodama.get",
    );
  }
}

async function unknownTarget(name: string, known: Iterable<string>): Promise<KodamaError> {
  const hint = await didYouMean(name, known);
  return new KodamaError(
    "notFound",
    `${JSON.stringify(name)} is not a target of the workflow's selection${hint}`,
  );
}

function shaped<N extends keyof Requests>(name: N, request: unknown): Requests[N] {
  const result = v.safeParse(requestShapes[name], request);
  // The schema of this name has accepted it.
  if (result.success) return result.output as Requests[N];
  const [issue] = result.issues;
  const field = issue.path?.map((part) => String((part as { key: unknown }).key)).join(".") ?? "";
  throw new KodamaError(
    "usage",
    `kodama.${name}: ${field === "" ? "" : `${field}: `}${issue.message.slice(0, 200)}`,
  );
}

/* Checks a request of a script to the cluster against `permissions.cluster`. */

/** A request, as far as permissions depend on it. */
interface ClusterAsk {
  verb: string;
  /** The namespaces that it touches. */
  namespaces: readonly string[];
}

/**
 * Returns the part of a request that isn't granted, as a noun, or undefined if all of it is. `own` are the namespaces
 * of the workflow's selection, which a rule without namespaces stands for.
 */
function notGranted(
  { verb, namespaces }: ClusterAsk,
  rules: readonly ClusterRule[],
  own: readonly string[],
): string | undefined {
  const fitting = rules.filter(({ verbs }) => verbs.includes(verb) || verbs.includes("*"));
  const refused = namespaces.find((namespace) =>
    !fitting.some((rule) =>
      rule.namespaces.length === 0
        ? own.includes(namespace)
        : rule.namespaces.includes(namespace) || rule.namespaces.includes("*")
    )
  );
  if (refused !== undefined) return `cluster access: ${verb} in namespace ${refused}`;
  return fitting.length === 0 ? `cluster access: ${verb}` : undefined;
}
