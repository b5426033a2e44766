/** The fixtures of the document assistant, as `lambda-run test` runs them. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { ProjectFolder } from "../../cli/cli.js";

it("fit their expectations", async () => {
  const project = new ProjectFolder({});
  try {
    cpSync(join(__dirname, "..", "..", "..", "examples", "document-assistant"), project.folder, { recursive: true });
    const { exitCode, stdout, stderr } = await project.run(["test"]);
    expect([exitCode, stdout + stderr]).toEqual([0, expect.stringMatching(/^6 passed in /m)]);
  } finally {
    project.remove();
  }
});
