/** `kodama image`: the image of sessions. */
import type { Builder, BuildImageEvent, CheckImageEvent } from "../../actions/session/image.ts";
import { definedOnly } from "../../base/json_value.ts";
import { UsageError } from "../../base/errors.ts";
import { drive } from "../../terminal/driver/drive.ts";
import { failure, success } from "../exit_codes.ts";
import { documentFlag, renderValue, styleOf } from "../output.ts";
import { defineCommand } from "../parser/command.ts";
import {
  BadValue,
  choice,
  durationMs,
  text,
  toggle,
  value,
  valueOr,
  values,
} from "../parser/flag.ts";
import { scopeFlags } from "./session/flags.ts";

const builders = choice<Builder>(["buildah", "podman", "docker"]);

/** `kodama image build`. */
const build = defineCommand({
  description:
    "Builds the image of sessions by buildah, podman or docker: a Debian with git, tmux, editors and Claude Code, each " +
    "pinned by its checksum. IMAGE is the name that it gets, with a registry that your cluster can pull from.",
  operands: [{ name: "IMAGE", arity: "optional" }],
  flags: {
    push: toggle("push it to its registry, too"),
    builder: value("program that builds it (default the first on PATH)", builders),
    platform: value("platform of the cluster's nodes (default this machine's)", text, {
      placeholder: "OS/ARCH",
    }),
    "build-arg": values("another value of an argument of the Dockerfile", buildArg, {
      placeholder: "NAME=VALUE",
    }),
    dockerfile: toggle("only print the Dockerfile"),
  },
  examples: {
    "Build it, push it, and use it": "kodama image build registry.example/team/session:1 --push",
    "Print the Dockerfile, for another builder": "kodama image build --dockerfile",
  },
  exitCodes: [["1", "no builder is on PATH, or it failed"]],
  seeAlso: [
    "kodama image check --help checks one that you have built yourself.",
    "kodama config set defaults.image IMAGE makes new sessions use it.",
  ],
  resolve({ flags, operands: [image] }) {
    if (flags.dockerfile) return { kind: "dockerfile" as const };
    if (image === undefined) {
      throw new UsageError("the image needs a name", {
        hint: "such as registry.example/team/session:1",
      });
    }
    const { builder, platform } = flags;
    return {
      kind: "build" as const,
      image,
      push: flags.push,
      buildArgs: flags["build-arg"],
      ...definedOnly({ builder, platform }),
    };
  },
  async run(options, { host, terminal, signals }) {
    const { buildImage, sessionDockerfile } = await import("../../actions/session/image.ts");
    if (options.kind === "dockerfile") {
      await terminal.stdout.write(sessionDockerfile());
      return success;
    }
    const { buildPieces } = await import("../../present/image_text.ts");
    const machine = await host();
    return await drive<BuildImageEvent>(
      (lease) => buildImage(machine, { ...options, signal: lease.signal }),
      {
        terminal,
        signals,
        clock: machine.clock,
        painter: { paint: buildPieces },
        milestone: (event) =>
          event.kind === "built" ? { kind: "ended", exitCode: success } : undefined,
      },
    );
  },
});

/** `kodama image check`. */
const check = defineCommand({
  description:
    "Checks whether an image can be that of sessions: a pod of it is started in the cluster, as a session's would be, " +
    "and reports which programs it has. Without IMAGE it is the one of the settings.",
  operands: [{ name: "IMAGE", arity: "optional" }],
  flags: {
    timeout: valueOr("time to wait for the pod", durationMs, "3m"),
    ...scopeFlags,
    output: documentFlag("print data instead of lines"),
  },
  examples: {
    "Check the image of the settings": "kodama image check",
    "Check another one": "kodama image check registry.example/team/session:1 -n dev",
  },
  exitCodes: [
    ["0", "sessions of this image work; some features may be missing"],
    ["1", "a required program is missing, or the image can't run"],
    ["3", "the pod didn't end in time: often the image can't be pulled"],
  ],
  seeAlso: ["kodama image build --help builds one that has everything."],
  resolve({ flags, operands: [image] }) {
    const { namespace, context, output, timeout } = flags;
    return {
      options: { timeoutMs: timeout, ...definedOnly({ image, namespace, context }) },
      ...definedOnly({ format: output }),
    };
  },
  async run({ options, format }, { host, terminal, signals, environment }) {
    const [{ checkImage }, { checkedImageData, checkPieces }] = await Promise.all([
      import("../../actions/session/image.ts"),
      import("../../present/image_text.ts"),
    ]);
    const machine = await host();
    const style = styleOf(terminal.stdout, environment);
    const data = async (event: CheckImageEvent) =>
      event.kind === "checked" && format !== undefined
        ? await renderValue(checkedImageData(event.checked), format)
        : undefined;
    let rendered: string | undefined;
    return await drive<CheckImageEvent>(async function* (lease) {
      for await (const event of checkImage(machine, { ...options, signal: lease.signal })) {
        rendered = await data(event);
        yield event;
      }
    }, {
      terminal,
      signals,
      clock: machine.clock,
      painter: {
        paint: (event) =>
          rendered === undefined
            ? checkPieces(event, style)
            : [{ stream: "stdout", data: [rendered] }],
      },
      milestone: (event) => {
        if (event.kind !== "checked") return undefined;
        const isUsable = event.checked.needs.every((one) => one.isMet || !one.isRequired);
        return { kind: "ended", exitCode: isUsable ? success : failure };
      },
    });
  },
});

/** `NAME=VALUE`. */
function buildArg(raw: string): string {
  if (/^[A-Za-z_]\w*=/.test(raw)) return raw;
  throw new BadValue(raw, "expected NAME=VALUE");
}

/** The commands of this file, by name. */
export const commands = { build, check };
