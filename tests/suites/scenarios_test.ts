import { loadSuite } from "./suites.ts";

await loadSuite("scenarios");
