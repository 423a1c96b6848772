// Microphone, speaker and ringer: what was chosen is remembered; while it is not there, the computer chooses.

export const DEVICES = ["microphone", "speaker", "ringer"] as const;
export type Device = (typeof DEVICES)[number];
/** Ids of the browser; empty: its own choice. */
export type Devices = Record<Device, string>;

type Found = Pick<MediaDeviceInfo, "kind" | "deviceId">;

const PLACE = "callstead.phone.devices";
const COMPUTERS: Devices = { microphone: "", speaker: "", ringer: "" };

export function kept(): Devices {
  try {
    return { ...COMPUTERS, ...(JSON.parse(localStorage.getItem(PLACE) ?? "{}") as Partial<Devices>) };
  } catch {
    return COMPUTERS;
  }
}

export function keep(devices: Devices): void {
  localStorage.setItem(PLACE, JSON.stringify(devices));
}

/** Those that serve as `device`. */
export function serving<T extends Found>(device: Device, found: readonly T[]): T[] {
  const kind = device === "microphone" ? "audioinput" : "audiooutput";
  return found.filter((one) => one.kind === kind && one.deviceId && one.deviceId !== "default");
}

/** Which of the chosen ones are not there. Without leave to use a microphone browsers tell no ids, and nothing is known. */
export function missing(chosen: Devices, found: readonly Found[]): Device[] {
  if (!found.some((one) => one.deviceId)) return [];
  return DEVICES.filter((device) => chosen[device] && !serving(device, found).some((one) => one.deviceId === chosen[device]));
}

export function usable(chosen: Devices, gone: readonly Device[]): Devices {
  return { ...chosen, ...Object.fromEntries(gone.map((one) => [one, ""])) };
}
