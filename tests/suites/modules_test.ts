import { loadSuite } from "./suites.ts";

await loadSuite("modules");
