/** `lambda-run doctor`: how each limit is held on this machine, and what would make it exact. */
import { probeSandbox } from "../../runtime/sandbox/probe.js";
import { EXIT } from "../../shared/errors.js";
import type { Action } from "../action.js";
import { loadProject } from "../project.js";
import { coloursFor } from "../render/colours.js";
import { table } from "../render/table.js";

export const doctorCommand: Action = async (_args, options) => {
  const { config } = await loadProject(options);
  const { tiers } = await probeSandbox(config.limits.sandbox === "auto" ? {} : { tier: config.limits.sandbox });
  if (options["json"] === true) {
    process.stdout.write(
      `${JSON.stringify({ node: process.versions.node, platform: process.platform, limits: tiers })}\n`,
    );
    return EXIT.ok;
  }
  const colours = coloursFor(process.stdout);
  const { root, ...limits } = tiers;
  const rows = Object.entries(limits).map(([limit, { how, exact, note }]) => [
    limit,
    how,
    exact ? "exact" : "approximate",
    note,
  ]);
  process.stdout.write(
    `${colours.bold("Execution environments")} on Node ${process.versions.node}, ${process.platform}\n`,
  );
  process.stdout.write(
    table([
      ["LIMIT", "HELD BY", "", "NOTE"],
      ["root", root.tier, root.tier === "portable" ? "approximate" : "exact", root.note],
      ...rows,
    ]),
  );
  return EXIT.ok;
};
