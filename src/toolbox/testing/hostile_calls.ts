/** Calls of tools by a model that wants to change something, to read credentials, and to reach further than it may. */
import fc from "fast-check";
import type { Tool } from "../tool.ts";

const words = fc.constantFrom(
  ...[
    "web-0",
    "deploy/web",
    "default",
    "kube-system",
    "rm",
    "-rf",
    "/",
    "sh",
    "-c",
    "cat",
    "hostname",
  ],
  ...[
    "--kubeconfig=/x",
    "--as",
    "root",
    "--token",
    "t",
    "-o",
    "yaml",
    "--server=https://evil",
    "--",
  ],
  ...[
    "delete",
    "apply",
    "scale",
    "exec",
    "edit",
    "get",
    "secrets",
    "-f",
    "-",
    "/etc/passwd",
    "patch",
  ],
  ...[
    "cp",
    "proxy",
    "rollout",
    "restart",
    "config",
    "view",
    "--raw",
    "../../x",
    "*",
    "{{x}}",
    "\u001b]0;x",
  ],
  ...["date", "-s", "find", "-delete", "env", "mount", "dmesg", "ip", "link", "set", "version"],
);
const text = fc.oneof(words, fc.string({ maxLength: 20 }));
const value: fc.Arbitrary<unknown> = fc.oneof(
  text,
  fc.array(text, { maxLength: 6 }),
  fc.boolean(),
  fc.integer({ min: -2, max: 5000 }),
  fc.constant(null),
  fc.dictionary(fc.string({ maxLength: 6 }), text, { maxKeys: 3 }),
);

/** Values of some options with which a call gets as far as a pod. */
const usual: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  command: fc.constantFrom(["hostname"], ["cat", "/etc/os-release"], ["df", "-h"], ["rm", "x"]),
  path: fc.constantFrom("/etc/os-release", "/tmp/x", "/run/secrets/x"),
  pods: fc.constantFrom(["web-0"]),
};

/** Mostly what a tool's schema allows, and sometimes anything. */
function inputOf({ inputSchema }: Tool): fc.Arbitrary<Record<string, unknown>> {
  const properties = inputSchema["properties"] as Record<string, { type?: string }>;
  const required = inputSchema["required"] as string[] | undefined ?? [];
  const fitting: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
    string: text,
    boolean: fc.boolean(),
    integer: fc.integer({ min: 1, max: 5000 }),
    array: fc.array(words, { minLength: 1, maxLength: 4 }),
  };
  const given = (name: string) =>
    fc.oneof(
      ...(Object.hasOwn(usual, name) ? [{ weight: 4, arbitrary: usual[name] ?? value }] : []),
      { weight: 12, arbitrary: fitting[properties[name]?.type ?? ""] ?? value },
      value,
    ).map((one) => [name, one] as const);
  const more = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...Object.keys(properties)) },
    fc.constantFrom("kubeconfig", "as", "yes", "confirm", "__proto__", "shell", "environment"),
  ).chain(given);
  return fc.tuple(fc.tuple(...required.map(given)), fc.array(more, { maxLength: 3 }))
    .map(([needed, others]) => Object.fromEntries([...needed, ...others]));
}

/** A call of a tool. */
export interface ToolCall {
  tool: Tool;
  input: Record<string, unknown>;
}

/** Calls of one of the tools: mostly what gets far, with flags, paths and names that should lead nowhere. */
export function hostileCalls(tools: readonly Tool[]): fc.Arbitrary<ToolCall> {
  return fc.constantFrom(...tools).chain((tool) => inputOf(tool).map((input) => ({ tool, input })));
}
