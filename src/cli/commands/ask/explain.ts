/** Explains the output of a command that has ended. */
import { explainQuestion, type OutputSample } from "../../../actions/ask/explain.ts";
import { KodamaError } from "../../../base/errors.ts";
import { commandHint } from "../../../present/hints.ts";
import { printable } from "../../../terminal/printable.ts";
import { withSecretsMasked } from "../../../toolbox/secrets.ts";
import type { Invocation } from "../../invocation.ts";
import { runAsk } from "./run_ask.ts";

/** A command that has ended. */
interface EndedCommand {
  /** As typed. */
  command: string;
  exitCode: number;
  sample: OutputSample;
  model: string | undefined;
  context: string | undefined;
}

/** Prints the explanation on standard error. A failure is printed there too. */
export async function explainRun(
  { command, exitCode, sample, model, context }: EndedCommand,
  invocation: Invocation,
): Promise<void> {
  const { terminal } = invocation;
  await terminal.stdout.flush();
  const question = explainQuestion({
    command: withSecretsMasked(command),
    exitCode,
    output: withSecretsMasked(sample.text()),
  });
  try {
    await runAsk({
      question,
      options: { freezeMemory: true, ...(model === undefined ? {} : { model }) },
      context,
      view: { format: "text", quiet: false, metrics: false },
      reads: true,
    }, {
      ...invocation,
      // Standard output is the command's own.
      terminal: {
        stdin: terminal.stdin,
        stdout: terminal.stderr,
        stderr: terminal.stderr,
        progress: terminal.progress,
        keyboard: () => terminal.keyboard(),
        atEnd: (finalOutput) => terminal.atEnd(finalOutput),
        size: () => terminal.size(),
        sizes: (signal, known) => terminal.sizes(signal, known),
      },
    });
  } catch (error) {
    if (!(error instanceof KodamaError)) throw error;
    const hint = error.hint === undefined ? "" : `\nhint: ${commandHint(error.hint)}`;
    await terminal.stderr.write(`no explanation: ${printable(error.message + hint)}\n`);
  }
}
