/** The services that the configuration puts into containers become endpoints: the rest of the stack knows no containers. */
import type { ResolvedConfig } from "../../config/schema.js";

type Backends = ResolvedConfig["backends"];
type ServiceName = keyof Backends;

/** What `--backend containers` moves: what MinIO and LocalStack have and the template's resources can be made in. */
const IN_CONTAINERS: readonly ServiceName[] = ["s3", "sqs", "dynamodb", "secretsmanager", "ssm"];

export interface ContainersBackend {
  readonly config: ResolvedConfig;
  readonly projectRoot: string;
  readonly onNotice?: (text: string) => void;
}

/** The same options, with the addresses of containers that were started for them. */
export async function withContainers<T extends ContainersBackend>(
  options: T,
  closers: (() => Promise<void> | void)[],
): Promise<T> {
  const { config, projectRoot } = options;
  const asked: Backends = {
    ...(config.backend === "containers" ? Object.fromEntries(IN_CONTAINERS.map((name) => [name, config.backend])) : {}),
    ...config.backends,
  };
  const services = (Object.keys(asked) as ServiceName[]).filter((name) => asked[name] === "containers");
  if (services.length === 0) return options;
  const { startContainers } = await import("./index.js");
  const notice = (text: string): void => options.onNotice?.(text);
  const containers = await startContainers({ services, config, projectRoot, notice });
  closers.push(() => containers.close());
  const backend = config.backend === "containers" ? "embedded" : config.backend;
  return { ...options, config: { ...config, backend, backends: { ...asked, ...containers.endpoints } } };
}
