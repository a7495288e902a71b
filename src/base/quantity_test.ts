import assert from "node:assert/strict";
import { parseQuantity } from "./quantity.ts";

Deno.test("`parseQuantity()` reads powers of ten and of two", () => {
  const amounts = [["1", 1], ["500m", 0.5], ["64Mi", 67108864], ["2k", 2000], [
    "1e3",
    1000,
  ]] as const;
  for (const [text, amount] of [...amounts, ["1.Gi", 2 ** 30], [" -5 ", -5]] as const) {
    assert.equal(parseQuantity(text), amount, text);
  }
});

Deno.test("`parseQuantity()` returns undefined for other texts", () => {
  for (const text of ["much", "", "m", "1 Gi", "1KiB", "constructor", "1e9999"]) {
    assert.equal(parseQuantity(text), undefined, text);
  }
});
