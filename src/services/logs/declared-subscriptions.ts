/** Subscription filters of the template. Those that the API made stay as they are. */
import type { Clock } from "../../shared/clock.js";
import { compileFilterPattern } from "./filter-pattern.js";
import type { LogStore, SubscriptionRow } from "./store.js";
import type { DeclaredSubscription } from "./subscriptions.js";

/** Throws what PutSubscriptionFilter answers when a pattern is none. */
export async function declareSubscriptions(
  store: LogStore,
  clock: Clock,
  filters: readonly DeclaredSubscription[],
): Promise<void> {
  for (const { filterPattern } of filters) compileFilterPattern(filterPattern);
  await store.write(() => {
    for (const { logGroupName } of filters)
      if (store.group(logGroupName) === undefined) store.createGroup(logGroupName);
    for (const group of Array.from(store.groups())) {
      const wanted = filters.filter(({ logGroupName }) => logGroupName === group.name);
      const names = new Set(wanted.map(({ filterName }) => filterName));
      const others = group.subscriptions.filter(
        ({ declared, filterName }) => declared !== true && !names.has(filterName),
      );
      if (wanted.length === 0 && others.length === group.subscriptions.length) continue;
      const declared = wanted.map(({ logGroupName: _group, ...filter }): SubscriptionRow => {
        const known = group.subscriptions.find(({ filterName }) => filterName === filter.filterName);
        return {
          ...filter,
          distribution: "ByLogStream",
          creationTime: known?.creationTime ?? clock.now(),
          declared: true,
        };
      });
      store.putGroup({ ...group, subscriptions: [...others, ...declared] });
    }
  });
}
