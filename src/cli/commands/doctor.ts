/**
 * `lambda-run doctor`: how each limit is held on this machine, whether a Docker engine is there, and what of the project
 * would not work on AWS.
 */
import { relative, resolve } from "node:path";
import { usesAws } from "../../config/load-application.js";
import type { ResolvedConfig } from "../../config/schema.js";
import { probeSandbox } from "../../runtime/sandbox/probe.js";
import { DEFAULT_ACCOUNT_ID, DEFAULT_REGION, type Realm } from "../../shared/arn.js";
import { AppError, EXIT } from "../../shared/errors.js";
import { ownRealm } from "../../stack/backends/own-realm.js";
import { checkImageFunctions, type ImageFunctionsCheck } from "../../stack/containers/functions/check.js";
import { probeDocker, type DockerState } from "../../stack/containers/probe.js";
import { checkDeployment } from "../../stack/deploy-checks/deploy-checks.js";
import type { Action } from "../action.js";
import { loadProject } from "../project.js";
import { coloursFor } from "../render/colours.js";
import { table } from "../render/table.js";

export const doctorCommand: Action = async (_args, options) => {
  const { application, config, folder } = await loadProject(options);
  const probing = probeDocker();
  const { tiers } = await probeSandbox(config.limits.sandbox === "auto" ? {} : { tier: config.limits.sandbox });
  const findings = await checkDeployment(application, resolve(folder, config.state));
  const docker = await probing;
  const images = await checkImageFunctions(application, docker);
  const account = usesAws(config) ? await checkAccount(config) : undefined;
  const exitCode = findings.some(({ severity }) => severity === "breaks") ? EXIT.usage : EXIT.ok;
  if (options["json"] === true) {
    process.stdout.write(
      `${JSON.stringify({ node: process.versions.node, platform: process.platform, limits: tiers, docker, ...(images === undefined ? {} : { imageFunctions: images }), ...(account === undefined ? {} : { account }), findings })}\n`,
    );
    return exitCode;
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
  process.stdout.write(`\n${colours.bold("Containers")}\n${describeDocker(docker, images)}`);
  if (account !== undefined) process.stdout.write(`\n${colours.bold("AWS account")}\n${describeAccount(account)}`);
  if (application.sourceFile === undefined) return exitCode;
  process.stdout.write(`\n${colours.bold("On AWS")} as ${relative(folder, application.sourceFile)} declares it\n`);
  if (findings.length === 0) process.stdout.write("nothing was found that would not work there\n");
  for (const { logicalId, severity, what, fix } of findings) {
    const mark = severity === "breaks" ? colours.red("breaks ") : colours.yellow("differs");
    process.stdout.write(`${mark} ${logicalId}: ${what}\n  ${colours.dim("fix")}   ${fix}\n`);
  }
  return exitCode;
};

type AccountCheck = Realm | { readonly what: string; readonly fix: string };

/** Asked only of a project that puts services there. */
async function checkAccount({ region, accountId }: ResolvedConfig): Promise<AccountCheck> {
  try {
    return await ownRealm({
      ...(region === DEFAULT_REGION ? {} : { region }),
      ...(accountId === DEFAULT_ACCOUNT_ID ? {} : { accountId }),
    });
  } catch (error) {
    if (error instanceof AppError) return { what: error.what, fix: error.fix };
    throw error;
  }
}

const describeAccount = (account: AccountCheck): string =>
  "what" in account
    ? `${account.what}\n  fix   ${account.fix}\n`
    : `${account.accountId}, ${account.region}: the credentials of this environment are good\n`;

/** A machine without Docker lacks nothing unless a function is an image: that is said before anybody installs it. */
function describeDocker(docker: DockerState, images: ImageFunctionsCheck | undefined): string {
  const engine =
    docker.state === "ready"
      ? `${docker.server}, API ${docker.apiVersion}, at ${docker.host}\n`
      : `${docker.state}: ${docker.what}\n  fix   ${docker.fix}${images === undefined ? " Nothing needs it: the services are embedded." : ""}\n`;
  if (images === undefined) return engine;
  return `${engine}image functions (${images.functions.join(", ")}) ${images.canRun ? "run" : "cannot run"}: ${images.note}\n`;
}
