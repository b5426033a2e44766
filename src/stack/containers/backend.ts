/** The services that the configuration puts into containers become endpoints: the rest of the stack knows no containers. */
import type { RequestListener } from "node:http";
import type { Application } from "../../config/application.js";
import type { ResolvedConfig } from "../../config/schema.js";
import { AppError } from "../../shared/errors.js";

type Backends = ResolvedConfig["backends"];
type ServiceName = keyof Backends;

/** What `--backend containers` moves: what MinIO and LocalStack have and the template's resources can be made in. */
const IN_CONTAINERS: readonly ServiceName[] = ["s3", "sqs", "dynamodb", "secretsmanager", "ssm"];
const KINDS: ReadonlySet<unknown> = new Set(["containers", "minio", "localstack"]);

export interface ContainersBackend {
  readonly application: Application;
  readonly kind: "stack" | "command";
  readonly config: ResolvedConfig;
  readonly projectRoot: string;
  readonly onNotice?: (text: string) => void;
}

/** The same options, with the addresses of containers that were started for them, and the way to answer their events. */
export async function withContainers<T extends ContainersBackend>(
  options: T,
  closers: (() => Promise<void> | void)[],
): Promise<T & { readonly answerEvents?: (listener: RequestListener) => void }> {
  const { config, projectRoot, application } = options;
  const asked: Backends = {
    ...(config.backend === "containers" ? Object.fromEntries(IN_CONTAINERS.map((name) => [name, config.backend])) : {}),
    ...config.backends,
  };
  const services = (Object.keys(asked) as ServiceName[]).filter((name) => KINDS.has(asked[name]));
  const backend = config.backend === "containers" ? "embedded" : config.backend;
  if (services.length === 0) return { ...options, config: { ...config, backend } };
  refuseMinio(asked);
  const { startContainers } = await import("./index.js");
  const notice = (text: string): void => options.onNotice?.(text);
  const s3Server = asked.s3 === "localstack" ? "localstack" : "minio";
  const tells = application.buckets.some((bucket) => bucket.eventBridge || bucket.notifications.length > 0);
  const events = options.kind === "stack" && tells ? "listen" : config.containers.reuse ? "declare" : "none";
  const containers = await startContainers({ services, s3Server, events, config, projectRoot, notice });
  closers.push(() => containers.close());
  const { endpoints, answerEvents } = containers;
  return {
    ...options,
    ...(answerEvents === undefined ? {} : { answerEvents }),
    config: { ...config, backend, backends: { ...asked, ...endpoints } },
  };
}

function refuseMinio(asked: Backends): void {
  const wrong = (Object.keys(asked) as ServiceName[]).find((name) => name !== "s3" && asked[name] === "minio");
  if (wrong === undefined) return;
  throw new AppError("LR2005", {
    what: `MinIO has no ${wrong}`,
    where: `backends.${wrong}`,
    fix: "Use localstack for it, or leave it out: it is then embedded.",
  });
}
