import type { Finding } from "../../actions/doctor/doctor.ts";
import { defineCommand } from "../parser/command.ts";
import { failure, success } from "../exit_codes.ts";
import { findingText } from "../../present/findings.ts";
import { text, toggle, value, values } from "../parser/flag.ts";
import { contextValue, kubeconfigFlag, namespaceValue } from "../parser/scope_flags.ts";
import { interruptible } from "../../terminal/driver/signals.ts";
import { dataFlag, renderData, styleOf } from "../output.ts";

/** `kodama doctor`. */
export const command = defineCommand({
  description:
    "Checks everything that kodama needs: the kubeconfig, the server and your rights there, the " +
    "clock, your settings, this terminal, and the programs that some commands use. It says how to fix " +
    "each problem.",
  flags: {
    context: values("kubeconfig context to check (default the current one)", text, contextValue),
    namespace: value("namespace to check rights in (default the context's)", text, namespaceValue),
    kubeconfig: kubeconfigFlag,
    sessions: toggle("only find objects that remain of sessions in the cluster"),
    output: dataFlag("output format"),
  },
  examples: {
    "Check everything": "kodama doctor",
    "Check another cluster and namespace": "kodama doctor --context east -n prod",
    "Find objects that remain of sessions": "kodama doctor --sessions",
  },
  exitCodes: [["0", "no check failed"], ["1", "a check failed"]],
  resolve: ({ flags: { context, namespace, output, sessions } }) => ({
    sessions,
    looked: { contexts: context, ...(namespace === undefined ? {} : { namespace }) },
    format: output,
  }),
  async run({ looked, format, sessions }, { host, signals, terminal, environment }) {
    const look = sessions
      ? (await import("../../actions/session/doctor.ts")).doctorSessions
      : (await import("../../actions/doctor/doctor.ts")).doctor;
    const machine = await host();
    const style = styleOf(terminal.stdout, environment);
    const findings: Finding[] = [];
    await interruptible(signals, async (signal) => {
      for await (const finding of look(machine, { ...looked, signal })) {
        findings.push(finding);
        if (format === undefined) await terminal.stdout.write(findingText(finding, style));
      }
    });
    if (format !== undefined) await terminal.stdout.write(await renderData(findings, format));
    return findings.some(({ status }) => status === "fail") ? failure : success;
  },
});
