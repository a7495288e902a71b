/** Programs that a release is built with. */

/** Debian's package of each program that not every system has. */
const packages: Readonly<Record<string, string>> = {
  "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
  cc: "gcc libc6-dev zlib1g-dev",
  "dpkg-deb": "dpkg",
  npm: "npm",
};

/** A program that this machine lacks. The message has Debian's packages of it, if they are known. */
export class MissingProgramError extends Error {}

/** Returns what a program wrote to standard output. Throws with its messages if it fails; {@link MissingProgramError}. */
export async function runProgram(
  [program = "", ...args]: readonly string[],
  { env = {}, cwd }: { env?: Readonly<Record<string, string>>; cwd?: string } = {},
): Promise<string> {
  const command = new Deno.Command(program, {
    args,
    env: { ...env },
    ...(cwd === undefined ? {} : { cwd }),
    stdin: "null",
  });
  const { code, stdout, stderr } = await command.output().catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const hint = packages[program];
    throw new MissingProgramError(
      `there is no ${program}${hint === undefined ? "" : `; on Debian: apt-get install ${hint}`}`,
    );
  });
  const decoder = new TextDecoder();
  if (code !== 0) {
    throw new Error(`${program} ${args[0] ?? ""}: exit code ${code}\n${decoder.decode(stderr)}`);
  }
  return decoder.decode(stdout);
}
