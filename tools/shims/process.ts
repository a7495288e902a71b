/**
 * The part of `node:process` that commander uses, without node's compatibility layer (which costs 14 ms).
 * Variables that kodama has no permission for are absent.
 */

type Output = Pick<typeof Deno.stdout, "isTerminal" | "writeSync">;

/** Like node's `process.stdout`: synchronous, so that nothing is lost when the process exits. */
function stream(output: Output) {
  return {
    get isTTY(): boolean {
      return output.isTerminal();
    },
    get columns(): number | undefined {
      return output.isTerminal() ? Deno.consoleSize().columns : undefined;
    },
    hasColors: () => !Deno.noColor,
    write(text: string): boolean {
      const bytes = new TextEncoder().encode(text);
      for (let written = 0; written < bytes.length;) {
        written += output.writeSync(bytes.subarray(written));
      }
      return true;
    },
  };
}

function variable(name: string): string | undefined {
  return Deno.permissions.querySync({ name: "env", variable: name }).state === "granted"
    ? Deno.env.get(name)
    : undefined;
}

export default {
  env: new Proxy({} as Record<string, string | undefined>, {
    get: (_, name) => typeof name === "string" ? variable(name) : undefined,
    has: (_, name) => typeof name === "string" && variable(name) !== undefined,
  }),
  execArgv: [] as string[],
  exit: (code: number) => Deno.exit(code),
  platform: Deno.build.os,
  stderr: stream(Deno.stderr),
  stdout: stream(Deno.stdout),
  versions: {},
};
