/** Asks a model on a terminal: for `ask`, and for the explanation of another command's output. */
import { askModel, type AskTool } from "../../../actions/ask/ask.ts";
import type { AskOptionValues } from "../../../actions/model/options.ts";
import { AskPainter, type AskPainterOptions } from "../../../present/ask_painter.ts";
import { drive } from "../../../terminal/driver/drive.ts";
import { withSecretsMasked } from "../../../toolbox/secrets.ts";
import { tools } from "../../../toolbox/toolbox.ts";
import { canAsk } from "../../ask_yes.ts";
import type { Invocation } from "../../invocation.ts";
import { askAboutModelOn } from "../exec/confirm.ts";

/** A question, and how its answer is shown. */
interface AskRun {
  question: string;
  options: AskOptionValues;
  context: string | undefined;
  view: AskPainterOptions;
  /** Only tools that change nothing are offered. */
  reads: boolean;
}

/** Returns the exit code. */
export async function runAsk(
  { question, options, context, view, reads }: AskRun,
  invocation: Invocation,
): Promise<number> {
  const { terminal, signals } = invocation;
  const opened = await invocation.host();
  // A chosen context is the context of every tool that names none.
  const host = context === undefined
    ? opened
    : { ...opened, kube: (named?: string) => opened.kube(named ?? context) };
  const offered: readonly AskTool[] = tools
    .filter((tool) => !reads || tool.name === "exec" || !tool.mayChange)
    .map((tool) => ({
      ...tool,
      call: (input, toolContext) => tool.call(input, { host, ...toolContext }),
    }));
  return await drive(({ signal, alone }) => {
    const askPerson = askAboutModelOn(terminal, {
      above: undefined,
      stdin: false,
      listing: "the question",
      clock: host.clock,
      signal,
    });
    const mayAsk = !reads && view.format === "text" && canAsk(terminal);
    return askModel(host, {
      ...options,
      question,
      tools: offered,
      ...(context === undefined ? {} : { context }),
      ...(mayAsk ? { confirm: (...change) => alone(() => askPerson(...change)) } : {}),
      withoutSecrets: withSecretsMasked,
      signal,
    });
  }, {
    terminal,
    signals,
    clock: host.clock,
    painter: new AskPainter(view),
    milestone: (event) => event.kind === "ended" ? event : undefined,
  });
}
