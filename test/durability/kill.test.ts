import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runKillRounds } from "./kill-rounds.js";

const ROUNDS = 3;
const WRITES = 500;

test("kill -9 in the middle of mixed writes loses nothing acknowledged and doubles nothing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lambda-run-kill-"));
  try {
    const cli = join(__dirname, "../../bin/lambda-run.js");
    const { kills, writes } = await runKillRounds({ cli, folder, rounds: ROUNDS, writesPerRound: WRITES, seed: 1 });
    expect(kills).toBe(ROUNDS);
    expect(writes).toBeGreaterThan(ROUNDS * WRITES * 0.7);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
