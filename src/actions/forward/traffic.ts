/** Inspection, recording and faults of forwarded connections, as far as they are switched on. */
import type { TrafficControl } from "../../forward/forwarder.ts";
import type { TrafficEvent } from "../../forward/traffic/events.ts";
import type { Faults } from "../../forward/traffic/fault.ts";
import type { RecordingSummary } from "../../forward/traffic/record.ts";
import type { Host } from "../host.ts";

export { type Faults, parseFaults } from "../../forward/traffic/fault.ts";
export type { TrafficEvent } from "../../forward/traffic/events.ts";
export type { RecordingSummary } from "../../forward/traffic/record.ts";

/** The options that are switched on. */
export interface TrafficOptions {
  /** Report requests and protocols as events. */
  inspect: boolean;
  /** Absolute path: a HAR if it ends in `.har`, else a JSON line for each event. */
  recordPath?: string;
  faults?: Faults;
  /** For the record. */
  version: string;
}

/** The switched-on parts. */
export interface OpenTraffic {
  control: TrafficControl;
  /** Completes the record; undefined if there is none. Safe to call twice. */
  end(): Promise<RecordingSummary | undefined>;
}

/** Returns undefined if nothing is switched on: nothing is loaded then, and no chunk is looked at. */
export async function openTraffic(
  host: Host,
  { inspect, count, recordPath, faults, version }: TrafficOptions & {
    /** Requests are counted, whatever else is switched on. */
    count: boolean;
  },
  onEvent: (event: TrafficEvent) => void,
): Promise<OpenTraffic | undefined> {
  const isObserved = inspect || count || recordPath !== undefined;
  if (!isObserved && faults === undefined) return undefined;
  const [{ observe }, { withFaults }, { openRecordFile, TrafficRecorder }] = await Promise.all([
    import("../../forward/traffic/observe.ts"),
    import("../../forward/traffic/fault.ts"),
    import("../../forward/traffic/record.ts"),
  ]);
  const file = recordPath === undefined ? undefined : await openRecordFile(recordPath);
  const recorder = file && new TrafficRecorder(file, {
    format: recordPath?.endsWith(".har") ? "har" : "jsonl",
    creator: { name: "kodama", version },
  });
  const { clock } = host;
  let ended: Promise<RecordingSummary> | undefined;
  return {
    control: {
      ...(isObserved
        ? {
          observe: ({ connection }, statistics) =>
            observe({
              connection,
              clock,
              headers: recorder !== undefined,
              onEvent: (event) => {
                if (event.kind === "exchange") statistics.request(event);
                if (inspect) onEvent(event);
                recorder?.add(event);
              },
            }),
        }
        : {}),
      ...(faults === undefined
        ? {}
        : { disturb: (client) => withFaults(client, faults, { clock, random: Math.random }) }),
    },
    end: async () => await (ended ??= recorder?.close()),
  };
}
