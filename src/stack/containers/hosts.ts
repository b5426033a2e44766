/**
 * Where a Docker engine may listen, in the order in which Docker's own client and testcontainers look: what the user
 * named (DOCKER_HOST, a context) is the only candidate; else the sockets that engines make where they are installed.
 * https://docs.docker.com/engine/manage-resources/contexts/
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

export interface DockerHost {
  /** `unix:///var/run/docker.sock`, `tcp://10.0.0.5:2376`, `npipe:////./pipe/docker_engine`. */
  readonly url: string;
  /** What named it, when it was not found by looking. */
  readonly namedBy?: string;
}

export function dockerHosts(
  environment: NodeJS.ProcessEnv = process.env,
  home: string = environment["HOME"] ?? homedir(),
  platform: NodeJS.Platform = process.platform,
): readonly DockerHost[] {
  const named = namedHost(environment, home);
  if (named !== undefined) return [named];
  if (platform === "win32") return [{ url: "npipe:////./pipe/docker_engine" }];
  const runtime = environment["XDG_RUNTIME_DIR"] ?? `/run/user/${process.getuid?.() ?? 0}`;
  const sockets = [
    "/var/run/docker.sock",
    join(runtime, "docker.sock"),
    join(home, ".docker/run/docker.sock"),
    join(home, ".docker/desktop/docker.sock"),
    join(home, ".colima/default/docker.sock"),
    join(home, ".config/colima/default/docker.sock"),
    join(home, ".orbstack/run/docker.sock"),
    join(home, ".rd/docker.sock"),
    join(runtime, "podman/podman.sock"),
    "/run/podman/podman.sock",
  ];
  return sockets.map((path) => ({ url: `unix://${path}` }));
}

function namedHost(environment: NodeJS.ProcessEnv, home: string): DockerHost | undefined {
  const url = environment["DOCKER_HOST"];
  if (url !== undefined && url !== "") return { url, namedBy: "DOCKER_HOST" };
  const folder = environment["DOCKER_CONFIG"] ?? join(home, ".docker");
  const fromEnvironment = environment["DOCKER_CONTEXT"];
  const context = fromEnvironment ?? textAt(readJson(join(folder, "config.json")), ["currentContext"]);
  if (context === undefined || context === "" || context === "default") return undefined;
  // The folder of a context is the SHA-256 of its name.
  const id = createHash("sha256").update(context).digest("hex");
  const meta = readJson(join(folder, "contexts/meta", id, "meta.json"));
  const host = textAt(meta, ["Endpoints", "docker", "Host"]);
  const namedBy = `context "${context}"${fromEnvironment === undefined ? "" : " (DOCKER_CONTEXT)"}`;
  return { url: host ?? "", namedBy };
}

/** A file that is absent or is no JSON names nothing. */
function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as unknown;
  } catch {
    return undefined;
  }
}

function textAt(value: unknown, path: readonly string[]): string | undefined {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Record<string, unknown>)[step];
  }
  return typeof at === "string" ? at : undefined;
}
