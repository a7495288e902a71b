/** `--forward` of the commands that open a session: its ports, in the background. */
import type { ForwardedSession } from "../../../actions/forward/background.ts";
import { parsePorts } from "../../../actions/forward/ports.ts";
import type { Host } from "../../../actions/host.ts";
import type { Session } from "../../../actions/session/events.ts";
import { absolutePath } from "../../../base/absolute_path.ts";
import { interruptible } from "../../../terminal/driver/signals.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Invocation } from "../../invocation.ts";
import { BadValue, values } from "../../parser/flag.ts";

/** The flag. */
export const forwardFlag = values(
  "forward PORT of the session's pod in the background, until it is stopped; all: those it declares",
  sessionPort,
  { placeholder: "PORT" },
);

function sessionPort(raw: string): string {
  if (raw === "all") return raw;
  const ports = parsePorts(raw);
  if (Array.isArray(ports)) return raw;
  throw new BadValue(raw, ports.invalid, { hint: "as in 3000, 8080:3000 or all" }, "PORT");
}

/** Forwards a session's ports in the background, and prints their addresses. */
export async function forwardPorts(
  host: Host,
  { session, uid, pod, ports, kubeconfig }: {
    session: Session;
    uid: string;
    pod: ForwardedSession["pod"];
    ports: readonly string[];
    kubeconfig: string | undefined;
  },
  invocation: Pick<Invocation, "signals" | "terminal">,
): Promise<void> {
  if (ports.length === 0) return;
  const [{ forwardSession }, { rowLines }] = await Promise.all([
    import("../../../actions/forward/background.ts"),
    import("../../../present/forward_sets.ts"),
  ]);
  const report = await interruptible(invocation.signals, (signal) =>
    forwardSession(host, {
      name: session.name,
      uid,
      pod,
      ports,
      declared: session.spec.setup?.ports ?? [],
      ...(kubeconfig === undefined
        ? {}
        : { kubeconfig: absolutePath(kubeconfig, host.places.workingDir) }),
    }, signal));
  const lines = rowLines(report).map((line) => `${printable(line)}\n`).join("");
  await invocation.terminal.stderr.write(
    `${lines}kodama forward stop ${report.name} ends this\n`,
  );
}
