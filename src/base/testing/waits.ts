/** The waits of tests at this moment: the error of a test that doesn't end names them. */

/** A wait that has not ended. */
interface Wait {
  what: string | (() => string);
  /** The call stack of the waiting test. */
  at: string;
}

const waits = new Set<Wait>();

/** Returns the promise's result; until then, {@link describeWaits} has the description. */
export async function waitingFor<T>(
  what: string | (() => string),
  promise: Promise<T>,
): Promise<T> {
  const wait = { what, at: new Error().stack ?? "" };
  waits.add(wait);
  try {
    return await promise;
  } finally {
    waits.delete(wait);
  }
}

/** Returns the waits under way: each description, and the places of the tests' own code that wait. */
export function describeWaits(): string {
  const texts = [...waits].map(({ what, at }) => {
    const places = at.split("\n").slice(2).filter((line) => line.includes("file://"));
    return [typeof what === "string" ? what : what(), ...places].join("\n");
  });
  return texts.length === 0 ? "no wait of the tests' own helpers" : texts.join("\n");
}
