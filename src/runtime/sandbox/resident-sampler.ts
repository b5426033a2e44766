/** Resident memory by ps(1), for hosts without /proc. One look at a time; the answer is that of the last look. */
import { execFile } from "node:child_process";
import type { TreeMemory } from "../limits/memory.js";

export class ResidentSampler {
  #residentBytes = 0;
  #looking = false;

  sample(pids: readonly number[]): TreeMemory {
    if (!this.#looking && pids.length > 0) {
      this.#looking = true;
      // `-g` would mean sessions on some systems: the groups' leaders are what we started, so these are asked for.
      execFile("ps", ["-o", "rss=", "-p", pids.join(",")], { encoding: "latin1" }, (error, text) => {
        this.#looking = false;
        if (!error) this.#residentBytes = text.split("\n").reduce((sum, line) => sum + Number(line) * 1024, 0);
      });
    }
    return { residentBytes: this.#residentBytes };
  }
}
