/**
 * The remote end of a copy as a process of this machine: kodama's scripts in a shell, with the programs of an image.
 */
import { FarEnd, type OpenFar } from "../../src/copy/remote_script.ts";
import { farCommand } from "../../src/copy/scripts.ts";
import { findProgram, type ImageShell } from "../../src/kube/testing/image_shells.ts";
import { type Cut, ProcessChannel } from "../../src/kube/testing/process_channel.ts";

/** The environment of a container. */
export interface FarImage extends ImageShell {
  /** It never ends by itself, and is killed when the link is released. */
  endless?: boolean;
}

/** Creates an image that has only some of this machine's programs. */
export async function imageWith(folder: string, programs: readonly string[]): Promise<FarImage> {
  const bin = await Deno.makeTempDir({ dir: folder });
  for (const program of programs) {
    const found = await findProgram(program);
    if (found === undefined) throw new Error(`this machine has no ${program}`);
    await Deno.symlink(found, `${bin}/${program}`);
  }
  return { name: programs.join("+"), words: [await findProgram("sh") ?? "/bin/sh"], path: bin };
}

/** Opens scripts as processes in a folder. `cut` is called for each. */
export function farProcess(image: FarImage, cwd: string, cut: () => Cut = () => ({})): OpenFar {
  return (script, args) => {
    const mark = `kodama:${crypto.randomUUID()}:`;
    const [, ...words] = farCommand(script, mark, args);
    const [program = "sh", ...first] = image.words;
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
