/**
 * How services tell sources that something happened, without importing them. Typed, synchronous, in process.
 * A subscriber that must not lose anything writes its own durable row in the same turn.
 */

export interface ObjectEvent {
  readonly namespace: string;
  readonly bucket: string;
  /** Decoded key, as the client named it. */
  readonly key: string;
  /** `Put`, `Post`, `Copy`, `CompleteMultipartUpload`, `Delete`, `DeleteMarkerCreated`, `Tagging:Put` ... */
  readonly action: string;
  readonly sizeBytes?: number;
  readonly eTag?: string;
  readonly versionId?: string;
  /** Hex, growing per key. */
  readonly sequencer: string;
  readonly requestId: string;
  readonly sourceIpAddress: string;
  readonly timeMs: number;
  /** Of the request: by it Lambda sees chains that go round. */
  readonly traceHeader?: string;
}

export interface TopicMessageAttribute {
  readonly dataType: string;
  readonly stringValue?: string;
  /** Base64. */
  readonly binaryValue?: string;
}

export interface TopicMessage {
  readonly type: "Notification" | "SubscriptionConfirmation";
  readonly messageId: string;
  /** The text for this protocol. */
  readonly body: string;
  readonly subject?: string;
  readonly attributes: Readonly<Record<string, TopicMessageAttribute>>;
  readonly timeMs: number;
  /** FIFO topics. */
  readonly sequenceNumber?: string;
  readonly groupId?: string;
  readonly deduplicationId?: string;
  /** What confirms the subscription. */
  readonly token?: string;
  readonly traceHeader?: string;
}

/** One message for one subscription of a topic. */
export interface TopicDelivery {
  readonly topicArn: string;
  readonly subscriptionArn: string;
  readonly protocol: string;
  readonly endpoint: string;
  readonly rawMessageDelivery: boolean;
  readonly deadLetterTargetArn: string | undefined;
  readonly message: TopicMessage;
}

/** One event for one target of a rule. */
export interface RuleMatch {
  readonly ruleArn: string;
  readonly ruleName: string;
  readonly busName: string;
  /** As PutTargets takes it. */
  readonly target: Readonly<Record<string, unknown>>;
  /** JSON text, as targets get it. */
  readonly event: string;
  readonly eventId: string;
  readonly ingestionTimeMs: number;
  /** It came from another bus: it goes to no third one. */
  readonly forwarded: boolean;
  readonly traceHeader?: string;
}

/** An execution of a state machine or durable function has ended; children of a distributed Map tell nothing. */
export interface EndedExecution {
  /** Of this end, for a person: whoever tells of it uses the same. */
  readonly id: string;
  readonly executionArn: string;
  /** Of the machine or, where it is durable, the function. */
  readonly machineName: string;
  readonly durable?: true;
  readonly status: string;
  readonly startMs: number;
  readonly stopMs: number;
  /** JSON text. */
  readonly input: string;
  /** JSON text; of those that succeeded. */
  readonly output: string | undefined;
  readonly error: string | undefined;
  readonly cause: string | undefined;
}

/** What an alarm does because its state has changed. */
export interface AlarmAction {
  readonly alarmName: string;
  readonly actionArn: string;
  /** For a topic. */
  readonly subject: string;
  readonly message: string;
}

export interface BusEvents {
  ObjectCreated: ObjectEvent;
  ObjectRemoved: ObjectEvent;
  ObjectTagged: ObjectEvent;
  /** A bucket has got another notification configuration. */
  NotificationsConfigured: { readonly namespace: string; readonly bucket: string; readonly requestId: string };
  MessageVisible: { readonly queueUrl: string; readonly queueArn: string };
  /** A mapping's filters let a message pass by; it is deleted unseen. */
  MessageFiltered: {
    readonly id: string;
    readonly queueArn: string;
    readonly functionName: string;
    readonly patterns: readonly string[];
    readonly body: string;
  };
  /** Told inside the transaction that publishes: a row written in the same turn is kept together with it, or not at all. */
  NotificationDue: TopicDelivery;
  ItemChanged: { readonly tableName: string; readonly streamArn: string };
  /** Shards of a stream of Kinesis have got records; without `shardIds` it, its shards or its consumers are others. */
  StreamChanged: { readonly streamArn: string; readonly shardIds?: ReadonlySet<string> };
  /** Told inside the transaction that puts the event: a row written in the same turn is kept together with it. */
  RuleMatched: RuleMatch;
  /** Told inside the transaction that changes it: a rule with a schedule was put, enabled, disabled or deleted. */
  ScheduledRuleChanged: { readonly busName: string; readonly ruleName: string };
  /** Told inside the transaction that changes it: a schedule of the Scheduler was made, changed or deleted. */
  ScheduleChanged: { readonly groupName: string; readonly name: string };
  /** Children of a distributed Map tell nothing. */
  ExecutionStarted: { readonly machineName: string };
  ExecutionEnded: EndedExecution;
  LogWritten: {
    readonly logGroup: string;
    readonly logStream: string;
    readonly timeMs: number;
    readonly messages: readonly string[];
  };
  AlarmChanged: {
    readonly alarmName: string;
    readonly state: "OK" | "ALARM" | "INSUFFICIENT_DATA";
    readonly reason: string;
  };
  /** Told inside the transaction that changes the state: a row written in the same turn is kept together with it. */
  AlarmActionDue: AlarmAction;
}

type Listener<K extends keyof BusEvents> = (event: BusEvents[K]) => void;

export class Bus {
  readonly #listeners = new Map<keyof BusEvents, Set<(event: never) => void>>();

  /** Subscribes; returns the way to unsubscribe. */
  on<K extends keyof BusEvents>(name: K, listener: Listener<K>): () => void {
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set);
    set.add(listener);
    return () => set.delete(listener);
  }

  emit<K extends keyof BusEvents>(name: K, event: BusEvents[K]): void {
    for (const listener of this.#listeners.get(name) ?? []) (listener as Listener<K>)(event);
  }
}
