import type { Random } from "#core/random.ts";
import { FaultInjector, type FaultLabels } from "../faults/fault-injector.ts";
import { FaultSchedule } from "../faults/fault-schedule.ts";
import { createModel } from "../signals/create-model.ts";
import type { DeviceKind, DeviceModel, TagSpec } from "../signals/device-model.ts";
import { DistinctDigits } from "../signals/distinct-digits.ts";

export interface VirtualDeviceSettings {
  name: string;
  kind: DeviceKind;
  faultsPerHour: number;
  warmUpMs: number;
  /** When the device begins, in ms since 1970. */
  startMs: number;
}

/** A device model with its faults and its digits: what the device would send. */
export class VirtualDevice {
  readonly name: string;
  readonly kind: DeviceKind;
  readonly tags: readonly TagSpec[];
  readonly tagNames: readonly string[];
  readonly #model: DeviceModel;
  readonly #faults: FaultInjector;
  readonly #digits: DistinctDigits;
  readonly #values: Float64Array;

  /** `order` comes from `shuffledOrder` and may be shared by all devices. */
  constructor(
    settings: VirtualDeviceSettings,
    order: Uint16Array,
    labels: FaultLabels,
    random: Random,
  ) {
    const { name, kind, faultsPerHour, warmUpMs, startMs } = settings;
    const own = random.fork(name);
    this.name = name;
    this.kind = kind;
    this.#model = createModel(kind, own.fork("signals"));
    this.tags = this.#model.tags;
    this.tagNames = this.tags.map((tag) => tag.name);
    const schedule = new FaultSchedule(
      { device: name, tags: this.tags, faultsPerHour, warmUpMs },
      own.fork("faults"),
    );
    this.#faults = new FaultInjector(schedule, labels, startMs);
    this.#digits = new DistinctDigits(this.tags, order);
    this.#values = new Float64Array(this.tags.length);
  }

  /** One value a tag, NaN where the device gives none. The array is reused by the next call. */
  sample(tMs: number): Float64Array {
    this.#model.sample(tMs, this.#values);
    this.#faults.apply(tMs, this.#values);
    this.#digits.apply(this.#values);
    return this.#values;
  }
}
