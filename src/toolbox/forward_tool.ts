/**
 * The tool that forwards ports: for an agent on this machine, such as one that tries a service with `curl`. A person
 * approves each, as what is sent through it isn't kodama's to judge. The ports are closed after a time, and with the
 * process: only servers that outlive their calls offer it.
 */
import { forward, type ForwardInfo } from "../actions/forward/forward.ts";
import { parsePorts } from "../actions/forward/ports.ts";
import { operandsOf, selectionOf } from "../actions/selection.ts";
import { parsedField, textField, textsField, wholeField } from "../operation/field.ts";
import { onAbort } from "../base/abort.ts";
import { KodamaError, UsageError } from "../base/errors.ts";
import { infoText } from "../present/forward_painter.ts";
import { changeRefused } from "../actions/confirm_change.ts";
import { defineTool } from "./tool.ts";

const defaultMinutes = 10;
const maxMinutes = 60;

/** How long a connection waits for a pod; the end of the server waits for such connections. */
const graceMs = 3000;

/** Forwards that are open at the same time; an agent has no way to close one. */
const maxOpen = 10;
let open = 0;

/** `forward`. */
export const forwardTool = defineTool({
  name: "forward",
  title: "Forward ports",
  description: "Opens local ports of the user's machine that lead to a pod, workload or service, " +
    `after a person's approval, for ${defaultMinutes} minutes or as requested, at most ${maxMinutes}. ` +
    "If the pod is replaced, the port leads to the next one. Answers with the addresses.",
  options: {
    target: parsedField("a pod, or KIND/NAME: web-0, deploy/web, svc/web", {
      parse: (text) => ({ text, operands: operandsOf(text) }),
      expected: "a pod, or KIND/NAME",
    }),
    ports: textsField("ports of the target, by number or name; all that it declares if absent"),
    minutes: wholeField("how long the ports stay open", { least: 1 }),
    namespace: textField("namespace; the context's own if absent"),
    context: textField("context of the kubeconfig; the one in use if absent"),
  },
  required: ["target"],
  mayChange: "always",
  async run(
    { target = { text: "", operands: [] }, ports = [], minutes = defaultMinutes, ...scope },
    context,
  ) {
    const { host, confirm, lifetime, signal } = context;
    const { namespace, context: contextName } = scope;
    const { contexts, selection } = selectionOf({
      namespaces: namespace === undefined ? [] : [namespace],
      contexts: contextName === undefined ? [] : [contextName],
      allPhases: true,
    });
    const mappings = ports.flatMap((text) => {
      // Always a free local port: a number of the model's could be another program's.
      const parsed = text.includes(":")
        ? { invalid: "give the target's port alone" }
        : parsePorts(`:${text}`);
      if (Array.isArray(parsed)) return parsed;
      throw new UsageError(`"${text}": ${parsed.invalid}`);
    });
    if (lifetime === undefined) throw changeRefused();
    if (open >= maxOpen) throw new KodamaError("conflict", `${maxOpen} forwards are open`);
    const client = await host.kube(contextName);
    const limit = Math.min(minutes, maxMinutes);
    const isAgreed = await confirm.ask({
      action: {
        kind: "forward",
        target: target.text,
        ports,
        minutes: limit,
        scope: `namespace ${namespace ?? client.defaultNamespace}, context ${client.context}`,
      },
      count: 0,
      scopes: [],
      because: { kind: "model" },
    });
    if (!isAgreed) throw new KodamaError("declined", "the person said no: no port is open");
    const stop = new AbortController();
    const timer = host.clock.timer(limit * 60_000, () => stop.abort());
    const events = forward(host, {
      contexts,
      selection,
      groups: [{ targets: target.operands, ports: mappings }],
      balance: false,
      free: false,
      address: "127.0.0.1",
      graceMs,
      traffic: { inspect: false, version: "" },
      signal: stop.signal,
    });
    open += 1;
    const closed = () => {
      open -= 1;
      timer[Symbol.dispose]();
    };
    const infos: ForwardInfo[] = [];
    try {
      using _cancel = onAbort(signal, () => stop.abort(signal.reason));
      for (;;) {
        const { value, done } = await events.next();
        if (done === true) throw new KodamaError("server", "the forward ended at once");
        if (value.kind !== "ready") continue;
        infos.push(...value.forwards.map(({ info }) => info));
        break;
      }
    } catch (error) {
      closed();
      throw error;
    }
    // Unread events would be held. How it ends is seen by the programs that use it.
    const ended = Array.fromAsync(events, () => undefined).catch(() => {}).finally(closed);
    lifetime.defer(async () => {
      stop.abort();
      await ended;
    });
    return [{
      lines: [...infos.map(infoText), `open for ${limit} minutes, or until this server ends`],
      unit: "ports",
    }];
  },
});
