/**
 * The servers that are run in containers, and how each is started and asked whether it is ready. The modules of
 * testcontainers for them are not used: MinIO's waits a second too long, LocalStack's is never found again for reuse.
 */
import { createHash } from "node:crypto";
import type { ResolvedConfig } from "../../config/schema.js";

export type ContainerSettings = ResolvedConfig["containers"];

export interface ContainerServer {
  readonly name: "minio" | "localstack";
  readonly image: string;
  readonly port: number;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Answers below 500 as soon as requests are served. */
  readonly health: readonly string[];
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Where it keeps its data. */
  readonly dataFolder: string;
  /** What an early end usually means. */
  readonly endFix: (exitCode: number) => string;
}

export function minio({ accessKeyId, secretAccessKey, minio: { image } }: ContainerSettings): ContainerServer {
  return {
    name: "minio",
    image,
    port: 9000,
    command: ["server", "/data"],
    environment: { MINIO_ROOT_USER: accessKeyId, MINIO_ROOT_PASSWORD: secretAccessKey },
    // The second one is S3 itself: it answers 503 until keys can be checked.
    health: ["/minio/health/ready", "/"],
    credentials: { accessKeyId, secretAccessKey },
    dataFolder: "/data",
    endFix: () => "Its last lines above say why.",
  };
}

/** Needs a token past 4.14.0 and leaves with this code without one. */
const NO_TOKEN_EXIT_CODE = 55;

export function localstack(
  { accessKeyId, secretAccessKey, localstack: { image } }: ContainerSettings,
  environment: NodeJS.ProcessEnv = process.env,
): ContainerServer {
  const token = environment["LOCALSTACK_AUTH_TOKEN"];
  return {
    name: "localstack",
    image,
    port: 4566,
    command: [],
    environment: {
      // Queue URLs name the address that was called: their own default is a host name and a port inside the container.
      SQS_ENDPOINT_STRATEGY: "dynamic",
      ...(token === undefined ? {} : { LOCALSTACK_AUTH_TOKEN: token }),
    },
    // The second one is asked by whoever checks an endpoint; the first time LocalStack loads a provider for it, in seconds.
    health: ["/_localstack/health", "/"],
    // It takes any; an execution environment has one pair for all servers.
    credentials: { accessKeyId, secretAccessKey },
    dataFolder: "/var/lib/localstack",
    endFix: (exitCode) =>
      exitCode === NO_TOKEN_EXIT_CODE || token === undefined
        ? "LocalStack past 4.14.0 needs a token: set LOCALSTACK_AUTH_TOKEN, or containers.localstack.image to 4.14.0."
        : "Its last lines above say why.",
  };
}

/** The same for two starts that may share a container. Everything that shapes it is in, host settings too. */
export function fingerprint(server: ContainerServer, settings: ContainerSettings, project: string): string {
  const { image, port, command, environment, dataFolder } = server;
  const { memoryMb, tmpfsMb, reuse } = settings;
  const shape = {
    image,
    port,
    command,
    environment,
    dataFolder,
    project,
    memoryMb,
    tmpfsMb,
    reuse,
  };
  return createHash("sha256").update(JSON.stringify(shape)).digest("hex").slice(0, 32);
}
