/** `deno task cluster:real up|down|status|kubectl …`: a real Kubernetes on this machine, for tests. */
import { down, remains } from "./down.ts";
import { findLayout, type Layout } from "./layout.ts";
import { hasGo, installPackages, missingPackages, unsuitable } from "./prerequisites.ts";
import { deadParts, locked, readState } from "./state.ts";
import { up } from "./up.ts";

const usage = `usage: deno task cluster:real COMMAND

  up [--install]   start the rig, or find it running; --install gets missing packages with apt
  down             take it away: processes, mounts, network, cgroups, files
  status           what runs, and how to reach it; exit code 1 where it isn't up
  kubectl ARGS…    the rig's kubectl on the rig's API server`;

/** Prints a line for the user: standard output is for data that a program could read. */
function say(line: string): void {
  // deno-lint-ignore no-console -- this file is a front end
  console.error(line);
}

/** Starts the rig if this machine can. @throws with the way out if something is missing. */
export async function bringUp(layout: Layout, options: { install: boolean }) {
  const reason = unsuitable();
  if (reason !== undefined) throw new Error(reason);
  if (!await hasGo()) {
    throw new Error("no Go toolchain: the rig is built from source with go 1.24 or later");
  }
  const missing = await missingPackages();
  if (missing.length > 0 && !options.install) {
    throw new Error(
      `packages are missing: apt-get install ${missing.join(" ")} (or: up --install)`,
    );
  }
  if (missing.length > 0) await installPackages(missing);
  return await locked(layout, () => up(layout, say));
}

async function status(layout: Layout): Promise<number> {
  const state = await readState(layout);
  if (state === undefined) {
    const left = await remains(layout);
    say(left.length === 0 ? "down" : `broken: an up that did not end left ${left.join(", ")}`);
    return 1;
  }
  const dead = await deadParts(state);
  say(dead.length === 0 ? "up" : `broken: ended: ${dead.join(", ")}`);
  // deno-lint-ignore no-console -- as above
  console.log(`server      ${state.server}
kubeconfig  ${layout.kubeconfig}
logs        ${layout.logs}
inside      nsenter --target ${state.holder.pid} --mount --net --uts --ipc --pid`);
  return dead.length === 0 ? 0 : 1;
}

async function kubectl(layout: Layout, args: readonly string[]): Promise<number> {
  const state = await readState(layout);
  if (state === undefined) throw new Error("the rig isn't up: deno task cluster:real up");
  const child = new Deno.Command(state.kubectl, {
    args: [...args],
    env: { KUBECONFIG: layout.kubeconfig },
    stdin: "inherit",
  }).spawn();
  return (await child.status).code;
}

async function main([command, ...args]: string[]): Promise<number> {
  const layout = await findLayout();
  switch (command) {
    case "up": {
      if (args.some((word) => word !== "--install")) break;
      await bringUp(layout, { install: args.length > 0 });
      return await status(layout);
    }
    case "down":
      if (args.length > 0) break;
      await locked(layout, () => down(layout));
      return 0;
    case "status":
      if (args.length > 0) break;
      return await status(layout);
    case "kubectl":
      return await kubectl(layout, args);
  }
  say(usage);
  return 2;
}

if (import.meta.main) {
  Deno.exitCode = await main(Deno.args).catch((error) => {
    for (let cause = error; cause instanceof Error; cause = cause.cause) say(cause.message);
    return 1;
  });
}
