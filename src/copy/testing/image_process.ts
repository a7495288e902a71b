/**
 * The remote end of a copy as a process of this machine: kodama's scripts in a shell, with the programs of an image.
 */
import { type CopyCommand, type OpenCopyScript, startCopyScript } from "../pod_script.ts";
import { findProgram, type ImageShell } from "../../kube/testing/image_shells.ts";
import { type Cut, ProcessChannel } from "../../kube/testing/process_channel.ts";

/** The environment of a container. */
export interface TestImage extends ImageShell {
  /** It never ends by itself, and is killed when the link is released. */
  endless?: boolean;
}

/** Creates an image that has only some of this machine's programs. */
export async function imageWith(folder: string, programs: readonly string[]): Promise<TestImage> {
  const bin = await Deno.makeTempDir({ dir: folder });
  for (const program of programs) {
    const found = await findProgram(program);
    if (found === undefined) throw new Error(`this machine has no ${program}`);
    await Deno.symlink(found, `${bin}/${program}`);
  }
  return { name: programs.join("+"), args: [await findProgram("sh") ?? "/bin/sh"], path: bin };
}

/** Opens scripts as processes in a folder. `cut` is called for each. */
export function openInImage(
  image: TestImage,
  cwd: string,
  cut: () => Cut = () => ({}),
): OpenCopyScript {
  const open = ({ command: [, ...words] }: CopyCommand) => {
    const [program = "sh", ...first] = image.args;
    const process = new Deno.Command(program, {
      args: [...first, ...words],
      cwd,
      clearEnv: true,
      env: { PATH: image.path },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    return Promise.resolve(
      new ProcessChannel(process, { ...cut(), endless: image.endless ?? false }),
    );
  };
  const { signal } = new AbortController();
  return (script, args) => startCopyScript(script, args, { open, signal });
}
