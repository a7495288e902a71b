/** The files of the recorded runs: the published events of each, and what every face shows of them. */
import { publishedEvents, shownByFaces, shownOfWatch } from "./harness/run_faces.ts";
import { recordingNames, recordRun } from "./harness/run_recordings.ts";

/** The folder of the files. */
export const recordingFolder: URL = new URL("recordings/", import.meta.url);

/** Ids of runs have four random digits. */
function withoutIds(text: string): string {
  return text.replace(/\b\d{8}-\d{6}-\d{3}[0-9a-f]{4}\b/g, "RUN");
}

function textOf(shown: ReadonlyMap<string, string>): string {
  const texts = [...shown].map(([face, text]) => `==== ${face}\n${text.trimEnd()}\n`);
  return withoutIds(texts.join("\n"));
}

/** Returns the files of all recordings, by name. */
export async function allFiles(): Promise<[file: string, text: string][]> {
  const runs = await Promise.all(recordingNames.map(recordingFiles));
  const watches = await Promise.all(
    (["command", "workflow"] as const).map(async (kind) =>
      [`${kind}-watched.txt`, textOf(await shownOfWatch(kind))] as [string, string]
    ),
  );
  return [...runs.flat(), ...watches];
}

/** Returns the two files of a recording, by name. */
async function recordingFiles(name: string): Promise<[file: string, text: string][]> {
  const recording = await recordRun(name);
  const events = publishedEvents(recording).map((event) => `${JSON.stringify(event)}\n`).join("");
  return [
    [`${name}.jsonl`, withoutIds(events)],
    [`${name}.txt`, textOf(await shownByFaces(recording))],
  ];
}
