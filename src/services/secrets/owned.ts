/**
 * Secrets that another service of AWS has made and looks after, for that service.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/service-linked-secrets.html
 */
import { randomUUID } from "node:crypto";
import type { Clock } from "../../shared/clock.js";
import type { SecretKeeper } from "../service.js";
import { CURRENT, versionWithStage, type SecretRow, type SecretStore } from "./store.js";
import { addVersion } from "./versions.js";

export function ownedSecrets(store: SecretStore, clock: Clock): SecretKeeper {
  return {
    putOwned: ({ name, arn, owner, text }) => {
      const nowMs = clock.now();
      const row: SecretRow = (arn === undefined ? undefined : store.find(arn)) ?? {
        name,
        arn: arn ?? store.newArn(name),
        owner,
        createdMs: nowMs,
        changedMs: nowMs,
        tags: [],
        versions: [],
      };
      const version = { id: randomUUID(), value: { text }, stages: [CURRENT], nowMs };
      return store.put(addVersion(store, row, version)).arn;
    },
    ownedText: (arn) => {
      const row = store.find(arn);
      const version = row && versionWithStage(row, CURRENT);
      return row && version && store.value(row, version.id)?.text;
    },
    removeOwned: (arn) => {
      const row = store.find(arn);
      if (row !== undefined) store.remove(row);
    },
  };
}
