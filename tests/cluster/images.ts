/** The images of the rig's pods: built by hand, because a rig reaches no registry. */
import { run } from "./host_commands.ts";

/** An image to be made. */
export interface ImageRecipe {
  /** Is called before it is built, if that takes long. */
  notice?: string;
  /** The `image` of a pod. Never with the tag `latest`, which the kubelet would try to pull. */
  names: readonly string[];
  /** The default command of a pod. */
  command: readonly string[];
  environment?: Record<string, string>;
  /** Changes when the content would: part of the cached file's name. */
  version: string;
  /** Puts the image's files into an empty folder. */
  fill(folder: string): Promise<void>;
}

const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Pods without an image of their own: the sandbox's first process. */
export function pauseImage(pause: string, version: string): ImageRecipe {
  return {
    names: ["kodama.test/pause:1"],
    command: ["/pause"],
    version,
    fill: (folder) => Deno.copyFile(pause, `${folder}/pause`),
  };
}

/** A shell and some 300 small programs, one file of 2 MB. */
export const busyboxImage: ImageRecipe = {
  names: ["docker.io/library/busybox:1.36", "docker.io/library/busybox:1"],
  command: ["sh"],
  version: "2",
  fill: fillWithBusybox,
};

/** No shell at all: programs that wait, copy and print, as in an image for one executable. */
export const shelllessImage: ImageRecipe = {
  names: ["kodama.test/shellless:1"],
  command: ["/bin/sleep", "2147483647"],
  version: "2",
  async fill(folder) {
    await makeFolders(folder);
    // busybox dispatches by the name it is called with, and none of these names runs its shell.
    for (const name of ["sleep", "cat", "hostname", "env"]) {
      await Deno.copyFile("/bin/busybox", `${folder}/bin/${name}`);
    }
  },
};

/** A Debian with what a developer's pod has: bash, git, SSH at both ends, coreutils, tmux, and a user. */
export const debianImage: ImageRecipe = {
  names: ["docker.io/library/debian:12"],
  command: ["bash"],
  version: "5",
  notice: "making the Debian image with debootstrap: about a minute, once",
  async fill(folder) {
    const packages = "bash,ca-certificates,coreutils,git,openssh-server,procps,rsync,tmux";
    await run([
      // debootstrap mounts /proc in the new system; in namespaces of its own that ends with it.
      ...["unshare", "--mount", "--pid", "--fork", "--kill-child", "--"],
      ...["debootstrap", "--variant=minbase", `--include=${packages}`, "bookworm", folder],
    ]);
    // ssh looks up the name of its user; the keys of a host belong to one host.
    const user = "useradd --uid 1000 --user-group --create-home --shell /bin/bash dev";
    await run(["chroot", folder, "sh", "-c", `${user} && rm -f /etc/ssh/ssh_host_*`]);
    // A third of it that no test reads, and that each `up` would unpack again.
    const waste = ["cache/apt", "lib/apt/lists"].map((path) => `var/${path}`)
      .concat(["doc", "man", "locale"].map((path) => `usr/share/${path}`));
    for (const path of waste) {
      await Deno.remove(`${folder}/${path}`, { recursive: true });
      await Deno.mkdir(`${folder}/${path}`);
    }
  },
};

/**
 * Builds an image's archive, in the form of `docker save`, unless the cache has it.
 *
 * @returns The archive's path.
 */
export async function ensureImage(
  cache: string,
  recipe: ImageRecipe,
  say: (line: string) => void,
): Promise<string> {
  const label = (recipe.names[0] ?? "image").replace(/[^a-z0-9.]+/g, "-");
  const archive = `${cache}/images/${label}-${recipe.version}.tar`;
  if (await Deno.stat(archive).catch(() => undefined)) return archive;
  if (recipe.notice) say(recipe.notice);
  await Deno.mkdir(`${cache}/images`, { recursive: true });
  const building = await Deno.makeTempDir({ dir: `${cache}/images`, prefix: ".building-" });
  try {
    await Deno.mkdir(`${building}/root`, { mode: 0o755 });
    await recipe.fill(`${building}/root`);
    await pack(building, recipe);
    await Deno.rename(`${building}/image.tar`, archive);
  } finally {
    await Deno.remove(building, { recursive: true });
  }
  return archive;
}

/** https://github.com/opencontainers/image-spec/blob/main/config.md, and docker's `manifest.json` around it. */
async function pack(folder: string, recipe: ImageRecipe): Promise<void> {
  const layer = `${folder}/layer.tar`;
  await run(["tar", "--numeric-owner", "-C", `${folder}/root`, "-cf", layer, "."]);
  const digest = (await run(["sha256sum", layer])).slice(0, 64);
  const environment = { PATH: searchPath, ...recipe.environment };
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const config = {
    architecture: Deno.build.arch === "aarch64" ? "arm64" : "amd64",
    os: "linux",
    config: { Env: variables, Cmd: recipe.command, WorkingDir: "/" },
    rootfs: { type: "layers", diff_ids: [`sha256:${digest}`] },
    history: [{ created_by: "kodama's test rig" }],
  };
  const manifest = [{ Config: "config.json", RepoTags: recipe.names, Layers: ["layer.tar"] }];
  await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(config));
  await Deno.writeTextFile(`${folder}/manifest.json`, JSON.stringify(manifest));
  const members = ["manifest.json", "config.json", "layer.tar"];
  await run(["tar", "-C", folder, "-cf", `${folder}/image.tar`, ...members]);
}

/** Puts busybox and a link for each of its programs into an empty folder. */
export async function fillWithBusybox(folder: string): Promise<void> {
  await makeFolders(folder);
  await Deno.copyFile("/bin/busybox", `${folder}/bin/busybox`);
  await run(["chroot", folder, "/bin/busybox", "--install", "-s", "/bin"]);
}

/** Returns twelve hexadecimal digits of a text's SHA-256. */
export async function shortDigest(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest.slice(0, 6)).toHex();
}

/** Writes the files that every program expects, and a user's table for those that read it. */
async function makeFolders(folder: string): Promise<void> {
  for (const name of ["bin", "etc", "root", "tmp", "var", "home"]) {
    await Deno.mkdir(`${folder}/${name}`, { mode: 0o755 });
  }
  await Deno.chmod(`${folder}/tmp`, 0o1777);
  await Deno.writeTextFile(
    `${folder}/etc/passwd`,
    "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n",
  );
  await Deno.writeTextFile(`${folder}/etc/group`, "root:x:0:\nnogroup:x:65534:\n");
}
