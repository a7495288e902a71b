/** The far end of a copy as a process of this machine: kodama's scripts in a shell, with the programs of an image. */
import { FarEnd, type OpenFar } from "../../src/copy/far_end.ts";
import { farCommand } from "../../src/copy/far_scripts.ts";
import { type Cut, ProcessChannel } from "../../src/kube/testing/process_channel.ts";

/** What a container would have. */
export interface FarImage {
  name: string;
  /** Absolute path and first words of the shell. */
  shell: readonly string[];
  /** Of the shell and all that it starts. */
  path: string;
  /** It never ends by itself, and is killed when the link is let go of. */
  endless?: boolean;
}

/** The images that this machine can play: Debian's programs with dash and bash, and busybox where it is. */
export async function farImages(folder: string): Promise<FarImage[]> {
  const path = Deno.env.get("PATH") ?? "/usr/bin:/bin";
  const images: FarImage[] = [];
  for (const name of ["dash", "bash"]) {
    const found = await which(name, path);
    if (found !== undefined) images.push({ name, shell: [found], path });
  }
  const busybox = await which("busybox", path);
  if (busybox !== undefined) {
    const bin = `${folder}/busybox`;
    await Deno.mkdir(bin);
    const listed = await new Deno.Command(busybox, { args: ["--list"] }).output();
    for (const applet of new TextDecoder().decode(listed.stdout).trim().split("\n")) {
      await Deno.symlink(busybox, `${bin}/${applet}`);
    }
    images.push({ name: "busybox", shell: [busybox, "sh"], path: bin });
  }
  return images;
}

/** An image that has only some of this machine's programs. */
export async function imageWith(folder: string, programs: readonly string[]): Promise<FarImage> {
  const bin = await Deno.makeTempDir({ dir: folder });
  const path = Deno.env.get("PATH") ?? "/usr/bin:/bin";
  for (const program of programs) {
    const found = await which(program, path);
    if (found === undefined) throw new Error(`this machine has no ${program}`);
    await Deno.symlink(found, `${bin}/${program}`);
  }
  return { name: programs.join("+"), shell: [await which("sh", path) ?? "/bin/sh"], path: bin };
}

async function which(program: string, path: string): Promise<string | undefined> {
  for (const folder of path.split(":")) {
    const file = `${folder}/${program}`;
    if (await Deno.stat(file).then(({ isFile }) => isFile, () => false)) return file;
  }
  return undefined;
}

/** Opens scripts as processes in a folder. `cut` is asked for each. */
export function farProcess(image: FarImage, cwd: string, cut: () => Cut = () => ({})): OpenFar {
  return (script, args) => {
    const mark = `kodama:${crypto.randomUUID()}:`;
    const [, ...words] = farCommand(script, mark, args);
    const [program = "sh", ...first] = image.shell;
    const process = new Deno.Command(program, {
      args: [...first, ...words],
      cwd,
      clearEnv: true,
      env: { PATH: image.path },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const signal = new AbortController().signal;
    const channel = new ProcessChannel(process, { ...cut(), endless: image.endless ?? false });
    return Promise.resolve(new FarEnd(channel, mark, { signal, closed: new DisposableStack() }));
  };
}
