/** `kodama model`. */
import { success } from "../../exit_codes.ts";
import { dataFlag, renderData, writeList } from "../../output.ts";
import { defineCommand } from "../../parser/command.ts";
import { count, valueOr } from "../../parser/flag.ts";

const list = defineCommand({
  description:
    "Lists the language models that you have chosen, in the order in which they are asked, and those that kodama " +
    "knows; and where the key for each is. A provider may have other models, which you name as PROVIDER/NAME. " +
    "Nothing is sent to a provider.",
  flags: { output: dataFlag("print data instead of a table") },
  examples: {
    "List the models": "kodama model list",
    "As JSON, for a script": "kodama model list -o json",
  },
  seeAlso: [
    "kodama config set model.name NAME chooses one.",
    "kodama model test --help asks them.",
    "docs/models.md has providers and keys.",
  ],
  resolve: ({ flags }) => ({ format: flags.output }),
  async run({ format }, { host, terminal }) {
    const { listModels } = await import("../../../actions/model/setup.ts");
    const { modelData, modelsTable } = await import("../../../present/model_text.ts");
    const models = await listModels(await host());
    const text = format === undefined
      ? modelsTable(models).map((line) => `${line}\n`).join("")
      : await renderData(models.map(modelData), format);
    await terminal.stdout.write(text);
    return success;
  },
});

/** `kodama model show`. */
const show = defineCommand({
  description:
    "Shows how models are reached: the order in which they are asked, the server, and where the key is. Without " +
    "a name, those that you have chosen. The key itself is never printed, and nothing is sent to a provider.",
  operands: [{ name: "MODEL", arity: "any", completion: { kind: "models" } }],
  flags: { output: dataFlag("print data instead of text") },
  examples: {
    "Show the chosen models": "kodama model show",
    "Show another one": "kodama model show ollama/llama3.2",
  },
  seeAlso: ["kodama model list --help lists the models."],
  resolve: ({ flags, operands }) => ({ models: operands, format: flags.output }),
  async run({ models, format }, { host, terminal }) {
    const { showModels } = await import("../../../actions/model/setup.ts");
    const { modelData, modelLines } = await import("../../../present/model_text.ts");
    const shown = await showModels(await host(), models);
    const text = format === undefined
      ? shown.flatMap(modelLines).map((line) => `${line}\n`).join("")
      : await renderData(shown.map(modelData), format);
    await terminal.stdout.write(text);
    return success;
  },
});

/** `kodama model test`. */
const test = defineCommand({
  description:
    "Asks models a fixed question, and measures them: the time to the first part of the answer and to its end, " +
    "tokens, and the cost if model.prices has the price. Without a name, the models that you have chosen. They " +
    "are asked one after the other; one that fails doesn't stop the test.",
  operands: [{ name: "MODEL", arity: "any", completion: { kind: "models" } }],
  flags: {
    rounds: valueOr("ask each model this often", count, "1"),
    output: dataFlag("print data instead of a table"),
  },
  examples: {
    "See whether the chosen models answer": "kodama model test",
    "Compare two models": "kodama model test anthropic/claude-haiku-5-5 ollama/llama3.2 --rounds 5",
  },
  exitCodes: [["0", "every model answered"], ["2", "a name is wrong"], ["5", "a model failed"]],
  seeAlso: ["kodama model stats --help has the sums of all requests."],
  resolve: ({ flags, operands }) => ({
    models: operands,
    rounds: flags.rounds,
    format: flags.output,
  }),
  async run({ models, rounds, format }, { host, terminal, signals }) {
    const [
      { testModels },
      { answerNote, testedData, testedTable },
      { interruptible },
      { printable },
      { commandHint },
    ] = await Promise.all([
      import("../../../actions/model/test_models.ts"),
      import("../../../present/model_text.ts"),
      import("../../../terminal/driver/signals.ts"),
      import("../../../terminal/printable.ts"),
      import("../../../present/hints.ts"),
    ]);
    const opened = await host();
    return await interruptible(signals, async (signal) => {
      const results = [];
      const note = (text: string) => terminal.stderr.write(`${printable(text)}\n`);
      let exitCode = 0;
      for await (const event of testModels(opened, { models, rounds, signal })) {
        switch (event.kind) {
          case "way": {
            const text = answerNote(event.event);
            if (text !== undefined) await note(text);
            break;
          }
          case "tested": {
            const { model, error } = event.result;
            results.push(event.result);
            if (error !== undefined) await note(`${model}: ${error.message}`);
            if (error?.hint !== undefined) await note(`hint: ${commandHint(error.hint)}`);
            break;
          }
          case "notRecorded":
            await note(`the statistics are not stored: ${event.error.message}`);
            break;
          case "ended":
            exitCode = event.exitCode;
        }
      }
      const text = format === undefined
        ? testedTable(results).map((line) => `${line}\n`).join("")
        : await renderData(results.map(testedData), format);
      await terminal.stdout.write(text);
      return exitCode;
    });
  },
});

/** `kodama model stats`. */
const stats = defineCommand({
  description:
    "Prints what requests to models cost on this machine in the last thirty days: requests, failures, tokens, the " +
    "median times to the first part of an answer and to its end, and US dollars if model.prices has the price. " +
    "Prompts and answers aren't stored.",
  flags: { output: dataFlag("print data instead of a table") },
  examples: {
    "Print the sums": "kodama model stats",
    "As JSON, for a script": "kodama model stats -o json",
  },
  seeAlso: ["docs/models.md has how prices are set.", "kodama model test --help measures models."],
  resolve: ({ flags }) => ({ format: flags.output }),
  async run({ format }, { host, terminal }) {
    const { readModelStats } = await import("../../../actions/model/call_log.ts");
    const { statsTable } = await import("../../../present/model_text.ts");
    const stats = await readModelStats(await host());
    const empty = "no model was asked in the last thirty days";
    return await writeList(terminal, stats, { format, table: () => statsTable(stats), empty });
  },
});

/** The commands of this file, by name. */
export const commands = { list, show, test, stats };
