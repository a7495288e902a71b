/** Detects, once, which runtime this machine supports. */
import type { Image } from "./images.ts";
import { defaultPath } from "./environment.ts";
import { startNamespaceRuntime } from "./namespaces.ts";
import { startPlainRuntime } from "./plain.ts";
import type { ContainerRuntime, ContainerSetup } from "./runtime.ts";
import { randomId } from "./start_error.ts";
import { findTools, type Tools } from "./tools.ts";
import { drain } from "./child_process.ts";

/** Returns the best runtime that works here: a container is really started, because nothing less proves it. */
export async function chooseRuntime(
  folder: string,
  isolation: "best" | "plain",
): Promise<ContainerRuntime> {
  const tools = await findTools();
  const plain = (reason: string) => startPlainRuntime({ folder: `${folder}/plain`, tools, reason });
  if (isolation === "plain") return plain("plain processes were asked for");
  if (Deno.build.os !== "linux") return plain(`${Deno.build.os} has no namespaces`);
  const reasons: string[] = [];
  // Root inside a container of another kind may lack the permissions, and still have user namespaces.
  for (
    const user of Deno.uid() === 0 ? ["root", "userNamespace"] as const : ["userNamespace"] as const
  ) {
    const outcome = await tryNamespaces(`${folder}/${user}`, tools, user);
    if (typeof outcome !== "string") return outcome;
    reasons.push(outcome);
  }
  return plain(reasons.join("; "));
}

async function tryNamespaces(
  folder: string,
  tools: Tools,
  user: "root" | "userNamespace",
): Promise<ContainerRuntime | string> {
  let runtime: ContainerRuntime | undefined;
  try {
    await Deno.mkdir(folder);
    runtime = await startNamespaceRuntime({ folder, tools, user });
    const container = await runtime.start(trial());
    drain(container.main.stdout);
    const complaint = new Response(container.main.stderr).text();
    const end = await container.main.end;
    await container.remove();
    if (end.kind === "exited" && end.exitCode === 0) return runtime;
    throw new Error(end.kind === "exited" ? (await complaint).trim() : end.message);
  } catch (error) {
    await runtime?.[Symbol.asyncDispose]();
    if (error instanceof Error) return error.message;
    throw error;
  }
}

function trial(): ContainerSetup {
  const image: Image = {
    names: [],
    base: "host",
    env: {},
    entrypoint: [],
    cmd: [],
    workingDir: "/",
    pause: false,
    rootfs: undefined,
    digest: "",
  };
  return {
    id: randomId(),
    image,
    command: ["/bin/sh", "-c", ":"],
    env: { PATH: defaultPath },
    workingDir: "/",
    hostname: "trial",
    mounts: [],
    stdin: false,
    tty: false,
  };
}
