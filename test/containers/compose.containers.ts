/** docker-compose.yml by both generations of Compose: read, and run with the image of this machine. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { until } from "../until.js";
import { ENGINE_PACE, MINIO_IMAGE } from "./docker.js";

const FILE = join(__dirname, "../../docker-compose.yml");
/** Said by scripts/containers/compose.sh; `npm run test:containers` says which generation is not there. */
const COMPOSES = (process.env["LAMBDA_RUN_COMPOSE"] ?? "docker-compose\ndocker compose")
  .split("\n")
  .filter((command) => command !== "")
  .map((command) => [command]);

interface Config {
  readonly services: Readonly<Record<string, { readonly image: string; readonly environment: Record<string, string> }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

describe.each(COMPOSES)("docker-compose.yml by %s", (command) => {
  const [program = "", ...first] = command.split(" ");
  const compose = (args: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = tmpdir()): string =>
    execFileSync(program, [...first, ...args], {
      cwd,
      env: { ...process.env, ...env },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });

  it("is read as it is meant, and takes its settings from the environment", () => {
    const { services, volumes } = parse(compose(["-f", FILE, "config"])) as Config;
    expect(Object.keys(services).sort()).toEqual(["localstack", "minio"]);
    expect(services["minio"]).toMatchObject({
      image: "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z",
      environment: { MINIO_ROOT_USER: "minioadmin", MINIO_ROOT_PASSWORD: "minioadmin" },
      command: ["server", "/data", "--console-address", ":9001"],
    });
    expect(services["localstack"]?.image).toBe("localstack/localstack:4.14.0");
    expect(Object.keys(volumes).sort()).toEqual(["localstack-data", "minio-data"]);
    const env = { MINIO_IMAGE: "mine:1", MINIO_ROOT_USER: "somebody", LOCALSTACK_AUTH_TOKEN: "token" };
    const other = (parse(compose(["-f", FILE, "config"], env)) as Config).services;
    expect(other["minio"]).toMatchObject({ image: "mine:1", environment: { MINIO_ROOT_USER: "somebody" } });
    expect(other["localstack"]?.environment["LOCALSTACK_AUTH_TOKEN"]).toBe("token");
  });

  it("starts a MinIO that answers, and takes it away again", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lambda-run-compose-"));
    // On ports of the system's choice, since the usual ones may be taken.
    const text = readFileSync(FILE, "utf8").replaceAll(/"127\.0\.0\.1:\d+:(\d+)"/g, '"127.0.0.1::$1"');
    writeFileSync(join(folder, "docker-compose.yml"), text);
    const run = (...args: string[]): string =>
      compose(["-p", `lambda-run-test-${process.pid}`, ...args], { MINIO_IMAGE }, folder);
    try {
      run("up", "-d", "minio");
      const url = `http://${run("port", "minio", "9000").trim()}/minio/health/ready`;
      const status = async (): Promise<number | undefined> => {
        const answer = await fetch(url, { signal: AbortSignal.timeout(300) }).catch(() => undefined);
        await answer?.body?.cancel();
        return answer?.status;
      };
      await until(async () => (await status()) === 200, ENGINE_PACE);
      expect(await status()).toBe(200);
    } finally {
      run("down", "-v", "-t", "1");
      rmSync(folder, { recursive: true });
    }
  });
});
