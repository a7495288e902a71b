import { formatDuration } from "../../../base/duration.ts";
import { defineCommand } from "../../parser/command.ts";
import { failure, success } from "../../exit_codes.ts";
import { choice, value } from "../../parser/flag.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { styleOf } from "../../output.ts";
import { jsonDocument } from "../../../present/json.ts";

const formats = choice(["json"]);

/** `kodama workflow test`. */
export const command = defineCommand({
  description:
    "Runs the cases of workflow test files, each on an embedded cluster of its own that is removed " +
    "afterwards, so no Kubernetes is needed. Tests are files such as NAME.test.yaml beside the " +
    "workflow; without operands, all tests of the nearest workflows folder are run.",
  operands: [{ name: "FILE", arity: "any", completion: { kind: "files" } }],
  flags: { output: value("output format", formats.parse, { short: "o", ...formats }) },
  examples: [
    { title: "Run all tests of a repository", line: "kodama workflow test" },
    { title: "Run one test file", line: "kodama workflow test workflows/disk-usage.test.yaml" },
  ],
  exitCodes: [["0", "every case passed"], ["1", "a case failed"]],
  resolve: ({ operands, flags }) => ({ files: operands, format: flags.output }),
  async run({ files, format }, { host, terminal, signals, environment }) {
    const { testWorkflows } = await import("../../../actions/workflow/test_workflows.ts");
    const { printable } = await import("../../../terminal/printable.ts");
    const machine = await host();
    const style = styleOf(terminal.stdout, environment);
    const cases: object[] = [];
    let bad = 0;
    await interruptible(signals, async (signal) => {
      for await (const event of testWorkflows(machine, files, signal)) {
        if (event.kind === "clusterStarting") {
          await terminal.stderr.write(
            `starting a cluster with the world ${printable(event.world)}\n`,
          );
          continue;
        }
        const { file, name, differences, durationMs } = event;
        cases.push({ file, name, ok: differences.length === 0, differences, durationMs });
        if (differences.length > 0) bad += 1;
        if (format !== undefined) continue;
        const mark = differences.length === 0 ? style.green("ok    ") : style.red("failed");
        const title = `${file.split("/").at(-1)}: ${name}`;
        const lines = [
          `${mark}  ${printable(title)}  ${formatDuration(durationMs)}`,
          ...differences.map((line) => `        ${printable(line)}`),
        ];
        await terminal.stdout.write(lines.map((line) => `${line}\n`).join(""));
      }
    });
    if (format !== undefined) await terminal.stdout.write(jsonDocument(cases));
    await terminal.stderr.write(`${cases.length} cases, ${bad} failed\n`);
    return bad === 0 ? success : failure;
  },
});
