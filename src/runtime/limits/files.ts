/** File descriptors: 1,024 a process. AWS: Lambda developer guide, "Lambda quotas"; seen as RLIMIT_NOFILE on AWS. */
import { LAMBDA } from "../../shared/aws-limits.js";

/** Shell text; a host that allows less keeps its own limit. */
export const FILE_LIMIT_SETUP = `ulimit -n ${LAMBDA.fileDescriptors} 2>/dev/null`;
