import type { StoreErrorReason } from "../model.ts";

/** A write or a watch that the store refuses. The message is for logs; the API creates its own `Status`. */
export class StoreError extends Error {
  override readonly name = "StoreError";

  constructor(readonly reason: StoreErrorReason, message: string) {
    super(message);
  }
}
