/** Starts a rig: from nothing to a node that is Ready, with its images and its storage classes. */
import { hangTimeout } from "../harness/hang_limit.ts";
import { configureRuntime, importImage, startRuntime } from "./container_runtime.ts";
import { down } from "./down.ts";
import { ensureExecutables, type Executables } from "./executables.ts";
import { connectNetwork, mountFolders, startHolder, startInside } from "./holder.ts";
import { run } from "./host_commands.ts";
import {
  busyboxImage,
  debianImage,
  ensureImage,
  type ImageRecipe,
  pauseImage,
  shelllessImage,
} from "./images.ts";
import { makeKeys, serverAt } from "./keys.ts";
import { type Layout, nodeName } from "./layout.ts";
import {
  auditPolicy,
  firstObjects,
  kubeletConfiguration,
  partArguments,
  type PartName,
} from "./parts.ts";
import { type ProcessId, until } from "./processes.ts";
import { standInImages } from "./stand_in_images.ts";
import { deadParts, isLeftHurt, readState, type RigState, writeState } from "./state.ts";

/** Reports the steps that take long. */
type Say = (line: string) => void;

/** Starts the rig, or finds it up. The remains of a broken rig are removed first. */
export async function up(layout: Layout, say: Say): Promise<RigState> {
  const executables = await ensureExecutables(layout.cache, say);
  const images = await ensureImages(layout.cache, executables, say);
  const existing = await readState(layout);
  if (existing !== undefined && await isUsable(layout, existing, executables)) {
    return existing;
  }
  await down(layout);
  await removeFolder(layout.keptLogs);
  try {
    return await start(layout, executables, images);
  } catch (error) {
    await Deno.rename(layout.logs, layout.keptLogs);
    await down(layout);
    throw new Error(`the rig did not start; its logs are kept in ${layout.keptLogs}`, {
      cause: error,
    });
  }
}

/** Waits until the API server reports that it is ready to serve. */
export async function untilServing(layout: Layout, server: string): Promise<void> {
  const caCerts = [await Deno.readTextFile(`${layout.state}/keys/ca.crt`)];
  await until(`the API server (see ${layout.logs}/kube-apiserver.log)`, async () => {
    // A client for each attempt: one whose connection was refused may cache that.
    using client = Deno.createHttpClient({ caCerts });
    const answer = await fetch(`${server}/readyz`, { client }).catch(() => undefined);
    await answer?.body?.cancel();
    return answer?.ok ?? false;
  });
}

/** Returns whether a rig that was whole once still is. */
async function isUsable(layout: Layout, state: RigState, made: Executables): Promise<boolean> {
  if (state.executable !== made.rig || await isLeftHurt(layout)) return false;
  return (await deadParts(state)).length === 0;
}

/** An image and its archive. */
interface MadeImage {
  recipe: ImageRecipe;
  archive: string;
}

async function ensureImages(cache: string, made: Executables, say: Say): Promise<MadeImage[]> {
  // The executables' folder is named by their source, so the image changes when they do.
  const version = made.pause.split("/").at(-2) ?? "";
  const recipes = [
    ...[pauseImage(made.pause, version), busyboxImage, shelllessImage, debianImage],
    ...await standInImages(),
  ];
  const images: MadeImage[] = [];
  for (const recipe of recipes) {
    images.push({ recipe, archive: await ensureImage(cache, recipe, say) });
  }
  return images;
}

async function start(layout: Layout, made: Executables, images: MadeImage[]): Promise<RigState> {
  await makeFolders(layout, images[0]?.recipe.names[0] ?? "");
  const holder = await startHolder(layout, made.pause);
  const [address] = await Promise.all([
    connectNetwork(layout, holder),
    mountFolders(layout, holder),
  ]);
  const server = serverAt(address);
  const parts: Record<string, ProcessId> = {};
  const startPart = async (name: PartName) => {
    const words = [made.rig, name, ...partArguments(layout)[name]];
    parts[name] = await startInside(layout, holder, name, words);
  };
  const startContainers = async () => {
    parts["containerd"] = await startRuntime(layout, holder);
  };
  const startServer = async () => {
    await Promise.all([startPart("etcd"), makeKeys(layout, address)]);
    await startPart("kube-apiserver");
    await untilServing(layout, server);
  };
  const startNode = async () => {
    await Promise.all(
      (["kube-controller-manager", "kube-scheduler", "kubelet", "provisioner"] as const)
        .map(startPart),
    );
    await fillCluster(made.kubectl, layout.kubeconfig);
  };
  const importImages = () => Promise.all(images.map((one) => importImage(holder, one.archive)));
  const runtime = startContainers();
  // The images are imported while the other parts start: the largest takes as long as all of that.
  await Promise.all([
    runtime.then(importImages),
    Promise.all([runtime, startServer()]).then(startNode),
  ]);
  const state = { holder, parts, server, executable: made.rig, kubectl: made.kubectl };
  await writeState(layout, state);
  return state;
}

/** Creates the objects of every rig, and waits for its node. */
async function fillCluster(program: string, kubeconfig: string): Promise<void> {
  const kubectl = [program, "--kubeconfig", kubeconfig];
  const objects = firstObjects().map((object) => JSON.stringify(object)).join("\n---\n");
  await run([...kubectl, "create", "-f", "-"], { stdin: objects });
  const node = `node/${nodeName}`;
  await run([...kubectl, "wait", "--for=create", node, hangTimeout]);
  await run([...kubectl, "wait", "--for=condition=Ready", node, hangTimeout]);
  // Pods can't be created before the controller has created their service account.
  await run([...kubectl, "wait", "--for=create", "serviceaccount/default", hangTimeout]);
}

/** Creates the folders that the parts and the mounts expect, and the configuration files. */
async function makeFolders(layout: Layout, pauseName: string): Promise<void> {
  for (const folder of ["var/lib/kubelet", "var/lib/volumes", "var/log", "etc"]) {
    await Deno.mkdir(`${layout.state}/${folder}`, { recursive: true });
  }
  await configureRuntime(layout, pauseName);
  await Deno.writeTextFile(`${layout.state}/etc/resolv.conf`, "");
  await Deno.writeTextFile(
    `${layout.state}/etc/kubelet.json`,
    JSON.stringify(kubeletConfiguration(layout), null, 2),
  );
  await Deno.writeTextFile(`${layout.state}/etc/audit.json`, JSON.stringify(auditPolicy));
}

async function removeFolder(path: string): Promise<void> {
  await Deno.remove(path, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
