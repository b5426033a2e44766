/** Subscription filters that a template declares. */
import type { Clock } from "../../shared/clock.js";
import type { GroupRow, LogStore } from "./store.js";

export interface DeclaredSubscription {
  readonly name: string;
  readonly logGroupName: string;
  readonly filterPattern: string;
  readonly destinationArn: string;
}

export function declareSubscriptions(
  store: LogStore,
  clock: Clock,
  filters: readonly DeclaredSubscription[],
): Promise<void> {
  return store.write(() => {
    for (const { logGroupName } of filters)
      if (store.group(logGroupName) === undefined) store.createGroup(logGroupName);
    // Listed first: rows are not to change under the range that finds them.
    const groups = [...store.groups()];
    for (const group of groups) {
      const own = filters.filter(({ logGroupName }) => logGroupName === group.name);
      if (own.length === 0 && !group.subscriptions.some(({ declared }) => declared === true)) continue;
      store.putGroup({ ...group, subscriptions: rows(group, own, clock) });
    }
  });
}

function rows(
  { subscriptions }: GroupRow,
  filters: readonly DeclaredSubscription[],
  clock: Clock,
): GroupRow["subscriptions"] {
  const names = new Set(filters.map(({ name }) => name));
  const kept = subscriptions.filter(({ declared, filterName }) => declared !== true && !names.has(filterName));
  return [
    ...kept,
    ...filters.map(({ name, filterPattern, destinationArn }) => ({
      filterName: name,
      filterPattern,
      destinationArn,
      distribution: "ByLogStream",
      creationTime: subscriptions.find(({ filterName }) => filterName === name)?.creationTime ?? clock.now(),
      declared: true as const,
    })),
  ];
}
