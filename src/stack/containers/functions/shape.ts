/**
 * A function's container as the engine is told: Lambda's limits and what Lambda forbids.
 * AWS: Lambda developer guide, "Create a Lambda function using a container image" (read-only but for /tmp, a user without
 * privileges), "Lambda quotas".
 */
import { LAMBDA, MEBIBYTE } from "../../../shared/aws-limits.js";
import { cpuQuotaOf } from "../../../runtime/limits/cpu.js";
import type { ProcessSpec, SandboxSpec } from "../../../runtime/sandbox/sandbox.js";

export interface ContainerShape {
  /** Its id: what the name means may change while we run. */
  readonly image: string;
  readonly workingDirectory: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

/** The user that Lambda runs functions as; a USER of the image does not count there. */
const USER = "993:990";
const THREADS = 1024;

/** Body of `POST /containers/create`. */
export function creation(
  shape: ContainerShape,
  spec: SandboxSpec,
  { command, env }: ProcessSpec,
  holder: { readonly id: string; readonly sharesNetwork: boolean },
): object {
  const [program, ...args] = command;
  // What lies in /tmp is charged to the container: a full /tmp must be ENOSPC and no kill.
  const memoryBytes = (spec.memoryMb + spec.ephemeralStorageMb) * MEBIBYTE;
  const { quotaUs, periodUs } = cpuQuotaOf(spec.memoryMb);
  return {
    Image: shape.image,
    Entrypoint: program === undefined ? [] : [program],
    Cmd: args,
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    User: USER,
    Labels: shape.labels,
    // Lambda runs none, and a probe would run while the function is frozen.
    Healthcheck: { Test: ["NONE"] },
    ...(shape.workingDirectory === undefined ? {} : { WorkingDir: shape.workingDirectory }),
    HostConfig: {
      NetworkMode: holder.sharesNetwork ? `container:${holder.id}` : "host",
      // A process 1 that is not the function's: it counts the dead, and signals mean what they mean elsewhere.
      Init: true,
      ReadonlyRootfs: true,
      // Its /tmp.
      VolumesFrom: [holder.id],
      // Lambda has no /dev/shm.
      IpcMode: "none",
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      Memory: memoryBytes,
      MemorySwap: memoryBytes,
      PidsLimit: THREADS,
      Ulimits: [
        { Name: "nofile", Soft: LAMBDA.fileDescriptors, Hard: LAMBDA.fileDescriptors },
        { Name: "core", Soft: 0, Hard: 0 },
      ],
      ...(spec.faithfulCpu ? { CpuPeriod: periodUs, CpuQuota: quotaUs } : {}),
      // It is read from the attached stream; nobody asks the engine for it.
      LogConfig: { Type: "none" },
    },
  };
}
