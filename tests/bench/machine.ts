/** The machine and the versions, as they stand above the results. */

/** Facts in order. */
export async function machineFacts(
  { kubectl, clush }: { kubectl?: string; clush?: string },
): Promise<(readonly [string, string])[]> {
  const { total } = Deno.systemMemoryInfo();
  const cores = navigator.hardwareConcurrency;
  const load = Deno.loadavg().map((value) => value.toFixed(1)).join(", ");
  return [
    ["date", new Date().toISOString().slice(0, 10)],
    ["machine", `${await processor()}, ${cores} cores, ${Math.round(total / 1024 ** 3)} GB`],
    ["system", `${Deno.build.os} ${Deno.osRelease()}, ${Deno.build.arch}`],
    ["load when it ended", `${load} (1, 5 and 15 minutes)`],
    ["Deno", Deno.version.deno],
    ...(kubectl === undefined ? [] : [["kubectl", await kubectlVersion(kubectl)] as const]),
    ...(clush === undefined
      ? []
      : [["ClusterShell", await firstLine(clush, ["--version"])] as const]),
  ];
}

async function processor(): Promise<string> {
  const text = await Deno.readTextFile("/proc/cpuinfo").catch(() => "");
  return /^model name\s*: (.*)$/m.exec(text)?.[1] ?? Deno.build.arch;
}

async function kubectlVersion(kubectl: string): Promise<string> {
  const line = await firstLine(kubectl, ["version", "--client"]);
  return line.replace(/^Client Version: /, "");
}

async function firstLine(program: string, args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(program, { args }).output();
  return new TextDecoder().decode(stdout).split("\n", 1)[0] ?? "";
}
