/** Planted secrets, searched for in all that a run writes: literally, and within any base64. */

/** The source of a secret that was found, as text. */
export type Find = string;

const shown = 60;

/** Collects its finds, so that a run can be searched while it continues, and judged at its end. */
export class SecretHunt {
  readonly finds: Find[] = [];
  /** How much was searched: a hunt that saw nothing proves nothing. */
  characters = 0;
  readonly #traces: readonly { name: string; traces: readonly string[] }[];

  /** @param secrets by the names that finds are reported with; long enough not to occur by chance. */
  constructor(secrets: Readonly<Record<string, string>>) {
    this.#traces = Object.entries(secrets).map(([name, secret]) => ({
      name,
      traces: tracesOf(secret),
    }));
  }

  /** Returns the names of the secrets that a text holds. */
  namesIn(text: string): string[] {
    return this.#traces
      .filter(({ traces }) => traces.some((trace) => text.includes(trace)))
      .map(({ name }) => name);
  }

  /** Searches a text. */
  look(where: string, text: string): void {
    this.characters += text.length;
    for (const { name, traces } of this.#traces) {
      for (const trace of traces) {
        const at = text.indexOf(trace);
        if (at < 0) continue;
        const around = text.slice(Math.max(0, at - shown), at + trace.length + shown);
        this.finds.push(`${name} in ${where}: ${JSON.stringify(around)}`);
      }
    }
  }

  /** Searches every file of a folder, which may be missing; returns the number of files. */
  async lookInFolder(folder: string): Promise<number> {
    let files = 0;
    for await (const path of filesIn(folder)) {
      files++;
      const bytes = await Deno.readFile(path);
      this.look(path, latin1(path.endsWith(".gz") ? await inflated(bytes) : bytes));
    }
    return files;
  }
}

/** Returns the text, and its base64 at each offset within a group of three bytes, without the bytes around it. */
function tracesOf(secret: string): string[] {
  const encoded = [0, 1, 2].map((before) => {
    const begins = Math.ceil(before * 8 / 6);
    const ends = Math.floor((before + secret.length) * 8 / 6);
    return btoa(" ".repeat(before) + secret).slice(begins, ends);
  });
  return [secret, ...encoded];
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  let entries: Deno.DirEntry[];
  try {
    entries = await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  for (const { name, isDirectory, isFile } of entries) {
    if (isDirectory) yield* filesIn(`${folder}/${name}`);
    else if (isFile) yield `${folder}/${name}`;
  }
}

async function inflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}

/** Returns any bytes as a text with one character each. */
function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
