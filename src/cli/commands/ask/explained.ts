/** `--explain` of commands whose output a language model can explain afterwards. */
import { modelOptions } from "../../../actions/model/options.ts";
import type { Invocation } from "../../invocation.ts";
import type { OutputStream } from "../../../terminal/terminal.ts";
import type { SinkData } from "../../../terminal/sink.ts";
import { type Command, withKubeconfig } from "../../parser/command.ts";
import { toggle } from "../../parser/flag.ts";
import { withoutToken } from "../../parser/global_flags.ts";
import { flagOf } from "../../parser/option_flag.ts";

const explainFlags = {
  explain: toggle("let a language model explain the output, on standard error", {
    group: "Explanation",
  }),
  model: flagOf(modelOptions.model, { group: "Explanation" }),
};

type Args = Parameters<Command["prepare"]>[0];

/**
 * Adds `--explain` to a command, which itself never sees it: its output and exit code are unchanged, and an explanation
 * that fails doesn't change them.
 */
export function withExplanation(command: Command): Command {
  const without = (
    { flags: { explain: _explain, model: _model, ...flags }, given, ...args }: Args,
  ) => ({
    ...args,
    flags,
    given: new Set([...given].filter((name) => !Object.hasOwn(explainFlags, name))),
  });
  return {
    ...command,
    flags: { ...command.flags, ...explainFlags },
    resolve: (args) => command.resolve(without(args)),
    prepare(args) {
      const run = command.prepare(without(args));
      const { explain, model, context } = args.flags as {
        explain: boolean;
        model: string | undefined;
        context?: string | readonly string[];
      };
      if (!explain) return run;
      return async (invocation) => {
        const [{ explainRun }, { OutputSample }] = await Promise.all([
          import("./explain.ts"),
          import("../../../actions/ask/explain.ts"),
        ]);
        const sample = new OutputSample();
        const exitCode = await run(sampling(invocation, sample));
        const contexts = [context ?? []].flat();
        const trailing = args.trailing === undefined ? [] : ["--", ...args.trailing];
        await explainRun({
          command: [args.spoken, ...withoutToken(args.line), ...trailing].join(" "),
          exitCode,
          sample,
          model,
          context: contexts.length === 1 ? contexts[0] : undefined,
        }, withKubeconfig(invocation, args.flags));
        return exitCode;
      };
    },
  };
}

/** Returns the invocation with a terminal whose output is sampled too. */
function sampling(invocation: Invocation, sample: { add(text: string): void }): Invocation {
  const { terminal } = invocation;
  const sampled = (stream: OutputStream): OutputStream => {
    const decoder = new TextDecoder();
    return {
      isTerminal: stream.isTerminal,
      get broken() {
        return stream.broken;
      },
      write: (...data: SinkData[]) => {
        for (const one of data) {
          sample.add(typeof one === "string" ? one : decoder.decode(one, { stream: true }));
        }
        return stream.write(...data);
      },
      draw: (...data) => stream.draw(...data),
      flush: () => stream.flush(),
    };
  };
  const [stdout, stderr] = [sampled(terminal.stdout), sampled(terminal.stderr)];
  return {
    ...invocation,
    terminal: {
      stdin: terminal.stdin,
      stdout,
      stderr,
      progress: terminal.progress,
      keyboard: () => terminal.keyboard(),
      atEnd: (finalOutput) => terminal.atEnd(finalOutput),
      size: () => terminal.size(),
      sizes: (signal, known) => terminal.sizes(signal, known),
    },
  };
}
