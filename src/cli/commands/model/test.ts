import { defineCommand } from "../../parser/command.ts";
import { choice, count, value, valueOr } from "../../parser/flag.ts";
import { renderData } from "../../output.ts";

const formats = choice(["json", "jsonl", "yaml"]);

/** `kodama model test`. */
export const command = defineCommand({
  description:
    "Asks models a fixed question, and measures them: the time to the first part of the answer and to its end, " +
    "tokens, and the cost if model.prices has the price. Without a name, the models that you have chosen. They " +
    "are asked one after the other; one that fails doesn't stop the test.",
  operands: [{ name: "MODEL", arity: "any", completion: { kind: "models" } }],
  flags: {
    rounds: valueOr("ask each model this often", count, "1", { placeholder: "N" }),
    output: value("print data instead of a table", formats.parse, { short: "o", ...formats }),
  },
  examples: [
    { title: "See whether the chosen models answer", line: "kodama model test" },
    {
      title: "Compare two models",
      line: "kodama model test anthropic/claude-haiku-5-5 ollama/llama3.2 --rounds 5",
    },
  ],
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
      {
        commandHint,
      },
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
